"""The platform's facts as data, each with its source and the day on which it was read.

A number or a name that belongs to the Runtime stands here and nowhere else. What follows from it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

BYTES_PER_KB = 1024
"""Reading: the page says kb and means 1024 bytes, as header limits elsewhere do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a field section may have: `size` in bytes, `count` in fields and cookies."""

    size: int
    count: int

    def __str__(self) -> str:
        return f"{self.size}/{self.count}"


SEED_PAGE_LIMITS = Limits(4 * BYTES_PER_KB, 75)
"""Documented: limitations page of Twilio Functions, as the project was founded on it (read 2026-11-23)."""

LATER_PAGE_LIMITS = Limits(15 * BYTES_PER_KB, 90)
"""Documented: a later revision of the same page."""

DOCUMENTED_LIMITS = {"4kb/75": SEED_PAGE_LIMITS, "15kb/90": LATER_PAGE_LIMITS}

HEADERS_TOO_LONG_ERROR = 82008
"""Documented: the Twilio Error that goes with both 431 replies."""

COOKIE_LIFETIME_LIMIT = 24 * 60 * 60
"""Documented: seconds that a cookie may live; more is refused."""

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
"""Documented: request fields that are not accessible within a Function."""

RESTRICTED_PREFIXES = (b"x-accel-", b"x-forwarded-")
"""Documented: the same, for every field that begins so."""

EMULATOR_RESTRICTED_PREFIXES = (b"x-amz", b"i-twilio-", b"i-t-", b"ot-")
"""Emulator: what npm `@twilio/runtime-handler` takes away besides the documented names."""

KEPT_NAMES = frozenset({b"host", b"transfer-encoding", b"connection"})
"""Restricted, but without them there is no HTTP between the proxy and a plain server: they stay."""

REMOVED_NAMES = RESTRICTED_NAMES - KEPT_NAMES
REMOVED_PREFIXES = RESTRICTED_PREFIXES + EMULATOR_RESTRICTED_PREFIXES


def is_restricted(name: bytes) -> bool:
    """Whether a Function cannot see the request field of this name, in lower case."""
    return name in RESTRICTED_NAMES or name.startswith(REMOVED_PREFIXES)


# The same few names come with every request.
@lru_cache(maxsize=1024)
def is_removed(name: bytes) -> bool:
    """Whether the Runtime hides the request field of this name, in lower case, and it can be taken off the wire."""
    return name in REMOVED_NAMES or name.startswith(REMOVED_PREFIXES)


SERVED_METHODS = frozenset({"GET", "POST", "OPTIONS", "HEAD"})
"""Documented: request-flow page (GET, POST and OPTIONS). HEAD is a reading: wherever GET is, HEAD is."""

GET_WITH_CONTENT_STATUS = 403
"""Documented: request-flow page."""

FUNCTION_TIMEOUT = 10
"""Documented: seconds after which the Runtime ends a Function."""

PREFLIGHT_STATUS = 204
"""Emulator."""

PREFLIGHT_REPLY_FIELDS = (
    (b"Access-Control-Allow-Origin", b"*"),  # documented
    (b"Access-Control-Allow-Headers", b"*"),  # documented
    (b"Access-Control-Allow-Methods", b"GET, POST, OPTIONS"),  # emulator
)

_LIMITS = re.compile(r"\s*([0-9]{1,12})\s*(b|kb?|mb?)?\s*/\s*([0-9]{1,12})\s*", re.IGNORECASE)
_UNITS = {"": 1, "k": BYTES_PER_KB, "m": BYTES_PER_KB**2}


@dataclass(frozen=True, slots=True)
class Profile:
    """The facts that a user can choose between."""

    limits: Limits = field(default=SEED_PAGE_LIMITS)


def parse_limits(text: str) -> Limits:
    """Limits from `SIZE/COUNT`, where SIZE may end in b, kb or mb.

    Raises ValueError with a sentence that says what would be right.
    """
    match = _LIMITS.fullmatch(text)
    if match:
        size = int(match[1]) * _UNITS[(match[2] or "").lower().removesuffix("b")]
        if size and int(match[3]):
            return Limits(size, int(match[3]))
    raise ValueError(
        f"{text!r} is not a pair of limits. Write SIZE/COUNT, both above zero, "
        "such as 4kb/75, 15kb/90 or 8192/100 (a size without a unit is in bytes)."
    )
