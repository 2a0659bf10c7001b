"""What the addon costs: in the judgement alone, and as a share of what mitmdump itself takes for an exchange.

python3 scripts/bench.py [--runs N] [--exchanges N] [--counts N,N,…]
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import minimum_python  # noqa: F401 (first, as in `run`)

# isort: split
import environment

sys.path.insert(0, str(environment.ADDON.parent))

from functions_runtime.catalogue import RULES
from functions_runtime.engine import Foresight, Judge
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Limits, Profile
from mitmdump_process import HOST, Mitmdump, mitmdump

Fields = tuple[tuple[bytes, bytes], ...]

TARGET = 40
"""Microseconds that the judgement of the typical exchange may take."""
TARGET_WITH_CONSEQUENCES = 50
"""The same, with what would break for the people who use the site."""
MIN_MEASURED = 0.005
"""Seconds that one measured run lasts at least, so that the clock's own steps do not show."""
TYPICAL = Profile()
UNLIMITED = Profile(Limits(10**9, 10**9))

REQUEST: Fields = (
    (b"Host", b"app.example.com"),
    (
        b"User-Agent",
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    ),
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Accept-Language", b"en-GB,en;q=0.9,de;q=0.8"),
    (b"Cookie", b"sid=8f14e45fceea167a5a36dedd4bea2543; csrf=c9f0f895fb98ab9159f51fd0297e236d; theme=dark"),
    (b"Referer", b"https://app.example.com/basket"),
    (b"Upgrade-Insecure-Requests", b"1"),
)
RESPONSE: Fields = (
    (b"Content-Type", b"text/html; charset=utf-8"),
    (b"Content-Length", b"5"),
    (b"Cache-Control", b"no-store"),
    (b"Date", b"Mon, 23 Nov 2026 08:00:00 GMT"),
    (b"Set-Cookie", b"sid=8f14e45fceea167a5a36dedd4bea2543; Path=/; HttpOnly; Secure; SameSite=Lax"),
    (b"Set-Cookie", b"csrf=c9f0f895fb98ab9159f51fd0297e236d; Path=/; Max-Age=3600; SameSite=Strict"),
    (b"Set-Cookie", b"theme=dark; Path=/; Expires=Tue, 24 Nov 2026 07:00:00 GMT"),
)
"""The typical exchange: 15 fields in all, and three cookies, which the client sends and the server sets anew."""
CONTENT = b"hello"
NOW = 1_795_420_800.0
"""2026-11-23, 08:00 UTC."""


def main() -> None:
    environment.enter()
    parser = argparse.ArgumentParser(description="Measure what the addon costs.")
    parser.add_argument("--runs", type=int, default=9, help="measured runs, of which the median counts")
    parser.add_argument("--exchanges", type=int, default=300, help="exchanges through mitmdump in each run")
    parser.add_argument("--counts", type=_counts, default=[1, 100, 10_000], help="cookies and fields, as 1,100,10000")
    arguments = parser.parse_args()
    print_judgement(10 * arguments.runs)
    print_linearity(arguments.runs, arguments.counts)
    print_mitmdump(arguments.runs, arguments.exchanges)


