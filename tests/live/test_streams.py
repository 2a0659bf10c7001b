"""The rules hold however content travels: buffered or streamed, of known length or not, up and down, and endless."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test.tflow import tflow

from tests.conftest import Start
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Answer, Origin, then_close
from tests.live.wire import BAD_COOKIE_LINE, TIMEOUT, Connection, Message, chunked, request, response

SMALL, LARGE = b"s" * 100, b"l" * 300_000
COOKIE = b"Set-Cookie: sid=a; Max-Age=60"
REWRITTEN = COOKIE + b"; HttpOnly; Secure"
COOKIE_TOO_LONG = b"Cookies max-age cannot be greater than a day"
TOO_MANY = tuple(b"X-%d: 1" % number for number in range(80))


@pytest.fixture(scope="module", params=["buffered", "streamed"])
def proxy(request: pytest.FixtureRequest, start: Start, origin: Origin) -> Mitmdump:
    streaming = ["stream_large_bodies=1k"] if request.param == "streamed" else []
    return start(f"reverse:{origin.url}", options=["keep_host_header=true", *streaming])


@pytest.fixture(scope="module")
def streaming(start: Start, origin: Origin) -> Mitmdump:
    return start(f"reverse:{origin.url}", options=["keep_host_header=true", "stream_large_bodies=1k"])


@dataclass(frozen=True)
class Framing:
    """A way in which a response says where it ends."""

    name: str
    status: bytes = b"200 OK"
    line: bytes | None = None
    content: bytes = b""
    coded: bytes = b""
    method: bytes = b"GET"
    ends_connection: bool = False

    def answer(self, *lines: bytes) -> Answer:
        framing = () if self.line is None else (self.line,)
        raw = b"\r\n".join([b"HTTP/1.1 " + self.status, *lines, *framing]) + b"\r\n\r\n" + self.coded
        return then_close(raw) if self.ends_connection else raw


FRAMINGS = [
    Framing("length-small", line=b"Content-Length: 100", content=SMALL, coded=SMALL),
    Framing("length-large", line=b"Content-Length: 300000", content=LARGE, coded=LARGE),
    Framing("length-none", line=b"Content-Length: 0"),
    Framing("chunked-small", line=b"Transfer-Encoding: chunked", content=SMALL, coded=chunked(SMALL)),
    Framing("chunked-large", line=b"Transfer-Encoding: chunked", content=LARGE, coded=chunked(LARGE)),
    Framing("chunked-none", line=b"Transfer-Encoding: chunked", coded=chunked(b"")),
    Framing("until-the-end-small", content=SMALL, coded=SMALL, ends_connection=True),
    Framing("until-the-end-large", content=LARGE, coded=LARGE, ends_connection=True),
    Framing("until-the-end-none", ends_connection=True),
    Framing("head", line=b"Content-Length: 300000", method=b"HEAD"),
    Framing("head-chunked", line=b"Transfer-Encoding: chunked", method=b"HEAD"),
    Framing("no-content", b"204 No Content"),
    Framing("not-modified", b"304 Not Modified"),
]
EACH_FRAMING = pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)


def _still_works(client: Connection, origin: Origin) -> bool:
    path = origin.serve(response(content=b"again"))
    client.send(request(target=path))
    return client.read_response().content == b"again"


def _expect_reply(received: Message, method: bytes, status: bytes, content: bytes) -> None:
    assert received.start == b"HTTP/1.1 " + status
    assert received.without(b"connection") == (
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", b"%d" % len(content)),
    )
    assert received.content == (b"" if method == b"HEAD" else content)


@EACH_FRAMING
def test_cookie_is_rewritten_and_content_left_alone(framing: Framing, proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(framing.answer(COOKIE))
    with proxy.connect() as client:
        client.send(request(method=framing.method, target=path))
        received = client.read_response(to=framing.method)
        expected = framing.answer(REWRITTEN)
        assert received.start == b"HTTP/1.1 " + framing.status
        assert received.fields[0] == (b"Set-Cookie", b"sid=a; Max-Age=60; HttpOnly; Secure")
        assert received.content == framing.content
        if isinstance(expected, bytes) and b"chunked" not in expected:
            assert received.raw == expected
        assert client.is_closed() if framing.ends_connection else _still_works(client, origin)


@EACH_FRAMING
@pytest.mark.parametrize(
    ("lines", "status", "content"),
    [
        ((b"X-App: 1", BAD_COOKIE_LINE), b"400 Bad Request", COOKIE_TOO_LONG),
        (TOO_MANY, b"431 Request Header Fields Too Large", b"Response headers or cookies too long"),
    ],
    ids=["bad-cookie", "too-many-headers"],
)
def test_response_is_replaced_whole(
    framing: Framing, lines: tuple[bytes, ...], status: bytes, content: bytes, proxy: Mitmdump, origin: Origin
) -> None:
    path = origin.serve(framing.answer(*lines))
    with proxy.connect() as client:
        client.send(request(method=framing.method, target=path))
        received = client.read_response(to=framing.method)
        _expect_reply(received, framing.method, status, content)
        closes = received.values(b"Connection") == [b"close"]
        assert client.is_closed() if closes else _still_works(client, origin)


@pytest.mark.parametrize("name", ["length-small", "length-large", "length-none", "head"])
def test_connection_is_kept_after_a_replaced_response_of_known_length(
    name: str, proxy: Mitmdump, origin: Origin
) -> None:
    (framing,) = (each for each in FRAMINGS if each.name == name)
    path = origin.serve(framing.answer(BAD_COOKIE_LINE))
    with proxy.connect() as client:
        for _ in range(3):
            client.send(request(method=framing.method, target=path))
            received = client.read_response(to=framing.method)
            assert (received.status, received.values(b"Connection")) == (400, [])
        assert _still_works(client, origin)
    assert len(origin.seen(path)) == 3


# Uploads


@pytest.mark.parametrize("size", [10, 2000, 1_000_000])
@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("expects", [False, True], ids=["", "expecting-continue"])
def test_server_is_not_contacted_for_an_upload_that_is_answered_431(
    size: int, coding: str, expects: bool, proxy: Mitmdump, origin: Origin
) -> None:
    path = origin.serve(response())
    length = b"Transfer-Encoding: chunked" if coding == "chunked" else b"Content-Length: %d" % size
    content = chunked(b"u" * size) if coding == "chunked" else b"u" * size
    expect = (b"Expect: 100-continue",) if expects else ()
    with proxy.connect() as client:
        client.send(request(*TOO_MANY, length, *expect, method=b"POST", target=path))
        if expects:
            assert client.read_response().status == 100
        client.send(content)
        received = client.read_response()
        _expect_reply(received, b"POST", b"431 Request Header Fields Too Large", b"Request headers or cookies too long")
        assert _still_works(client, origin)
    assert origin.seen(path) == []
    assert "could not be held back" not in proxy.output


def test_server_is_not_contacted_for_a_preflight_with_content(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response())
    with proxy.connect() as client:
        client.send(request(method=b"OPTIONS", target=path, content=LARGE))
        assert client.read_response().status == 204
        assert _still_works(client, origin)
    assert origin.seen(path) == []


@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_upload_that_passes_arrives_whole(coding: str, proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(COOKIE))
    length = b"Transfer-Encoding: chunked" if coding == "chunked" else b"Content-Length: %d" % len(LARGE)
    content = chunked(LARGE) if coding == "chunked" else LARGE
    received = proxy.fetch(request(b"Referer: /a", length, method=b"POST", target=path) + content)
    assert received.raw == response(REWRITTEN)
    (forwarded,) = origin.seen(path)
    assert forwarded.content == LARGE
    assert forwarded.values(b"Referer") == []


def test_expect_reaches_nobody_but_the_proxy(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response())
    with proxy.connect() as client:
        client.send(request(b"Expect: 100-continue", b"Content-Length: 5", method=b"POST", target=path))
        assert client.read_response().status == 100
        client.send(b"hello")
        assert client.read_response().raw == response()
    assert origin.seen(path)[0].values(b"Expect") == []


def test_upload_that_is_answered_before_it_ends(streaming: Mitmdump, origin: Origin) -> None:
    """The server refuses the first part of a streamed upload with a cookie that is too old."""

    def refuse(connection: Connection, _: Message) -> None:
        connection.send(response(BAD_COOKIE_LINE, b"Connection: close"))

    path = origin.serve(refuse)
    with streaming.connect() as client:
        client.send(request(b"Transfer-Encoding: chunked", method=b"POST", target=path) + chunked(LARGE))
        _expect_reply(client.read_response(), b"POST", b"400 Bad Request", COOKIE_TOO_LONG)


# Server-sent events


class Events:
    """A stream of server-sent events that goes on when the test says so, and never ends by itself."""

    HEAD = (b"HTTP/1.1 200 OK", b"Content-Type: Text/Event-Stream; charset=utf-8", b"Transfer-Encoding: chunked")

    def __init__(self, *lines: bytes) -> None:
        self._lines = lines
        self._next = threading.Semaphore(0)
        self.gone = threading.Event()

    def __call__(self, connection: Connection, _: Message) -> None:
        connection.send(b"\r\n".join([*self.HEAD, *self._lines]) + b"\r\n\r\n")
        number = 0
        while self._next.acquire(timeout=TIMEOUT):
            number += 1
            event = b"data: %d\n\n" % number
            try:
                connection.send(b"%x\r\n%s\r\n" % (len(event), event))
            except OSError:
                self.gone.set()
                raise

    def send_one(self) -> None:
        self._next.release()


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_events_flow_one_by_one(mode: str, start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true", f"runtime_mode={mode}"])
    events = Events(COOKIE)
    path = origin.serve(events)
    with proxy.connect() as client:
        client.send(request(target=path))
        head = client.read_head()
        assert head.fields[:2] == (
            (b"Content-Type", b"Text/Event-Stream; charset=utf-8"),
            (b"Transfer-Encoding", b"chunked"),
        )
        assert [b"Set-Cookie: " + value for value in head.values(b"Set-Cookie")] == [
            REWRITTEN if mode == "enforce" else COOKIE
        ]
        for number in range(1, 6):
            events.send_one()
            assert client.read_until(b"\n\n\r\n") == b"9\r\ndata: %d\n\n\r\n" % number


def test_events_with_a_bad_cookie_are_answered_although_they_never_end(proxy: Mitmdump, origin: Origin) -> None:
    events = Events(BAD_COOKIE_LINE)
    path = origin.serve(events)
    events.send_one()
    with proxy.connect() as client:
        client.send(request(target=path))
        _expect_reply(client.read_response(), b"GET", b"400 Bad Request", COOKIE_TOO_LONG)
        events.send_one()
    while not events.gone.wait(0.05):  # the server learns that its client has gone
        events.send_one()


@pytest.mark.xfail(reason="The content of a reply goes out with the first piece that the server sends, not before it")
def test_events_with_a_bad_cookie_are_answered_before_the_first_event(streaming: Mitmdump, origin: Origin) -> None:
    path = origin.serve(Events(BAD_COOKIE_LINE))
    with streaming.connect(timeout=5) as client:
        client.send(request(target=path))
        _expect_reply(client.read_response(), b"GET", b"400 Bad Request", COOKIE_TOO_LONG)


def test_an_upload_that_is_replayed_gets_its_reply_and_the_next_request_its_turn(
    origin: Origin, start: Start, tmp_path: Path
) -> None:
    path, file = origin.serve(response()), tmp_path / "recorded.flow"
    with file.open("wb") as out:
        for method, content in (("PUT", LARGE), ("GET", b"")):
            url = f"{origin.url}{path.decode()}"
            flow = tflow(req=http.Request.make(method, url, content, ((b"Host", b"app.example"),)), resp=True)
            flow.live = False
            FlowWriter(out).add(flow)
    options = ["keep_host_header=true", "stream_large_bodies=1k"]
    proxy = start(f"reverse:{origin.url}", "-C", str(file), options=options)
    proxy.wait_for_log("Runtime responded with 405 to PUT")
    proxy.wait_for_log(r"\[replay\] server disconnect")
    assert [message.start.partition(b" ")[0] for message in origin.seen(path)] == [b"GET"]
    assert "crashed" not in proxy.output
