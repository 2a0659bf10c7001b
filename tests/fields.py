"""Fields that tests of several layers use."""

from __future__ import annotations

from functions_runtime.profile import COOKIE_LIFETIME_LIMIT

Field = tuple[bytes, bytes]

TOO_LONG = COOKIE_LIFETIME_LIMIT + 1
"""Seconds that no cookie may live under the Runtime."""


def lasting(cookie: bytes) -> bytes:
    """A set-cookie-string for a cookie that lives a second longer than the Runtime allows."""
    return b"%s; Max-Age=%d" % (cookie, TOO_LONG)


BAD_COOKIE: Field = (b"Set-Cookie", lasting(b"sid=a"))
