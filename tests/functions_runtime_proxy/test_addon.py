"""The addon's hooks and commands, in mitmproxy's own context for addons and without a proxy around it."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mitmproxy.types
import pytest
from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http
from mitmproxy.exceptions import CommandError, OptionsError
from mitmproxy.test import taddons, tflow

from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.message import Exchange
from functions_runtime.profile import Profile
from functions_runtime.reports.json import render
from functions_runtime.rule import Step
from functions_runtime.rules.restricted_header_used import by_experiment
from functions_runtime.session import Session
from functions_runtime_proxy import internals
from functions_runtime_proxy.addon import FunctionsRuntime
from functions_runtime_proxy.counting import Counting
from tests.fields import BAD_COOKIE, Field, lasting
from tests.flows import NOW, arrive, live, recorded

COOKIE: Field = (b"Set-Cookie", b"sid=a; Max-Age=60; Domain=b.test")
TOO_MANY: list[Field] = [(b"X-%d" % number, b"1") for number in range(80)]


@dataclasses.dataclass
class Bench:
    """The addon with mitmproxy's options, commands and context around it."""

    addon: FunctionsRuntime
    context: taddons.context
    updated: list[mitmproxy_flow.Flow]

    def configure(self, **options: Any) -> None:
        self.context.configure(self.addon, **options)

    def play(self, flow: http.HTTPFlow, *fields: Field, status: int = 200) -> http.HTTPFlow:
        """Take a live flow through the hooks, as mitmproxy does with a response of these fields."""
        self.addon.requestheaders(flow)
        flow.request.raw_content = b""
        if flow.response is None:
            arrive(flow, *fields, status=status)
        self.addon.responseheaders(flow)
        assert flow.response
        if callable(flow.response.stream):
            flow.response.stream(b"content")
        elif flow.response.raw_content is None:
            flow.response.raw_content = b"content"
        self.addon.response(flow)
        return flow

    def read(self, flow: http.HTTPFlow) -> http.HTTPFlow:
        """Take a recorded flow through the hooks, as mitmproxy does when it reads a file."""
        self.addon.requestheaders(flow)
        if flow.response:
            self.addon.responseheaders(flow)
            self.addon.response(flow)
        return flow

    def call(self, command: str, *arguments: Any) -> Any:
        return self.context.master.commands.call(command, *arguments)

    def report(self) -> dict[str, Any]:
        """The JSON report as it would be written now."""
        document: dict[str, Any] = json.loads(render(self.addon._report()))
        return document

    def found(self) -> set[tuple[str, str | None]]:
        return {(finding["rule"], finding["subject"]) for finding in self.report()["findings"]}


class Listener:
    """Hears of flows that user interfaces should look at again."""

    def __init__(self, updated: list[mitmproxy_flow.Flow]) -> None:
        self._updated = updated

    def update(self, flows: Sequence[mitmproxy_flow.Flow]) -> None:
        self._updated += flows


@pytest.fixture
def bench() -> Iterator[Bench]:
    addon, updated = FunctionsRuntime(), list[mitmproxy_flow.Flow]()
    with taddons.context(addon, Listener(updated)) as context:
        bench = Bench(addon, context, updated)
        context.options.add_option("keep_host_header", bool, True, "")
        context.options.add_option("stream_large_bodies", str | None, None, "")
        context.options.add_option("body_size_limit", str | None, None, "")
        yield bench


def _rules(flow: http.HTTPFlow) -> list[str]:
    return [plain["rule"] for plain in flow.metadata["runtime"]]


# Enforce and audit


def test_enforce_rewrites_both_messages(bench: Bench) -> None:
    flow = bench.play(live((b"Referer", b"/a"), (b"X", b"1")), COOKIE, (b"X-App", b"1"))
    assert flow.response
    assert flow.request.headers.fields == ((b"Host", b"app.example.test"), (b"X", b"1"))
    assert flow.response.headers.fields == (
        (b"Set-Cookie", b"sid=a; Max-Age=60; Domain=app.example.test; HttpOnly; Secure"),
        (b"X-App", b"1"),
    )
    assert flow.response.raw_content == b"content"


def test_audit_touches_nothing_and_finds_the_same(bench: Bench) -> None:
    exchanges: list[tuple[Callable[[], http.HTTPFlow], list[Field]]] = [
        (lambda: live((b"Referer", b"/a")), [COOKIE]),
        (lambda: live(), [BAD_COOKIE]),
        (lambda: live(*TOO_MANY), []),
        (lambda: live(method="OPTIONS"), [(b"Allow", b"GET")]),
        (lambda: live(), TOO_MANY),
    ]
    bench.configure(runtime_mode="audit")
    for make, fields in exchanges:
        flow = bench.play(make(), *fields)
        assert flow.response
        assert flow.request.headers == make().request.headers
        assert flow.response.headers == http.Headers(fields)
        assert (flow.response.status_code, flow.response.raw_content) == (200, b"content")
        assert not flow.response.stream
    audited = {finding for finding in bench.found() if BY_ID[finding[0]].step < Step.CONSEQUENCES}
    bench.call("runtime.clear")
    bench.configure(runtime_mode="enforce")
    for make, fields in exchanges:
        bench.play(make(), *fields)
    assert {finding for finding in bench.found() if BY_ID[finding[0]].step < Step.CONSEQUENCES} == audited
    assert len(audited) >= 6


@pytest.mark.parametrize(
    ("flow", "status", "content"),
    [
        (live(*TOO_MANY), 431, b"Request headers or cookies too long"),
        (live(method="OPTIONS"), 204, b""),
        (live(*TOO_MANY, method="HEAD"), 431, b""),
    ],
)
def test_enforce_answers_in_place_of_the_function(
    flow: http.HTTPFlow, status: int, content: bytes, bench: Bench
) -> None:
    bench.addon.requestheaders(flow)
    assert flow.response
    assert (flow.response.status_code, flow.response.raw_content) == (status, content)
    rules = _rules(flow)
    bench.addon.responseheaders(flow)
    bench.addon.response(flow)
    assert (flow.response.status_code, _rules(flow)) == (status, rules)


