"""Fields that tests of several layers use."""

from __future__ import annotations

Field = tuple[bytes, bytes]

BAD_COOKIE: Field = (b"Set-Cookie", b"sid=a; Max-Age=86401")
"""A cookie that lives a second longer than the Runtime allows."""
