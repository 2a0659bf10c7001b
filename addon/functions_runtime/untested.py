"""Restricted headers that reached a server and that no browser sends by itself. The site may depend on them."""

from __future__ import annotations

from functools import lru_cache

from functions_runtime.message import Exchange
from functions_runtime.profile import is_removed
from functions_runtime.wire_text import printable

OF_EVERY_BROWSER = frozenset({b"referer", b"upgrade", b"expect", b"trailer", b"proxy-connection"})
"""Restricted headers whose presence says nothing about a proxy or balancer in front of a site."""


def untested(exchange: Exchange) -> tuple[str, ...]:
    """Names, printable and in lower case, of the restricted headers that reached the server besides the usual ones."""
    return tuple(
        [shown for name in exchange.request.by_name if (shown := _untested_name(name)) and name not in exchange.removed]
    )


# The same few names come with every request.
@lru_cache(maxsize=1024)
def _untested_name(name: bytes) -> str:
    return printable(name) if is_removed(name) and name not in OF_EVERY_BROWSER else ""