def test_enforce_replaces_a_response_whole(bench: Bench) -> None:
    flow = bench.play(live(), BAD_COOKIE, (b"X-App", b"1"), (b"Content-Length", b"7"))
    assert flow.response
    assert flow.response.status_code == 400
    assert flow.response.raw_content == b"Cookies max-age cannot be greater than a day"
    assert "x-app" not in flow.response.headers


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_events_are_streamed_and_shown_before_they_end(mode: str, bench: Bench) -> None:
    bench.configure(runtime_mode=mode)
    flow = live()
    bench.addon.requestheaders(flow)
    response = arrive(flow, (b"Content-Type", b"text/event-stream"))
    bench.addon.responseheaders(flow)
    assert isinstance(response.stream, Counting)
    assert bench.updated == [flow]


def test_user_interfaces_are_left_alone_where_the_flow_ends_soon(bench: Bench) -> None:
    bench.play(live(), COOKIE)
    assert bench.updated == []


@pytest.mark.parametrize("arrived", [True, False])
def test_a_client_that_goes_once_it_has_the_reply_is_no_error(arrived: bool, bench: Bench) -> None:
    flow = live()
    bench.addon.requestheaders(flow)
    arrive(flow, BAD_COOKIE, (b"Content-Type", b"text/event-stream"))
    bench.addon.responseheaders(flow)
    assert flow.response
    if arrived:
        assert callable(flow.response.stream)
        assert flow.response.stream(b"content") == [b"Cookies max-age cannot be greater than a day"]
    for message in ("peer closed connection", "Client disconnected."):
        flow.error = mitmproxy_flow.Error(message)
        bench.addon.error(flow)
        assert (flow.error is None) is (arrived and message == "Client disconnected.")
    assert flow.response.raw_content == (b"Cookies max-age cannot be greater than a day" if arrived else None)


@pytest.mark.parametrize("held", [False, True])
def test_the_time_that_somebody_held_a_request_back_is_not_the_servers(held: bool, bench: Bench) -> None:
    flow = live()
    bench.addon.requestheaders(flow)
    if held:
        flow.intercept()
    bench.addon.update([flow, tflow.ttcpflow()])  # as mitmproxy says after every hook
    flow.resume()
    arrive(flow)
    assert flow.response
    flow.response.timestamp_start += 60
    bench.addon.responseheaders(flow)
    assert ("response-too-slow" in _rules(flow)) is not held


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_content_that_no_header_announces_is_seen(mode: str, bench: Bench) -> None:
    flow = bench.play(live(http_version="HTTP/2.0"))
    assert "get-with-content" not in _rules(flow)
    bench.configure(runtime_mode=mode)
    flow = live((b"Referer", b"/a"), http_version="HTTP/2.0")
    bench.addon.requestheaders(flow)
    flow.request.raw_content = b"{}"
    bench.addon.request(flow)
    assert (flow.response is not None) is (mode == "enforce")
    if flow.response is None:
        arrive(flow)
    bench.addon.responseheaders(flow)
    assert _rules(flow) == ["get-with-content"]
    assert flow.response
    assert flow.response.status_code == (403 if mode == "enforce" else 200)
    bench.call("runtime.judge", [_finished(flow)])
    assert "get-with-content" in _rules(flow)