def _counts(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def judge_exchange(
    judge: Judge, request_fields: Fields, response_fields: Fields, foresight: Foresight | None = None
) -> None:
    """All that is done for an exchange outside mitmproxy: its parts are parsed, and it is judged."""
    request = Request(host="app.example.com", domain="app.example.com", fields=request_fields, time=NOW)
    judge.request(Exchange(request))
    exchange = Exchange(request, Response(fields=response_fields, time=NOW))
    judge.response(exchange)
    if foresight:
        foresight.consequences(exchange, TYPICAL)


class Cost(NamedTuple):
    """Seconds of processor time that one call takes: the median of the runs, and the fastest of them.

    What else the machine does makes every run slower and none faster.
    """

    median: float
    fastest: float

    def __str__(self) -> str:
        return f"{self.median * 1e6:.1f} µs, {self.fastest * 1e6:.1f} µs in the fastest run"


def measure(work: Callable[[], object], runs: int) -> Cost:
    repeats = 1
    while _time(work, repeats) < MIN_MEASURED:
        repeats *= 2
    seconds = [_time(work, repeats) / repeats for _ in range(runs)]
    return Cost(statistics.median(seconds), min(seconds))


def _time(work: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        work()
    return time.process_time() - start


def print_judgement(runs: int) -> None:
    judge = Judge(RULES, TYPICAL)
    alone = measure(partial(judge_exchange, judge, REQUEST, RESPONSE), runs)
    foresight = Foresight(RULES, secrets.token_bytes(32))
    both = measure(partial(judge_exchange, judge, REQUEST, RESPONSE, foresight), runs)
    print(
        f"Judging a typical exchange ({len(REQUEST) + len(RESPONSE)} fields, 3 cookies): {alone} "
        f"(target: at most {TARGET} µs)\n"
        f"With its consequences: {both} (target: at most {TARGET_WITH_CONSEQUENCES} µs)"
    )


def print_linearity(runs: int, counts: Sequence[int]) -> None:
    """The cost of an exchange with one, many and very many of a kind, beside how much more of them there are."""
    judge = Judge(RULES, UNLIMITED)
    set_cookie = b"c%d=1; Path=/; Max-Age=60; Domain=example.com"
    kinds: dict[str, Callable[[int], tuple[Fields, Fields]]] = {
        "cookies in Cookie": lambda count: (((b"Cookie", b"; ".join(b"c%d=1" % i for i in range(count))),), ()),
        "Set-Cookie": lambda count: ((), tuple((b"Set-Cookie", set_cookie % i) for i in range(count))),
        "request fields": lambda count: (tuple((b"X-Field-%d" % i, b"1") for i in range(count)), ()),
        "response fields": lambda count: ((), tuple((b"X-Field-%d" % i, b"1") for i in range(count))),
    }
    more = counts[-1] / counts[0]
    print("\nµs for an exchange with as many as " + "".join(f"{count:>12,}" for count in counts) + "      growth")
    for name, message in kinds.items():
        costs = [measure(partial(judge_exchange, judge, *message(count)), runs).median for count in counts]
        row = "".join(f"{seconds * 1e6:12.1f}" for seconds in costs)
        print(f"  {name:33}{row}{costs[-1] / costs[0]:11.0f}× (linear: at most {more:,.0f}×)")


def print_mitmdump(runs: int, exchanges: int) -> None:
    """Exchanges through three mitmdumps in turns, so that what else the machine does hits all of them alike."""
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(server())
        modes: dict[str, list[str]] = {"without the addon": []}
        for mode in ("audit", "enforce"):
            modes[mode] = ["-s", str(environment.ADDON), "--set", f"runtime_mode={mode}"]
        clients = {
            name: Client(stack.enter_context(mitmdump(port, "--set", "flow_detail=0", *arguments)))
            for name, arguments in modes.items()
        }
        for _ in range(runs + 1):
            for client in clients.values():
                client.run(exchanges)
        costs = {name: client.cost() for name, client in clients.items()}
    print("\nmitmdump, processor time for one exchange over loopback")
    bare = costs["without the addon"]
    print(f"  {'without the addon':32}{bare * 1e6:12.0f} µs")
    for name in ("audit", "enforce"):
        added = costs[name] - bare
        print(
            f"  {name:32}{costs[name] * 1e6:12.0f} µs, of it the addon {added * 1e6:.0f} µs ({added / costs[name]:.0%})"
        )


class Client:
    """Sends the typical exchange through a mitmdump, again and again, and keeps what mitmdump took for it."""

    def __init__(self, proxy: Mitmdump) -> None:
        self._proxy = proxy
        self._taken: list[float] = []
        self._message = b"GET /basket HTTP/1.1\r\n" + _encoded(REQUEST)

    def run(self, exchanges: int) -> None:
        """One run, over one connection."""
        with socket.create_connection((HOST, self._proxy.port)) as connection, connection.makefile("rb") as answers:
            before = self._proxy.seconds_taken
            for _ in range(exchanges):
                connection.sendall(self._message)
                if not answers.readline().startswith(b"HTTP/1.1 200 "):
                    sys.exit(f"An exchange through mitmdump failed. What it said:\n{self._proxy.printed}")
                while answers.readline().strip():
                    pass
                answers.read(len(CONTENT))
            self._taken.append((self._proxy.seconds_taken - before) / exchanges)

    def cost(self) -> float:
        """Seconds for one exchange, the median of all runs but the first, in which much happens for the first time."""
        return statistics.median(self._taken[1:])


def _encoded(fields: Fields) -> bytes:
    return b"".join(b"%s: %s\r\n" % field for field in fields) + b"\r\n"


@contextlib.contextmanager
def server() -> Iterator[int]:
    """A server that gives every request the typical response; the least that can stand behind a proxy."""
    answer = b"HTTP/1.1 200 OK\r\n" + _encoded(RESPONSE) + CONTENT

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as requests:
            for line in requests:
                if line == b"\r\n":
                    connection.sendall(answer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((HOST, 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


if __name__ == "__main__":
    main()
