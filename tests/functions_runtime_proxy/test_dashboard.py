"""The live page: what it serves, to whom, and that it leaves the event loop alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request
from functions_runtime.profile import Limits
from functions_runtime.record.journal import Journal
from functions_runtime.record.report import Report
from functions_runtime.reports.html import page as html
from functions_runtime.reports.html.markup import Markup
from functions_runtime_proxy import dashboard as dashboard
from functions_runtime_proxy.dashboard import Address, Dashboard

TIMEOUT = 30


@dataclass
class Site:
    """A journal that a dashboard shows, and how often that asked."""

    journal: Journal = field(default_factory=Journal)
    snapshots: int = 0
    port: int = 0

    def snapshot(self) -> Report:
        self.snapshots += 1
        return self.journal.report("audit", Limits(4096, 75))

    def exchange(self) -> None:
        self.journal.begin(Endpoint("GET", "a.example", "/"), Request(host="a.example"))


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: str


def on_a_dashboard(test: Callable[[Site, Dashboard], Awaitable[None]]) -> None:
    """Run a test on an event loop on which a dashboard listens."""

    async def run() -> None:
        async with listening() as (site, shown):
            await asyncio.wait_for(test(site, shown), TIMEOUT)

    asyncio.run(run())


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[tuple[Site, Dashboard]]:
    site = Site()
    shown = Dashboard(site.snapshot)
    url = await shown.listen("127.0.0.1", 0)
    site.port = int(url.rsplit(":", 1)[1].rstrip("/"))
    assert url == f"http://127.0.0.1:{site.port}/"
    try:
        yield site, shown
    finally:
        if ending := shown.close():
            await ending


async def ask(site: Site, target: str = "/", method: str = "GET", *lines: str, host: str | None = None) -> Answer:
    """Send a request and read the answer to its end."""
    host = f"127.0.0.1:{site.port}" if host is None else host
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = [f"{method} {target} HTTP/1.1", *([f"Host: {host}"] if host else []), "Connection: close", *lines]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    data = (await reader.read()).decode()
    writer.close()
    if not data:
        raise ConnectionError("there was no answer")
    top, _, content = data.partition("\r\n\r\n")
    status, *fields = top.split("\r\n")
    return Answer(int(status.split()[1]), dict(line.split(": ", 1) for line in fields), content)


def test_the_page_is_the_live_report_as_it_is_now() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        site.exchange()
        answer = await ask(site)
        assert answer.status == 200
        assert answer.content == html.page(html.content(site.snapshot()), live=True)

    on_a_dashboard(test)


def test_a_policy_and_its_like_are_in_the_headers_of_every_answer() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        for target, method in (("/", "GET"), ("/report", "GET"), ("/", "HEAD"), ("/", "POST"), ("/other", "GET")):
            headers = (await ask(site, target, method)).headers
            assert headers["Content-Security-Policy"] == f"{html.policy(live=True)}; frame-ancestors 'none'"
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert {"Server", "Set-Cookie", "Access-Control-Allow-Origin"}.isdisjoint(headers)

    on_a_dashboard(test)


def test_head_is_get_without_content() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        for target in ("/", "/report"):
            get, head = await ask(site, target), await ask(site, target, "HEAD")
            assert (head.status, head.content) == (200, "")
            assert head.headers["Content-Length"] == str(len(get.content.encode()))

    on_a_dashboard(test)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_nothing_but_get_and_head_is_allowed(method: str) -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        answer = await ask(site, "/", method)
        assert (answer.status, answer.content) == (405, "405 Method Not Allowed\n")
        assert answer.headers["Allow"] == "GET, HEAD"
        assert site.snapshots == 0

    on_a_dashboard(test)


@pytest.mark.parametrize("target", ["/favicon.ico", "/report/", "/..", "//report", "/<b>"])
def test_there_is_nothing_else(target: str) -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        answer = await ask(site, target)
        assert (answer.status, answer.content) == (404, "404 Not Found\n")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"

    on_a_dashboard(test)


@pytest.mark.parametrize("target", ["/", "/report", "/other"])
def test_who_comes_under_a_foreign_name_is_refused(target: str) -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        for host in (
            f"evil.example:{site.port}",
            "127.0.0.1",
            f"127.0.0.1:{site.port + 1}",
        ):
            answer = await ask(site, target, host=host)
            assert (answer.status, answer.content) == (403, "403 Forbidden\n")
        assert site.snapshots == 0

    on_a_dashboard(test)


@pytest.mark.parametrize("own", ["127.0.0.1", "localhost", "[::1]", "LocalHost"])
def test_who_comes_under_an_own_name_is_not(own: str) -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        assert (await ask(site, host=f"{own}:{site.port}")).status == 200

    on_a_dashboard(test)


def test_a_foreign_origin_is_refused() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        own = f"http://127.0.0.1:{site.port}"
        for origin in (
            "https://evil.example",
            "null",
            own.replace("http", "https"),
            f"http://localhost:{site.port}",
            "",
        ):
            assert (await ask(site, "/report", "GET", f"Origin: {origin}")).status == 403, origin
        assert site.snapshots == 0
        assert (await ask(site, "/report", "GET", f"Origin: {own}")).status == 200

    on_a_dashboard(test)


@pytest.mark.parametrize(
    ("address", "host", "is_meant"),
    [
        (Address("127.0.0.1", 80), "127.0.0.1", True),
        (Address("127.0.0.1", 80), "[::1]", True),
        (Address("127.0.0.1", 80), "localhost:80", True),
        (Address("127.0.0.1", 80), "evil.example", False),
        (Address("127.0.0.1", 8082), "", False),
        (Address("127.0.0.1", 8082), "[::1", False),
        (Address("127.0.0.1", 8082), "a@127.0.0.1:8082", False),
        (Address("::1", 8082), "[::1]:8082", True),
        (Address("::1", 8082), "localhost:8082", True),
        (Address("localhost", 8082), "127.0.0.1:8082", True),
        (Address("localhost", 8082), "evil.example:8082", False),
        (Address("127.0.0.7", 8082), "127.0.0.7:8082", True),
        (Address("10.0.0.7", 8082), "10.0.0.7:8082", True),
        (Address("10.0.0.7", 8082), "localhost:8082", False),
        (Address("10.0.0.7", 8082), "10.0.0.8:8082", False),
        (Address("Proxy.example", 8082), "proxy.EXAMPLE:8082", True),
        (Address("Proxy.example", 8082), "10.0.0.7:8082", False),
        # Of a machine that listens everywhere, any address can be the one; a name can only be somebody's trick.
        (Address("0.0.0.0", 8082), "10.0.0.7:8082", True),
        (Address("::", 8082), "[fe80::1]:8082", True),
        (Address("0.0.0.0", 8082), "localhost:8082", True),
        (Address("0.0.0.0", 8082), "evil.example:8082", False),
        (Address("0.0.0.0", 8082), "10.0.0.7:8083", False),
    ],
)
def test_an_address_knows_its_names(address: Address, host: str, is_meant: bool) -> None:
    assert address.is_meant_by(host) is is_meant


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (Address("127.0.0.1", 8082), "http://127.0.0.1:8082/"),
        (Address("::1", 8082), "http://[::1]:8082/"),
        (Address("proxy.example", 8082), "http://proxy.example:8082/"),
        (Address("0.0.0.0", 8082), "http://localhost:8082/"),
    ],
)
def test_an_address_can_be_shown(address: Address, url: str) -> None:
    assert address.url == url


def test_news_come_as_soon_as_there_are_any() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        first = await ask(site, "/report?after=")
        assert first.content == html.content(site.snapshot())
        waiting = asyncio.create_task(ask(site, f"/report?after={first.headers['Report-Version']}"))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        site.exchange()
        shown.changed()
        second = await waiting
        assert second.headers["Report-Version"] != first.headers["Report-Version"]
        assert second.content == html.content(site.snapshot()) != first.content

    on_a_dashboard(test)


def test_who_waits_in_vain_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "PATIENCE", 0.05)

    async def test(site: Site, shown: Dashboard) -> None:
        first = await ask(site, "/report")
        answer = await ask(site, f"/report?after={first.headers['Report-Version']}")
        assert (answer.status, answer.content) == (204, "")
        assert site.snapshots == 1

    on_a_dashboard(test)


def test_nothing_is_rendered_while_nobody_looks() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        for _ in range(3):
            shown.changed()
            await asyncio.sleep(0.01)
        assert site.snapshots == 0

    on_a_dashboard(test)


def test_a_report_is_rendered_once_for_all_and_not_again_too_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "INTERVAL", 0.3)

    async def test(site: Site, shown: Dashboard) -> None:
        answers = await asyncio.gather(*(ask(site, "/report") for _ in range(5)))
        assert len({answer.headers["Report-Version"] for answer in answers}) == 1
        assert site.snapshots == 1
        begin = asyncio.get_running_loop().time()
        for number in (2, 3):
            shown.changed()
            await ask(site, "/report")
            assert site.snapshots == number
        # Between the second and the third there was an interval, whatever else took its time.
        assert asyncio.get_running_loop().time() - begin > 0.3

    on_a_dashboard(test)


def test_rendering_leaves_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    render = html.content

    def render_when_free(report: Report, *, live: bool) -> Markup:
        assert free.wait(TIMEOUT), "the event loop was not free to say so"
        return render(report)

    monkeypatch.setattr(html, "content", render_when_free)

    async def test(site: Site, shown: Dashboard) -> None:
        pending = asyncio.create_task(ask(site))
        assert (await ask(site, "/other")).status == 404
        while not site.snapshots:
            await asyncio.sleep(0.01)
        free.set()
        assert (await pending).status == 200

    on_a_dashboard(test)


def test_what_fails_is_a_warning_and_shows_nothing_of_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(report: Report) -> Any:
        raise ValueError("secret")

    monkeypatch.setattr(html, "content", fail)

    async def test(site: Site, shown: Dashboard) -> None:
        answer = await ask(site)
        assert (answer.status, answer.content) == (500, "500 Internal Server Error\n")

    on_a_dashboard(test)
    assert [(record.levelno, record.name) for record in caplog.records if record.levelno > logging.INFO] == [
        (logging.WARNING, "runtime")
    ]


def test_who_goes_away_while_waiting_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        version = (await ask(site, "/report")).headers["Report-Version"]
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(f"GET /report?after={version} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode())
        await writer.drain()
        assert (await ask(site, "/other")).status == 404  # by now the waiting one has been read
        writer.close()
        await writer.wait_closed()
        shown.changed()
        assert (await ask(site, "/report")).status == 200

    on_a_dashboard(test)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_refusals_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def test(site: Site, shown: Dashboard) -> None:
        await ask(site, host="evil.example")
        await ask(site, "/other")
        await ask(site, "/", "POST")
        await ask(site)

    on_a_dashboard(test)
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("tornado", "runtime"))] == []


def test_a_port_that_is_taken_is_an_error() -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            shown = Dashboard(Site().snapshot)
            with pytest.raises(OSError, match="in use"):
                await shown.listen("127.0.0.1", taken.getsockname()[1])
            assert shown.close() is None

    asyncio.run(test())


def test_an_address_that_was_taken_can_be_set_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def test() -> None:
        site = Site()
        shown = Dashboard(site.snapshot)
        shown.start()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            site.port = taken.getsockname()[1]
            shown.serve_at(("127.0.0.1", site.port))
            while "cannot be served" not in caplog.text:
                await asyncio.sleep(0.01)
        shown.serve_at(("127.0.0.1", site.port))
        while "the live page is at" not in caplog.text:
            await asyncio.sleep(0.01)
        assert (await ask(site)).status == 200
        shown.close()

    asyncio.run(asyncio.wait_for(test(), 20))


def test_another_address_takes_the_place_of_the_one_before() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        assert (await ask(site)).status == 200
        url = await shown.listen("127.0.0.1", 0)
        with pytest.raises(ConnectionError):
            await ask(site)
        site.port = int(url.rsplit(":", 1)[1].rstrip("/"))
        assert (await ask(site)).status == 200

    on_a_dashboard(test)


def test_closing_ends_what_is_open_and_frees_the_port() -> None:
    async def test(site: Site, shown: Dashboard) -> None:
        version = (await ask(site, "/report")).headers["Report-Version"]
        waiting = asyncio.create_task(ask(site, f"/report?after={version}"))
        idle, writer = await asyncio.open_connection("127.0.0.1", site.port)
        assert (await ask(site, "/other")).status == 404
        ending = shown.close()
        assert ending
        await ending
        with pytest.raises(ConnectionError):
            await waiting
        assert await idle.read() == b""
        writer.close()
        assert shown.close() is None
        with pytest.raises(ConnectionError):
            await ask(site)
        assert await shown.listen("127.0.0.1", site.port) == f"http://127.0.0.1:{site.port}/"
        assert (await ask(site)).status == 200

    on_a_dashboard(test)


# What is no exchange with the site


@pytest.mark.parametrize(
    ("served", "hosts"),
    [
        ("127.0.0.1", {"127.0.0.1", "localhost", "::1"}),
        ("0.0.0.0", {"0.0.0.0", "127.0.0.1", "localhost", "::1"}),
        ("192.0.2.7", {"192.0.2.7"}),
        ("Page.example", {"page.example"}),
    ],
)
def test_what_is_taken_for_a_look_at_the_page(served: str, hosts: set[str]) -> None:
    asked = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.0.2.7", "198.51.100.4", "page.example")
    assert {host for host in asked if Address(served, 80).is_at(host, 80)} == hosts
    assert not any(Address(served, 80).is_at(host, 8080) for host in asked)


def test_it_knows_where_it_is_served() -> None:
    async def look(site: Site, shown: Dashboard) -> None:
        for host in ("127.0.0.1", "localhost"):
            assert shown.is_at(host, site.port)
            assert not shown.is_at(host, site.port + 1)
        assert not shown.is_at("app.example", site.port)
        shown.close()
        assert not shown.is_at("127.0.0.1", site.port)

    on_a_dashboard(look)
