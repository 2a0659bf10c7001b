"""The Runtime's replies to what it does not serve (403, 405) and to what comes too late (504).

Each is tried over HTTP/1.1 and HTTP/2, buffered and streamed, with uploads of any size.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import Start
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin
from tests.live.versions import STREAMING, VERSIONS, Fetch, over_http1
from tests.live.wire import Connection, Message, response

RULES_OFF = ("method-unsupported", "get-with-content", "response-too-slow")
ALLOW = (b"Allow", b"GET, POST, OPTIONS")
LENGTH = (b"Content-Length", b"0")
SIZES = [1, 2_000, 1_000_000]
LATE = 10.5
"""Seconds after which the site responds, when the Runtime has given up."""


@pytest.fixture(scope="module", params=STREAMING)
def enforcing(request: pytest.FixtureRequest, start: Start, origin: Origin) -> Mitmdump:
    return start(f"reverse:{origin.url}", options=["keep_host_header=true", *STREAMING[request.param]])


@pytest.fixture(scope="module", params=["audit", "off"])
def letting_through(request: pytest.FixtureRequest, start: Start, origin: Origin) -> Mitmdump:
    """Audit, and enforcing with the three rules off."""
    off = [f"runtime_rules=/{rule}/off" for rule in RULES_OFF]
    chosen = {"audit": ["runtime_mode=audit"], "off": off}[request.param]
    return start(f"reverse:{origin.url}", options=["keep_host_header=true", *chosen])


each_version = pytest.mark.parametrize("fetch", VERSIONS.values(), ids=VERSIONS)


@each_version
@pytest.mark.parametrize("length", [True, False], ids=["length", "no-length"])
@pytest.mark.parametrize("size", [0, *SIZES])
@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"PROPFIND"])
def test_a_method_that_is_not_served_gets_405(
    method: bytes, size: int, length: bool, fetch: Fetch, enforcing: Mitmdump, origin: Origin
) -> None:
    path = origin.serve(response())
    assert fetch(enforcing, method, path, b"u" * size, length=length) == (405, (ALLOW, LENGTH), b"")
    assert origin.seen(path) == []


@each_version
@pytest.mark.parametrize("size", SIZES)
def test_a_get_with_content_gets_403(size: int, fetch: Fetch, enforcing: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response())
    assert fetch(enforcing, b"GET", path, b"u" * size) == (403, (LENGTH,), b"")
    assert origin.seen(path) == []


@each_version
def test_a_get_with_content_of_unknown_length_gets_403(fetch: Fetch, enforcing: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response())
    assert fetch(enforcing, b"GET", path, b"u" * 2_000, length=False) == (403, (LENGTH,), b"")
    assert origin.seen(path) == []


@each_version
@pytest.mark.parametrize(("method", "content"), [(b"PUT", b"u"), (b"PROPFIND", b""), (b"GET", b"u")])
def test_nothing_is_refused_in_audit_mode_or_without_the_rule(
    method: bytes, content: bytes, fetch: Fetch, letting_through: Mitmdump, origin: Origin
) -> None:
    path = origin.serve(response())
    status, _, received = fetch(letting_through, method, path, content)
    assert (status, received) == (200, b"hello")
    [seen] = origin.seen(path)
    assert (seen.start.split(b" ")[0], seen.content) == (method, content)


def late(connection: Connection, _: Message) -> None:
    """A site that takes its time, for a response that mitmproxy streams if it streams at all."""
    time.sleep(LATE)
    connection.send(response(b"X-App: 1", content=b"l" * 2_000))


def test_a_response_that_comes_late_becomes_504(start: Start, origin: Origin) -> None:
    """All wait at once."""
    audit, *enforcing = (
        start(f"reverse:{origin.url}", options=["keep_host_header=true", *chosen])
        for chosen in (["runtime_mode=audit"], *STREAMING.values(), ["runtime_rules=/response-too-slow/off"])
    )
    *enforcing, off = enforcing
    path = origin.serve(late)
    with ThreadPoolExecutor() as pool:
        refused = [pool.submit(fetch, proxy, b"GET", path, b"") for proxy in enforcing for fetch in VERSIONS.values()]
        let_through = [
            pool.submit(fetch, proxy, b"GET", path, b"") for proxy in (audit, off) for fetch in VERSIONS.values()
        ]
    assert [each.result() for each in refused] == [(504, (LENGTH,), b"")] * 4
    assert [(status, content) for status, _, content in (each.result() for each in let_through)] == (
        [(200, b"l" * 2_000)] * 4
    )
    assert len(origin.seen(path)) == 8


def errors(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in findings if each["severity"] == "error"]


def test_both_modes_report_the_same(start: Start, origin: Origin) -> None:
    found: list[list[dict[str, Any]]] = []
    requests = [(b"PUT", origin.serve(response()), b"u"), (b"GET", origin.serve(response()), b"u")]
    for mode in ("audit", "enforce"):
        proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true", f"runtime_mode={mode}"])
        for each in requests:
            over_http1(proxy, *each)
        proxy.stop()
        found.append([finding for _, path, _ in requests for finding in proxy.findings(path)])
    said = [[(each["rule"], each["severity"], each["status"]) for each in errors(findings)] for findings in found]
    expected = [("method-unsupported", "error", 405), ("get-with-content", "error", 403)]
    assert said == [expected, expected]
