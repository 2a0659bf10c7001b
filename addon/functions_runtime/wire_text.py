"""Text that came off the wire, made safe to show.

The sender chooses the names in a header. Every text that reaches a message, a subject or a path in a report passes
through here. Control characters, bidirectional overrides and endless words stop here. Each format escapes its own
markup and formulas.
"""

from __future__ import annotations

import re

MAX_SHOWN = 120
"""The most characters of a name that are shown."""

NAMELESS = "without a name"
"""What a sentence says instead of the name of a cookie without a name."""

MALFORMED = "(malformed)"
"""What stands for something that is not what it should be, and can therefore be anything, a secret among it."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_HOST = re.compile(r"[/?#@\\]")
_ORIGIN = re.compile(rb"[a-z][a-z0-9+.-]*://[^/?#@\\\s]+|null", re.IGNORECASE)


def shown_method(method: str) -> str:
    """A method as reports show it (RFC 9110, section 9.1)."""
    return printable(method, 40) if _TOKEN.fullmatch(method) else MALFORMED


def shown_host(host: str) -> str:
    """A host as reports show it (RFC 3986, section 3.2.2). It has no user, path or query."""
    return MALFORMED if _NOT_IN_HOST.search(host) else printable(host, 255)


def shown_origin(origin: bytes) -> str:
    """The value of an Origin field as reports show it (RFC 6454, section 7.1). An origin has no user and no query."""
    return printable(origin) if _ORIGIN.fullmatch(origin) else MALFORMED


def printable(raw: bytes | str, most: int = MAX_SHOWN) -> str:
    """The text, cut to `most` characters, with an escape for each character that is not printable."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    if len(text) > most:
        text = text[: most - 1] + "…"
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text
