"""What holds of the lives of exchanges, whatever comes in whatever order: the whole addon, without a proxy around it.

Each law has a name and a sentence; a test or the machine at the end holds it.

- **Counts**: an entry of the report counts the findings on the flows, no more and no fewer.
- **Exchanges**: the report counts each flow once that was judged since everything was last forgotten.
- **Clean**: the report counts as clean the flows that have no finding of warning or above.
- **Summary**: the report's summary counts its entries by severity.
- **Again**: judging again changes nothing if nothing else has changed, neither in the report nor on the flows.
- **Back again**: what was forgotten is there again once all flows are judged again.
- **Order**: the order in which exchanges come changes nothing that the report says of the site.
- **Recording**: a flow that was saved and read by a fresh addon has the findings that it had before.
- **Bytes**: exchanges that began in audit mode, flows that are not live, and every command: no byte changes.
- **Once**: what enforce mode has rewritten needs no second rewrite.
- **Clear**: after a clear the report is one of nothing, and flows keep what they show.
- **Options**: options that change, and flows judged again, give the report of options that were so from the start.
- **User**: a mark or a comment of the user's survives everything.
- **Shown**: a flow has our mark and comment if and only if it has a finding of `runtime_show` or above.
- **Logged**: each distinct finding is logged once, and each reply that the Runtime made itself each time.

Only hooks, commands, options, `metadata["runtime"]`, marks, comments and the JSON report are used: the inside can be
rebuilt without a change here.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest import mock

import mitmproxy.ctx
import mitmproxy.proxy.layers.http  # its hooks are among all_hooks then
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from mitmproxy import command, http
from mitmproxy import flow as mitmproxy_flow
from mitmproxy.hooks import UpdateHook, all_hooks
from mitmproxy.io import FlowReader, FlowWriter
from mitmproxy.test import taddons

from functions_runtime.reports.json import render
from functions_runtime_proxy.addon import FunctionsRuntime
from tests.fields import BAD_COOKIE, Field
from tests.flows import arrive, live

PAUSE_OF_EXPERIMENTS = "functions_runtime_proxy.probe.INTERVAL"
"""Seconds between two replays; a test has no need to spare a site."""


def report_of(addon: FunctionsRuntime) -> dict[str, Any]:
    """The JSON report as the command `runtime.report` would write it, which costs ten times as much."""
    document: dict[str, Any] = json.loads(render(addon._report()))
    return document


search = settings(
    derandomize=True,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

WORTH_A_MARK = {
    "error": ["error"],
    "warning": ["error", "warning"],
    "info": ["error", "warning", "info"],
}
"""The severities that each value of `runtime_show` shows."""

TAKES_TWO = frozenset(
    {"cookie-read-by-script", "cookie-shared-across-hosts", "cors-credentials-blocked", "path-parameters"}
)
"""Rules whose evidence is in several exchanges: which of them tells it depends on which came last."""

DEFAULTS: dict[str, Any] = {
    "runtime_mode": "enforce",
    "runtime_limits": "4kb/8",
    "runtime_rules": [],
    "runtime_show": "warning",
    "runtime_domain": "",
}

# What comes by


class Exchange(NamedTuple):
    """One exchange as the client and the site would have it."""

    method: str = "GET"
    host: bytes = b"app.example.test"
    path: str = "/a"
    request_fields: tuple[Field, ...] = ()
    request_content: bytes = b""
    status: int = 200
    response_fields: tuple[Field, ...] = ()
    response_content: bytes = b"content"

    @property
    def endpoint(self) -> tuple[str, str, str]:
        """Method, host and path as the report writes them."""
        return self.method, self.host.decode(), "/item/{id}" if self.path.startswith("/item/") else self.path


TOO_MANY: tuple[Field, ...] = tuple((b"X-%d" % number, b"1") for number in range(8))
PREFLIGHT: tuple[Field, ...] = ((b"Origin", b"https://a.test"), (b"Access-Control-Request-Method", b"GET"))

request_fields = st.lists(
    st.sampled_from(
        [
            ((b"Referer", b"https://app.example.test/from"),),
            ((b"Via", b"1.1 a"),),
            ((b"X-XSRF", b"tokentoken"),),
            ((b"Cookie", b"sid=abcdefgh"),),
            ((b"Origin", b"https://a.test"), (b"Cookie", b"sid=abcdefgh")),
            PREFLIGHT,
            TOO_MANY,
        ]
    ),
    max_size=3,
    unique=True,
).map(lambda parts: tuple(field for part in parts for field in part))
response_fields = st.lists(
    st.sampled_from(
        [
            (b"Set-Cookie", b"sid=abcdefgh; Domain=example.test"),
            (b"Set-Cookie", b"sid=abcdefgh; Max-Age=60; Domain=app.example.test"),
            BAD_COOKIE,
            (b"Set-Cookie", b"x=tokentoken"),
            (b"Set-Cookie", b"x=1; Max-Age=60; HttpOnly; Secure"),
            (b"Vary", b"Referer"),
            (b"Location", b"https://app.example.test/from"),
            (b"Access-Control-Allow-Origin", b"https://a.test"),
            (b"Access-Control-Allow-Credentials", b"true"),
            (b"Content-Type", b"text/plain"),
        ]
    ),
    max_size=5,
).map(tuple)
exchanges = st.builds(
    Exchange,
    method=st.sampled_from(["GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "DELETE"]),
    host=st.sampled_from([b"app.example.test", b"shop.example.test"]),
    path=st.sampled_from(["/a", "/b", "/item/1", "/item/2"]),
    request_fields=request_fields,
    request_content=st.sampled_from([b"", b"", b"{}"]),
    status=st.sampled_from([200, 302, 404]),
    response_fields=response_fields,
    response_content=st.sampled_from([b"", b"content"]),
)
changes_of_options: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(["4kb/8", "15kb/90", "200/8"]).map(lambda value: {"runtime_limits": value}),
    st.sampled_from(["error", "warning", "info"]).map(lambda value: {"runtime_show": value}),
    st.sampled_from(["", "moved.example.test"]).map(lambda value: {"runtime_domain": value}),
    st.sampled_from(
        [
            [],
            ["/cookie-lifetime-too-long/off"],
            ["/cookie-domain-replaced:sid/error"],
            ["/cookie-read-by-script/off", "/restricted-header-used/info"],
            ["|~m GET & ~u /a|cookie-shared-across-hosts|off"],
            ["/restricted-request-header:referer/warning", "/preflight-answered/off"],
        ]
    ).map(lambda value: {"runtime_rules": value}),
)

# The addon, as mitmproxy drives it


class Replayer:
    """Stands in for mitmproxy's client replay, and for a site whose status depends on Referer."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    @command.command("replay.client")  # type: ignore[untyped-decorator]
    def replay(self, flows: Sequence[mitmproxy_flow.Flow]) -> None:
        for flow in flows:
            assert isinstance(flow, http.HTTPFlow)
            self._proxy.hook("requestheaders", flow)
            self._proxy.hook("request", flow)
            arrive(flow, status=200 if b"Referer" in flow.request.headers else 404).raw_content = b""
            self._proxy.hook("responseheaders", flow)
            self._proxy.hook("response", flow)


