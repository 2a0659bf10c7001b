"""Flows that belong to somebody else: other addons answer or kill them, or the server is not there."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import Start
from tests.live.mitmdump import ADDON, Mitmdump
from tests.live.origin import Origin
from tests.live.wire import BAD_COOKIE_LINE, chunked, request, response

OTHER_ADDON = """
from mitmproxy import http

COOKIE = {"Set-Cookie": "sid=a; Max-Age=999999; Domain=b.test"}

class Other:
    def requestheaders(self, flow):
        if "answer-early" in flow.request.path:
            flow.response = http.Response.make(200, b"made up", COOKIE)
        if "stream" in flow.request.path:
            flow.request.stream = True
        if "kill-early" in flow.request.path:
            flow.kill()

    def request(self, flow):
        if "answer-late" in flow.request.path:
            flow.response = http.Response.make(200, b"made up", COOKIE)
        if "kill-late" in flow.request.path:
            flow.kill()

    def responseheaders(self, flow):
        if "kill-response" in flow.request.path:
            flow.kill()

    def response(self, flow):
        if "replace-whole" in flow.request.path:
            flow.response = http.Response.make(201, b"theirs")
        if "shout" in flow.request.path:
            flow.response.content = flow.response.content.upper()

addons = [Other()]
"""

TOO_MANY = tuple(b"X-%d: 1" % number for number in range(80))


@pytest.fixture(scope="module", params=["before", "after"])
def proxy(
    request: pytest.FixtureRequest, start: Start, origin: Origin, tmp_path_factory: pytest.TempPathFactory
) -> Mitmdump:
    """mitmdump with another addon, loaded before ours or after it."""
    script = tmp_path_factory.mktemp("script") / "other.py"
    script.write_text(OTHER_ADDON, encoding="utf-8")
    scripts = [str(script), str(ADDON)] if request.param == "before" else [str(ADDON), str(script)]
    arguments = [word for each in scripts for word in ("-s", each)]
    return start(f"reverse:{origin.url}", *arguments, options=["keep_host_header=true"], addon=False)


@pytest.mark.parametrize("path", [b"/answer-early", b"/answer-late"])
def test_response_of_another_addon_is_not_judged(path: bytes, proxy: Mitmdump) -> None:
    received = proxy.fetch(request(target=path))
    assert received.content == b"made up"
    assert received.values(b"Set-Cookie") == [b"sid=a; Max-Age=999999; Domain=b.test"]
    assert path.decode() not in _judged(proxy)


def test_request_that_the_runtime_answers_is_not_answered_again(proxy: Mitmdump, origin: Origin) -> None:
    received = proxy.fetch(request(method=b"OPTIONS", target=b"/other"))
    assert received.status == 204
    assert origin.seen(b"/other") == []


@pytest.mark.parametrize("path", [b"/kill-early", b"/kill-late", b"/kill-response"])
@pytest.mark.parametrize("lines", [(), TOO_MANY], ids=["", "too-long"])
def test_killed_flow_stays_dead(path: bytes, lines: tuple[bytes, ...], proxy: Mitmdump, origin: Origin) -> None:
    origin.serve(response(BAD_COOKIE_LINE), path)
    with proxy.connect() as client:
        client.send(request(*lines, target=path))
        assert client.is_closed()


def test_request_that_another_addon_streams_although_the_runtime_replied(proxy: Mitmdump, origin: Origin) -> None:
    received = proxy.fetch(request(method=b"PUT", target=b"/stream", content=b"abc"))
    assert received.status == 405
    assert origin.seen(b"/stream") == []
    assert "crashed" not in proxy.output


def test_reply_that_another_addon_changes(proxy: Mitmdump, origin: Origin) -> None:
    origin.serve(response(BAD_COOKIE_LINE, content=b"c" * 1000), b"/shout-refused")
    received = proxy.fetch(request(target=b"/shout-refused"))
    assert (received.status, received.content) == (400, b"COOKIES MAX-AGE CANNOT BE GREATER THAN A DAY")


def test_content_that_another_addon_changes(proxy: Mitmdump, origin: Origin) -> None:
    origin.serve(response(b"Set-Cookie: a=1; Max-Age=1"), b"/shout")
    received = proxy.fetch(request(target=b"/shout"))
    assert received.content == b"HELLO"
    assert received.values(b"Set-Cookie") == [b"a=1; Max-Age=1; HttpOnly; Secure"]


@pytest.mark.parametrize("cookie", [b"Set-Cookie: a=1; Max-Age=1", BAD_COOKIE_LINE])
def test_response_that_another_addon_sets_when_the_content_is_there(
    cookie: bytes, proxy: Mitmdump, origin: Origin
) -> None:
    origin.serve(response(cookie), b"/replace-whole")
    received = proxy.fetch(request(target=b"/replace-whole"))
    assert (received.status, received.content) == (201, b"theirs")


CHUNKED = b"HTTP/1.1 200 OK\r\n%s\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (BAD_COOKIE_LINE, chunked(b"hello"))


@pytest.mark.parametrize("answer", [response(BAD_COOKIE_LINE, b"Content-Type: text/event-stream"), CHUNKED])
def test_response_that_another_addon_sets_when_the_client_has_a_reply_that_was_streamed(
    answer: bytes, proxy: Mitmdump, origin: Origin
) -> None:
    origin.serve(answer, b"/replace-whole")
    received = proxy.fetch(request(target=b"/replace-whole"))
    assert (received.status, received.content) == (400, b"Cookies max-age cannot be greater than a day")


def _judged(proxy: Mitmdump) -> str:
    """What the log says of the Runtime's doings."""
    return "\n".join(line for line in proxy.output.splitlines() if "] Runtime" in line)


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_server_that_is_not_there(mode: str, start: Start) -> None:
    proxy = start(
        f"reverse:http://127.0.0.1:{_unused_port()}", options=[f"runtime_mode={mode}", "connection_strategy=lazy"]
    )
    for content in (b"", b"c" * 100_000):
        received = proxy.fetch(request(b"Referer: /a", method=b"POST", target=b"/a", content=content))
        assert received.status == 502
    preflight = proxy.fetch(request(method=b"OPTIONS", target=b"/a"))
    assert preflight.status == (204 if mode == "enforce" else 502)
    proxy.stop()
    assert proxy.report()["exchanges"]["judged"] == 3


def test_request_that_mitmproxy_itself_refuses(proxy: Mitmdump) -> None:
    with proxy.connect() as client:
        client.send(request(b"Content-Length: 1", b"Transfer-Encoding: chunked", *TOO_MANY, target=b"/smuggled"))
        assert client.read_response().status == 400
    assert "/smuggled" not in _judged(proxy)


def test_message_that_is_larger_than_mitmproxy_may_take(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["body_size_limit=10k", "keep_host_header=true"])
    path = origin.serve(response(BAD_COOKIE_LINE, content=b"c" * 100_000))
    assert proxy.fetch(request(target=path)).status in (400, 502)
    upload = request(method=b"POST", target=path, content=b"c" * 100_000)
    assert proxy.fetch(upload).status == 413
