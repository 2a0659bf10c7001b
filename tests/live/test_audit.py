"""Audit changes nothing: through mitmdump with the addon and without it, both sides see the same bytes."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

import pytest

from tests.conftest import Start
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Answer, Origin, then_close
from tests.live.wire import Message, chunked, request, response

LONG = b"z" * 50_000
PLAIN = response()
LATE = b"Wed, 01 Jan 2098 00:00:00 GMT"


def _head(status: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *lines]) + b"\r\n\r\n"


@dataclass(frozen=True)
class Odd:
    """An exchange off the beaten track. The request's target is put in by the test."""

    name: str
    lines: tuple[bytes, ...] = ()
    answer: Answer = PLAIN
    method: bytes = b"GET"
    content: bytes = b""


ODD = [
    Odd("malformed-cookies", (b"Cookie: ;;a;=;b==c; ,", b"Cookie: a=1", b"cookie:"), response(b"Set-Cookie: =;;=")),
    Odd("malformed-set-cookies", answer=response(b"Set-Cookie: ;", b"set-cookie:", b"SET-COOKIE: a", b"Set-Cookie: =")),
    Odd("cookie-of-an-age", answer=response(b"Set-Cookie: a=1; Max-Age=" + b"9" * 5000)),
    Odd("cookie-of-a-date", answer=response(b"Set-Cookie: a=1; Expires=" + LATE + b"; Domain=.test")),
    Odd("cookie-with-a-tab", answer=response(b"Set-Cookie: a=\t1\t;\tDomain=\tb ;;; ")),
    Odd(
        "high-bytes",
        (b"X-\x80: \xe9\xff", b"Cookie: \xf0\x9f=\x8d"),
        response(b"X-\xff: \xfe", b"Set-Cookie: \xe9=\xff"),
    ),
    Odd(
        "twice",
        (b"X-A: 1", b"x-a: 1", b"X-A: 2"),
        response(b"X-A: 1", b"x-a: 1", b"Set-Cookie: a=1", b"Set-Cookie: a=1"),
    ),
    Odd("empty-values", (b"X-A: ", b"Referer: "), response(b"X-A: ", b"Location: ")),
    Odd("white-space", (b"X-A:1", b"X-B:   2  ", b"X-C: 3\t4"), response(b"X-A:1", b"X-B:   2  ")),
    Odd("unusual-reason", answer=_head(b"299 Well, \xe9 then", b"Content-Length: 0")),
    Odd("no-reason", answer=_head(b"200 ", b"Content-Length: 0")),
    Odd(
        "many-fields", tuple(b"X-%d: %d" % (i, i) for i in range(500)), response(*(b"Y-%d: 1" % i for i in range(500)))
    ),
    Odd("large-fields", (b"X-A: " + b"a" * 20_000,), response(b"X-B: " + b"b" * 20_000)),
    Odd("restricted", (b"Referer: /a", b"Via: 1.1 b", b"X-Forwarded-For: ::1", b"Proxy-Connection: keep-alive")),
    Odd("te-and-upgrade", (b"TE: trailers", b"Upgrade: a/1", b"Connection: keep-alive, Upgrade")),
    Odd("websocket-refused", (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13")),
    Odd("options", (b"Origin: https://a.example",), response(b"Allow: GET"), b"OPTIONS"),
    Odd("preflight", (b"Access-Control-Request-Method: PUT",), _head(b"204 No Content", b"DAV: 1"), b"OPTIONS"),
    Odd("unknown-method", method=b"FROB", content=b"abc"),
    Odd("lower-case-method", method=b"get"),
    Odd("get-with-content", content=b"abc"),
    Odd("post", (b"Content-Type: text/plain",), response(content=LONG), b"POST", LONG),
    Odd("post-too-large-headers", tuple(b"X-%d: 1" % i for i in range(80)), method=b"POST", content=LONG),
    Odd("expect-continue", (b"Expect: 100-continue",), method=b"POST", content=LONG),
    Odd("chunked", answer=_head(b"200 OK", b"Transfer-Encoding: chunked") + chunked(b"hello" * 100, 7)),
    Odd("chunked-large", answer=_head(b"200 OK", b"Transfer-Encoding: chunked", b"Set-Cookie: a=1") + chunked(LONG)),
    Odd("chunked-empty", answer=_head(b"200 OK", b"transfer-encoding: Chunked") + chunked(b"")),
    Odd("until-the-end", answer=then_close(_head(b"200 OK", b"Set-Cookie: a=1; Max-Age=999999") + LONG)),
    Odd("http10", answer=then_close(b"HTTP/1.0 200 OK\r\n\r\nold")),
    Odd("connection-close", (b"Connection: close",), response(b"Connection: close", b"Set-Cookie: a=1")),
    Odd("compressed", (b"Accept-Encoding: gzip",), response(b"Content-Encoding: gzip", content=b"\x1f\x8b broken")),
    Odd("head", answer=_head(b"200 OK", b"Content-Length: 999", b"Set-Cookie: a=1; Max-Age=999999"), method=b"HEAD"),
    Odd("head-chunked", answer=_head(b"200 OK", b"Transfer-Encoding: chunked"), method=b"HEAD"),
    Odd("no-content", answer=_head(b"204 No Content", b"Set-Cookie: a=1; Max-Age=999999")),
    Odd(
        "not-modified", (b'If-None-Match: "a"',), _head(b"304 Not Modified", b"Content-Length: 99", b"Set-Cookie: a=1")
    ),
    Odd("redirect", answer=response(b"Location: //b.example/\xe9", status=b"302 Found", content=b"")),
    Odd("error", answer=response(b"Set-Cookie: a=1; Domain=b.test", status=b"500 Oh", content=LONG)),
    Odd("broken-answer", answer=then_close(b"hello there\r\n\r\n")),
    Odd("broken-off", answer=then_close(_head(b"200 OK", b"Content-Length: 99", b"Set-Cookie: a=1") + b"short")),
    Odd("broken-off-late", answer=then_close(_head(b"200 OK", b"Content-Length: 99999", b"Set-Cookie: a=1") + LONG)),
    Odd("no-answer", answer=then_close(b"")),
]


@dataclass(frozen=True)
class Pair:
    """Two proxies that should not differ: with the addon in audit mode and without it."""

    audited: Mitmdump
    plain: Mitmdump
    streamed: bool


@pytest.fixture(scope="module", params=["buffered", "streamed"])
def pair(request: pytest.FixtureRequest, start: Start, origin: Origin) -> Pair:
    mode, options = f"reverse:{origin.url}", ["keep_host_header=true"]
    if streamed := request.param == "streamed":
        options.append("stream_large_bodies=1k")
    return Pair(
        start(mode, options=(*options, "runtime_mode=audit")), start(mode, options=options, addon=False), streamed
    )


def _both_sides(proxy: Mitmdump, origin: Origin, path: bytes, data: bytes) -> tuple[bytes, list[bytes]]:
    """All that a client gets for this and a last request on one connection, and all that the server gets for this."""
    before = len(origin.seen(path))
    with proxy.connect() as client:
        client.send(data)
        with contextlib.suppress(ConnectionError):
            while client.read_response(to=data.split(b" ")[0]).status == 100:
                pass
            client.send(request(b"Connection: close", target=b"/last"))
            client.read_rest()
    return client.received, [message.raw for message in origin.seen(path)[before:]]


def _comparable(received: bytes) -> bytes:
    """What was received, less the boundaries of chunks: while streaming they depend on how TCP cuts the data."""
    return re.sub(rb"\r\n[0-9a-f]+\r\n", b"", received)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_bytes_are_the_same_with_the_addon_and_without(odd: Odd, pair: Pair, origin: Origin) -> None:
    path = origin.serve(odd.answer)
    data = request(*odd.lines, method=odd.method, target=path + b"?a=%FF&b", content=odd.content)
    received, forwarded = _both_sides(pair.audited, origin, path, data)
    plain_received, plain_forwarded = _both_sides(pair.plain, origin, path, data)
    assert plain_received
    assert forwarded == plain_forwarded
    if pair.streamed:
        received, plain_received = _comparable(received), _comparable(plain_received)
    assert received == plain_received


def test_chunked_upload_is_the_same_with_the_addon_and_without(pair: Pair, origin: Origin) -> None:
    path = origin.serve(response())
    data = request(b"Transfer-Encoding: chunked", *(b"X-%d: 1" % i for i in range(80)), method=b"POST", target=path)
    seen: list[Message] = []
    for proxy in (pair.audited, pair.plain):
        assert proxy.fetch(data + chunked(LONG, 5000)).raw == response()
        seen.append(origin.seen(path)[-1])
    assert (seen[0].head, seen[0].content) == (seen[1].head, seen[1].content)
    assert seen[0].content == LONG


def test_what_a_client_says_to_the_proxy_is_left_to_mitmproxy(start: Start, origin: Origin) -> None:
    path = origin.serve(response(b"Set-Cookie: sid=a; Domain=b.test"))
    data = request(
        b"Proxy-Connection: keep-alive",
        b"Proxy-Authorization: Basic c2VjcmV0",
        b"Referer: /a",
        target=origin.url.encode() + path,
    )
    audited, plain = start("regular", options=("runtime_mode=audit",)), start("regular", addon=False)
    assert _both_sides(audited, origin, path, data) == _both_sides(plain, origin, path, data)