class Log(logging.Handler):
    """Keeps the lines that the addon logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert record.levelno <= logging.WARNING, record.getMessage()
        self.lines.append(record.getMessage())

    @property
    def findings(self) -> Counter[tuple[str, str, tuple[str | Any, ...]]]:
        """How many lines say a finding, by rule, severity and endpoint."""
        said = [
            re.fullmatch(r"Runtime (error|warning|info) in (\w+) ([^/ ]+)([^ :]*).*\[([a-z-]+)\]", line, re.DOTALL)
            for line in self.lines
        ]
        return Counter((str(each[5]), str(each[1]), each.group(2, 3, 4)) for each in said if each)

    @property
    def replies(self) -> list[int]:
        """The statuses of which lines say that the Runtime replied so itself."""
        said = [re.match(r"Runtime responded with (\d+) to ", line) for line in self.lines]
        return [int(each[1]) for each in said if each]


class Proxy:
    """The addon with mitmproxy's options, commands and context around it."""

    def __init__(self, **options: Any) -> None:
        self._around = ExitStack()
        root = logging.getLogger()
        self._around.callback(root.setLevel, root.level)
        self._around.callback(setattr, root, "handlers", root.handlers.copy())
        before = vars(mitmproxy.ctx).copy()
        self._around.callback(lambda: vars(mitmproxy.ctx).update(before))
        self.addon = FunctionsRuntime()
        self._context = self._around.enter_context(taddons.context(self.addon, Replayer(self)))
        self._context.options.add_option("keep_host_header", bool, True, "")
        self._context.options.add_option("stream_large_bodies", str | None, None, "")
        self._around.enter_context(mock.patch(PAUSE_OF_EXPERIMENTS, 0.0))
        self._enforced: set[str] = set()
        self.log = Log()
        root.setLevel(logging.INFO)
        root.handlers = [self.log]  # mitmproxy's own handlers hold event loops, of masters that are gone as well
        self.options = DEFAULTS | options
        self.configure(**self.options)

    def close(self) -> None:
        self._around.close()

    def configure(self, **options: Any) -> None:
        self.options = self.options | options
        self._context.configure(self.addon, **options)

    def hook(self, name: str, flow: http.HTTPFlow) -> None:
        """Have mitmproxy call a hook. Holds the law of bytes. The mode counts in which an exchange began."""
        event: Any = all_hooks[name]
        if name == "requestheaders" and flow.live and self.options["runtime_mode"] == "enforce":
            self._enforced.add(flow.id)
        before, may_change = bytes_of(flow), flow.live and flow.id in self._enforced
        self._context.master.addons.invoke_addon_sync(self.addon, event(flow))
        self._context.master.addons.invoke_addon_sync(self.addon, UpdateHook([flow]))
        assert may_change or bytes_of(flow) == before

    def call(self, name: str, flows: Sequence[mitmproxy_flow.Flow] | None = None) -> None:
        """Call a command, on flows if it takes some. Holds the law of bytes."""
        before = [bytes_of(flow) for flow in flows or ()]
        self._context.master.commands.call(name, *([] if flows is None else [flows]))
        assert [bytes_of(flow) for flow in flows or ()] == before

    def experiment(self, flows: Sequence[mitmproxy_flow.Flow]) -> None:
        """Replay flows with and without restricted headers, until all is said."""

        async def run() -> None:
            self.call("runtime.probe", flows)
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        asyncio.run(run())

    def report(self) -> dict[str, Any]:
        """The JSON report as it would be written now."""
        return report_of(self.addon)

    # The way of a flow

    def begin(self, exchange: Exchange) -> http.HTTPFlow:
        """The head of a request is there."""
        fields = list(exchange.request_fields)
        if exchange.request_content:
            fields.append((b"Content-Length", b"%d" % len(exchange.request_content)))
        flow = live(*fields, method=exchange.method, host=exchange.host, path=exchange.path)
        self.hook("requestheaders", flow)
        return flow

    def respond(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """The content of the request is there, and then the head of the response."""
        flow.request.raw_content = exchange.request_content
        self.hook("request", flow)
        if flow.response is None:
            arrive(flow, *exchange.response_fields, status=exchange.status)
        self.hook("responseheaders", flow)

    def end(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """The content of the response is there."""
        assert flow.response
        if flow.response.raw_content is None:
            flow.response.raw_content = exchange.response_content
        flow.response.timestamp_end = flow.response.timestamp_end or (flow.response.timestamp_start or 0.0) + 1
        self.hook("response", flow)
        flow.live = False

    def play(self, exchange: Exchange) -> http.HTTPFlow:
        """A live exchange from its beginning to its end."""
        flow = self.begin(exchange)
        self.respond(flow, exchange)
        self.end(flow, exchange)
        return flow

    def read(self, flow: http.HTTPFlow) -> http.HTTPFlow:
        """A flow comes from a file."""
        flow.live = False
        self.hook("requestheaders", flow)
        self.hook("request", flow)
        if flow.response:
            self.hook("responseheaders", flow)
            self.hook("response", flow)
        if flow.error:
            self.hook("error", flow)
        return flow

    def read_exchange(self, exchange: Exchange) -> http.HTTPFlow:
        """A recorded exchange comes from a file."""
        return self.read(recorded(exchange))


@contextmanager
def proxy(**options: Any) -> Iterator[Proxy]:
    """A fresh addon, also beside another one."""
    made = Proxy(**options)
    try:
        yield made
    finally:
        made.close()


def recorded(exchange: Exchange) -> http.HTTPFlow:
    """An exchange as a recording has it that nothing was judged in."""
    fields = list(exchange.request_fields)
    if exchange.request_content:
        fields.append((b"Content-Length", b"%d" % len(exchange.request_content)))
    flow = live(*fields, method=exchange.method, host=exchange.host, path=exchange.path)
    flow.request.raw_content = exchange.request_content
    response = arrive(flow, *exchange.response_fields, status=exchange.status)
    response.raw_content = exchange.response_content
    response.timestamp_end = (response.timestamp_start or 0.0) + 1
    flow.live = False
    return flow


def bytes_of(flow: mitmproxy_flow.Flow) -> Any:
    """All that a client or a server sees of a flow."""
    assert isinstance(flow, http.HTTPFlow)
    return flow.request.get_state(), flow.response and flow.response.get_state()


def shown_on(flow: http.HTTPFlow) -> tuple[Any, str, str]:
    """All that a user sees of a flow."""
    return findings_on(flow), flow.marked, flow.comment


def findings_on(flow: http.HTTPFlow) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(flow.metadata.get("runtime", ()))
    return found


Told = tuple[str, str, str | None, str]


def told_by(flow: http.HTTPFlow) -> Counter[Told]:
    """What a flow's findings say, in any order."""
    return Counter((each["rule"], each["severity"], each["subject"], each["message"]) for each in findings_on(flow))


def takes_one(found: Counter[Told]) -> Counter[Told]:
    """Of what was found, what a single exchange is enough for."""
    return Counter({each: count for each, count in found.items() if each[0] not in TAKES_TWO})


def saved_and_read(flows: Iterable[http.HTTPFlow]) -> list[http.HTTPFlow]:
    """Flows as a flow file gives them back."""
    file = io.BytesIO()
    writer = FlowWriter(file)
    for flow in flows:
        writer.add(flow)
    file.seek(0)
    return [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]


def difference(before: Any, after: Any, path: str = "") -> list[str]:
    """Where two plain values differ, one line a place: what a law says that does not hold."""
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = [(f"{path}.{key}", before.get(key), after.get(key)) for key in {**before, **after}]
    elif isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)) and len(before) == len(after):
        pairs = [(f"{path}[{index}]", *each) for index, each in enumerate(zip(before, after, strict=True))]
    else:
        return [] if before == after else [f"{path}: {before!r} became {after!r}"]
    return [line for where, one, other in pairs for line in difference(one, other, where)]


