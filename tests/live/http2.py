"""HTTP/2 over TLS with the library that mitmproxy itself stands on: a client, and a server that can send trailers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import h2.config  # type: ignore[import-untyped, unused-ignore]
import h2.connection  # type: ignore[import-untyped, unused-ignore]
import h2.events  # type: ignore[import-untyped, unused-ignore]

from tests.fields import Field
from tests.live.wire import TIMEOUT


@dataclass
class Stream:
    """What has come in on one stream. Pseudo-header fields are among the fields."""

    fields: tuple[Field, ...] = ()
    content: bytes = b""
    trailers: tuple[Field, ...] = ()
    ended: bool = False

    @property
    def status(self) -> int:
        return int(self.values(b":status")[0])

    def values(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field == name]


def _fields(headers: Iterable[Field]) -> tuple[Field, ...]:
    """Plain pairs: the library has a type of its own for headers that must not be compressed."""
    return tuple((name, value) for name, value in headers)


@dataclass
class Http2:
    """One HTTP/2 connection, either side."""

    sock: ssl.SSLSocket
    client_side: bool = True
    streams: dict[int, Stream] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.sock.selected_alpn_protocol() == "h2"
        self.sock.settimeout(TIMEOUT)
        configuration = h2.config.H2Configuration(
            client_side=self.client_side,
            header_encoding=None,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._h2 = h2.connection.H2Connection(configuration)
        self._h2.initiate_connection()
        self._flush()

    def fetch(
        self,
        *fields: Field,
        method: bytes = b"GET",
        path: bytes = b"/",
        authority: bytes = b"app.example.test",
        content: bytes = b"",
    ) -> Stream:
        """Send a request and wait for all of its response."""
        number = self._h2.get_next_available_stream_id()
        pseudo = [(b":method", method), (b":scheme", b"https"), (b":authority", authority), (b":path", path)]
        stream = self.streams[number] = Stream()
        self.send(number, [*pseudo, *fields], content)
        while not stream.ended:
            self.receive()
        return stream

    def send(self, number: int, fields: Iterable[Field], content: bytes = b"", trailers: Iterable[Field] = ()) -> None:
        """Send a message whole, and wait for the other side's window if it is too small."""
        trailers = list(trailers)
        self._h2.send_headers(number, list(fields), end_stream=not content and not trailers)
        while content:
            while not (size := min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)):
                self._flush()
                self.receive()
            piece, content = content[:size], content[size:]
            self._h2.send_data(number, piece, end_stream=not content and not trailers)
        if trailers:
            self._h2.send_headers(number, trailers, end_stream=True)
        self._flush()

    def receive(self) -> list[int]:
        """Take in what has come. Returns the streams that are complete by now."""
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("closed by the other side")
        ended = []
        for event in self._h2.receive_data(data):
            if isinstance(event, (h2.events.RequestReceived, h2.events.ResponseReceived)):
                self.streams.setdefault(event.stream_id, Stream()).fields = _fields(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self.streams[event.stream_id].content += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.TrailersReceived):
                self.streams[event.stream_id].trailers = _fields(event.headers)
            elif isinstance(event, h2.events.StreamEnded):
                self.streams[event.stream_id].ended = True
                ended.append(event.stream_id)
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                raise ConnectionError(f"ended by the other side: {event}")
        self._flush()
        return ended

    def _flush(self) -> None:
        self.sock.sendall(self._h2.data_to_send())


class Http2Origin:
    """A server that answers every stream with what `answer` makes of its request: fields, content and trailers."""

    def __init__(self, tls: ssl.SSLContext, answer: Callable[[Stream], tuple[list[Field], bytes, list[Field]]]) -> None:
        tls.set_alpn_protocols(["h2"])
        self._tls, self._answer = tls, answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._server.getsockname()[1]}"
        self.seen: list[Stream] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._server.accept()
                threading.Thread(target=self._handle, args=(sock,), daemon=True).start()

    def _handle(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), self._tls.wrap_socket(sock, server_side=True) as wrapped:
            connection = Http2(wrapped, client_side=False)
            while True:
                for number in connection.receive():
                    stream = connection.streams[number]
                    self.seen.append(stream)
                    connection.send(number, *self._answer(stream))
