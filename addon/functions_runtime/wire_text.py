"""Text that came off the wire, made fit to be shown.

A name in a header is chosen by whoever sent it. Everything that reaches a message, a subject or a path in a report
passes through here, so that no control character, no bidirectional override and no endless word gets further.
What a format needs besides (markup, formulas) is escaped where that format is written.
"""

from __future__ import annotations

MAX_SHOWN = 120
"""Characters of one name that are shown."""

NAMELESS = "without a name"
"""What stands in a sentence in place of the name of a cookie that has none."""


def printable(raw: bytes | str, most: int = MAX_SHOWN) -> str:
    """The text with anything that is not printable written as an escape, and cut after `most` characters."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    if len(text) > most:
        text = text[: most - 1] + "…"
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text