def entry_key(plain: dict[str, Any]) -> tuple[Any, ...]:
    return plain["rule"], (plain["method"], plain["host"], plain["path"]), plain["subject"]


def said_of_site(report: dict[str, Any]) -> dict[str, Any]:
    """What a report says of the site, without which exchange told what."""
    findings = sorted(((entry_key(each), each["severity"], each["message"]) for each in report["findings"]), key=repr)
    rest = {key: report[key] for key in ("verdict", "summary", "folded")}
    cookies = sorted(report["cookies"], key=repr)
    endpoints = sorted(
        ([each[key] for key in ("method", "host", "path", "exchanges", "verdict")] for each in report["endpoints"]),
        key=repr,
    )
    return {
        "findings": findings,
        "endpoints": endpoints,
        "judged": report["exchanges"]["judged"],
        "cookies": cookies,
        **rest,
    }


# The laws that two runs show


several = st.lists(exchanges, min_size=1, max_size=5)


@search
@given(several, st.randoms(use_true_random=False))
def test_order(came: list[Exchange], random: Any) -> None:
    otherwise = came.copy()
    random.shuffle(otherwise)
    said = []
    for each in (came, otherwise):
        with proxy(runtime_mode="audit") as one:
            for exchange in each:
                one.play(exchange)
            said.append(said_of_site(one.report()))
    assert not difference(said[0], said[1])


