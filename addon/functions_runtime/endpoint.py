"""What findings are grouped by: method, host and path, the latter without what differs from request to request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from functions_runtime.wire_text import printable

MAX_PATH_SHOWN = 300
MIN_HEX_DIGITS = 16
"""Hexadecimal digits from which on a path segment counts as an identifier (reading of "long")."""

_IDENTIFIER = re.compile(
    rf"[0-9]+|[0-9a-f]{{{MIN_HEX_DIGITS},}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", re.IGNORECASE
)

_PARAMETERS = re.compile(r"(?:;|%3b).*", re.IGNORECASE | re.DOTALL)


class Endpoint(NamedTuple):
    """Method, host and path template, all fit to be shown."""

    method: str
    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


@lru_cache(maxsize=4096)
def endpoint(method: str, host: str, path: str) -> Endpoint:
    """The endpoint of a request. Identifiers in `path` become `{id}`.

    A query or a fragment in it is dropped, and so are the parameters of its segments: some servers put a session there.
    """
    path = path.partition("?")[0].partition("#")[0]
    names = (_PARAMETERS.sub("", segment) for segment in path.split("/"))
    segments = ("{id}" if _IDENTIFIER.fullmatch(name) else name for name in names)
    return Endpoint(printable(method, 40), printable(host, 255), printable("/".join(segments), MAX_PATH_SHOWN))
