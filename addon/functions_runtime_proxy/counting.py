"""Counts the bytes of a message that mitmproxy streams and therefore never holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mitmproxy import http

StreamFunction = Callable[[bytes], Iterable[bytes] | bytes]


class Counting:
    """A stream function that counts the bytes that arrive, around another one if there is one."""

    def __init__(self, inner: bool | StreamFunction) -> None:
        self._inner = inner if callable(inner) else None
        self.counted = 0

    def __call__(self, data: bytes) -> Iterable[bytes] | bytes:
        self.counted += len(data)
        return self._inner(data) if self._inner else data


class _CountedOnceStreamed:
    """A message of which everything that passes is counted, if mitmproxy begins to stream it in the middle.

    There is no hook at that moment. mitmproxy sets `stream`, and gives the stream function first what it held so far.
    """

    @property
    def stream(self) -> bool | StreamFunction:
        stream: bool | StreamFunction = self.__dict__.get("stream", False)
        return stream

    @stream.setter
    def stream(self, value: bool | StreamFunction) -> None:
        self.__dict__["stream"] = Counting(value) if value and not isinstance(value, Counting) else value


class _CountedRequest(_CountedOnceStreamed, http.Request):
    pass


class _CountedResponse(_CountedOnceStreamed, http.Response):
    pass


_COUNTED: dict[type[http.Message], type[http.Message]] = {
    http.Request: _CountedRequest,
    http.Response: _CountedResponse,
}


def count_stream(message: http.Message, *, may_begin: bool) -> None:
    """Count what passes of a message that is streamed, or, with `may_begin`, that mitmproxy may still begin to stream.

    A message of a class that mitmproxy does not have is left alone: whoever made it counts for itself.
    """
    counted = _COUNTED.get(type(message))
    if not counted:
        return
    if message.stream:
        message.stream = Counting(message.stream)
    elif may_begin:
        message.__class__ = counted


def passed(message: http.Message | None) -> int:
    """Bytes of content that passed of a message: those that mitmproxy holds, or those that were counted."""
    if message is None:
        return 0
    return message.stream.counted if isinstance(message.stream, Counting) else len(message.data.content or b"")
