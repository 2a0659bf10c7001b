"""What findings are grouped by: method, host and path, the latter without what differs from request to request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from functions_runtime.wire_text import printable

MAX_PATH_SHOWN = 300
MIN_HEX_DIGITS = 16
"""Hexadecimal digits from which on a path segment counts as an identifier (our interpretation of "long")."""
MIN_TOKEN = 16
"""Characters from which on a segment can look like a secret or like something made at random (docs/rulebook.md)."""
MIN_DIGITS = 2
"""Digits among letters that make a long segment look so."""
MIN_CASE_CHANGES = 4
"""Changes between upper and lower case that do the same."""

_IDENTIFIER = re.compile(
    rf"[0-9]+|[0-9a-f]{{{MIN_HEX_DIGITS},}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", re.IGNORECASE
)
_END = re.compile(r"(?:;|%3b|%3f|%23|%2f).*", re.IGNORECASE | re.DOTALL)
"""Where a segment ends early: at its parameters, or at an encoded question mark, number sign or slash."""
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{MIN_TOKEN},}}")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FILE = re.compile(r"(.+)(\.[A-Za-z0-9]{1,5})", re.DOTALL)
_CASE_CHANGE = re.compile(r"[a-z](?=[A-Z])|[A-Z](?=[a-z])")
_PLAIN = re.compile(rf"[A-Za-z_-]{{0,{MIN_TOKEN - 1}}}")
"""What most segments are: too short to be a token, and without a digit."""


class Endpoint(NamedTuple):
    """Method, host and path template, all fit to be shown."""

    method: str
    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


@lru_cache(maxsize=4096)
def endpoint(method: str, host: str, path: str) -> Endpoint:
    """The endpoint of a request, whose path says nothing that a report must not hold.

    Identifiers, and what looks like a secret or made at random, become `{id}`; e-mail addresses become `{email}`, and
    values `{value}`. A query or a fragment is dropped, and so are the parameters of segments: some servers put a
    session there.
    """
    path = path.partition("?")[0].partition("#")[0]
    segments = "/".join([part if _PLAIN.fullmatch(part) else _shown(part) for part in path.split("/")])
    return Endpoint(printable(method, 40), printable(host, 255), printable(segments, MAX_PATH_SHOWN))


def _shown(segment: str) -> str:
    """A path segment as it is shown."""
    segment = _END.sub("", segment)
    text = unquote(segment) if "%" in segment else segment
    if _EMAIL.fullmatch(text):
        return "{email}"
    name, equals, _ = text.partition("=")
    if equals:
        return f"{_shown(name)}={{value}}"
    if _is_identifier(text):
        return "{id}"
    file = _FILE.fullmatch(text)
    return f"{{id}}{file[2]}" if file and _is_random(file[1]) else segment


def _is_identifier(text: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(text) or _JWT.fullmatch(text)) or _is_random(text)


def _is_random(text: str) -> bool:
    """Whether a text looks like a secret, or like something made at random."""
    if not _TOKEN.fullmatch(text):
        return False
    digits = sum(map(text.count, "0123456789"))
    if digits >= MIN_DIGITS and text.strip("0123456789_-"):
        return True
    letters = text.replace("-", "").replace("_", "").translate(_WITHOUT_DIGITS)
    return len(_CASE_CHANGE.findall(letters)) >= MIN_CASE_CHANGES


_WITHOUT_DIGITS = str.maketrans("", "", "0123456789")