@pytest.mark.parametrize("option", [None, "1k"])
def test_upload_that_cannot_be_held_back_is_spoken_of(
    option: str | None, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.configure(stream_large_bodies=option)
    flow = live(*TOO_MANY, method="POST")
    flow.request.stream = True
    bench.addon.requestheaders(flow)
    assert flow.response
    assert flow.request.stream is False
    assert (f"the upload of flow {flow.id} could not be held back" in caplog.text) is (option is not None)


# Flows that are somebody else's


def test_connect_is_no_exchange(bench: Bench) -> None:
    bench.addon.requestheaders(live(*TOO_MANY, method="CONNECT"))
    assert bench.report()["exchanges"]["judged"] == 0


@pytest.mark.parametrize("early", [True, False])
def test_response_of_another_addon_is_not_judged(early: bool, bench: Bench) -> None:
    flow = live(method="OPTIONS") if early else live()
    made_up = http.Response.make(200, b"made up", http.Headers([BAD_COOKIE]))
    if early:
        flow.response = made_up
        bench.addon.requestheaders(flow)
    else:
        bench.addon.requestheaders(flow)
        flow.response = made_up
    bench.addon.responseheaders(flow)
    bench.addon.response(flow)
    assert flow.response is made_up
    assert made_up.headers.fields[0] == BAD_COOKIE
    assert bench.found() == set()


def _from_server_replay(flow: http.HTTPFlow, bench: Bench) -> http.Response:
    """What the client gets if server replay has a recording for a request."""
    bench.addon.requestheaders(flow)
    flow.response = http.Response.make(200, b"recorded", http.Headers([BAD_COOKIE]))
    flow.response.timestamp_start = flow.request.timestamp_start - 60
    flow.is_replay = "response"
    bench.addon.responseheaders(flow)
    bench.addon.response(flow)
    return flow.response


def test_response_from_server_replay_is_the_functions(bench: Bench) -> None:
    response = _from_server_replay(live(), bench)
    assert response.status_code == 400
    assert response.raw_content == b"Cookies max-age cannot be greater than a day"


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_a_recording_is_read_as_it_was_judged_if_another_addon_responded(mode: str, bench: Bench) -> None:
    bench.configure(runtime_mode=mode)
    flow = live((b"Referer", b"/a"), method="DELETE" if mode == "audit" else "GET")
    bench.addon.requestheaders(flow)
    flow.response = http.Response.make(200, b"made up", http.Headers([BAD_COOKIE]))
    bench.addon.responseheaders(flow)
    bench.addon.response(flow)
    before = bench.found()
    for judge in (bench.read, lambda copy: bench.call("runtime.judge", [copy, copy])):
        bench.call("runtime.clear")
        judge(_finished(flow.copy()))
        assert bench.found() == before


def test_a_recording_is_read_as_it_was_judged_if_somebody_held_the_request(bench: Bench) -> None:
    bench.configure(runtime_mode="audit")
    flow = live()
    bench.addon.requestheaders(flow)
    flow.intercept()
    bench.addon.update([flow])
    flow.resume()
    arrive(flow).timestamp_start += 60
    bench.addon.responseheaders(flow)
    flow.intercept()
    bench.read(_finished(flow.copy()))
    assert "response-too-slow" not in {rule for rule, _ in bench.found()}
    bench.play(flow)
    assert "runtime_held" not in flow.metadata


def test_server_replay_does_not_take_the_place_of_the_reply_to_a_request(bench: Bench) -> None:
    flow = live(method="OPTIONS")
    assert _from_server_replay(flow, bench).status_code == 204
    assert _rules(flow) == ["preflight-answered"]


def test_killed_flow_is_not_judged(bench: Bench) -> None:
    flow = live(*TOO_MANY)
    flow.kill()
    bench.addon.requestheaders(flow)
    assert flow.response is None
    assert bench.report()["exchanges"]["judged"] == 0


def test_flow_without_a_response(bench: Bench) -> None:
    flow = live((b"Referer", b"/a"))
    bench.addon.requestheaders(flow)
    flow.error = mitmproxy_flow.Error("no server")
    bench.addon.error(flow)
    bench.addon.responseheaders(flow)
    assert _rules(flow) == ["restricted-request-header"]


# Recordings


@pytest.mark.parametrize("live_one", [True, False])
def test_nothing_can_be_said_of_a_site_that_never_answers(live_one: bool, bench: Bench) -> None:
    flow = live()
    flow.live = live_one
    bench.addon.requestheaders(flow)
    bench.addon.error(flow)
    assert bench.report()["verdict"]["site"] == "unknown"
    assert bench.report()["exchanges"]["judged"] == 1


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_a_request_that_nobody_answers_shows_something_by_itself(mode: str, bench: Bench) -> None:
    bench.configure(runtime_mode=mode)
    upload = [(b"Content-Type", b"text/xml"), (b"Content-Length", b"5")]
    flow = live(*upload, method="POST")
    bench.addon.requestheaders(flow)
    flow.error = mitmproxy_flow.Error("no server")
    bench.addon.error(flow)
    unanswered = recorded(request_fields=upload, method="POST")
    unanswered.response = None
    bench.read(unanswered)
    for each in (flow, unanswered):
        assert _rules(each) == ["body-not-parsed"]
        bench.call("runtime.judge", [each])
        assert _rules(each) == ["body-not-parsed"]
    assert bench.report()["findings"][0]["count"] == 2


def test_status_0_in_a_recording_is_no_answer(bench: Bench) -> None:
    """Browsers write it into a HAR file for what was aborted, blocked, or refused by CORS."""
    flow = recorded(COOKIE, request_fields=[(b"Upgrade", b"websocket")], method="PUT")
    assert flow.response
    flow.response.status_code = 0
    bench.read(flow)
    bench.call("runtime.judge", [flow])
    assert _rules(flow) == []
    assert bench.report()["verdict"]["site"] == "unknown"


def test_what_a_recording_says_to_options_is_seen_without_a_header_that_announces_it(bench: Bench) -> None:
    for content in (b"", b"{}"):
        flow = recorded(method="OPTIONS")
        assert flow.response
        flow.response.raw_content = content
        bench.read(flow)
        assert ("options-lost" in _rules(flow)) is bool(content)
        bench.call("runtime.judge", [flow])
        assert ("options-lost" in _rules(flow)) is bool(content)


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_a_reply_of_the_runtimes_is_an_answer(mode: str, bench: Bench) -> None:
    bench.configure(runtime_mode=mode)
    flow = live(method="OPTIONS")
    bench.addon.requestheaders(flow)
    if flow.response is None:
        arrive(flow)
    bench.addon.responseheaders(flow)
    assert bench.report()["verdict"]["site"] == "runs"


def test_recording_is_judged_and_never_altered(bench: Bench) -> None:
    flows = [
        recorded(COOKIE, request_fields=[(b"Referer", b"/a")]),
        recorded(BAD_COOKIE),
        recorded(request_fields=TOO_MANY),
        recorded(method="OPTIONS"),
        recorded((b"Content-Type", b"text/event-stream")),
    ]
    for flow in flows:
        assert flow.response
        before = flow.request.get_state(), flow.response.get_state()
        bench.read(flow)
        assert (flow.request.get_state(), flow.response.get_state()) == before
        assert not flow.response.stream
    assert [bool(_rules(flow)) for flow in flows] == [True, True, True, True, True]
    assert bench.updated == []


def test_enforced_recording_keeps_what_was_found(bench: Bench) -> None:
    flow = bench.play(live((b"Referer", b"/a")), BAD_COOKIE)
    flow.live = False
    found, metadata = bench.found(), dict(flow.metadata)
    assert {rule for rule, _ in found} == {
        "restricted-request-header",
        "cookie-lifetime-too-long",
        "content-type-missing",
    }
    again = FunctionsRuntime()
    with taddons.context(again) as context:
        context.options.add_option("keep_host_header", bool, True, "")
        other = Bench(again, context, [])
        copy = flow.copy()
        assert isinstance(copy, http.HTTPFlow)
        other.read(copy)
        assert other.found() == found
        assert copy.metadata == metadata


# Options


def test_scope(bench: Bench) -> None:
    bench.configure(runtime_scope="~u inside")
    assert bench.play(live(path="/inside"), BAD_COOKIE).response.status_code == 400  # type: ignore[union-attr]
    outside = bench.play(live((b"Referer", b"/a"), path="/outside"), BAD_COOKIE)
    assert outside.response
    assert outside.response.status_code == 200
    assert outside.request.headers["Referer"] == "/a"
    assert outside.metadata == {}


@pytest.mark.parametrize("mode", ["enforce", "audit"])
@pytest.mark.parametrize("scope", ["~hq Referer", "~h Referer", "!~hs HttpOnly", "~c 200", "!~c 400", "!~bs greater"])
def test_the_scope_is_asked_about_the_flow_as_it_came(scope: str, mode: str, bench: Bench) -> None:
    bench.configure(runtime_scope=scope, runtime_mode=mode)
    flow = bench.play(live((b"Referer", b"/a")), BAD_COOKIE)
    assert ("cookie-lifetime-too-long", "sid") in bench.found()
    bench.call("runtime.judge", [flow])
    assert ("cookie-lifetime-too-long", "sid") in bench.found()
    bench.addon._shown_by_experiment(flow, "referer", by_experiment("referer", ["status"]))
    assert ("restricted-header-used", "referer") in bench.found()
    assert flow.response
    assert flow.response.status_code == (200 if mode == "audit" else 400)
    assert ("Referer" in flow.request.headers) is (mode == "audit" or scope == "~c 200")  # that one is late


@pytest.mark.parametrize("mode", ["enforce", "audit"])
@pytest.mark.parametrize(
    ("rule", "is_off"),
    [
        ("|~hq Referer|cookie-lifetime-too-long|off", True),
        ("|~c 200|content-type-missing|off", True),
        ("|~c 400|content-type-missing|off", False),
        ("|~hs b.test|content-type-missing|off", True),
        ("|~hs HttpOnly|content-type-missing|off", False),
    ],
)
def test_a_pattern_is_asked_about_the_flow_as_it_came(rule: str, is_off: bool, mode: str, bench: Bench) -> None:
    bench.configure(runtime_rules=[rule], runtime_mode=mode)
    cookie = BAD_COOKIE if "cookie" in rule or "~c" in rule else COOKIE
    flow = bench.play(live((b"Referer", b"/a")), cookie)
    name = rule.split("|")[2]
    for _ in range(2):
        assert (name not in {found for found, _ in bench.found()}) is is_off
        bench.call("runtime.judge", [flow])


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_what_a_client_says_to_its_proxy_came_too(mode: str, bench: Bench) -> None:
    bench.configure(runtime_scope="~hq Proxy-Connection", runtime_mode=mode)
    bench.play(live((b"Proxy-Connection", b"keep-alive"), mode="regular"), BAD_COOKIE)
    assert ("cookie-lifetime-too-long", "sid") in bench.found()


@pytest.mark.parametrize(
    "options", [{"runtime_rules": ["|~hq Referer|cookie-session|off"]}, {"runtime_scope": "~d app"}]
)
def test_a_filter_does_not_undo_what_others_did_to_the_flow(options: dict[str, Any], bench: Bench) -> None:
    bench.configure(**options)
    flow = live((b"Referer", b"/a"), method="POST", http_version="HTTP/2.0")
    bench.addon.requestheaders(flow)
    flow.request.headers["Authorization"] = "added"
    flow.request.raw_content = b"content"
    bench.addon.request(flow)
    arrive(flow, COOKIE)
    bench.addon.responseheaders(flow)
    assert flow.response
    flow.response.headers["X-Added"] = "1"
    bench.call("runtime.judge", [_finished(flow)])
    assert flow.request.headers["Authorization"] == "added"
    assert "Referer" not in flow.request.headers
    assert flow.response.headers["X-Added"] == "1"


def test_a_reply_is_still_the_runtimes_if_its_rule_is_off_later(bench: Bench) -> None:
    flow = bench.play(live(method="OPTIONS"))
    bench.configure(runtime_rules=["/preflight-answered/off"])
    bench.call("runtime.judge", [flow])
    bench.configure(runtime_scope="!~c 204")
    bench.call("runtime.judge", [flow])
    assert bench.report()["exchanges"]["judged"] == 1


def test_what_no_longer_holds_does_not_stay_on_a_flow_that_was_changed(bench: Bench) -> None:
    many = [(b"X-%d" % number, b"v" * 75) for number in range(42)]
    flow = bench.play(live((b"Referer", b"/a"), *many), (b"Content-Type", b"text/html"), COOKIE)
    assert "headers-near-limit" in _rules(flow)
    bench.configure(runtime_limits="15kb/90")
    bench.call("runtime.judge", [flow])
    assert "headers-near-limit" not in _rules(flow)


def test_a_pattern_is_not_asked_about_the_reply_to_a_request(bench: Bench) -> None:
    bench.configure(runtime_rules=["|~c 431|request-headers-too-long|off"])
    flow = bench.play(live(*TOO_MANY))
    bench.call("runtime.judge", [flow])
    assert _rules(flow) == ["request-headers-too-long"]
    assert flow.response
    assert flow.response.status_code == 431


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_if_the_response_shows_that_a_flow_is_outside_the_scope_nothing_of_it_counts(mode: str, bench: Bench) -> None:
    bench.configure(runtime_scope="!~c 404", runtime_mode=mode)
    flow = bench.play(live((b"Referer", b"/a")), BAD_COOKIE, status=404)
    report = bench.addon._report()
    assert (report.judged, report.outside_scope, bench.found()) == (0, 1, set())
    assert flow.response
    assert flow.response.status_code == 404
    assert flow.marked == ""


def test_scope_that_speaks_of_the_response(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(runtime_scope="~c 200")
    flow = bench.play(live((b"Referer", b"/a")), COOKIE)
    assert (bench.addon._report().judged, bench.addon._report().outside_scope) == (1, 0)
    assert flow.request.headers["Referer"] == "/a"
    assert flow.response
    assert flow.response.headers["Set-Cookie"].endswith("; HttpOnly; Secure")
    assert set(_rules(flow)) >= {"restricted-request-header", "cookie-domain-replaced"}
    assert bench.play(live(), BAD_COOKIE, status=500).metadata == {}
    bench.play(live(path="/b"))
    assert caplog.text.count("runtime_scope needs the response, so requests reach the site as they are.") == 1


def test_what_is_off_is_still_known_of_a_recording_that_was_changed(bench: Bench) -> None:
    flow = bench.play(live(), BAD_COOKIE)
    flow.live = False
    found = [each["rule"] for each in flow.metadata["runtime"]]
    for rules in ([f"/{rule}/off" for rule in found], []):
        copy = flow.copy()
        bench.configure(runtime_rules=rules)
        bench.call("runtime.clear")
        bench.read(copy)
        assert bench.addon._report().unmeasured == 1
        assert [each["rule"] for each in copy.metadata["runtime"]] == found
        assert any(each["shown"] for each in copy.metadata["runtime"]) is not bool(rules)
        flow = copy
    assert {rule for rule, _ in bench.found()} == set(found)


def test_a_replay_is_another_exchange_of_the_same_flow(bench: Bench) -> None:
    bench.configure(runtime_scope="~c 200")
    flow = bench.play(live())
    flow.response, flow.is_replay = None, "request"
    bench.play(flow, BAD_COOKIE)
    assert flow.response
    assert flow.response.status_code == 400
    assert bench.report()["exchanges"]["judged"] == 2


def test_a_recording_that_comes_into_scope_between_hooks_is_counted_once(bench: Bench) -> None:
    bench.configure(runtime_scope="~marked")
    flow = recorded(BAD_COOKIE)
    bench.addon.requestheaders(flow)
    flow.marked = ":star:"
    bench.addon.responseheaders(flow)
    bench.addon.response(flow)
    assert [found["count"] for found in bench.report()["findings"]] == [1]
    assert [found["rule"] for found in flow.metadata["runtime"]] == ["cookie-lifetime-too-long"]


def test_a_response_that_still_arrives_is_judged_at_its_end_too(bench: Bench) -> None:
    bench.configure(runtime_mode="audit", runtime_scope="~d other")
    flow = live()
    bench.addon.requestheaders(flow)
    response = arrive(flow)
    bench.addon.responseheaders(flow)
    bench.configure(runtime_scope="")
    bench.addon.judge([flow])
    response.raw_content, response.timestamp_end = b"x" * (4 * 1024 * 1024 + 1), NOW + 3
    bench.addon.response(flow)
    assert "response-too-large" in {found["rule"] for found in flow.metadata["runtime"]}


@pytest.mark.parametrize("mode", ["enforce", "audit"])
@pytest.mark.parametrize("size", [0, 4 * 1024 * 1024 + 1])
@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_said_of_a_response_does_not_depend_on_what_stands_in_for_it(
    streamed: bool, size: int, mode: str, bench: Bench
) -> None:
    bench.configure(runtime_mode=mode)
    flow = live()
    bench.addon.requestheaders(flow)
    response = arrive(flow, BAD_COOKIE)
    response.stream = streamed
    bench.addon.responseheaders(flow)
    assert flow.response
    assert (flow.response is response) is (mode == "audit")
    content = b"x" * size
    if callable(flow.response.stream):
        flow.response.stream(content)
    else:
        flow.response.raw_content = content
    flow.response.timestamp_end = NOW + 3
    bench.addon.response(flow)
    expected = {"response-too-large", "content-type-missing"} if size else set()
    assert {found["rule"] for found in flow.metadata["runtime"]} == {"cookie-lifetime-too-long"} | expected


def test_a_folded_cookie_is_a_cookie(bench: Bench) -> None:
    flow = bench.play(live(), (b"Set-Cookie", lasting(b"sid=a; Path=/").replace(b"; Max", b";\r\n Max")))
    assert flow.response
    assert flow.response.status_code == 400
    flow = bench.play(live(), (b"Set-Cookie", b"sid=a; Path=/;\r\n Domain=b.test"))
    assert flow.response
    assert flow.response.headers["Set-Cookie"] == "sid=a; Path=/; Domain=app.example.test; HttpOnly; Secure"


def test_scope_that_speaks_of_the_response_and_a_request_that_is_too_long(bench: Bench) -> None:
    """It is too late for a 431, so the exchange goes on, and the finding says what would have been."""
    bench.configure(runtime_scope="~c 200")
    flow = bench.play(live(*TOO_MANY), BAD_COOKIE)
    assert flow.response
    assert flow.response.status_code == 200
    assert "request-headers-too-long" in _rules(flow)
    assert "cookie-lifetime-too-long" not in _rules(flow)


def test_rules_that_are_off_are_not_enforced(bench: Bench) -> None:
    bench.configure(runtime_rules=["/cookie-lifetime-too-long:sid/off", "/preflight-answered/off"])
    assert bench.play(live(method="OPTIONS"), BAD_COOKIE).response.status_code == 200  # type: ignore[union-attr]
    other = (b"Set-Cookie", lasting(b"other=a"))
    assert bench.play(live(), other).response.status_code == 400  # type: ignore[union-attr]
    assert ("cookie-lifetime-too-long", "sid") not in bench.found()


def test_level_changes_the_severity(bench: Bench) -> None:
    bench.configure(runtime_rules=["/cookie-lifetime-too-long/info", "/cookie-attributes-added/error"])
    assert bench.play(live(), BAD_COOKIE).marked == ""
    assert bench.play(live(), COOKIE).marked == ":red_circle:"


@pytest.mark.parametrize(
    ("show", "marked"),
    [("info", [":large_blue_circle:", ":yellow_circle:"]), ("warning", ["", ":yellow_circle:"]), ("error", ["", ""])],
)
def test_what_is_shown(show: str, marked: list[str], bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.configure(runtime_show=show)
    plain: Field = (b"Set-Cookie", b"a=1; Max-Age=1; Secure")
    flows = [bench.play(live(path="/a"), plain), bench.play(live(path="/b"), COOKIE)]
    assert [flow.marked for flow in flows] == marked
    assert [bool(flow.comment) for flow in flows] == [bool(mark) for mark in marked]
    assert all(_rules(flow) for flow in flows)
    assert ("Runtime info in" in caplog.text) is (show == "info")
    assert ("Runtime warning in" in caplog.text) is (show != "error")


def test_wrong_value_is_refused_and_the_one_before_stays_in_force(bench: Bench) -> None:
    bench.configure(runtime_mode="audit", runtime_limits="8kb/80")
    for option, value in (
        ("runtime_mode", "loud"),
        ("runtime_limits", "?"),
        ("runtime_rules", ["?"]),
        ("runtime_scope", "~"),
    ):
        with pytest.raises(OptionsError, match=option):
            bench.context.options.update(**{option: value})
    assert bench.context.options.runtime_mode == "audit"
    assert bench.context.options.runtime_limits == "8kb/80"
    assert bench.play(live(), BAD_COOKIE).response.status_code == 200  # type: ignore[union-attr]
    assert bench.report()["mode"] == "audit"
    assert bench.report()["limits"] == {"bytes": 8192, "count": 80}


def test_options_of_others_change_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FunctionsRuntime, "_heed_options", lambda self: pytest.fail("options were read again"))
    bench.context.options.update(http2=False)


# Checks that break


@pytest.fixture
def break_rule(bench: Bench) -> Callable[[str], None]:
    def break_one(rule_id: str) -> None:
        def check(exchange: Exchange, profile: Profile) -> list[Any]:
            raise ZeroDivisionError("topsecret")

        broken = [dataclasses.replace(rule, check=check) if rule.id == rule_id else rule for rule in RULES]
        bench.addon._session = Session(Profile(), b"", broken)

    return break_one


@pytest.mark.parametrize(
    "rule", [rule.id for rule in RULES if rule.step in (Step.REQUEST_LIMITS, Step.REQUEST_REPLY, Step.REQUEST_FIELDS)]
)
def test_request_goes_on_untouched_where_a_check_breaks(
    rule: str, bench: Bench, break_rule: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    break_rule(rule)
    fields: list[Field] = [(b"Referer", b"/a")]
    flow = live(*fields)
    bench.addon.requestheaders(flow)
    assert flow.response is None
    assert flow.request.headers == live(*fields).request.headers
    _assert_failure_is_logged(rule, flow, caplog)


@pytest.mark.parametrize(
    "rule",
    [rule.id for rule in RULES if rule.step in (Step.RESPONSE_LIMITS, Step.RESPONSE_REPLY, Step.RESPONSE_FIELDS)],
)
def test_response_goes_on_untouched_where_a_check_breaks(
    rule: str, bench: Bench, break_rule: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    break_rule(rule)
    flow = bench.play(live(), COOKIE, (b"X-App", b"1"))
    assert flow.response
    assert flow.response.headers == http.Headers([COOKIE, (b"X-App", b"1")])
    assert (flow.response.status_code, flow.response.raw_content) == (200, b"content")
    _assert_failure_is_logged(rule, flow, caplog)


def _assert_failure_is_logged(rule: str, flow: http.HTTPFlow, caplog: pytest.LogCaptureFixture) -> None:
    (record,) = (each for each in caplog.records if "broke" in each.getMessage())
    assert record.levelno == logging.WARNING
    assert (
        f"the check {rule} broke on flow {flow.id}, GET app.example.test/a (ZeroDivisionError in" in record.getMessage()
    )
    assert "The exchange goes on untouched." in record.getMessage()
    assert "topsecret" not in caplog.text


# The log


def test_log_never_reaches_error_and_says_each_thing_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench.configure(runtime_show="info", runtime_mode="audit")
    for _ in range(100):
        bench.play(live((b"Referer", b"/a")), COOKIE)
        bench.play(live(*TOO_MANY, path="/long"))
        bench.play(live(path="/bad"), BAD_COOKIE)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == len(set(messages)) == len(bench.report()["findings"])
    assert max(record.levelno for record in caplog.records) == logging.WARNING
    assert {each["count"] for each in bench.report()["findings"]} == {100}


def test_every_reply_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(runtime_show="error")
    for _ in range(3):
        bench.play(live(*TOO_MANY))
        bench.play(live(path="/bad"), BAD_COOKIE)
        bench.play(live(method="OPTIONS"))
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    replies = [message for message in messages if message.startswith("Runtime responded")]
    assert len([message for message in replies if "responded with 431 to GET app.example.test/a" in message]) == 3
    assert len([message for message in replies if "responded with 400 to GET app.example.test/bad" in message]) == 3
    assert len(replies) == 6


# The end


def _summary(bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is logged at the end, in a mitmproxy that the addon takes for mitmdump."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    monkeypatch.setattr(internals, "prints_log", lambda: True)
    bench.addon.done()
    return caplog.text


def test_summary_of_nothing(bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing was judged. There was no HTTP request." in _summary(bench, caplog, monkeypatch)


def test_summary_of_nothing_in_scope(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.configure(runtime_scope="~d nowhere.test")
    bench.play(live())
    bench.play(live())
    summary = _summary(bench, caplog, monkeypatch)
    assert "None of 2 requests matched runtime_scope (~d nowhere.test)" in summary


def test_summary(bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.play(live(), BAD_COOKIE)
    bench.play(live())
    summary = _summary(bench, caplog, monkeypatch)
    assert "2 requests checked, 1 without a problem. Found: 1 error" in summary
    assert "error   cookie-lifetime-too-long: A cookie lives longer than a day." in summary
    assert "            [sid] GET app.example.test/a (1×)" in summary


def test_no_summary_where_somebody_watches_unless_there_was_nothing_to_see(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.configure(runtime_scope="!~u /outside")
    bench.play(live(path="/outside"))
    bench.addon.done()
    assert "nothing was judged. None of 1 request matched runtime_scope (!~u /outside)." in caplog.text
    caplog.clear()
    bench.play(live())
    bench.addon.done()
    assert caplog.records == []


def test_reports_are_written_at_the_end(bench: Bench, tmp_path: Path) -> None:
    bench.configure(runtime_report=[str(tmp_path / "report.json")])
    bench.play(live(), BAD_COOKIE)
    bench.addon.done()
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["exchanges"] == {"judged": 1, "clean": 0}


def test_reports_are_written_while_running(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "report.json"

    async def run() -> None:
        bench.addon.running()
        while not path.exists():
            await asyncio.sleep(0.005)

    bench.configure(runtime_report=[str(path)])
    asyncio.run(asyncio.wait_for(run(), 30))


# Commands


def test_judge_judges_again_by_other_options(bench: Bench) -> None:
    flow = bench.read(recorded(BAD_COOKIE))
    assert flow.marked == ":red_circle:"
    bench.configure(runtime_rules=["/cookie-lifetime-too-long/off"])
    before = flow.request.get_state()
    bench.call("runtime.judge", [flow, tflow.ttcpflow()])
    assert flow.marked == ""
    assert "cookie-lifetime-too-long" not in _rules(flow)
    assert flow.request.get_state() == before
    assert bench.updated == [flow]


def test_the_live_page_follows_the_options(bench: Bench) -> None:
    async def shown() -> tuple[str, str]:
        page = bench.addon._dashboard
        before = await page.current()
        bench.configure(runtime_limits="15kb/90")
        after = await page.other_than(before.version)
        assert after
        return str(before.content), str(after.content)

    bench.play(live())
    before, after = asyncio.run(shown())
    assert ("4,096 bytes" in before, "15,360 bytes" in after) == (True, True)


def test_judge_keeps_to_the_scope(bench: Bench) -> None:
    bench.configure(runtime_scope="~u inside")
    inside, outside = recorded(BAD_COOKIE, path="/inside"), recorded(BAD_COOKIE, path="/outside")
    bench.call("runtime.judge", [inside, outside])
    assert (inside.marked, outside.marked) == (":red_circle:", "")


def test_what_is_outside_a_new_scope_no_longer_counts_once_it_is_judged_again(bench: Bench) -> None:
    bench.configure(runtime_mode="audit")
    mine, others = [_finished(bench.play(live(host=host), BAD_COOKIE)) for host in (b"mine.test", b"others.test")]
    kept = bench.play(live(host=b"kept.test"), BAD_COOKIE)
    before = bench.report()
    bench.configure(runtime_scope="~d mine.test")
    assert bench.report()["hosts"] == [{**each, "own": False} for each in before["hosts"]]
    bench.call("runtime.judge", [mine, others])
    report = bench.report()
    assert {each["host"]: each["own"] for each in report["hosts"]} == {"mine.test": True, "kept.test": False}
    assert (mine.marked, others.marked, others.comment) == (":red_circle:", "", "")
    assert "runtime" not in others.metadata  # or the view Runtime would say that all is well
    bench.addon._shown_by_experiment(others, "referer", by_experiment("referer", ["status"]))
    others.error = mitmproxy_flow.Error("gone")
    bench.addon.error(others)
    assert (others.marked, "runtime" in others.metadata) == ("", False)
    assert report["exchanges"]["judged"] == 2
    bench.call("runtime.judge", [others])
    bench.configure(runtime_scope="")
    bench.call("runtime.judge", [mine, others])
    assert others.marked
    assert bench.report()["findings"] == before["findings"]
    assert kept.marked


def test_what_enforce_mode_changed_is_still_known_outside_the_scope(bench: Bench) -> None:
    flow = _finished(bench.play(live((b"Referer", b"/a"))))
    bench.configure(runtime_scope="~d elsewhere")
    bench.call("runtime.judge", [flow])
    assert {(each["enforced"], each["shown"]) for each in flow.metadata["runtime"]} == {(True, False)}
    assert bench.report()["exchanges"]["judged"] == 0
    copy = _finished(flow.copy())
    bench.configure(runtime_scope="", runtime_rules=["/restricted-request-header/off"])
    bench.read(copy)
    bench.configure(runtime_scope="~d elsewhere")
    bench.call("runtime.judge", [copy])
    assert "restricted-request-header" in [each["rule"] for each in copy.metadata["runtime"] if each["enforced"]]
    bench.configure(runtime_rules=[])
    bench.configure(runtime_scope="")
    bench.call("runtime.judge", [flow])
    assert "restricted-request-header" in _rules(flow)


@pytest.mark.parametrize(
    ("request_fields", "fields", "rules"),
    [
        ([(b"Referer", b"/a")], [], ["/restricted-request-header/off"]),
        ([], [(b"Set-Cookie", lasting(b"a=1; HttpOnly; Secure"))], ["/cookie-lifetime-too-long/off"]),
    ],
)
def test_a_recording_still_says_what_enforce_mode_did_if_the_rule_is_off_by_then(
    request_fields: list[Field], fields: list[Field], rules: list[str], bench: Bench
) -> None:
    flow = bench.play(live(*request_fields), (b"Content-Type", b"text/html"), *fields)
    [before] = bench.found()
    bench.configure(runtime_rules=rules)
    bench.call("runtime.judge", [flow])
    assert bench.found() == set()
    copy = _finished(flow.copy())
    bench.configure(runtime_rules=[])
    bench.read(copy)
    assert bench.found() == {before}
    assert bench.report()["exchanges"]["judged"] == 2
    bench.call("runtime.judge", [flow])
    assert [each["enforced"] for each in flow.metadata["runtime"]] == [True]


def test_report_is_written_when_asked(bench: Bench, tmp_path: Path) -> None:
    bench.play(live(), BAD_COOKIE)
    bench.call("runtime.report", str(tmp_path / "report.json"))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["summary"]["error"] == 1


@pytest.mark.parametrize("name", ["report.txt", "report", "nowhere/report.json", "report.jsonl"])
def test_report_that_cannot_be_written_is_refused(name: str, bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        bench.call("runtime.report", str(tmp_path / name))
    assert "report" in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_every_rule_is_listed_and_explained(bench: Bench) -> None:
    rules = bench.call("runtime.rules")
    assert rules == [rule.id for rule in RULES]
    for rule in rules:
        text = "\n".join(bench.call("runtime.explain", rule))
        assert BY_ID[rule].title in text
        assert BY_ID[rule].fix in text


def test_unknown_rule_cannot_be_explained(bench: Bench) -> None:
    with pytest.raises(CommandError, match=r"There is no rule 'no-such-rule'\. The rules are .*cookie-session"):
        bench.context.master.commands.execute("runtime.explain no-such-rule")


def test_rules_are_completed(bench: Bench) -> None:
    commands = bench.context.master.commands
    [parameter] = commands.commands["runtime.explain"].parameters
    kind = mitmproxy.types.CommandTypes.get(parameter.type)
    assert kind
    assert kind.completion(commands, parameter.type, "cookie-s") == list(BY_ID)
    assert kind.is_valid(commands, parameter.type, "cookie-session")
    assert not kind.is_valid(commands, parameter.type, "nonsense")


def test_clear_forgets_the_findings_and_leaves_the_flows(bench: Bench) -> None:
    flow = bench.play(live(), BAD_COOKIE)
    bench.call("runtime.clear")
    assert bench.report()["exchanges"] == {"judged": 0, "clean": 0}
    assert bench.found() == set()
    assert flow.marked == ":red_circle:"
    bench.play(live(), BAD_COOKIE)
    assert bench.report()["exchanges"]["judged"] == 1


@pytest.mark.parametrize("name", ["runtime", "functions_runtime_proxy.script"])
def test_script_offers_one_addon_and_finds_no_hook_quickly(name: str) -> None:
    script = importlib.import_module(name)
    (addon,) = script.addons
    assert isinstance(addon, FunctionsRuntime)
    for hook in ("requestheaders", "request", "responseheaders", "response", "error", "update"):
        assert callable(getattr(addon, hook))
        assert getattr(script, hook, "missing") is None


# Judging again


def _finished(flow: http.HTTPFlow) -> http.HTTPFlow:
    flow.live = False
    return flow


def test_an_experiment_on_what_was_not_judged_judges_it(bench: Bench) -> None:
    flow = recorded(BAD_COOKIE, request_fields=[(b"Referer", b"/a")])
    bench.addon._shown_by_experiment(flow, "referer", by_experiment("referer", ["status"]))
    assert {("cookie-lifetime-too-long", "sid"), ("restricted-header-used", "referer")} <= bench.found()


def test_the_notice_no_longer_names_a_header_that_an_experiment_tried(bench: Bench) -> None:
    """By the host that the exchange names, which is not the one that mitmproxy connects to."""
    bench.configure(runtime_mode="audit")
    flow = recorded(request_fields=((b"Via", b"1.1 a"), (b"X-Real-IP", b"192.0.2.1")))
    bench.addon._shown_by_experiment(flow, "x-real-ip", None)
    [notice] = [each for each in bench.report()["notices"] if each["id"] == "restricted-untested"]
    assert "via (1)" in notice["message"]
    assert "x-real-ip" not in notice["message"]


def test_what_was_outside_the_scope_is_judged_whole_when_it_is_judged_again(bench: Bench) -> None:
    bench.configure(runtime_mode="audit", runtime_scope="!~c 200")
    flow = _finished(bench.play(live(), BAD_COOKIE))
    bench.configure(runtime_scope="")
    bench.call("runtime.judge", [flow])
    assert ("cookie-lifetime-too-long", "sid") in bench.found()
    assert bench.report()["verdict"]["site"] == "breaks"


def test_a_response_that_another_addon_made_up_is_not_judged_later_either(bench: Bench) -> None:
    flow = live()
    bench.addon.requestheaders(flow)
    flow.response = http.Response.make(200, b"made up", {"Set-Cookie": "sid=a; Max-Age=99999"})
    bench.addon.responseheaders(flow)
    bench.call("runtime.judge", [_finished(flow)])
    assert bench.found() == set()


def test_judging_again_says_of_no_flow_that_it_was_changed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(runtime_mode="audit")
    flow = bench.play(live(), BAD_COOKIE)
    bench.configure(runtime_mode="enforce")
    caplog.clear()
    bench.call("runtime.judge", [flow])
    assert flow.metadata["runtime"][0]["enforced"] is False
    assert "responded with 400" not in caplog.text


def test_judging_again_heeds_the_domain_and_the_cookies_are_listed_so(bench: Bench) -> None:
    flow = _finished(bench.play(live(), COOKIE))

    def listed() -> list[str]:
        return [cookie["runtime"] for cookie in bench.report()["cookies"]]

    bench.configure(runtime_domain="moved.twil.io")
    bench.call("runtime.judge", [flow])
    assert "Under the Runtime it becomes moved.twil.io" in flow.comment
    assert listed() == ["Max-Age=60; Domain=moved.twil.io; HttpOnly; Secure"]


def test_a_flow_that_was_not_changed_is_judged_anew_from_a_recording(bench: Bench) -> None:
    plain = _finished(bench.play(live(), (b"Set-Cookie", b"sid=1; HttpOnly; Secure; Max-Age=60"))).copy()
    bench.configure(runtime_limits="10b/1")
    assert "request-headers-too-long" in _rules(bench.read(plain))


def test_one_response_does_not_flood_the_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    cookies = [(b"Set-Cookie", b"c%d=1; Domain=b.example" % number) for number in range(60)]
    bench.configure(runtime_mode="audit")
    with caplog.at_level("INFO"):
        bench.play(live(), *cookies)
    assert len([record for record in caplog.records if "cookie-domain-replaced" in record.getMessage()]) == 20
    assert any("40 more findings" in record.getMessage() for record in caplog.records)


def test_the_reply_of_a_response_is_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    cookies = [(b"Set-Cookie", lasting(b"c%d=1" % number)) for number in range(10)]
    for _ in range(2):
        bench.play(live(), *cookies)
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "responded with 400 to GET app.example.test/a" in line]) == 2
    assert len([line for line in lines if "error in GET app.example.test/a" in line]) == 9


@pytest.mark.parametrize("make", [live, recorded])
def test_a_tunnel_is_no_exchange_with_the_site(make: Callable[..., http.HTTPFlow], bench: Bench) -> None:
    tunnel = make(method="CONNECT", path="/")
    bench.addon.requestheaders(tunnel)
    arrive(tunnel)
    bench.addon.responseheaders(tunnel)
    bench.call("runtime.judge", [tunnel])
    assert bench.report()["exchanges"]["judged"] == 0


def test_judging_again_says_and_writes_nothing_twice(
    bench: Bench, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    bench.configure(runtime_report=[str(log)], runtime_mode="audit")
    flow = _finished(bench.play(live(), BAD_COOKIE))
    written = log.read_text(encoding="utf-8")
    caplog.clear()
    with caplog.at_level("INFO"):
        bench.call("runtime.judge", [flow])
    assert [record.getMessage() for record in caplog.records] == ["Runtime: judged 1 of 1 flows."]
    assert log.read_text(encoding="utf-8") == written
    bench.configure(runtime_limits="10b/1")
    bench.call("runtime.judge", [flow])
    assert "request-headers-too-long" in caplog.text


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (["|~d shop.example.test|cookie-shared-across-hosts|off"], False),
        (["|~m GET & ~u /basket|cookie-shared-across-hosts|off"], False),
        (["|~d login.example.test|cookie-shared-across-hosts|off"], True),
        (["|~m POST|cookie-shared-across-hosts|off"], True),
    ],
)
def test_a_pattern_is_asked_where_a_finding_belongs(
    rules: list[str], found: bool, order: list[int], bench: Bench
) -> None:
    bench.configure(runtime_mode="audit", runtime_rules=rules)
    shop = live((b"Cookie", b"sid=abcdefgh"), host=b"shop.example.test", path="/basket")
    login = live(host=b"login.example.test", path="/login", method="POST")
    exchanges = [(login, [(b"Set-Cookie", b"sid=abcdefgh; Domain=example.test")]), (shop, [])]
    for each in order:
        bench.play(exchanges[each][0], *exchanges[each][1])
    assert (("cookie-shared-across-hosts", "sid") in bench.found()) is found


@pytest.mark.parametrize("rules", [[], ["/restricted-request-header/off"], ["/restricted-request-header:referer/off"]])
def test_what_got_to_the_server_after_all_is_evidence(rules: list[str], bench: Bench) -> None:
    bench.configure(runtime_rules=rules)
    came_from = b"https://app.example.test/came/from"
    flow = _finished(
        bench.play(live((b"Referer", came_from), (b"Via", b"1.1 a")), (b"Location", came_from), status=302)
    )
    for _ in range(2):
        assert ("restricted-header-used" in _rules(flow)) is bool(rules)
        bench.call("runtime.judge", [flow])


def test_what_is_outside_the_scope_changes_the_report_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = []
    monkeypatch.setattr(bench.addon._dashboard, "changed", lambda: changes.append(1))
    bench.configure(runtime_scope="~d nowhere.test")
    bench.play(live())
    assert changes
    assert bench.addon._report().outside_scope == 1
