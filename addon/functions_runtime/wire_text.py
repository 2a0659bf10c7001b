"""Text that came off the wire, made safe to show.

The sender chooses the names in a header. Every text that reaches a message, a subject or a path in a report passes
through here. Control characters, bidirectional overrides and endless words stop here. Each format escapes its own
markup and formulas.
"""

from __future__ import annotations

MAX_SHOWN = 120
"""The most characters of a name that are shown."""

NAMELESS = "without a name"
"""What a sentence says instead of the name of a cookie without a name."""


def printable(raw: bytes | str, most: int = MAX_SHOWN) -> str:
    """The text, cut to `most` characters, with an escape for each character that is not printable."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    if len(text) > most:
        text = text[: most - 1] + "…"
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text
