"""The server behind the proxy: it answers each path as a test wants and keeps every request that it got."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable

from tests.live.wire import Connection, Message

Answer = bytes | Callable[[Connection, Message], None]
"""Bytes as they are, or a function that writes them and may close the connection."""


class Origin:
    """An HTTP/1.1 server on a port of its own, one thread a connection."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._answers: dict[bytes, Answer] = {}
        self._seen: dict[bytes, list[Message]] = {}
        self._numbers = itertools.count()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, answer: Answer, path: bytes = b"") -> bytes:
        """Answer a path in this way; without one, a path that nobody has yet. Returns it."""
        path = path or b"/page-%d" % next(self._numbers)
        self._answers[path] = answer
        return path

    def seen(self, path: bytes) -> list[Message]:
        """The requests for this path so far."""
        return self._seen.get(path, [])

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._server.accept()
                threading.Thread(target=self._handle, args=(sock,), daemon=True).start()

    def _handle(self, sock: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, ValueError),
            Connection(self._tls.wrap_socket(sock, server_side=True) if self._tls else sock) as connection,
        ):
            while True:
                request = connection.read_request()
                path = request.start.split(b" ")[1].partition(b"?")[0]
                self._seen.setdefault(path, []).append(request)
                answer = self._answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                if callable(answer):
                    answer(connection, request)
                else:
                    connection.send(answer)


def then_close(answer: bytes) -> Answer:
    """Answer, and close the connection, which is how content without a length ends."""

    def close(connection: Connection, _: Message) -> None:
        connection.send(answer)
        connection.close()

    return close
