"""What an experiment shows: answers to the same request, as recorded several times and without one header.

What differs between the answers to the request as recorded varies by itself and proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from functions_runtime.syntax.rfc9110 import Fields, fields_by_name
from functions_runtime.wire_text import printable

CLOCK_FIELDS = frozenset({b"date", b"age", b"expires"})
"""Response fields that follow the clock: they may agree twice by chance and differ the third time."""

MOST_NAMED = 3


class Answer(NamedTuple):
    """A response; `content` is None where it is not known, in which case it proves nothing."""

    status: int
    fields: Fields
    content: bytes | None


def differences(recorded: Sequence[Answer | None], without: Answer | None) -> list[str]:
    """In what the answer without the header differs from all those to the request as recorded, in words.

    Empty where it does not. What differs between two answers to the request as recorded does not count, and no answer,
    which is None, proves nothing.
    """
    answers = [answer for answer in recorded if answer]
    if without is None or len(answers) < len(recorded):
        return []
    found = []
    first = answers[0]
    if without.status != first.status and all(answer.status == first.status for answer in answers):
        found.append(f"status ({first.status} becomes {without.status})")
    before, *again = (fields_by_name(answer.fields) for answer in answers)
    after = fields_by_name(without.fields)
    names = [
        name
        for name in sorted({*before, *after} - CLOCK_FIELDS)
        if after.get(name) != before.get(name) and all(fields.get(name) == before.get(name) for fields in again)
    ]
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        found.append(f"header fields ({', '.join(printable(name, 40) for name in names[:MOST_NAMED])}{more})")
    contents = {answer.content for answer in answers}
    if len(contents) == 1 and not contents & {None, without.content} and without.content is not None:
        found.append("content")
    return found
