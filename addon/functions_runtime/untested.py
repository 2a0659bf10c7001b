"""Restricted headers that reached a server and that no browser sends by itself. The site may depend on them."""

from __future__ import annotations

from functions_runtime.message import Exchange
from functions_runtime.profile import removed_among
from functions_runtime.wire_text import printable

OF_EVERY_BROWSER = frozenset({b"referer", b"upgrade", b"expect", b"trailer", b"proxy-connection"})
"""Restricted headers whose presence says nothing about a proxy or balancer in front of a site."""


def untested(exchange: Exchange) -> tuple[str, ...]:
    """Names, printable and in lower case, of the restricted headers that reached the server besides the usual ones."""
    return tuple(
        [
            printable(name)
            for name in removed_among(exchange.request.names)
            if name not in OF_EVERY_BROWSER and name not in exchange.removed
        ]
    )
