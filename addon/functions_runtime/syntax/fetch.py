"""CORS as a browser decides it: the Fetch standard (https://fetch.spec.whatwg.org/, as of 2026-06).

The CORS check (section 4.9), the CORS-preflight fetch (4.8), and the names that both use (2.2.1, 2.2.2). Each function
takes a request and a response and returns yes or no, whoever made the response.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from functions_runtime.syntax.rfc9110 import Fields, field_values

SAFELISTED_METHODS = frozenset({b"GET", b"HEAD", b"POST"})
"""CORS-safelisted methods (section 2.2.1)."""

NON_WILDCARD_REQUEST_HEADERS = frozenset({b"authorization"})
"""CORS non-wildcard request-header names (section 2.2.2)."""

CHROMIUM_NON_WILDCARD_REQUEST_HEADERS: frozenset[bytes] = frozenset()
"""The same in Chromium 156, where a wildcard covers every header."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def _combined(fields: Fields, name: bytes) -> bytes | None:
    """The value of a header as "get" returns it: several fields are joined with a comma and a space."""
    values = field_values(fields, name)
    return b", ".join(value.strip(b" \t") for value in values) if values else None


def _tokens(fields: Fields, name: bytes) -> tuple[bytes, ...] | None:
    """The tokens of a list header ("extract header list values"). None if its value is not a list of tokens."""
    value = _combined(fields, name)
    if value is None:
        return ()
    items = [item for part in value.split(b",") if (item := part.strip(b" \t"))]
    return tuple(items) if all(_TOKEN.fullmatch(item) for item in items) else None


@dataclass(frozen=True, slots=True)
class Preflight:
    """A CORS-preflight request: who asks, for which method and which headers (lower case)."""

    origin: bytes
    method: bytes
    headers: tuple[bytes, ...]


def parse_preflight(method: str, fields: Fields) -> Preflight | None:
    """What a CORS-preflight request asks, None if the request is not a preflight (section 4.8, steps 1 to 6).

    A preflight is an OPTIONS with one Origin and one Access-Control-Request-Method that is a token.
    """
    if method != "OPTIONS":
        return None
    origins = field_values(fields, b"origin")
    methods = field_values(fields, b"access-control-request-method")
    if len(origins) != 1 or len(methods) != 1 or not _TOKEN.fullmatch(methods[0]):
        return None
    names = _tokens(fields, b"access-control-request-headers") or ()
    return Preflight(origins[0], methods[0], tuple(name.lower() for name in names))


def cors_check(origin: bytes, fields: Fields, *, credentials: bool) -> bool:
    """Whether a response may be shared with an origin (section 4.9)."""
    allowed = _combined(fields, b"access-control-allow-origin")
    if allowed is None:
        return False
    if not credentials and allowed == b"*":
        return True
    if allowed != origin:
        return False
    return not credentials or _combined(fields, b"access-control-allow-credentials") == b"true"


def preflight_passes(
    preflight: Preflight,
    status: int,
    fields: Fields,
    *,
    credentials: bool,
    non_wildcard: frozenset[bytes] = NON_WILDCARD_REQUEST_HEADERS,
) -> bool:
    """Whether the response to a preflight allows the actual request (section 4.8, step 7).

    `non_wildcard` holds the headers that a wildcard does not cover. Browsers differ in this.
    """
    if not 200 <= status <= 299 or not cors_check(preflight.origin, fields, credentials=credentials):
        return False
    methods = _tokens(fields, b"access-control-allow-methods")
    headers = _tokens(fields, b"access-control-allow-headers")
    if methods is None or headers is None:
        return False
    if (
        preflight.method not in methods
        and preflight.method not in SAFELISTED_METHODS
        and (credentials or b"*" not in methods)
    ):
        return False
    listed = {name.lower() for name in headers}
    wildcard = b"*" in listed and not credentials
    return all(name in listed or (wildcard and name not in non_wildcard) for name in preflight.headers)
