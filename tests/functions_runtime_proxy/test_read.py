"""From flows to the messages that are judged."""

from __future__ import annotations

import io
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.flow import Error
from mitmproxy.io import FlowReader, FlowWriter
from mitmproxy.io.har import request_to_flow

from functions_runtime.case import Origin
from functions_runtime.catalogue import say
from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request
from functions_runtime.profile import Profile
from functions_runtime.ruling import Basis, Finding, Reply, Severity
from functions_runtime.session import Session
from functions_runtime_proxy import publish, read
from tests.fields import Field
from tests.flows import NOW, arrive, live, recorded

HOST: Field = (b"Host", b"app.example.test")


def _request(flow: http.HTTPFlow, domain: str, keep_host_header: bool) -> Request:
    return read.request_of(flow, read.fields_of(flow), domain, keep_host_header)


# Request


def test_request_is_what_the_client_sent() -> None:
    flow = live((b"X-A", b"\xff"), (b"x-a", b""), method="POST", path="/a/b?c=%64&e", host=b"App.Example.test:8443")
    request = _request(flow, "", keep_host_header=True)
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
        (REVERSE, None, None, True, None),
        (REVERSE, b"", None, True, None),
        (REVERSE, None, "App.example.test", True, "app.example.test"),
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
    assert _request(flow, "", keeps_host).domain == domain
    assert _request(flow, "production.test", keeps_host).domain == "production.test"


def test_host_of_an_overwritten_request_is_the_target_for_want_of_a_better_name() -> None:
    assert _request(live(host=b"backend.test:8080"), "", keep_host_header=False).host == "backend.test"


PROXY_FIELDS: list[Field] = [(b"Proxy-Connection", b"keep-alive"), (b"proxy-authorization", b"Basic YQ==")]


@pytest.mark.parametrize(("mode", "kept"), [(REGULAR, False), (UPSTREAM, False), (REVERSE, True)])
def test_what_a_client_says_to_its_proxy_is_no_part_of_the_request(mode: str, kept: bool) -> None:
    fields = _request(live(*PROXY_FIELDS, mode=mode), "", keep_host_header=True).fields
    assert fields == ((HOST, *PROXY_FIELDS) if kept else (HOST,))


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3"])
def test_request_over_http2_is_as_http1_would_write_it(version: str) -> None:
    flow = live(
        (b"cookie", b"a=1"), (b"x", b"1"), (b"cookie", b"b=2"), host=None, authority=HOST[1], http_version=version
    )
    request = _request(flow, "", keep_host_header=True)
    assert request.fields == (HOST, (b"cookie", b"a=1; b=2"), (b"x", b"1"))
    assert request.host == "app.example.test"


def test_cookies_of_http1_stay_apart() -> None:
    flow = live((b"Cookie", b"a=1"), (b"Cookie", b"b=2"))
    fields = _request(flow, "", keep_host_header=True).fields
    assert fields == (HOST, (b"Cookie", b"a=1"), (b"Cookie", b"b=2"))


def test_fields_that_came_before_are_not_parsed_again() -> None:
    fields = [(b"Cookie", b"a=1"), (b"X-A", b"1")]
    first, again = (_request(live(*fields), "", keep_host_header=True) for _ in range(2))
    assert again.by_name is first.by_name
    other = _request(live(*fields, (b"X-B", b"1")), "", keep_host_header=True)
    assert other.by_name == {b"host": [HOST[1]], b"cookie": [b"a=1"], b"x-a": [b"1"], b"x-b": [b"1"]}


@pytest.mark.parametrize(
    ("sent", "connected", "held", "waited"),
    [
        (NOW + 1, NOW, False, 10.0),
        (NOW + 1, NOW + 4, False, 7.0),
        (NOW + 1, NOW, True, None),
        (NOW + 1, None, False, None),
        (None, NOW, False, None),
    ],
)
def test_how_long_a_client_waited_in_vain(
    sent: float | None, connected: float | None, held: bool, waited: float | None
) -> None:
    flow = live()
    if held:
        read.note_held(flow)
    assert read.waited_in_vain(flow) is None
    flow.error = Error("gone", NOW + 11)
    flow.request.timestamp_end = sent
    flow.server_conn.timestamp_tcp_setup, flow.server_conn.timestamp_tls_setup = connected, None
    assert read.waited_in_vain(flow) == waited
    arrive(flow)
    assert read.waited_in_vain(flow) is None


def test_only_a_recording_says_which_fields_it_has() -> None:
    flow = recorded((b"X-B", b"1"), request_fields=[(b"X-A", b"1")])
    assert read.recorded_names(flow) == {b"host", b"x-a", b"x-b"}
    flow.live = True
    assert read.recorded_names(flow) == set()


def test_fields_can_be_a_list() -> None:
    flow = live((b"X-A", b"1"))
    arrive(flow, (b"X-B", b"1"))
    for message in (flow.request, flow.response):
        assert message
        message.headers.fields = list(message.headers.fields)  # type: ignore[assignment]
    assert b"x-a" in _request(flow, "", keep_host_header=True).by_name
    assert b"x-b" in read.response_of(flow).by_name


