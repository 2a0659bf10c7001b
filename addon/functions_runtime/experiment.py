"""What an experiment shows: answers to the same request, as recorded twice and then without one header.

What differs between the first two answers varies by itself and proves nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from functions_runtime.syntax.rfc9110 import Fields, fields_by_name
from functions_runtime.wire_text import printable

CLOCK_FIELDS = frozenset({b"date", b"age", b"expires"})
"""Response fields that follow the clock: they may agree twice by chance and differ the third time."""

MOST_NAMED = 3


class Answer(NamedTuple):
    """A response; `content` is None where it is not known."""

    status: int
    fields: Fields
    content: bytes | None


def differences(first: Answer, second: Answer, without: Answer) -> list[str]:
    """In what the answer without the header differs, in words. Empty where it does not."""
    found = []
    if first.status == second.status != without.status:
        found.append(f"status ({first.status} becomes {without.status})")
    before, again, after = (fields_by_name(answer.fields) for answer in (first, second, without))
    names = [
        name
        for name in sorted({*before, *after} - CLOCK_FIELDS)
        if before.get(name) == again.get(name) != after.get(name)
    ]
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        found.append(f"header fields ({', '.join(printable(name, 40) for name in names[:MOST_NAMED])}{more})")
    if first.content is not None and first.content == second.content and without.content not in (None, first.content):
        found.append("content")
    return found
