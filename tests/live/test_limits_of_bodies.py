"""The rules about bodies, paths and concurrent requests, on the wire.

Each case goes over HTTP/1.1 and HTTP/2, through an auditing mitmdump that buffers and through one that streams.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.conftest import Start
from tests.fields import Field
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Answer, Origin, then_close
from tests.live.versions import STREAMING, VERSIONS, Fetch
from tests.live.wire import TIMEOUT, Connection, Message, chunked, response

MB = 1024 * 1024
AT_ONCE = 31
"""Requests at one time, of which the Runtime takes one less."""
TYPE = b"Content-Type: text/plain"


def content_for(path: bytes, size: int) -> bytes:
    """Content that makes a POST of this path as large as `size`, head and all."""
    head = b"POST %s HTTP/1.1\r\nHost: app.example.test\r\nContent-Length: %d\r\n\r\n" % (path, size)
    return b"u" * (size - len(head))


@dataclass(frozen=True)
class Case:
    """What is asked of an origin, and which of the rules in `ABOUT` say something about it."""

    name: str
    ask: Callable[[Mitmdump, Fetch, Origin], bytes]
    """Asks, and returns the path in the report."""
    found: frozenset[str] = frozenset()
    versions: tuple[str, ...] = tuple(VERSIONS)


def upload(size: int, *, length: bool = True) -> Callable[[Mitmdump, Fetch, Origin], bytes]:
    def ask(proxy: Mitmdump, fetch: Fetch, origin: Origin) -> bytes:
        path = origin.serve(response(TYPE))
        fetch(proxy, b"POST", path, content_for(path, size), length=length)
        return path

    return ask


def post(*fields: Field) -> Callable[[Mitmdump, Fetch, Origin], bytes]:
    def ask(proxy: Mitmdump, fetch: Fetch, origin: Origin) -> bytes:
        path = origin.serve(response(TYPE))
        fetch(proxy, b"POST", path, b"a=b", *fields)
        return path

    return ask


def get(answer: Answer) -> Callable[[Mitmdump, Fetch, Origin], bytes]:
    def ask(proxy: Mitmdump, fetch: Fetch, origin: Origin) -> bytes:
        path = origin.serve(answer)
        fetch(proxy, b"GET", path)
        return path

    return ask


def chunks(size: int, *lines: bytes) -> bytes:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", TYPE, *lines, b"Transfer-Encoding: chunked"])
    return head + b"\r\n\r\n" + chunked(b"d" * size)


def two_paths(*names: bytes) -> Callable[[Mitmdump, Fetch, Origin], bytes]:
    def ask(proxy: Mitmdump, fetch: Fetch, origin: Origin) -> bytes:
        below = origin.serve(response(TYPE))
        for name in names:
            fetch(proxy, b"GET", origin.serve(response(TYPE), below + b"/" + name))
        return below + b"/{id}"

    return ask


def at_once(number: int) -> Callable[[Mitmdump, Fetch, Origin], bytes]:
    def ask(proxy: Mitmdump, fetch: Fetch, origin: Origin) -> bytes:
        all_there = threading.Barrier(number)

        def wait(connection: Connection, _: Message) -> None:
            all_there.wait(TIMEOUT)
            connection.send(response(TYPE))

        path = origin.serve(wait)
        with ThreadPoolExecutor(number) as pool:
            list(pool.map(lambda _: fetch(proxy, b"GET", path), range(number)))
        return path

    return ask


CASES = [
    Case("a request of 1 MB", upload(MB)),
    Case("a request of more", upload(MB + 1), frozenset({"request-too-large"})),
    Case(
        "a request of more in chunks",
        upload(MB + 100, length=False),
        frozenset({"request-too-large"}),
        # mitmproxy streams such an upload from HTTP/2 to an HTTP/1.1 server without saying where it ends.
        versions=("http1",),
    ),
    Case("a response of 4 MB", get(response(TYPE, content=b"d" * 4 * MB))),
    Case("a response of more", get(response(TYPE, content=b"d" * (4 * MB + 1))), frozenset({"response-too-large"})),
    Case("chunks of 4 MB", get(chunks(4 * MB))),
    Case("chunks of more", get(chunks(4 * MB + 1)), frozenset({"response-too-large"})),
    Case(
        "more until the connection ends",
        get(then_close(b"HTTP/1.1 200 OK\r\n" + TYPE + b"\r\n\r\n" + b"d" * (4 * MB + 1))),
        frozenset({"response-too-large"}),
    ),
    Case("a form", post((b"Content-Type", b"application/x-www-form-urlencoded"))),
    Case("plain text", post((b"Content-Type", b"text/plain")), frozenset({"body-not-parsed"})),
    Case("a POST without a type", post()),
    Case("content without a type", get(response()), frozenset({"content-type-missing"})),
    Case("nothing without a type", get(response(content=b""))),
    Case(
        "events",
        get(response(b"Content-Type: text/event-stream", content=b"data: 1\n\n")),
        frozenset({"streaming-unavailable"}),
    ),
    Case("two paths with an identifier", two_paths(b"1", b"2"), frozenset({"path-parameters"})),
    Case("one path with an identifier, twice", two_paths(b"1", b"1")),
    Case("thirty requests at one time", at_once(AT_ONCE - 1)),
    Case("one more", at_once(AT_ONCE), frozenset({"concurrency-exceeded"})),
]
ABOUT = frozenset().union(*(case.found for case in CASES))
"""The rules that are looked at."""

Found = dict[tuple[str, str], set[str]]
"""What the report says of each case and version of HTTP."""


@pytest.fixture(scope="module", params=STREAMING)
def found(request: pytest.FixtureRequest, start: Start, origin: Origin) -> Found:
    options = ["runtime_mode=audit", "keep_host_header=true", *STREAMING[request.param]]
    proxy = start(f"reverse:{origin.url}", options=options)
    paths = {
        (case.name, version): case.ask(proxy, VERSIONS[version], origin) for case in CASES for version in case.versions
    }
    proxy.stop()
    return {key: {each["rule"] for each in proxy.findings(path)} & ABOUT for key, path in paths.items()}


@pytest.mark.parametrize(("case", "version"), [(case, version) for case in CASES for version in case.versions])
def test_the_rule_finds_what_it_should(case: Case, version: str, found: Found) -> None:
    assert found[case.name, version] == case.found
