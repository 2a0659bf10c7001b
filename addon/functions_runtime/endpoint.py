"""What findings are grouped by: method, host, and path without the parts that differ from request to request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from functions_runtime.random_text import MIN_LENGTH, TOKEN, is_random
from functions_runtime.wire_text import printable, shown_host, shown_method

MAX_PATH_SHOWN = 300
MIN_HEX_DIGITS = 16
"""Hexadecimal digits from which on a path segment counts as an identifier (our interpretation of "long")."""

_IDENTIFIER = re.compile(
    rf"\+?[0-9]+|[0-9a-f]{{{MIN_HEX_DIGITS},}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", re.IGNORECASE
)
_END = re.compile(r"(?:;|%(?:25)*(?:3b|3f|23|2f)).*", re.IGNORECASE | re.DOTALL)
"""Where a segment ends early: at its parameters, or at an encoded question mark, number sign or slash."""
_ENCODED_AGAIN = re.compile(r"%(?:25)+")
"""A percent sign that was percent-encoded, once or more often."""
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]+(?:(?:\.[\w-]*){4}|(?:\.[\w-]*){2})", re.ASCII)
_TOKEN = re.compile(TOKEN)
_LOCAL = r"[^\s@,;:/<>()\[\]\"=]"
_EMAIL = re.compile(rf"(?<!{_LOCAL}){_LOCAL}+@(?!v?[0-9]+\.[0-9])(?![0-9.]+x\.)(?:[\w-]+\.)+[^\W\d_]{{2,}}")
"""An e-mail address, which neither a version (`vue@3.4.21`) nor a density (`logo@2x.png`) is."""
_USER_AND_PASSWORD = re.compile(r"(?<=//)[^/:@]*:[^/@]*(?=@)")
"""What stands before the host of a URL in a path, as proxies have it."""
_PLAIN = re.compile(rf"[A-Za-z_-]{{0,{MIN_LENGTH - 1}}}")
"""What most segments are: too short to be a token, and without a digit."""
_PLAIN_PATH = re.compile(rf"(?:/{_PLAIN.pattern})*")


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
    return Endpoint(*_shown_method_and_host(method, host), shown_path(path))


def shown_path(path: str) -> str:
    """A path as reports show it: see `endpoint`."""
    if not _PLAIN_PATH.fullmatch(path):
        path = _USER_AND_PASSWORD.sub("{value}", path.partition("?")[0].partition("#")[0])
        path = "/".join([part if _PLAIN.fullmatch(part) else _shown(part) for part in path.split("/")])
    return printable(path, MAX_PATH_SHOWN)


@lru_cache(maxsize=64)
def _shown_method_and_host(method: str, host: str) -> tuple[str, str]:
    return shown_method(method), shown_host(host)


def _shown(segment: str) -> str:
    """A path segment as it is shown."""
    segment = _END.sub("", segment)
    text = unquote(_ENCODED_AGAIN.sub("%", segment)) if "%" in segment else segment
    name, equals, _ = text.partition("=")
    shown = _without_secrets(name) + (equals and "={value}")
    return segment if shown == text else shown


def _without_secrets(text: str) -> str:
    if _IDENTIFIER.fullmatch(text):
        return "{id}"
    if "@" in text:
        text = _EMAIL.sub("{email}", text)
    text = _JWT.sub("{id}", text)
    return _TOKEN.sub(lambda token: "{id}" if is_random(token[0]) else token[0], text)
