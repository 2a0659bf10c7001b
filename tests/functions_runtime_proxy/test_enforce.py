"""Rulings onto live flows."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from functions_runtime.ruling import AppendAttributes, Forward, RemoveField, Reply, Rewrite
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime_proxy import enforce
from functions_runtime_proxy.read import fields_of, is_foreign
from tests.fields import Field
from tests.flows import NOW, arrive, live

HOST: Field = (b"Host", b"app.example.test")
REPLY = Reply(400, "Bad Request", ((b"Content-Type", b"text/plain"),), b"too long")
REGULAR, REVERSE = "regular", "reverse:http://backend.test:8080"
PROXY_FIELDS: list[Field] = [(b"Proxy-Connection", b"keep-alive"), (b"proxy-authorization", b"Basic YQ==")]

# Edits


def _rewritten(flow: http.HTTPFlow, *names: bytes) -> Fields:
    action = Rewrite(tuple(RemoveField(name) for name in names)) if names else Forward()
    before = {name.lower() for name, _ in fields_of(flow)}
    removed = enforce.rewrite_request(flow, fields_of(flow), action)
    fields: Fields = flow.request.headers.fields
    assert removed & before == before - {name.lower() for name, _ in fields}
    return fields


def test_request_loses_the_fields_that_it_should() -> None:
    flow = live((b"Referer", b"/a"), (b"X", b"\xff"), (b"referer", b"/b"), (b"Via", b"1.1 a"))
    assert _rewritten(flow, b"referer", b"via") == (HOST, (b"X", b"\xff"))


@pytest.mark.parametrize(("mode", "kept"), [(REGULAR, False), (REVERSE, True)])
@pytest.mark.parametrize("names", [(), (b"referer",)])
def test_request_loses_what_the_client_said_to_its_proxy(mode: str, kept: bool, names: tuple[bytes, ...]) -> None:
    flow = live(*PROXY_FIELDS, mode=mode)
    assert _rewritten(flow, *names) == ((HOST, *PROXY_FIELDS) if kept else (HOST,))


def test_expectation_that_mitmproxy_answers_is_left_to_it() -> None:
    assert _rewritten(live((b"Expect", b"100-Continue")), b"expect", b"via") == (HOST, (b"Expect", b"100-Continue"))
    assert _rewritten(live((b"Expect", b"miracles")), b"expect") == (HOST,)


@pytest.mark.parametrize(
    ("method", "version", "options", "held"),
    [
        ("GET", "HTTP/2.0", {}, True),
        ("GET", "HTTP/2.0", {"body_size_limit": "1m"}, False),
        ("GET", "HTTP/1.1", {}, False),
        ("POST", "HTTP/2.0", {}, False),
    ],
)
def test_a_get_that_may_have_content_is_held(
    method: str, version: str, options: dict[str, str], held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[http.HTTPFlow] = []
    monkeypatch.setattr("functions_runtime_proxy.internals.hold_upload", asked.append)
    flow = live(method=method, http_version=version)
    with taddons.context(Proxyserver()) as context:
        context.options.update(**options)
        enforce.hold_get(flow)
    assert asked == ([flow] if held else [])


def test_response_is_edited_in_place() -> None:
    flow = live()
    response = arrive(flow, (b"X", b"\xff"), (b"Set-Cookie", b"a=\xfe"))
    enforce.rewrite_response(flow, response.headers.fields, Rewrite((AppendAttributes(1, (b"Secure",)),)))
    assert flow.response is response
    assert response.headers.fields == ((b"X", b"\xff"), (b"Set-Cookie", b"a=\xfe; Secure"))


# Replies


@pytest.mark.parametrize(("method", "content"), [("GET", b"too long"), ("HEAD", b"")])
def test_reply_has_everything_that_a_response_needs(method: str, content: bytes) -> None:
    response = enforce.reply_to(live(method=method), REPLY)
    assert (response.status_code, response.reason) == (400, "Bad Request")
    assert response.headers.fields == ((b"Content-Type", b"text/plain"), (b"Content-Length", b"8"))
    assert response.raw_content == content
    assert is_foreign(_with(live(), response), None)


def test_reply_without_content_has_no_length() -> None:
    response = enforce.reply_to(live(method="OPTIONS"), Reply(204, "No Content"))
    assert (response.headers.fields, response.raw_content) == ((), b"")


def _with(flow: http.HTTPFlow, response: http.Response) -> http.HTTPFlow:
    flow.response = response
    return flow


def _streamed(response: http.Response, *pieces: bytes) -> list[bytes]:
    stream: Any = response.stream
    return [chunk for piece in (*pieces, b"") for chunk in stream(piece)]


@pytest.mark.parametrize("pieces", [(), (b"1",), (b"1", b"2" * 100_000, b"3")])
@pytest.mark.parametrize(("method", "content"), [("GET", [b"too long"]), ("HEAD", [])])
@pytest.mark.parametrize("streamed", [False, True])
def test_replacement_swallows_what_arrives(
    streamed: bool, method: str, content: list[bytes], pieces: tuple[bytes, ...]
) -> None:
    flow = live(method=method)
    arrive(flow, (b"Content-Length", b"5"), (b"X-App", b"1"), (b"Set-Cookie", b"a=1")).stream = streamed
    stand_in = enforce.replace_response(flow, REPLY)
    assert stand_in
    assert flow.response is stand_in
    assert flow.response.headers.fields == ((b"Content-Type", b"text/plain"), (b"Content-Length", b"8"))
    assert (flow.response.raw_content, flow.response.timestamp_end) == (None, None)
    assert flow.response.timestamp_start == NOW + 2
    if streamed:
        assert _streamed(flow.response, *pieces) == content
    else:
        assert flow.response.stream is False
        flow.response.raw_content = b"".join(pieces)
    flow.response.trailers = http.Headers(x="1")
    stand_in.finish()
    stand_in.finish()
    assert flow.response.raw_content == b"".join(content)
    assert stand_in.swallowed == sum(map(len, pieces))
    assert flow.response.trailers is None


@pytest.mark.parametrize(
    ("version", "status", "fields", "closes"),
    [
        ("HTTP/1.1", 200, [(b"Content-Length", b"5")], False),
        ("HTTP/1.1", 200, [(b"Transfer-Encoding", b"chunked")], True),
        ("HTTP/1.1", 101, [], True),
        ("HTTP/1.0", 200, [], True),
        ("HTTP/2.0", 200, [], False),
    ],
)
def test_client_is_not_kept_waiting_for_a_response_of_unknown_length(
    version: str, status: int, fields: list[Field], closes: bool
) -> None:
    flow = live(http_version=version)
    arrive(flow, *fields, status=status)
    enforce.replace_response(flow, REPLY)
    assert flow.response
    assert bool(flow.response.stream) is ((b"Content-Length", b"5") not in fields)
    assert flow.response.headers.get("connection") == ("close" if closes else None)


def test_replacement_of_a_response_that_is_whole_is_whole() -> None:
    flow = live()
    arrive(flow).raw_content = b"whole"
    assert enforce.replace_response(flow, REPLY) is None
    assert flow.response
    assert flow.response.raw_content == b"too long"
    assert not flow.response.stream
    assert "connection" not in flow.response.headers


@pytest.mark.parametrize(
    ("media_type", "streamed"),
    [
        (b"text/event-stream", True),
        (b" Text/Event-Stream ; charset=utf-8", True),
        (b"multipart/x-mixed-replace;boundary=frame", True),
        (b"text/event-streams", False),
        (b"text/html", False),
        (b"", False),
    ],
)
def test_streams_are_streamed(media_type: bytes, streamed: bool) -> None:
    flow = live()
    response = arrive(flow, (b"Content-Type", media_type))
    enforce.let_streams_flow(flow)
    assert bool(response.stream) is streamed


def test_streams_that_somebody_streams_already_are_left_to_them() -> None:
    flow = live()
    response = arrive(flow, (b"Content-Type", b"text/event-stream"))
    response.stream = theirs = lambda data: data
    enforce.let_streams_flow(flow)
    assert response.stream is theirs


# Other addons


def test_whoever_wants_to_stream_a_replaced_response_gets_the_reply() -> None:
    flow = live()
    arrive(flow, (b"Content-Length", b"5"))
    stand_in = enforce.replace_response(flow, REPLY)
    assert stand_in
    stand_in.stream = True
    assert _streamed(stand_in, b"fun", b"ny") == [b"too long"]
    assert stand_in.is_out
    arrive(flow, (b"Content-Length", b"5"))
    stand_in = enforce.replace_response(flow, REPLY)
    assert stand_in
    stand_in.stream = lambda data: [data.upper()]
    assert b"".join(_streamed(stand_in, b"fun", b"ny")) == b"TOO LONG"


def test_what_another_addon_makes_of_the_reply_stays() -> None:
    flow = live()
    arrive(flow, (b"Content-Length", b"5"))
    stand_in = enforce.replace_response(flow, REPLY)
    assert stand_in
    stand_in.content = b"too early: it still arrives"
    stand_in.data.content = b"funny"  # as mitmproxy does
    stand_in.timestamp_end = NOW + 3
    assert stand_in.text == "too long"
    stand_in.content = b"much too long"
    stand_in.finish()
    assert (stand_in.raw_content, stand_in.headers["Content-Length"]) == (b"much too long", "13")
    assert stand_in.swallowed == 5


def test_a_copy_of_a_replaced_response_is_an_ordinary_one() -> None:
    flow = live()
    arrive(flow, (b"Content-Length", b"5"))
    stand_in = enforce.replace_response(flow, REPLY)
    assert stand_in
    stand_in.finish()
    copy = flow.copy().response
    assert type(copy) is http.Response
    assert copy.raw_content == b"too long"
