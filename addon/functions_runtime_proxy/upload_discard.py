"""Let a reply be given to a request whose content is still arriving, where the user streams large bodies.

With `stream_large_bodies` set, mitmproxy opens the connection to the server as soon as enough of an upload is there,
and breaks off with an error if an addon has already answered. There is no hook in between. So the buffer in which
mitmproxy collects the upload is exchanged for one that stays empty: the upload is read, dropped and never grows past
the threshold, the server is never contacted, and the reply goes out at its end.

This is the one place that reaches into mitmproxy's layers. Where it finds nothing, it changes nothing and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mitmproxy import ctx, http
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.utils import ReceiveBuffer


class _Discard(ReceiveBuffer):
    """A buffer that keeps nothing."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __iadd__(self, other: Any) -> _Discard:
        return self


def discard_upload(flow: http.HTTPFlow) -> bool:
    """Drop what is still to come of the request's content. False where the flow's stream was not found."""
    flow.request.stream = False
    connections: dict[Any, Any] = getattr(ctx.master.addons.get("proxyserver"), "connections", {})
    for handler in connections.values():
        if handler.client is flow.client_conn:
            for stream in _streams(handler.layer.context):
                if getattr(stream, "flow", None) is flow:
                    stream.request_body_buf = _Discard()
                    return True
    return False


def _streams(context: Context) -> Iterator[HttpStream]:
    """Every HTTP stream of a connection, those inside a CONNECT tunnel included."""
    waiting = list(context.layers)
    seen: list[HttpLayer] = []
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, HttpLayer) and layer not in seen:  # a tunnel's context has the layers around it too
            seen.append(layer)
            for stream in list(layer.streams.values()):
                yield stream
                if stream.child_layer is not None:
                    waiting += stream.child_layer.context.layers
