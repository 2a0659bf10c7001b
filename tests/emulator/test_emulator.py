"""The vendor's local emulator behind the addon: what it lets pass alone, and what production makes of the same.

Each test asks the same Function twice, once directly and once through a mitmdump with the addon. The tests also compare
docs/differences.md with what they observe.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from functions_runtime.catalogue import BY_ID
from tests.emulator.observations import COUNT_LIMIT, LIMIT, OBSERVATIONS
from tests.live.mitmdump import Mitmdump
from tests.live.wire import TIMEOUT, Message, fetch, request
from tests.requirements import require

FOLDER = Path(__file__).parent
DIFFERENCES = FOLDER.parents[1] / "docs" / "differences.md"
EMULATOR = FOLDER / "node_modules" / ".bin" / "twilio-run"
ACCOUNT = f"ACCOUNT_SID=AC{'0' * 32}\nAUTH_TOKEN={'0' * 32}\n"
"""The emulator wants some account. It asks nobody about it."""


class Emulator:
    """The emulator with the Functions beside this file."""

    def __init__(self, folder: Path) -> None:
        (folder / ".env").write_text(ACCOUNT, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._log = folder / "log.txt"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [EMULATOR, "start", "--port", str(self.port), "--env", str(folder / ".env")],
                cwd=FOLDER,
                env={"PATH": os.environ["PATH"], "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until("the emulator listens", rf"http://localhost:{self.port}/echo")
        except BaseException:
            self.stop()
            raise

    def wait_for_call(self, target: str) -> None:
        """Wait until the log says that a Function was called in this way."""
        self._wait_until(f"{target} was called", rf"\d+ [A-Z]+ {re.escape(target)}")

    def was_called(self, target: str) -> bool:
        """Whether the log says so already. Calls are logged in their order."""
        return target in self._output()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _output(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self._log.read_text(encoding="utf-8", errors="replace"))

    def _wait_until(self, what: str, pattern: str) -> None:
        end = time.monotonic() + 2 * TIMEOUT
        while not re.search(pattern, self._output()):
            assert self._process.poll() is None, f"the emulator ended before {what}: {self._output()}"
            assert time.monotonic() < end, f"waited in vain until {what}: {self._output()}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    require(shutil.which("node"), "The emulator needs Node.js 20 or later.")
    require(EMULATOR.exists(), "The emulator is not installed: run `npm ci` in tests/emulator.")
    emulator = Emulator(tmp_path_factory.mktemp("emulator"))
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module")
def proxy(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mitmdump]:
    """mitmdump as a person would start it in front of a local Function."""
    proxy = _start(emulator, tmp_path_factory.mktemp("mitmdump"), "enforce")
    yield proxy
    assert proxy.stop() == 0
    assert "Traceback" not in proxy.output


def _start(emulator: Emulator, folder: Path, mode: str, *options: str) -> Mitmdump:
    return Mitmdump(
        folder,
        f"reverse:http://127.0.0.1:{emulator.port}",
        options=["keep_host_header=true", f"runtime_mode={mode}", *options],
    )


def _both(emulator: Emulator, proxy: Mitmdump, data: bytes) -> tuple[Message, Message]:
    """What the emulator says by itself, and what comes out of the proxy."""
    return fetch(emulator.port, data), proxy.fetch(data)


def _same(alone: Message, behind: Message) -> bool:
    """Whether two responses differ in nothing but the time."""
    return (alone.start, alone.without(b"date"), alone.content) == (
        behind.start,
        behind.without(b"date"),
        behind.content,
    )


def _cookies(message: Message) -> list[bytes]:
    return message.values(b"Set-Cookie")


def _is_plain_reply(message: Message, status: bytes, content: bytes) -> bool:
    """Whether this is the Runtime's own reply and holds nothing of what the emulator said."""
    return (
        message.start == b"HTTP/1.1 " + status
        and message.fields
        == ((b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", b"%d" % len(content)))
        and message.content == content
    )


def test_what_breaks_no_rule_is_the_same(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(b"X-Custom: \xe9", b"Cookie: a=1; b=2", target=b"/echo"))
    assert alone.status == 200
    assert _same(alone, behind)
    assert json.loads(behind.content)["cookies"] == {"a": "1", "b": "2"}


def test_cookie_is_kept_from_scripts(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(target=b"/sign-in"))
    assert _cookies(alone) == [b"sid=abc;Path=/;SameSite=Lax"]
    assert _cookies(behind) == [b"sid=abc;Path=/;SameSite=Lax; HttpOnly; Secure"]
    assert behind.content == alone.content == b"Welcome"


def test_cookie_of_a_month_is_refused(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(target=b"/remember-me?seconds=2592000"))
    assert alone.status == 200
    assert _cookies(alone)[0] == b"remember=abc;Max-Age=2592000;HttpOnly;Secure"
    assert _is_plain_reply(behind, b"400 Bad Request", b"Cookies max-age cannot be greater than a day")


def test_cookie_of_a_day_passes(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(target=b"/remember-me?seconds=86400"))
    assert _cookies(alone)[0] == b"remember=abc;Max-Age=86400;HttpOnly;Secure"
    assert _same(alone, behind)


def test_cookie_can_be_deleted(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(target=b"/sign-out"))
    assert _cookies(alone) == [b"sid=;Max-Age=0"]
    assert _cookies(behind) == [b"sid=;Max-Age=0; HttpOnly; Secure"]


def test_domain_of_a_cookie_is_replaced(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(target=b"/shared"))
    assert _cookies(alone) == [b"team=abc;Domain=example.test;Max-Age=60;HttpOnly;Secure"]
    assert _cookies(behind) == [b"team=abc;Domain=app.example.test;Max-Age=60;HttpOnly;Secure"]


@pytest.mark.parametrize(
    "lines",
    [(b"X-Large: " + b"x" * 5000,), tuple(b"X-%d: 1" % number for number in range(80))],
    ids=["size", "count"],
)
def test_request_headers_that_are_too_long(lines: tuple[bytes, ...], emulator: Emulator, proxy: Mitmdump) -> None:
    name = f"{len(lines)}-headers"
    behind = proxy.fetch(request(*lines, target=f"/api?behind-{name}".encode()))
    assert _is_plain_reply(behind, b"431 Request Header Fields Too Large", b"Request headers or cookies too long")
    assert fetch(emulator.port, request(*lines, target=f"/api?alone-{name}".encode())).status == 200
    emulator.wait_for_call(f"/api?alone-{name}")
    assert not emulator.was_called(f"/api?behind-{name}")


@pytest.mark.parametrize("query", [b"size=5000", b"count=80"])
def test_response_headers_that_are_too_long(query: bytes, emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(target=b"/headers?" + query))
    assert alone.status == 200
    assert _is_plain_reply(behind, b"431 Request Header Fields Too Large", b"Response headers or cookies too long")


def test_preflight_allows_every_header_and_no_credentials(emulator: Emulator, proxy: Mitmdump) -> None:
    """The emulator answers preflights too, but lists headers, allows credentials and lets the answer be kept."""
    preflight = request(
        b"Origin: https://app.example.test",
        b"Access-Control-Request-Method: POST",
        b"Access-Control-Request-Headers: x-token",
        method=b"OPTIONS",
        target=b"/api",
    )
    alone, behind = _both(emulator, proxy, preflight)
    assert alone.status == 204
    assert b"X-Token" not in alone.values(b"Access-Control-Allow-Headers")[0].title()
    assert alone.values(b"Access-Control-Allow-Credentials") == [b"true"]
    assert alone.values(b"Access-Control-Max-Age") == [b"86400"]
    assert behind.raw == (
        b"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n"
        b"Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n\r\n"
    )


def test_fetch_from_another_origin_gets_what_the_function_says(emulator: Emulator, proxy: Mitmdump) -> None:
    alone, behind = _both(emulator, proxy, request(b"Origin: https://app.example.test", target=b"/api"))
    assert alone.values(b"Access-Control-Allow-Origin") == [b"https://app.example.test"]
    assert _same(alone, behind)


RESTRICTED = {
    "Referer": "https://a.example/",
    "X-Forwarded-For": "192.0.2.1",
    "X-Accel-Buffering": "no",
    "X-Real-IP": "192.0.2.1",
    "Via": "1.1 a",
    "Trailer": "Digest",
    "Proxy-Authorization": "Basic YQ==",
    "X-Amz-Date": "1",
    "I-Twilio-A": "1",
    "I-T-B": "1",
    "OT-C": "1",
}
SEEN = {"Authorization": "Bearer a", "Upgrade-Insecure-Requests": "1", "X-Forwarded": "1", "X-Custom": "1"}


def test_restricted_headers_are_hidden_by_both(emulator: Emulator, proxy: Mitmdump) -> None:
    """The emulator hides them by itself. What it hides is what the addon removes, and what it shows stays."""
    lines = [f"{name}: {value}".encode() for name, value in (RESTRICTED | SEEN).items()]
    alone, behind = _both(emulator, proxy, request(*lines, target=b"/echo"))
    expected = {"host": "app.example.test", **{name.lower(): value for name, value in SEEN.items()}}
    assert json.loads(alone.content)["headers"] == expected
    assert json.loads(behind.content)["headers"] == expected


def test_audit_tells_and_lets_pass(emulator: Emulator, tmp_path: Path) -> None:
    proxy = _start(emulator, tmp_path, "audit")
    requests = {
        path: request(*lines, target=path)
        for path, *lines in (
            (b"/sign-in",),
            (b"/remember-me?seconds=2592000",),
            (b"/api", b"X-Large: " + b"x" * 5000),
        )
    }
    for data in requests.values():
        assert _same(*_both(emulator, proxy, data))
    proxy.stop()
    findings: list[dict[str, Any]] = proxy.report()["findings"]
    assert {(each["path"], each["rule"], each["subject"]) for each in findings} >= {
        ("/sign-in", "cookie-attributes-added", "sid"),
        ("/remember-me", "cookie-lifetime-too-long", "remember"),
        ("/api", "request-headers-too-long", None),
    }


# A Function just below the limit of response headers

ADDED_BY_THE_EMULATOR = (
    b"x-powered-by",
    b"surrogate-control",
    b"cache-control",
    b"pragma",
    b"expires",
    b"etag",
    b"keep-alive",
)


def _size(fields: Iterable[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in fields)


def test_what_the_emulator_adds_does_not_count_to_the_size(emulator: Emulator, proxy: Mitmdump) -> None:
    own = fetch(emulator.port, request(target=b"/headers?size=1")).without(*ADDED_BY_THE_EMULATOR)
    most = LIMIT - _size(own) + 1
    alone, behind = _both(emulator, proxy, request(target=b"/headers?size=%d" % most))
    assert _size(alone.without(*ADDED_BY_THE_EMULATOR)) == LIMIT < _size(alone.fields)
    assert _same(alone, behind)
    more = proxy.fetch(request(target=b"/headers?size=%d" % (most + 1)))
    assert _is_plain_reply(more, b"431 Request Header Fields Too Large", b"Response headers or cookies too long")


def test_what_the_emulator_adds_does_not_count_to_the_number(emulator: Emulator, proxy: Mitmdump) -> None:
    own = fetch(emulator.port, request(target=b"/headers?count=0")).without(*ADDED_BY_THE_EMULATOR)
    most = COUNT_LIMIT - len(own)
    alone, behind = _both(emulator, proxy, request(target=b"/headers?count=%d" % most))
    assert len(alone.without(*ADDED_BY_THE_EMULATOR)) == COUNT_LIMIT < len(alone.fields)
    assert _same(alone, behind)
    more = proxy.fetch(request(target=b"/headers?count=%d" % (most + 1)))
    assert _is_plain_reply(more, b"431 Request Header Fields Too Large", b"Response headers or cookies too long")
    proxy.wait_for_log(r"The local emulator added 7 other fields, which do not count")


# The page of differences


class Row(NamedTuple):
    """A row of docs/differences.md."""

    point: str
    production: str
    source: str
    certainty: str
    emulator: str
    addon: str
    rule: str


def _rows() -> list[Row]:
    lines = DIFFERENCES.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [Row(*each) for each in cells if each[0] != "Point"]


def _rules_named(text: str) -> set[str]:
    return set(re.findall(r"\]\(rules\.md#([a-z0-9-]+)\)", text))


def test_each_row_of_the_page_is_complete_and_observed() -> None:
    rows = _rows()
    assert [row.point for row in rows] == list(OBSERVATIONS)
    assert {row.certainty for row in rows} == {"documented", "our interpretation", "emulator"}
    assert [row for row in rows if not all(row)] == []
    assert _rules_named(DIFFERENCES.read_text(encoding="utf-8")) <= set(BY_ID)


def test_the_page_says_what_the_emulator_and_the_addon_do(emulator: Emulator, tmp_path: Path) -> None:
    # The emulator starts a process for each request of the burst, so that on a slow machine one may take 10 seconds.
    proxy = _start(emulator, tmp_path, "enforce", "runtime_rules=|~u wait=1000$|response-too-slow|off")
    ports = emulator.port, proxy.port
    # The slow points overlap. The burst comes first, because it must not meet the requests of others.
    burst, *others = sorted(OBSERVATIONS, key=lambda point: point != "31 requests at one time")
    observed = {burst: tuple(map(OBSERVATIONS[burst], ports))}
    with ThreadPoolExecutor(4) as pool:
        replies = {point: [pool.submit(OBSERVATIONS[point], port) for port in ports] for point in others}
    observed |= {point: tuple(reply.result() for reply in both) for point, both in replies.items()}
    assert {row.point: (row.emulator, row.addon) for row in _rows()} == observed
    assert proxy.stop() == 0
    reported = {finding["rule"] for finding in proxy.report()["findings"]}
    assert set().union(*[_rules_named(row.rule) for row in _rows()]) <= reported
