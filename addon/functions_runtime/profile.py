"""The platform's facts as data, each with its source and the day on which somebody read it.

Each number and name that belongs to the Runtime is here and nowhere else. Rules derive the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from functions_runtime.syntax.rfc9110 import Fields

BYTES_PER_KB = 1024
"""Our interpretation: the page says kb. It means 1024 bytes, as header limits elsewhere do."""

BYTES_PER_MB = BYTES_PER_KB**2
"""Our interpretation: the same holds for MB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest field section that is allowed: `size` in bytes, `count` in fields and cookies."""

    size: int
    count: int

    def __str__(self) -> str:
        return f"{self.size}/{self.count}"


SEED_PAGE_LIMITS = Limits(4 * BYTES_PER_KB, 75)
"""Documented: the copy of the limitations page on which this project began (read 2026-11-23), and the error dictionary,
82008 (read 2026-11-27). The default."""

LATER_PAGE_LIMITS = Limits(15 * BYTES_PER_KB, 90)
"""Documented: the newest copy of the limitations page (read 2026-11-27)."""

DOCUMENTED_LIMITS = {"4kb/75": SEED_PAGE_LIMITS, "15kb/90": LATER_PAGE_LIMITS}

HEADERS_TOO_LONG_ERROR = 82008
"""Documented: the Twilio Error of both 431 replies (limitations page, read 2026-11-23)."""

COOKIE_LIFETIME_LIMIT = 24 * 60 * 60
"""Documented: the longest lifetime of a cookie, in seconds (limitations page, read 2026-11-23)."""

RESTRICTED_NAMES = frozenset(
    {
        b"connection",
        b"expect",
        b"host",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"referer",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"via",
        b"x-real-ip",
    }
)
"""Documented: request fields that a Function cannot see (limitations page, read 2026-11-23)."""

RESTRICTED_PREFIXES = (b"x-accel-", b"x-forwarded-")
"""Documented: a Function cannot see a request field whose name begins with one of these (same page)."""

EMULATOR_RESTRICTED_PREFIXES = (b"x-amz", b"i-twilio-", b"i-t-", b"ot-")
"""Emulator: npm `@twilio/runtime-handler` also removes these (read 2026-11-23)."""

KEPT_NAMES = frozenset({b"host", b"transfer-encoding", b"connection"})
"""Restricted, but HTTP between the proxy and a plain server needs them, so they stay."""

REMOVED_NAMES = RESTRICTED_NAMES - KEPT_NAMES
REMOVED_PREFIXES = RESTRICTED_PREFIXES + EMULATOR_RESTRICTED_PREFIXES


def is_restricted(name: bytes) -> bool:
    """Whether the Runtime hides the request field with this name (lower case) from a Function."""
    return name in RESTRICTED_NAMES or name.startswith(REMOVED_PREFIXES)


# Every request has the same few names.
@lru_cache(maxsize=1024)
def is_removed(name: bytes) -> bool:
    """Whether the Runtime hides the request field with this name (lower case), and a proxy can remove it."""
    return name in REMOVED_NAMES or name.startswith(REMOVED_PREFIXES)


# Most requests have the same names in the same order.
@lru_cache(maxsize=128)
def removed_among(names: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Those of the names (lower case) for which `is_removed`."""
    return tuple(filter(is_removed, names))


ALLOWED_METHODS = b"GET, POST, OPTIONS"
"""Documented: request-flow page and FAQ (read 2026-11-27), as a header field lists them."""

SERVED_METHODS = frozenset({"GET", "POST", "OPTIONS", "HEAD"})
"""Documented: GET, POST and OPTIONS (request-flow page, read 2026-11-27). Emulator: HEAD (run 2026-11-27)."""

METHOD_UNSUPPORTED_STATUS = 405
"""Our interpretation: the request-flow page (read 2026-11-27) names the methods, but no status for others."""

GET_WITH_CONTENT_STATUS = 403
"""Documented: request-flow page (read 2026-11-27)."""

FUNCTION_TIMEOUT = 10
"""Documented: seconds after which the Runtime stops a Function (request-flow page, read 2026-11-27)."""

FUNCTION_TIMEOUT_STATUS = 504
"""Documented: request-flow and execution pages (read 2026-11-27)."""

CONCURRENT_REQUESTS_LIMIT = 30
"""Documented: the largest number of requests in flight at one time (FAQ, read 2026-11-27)."""