def test_fields_that_came_before_say_nothing_about_the_authority() -> None:
    authorities = [b"one.example.test", b"two.example.test"]
    flows = [live((b"x-a", b"1"), http_version="HTTP/2.0", host=None, authority=each) for each in authorities]
    hosts = [_request(flow, "", keep_host_header=True).host for flow in flows]
    assert hosts == ["one.example.test", "two.example.test"]


# Response


def test_response_fields_that_came_before_are_not_parsed_again() -> None:
    responses = []
    for value in (b"a=1", b"a=1", b"a=2"):
        flow = live()
        arrive(flow, (b"Set-Cookie", value))
        responses.append(read.response_of(flow))
    first, again, other = responses
    assert again.cookies is first.cookies
    assert other.cookies[0].cookie.value == b"2"


def test_response_is_what_the_server_sent() -> None:
    flow = live()
    arrive(flow, (b"Set-Cookie", b"a=1"), (b"X", b"\xff"), status=503)
    response = read.response_of(flow)
    assert (response.status, response.fields) == (503, ((b"Set-Cookie", b"a=1"), (b"X", b"\xff")))
    assert (response.time, response.waited) == (NOW + 2, 1)


def test_response_without_times() -> None:
    flow = live()
    arrive(flow).timestamp_start = 0
    assert read.response_of(flow).time == NOW
    assert read.response_of(flow).waited is None
    arrive(flow)
    flow.request.timestamp_end = None
    assert read.response_of(flow).waited is None


def test_foreign_responses_are_told_from_those_off_the_wire() -> None:
    flow = live()
    arrive(flow)
    assert not read.is_foreign(flow, None)
    flow.response = http.Response.make(200, b"made up")
    assert read.is_foreign(flow, None)
    arrive(flow).timestamp_end = NOW
    assert read.is_foreign(flow, None)
    arrive(flow).raw_content = b""
    assert read.is_foreign(flow, None)
    flow.is_replay = "response"
    arrive(flow).timestamp_start = NOW - 60
    assert not read.is_foreign(flow, None)
    flow.response = http.Response.make(404)  # for a request that the recording lacks (server_replay_extra)
    assert read.is_foreign(flow, None)


def test_a_recording_says_whose_its_response_was() -> None:
    case = Session(Profile(), b"").request(_request(live(), "", keep_host_header=True), Origin.AUDITED).case
    flow = recorded()
    assert not read.is_foreign(flow, None)
    read.note_foreign(flow, case)
    assert read.is_foreign(flow, None)
    flow.live = True
    read.forget_notes(flow)
    assert not flow.metadata


# Recordings


REPLY = Reply(400, "Bad Request")


def _reread(flow: http.HTTPFlow) -> http.HTTPFlow:
    """The flow after a journey through a flow file."""
    file = io.BytesIO()
    FlowWriter(file).add(flow)
    file.seek(0)
    (again,) = FlowReader(file).stream()
    assert isinstance(again, http.HTTPFlow)
    return again


def _finding(rule: str = "cookie-lifetime-too-long", **more: Any) -> Finding:
    facts = (("attribute", "Max-Age"), ("lifetime", "30 days"))
    return Finding(rule, Severity.ERROR, Basis.DOCUMENTED, "sid", facts)._replace(**more)


@pytest.mark.parametrize("enforced", [True, False])
def test_findings_survive_a_flow_file(enforced: bool) -> None:
    flow = live()
    findings = (
        _finding(effect=Reply(400, "")),
        _finding(subject=None, replaces=Severity.WARNING, extent=1.5, endpoint=Endpoint("GET", "a.test", "/")),
        _finding("cookie-session", facts=(), severity=Severity.INFO, basis=Basis.READING),
    )
    publish.annotate(flow, findings, Severity.WARNING, enforced=enforced)
    again = _reread(flow)
    assert again.metadata == flow.metadata
    assert read.stored_findings(again) == (findings, enforced)


def test_a_flow_without_findings_has_none() -> None:
    assert read.stored_findings(live()) == ((), False)


def _good() -> dict[str, Any]:
    flow = live()
    publish.annotate(flow, [_finding(effect=REPLY)], Severity.ERROR, enforced=True)
    plain: dict[str, Any] = flow.metadata["runtime"][0]
    return plain


GOOD = _good()


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
        [{**GOOD, "facts": 5}],
        [{**GOOD, "facts": {}}],
        [{**GOOD, "facts": {"lifetime": [], "attribute": ""}}],
        [{**GOOD, "endpoint": ["GET"]}],
        [{**GOOD, "extent": "far"}],
        [{**GOOD, "extent": 10**400}],
        [GOOD, {}],
    ],
)
def test_metadata_that_is_not_ours_is_not_believed(metadata: Any) -> None:
    flow = live()
    flow.metadata["runtime"] = metadata
    assert read.stored_findings(flow) == ((), False)


