"""HTTP/1.1 on a socket, byte for byte, for either side of the proxy. Nothing here is forgiving or clever."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass

from tests.fields import BAD_COOKIE, Field

TIMEOUT = 30.0
"""Seconds after which a test gives up waiting. Nothing should ever take that long."""

BAD_COOKIE_LINE = b": ".join(BAD_COOKIE)


@dataclass(frozen=True)
class Message:
    """A message as it was read: `raw` is every byte of it, `content` what is left without the chunked coding."""

    raw: bytes
    start: bytes
    fields: tuple[Field, ...]
    content: bytes

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def status(self) -> int:
        return int(self.start.split(b" ")[1])

    def values(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def without(self, *names: bytes) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field[0].lower() not in names)


class Connection:
    """One connection that carries one message after another. `received` is every byte that came so far."""

    def __init__(self, sock: socket.socket, timeout: float = TIMEOUT) -> None:
        sock.settimeout(timeout)
        self._socket = sock
        self._buffer = b""
        self.received = b""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read_response(self, *, to: bytes = b"GET") -> Message:
        """The next response; `to` is the method that it answers."""
        head, start, fields = self._read_head()
        if to == b"HEAD" or start.split(b" ")[1] in (b"100", b"204", b"304"):
            return Message(head, start, fields, b"")
        return self._with_content(head, start, fields, until_end=True)

    def read_request(self) -> Message:
        """The next request. A client that asked for it is told to continue."""
        head, start, fields = self._read_head()
        if any(name.lower() == b"expect" for name, _ in fields):
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self._with_content(head, start, fields, until_end=False)

    def read_head(self) -> Message:
        """The head of the next message alone. What follows is left to `read_until`."""
        head, start, fields = self._read_head()
        return Message(head, start, fields, b"")

    def read_until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._receive()
        at = self._buffer.index(end) + len(end)
        data, self._buffer = self._buffer[:at], self._buffer[at:]
        return data

    def read_rest(self) -> bytes:
        """Everything until the other side closes."""
        with contextlib.suppress(ConnectionError):
            while True:
                self._receive()
        data, self._buffer = self._buffer, b""
        return data

    def is_closed(self) -> bool:
        """Wait for the other side to say something: true if all it does is close."""
        return self.read_rest() == b""

    def start_tls(self, context: ssl.SSLContext, server_name: str | None = None) -> ssl.SSLSocket:
        """Go on over TLS. Returns the socket, for a protocol that this class does not speak."""
        self._socket = sock = context.wrap_socket(self._socket, server_hostname=server_name)
        return sock

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError(f"closed by the other side after {self._buffer[:200]!r}")
        self._buffer += data
        self.received += data

    def _read_exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _read_head(self) -> tuple[bytes, bytes, tuple[Field, ...]]:
        head = self.read_until(b"\r\n\r\n")
        start, *lines = head[:-4].split(b"\r\n")
        fields = tuple((name, value.strip(b" ")) for name, _, value in (line.partition(b":") for line in lines))
        return head, start, fields

    def _with_content(self, head: bytes, start: bytes, fields: tuple[Field, ...], *, until_end: bool) -> Message:
        values = {name.lower(): value for name, value in fields}
        if b"chunked" in values.get(b"transfer-encoding", b"").lower():
            raw = content = b""
            while True:
                line = self.read_until(b"\r\n")
                chunk = self._read_exactly(int(line, 16) + 2)
                raw, content = raw + line + chunk, content + chunk[:-2]
                if chunk == b"\r\n":
                    return Message(head + raw, start, fields, content)
        if b"content-length" in values:
            content = self._read_exactly(int(values[b"content-length"]))
        else:
            content = self.read_rest() if until_end else b""
        return Message(head + content, start, fields, content)


def connect(port: int, timeout: float = TIMEOUT) -> Connection:
    """A connection to a port of this machine."""
    return Connection(socket.create_connection(("127.0.0.1", port), timeout), timeout)


def fetch(port: int, data: bytes) -> Message:
    """Send a request on a connection of its own and read the response."""
    with connect(port) as client:
        client.send(data)
        return client.read_response(to=data.split(b" ")[0])


def request(
    *lines: bytes, method: bytes = b"GET", target: bytes = b"/", host: bytes = b"app.example.test", content: bytes = b""
) -> bytes:
    """A request with these field lines, after Host and before Content-Length."""
    length = [b"Content-Length: %d" % len(content)] if content else []
    head = [method + b" " + target + b" HTTP/1.1", b"Host: " + host, *lines, *length]
    return b"\r\n".join(head) + b"\r\n\r\n" + content


def response(*lines: bytes, status: bytes = b"200 OK", content: bytes = b"hello") -> bytes:
    """A response with these field lines and a Content-Length."""
    head = [b"HTTP/1.1 " + status, *lines, b"Content-Length: %d" % len(content)]
    return b"\r\n".join(head) + b"\r\n\r\n" + content


def chunked(content: bytes, size: int = 16384) -> bytes:
    """The content in the chunked coding."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def client_tls(*alpn: str) -> ssl.SSLContext:
    """TLS that believes any certificate, as a client that trusts mitmproxy's would believe its."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
