"""One exchange over HTTP/1.1 and over HTTP/2, through a proxy in reverse mode.

Then the connection must be in order, unless the end of the response is the end of the connection.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fields import Field
from tests.live.http2 import Http2
from tests.live.mitmdump import Mitmdump
from tests.live.wire import chunked, client_tls, request

STREAMING = {"buffered": (), "streamed": ("stream_large_bodies=1k",)}
"""Options by how mitmproxy takes content."""

Reply = tuple[int, tuple[Field, ...], bytes]
"""Status, fields and content."""


def over_http1(
    proxy: Mitmdump, method: bytes, path: bytes, content: bytes = b"", *fields: Field, length: bool = True
) -> Reply:
    """Without `length` the content is chunked."""
    lines = [b"%s: %s" % field for field in fields]
    if content:
        lines.append(b"Content-Length: %d" % len(content) if length else b"Transfer-Encoding: chunked")
    with proxy.connect() as client:
        coded = content if length or not content else chunked(content)
        client.send(request(*lines, method=method, target=path) + coded)
        received = client.read_response(to=method)
        if received.values(b"Content-Length") or received.values(b"Transfer-Encoding"):
            client.send(request(target=b"/afterwards"))
            assert client.read_response().status == 404
        return received.status, received.fields, received.content


def over_http2(
    proxy: Mitmdump, method: bytes, path: bytes, content: bytes = b"", *fields: Field, length: bool = True
) -> Reply:
    """Without `length` no field announces the content."""
    announced = [(b"content-length", b"%d" % len(content))] if content and length else []
    lower = [(name.lower(), value) for name, value in fields]
    with proxy.connect() as client:
        http2 = Http2(client.start_tls(client_tls("h2"), "app.example.test"))
        received = http2.fetch(*lower, *announced, method=method, path=path, content=content)
        assert http2.fetch(path=b"/afterwards").status == 404
        named = tuple((name.title(), value) for name, value in received.fields if not name.startswith(b":"))
        return received.status, named, received.content


Fetch = Callable[..., Reply]
VERSIONS: dict[str, Fetch] = {"http1": over_http1, "http2": over_http2}