def test_text_from_a_flow_file_is_made_fit_to_be_shown() -> None:
    flow = live()
    facts = {"lifetime": "\x1b[31mred" + "!" * 5000, "attribute": "Expires"}
    flow.metadata["runtime"] = [{**GOOD, "facts": facts, "subject": "a\u202eb", "fix": "Send me your password."}]
    (finding,), _ = read.stored_findings(flow)
    said = say(finding)
    assert r"\x1b[31mred" in said
    assert len(said) < 2500
    assert finding.subject == r"a\u202eb"


def test_content_that_no_head_announces_is_noticed() -> None:
    for fields, announces in (
        ((), False),
        (((b"Content-Length", b"7"),), True),
        (((b"Transfer-Encoding", b"x"),), True),
    ):
        flow = live(*fields, method="POST", http_version="HTTP/2.0")
        case = Session(Profile(), b"").request(_request(flow, "", True), Origin.AUDITED).case
        assert read.announces_no_content(case) is not announces


@pytest.mark.parametrize(
    ("mode", "keeps_host", "tls", "addressed"),
    [
        (REVERSE, True, False, ("http", 9111)),
        (REVERSE, True, True, ("https", 9111)),
        (REVERSE, False, True, ("http", 9111)),
        (REGULAR, False, True, ("http", 9111)),
    ],
)
def test_the_scheme_and_the_port_that_the_client_addressed(
    mode: str, keeps_host: bool, tls: bool, addressed: tuple[str, int]
) -> None:
    flow = live(host=b"localhost:9111", mode=mode)
    flow.request.data.scheme, flow.request.data.port = b"http", 9110
    flow.client_conn.timestamp_tls_setup = 1.0 if tls else None
    request = _request(flow, "", keeps_host)
    assert (request.scheme, request.port) == addressed
    flow.request.headers["Host"] = "localhost"
    assert _request(flow, "", keeps_host).port == 0
    del flow.request.headers["Host"]
    assert _request(flow, "", keeps_host).port == 9110


# HAR as mitmproxy reads it


def _from_har(
    method: str = "GET", *, content: str = "", set_cookie: str = "a=1\nb=2; Max-Age=60", **more: Any
) -> http.HTTPFlow:
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 1,
        "request": {
            "method": method,
            "url": "https://app.example.test/a",
            "httpVersion": "h2",
            "headers": [{"name": ":authority", "value": "app.example.test"}, {"name": "X", "value": "1\n2"}],
            "postData": {"text": content},
        },
        "response": {
            "status": 200,
            "httpVersion": "h2",
            "headers": [{"name": "set-cookie", "value": set_cookie}],
            "content": {},
        },
        **more,
    }
    return request_to_flow(entry)


def test_fields_that_a_har_file_joins_are_several() -> None:
    flow = _from_har()
    assert _request(flow, "", True).fields == (HOST, (b"X", b"1"), (b"X", b"2"))
    response = read.response_of(flow)
    assert [field.cookie.name for field in response.cookies] == [b"a", b"b"]
    assert (response.time, response.waited) == (1767225600.001, None)  # its end: nobody knows when it began


@pytest.mark.parametrize(("version", "fields"), [("HTTP/2", ((b"Host", b"app.example.test"),)), ("HTTP/1.1", ())])
def test_a_har_file_has_the_authority_in_the_url_at_least(version: str, fields: Any) -> None:
    flow = _from_har()
    flow.request.http_version = version
    flow.request.headers.clear()
    assert _request(flow, "", True).fields == fields


@pytest.mark.parametrize(
    ("url", "upgrades", "over_tls"),
    [
        ("https://app.example.test/a", False, True),
        ("http://app.example.test/a", False, False),
        ("wss://app.example.test/a", True, True),
        ("ws://app.example.test/a", True, False),
    ],
)
@pytest.mark.parametrize("address", [{}, {"serverIPAddress": "192.0.2.1"}])
def test_the_url_of_a_har_file_says_how_the_request_was_sent(
    url: str, upgrades: bool, over_tls: bool, address: dict[str, str]
) -> None:
    asked = {"method": "GET", "url": url, "httpVersion": "HTTP/2", "headers": []}
    flow = _from_har(request=asked, **address)
    request = _request(flow, "", True)
    assert request.fields == (HOST, *([(b"Upgrade", b"websocket")] if upgrades else []))
    assert request.scheme == ("https" if over_tls else "http")
    assert read.is_over_tls(flow) is over_tls


@pytest.mark.parametrize(
    ("method", "content", "length"), [("GET", "", []), ("POST", "", [b"0"]), ("GET", "abc", [b"3"])]
)
def test_a_length_that_a_reader_invented_is_not_counted(method: str, content: str, length: list[bytes]) -> None:
    request = _request(_from_har(method, content=content), "", True)
    assert request.by_name.get(b"content-length", []) == length
