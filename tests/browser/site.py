"""The demo sites behind the proxy: what a case may let them answer, and the one server that plays them all.

Cases speak of `site.test` with its hosts and of `other.test`. On the wire each case has registrable domains of its
own, `site7.test` and `other7.test` for case 7, so that no case meets the cookies or the evidence of another.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase

from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage
from wsproto.utilities import generate_accept_token

PLAIN_DOMAIN = re.compile(r"\b(site|other)\.test\b")
NUMBERED_DOMAIN = re.compile(r"\b(site|other)(\d+)\.test\b")


def numbered(text: str, number: int) -> str:
    """What a case says, as it is on the wire."""
    return PLAIN_DOMAIN.sub(rf"\g<1>{number}.test", text)


def plain(text: str) -> str:
    """What is on the wire, as the case says it."""
    return NUMBERED_DOMAIN.sub(r"\1.test", text)


def number_of(host: str) -> int:
    """The case that a host belongs to."""
    match = NUMBERED_DOMAIN.search(host)
    assert match, f"{host} is no host of a case."
    return int(match[2])


@dataclass(frozen=True)
class Request:
    """A request as a route gets it. Names of headers are in lower case."""

    method: str
    query: str
    headers: Mapping[str, str]
    content: str

    @property
    def cookies(self) -> Mapping[str, str]:
        pairs = (pair.partition("=") for pair in self.headers.get("cookie", "").split("; "))
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True)
class Response:
    """A response; `lines` are header lines. After its head, `talk` may go on with the connection."""

    content: str = ""
    lines: tuple[str, ...] = ()
    status: int = 200
    talk: Callable[[BufferedIOBase, BufferedIOBase], None] | None = None


Route = Callable[[Request], Response]
Routes = Mapping[str, Route]
"""What answers where, by `host/path`. If nothing does, `/` is an empty page."""


def answer(content: str, *lines: str, status: int = 200) -> Route:
    """Always the same."""
    return lambda request: Response(content, lines, status)


def page(*lines: str) -> Route:
    """An empty page, which does not even make the browser ask for an icon."""
    return answer('<!doctype html><link rel="icon" href="data:,">', "Content-Type: text/html", *lines)


def cookie_that_came(name: str, *lines: str, form: str = "{}") -> Route:
    """Says whether the browser sent a cookie."""
    return lambda request: Response(form.format(f"{name} came" if name in request.cookies else f"no {name}"), lines)


def only_with(token: str, sent: Callable[[Request], str], *lines: str) -> Route:
    """Does something only for those who send this token along."""
    return lambda request: Response("done", lines) if sent(request) == token else Response("no token", status=403)


def in_header(name: str) -> Callable[[Request], str]:
    return lambda request: request.headers.get(name, "")


def in_query(request: Request) -> str:
    return request.query.partition("=")[2]


def in_content(request: Request) -> str:
    return request.content.partition("=")[2]


def authenticated(route: Route) -> Route:
    """The route for those who come with HTTP authentication; others are asked for it."""
    question = Response("who are you?", ("WWW-Authenticate: Basic realm=demo",), 401)
    return lambda request: route(request) if "authorization" in request.headers else question


def cors(
    route: Route,
    *,
    origin: str = "https://app.site.test",
    credentials: str = "",
    methods: str = "",
    headers: str = "",
    status: int = 204,
) -> Route:
    """The route under a CORS policy, which answers the preflights and lets scripts of the origin read the responses."""
    shared = _allow(Origin=origin, Credentials=credentials)
    allowed = _allow(Methods=methods, Headers=headers)

    def with_policy(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response("", shared + allowed, status)
        response = route(request)
        return replace(response, lines=response.lines + shared)

    return with_policy


def _allow(**values: str) -> tuple[str, ...]:
    return tuple(f"Access-Control-Allow-{name}: {value}" for name, value in values.items() if value)


def echo(request: Request) -> Response:
    """A WebSocket that says everything again. Who comes without an upgrade is told to come with one."""
    if request.headers.get("upgrade") != "websocket":
        return Response("upgrade first", status=426)
    token = generate_accept_token(request.headers["sec-websocket-key"].encode()).decode()
    return Response("", ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {token}"), 101, _echo)


def _echo(received: BufferedIOBase, sent: BufferedIOBase) -> None:
    connection = Connection(ConnectionType.SERVER)
    while data := received.read1():
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, TextMessage):
                sent.write(connection.send(TextMessage(event.data)))


class Sites(ThreadingHTTPServer):
    """All sites of all cases on one port. It keeps what arrived, as `METHOD host/path`, without the preflights."""

    daemon_threads = True

    def __init__(self, cases: Sequence[Routes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cases = cases
        self.arrived: list[set[str]] = [set() for _ in cases]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sites

    def answer(self) -> None:
        number = number_of(self.headers["host"])
        path, _, query = self.path.partition("?")
        content = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        headers = {name.lower(): plain(value) for name, value in self.headers.items()}
        place = headers["host"] + path
        if self.command != "OPTIONS":
            self.server.arrived[number].add(f"{self.command} {place}")
        route = self.server.cases[number].get(place, page() if path == "/" else answer("", status=404))
        self._send(route(Request(self.command, plain(query), headers, plain(content))), number)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_patch = do_DELETE = answer  # noqa: N815

    def _send(self, response: Response, number: int) -> None:
        content = numbered(response.content, number).encode()
        self.send_response(response.status)
        for line in response.lines:
            name, _, value = numbered(line, number).partition(": ")
            self.send_header(name, value)
        if response.status not in (101, 204):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if response.talk:
            response.talk(self.rfile, self.wfile)
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""