def test_order_of_rows_that_differ_in_what_the_runtime_makes_of_them() -> None:
    sets = Exchange(response_fields=((b"Set-Cookie", b"x=tokentoken"),))
    refused = sets._replace(response_fields=(*sets.response_fields, BAD_COOKIE))
    rows = []
    for came in ((sets, refused), (refused, sets)):
        with proxy(runtime_mode="audit") as one:
            for exchange in came:
                one.play(exchange)
            rows.append(one.report()["cookies"])
    assert rows[0] == rows[1]


def judged_late_and_early(
    came: list[Exchange], change: dict[str, Any], *, is_live: bool
) -> list[tuple[dict[str, Any], list[Any]]]:
    """What is reported and shown if options change before everything is judged again, and if they were so before."""
    seen = []
    for before, after in (({}, change), (change, {})):
        with proxy(runtime_mode="audit", **before) as one:
            flows = [one.play(exchange) if is_live else one.read_exchange(exchange) for exchange in came]
            one.configure(**after)
            one.call("runtime.judge", flows)
            seen.append((one.report(), [shown_on(flow) for flow in flows]))
    return seen


@search
@given(several, changes_of_options, st.booleans())
def test_options(came: list[Exchange], change: dict[str, Any], is_live: bool) -> None:
    (late, late_shown), (early, early_shown) = judged_late_and_early(came, change, is_live=is_live)
    assert not difference(early, late)
    assert not difference(early_shown, late_shown)


