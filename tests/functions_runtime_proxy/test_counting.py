"""Streams that are counted."""

from __future__ import annotations

from functions_runtime_proxy.counting import passed
from functions_runtime_proxy.enforce import count_stream
from tests.flows import arrive, live


def test_what_passes_in_a_stream_is_counted() -> None:
    response = arrive(live())
    count_stream(response)
    assert not response.stream
    assert passed(response) == 0
    response.stream = True
    count_stream(response)
    assert [response.stream(piece) for piece in (b"abc", b"de", b"")] == [b"abc", b"de", b""]  # type: ignore[operator]
    assert passed(response) == 5


def test_a_stream_function_of_somebody_else_goes_on() -> None:
    response = arrive(live())
    response.stream = lambda data: data * 2
    count_stream(response)
    assert response.stream(b"abc") == b"abcabc"
    assert passed(response) == 3


def test_what_is_not_streamed_is_what_mitmproxy_holds() -> None:
    response = arrive(live())
    response.raw_content = b"hello"
    assert (passed(response), passed(None)) == (5, 0)
