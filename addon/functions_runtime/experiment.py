"""What an experiment shows: responses to the request as recorded, and to the same request without one header.

The recorded request is sent several times. A difference between these responses shows a part that varies by itself and
proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from functions_runtime.syntax.rfc9110 import Fields, fields_by_name
from functions_runtime.wire_text import printable

CLOCK_FIELDS = frozenset({b"date", b"age", b"expires", b"server-timing", b"x-runtime", b"x-response-time"})
"""Response fields that follow the clock. They may agree several times by chance."""

MOST_NAMED = 3
"""How many response fields are named. Further fields are only counted."""


class Answer(NamedTuple):
    """A response. `content` is None if it is unknown. Unknown content proves nothing."""

    status: int
    fields: Fields
    content: bytes | None


def differences(recorded: Sequence[Answer | None], without: Sequence[Answer | None]) -> list[str]:
    """How the responses without the header differ from those to the request as recorded, in words.

    The list is empty if they do not differ. Two kinds of difference do not count: one between two responses to the
    request as recorded, and one that only some of the responses without the header show. None stands for a request
    without a response. The list is empty then, too.
    """
    before = [answer for answer in recorded if answer]
    after = [answer for answer in without if answer]
    if len(before) < len(recorded) or len(after) < len(without):
        return []
    found = []
    if _differ([answer.status for answer in before], [answer.status for answer in after]):
        found.append(f"status ({before[0].status} becomes {after[0].status})")
    fields_before = [fields_by_name(answer.fields) for answer in before]
    fields_after = [fields_by_name(answer.fields) for answer in after]
    names = [
        name
        for name in sorted({name for fields in (*fields_before, *fields_after) for name in fields} - CLOCK_FIELDS)
        if _differ([fields.get(name) for fields in fields_before], [fields.get(name) for fields in fields_after])
    ]
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        found.append(f"header fields ({', '.join(printable(name, 40) for name in names[:MOST_NAMED])}{more})")
    contents = [answer.content for answer in (*before, *after)]
    if None not in contents and _differ(contents[: len(before)], contents[len(before) :]):
        found.append("content")
    return found


def breaks(recorded: Sequence[Answer | None], without: Sequence[Answer | None]) -> bool:
    """Whether the site gives what was asked for (2xx) each time as recorded, and never without the header."""
    return all(map(_succeeds, recorded)) and not any(map(_succeeds, without))


def _succeeds(answer: Answer | None) -> bool:
    return answer is not None and 200 <= answer.status <= 299


def _differ(before: Sequence[object], after: Sequence[object]) -> bool:
    """Whether all values before are the same, and every value after differs from them."""
    return all(each == before[0] for each in before) and all(each != before[0] for each in after)