CONCURRENT_REQUESTS_STATUS = 429
"""Documented: FAQ (read 2026-11-27)."""

REQUEST_SIZE_LIMIT = BYTES_PER_MB
"""Documented: 1 MB for head and content of a request (request-flow page, read 2026-11-27), in bytes."""

RESPONSE_SIZE_LIMIT = 4 * BYTES_PER_MB
"""Documented: 4 MB for a response (request-flow page, read 2026-11-27), in bytes."""

PREFLIGHT_STATUS = 204
"""Emulator (`twilio-run`, run 2026-11-27)."""

PREFLIGHT_REPLY_FIELDS = (
    (b"Access-Control-Allow-Origin", b"*"),
    (b"Access-Control-Allow-Headers", b"*"),
    (b"Access-Control-Allow-Methods", ALLOWED_METHODS),
)
"""Documented: limitations page (read 2026-11-23). The methods are from the FAQ (read 2026-11-27)."""

EMULATOR_MARKS = ((b"x-powered-by", b"Express"), (b"surrogate-control", b"no-store"))
"""Emulator: a response with both fields comes from `twilio-run` (or from Express with the package nocache)."""

_EMULATOR_FIELDS = {
    b"x-powered-by": re.compile(rb"Express"),
    b"surrogate-control": re.compile(rb"no-store"),
    b"cache-control": re.compile(rb"no-store, no-cache, must-revalidate, proxy-revalidate"),
    b"pragma": re.compile(rb"no-cache"),
    b"expires": re.compile(rb"0"),
    b"etag": re.compile(rb'W/"[0-9a-f]+-[A-Za-z0-9+/]{27}"'),
    b"keep-alive": re.compile(rb"timeout=[0-9]+"),
}
"""Emulator: response fields that `twilio-run` adds and production does not have (version 5.0.1, run 2026-11-27). The
value distinguishes such a field from one with the same name that a Function sets."""


def without_emulator_fields(fields: Fields) -> Fields:
    """The field section of a response without the fields that the local emulator added, at most one of each name.

    Returns `fields` itself if the emulator's marks are missing.
    """
    lower = {(name.lower(), value) for name, value in fields}
    if not lower.issuperset(EMULATOR_MARKS):
        return fields
    own: list[tuple[bytes, bytes]] = []
    left_out: set[bytes] = set()
    for name, value in fields:
        added = _EMULATOR_FIELDS.get(name.lower())
        if added and name.lower() not in left_out and added.fullmatch(value):
            left_out.add(name.lower())
        else:
            own.append((name, value))
    return tuple(own)


_LIMITS = re.compile(r"\s*([0-9]{1,12})\s*(b|kb?|mb?)?\s*/\s*([0-9]{1,12})\s*", re.IGNORECASE)
SMALLEST_WITHOUT_UNIT = 64
"""The least size that needs no unit. Nobody means fewer bytes, and `15/90` is easily written for `15kb/90`."""
_UNITS = {"": 1, "k": BYTES_PER_KB, "m": BYTES_PER_MB}


@dataclass(frozen=True, slots=True)
class Profile:
    """The facts that a user can choose."""

    limits: Limits = field(default=SEED_PAGE_LIMITS)


def parse_limits(text: str) -> Limits:
    """Limits from `SIZE/COUNT`. SIZE may end in b, kb or mb.

    Raises ValueError with a sentence that says what would be right.
    """
    match = _LIMITS.fullmatch(text)
    if match:
        number, unit, count = int(match[1]), (match[2] or "").lower(), int(match[3])
        size = number * _UNITS[unit.removesuffix("b")]
        if 0 < size < SMALLEST_WITHOUT_UNIT and not unit:
            raise ValueError(
                f"{text!r} means {size} bytes. Write {size}kb/{count}, or {size}b/{count} if you mean bytes."
            )
        if size and count:
            return Limits(size, count)
    raise ValueError(
        f"{text!r} is not a pair of limits. Write SIZE/COUNT, both above zero, "
        "such as 4kb/75, 15kb/90 or 8192/100 (a size without a unit is in bytes)."
    )


PARSED_MEDIA_TYPES = frozenset({b"application/json", b"application/x-www-form-urlencoded"})
"""Documented: request-flow page. The Runtime turns content of these types into the event (read 2026-11-27)."""
