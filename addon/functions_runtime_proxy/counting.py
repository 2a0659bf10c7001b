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


def passed(message: http.Message | None) -> int:
    """Bytes of content that passed of a message: those that mitmproxy holds, or those that were counted."""
    if message is None:
        return 0
    return message.stream.counted if isinstance(message.stream, Counting) else len(message.raw_content or b"")
