"""Streams that are counted."""

from __future__ import annotations

import pytest
from mitmproxy import http

from functions_runtime.ruling import Reply
from functions_runtime_proxy.counting import count_stream, passed
from functions_runtime_proxy.enforce import StandIn
from tests.flows import arrive, live


def stream_through(message: http.Message, *pieces: bytes) -> list[bytes]:
    """What goes out if mitmproxy gives these pieces to the message's stream function."""
    assert callable(message.stream)
    return [bytes(message.stream(piece)) for piece in pieces]  # type: ignore[arg-type]


@pytest.mark.parametrize("may_begin", [True, False])
def test_what_passes_in_a_stream_is_counted(may_begin: bool) -> None:
    response = arrive(live())
    response.stream = True
    count_stream(response, may_begin=may_begin)
    assert stream_through(response, b"abc", b"de", b"") == [b"abc", b"de", b""]
    assert passed(response) == 5


def test_a_stream_function_of_somebody_else_goes_on() -> None:
    response = arrive(live())
    response.stream = lambda data: data * 2
    count_stream(response, may_begin=False)
    assert stream_through(response, b"abc") == [b"abcabc"]
    assert passed(response) == 3


def test_a_message_is_counted_if_it_is_streamed_later() -> None:
    flow = live()
    arrive(flow)
    for message in (flow.request, flow.response):
        assert message
        count_stream(message, may_begin=True)
        assert (message.stream, passed(message)) == (False, 0)
        message.stream = True
        counting = message.stream
        message.stream = counting  # an addon that looks and sets it again
        assert message.stream is counting
        stream_through(message, b"abc", b"de")
        assert passed(message) == 5
        message.stream = False
        message.raw_content = b"hello!"
        assert passed(message) == 6
    assert flow.copy().get_state()["request"] == flow.request.get_state()


def test_a_message_that_nobody_streams_later_stays_as_it_is() -> None:
    response = arrive(live())
    count_stream(response, may_begin=False)
    response.stream = True
    assert response.stream is True


def test_what_stands_in_for_a_response_counts_for_itself() -> None:
    flow = live()
    arrive(flow)
    response = StandIn(flow, Reply(400, "Bad Request", (), b"no"))
    count_stream(response, may_begin=True)
    assert type(response) is StandIn
    assert response.stream is False
    response.stream = True
    assert stream_through(response) == []


def test_what_is_not_streamed_is_what_mitmproxy_holds() -> None:
    response = arrive(live())
    response.raw_content = b"hello"
    assert (passed(response), passed(None)) == (5, 0)
