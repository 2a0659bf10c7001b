"""From flows to exchanges and back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader, FlowWriter

from functions_runtime.ruling import (
    AppendAttributes,
    Basis,
    Finding,
    Forward,
    RemoveField,
    Reply,
    Rewrite,
    Severity,
)
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime_proxy import flow_bridge
from tests.flows import NOW, Field, arrive, live

HOST: Field = (b"Host", b"app.example.test")
REPLY = Reply(400, "Bad Request", ((b"Content-Type", b"text/plain"),), b"too long")


def _finding(severity: Severity = Severity.ERROR, rule: str = "cookie-lifetime-too-long", **more: Any) -> Finding:
    return Finding(rule, severity, Basis.DOCUMENTED, "It is.", "Do not.")._replace(**more)


# Request


def test_request_is_what_the_client_sent() -> None:
    flow = live((b"X-A", b"\xff"), (b"x-a", b""), method="POST", path="/a/b?c=%64&e", host=b"App.Example.test:8443")
    request = flow_bridge.request_of(flow, "", keep_host_header=True)
    assert (request.method, request.host, request.path, request.query) == (
        "POST",
        "app.example.test",
        "/a/b",
        b"c=%64&e",
    )
    assert request.fields == ((b"Host", b"App.Example.test:8443"), (b"X-A", b"\xff"), (b"x-a", b""))
    assert request.domain == "app.example.test"
    assert request.time == NOW


REGULAR, REVERSE, UPSTREAM = "regular", "reverse:http://backend.test:8080", "upstream:http://proxy.test:3128"


@pytest.mark.parametrize(
    ("mode", "host", "sni", "keeps_host", "domain"),
    [
        (REGULAR, b"app.example.test", None, False, "app.example.test"),
        (UPSTREAM, b"app.example.test:81", "other.example.test", False, "app.example.test"),
        (REVERSE, b"app.example.test", None, True, "app.example.test"),
        (REVERSE, b"backend.test:8080", None, True, "backend.test"),
        (REVERSE, b"backend.test:8080", None, False, None),
        (REVERSE, b"BACKEND.test:8080", None, False, None),
        (REVERSE, b"backend.test:8080", "App.Example.test", False, "app.example.test"),
        (REVERSE, b"set.by.an.addon.test", "app.example.test", False, "set.by.an.addon.test"),
        (REGULAR, b"[2001:db8::1]:81", None, False, None),
        (REGULAR, b"no host", None, False, None),
        (REGULAR, b"a.test:port", None, False, None),
        (REGULAR, None, None, False, "backend.test"),
        (REGULAR, b"", None, False, "backend.test"),
    ],
)
def test_domain_is_the_host_that_the_client_addressed(
    mode: str, host: bytes | None, sni: str | None, keeps_host: bool, domain: str | None
) -> None:
    flow = live(host=host, mode=mode, sni=sni)
    assert flow_bridge.request_of(flow, "", keeps_host).domain == domain
    assert flow_bridge.request_of(flow, "production.test", keeps_host).domain == "production.test"


def test_host_of_an_overwritten_request_is_the_target_for_want_of_a_better_name() -> None:
    assert flow_bridge.request_of(live(host=b"backend.test:8080"), "", keep_host_header=False).host == "backend.test"


PROXY_FIELDS: list[Field] = [(b"Proxy-Connection", b"keep-alive"), (b"proxy-authorization", b"Basic YQ==")]


@pytest.mark.parametrize(("mode", "kept"), [(REGULAR, False), (UPSTREAM, False), (REVERSE, True)])
def test_what_a_client_says_to_its_proxy_is_no_part_of_the_request(mode: str, kept: bool) -> None:
    fields = flow_bridge.request_of(live(*PROXY_FIELDS, mode=mode), "", keep_host_header=True).fields
    assert fields == ((HOST, *PROXY_FIELDS) if kept else (HOST,))


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3"])
def test_request_over_http2_is_as_http1_would_write_it(version: str) -> None:
    flow = live(
        (b"cookie", b"a=1"), (b"x", b"1"), (b"cookie", b"b=2"), host=None, authority=HOST[1], http_version=version
    )
    request = flow_bridge.request_of(flow, "", keep_host_header=True)
    assert request.fields == (HOST, (b"cookie", b"a=1; b=2"), (b"x", b"1"))
    assert request.host == "app.example.test"


def test_cookies_of_http1_stay_apart() -> None:
    flow = live((b"Cookie", b"a=1"), (b"Cookie", b"b=2"))
    fields = flow_bridge.request_of(flow, "", keep_host_header=True).fields
    assert fields == (HOST, (b"Cookie", b"a=1"), (b"Cookie", b"b=2"))


# Response


def test_response_is_what_the_server_sent() -> None:
    flow = live()
    arrive(flow, (b"Set-Cookie", b"a=1"), (b"X", b"\xff"), status=503)
    response = flow_bridge.response_of(flow)
    assert (response.status, response.fields) == (503, ((b"Set-Cookie", b"a=1"), (b"X", b"\xff")))
    assert (response.time, response.waited) == (NOW + 2, 1)


def test_response_without_times() -> None:
    flow = live()
    arrive(flow).timestamp_start = 0
    assert flow_bridge.response_of(flow).time == NOW
    assert flow_bridge.response_of(flow).waited is None
    arrive(flow)
    flow.request.timestamp_end = None
    assert flow_bridge.response_of(flow).waited is None


def test_made_up_responses_are_told_from_those_off_the_wire() -> None:
    flow = live()
    arrive(flow)
    assert not flow_bridge.is_made_up(flow)
    flow.response = http.Response.make(200, b"made up")
    assert flow_bridge.is_made_up(flow)
    arrive(flow).timestamp_end = NOW
    assert flow_bridge.is_made_up(flow)
    arrive(flow).raw_content = b""
    assert flow_bridge.is_made_up(flow)
    flow.is_replay = "response"
    assert not flow_bridge.is_made_up(flow)


# Edits


def _rewritten(flow: http.HTTPFlow, *names: bytes) -> Fields:
    action = Rewrite(tuple(RemoveField(name) for name in names)) if names else Forward()
    flow_bridge.rewrite_request(flow, action)
    fields: Fields = flow.request.headers.fields
    return fields


def test_request_loses_the_fields_that_it_should() -> None:
    flow = live((b"Referer", b"/a"), (b"X", b"\xff"), (b"referer", b"/b"), (b"Via", b"1.1 a"))
    assert _rewritten(flow, b"referer", b"via") == (HOST, (b"X", b"\xff"))


@pytest.mark.parametrize(("mode", "kept"), [(REGULAR, False), (REVERSE, True)])
@pytest.mark.parametrize("names", [(), (b"referer",)])
def test_request_loses_what_the_client_said_to_its_proxy(mode: str, kept: bool, names: tuple[bytes, ...]) -> None:
    flow = live(*PROXY_FIELDS, mode=mode)
    assert _rewritten(flow, *names) == ((HOST, *PROXY_FIELDS) if kept else (HOST,))


def test_expectation_that_mitmproxy_answers_is_left_to_it() -> None:
    assert _rewritten(live((b"Expect", b"100-Continue")), b"expect", b"via") == (HOST, (b"Expect", b"100-Continue"))
    assert _rewritten(live((b"Expect", b"miracles")), b"expect") == (HOST,)


def test_response_is_edited_in_place() -> None:
    flow = live()
    response = arrive(flow, (b"X", b"\xff"), (b"Set-Cookie", b"a=\xfe"))
    flow_bridge.rewrite_response(flow, Rewrite((AppendAttributes(1, (b"Secure",)),)))
    assert flow.response is response
    assert response.headers.fields == ((b"X", b"\xff"), (b"Set-Cookie", b"a=\xfe; Secure"))


# Replies


@pytest.mark.parametrize(("method", "content"), [("GET", b"too long"), ("HEAD", b"")])
def test_reply_has_everything_that_a_response_needs(method: str, content: bytes) -> None:
    response = flow_bridge.reply_to(live(method=method), REPLY)
    assert (response.status_code, response.reason) == (400, "Bad Request")
    assert response.headers.fields == ((b"Content-Type", b"text/plain"), (b"Content-Length", b"8"))
    assert response.raw_content == content
    assert flow_bridge.is_made_up(_with(live(), response))


def test_reply_without_content_has_no_length() -> None:
    response = flow_bridge.reply_to(live(method="OPTIONS"), Reply(204, "No Content"))
    assert (response.headers.fields, response.raw_content) == ((), b"")


def _with(flow: http.HTTPFlow, response: http.Response) -> http.HTTPFlow:
    flow.response = response
    return flow


def _streamed(response: http.Response, *pieces: bytes) -> list[bytes]:
    stream: Any = response.stream
    return [chunk for piece in (*pieces, b"") for chunk in stream(piece)]


@pytest.mark.parametrize("pieces", [(), (b"1",), (b"1", b"2" * 100_000, b"3")])
@pytest.mark.parametrize(("method", "content"), [("GET", [b"too long"]), ("HEAD", [])])
def test_replacement_swallows_what_arrives(method: str, content: list[bytes], pieces: tuple[bytes, ...]) -> None:
    flow = live(method=method)
    arrive(flow, (b"Content-Length", b"5"), (b"X-App", b"1"), (b"Set-Cookie", b"a=1"))
    flow_bridge.replace_response(flow, REPLY)
    assert flow.response
    assert flow.response.headers.fields == ((b"Content-Type", b"text/plain"), (b"Content-Length", b"8"))
    assert (flow.response.raw_content, flow.response.timestamp_end) == (None, None)
    assert flow.response.timestamp_start == NOW + 2
    assert _streamed(flow.response, *pieces) == content
    flow.response.trailers = http.Headers(x="1")
    flow_bridge.finish_reply(flow, REPLY)
    assert flow.response.raw_content == b"".join(content)
    assert flow.response.trailers is None


@pytest.mark.parametrize(
    ("version", "fields", "closes"),
    [
        ("HTTP/1.1", [(b"Content-Length", b"5")], False),
        ("HTTP/1.1", [(b"Transfer-Encoding", b"chunked")], True),
        ("HTTP/1.0", [], True),
        ("HTTP/2.0", [], False),
    ],
)
def test_client_is_not_kept_waiting_for_a_response_of_unknown_length(
    version: str, fields: list[Field], closes: bool
) -> None:
    flow = live(http_version=version)
    arrive(flow, *fields)
    flow_bridge.replace_response(flow, REPLY)
    assert flow.response
    assert flow.response.headers.get("connection") == ("close" if closes else None)


def test_replacement_of_a_response_that_is_whole_is_whole() -> None:
    flow = live()
    arrive(flow).raw_content = b"whole"
    flow_bridge.replace_response(flow, REPLY)
    assert flow.response
    assert flow.response.raw_content == b"too long"
    assert not flow.response.stream
    assert "connection" not in flow.response.headers


@pytest.mark.parametrize(
    ("media_type", "streamed"),
    [
        (b"text/event-stream", True),
        (b" Text/Event-Stream ; charset=utf-8", True),
        (b"text/event-streams", False),
        (b"text/html", False),
        (b"", False),
    ],
)
def test_events_are_streamed(media_type: bytes, streamed: bool) -> None:
    flow = live()
    response = arrive(flow, (b"Content-Type", media_type))
    flow_bridge.let_events_flow(flow)
    assert bool(response.stream) is streamed


def test_events_that_somebody_streams_already_are_left_to_them() -> None:
    flow = live()
    response = arrive(flow, (b"Content-Type", b"text/event-stream"))
    response.stream = theirs = lambda data: data
    flow_bridge.let_events_flow(flow)
    assert response.stream is theirs


# What shows on a flow


def _annotate(
    flow: http.HTTPFlow, *findings: Finding, show: Severity = Severity.WARNING, enforced: bool = False
) -> None:
    flow_bridge.annotate(flow, findings, show, enforced=enforced)


@pytest.mark.parametrize(
    ("severities", "mark"),
    [
        ([Severity.INFO, Severity.ERROR, Severity.WARNING], ":red_circle:"),
        ([Severity.WARNING, Severity.INFO], ":yellow_circle:"),
        ([Severity.INFO], ":large_blue_circle:"),
        ([], ""),
    ],
)
def test_mark_is_that_of_the_gravest_finding(severities: list[Severity], mark: str) -> None:
    flow = live()
    _annotate(flow, *map(_finding, severities), show=Severity.INFO)
    assert flow.marked == mark


def test_findings_below_what_is_shown_are_in_the_metadata_only() -> None:
    flow = live()
    _annotate(flow, _finding(Severity.INFO), _finding(Severity.WARNING, message="Shown."))
    assert flow.marked == ":yellow_circle:"
    assert flow.comment == "[Runtime warning: cookie-lifetime-too-long] Shown. What to do: Do not."
    assert [plain["severity"] for plain in flow.metadata["runtime"]] == ["info", "warning"]


def test_comment_begins_with_the_gravest_and_ends_somewhere() -> None:
    flow = live()
    findings = [_finding(Severity.WARNING, message=f"Number {number}.") for number in range(12)]
    _annotate(flow, *findings, _finding(message="The worst."))
    lines = flow.comment.split("\n")
    assert len(lines) == 11
    assert "The worst." in lines[0]
    assert lines[-1] == "[Runtime] … and 3 more findings."
    assert all(line.startswith("[Runtime") for line in lines)


def test_mark_and_comment_of_the_user_stay() -> None:
    flow = live()
    flow.marked, flow.comment = ":star:", "mine"
    _annotate(flow, _finding(message="One."))
    assert flow.marked == ":star:"
    assert flow.comment.startswith("mine\n[Runtime error")
    _annotate(flow, _finding(message="Two."))
    assert flow.comment.startswith("mine\n[Runtime error")
    assert "One." not in flow.comment
    _annotate(flow)
    assert (flow.marked, flow.comment) == (":star:", "mine")


def test_what_the_user_writes_beside_ours_stays() -> None:
    flow = live()
    _annotate(flow, _finding(message="One."))
    flow.comment += "\nmine"
    flow.marked = ":star:"
    _annotate(flow, _finding(message="Two."))
    assert flow.comment == "mine\n[Runtime error: cookie-lifetime-too-long] Two. What to do: Do not."
    assert flow.marked == ":star:"


def test_judging_again_replaces_our_part() -> None:
    flow = live()
    _annotate(flow, _finding(message="One."))
    _annotate(flow, _finding(Severity.WARNING, message="Two."))
    assert flow.marked == ":yellow_circle:"
    assert flow.comment == "[Runtime warning: cookie-lifetime-too-long] Two. What to do: Do not."
    _annotate(flow)
    assert (flow.marked, flow.comment, flow.metadata["runtime"]) == ("", "", [])


# Recordings


def _reread(flow: http.HTTPFlow) -> http.HTTPFlow:
    """The flow after a journey through a flow file."""
    file = io.BytesIO()
    FlowWriter(file).add(flow)
    file.seek(0)
    (read,) = FlowReader(file).stream()
    assert isinstance(read, http.HTTPFlow)
    return read


def test_findings_survive_a_flow_file() -> None:
    flow = live()
    findings = [
        _finding(subject="sid", effect=REPLY),
        _finding(rule="request-headers-too-long", twilio_error=82008, effect=Reply(431, "")),
        _finding(Severity.INFO, "cookie-session", basis=Basis.READING),
    ]
    _annotate(flow, *findings, enforced=True)
    read = _reread(flow)
    assert read.metadata == flow.metadata
    stored = flow_bridge.stored_findings(read)
    assert stored
    assert [flow_bridge.as_plain(finding) | {"fix": ""} for finding in stored] == [
        flow_bridge.as_plain(finding) | {"fix": ""} for finding in findings
    ]


def test_findings_of_a_flow_that_was_not_changed_are_not_kept() -> None:
    flow = live()
    assert flow_bridge.stored_findings(flow) is None
    _annotate(flow, _finding())
    assert flow_bridge.stored_findings(_reread(flow)) is None


GOOD = flow_bridge.as_plain(_finding(subject="sid", effect=REPLY))


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "text",
        7,
        ["text"],
        [{}],
        [{**GOOD, "rule": "unknown"}],
        [{**GOOD, "rule": ["unhashable"]}],
        [{**GOOD, "severity": "grave"}],
        [{**GOOD, "severity": 3}],
        [{**GOOD, "basis": "hearsay"}],
        [{**GOOD, "status": "four hundred"}],
        [{**GOOD, "twilio_error": []}],
        [{**GOOD, "message": 5}],
        [{**GOOD, "extent": "far"}],
        [{**GOOD, "extent": 10**400}],
        [GOOD, {}],
    ],
)
def test_metadata_that_is_not_ours_is_not_believed(metadata: Any) -> None:
    flow = live()
    flow.metadata.update({"runtime": metadata, "runtime_shown": {"enforced": True}})
    assert flow_bridge.stored_findings(flow) is None


@pytest.mark.parametrize("shown", [None, "enforced", {}, {"enforced": False}])
def test_flow_that_does_not_say_that_it_was_changed_is_judged(shown: Any) -> None:
    flow = live()
    flow.metadata.update({"runtime": [GOOD], "runtime_shown": shown})
    assert flow_bridge.stored_findings(flow) is None


def test_text_from_a_flow_file_is_made_fit_to_be_shown() -> None:
    flow = live()
    hostile = {**GOOD, "message": "\x1b[31mred" + "!" * 5000, "subject": "a\u202eb", "fix": "Send me your password."}
    flow.metadata.update({"runtime": [hostile], "runtime_shown": {"enforced": True}})
    stored = flow_bridge.stored_findings(flow)
    assert stored
    assert stored[0].message.startswith(r"\x1b[31mred")
    assert len(stored[0].message) < 2100
    assert stored[0].subject == r"a\u202eb"
    assert "password" not in stored[0].fix