def test_options_change_the_texts_of_entries_that_exchanges_share() -> None:
    too_long = Exchange(request_fields=TOO_MANY)
    late, early = judged_late_and_early([too_long, too_long], {"runtime_limits": "200/8"}, is_live=False)
    assert not difference(early, late)


@search
@given(several)
def test_mode(came: list[Exchange]) -> None:
    """The law of options for `runtime_mode`, which changes nothing of what is found in a recording."""
    reports = []
    for before, after in (("audit", "enforce"), ("enforce", "enforce")):
        with proxy(runtime_mode=before) as one:
            flows = [one.read_exchange(exchange) for exchange in came]
            one.configure(runtime_mode=after)
            one.call("runtime.judge", flows)
            reports.append(one.report())
    assert not difference(reports[0], reports[1])


@search
@given(several, st.sampled_from(["audit", "enforce"]))
def test_again(came: list[Exchange], mode: str) -> None:
    with proxy(runtime_mode=mode) as one:
        flows = [one.play(exchange) for exchange in came]
        before = one.report(), [shown_on(flow) for flow in flows]
        one.call("runtime.judge", flows)
        assert not difference(before, (one.report(), [shown_on(flow) for flow in flows]))


def test_again_and_again() -> None:
    """The law again, for rules that count what they remember."""
    with proxy(runtime_mode="audit") as one:
        flows = [one.play(Exchange(path=path)) for path in ("/a", "/b")]
        before = one.report()
        for _ in range(40):
            one.call("runtime.judge", flows)
        assert not difference(before, one.report())


