"""The live page: the HTML report, served while the proxy runs, and kept up to date in the browser.

Tornado, which mitmproxy brings, serves the page on mitmproxy's own event loop. The page is read-only. It refuses
requests that came under a foreign host name (DNS rebinding). A report is rendered only while somebody looks, at most
once a second, and in a thread, so that the proxy's connections go first.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tornado import netutil, web
from tornado.httpserver import HTTPServer

from functions_runtime.record.report import Report
from functions_runtime.reports.html import page as html
from functions_runtime.reports.html.markup import Markup

logger = logging.getLogger("runtime")

INTERVAL = 1.0
"""Seconds between two renderings."""

PATIENCE = 20.0
"""Seconds after which a browser that waits for changes is told that there are none."""

MAX_BODY = 64 * 1024
"""Bytes of a request's content that are read before it is refused."""

HEADERS = {
    "Content-Security-Policy": f"{html.policy(live=True)}; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served: an IP address or a name, and a port."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL for a browser."""
        host = "localhost" if self._is_everywhere else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def is_meant_by(self, host: str) -> bool:
        """Whether this Host header names this address by one of its own names."""
        if self.port == 80 and not host.endswith(":80"):
            host = f"{host}:80"
        name, colon, port = host.lower().rpartition(":")
        if not colon or port != str(self.port):
            return False
        name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
        if self._is_everywhere:  # any address of this machine may be meant, but no other name
            return name == "localhost" or _ip_address(name) is not None
        return name in self._names

    def is_at(self, host: str, port: int) -> bool:
        """Whether a connection to this host and port reaches this page. Other addresses of this machine are unknown."""
        return port == self.port and host.lower() in self._names

    @property
    def _names(self) -> set[str]:
        """The names that certainly lead here."""
        here = {"localhost", "127.0.0.1", "::1"} if self._is_everywhere or self._is_loopback else set()
        return here | {self.host.lower()}

    @property
    def _is_everywhere(self) -> bool:
        address = _ip_address(self.host)
        return address is not None and address.is_unspecified

    @property
    def _is_loopback(self) -> bool:
        address = _ip_address(self.host)
        return self.host.lower() == "localhost" if address is None else address.is_loopback


def _ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Rendering:
    """The report at one moment, with a version that no other rendering has."""

    version: str
    content: Markup


class Dashboard:
    """Serves what `snapshot` returns. It belongs to the event loop on which it listens. Do not call it from threads."""

    def __init__(self, snapshot: Callable[[], Report]) -> None:
        self._snapshot = snapshot
        self._rendering = Rendering("", Markup())
        self._not_before = 0.0
        self._stale = asyncio.Event()
        self._stale.set()
        self._one_at_a_time = asyncio.Lock()
        self._server: HTTPServer | None = None
        self._address: Address | None = None
        self._wanted: tuple[str, int] | None = None
        self._is_running = False
        self._listening: asyncio.Task[None] | None = None

    def is_at(self, host: str, port: int) -> bool:
        """Whether the page is served there now, as far as the address shows."""
        return self._address is not None and self._address.is_at(host, port)

    def serve_at(self, address: tuple[str, int] | None) -> None:
        """Serve at this address from now on, or nowhere if it is None. Takes effect once `start` was called."""
        if address == self._wanted:
            return
        self._wanted = address
        if self._is_running:
            self._follow()

    def start(self) -> None:
        """Begin to serve, if an address is set. Needs a running event loop."""
        self._is_running = True
        self._follow()

    def _follow(self) -> None:
        self.close()
        if self._listening:
            self._listening.cancel()
        if self._wanted:
            self._listening = asyncio.get_running_loop().create_task(self._try_to_listen(*self._wanted))

    async def _try_to_listen(self, host: str, port: int) -> None:
        try:
            url = await self.listen(host, port)
        except (OSError, ValueError) as error:  # the name service may reject the host name
            self._wanted = None  # whoever sets the same address again wants another try
            logger.warning(
                "Runtime: the live page cannot be served at %s port %d: %s. Set runtime_dashboard to another address.",
                host,
                port,
                getattr(error, "strerror", None) or error,
            )
        else:
            logger.info("Runtime: the live page is at %s", url)

    async def listen(self, host: str, port: int) -> str:
        """Serve only on this address from now on. Returns the URL. Raises OSError if the address cannot be used."""
        sockets = await asyncio.to_thread(netutil.bind_sockets, port, host)
        address = Address(host, sockets[0].getsockname()[1])
        application = web.Application(
            [(r".*", Handler, {"dashboard": self, "address": address})], log_function=lambda handler: None
        )
        self.close()
        self._server = HTTPServer(application, max_body_size=MAX_BODY)
        self._server.add_sockets(sockets)
        self._address = address
        return address.url

    def close(self) -> asyncio.Task[None] | None:
        """Stop listening. Returns a task that closes open connections, or None if nothing was served."""
        if not self._server:
            return None
        self._server.stop()
        ending = asyncio.get_running_loop().create_task(self._server.close_all_connections())
        self._server = self._address = None
        return ending

    def changed(self) -> None:
        """Take note that `snapshot` now returns something else."""
        self._stale.set()

    async def current(self) -> Rendering:
        """The report as it is now, or was a moment ago."""
        async with self._one_at_a_time:
            if self._stale.is_set():
                loop = asyncio.get_running_loop()
                await asyncio.sleep(self._not_before - loop.time())
                self._stale.clear()
                content = await asyncio.to_thread(html.content, self._snapshot(), live=True)
                self._rendering = Rendering(secrets.token_hex(8), content)
                self._not_before = loop.time() + INTERVAL
            return self._rendering

    async def other_than(self, version: str) -> Rendering | None:
        """A report that differs from this version, as soon as there is one. None if that takes too long."""
        rendering = await self.current()
        if rendering.version == version:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stale.wait(), PATIENCE)
            rendering = await self.current()
        return None if rendering.version == version else rendering


class Handler(web.RequestHandler):
    """Responds to GET and HEAD of the page and of its part that changes, and refuses everything else."""

    def initialize(self, dashboard: Dashboard, address: Address) -> None:
        self._dashboard = dashboard
        self._address = address

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        host, origin = self.request.headers.get("Host", ""), self.request.headers.get("Origin")
        if not self._address.is_meant_by(host) or origin not in (None, f"http://{host}"):
            raise web.HTTPError(403)

    async def get(self) -> None:
        if self.request.path == "/":
            rendering = await self._dashboard.current()
            self.write(html.page(rendering.content, live=True))
        elif self.request.path == "/report":
            try:
                news = await self._dashboard.other_than(self.get_query_argument("after", "") or "")
            except asyncio.CancelledError:  # mitmproxy ends: nothing will change, and Tornado would complain
                news = None
            if news is None:
                self.set_status(204)
            else:
                self.set_header("Report-Version", news.version)
                self.write(news.content)
        else:
            raise web.HTTPError(404)

    head = get

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log nothing about refusals. Never log an error: mitmproxy can take it for a failed start."""
        if not isinstance(value, web.HTTPError):
            logger.warning("Runtime: the live page could not be made.", exc_info=value)

    def compute_etag(self) -> None:
        """No ETag: browsers store nothing of this page."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if status_code == 405:
            self.set_header("Allow", "GET, HEAD")
        self.finish(f"{status_code} {self._reason}\n")
