"""What the addon costs: in the judgement alone, in its hooks, and compared with mitmdump alone.

python3 scripts/bench.py [--runs N] [--exchanges N] [--counts N,N,…] [--recorded N] [--seconds N] [--megabytes N]
                         [--only PART]

The part under load needs wrk and nginx. It is skipped if they are missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, islice, repeat
from pathlib import Path
from typing import Any, NamedTuple

import minimum_python  # noqa: F401 (first, as in `run`)

# isort: split
import environment

sys.path.insert(0, str(environment.ADDON.parent))

from functions_runtime.catalogue import RULES
from functions_runtime.engine import Consequences, Judge
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Limits, Profile
from mitmdump_process import HOST, Mitmdump, mitmdump

Fields = tuple[tuple[bytes, bytes], ...]

TARGET = 28
"""Microseconds that judging the typical exchange may take, with its consequences and without making its messages."""
TARGET_HOOKS = 80
"""Microseconds that all hooks of the typical exchange may take in enforce mode."""
TARGET_LIVE, TARGET_RECORDED = 1.10, 1.15
"""The most processor time with the addon, relative to that without it, for a live and a recorded exchange."""
TARGET_THROUGHPUT, TARGET_TAIL = 0.90, 1.25
"""Throughput and 99th percentile under load with the addon, of those without it."""
TARGET_FLOW_FILE, TARGET_HAR = 10, 20
"""How many times as fast as `mitmdump -nr` with the addon `audit` is with a flow file, and with HAR."""
TARGET_TWO_WORKERS = 1.7
"""How many times as fast as one worker two are, on two cores."""
TARGET_MEMORY_HAR, TARGET_MEMORY_FLOW_FILE = 1200, 150
"""Megabytes that `audit` may take at most for a HAR file of 500 MB, and for a flow file of any size."""
RECORDINGS = 24
"""Recordings that one worker and two workers judge."""
CONTENT_IN_LARGE = 50_000
"""Bytes of content in each response of a large recording."""
MIN_MEASURED = 0.005
"""The least duration of a measured run, in seconds, so that the clock's resolution does not matter."""
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
    (b"Connection", b"keep-alive"),
)
RESPONSE: Fields = (
    (b"Content-Type", b"text/html; charset=utf-8"),
    (b"Content-Length", b"5"),
    (b"Cache-Control", b"no-store"),
    (b"Date", b"Mon, 23 Nov 2026 08:00:00 GMT"),
    (b"Vary", b"Accept-Encoding"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Set-Cookie", b"sid=8f14e45fceea167a5a36dedd4bea2543; Path=/; HttpOnly; Secure; SameSite=Lax"),
    (b"Set-Cookie", b"csrf=c9f0f895fb98ab9159f51fd0297e236d; Path=/; Max-Age=3600; SameSite=Strict"),
    (b"Set-Cookie", b"theme=dark; Path=/; Expires=Tue, 24 Nov 2026 07:00:00 GMT"),
)
"""The typical exchange: 9 fields each way, and three cookies, which the client sends and the server sets anew."""
CONTENT = b"hello"
NOW = 1_795_420_800.0
"""2026-11-23, 08:00 UTC."""


def main() -> None:
    environment.enter("audit")
    parser = argparse.ArgumentParser(description="Measure what the addon costs.")
    parser.add_argument("--runs", type=int, default=9, help="measured runs, of which the median counts")
    parser.add_argument("--exchanges", type=int, default=300, help="exchanges through mitmdump in each run")
    parser.add_argument("--recorded", type=int, default=50_000, help="recorded exchanges that are read")
    parser.add_argument("--seconds", type=int, default=8, help="seconds of each measurement under load")
    parser.add_argument("--counts", type=_counts, default=[1, 100, 10_000], help="cookies and fields, as 1,100,10000")
    parser.add_argument("--megabytes", type=int, default=500, help="size of the large recordings")
    parser.add_argument("--only", choices=["audit"], help="measure just this part")
    arguments = parser.parse_args()
    if arguments.only:
        print_audit(min(arguments.runs, 3), arguments.recorded, arguments.megabytes)
        return
    print_judgement(10 * arguments.runs)
    print_hooks(arguments.runs)
    print_linearity(arguments.runs, arguments.counts)
    print_mitmdump(arguments.runs, arguments.exchanges)
    print_load(arguments.seconds, min(arguments.runs, 5))
    print_recorded(min(arguments.runs, 5), arguments.recorded)
    print_audit(min(arguments.runs, 3), arguments.recorded, arguments.megabytes)


def _counts(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def judge_exchange(judge: Judge, request_fields: Fields, response_fields: Fields) -> None:
    """The work for an exchange outside mitmproxy, without its consequences: parse and judge it."""
    request = Request(host="app.example.com", domain="app.example.com", fields=request_fields, time=NOW)
    judge.request(Exchange(request))
    judge.response(Exchange(request, Response(fields=response_fields, time=NOW)))


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
    judge, consequences = Judge(RULES, TYPICAL), Consequences(RULES, secrets.token_bytes(32))
    request = Request(host="app.example.com", domain="app.example.com", fields=REQUEST, time=NOW)
    exchange = Exchange(request, Response(fields=RESPONSE, time=NOW), received=len(CONTENT), ended=NOW)

    def judge_all() -> None:
        judge.request(exchange)
        judge.response(exchange)
        consequences.head(exchange, TYPICAL)
        consequences.ending(exchange, TYPICAL)

    whole = measure(partial(judge_exchange, judge, REQUEST, RESPONSE), runs)
    print(
        f"Judging a typical exchange ({len(REQUEST) + len(RESPONSE)} fields, 3 cookies), with its consequences: "
        f"{measure(judge_all, runs)} (target: at most {TARGET} µs)\n"
        f"Parsing and judging it, without its consequences: {whole}"
    )


def print_hooks(runs: int) -> None:
    """All hooks of the addon for one exchange, in mitmproxy's own context and without a proxy around it."""
    for mode in ("audit", "enforce"):
        cost = hooks_cost(mode, runs)
        target = f" (target: at most {TARGET_HOOKS} µs)" if mode == "enforce" else ""
        print(f"All hooks of a typical exchange, {mode}: {cost}{target}")
        print(f"  if no two heads are alike: {hooks_cost(mode, runs, is_distinct=True)}")


def hooks_cost(mode: str, runs: int, batch: int = 200, *, is_distinct: bool = False) -> Cost:
    """What the hooks of one exchange take. The time to make the flows does not count.

    With `is_distinct`, a number in a field of each message makes it differ from all others.
    """
    numbers = count() if is_distinct else repeat(None)
    from mitmproxy.test import taddons

    from functions_runtime_proxy.addon import FunctionsRuntime

    addon = FunctionsRuntime()
    with taddons.context(addon) as context:
        context.options.add_option("keep_host_header", bool, True, "")
        context.options.add_option("stream_large_bodies", str | None, None, "")
        context.configure(addon, runtime_mode=mode)
        seconds = []
        for _ in range(runs + 1):
            flows = [(live_flow(*own), arrived_response(*own)) for own in map(_own_fields, islice(numbers, batch))]
            start = time.process_time()
            for flow, response in flows:
                addon.requestheaders(flow)
                addon.request(flow)
                flow.response = response
                addon.responseheaders(flow)
                response.data.content, response.data.timestamp_end = CONTENT, NOW
                addon.response(flow)
            seconds.append((time.process_time() - start) / batch)
    return Cost(statistics.median(seconds[1:]), min(seconds[1:]))


def _own_fields(number: int | None) -> Fields:
    """A field that no other message has, if the number is its own."""
    return () if number is None else ((b"X-Request-Id", b"%d" % number),)


def live_flow(*own: tuple[bytes, bytes]) -> Any:
    """The typical exchange as mitmproxy has it at `requestheaders`, with fields of its own."""
    from mitmproxy import http
    from mitmproxy.test import tflow

    request = http.Request(
        host="app.example.com",
        port=80,
        method=b"GET",
        scheme=b"http",
        authority=b"",
        path=b"/basket",
        http_version=b"HTTP/1.1",
        headers=http.Headers((*REQUEST, *own)),
        content=None,
        trailers=None,
        timestamp_start=NOW,
        timestamp_end=NOW,
    )
    return tflow.tflow(req=request)


def arrived_response(*own: tuple[bytes, bytes]) -> Any:
    """The typical response as mitmproxy has it at `responseheaders`, with fields of its own."""
    from mitmproxy import http

    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=200,
        reason=b"OK",
        headers=http.Headers((*RESPONSE, *own)),
        content=None,
        trailers=None,
        timestamp_start=NOW,
        timestamp_end=None,
    )


def print_linearity(runs: int, counts: Sequence[int]) -> None:
    """The cost of an exchange with one, many and very many things of a kind, and how many more there are."""
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
    """Exchanges through three mitmdumps in turns, so that other load on the machine affects all of them alike."""
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(server())
        clients = {name: Client(proxy) for name, proxy in mitmdumps(stack, port).items()}
        for _ in range(runs + 1):
            for client in clients.values():
                client.run(exchanges)
        costs = {name: client.cost() for name, client in clients.items()}
    print(f"\nmitmdump, processor time for one exchange over loopback (target: at most {TARGET_LIVE:.2f})")
    bare = costs[ALONE]
    for name, cost in costs.items():
        ratio = f"{cost / bare:12.2f}" if bare else ""  # a few exchanges take no time by the clock
        print(f"  {name:24}{cost * 1e6:12.0f} µs{ratio}")


ALONE = "without the addon"


def mitmdumps(stack: contextlib.ExitStack, port: int) -> dict[str, Mitmdump]:
    """Three mitmdumps in front of a server: without the addon, and with it in either mode."""
    modes: dict[str, list[str]] = {ALONE: []}
    for mode in ("audit", "enforce"):
        modes[mode] = ["-s", str(environment.ADDON), "--set", f"runtime_mode={mode}"]
    return {
        name: stack.enter_context(mitmdump(port, "--set", "flow_detail=0", *arguments))
        for name, arguments in modes.items()
    }


NGINX = """\
daemon off; worker_processes 1; error_log stderr; pid {folder}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder}; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type text/html; {fields} return 200 "hello"; }} }}
}}
"""
CONNECTIONS = 8


def print_load(seconds: int, runs: int) -> None:
    """Many exchanges at once, in turns: how many a second, and how long the slowest in a hundred take."""
    print(f"\nUnder load (wrk, {CONNECTIONS} connections, nginx behind)")
    missing = [name for name in ("wrk", "nginx") if not shutil.which(name)]
    if missing:
        print(f"  not measured: {' and '.join(missing)} not found")
        return
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(nginx())
        proxies = mitmdumps(stack, port)
        measured: dict[str, list[Load]] = {name: [] for name in proxies}
        for run in range(runs + 1):
            for name, proxy in proxies.items():
                load = wrk(proxy.port, seconds)
                if run:  # in the first, much happens for the first time
                    measured[name].append(load)
    rates = {name: statistics.median(load.rate for load in loads) for name, loads in measured.items()}
    tails = {name: statistics.median(load.tail for load in loads) for name, loads in measured.items()}
    print(
        f"  throughput with the addon: target at least {TARGET_THROUGHPUT:.2f}; 99th percentile: at most {TARGET_TAIL}"
    )
    for name in measured:
        print(
            f"  {name:24}{rates[name]:8.0f} in a second {rates[name] / rates[ALONE]:6.2f}"
            f"{tails[name] * 1e3:10.1f} ms {tails[name] / tails[ALONE]:6.2f}"
        )


class Load(NamedTuple):
    """What wrk saw: exchanges in a second, and the 99th percentile of their latency in seconds."""

    rate: float
    tail: float


def wrk(port: int, seconds: int) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency"]
    for name, value in REQUEST:
        command += ["-H", f"{name.decode()}: {value.decode()}"]
    said = subprocess.run([*command, f"http://{HOST}:{port}/basket"], capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    tail = re.search(r"99%\s+([0-9.]+)(us|ms|s)", said)
    if not rate or not tail or "Non-2xx" in said:
        sys.exit(f"wrk did not measure what it should. What it said:\n{said}")
    return Load(float(rate[1]), float(tail[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[tail[2]])


@contextlib.contextmanager
def nginx() -> Iterator[int]:
    """An nginx that gives every request the typical response."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    own = (b"content-type", b"content-length", b"date")  # nginx sets these itself
    fields = " ".join(
        f'add_header {name.decode()} "{value.decode()}";' for name, value in RESPONSE if name.lower() not in own
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "nginx.conf")
        settings.write_text(NGINX.format(folder=folder, port=port, fields=fields), encoding="utf-8")
        process = subprocess.Popen(["nginx", "-c", str(settings), "-p", folder], stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection((HOST, port)):
            return
        time.sleep(0.05)
    sys.exit(f"Nothing listens on port {port}.")


def print_recorded(runs: int, exchanges: int) -> None:
    """A flow file that mitmdump reads, with and without the addon, in turns."""
    print(f"\nRecorded flows (mitmdump -nr, {exchanges:,} of them), seconds (target: at most {TARGET_RECORDED:.2f})")
    command = [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()", "-q", "-nr"]
    with tempfile.TemporaryDirectory() as folder:
        for kind, paths in {"one endpoint": 1, "all endpoints distinct": exchanges}.items():
            file = Path(folder, "capture.flow")
            write_flows(file, exchanges, paths)
            taken: dict[str, list[float]] = {ALONE: [], "with the addon": []}
            for _ in range(runs):
                for name, seconds in taken.items():
                    addon = [] if name == ALONE else ["-s", str(environment.ADDON)]
                    start = time.perf_counter()
                    subprocess.run([*command, str(file), *addon], check=True, stdout=subprocess.DEVNULL)
                    seconds.append(time.perf_counter() - start)
            alone, addon_s = (statistics.median(seconds) for seconds in taken.values())
            print(f"  {kind:24}{alone:8.2f} without the addon{addon_s:8.2f} with it{addon_s / alone:8.2f}")


def write_flows(file: Path, exchanges: int, paths: int, content: bytes = CONTENT) -> None:
    """A flow file of the typical exchange, at this many different paths."""
    from mitmproxy import io

    with file.open("wb") as out:
        writer = io.FlowWriter(out)
        for number in range(exchanges):
            flow = live_flow()
            flow.live = False
            flow.request.path = f"/basket/{_word(number % paths)}"
            flow.request.data.timestamp_start = flow.request.data.timestamp_end = NOW + number
            flow.request.data.content = b""
            flow.response = arrived_response()
            flow.response.data.content, flow.response.data.timestamp_end = content, NOW + number
            flow.response.data.timestamp_start = NOW + number
            writer.add(flow)


class Taken(NamedTuple):
    """What a command took: seconds by the clock, seconds of processor time, and bytes of memory at its peak."""

    seconds: float
    processor: float
    memory: int


def taken(command: Sequence[str]) -> Taken:
    """Run a command to its end, which has to be a good one."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}.")
    return Taken(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def print_audit(runs: int, exchanges: int, megabytes: int) -> None:
    """The command `audit`: an exchange, beside what `mitmdump -nr` takes for it, memory, and two workers."""
    print(f"\naudit, processor time for one of {exchanges:,} exchanges, all endpoints distinct")
    audit = [sys.executable, str(environment.ROOT / "scripts" / "audit"), "--quiet", "--workers"]
    dump = [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()", "-q"]
    dump += ["-s", str(environment.ADDON), "--set", "runtime_mode=audit", "-nr"]
    with tempfile.TemporaryDirectory() as folder:
        flows, har, distinct = Path(folder, "capture.flow"), Path(folder, "capture.har"), Path(folder, "distinct.har")
        one = {flows: Path(folder, "one.flow"), har: Path(folder, "one.har")}
        one[distinct] = one[har]
        write_flows(flows, exchanges, exchanges)
        write_har(har, exchanges)
        write_har(distinct, exchanges, is_distinct=True)
        write_flows(one[flows], 1, 1)
        write_har(one[har], 1)
        reads = {"mitmdump -nr": (dump, flows), "audit, flow file": ([*audit, "1"], flows)}
        reads["audit, HAR"] = ([*audit, "1"], har)
        reads["audit, HAR, no two heads alike"] = ([*audit, "1"], distinct)
        costs: dict[str, list[float]] = {name: [] for name in reads}
        for _ in range(runs):
            for name, (command, file) in reads.items():
                whole, start = taken([*command, str(file)]), taken([*command, str(one[file])])
                costs[name].append((whole.processor - start.processor) / (exchanges - 1))
        bare = statistics.median(costs["mitmdump -nr"])
        targets = {"audit, flow file": TARGET_FLOW_FILE, "audit, HAR": TARGET_HAR}
        for name, seconds in costs.items():
            cost = statistics.median(seconds)
            target = f" (target: at least {targets[name]})" if name in targets else ""
            print(f"  {name:32}{cost * 1e6:8.1f} µs{bare / cost:10.1f} times as fast{target}")
        for file in {flows, har, distinct, *one.values()}:
            file.unlink()
        print_workers(Path(folder), audit, runs, exchanges)
        print_memory(Path(folder), audit, megabytes)


def print_workers(folder: Path, audit: Sequence[str], runs: int, exchanges: int) -> None:
    """One worker, two, and two audits of half the recordings side by side, in turns.

    All three have the start of the processes in them. The last says what the machine's cores allow at that time.
    """
    files = [str(folder / f"{number}.har") for number in range(RECORDINGS)]
    for file in files:
        write_har(Path(file), max(1, 5 * exchanges // RECORDINGS))
    seconds: dict[int, list[float]] = {1: [], 2: []}
    halves: list[float] = []
    for _ in range(runs):
        for workers, measured in seconds.items():
            measured.append(taken([*audit, str(workers), *files]).seconds)
        start = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda half: taken([*audit, "1", *half]), (files[::2], files[1::2])))
        halves.append(time.perf_counter() - start)
    one, two, side_by_side = (statistics.median(measured) for measured in (*seconds.values(), halves))
    print(
        f"  {RECORDINGS} recordings of {max(1, 5 * exchanges // RECORDINGS):,} exchanges: {one:.1f} s with one worker, "
        f"{two:.1f} s with two, {one / two:.2f} times as fast (target on two idle cores: at least {TARGET_TWO_WORKERS})"
    )
    print(
        f"  two audits of half the recordings each, side by side: {side_by_side:.1f} s, so two cores are at most "
        f"{one / side_by_side:.2f} times as fast as one"
    )
    for file in files:
        os.unlink(file)


def print_memory(folder: Path, audit: Sequence[str], megabytes: int) -> None:
    """What a large recording takes at its peak, which is mostly content."""
    count = megabytes * 1_000_000 // CONTENT_IN_LARGE
    content = b"x" * CONTENT_IN_LARGE
    har, flows = folder / "large.har", folder / "large.flow"
    write_har(har, count, content)
    write_flows(flows, count, count, content)
    for file, target in {har: TARGET_MEMORY_HAR, flows: TARGET_MEMORY_FLOW_FILE}.items():
        took = taken([*audit, "1", str(file)])
        print(
            f"  {file.stat().st_size / 1e6:,.0f} MB in {file.suffix}: {took.memory / 1e6:,.0f} MB of memory at the "
            f"peak (target for 500 MB: at most {target:,} MB), {took.seconds:.1f} s"
        )


def write_har(file: Path, exchanges: int, content: bytes = CONTENT, *, is_distinct: bool = False) -> None:
    """A HAR file of the typical exchange, at as many different paths.

    With `is_distinct`, a number in a field of each message makes it differ from all others.
    """

    def fields(of: Fields, number: int) -> list[dict[str, str]]:
        own = _own_fields(number if is_distinct else None)
        return [{"name": name.decode(), "value": value.decode()} for name, value in (*of, *own)]

    with file.open("w", encoding="utf-8") as out:
        out.write('{"log": {"version": "1.2", "creator": {"name": "bench", "version": "1"}, "entries": [')
        for number in range(exchanges):
            entry = {
                "startedDateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + number)),
                "time": 12.5,
                "request": {
                    "method": "GET",
                    "url": f"http://app.example.com/basket/{_word(number)}",
                    "httpVersion": "HTTP/1.1",
                    "headers": fields(REQUEST, number),
                    "queryString": [],
                    "cookies": [],
                    "headersSize": -1,
                    "bodySize": 0,
                },
                "response": {
                    "status": 200,
                    "statusText": "OK",
                    "httpVersion": "HTTP/1.1",
                    "headers": fields(RESPONSE, number),
                    "cookies": [],
                    "content": {"size": len(content), "mimeType": "text/html", "text": content.decode()},
                    "redirectURL": "",
                    "headersSize": -1,
                    "bodySize": len(content),
                },
                "cache": {},
                "timings": {"send": 1, "wait": 10, "receive": 1.5},
            }
            out.write(("," if number else "") + json.dumps(entry))
        out.write("]}}")


def _word(number: int) -> str:
    """A path segment without a digit, which would make it an identifier."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


class Client:
    """Sends the typical exchange through a mitmdump again and again, and records the processor time."""

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
        """Seconds for one exchange: the median of all runs but the first, which warms up."""
        return statistics.median(self._taken[1:])


def _encoded(fields: Fields) -> bytes:
    return b"".join(b"%s: %s\r\n" % field for field in fields) + b"\r\n"


@contextlib.contextmanager
def server() -> Iterator[int]:
    """A minimal server that sends the typical response to every request."""
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