def test_a_change_of_the_domain_counts_no_evidence_twice() -> None:
    sets = Exchange(response_fields=((b"Set-Cookie", b"sid=abcdefgh; Domain=example.test"),))
    sends = Exchange(host=b"shop.example.test", request_fields=((b"Cookie", b"sid=abcdefgh"),))
    with proxy(runtime_mode="audit") as one:
        flows = [one.play(sets), one.play(sends)]
        for domain in ("moved.example.test", ""):
            one.configure(runtime_domain=domain)
            one.call("runtime.judge", flows)
        [count] = [each["count"] for each in one.report()["findings"] if each["rule"] == "cookie-shared-across-hosts"]
        assert count == 1


@search
@given(several)
def test_back_again(came: list[Exchange]) -> None:
    with proxy(runtime_mode="audit") as one:
        flows = [one.play(exchange) for exchange in came]
        one.call("runtime.judge", flows)
        before = one.report(), [shown_on(flow) for flow in flows]
        one.call("runtime.clear")
        one.call("runtime.judge", flows)
        assert not difference(before, (one.report(), [shown_on(flow) for flow in flows]))


@search
@given(exchanges)
def test_once(exchange: Exchange) -> None:
    with proxy() as one:
        first = one.play(exchange)
    assert first.response
    _host, *fields = first.request.headers.fields
    rewritten = exchange._replace(
        request_fields=tuple(field for field in fields if field[0] != b"Content-Length"),
        status=first.response.status_code,
        response_fields=first.response.headers.fields,
        response_content=first.response.raw_content or b"",
    )
    with proxy() as one:
        second = one.play(rewritten)
    assert second.response
    assert second.request.headers == first.request.headers
    assert (second.response.status_code, second.response.headers) == (
        first.response.status_code,
        first.response.headers,
    )


@search
@given(several)
def test_replies_are_logged_each_time(came: list[Exchange]) -> None:
    with proxy(runtime_show="error") as one:
        flows = [one.play(exchange) for exchange in came]
        made = [
            flow.response.status_code
            for flow, exchange in zip(flows, came, strict=True)
            if flow.response and flow.response.status_code >= 400 and flow.response.status_code != exchange.status
        ]
        assert one.log.replies == made


TWICE = Exchange(response_fields=((b"Set-Cookie", b"sid=a"), (b"Set-Cookie", b"sid=b")))
"""Two cookies of one name in one response: one thing to say, twice."""


@search
@given(several, st.sampled_from(["error", "warning", "info"]))
@example([TWICE], "info")
def test_logged(came: list[Exchange], show: str) -> None:
    with proxy(runtime_mode="audit", runtime_show=show) as one:
        for exchange in came:
            one.play(exchange)
        entries = one.report()["findings"]
        subjects: Counter[tuple[str, str, tuple[str | Any, ...]]] = Counter(
            (each["rule"], each["severity"], (each["method"], each["host"], each["path"])) for each in entries
        )
        for said, lines in one.log.findings.items():
            assert said[1] in WORTH_A_MARK[show]
            assert lines <= subjects[said], said
        for each in entries:
            if each["severity"] in WORTH_A_MARK[show]:
                assert one.log.findings[each["rule"], each["severity"], (each["method"], each["host"], each["path"])]


# The laws that hold at every moment


class Life:
    """What the model knows of one flow."""

    def __init__(self, flow: http.HTTPFlow, exchange: Exchange, *, is_over: bool) -> None:
        self.flow = flow
        self.exchange = exchange
        self.is_over = is_over
        self.has_response = is_over
        self.is_counted = True
        self.mark = self.comment = ""

    @property
    def is_quiet(self) -> bool:
        """Whether the flow may not show yet what was found."""
        return self.is_counted and not self.has_response and not self.is_over


class Lives(RuleBasedStateMachine):
    """Exchanges come, go on and end; users judge, clear, mark, save and change their minds."""

    def __init__(self) -> None:
        super().__init__()
        self.proxy = Proxy()
        self.lives: list[Life] = []

    def teardown(self) -> None:
        try:
            for life in self.lives:
                if not life.is_over and not life.has_response:
                    self._answer(life)
            self.the_report_counts()
            self.judged_again(None)
        finally:
            self.proxy.close()

    @property
    def flows(self) -> list[http.HTTPFlow]:
        return [life.flow for life in self.lives]

    def _pick(self, number: int, lives: Iterable[Life]) -> Life:
        chosen = list(lives)
        return chosen[number % len(chosen)]

    # What happens

    @initialize(mode=st.sampled_from(["audit", "enforce"]))
    def start(self, mode: str) -> None:
        self.proxy.configure(runtime_mode=mode)

    @rule(exchange=exchanges)
    def plays(self, exchange: Exchange) -> None:
        self._took(self.proxy.play(exchange), exchange)

    @rule(exchange=exchanges)
    def is_read(self, exchange: Exchange) -> None:
        self._took(self.proxy.read_exchange(exchange), exchange)

    def _took(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        self.lives.append(Life(flow, exchange, is_over=True))

    @rule(exchange=exchanges)
    def begins(self, exchange: Exchange) -> None:
        self.lives.append(Life(self.proxy.begin(exchange), exchange, is_over=False))

    @precondition(lambda self: any(not life.has_response and not life.is_over for life in self.lives))
    @rule(number=st.integers(0, 9))
    def is_answered(self, number: int) -> None:
        life = self._pick(number, (life for life in self.lives if not life.has_response and not life.is_over))
        self._answer(life)

    def _answer(self, life: Life) -> None:
        is_replied = life.flow.response is not None
        self.proxy.respond(life.flow, life.exchange)
        life.has_response = True
        life.is_counted |= not is_replied

    @precondition(lambda self: any(life.has_response and not life.is_over for life in self.lives))
    @rule(number=st.integers(0, 9))
    def ends(self, number: int) -> None:
        life = self._pick(number, (life for life in self.lives if life.has_response and not life.is_over))
        self.proxy.end(life.flow, life.exchange)
        life.is_over = True

    @precondition(lambda self: any(not life.is_over for life in self.lives))
    @rule(number=st.integers(0, 9), message=st.sampled_from(["Client disconnected.", "peer closed connection"]))
    def breaks_off(self, number: int, message: str) -> None:
        life = self._pick(number, (life for life in self.lives if not life.is_over))
        life.flow.error = mitmproxy_flow.Error(message)
        self.proxy.hook("error", life.flow)
        life.flow.live = False
        life.is_over = True

    @precondition(lambda self: any(life.is_over for life in self.lives))
    @rule(number=st.integers(0, 9))
    def is_experimented_with(self, number: int) -> None:
        life = self._pick(number, (life for life in self.lives if life.is_over))
        self.proxy.experiment([life.flow])
        is_replayed = life.exchange.method in ("GET", "HEAD") and life.flow.request.raw_content is not None
        if is_replayed and b"Referer" in dict(life.exchange.request_fields):
            life.is_counted = True  # the site's answer differs without it, which is evidence

    # What users do

    @rule(change=changes_of_options)
    def options_change(self, change: dict[str, Any]) -> None:
        self.proxy.configure(**change)

    @rule(mode=st.sampled_from(["audit", "enforce"]))
    def mode_changes(self, mode: str) -> None:
        self.proxy.configure(runtime_mode=mode)

    @precondition(lambda self: self.lives)
    @rule(number=st.integers(0, 9), mark=st.sampled_from([":star:", ":heart:"]))
    def is_marked(self, number: int, mark: str) -> None:
        life = self._pick(number, self.lives)
        life.flow.marked = life.mark = mark

    @precondition(lambda self: self.lives)
    @rule(number=st.integers(0, 9), text=st.sampled_from(["mine", "two\nlines"]), place=st.integers(0, 2))
    def is_commented(self, number: int, text: str, place: int) -> None:
        life = self._pick(number, self.lives)
        if life.comment:
            return
        life.comment = text
        parts = [[text, life.flow.comment], [life.flow.comment, text], [text]][place]
        life.flow.comment = "\n".join(filter(None, parts))

    @precondition(lambda self: self.lives)
    @rule(numbers=st.one_of(st.none(), st.lists(st.integers(0, 9), min_size=1, max_size=3)))
    def judged_again(self, numbers: list[int] | None) -> None:
        lives = self.lives if numbers is None else [self._pick(number, self.lives) for number in numbers]
        flows = [life.flow for life in lives]
        self.proxy.call("runtime.judge", flows)
        for life in lives:
            life.is_counted = True
            self.what_is_worth_it_is_shown(life)
        before = self.proxy.report(), [shown_on(flow) for flow in self.flows]
        said = self.proxy.log.findings.total()
        self.proxy.call("runtime.judge", flows)
        assert not difference(before, (self.proxy.report(), [shown_on(flow) for flow in self.flows]))
        assert self.proxy.log.findings.total() == said

    def what_is_worth_it_is_shown(self, life: Life) -> None:
        show = self.proxy.options["runtime_show"]
        is_worth_it = any(each["severity"] in WORTH_A_MARK[show] for each in findings_on(life.flow))
        assert bool(life.flow.marked) is (is_worth_it or bool(life.mark))
        if not is_worth_it:
            assert life.flow.comment == life.comment

    @rule()
    def is_cleared(self) -> None:
        before = [shown_on(flow) for flow in self.flows]
        self.proxy.call("runtime.clear")
        for life in self.lives:
            life.is_counted = False
        assert [shown_on(flow) for flow in self.flows] == before
        with proxy(**self.proxy.options) as fresh:
            nothing = fresh.report()
        assert not difference(nothing, self.proxy.report())

    @precondition(lambda self: self.lives)
    @rule()
    def is_cleared_and_judged_again(self) -> None:
        self.judged_again(None)
        before = self._told_by_one()
        self.is_cleared()
        self.judged_again(None)
        assert not difference(before, self._told_by_one())

    def _told_by_one(self) -> Any:
        """What a single exchange is enough for. Which exchange tells the rest depends on which came last."""
        entries = Counter({entry_key(each): each["count"] for each in self.proxy.report()["findings"]})
        of_one = {key: count for key, count in entries.items() if key[0] not in TAKES_TWO}
        return of_one, [takes_one(told_by(flow)) for flow in self.flows]

    @precondition(lambda self: any(life.is_over for life in self.lives))
    @rule()
    def is_saved_and_read_again(self) -> None:
        self.judged_again(None)
        flows = [life.flow for life in self.lives if life.is_over]
        again = saved_and_read(flows)
        with proxy(**self.proxy.options) as fresh:
            for flow in again:
                fresh.read(flow)
        for flow, copy in zip(flows, again, strict=True):
            assert takes_one(told_by(copy)) == takes_one(told_by(flow))
            assert not told_by(flow) - told_by(copy)

    # What holds

    @invariant()
    def the_report_counts(self) -> None:
        report = self.proxy.report()
        counted = [life for life in self.lives if life.is_counted]
        assert report["exchanges"]["judged"] == len(counted)
        by_severity = Counter(each["severity"] for each in report["findings"])
        assert report["summary"] == {each: by_severity[each] for each in ("error", "warning", "info")}
        if any(life.is_quiet for life in counted):
            return
        found = Counter(
            (plain["rule"], tuple(plain["endpoint"] or life.exchange.endpoint), plain["subject"])
            for life in counted
            for plain in findings_on(life.flow)
        )
        entries: Counter[tuple[Any, ...]] = Counter()
        for each in report["findings"]:
            entries[entry_key(each)] += each["count"]
        assert entries == found
        clean = [
            life
            for life in counted
            if not any(plain["severity"] in WORTH_A_MARK["warning"] for plain in findings_on(life.flow))
        ]
        assert report["exchanges"]["clean"] == len(clean)

    @invariant()
    def what_the_user_wrote_stays(self) -> None:
        for life in self.lives:
            assert life.comment in life.flow.comment
            assert not life.mark or life.flow.marked == life.mark


def test_at_every_moment() -> None:
    run_state_machine_as_test(
        Lives,
        settings=settings(
            derandomize=True,
            max_examples=12,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
