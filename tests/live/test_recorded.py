"""Recorded traffic, from flow files and HAR files: it is judged, and never altered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http
from mitmproxy.io import FlowReader, FlowWriter
from mitmproxy.test import tflow

from tests.conftest import Start
from tests.fields import lasting
from tests.live.mitmdump import run
from tests.live.origin import Origin
from tests.live.wire import BAD_COOKIE_LINE, Message, request, response

TOO_MANY = tuple(b"X-%d: 1" % number for number in range(80))

EXPECTED = {
    ("/good", "cookie-attributes-added", "sid"),
    ("/good", "cookie-domain-replaced", "sid"),
    ("/good", "restricted-request-header", "referer"),
    ("/bad", "cookie-lifetime-too-long", "sid"),
    ("/long", "request-headers-too-long", None),
    ("/preflight", "preflight-answered", None),
}
RULES = {rule for _, rule, _ in EXPECTED}


def _play(start: Start, origin: Origin, *arguments: str, options: Iterable[str] = (), addon: bool) -> list[Message]:
    """Send some requests through a mitmdump, end it, and return the responses."""
    origin.serve(response(b"Set-Cookie: sid=\xc3\xa9; Max-Age=60; Domain=b.test"), b"/good")
    origin.serve(response(BAD_COOKIE_LINE), b"/bad")
    origin.serve(response(), b"/long")
    origin.serve(response(content=b""), b"/preflight")
    proxy = start(f"reverse:{origin.url}", *arguments, options=["keep_host_header=true", *options], addon=addon)
    responses = [
        proxy.fetch(request(b"Referer: /a", target=b"/good?a=b")),
        proxy.fetch(request(target=b"/bad")),
        proxy.fetch(request(*TOO_MANY, method=b"POST", target=b"/long", content=b"posted")),
        proxy.fetch(request(method=b"OPTIONS", target=b"/preflight")),
    ]
    proxy.stop()
    return responses


@pytest.fixture(scope="module")
def recordings(start: Start, origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same traffic, without the addon, as a flow file and as a HAR file."""
    folder = tmp_path_factory.mktemp("recordings")
    paths = {"flow": folder / "capture.flow", "har": folder / "capture.har"}
    _play(start, origin, "-w", str(paths["flow"]), options=[f"hardump={paths['har']}"], addon=False)
    return paths


def _flows(path: Path) -> list[http.HTTPFlow]:
    with path.open("rb") as file:
        return [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]


def _read(path: Path, folder: Path, *options: str) -> tuple[list[http.HTTPFlow], dict[str, Any], str]:
    """What a mitmdump with the addon saves, reports and prints when it reads this file."""
    saved, report = folder / "out.flow", folder / "report.json"
    done = run(folder, "-r", str(path), "-w", str(saved), options=[f"runtime_report={report}", *options])
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout
    return _flows(saved), json.loads(report.read_text(encoding="utf-8")), done.stdout


def _messages(flow: mitmproxy_flow.Flow) -> dict[str, Any]:
    """The part of a flow that came off the wire."""
    state = flow.get_state()
    return {key: state[key] for key in ("request", "response", "error", "websocket", "client_conn", "server_conn")}


def _found(report: dict[str, Any]) -> set[tuple[str, str, str | None]]:
    return {(each["path"], each["rule"], each["subject"]) for each in report["findings"] if each["rule"] in RULES}


@pytest.mark.parametrize("kind", ["flow", "har"])
@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_recording_is_judged_and_not_altered(kind: str, mode: str, recordings: dict[str, Path], tmp_path: Path) -> None:
    flows, report, output = _read(recordings[kind], tmp_path, f"runtime_mode={mode}")
    assert _found(report) == EXPECTED
    assert report["exchanges"]["judged"] == 4
    assert "4 requests checked" in output
    plain = tmp_path / "plain.flow"
    run(tmp_path, "-r", str(recordings[kind]), "-w", str(plain), addon=False)
    originals = _flows(plain)
    assert len(flows) == len(originals) == 4
    for flow, original in zip(flows, originals, strict=True):
        assert flow.request.get_state() == original.request.get_state()
        assert flow.response
        assert original.response
        assert flow.response.get_state() == original.response.get_state()


def test_flow_file_keeps_everything_but_what_we_add(recordings: dict[str, Path], tmp_path: Path) -> None:
    flows, _, _ = _read(recordings["flow"], tmp_path)
    originals = _flows(recordings["flow"])
    assert [_messages(flow) for flow in flows] == [_messages(flow) for flow in originals]


def test_findings_are_on_the_flows(recordings: dict[str, Path], tmp_path: Path) -> None:
    flows, report, _ = _read(recordings["flow"], tmp_path, "runtime_show=info")
    good, bad, long, preflight = flows
    assert [flow.marked for flow in flows] == [":yellow_circle:", ":red_circle:", ":red_circle:", ":large_blue_circle:"]
    assert {finding["rule"] for finding in good.metadata["runtime"]} >= {"restricted-request-header"}
    assert "400 “Cookies max-age cannot be greater than a day”" in bad.comment
    assert "Fix:" in long.comment
    assert preflight.metadata["runtime"][0]["rule"] == "preflight-answered"
    (finding,) = (each for each in bad.metadata["runtime"] if each["rule"] == "cookie-lifetime-too-long")
    (reported,) = (each for each in report["findings"] if each["rule"] == "cookie-lifetime-too-long")
    # What only a recording needs is not in the report: where a finding belongs, what it took the place of and shows.
    assert {name: value for name, value in finding.items() if name in reported}.items() <= reported.items()
    assert set(finding) - set(reported) == {"endpoint", "replaces", "extent", "enforced", "shown"}


def _recorded(*cookies: str, at: float, path: str = "/recorded") -> http.HTTPFlow:
    """A flow that was recorded at this time."""
    headers = http.Headers([(b"Set-Cookie", cookie.encode()) for cookie in cookies])
    flow = tflow.tflow(
        req=http.Request.make("GET", f"http://app.example.test{path}"),
        resp=http.Response.make(200, b"", headers),
    )
    assert flow.response
    flow.request.timestamp_start = flow.request.timestamp_end = at
    flow.response.timestamp_start = flow.response.timestamp_end = at
    flow.live = False
    return flow


def _write(path: Path, *flows: http.HTTPFlow) -> Path:
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for flow in flows:
            writer.add(flow)
    return path


def test_expires_is_judged_as_of_the_recording(tmp_path: Path) -> None:
    january_2020 = 1577836800.0
    path = _write(
        tmp_path / "old.flow",
        _recorded("sid=a; Expires=Thu, 02 Jan 2020 00:00:00 GMT", at=january_2020, path="/day"),
        _recorded("sid=a; Expires=Thu, 02 Jan 2020 00:00:01 GMT", at=january_2020, path="/day-and-a-second"),
        _recorded("sid=a; Expires=Thu, 02 Jan 2020 00:00:01 GMT", at=january_2020 + 1, path="/day-later"),
    )
    _, report, _ = _read(path, tmp_path)
    assert {path for path, rule, _ in _found(report) if rule == "cookie-lifetime-too-long"} == {"/day-and-a-second"}
    (finding,) = (each for each in report["findings"] if each["rule"] == "cookie-lifetime-too-long")
    assert finding["first_seen"] == finding["last_seen"] == "2020-01-01T00:00:00Z"


def test_recording_in_enforce_mode_keeps_its_findings(start: Start, origin: Origin, tmp_path: Path) -> None:
    capture = tmp_path / "enforced.flow"
    responses = _play(start, origin, "-w", str(capture), addon=True)
    assert [response.status for response in responses] == [200, 400, 431, 204]

    flows, report, _ = _read(capture, tmp_path, "runtime_mode=audit")
    originals = _flows(capture)
    assert _found(report) == EXPECTED
    assert [_messages(flow) for flow in flows] == [_messages(flow) for flow in originals]
    for flow, original in zip(flows, originals, strict=True):
        assert flow.metadata["runtime"] == original.metadata["runtime"]
        assert (flow.marked, flow.comment) == (original.marked, original.comment)

    again = tmp_path / "again"
    again.mkdir()
    flows, report, _ = _read(tmp_path / "out.flow", again)
    assert _found(report) == EXPECTED
    assert [flow.metadata["runtime"] for flow in flows] == [flow.metadata["runtime"] for flow in originals]


def test_recording_in_audit_mode_is_judged_again(start: Start, origin: Origin, tmp_path: Path) -> None:
    capture = tmp_path / "audited.flow"
    _play(start, origin, "-w", str(capture), options=["runtime_mode=audit"], addon=True)
    flows, report, _ = _read(capture, tmp_path, "runtime_limits=15kb/90", "runtime_rules=/cookie-lifetime-too-long/off")
    rules = {"request-headers-too-long", "cookie-lifetime-too-long"}
    passed = {("/bad", "cookie-attributes-added", "sid")}
    assert _found(report) == {each for each in EXPECTED if each[1] not in rules} | passed
    assert flows[1].marked == ""
    assert "cookie-lifetime" not in flows[1].comment


@pytest.mark.parametrize(
    "metadata",
    [
        {"runtime": "?", "runtime_shown": "?"},
        {"runtime": [{}], "runtime_shown": {"enforced": True}},
        {"runtime": [{"rule": "no-such-rule"}], "runtime_shown": {"enforced": True, "mark": 1, "comment": 2}},
        {"runtime": None, "runtime_shown": {"enforced": True}},
    ],
)
def test_metadata_of_unknown_origin_is_not_believed(metadata: dict[str, Any], tmp_path: Path) -> None:
    flow = _recorded(lasting(b"sid=a").decode(), at=1.0)
    flow.metadata.update(metadata)
    _, report, _ = _read(_write(tmp_path / "odd.flow", flow), tmp_path)
    assert ("/recorded", "cookie-lifetime-too-long", "sid") in _found(report)


def test_flow_without_a_response_is_judged_by_its_request(tmp_path: Path) -> None:
    flow = _recorded(at=1.0)
    flow.response = None
    flow.request.headers["Referer"] = "/a"
    flow.error = mitmproxy_flow.Error("server is gone")
    flows, report, _ = _read(_write(tmp_path / "broken.flow", flow), tmp_path)
    assert _found(report) == {("/recorded", "restricted-request-header", "referer")}
    assert len(flows) == 1


def test_flows_of_other_protocols_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "others.flow"
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for flow in (tflow.ttcpflow(), tflow.tudpflow(), tflow.tdnsflow(), tflow.twebsocketflow()):
            flow.live = False
            writer.add(flow)
    _, report, _ = _read(path, tmp_path)
    assert report["exchanges"]["judged"] == 1  # the WebSocket's handshake


CHROME_HAR = {
    "log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": [
            {
                "startedDateTime": "2020-01-01T00:00:00.000Z",
                "time": 12.5,
                "request": {
                    "method": "GET",
                    "url": "https://app.example.test/chrome?q=1",
                    "httpVersion": "h2",
                    "headers": [
                        {"name": ":authority", "value": "app.example.test"},
                        {"name": ":method", "value": "GET"},
                        {"name": ":path", "value": "/chrome?q=1"},
                        {"name": ":scheme", "value": "https"},
                        {"name": "cookie", "value": "a=1; b=2"},
                        {"name": "referer", "value": "https://app.example.test/"},
                        {"name": "x-fill", "value": "f" * 3989},
                    ],
                    "queryString": [{"name": "q", "value": "1"}],
                    "cookies": [],
                    "headersSize": -1,
                    "bodySize": 0,
                },
                "response": {
                    "status": 200,
                    "statusText": "",
                    "httpVersion": "h2",
                    "headers": [
                        {"name": "content-type", "value": "text/html"},
                        {"name": "set-cookie", "value": "sid=a; Domain=.example.test; Max-Age=60"},
                        {"name": "set-cookie", "value": "old=a; Expires=Thu, 02 Jan 2020 00:01:00 GMT"},
                        {"name": "set-cookie", "value": "new=a; Expires=Wed, 01 Jan 2020 00:01:00 GMT"},
                    ],
                    "cookies": [],
                    "content": {"size": 5, "mimeType": "text/html", "text": "hello"},
                    "redirectURL": "",
                    "headersSize": -1,
                    "bodySize": -1,
                },
                "cache": {},
                "timings": {"send": 0, "wait": 10, "receive": 1},
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("limits", "too_long"), [("4076/75", True), ("4077/75", False), ("4kb/4", True), ("4kb/5", False)]
)
def test_har_of_a_browser_with_pseudo_header_fields(limits: str, too_long: bool, tmp_path: Path) -> None:
    """Pseudo-header fields do not count, but `:authority` does as Host.

    That, two cookies, Referer and X-Fill make 4077 bytes. The Content-Length that mitmproxy invents does not count.
    """
    path = tmp_path / "chrome.har"
    path.write_text(json.dumps(CHROME_HAR), encoding="utf-8")
    flows, report, _ = _read(path, tmp_path, f"runtime_limits={limits}")
    expected: set[tuple[str, str, str | None]] = {("/chrome", "restricted-request-header", "referer")}
    if too_long:
        expected = {("/chrome", "request-headers-too-long", None)}
    else:
        expected |= {("/chrome", "cookie-lifetime-too-long", "old")}
    assert _found(report) == expected
    assert {finding["host"] for finding in report["findings"]} == {"app.example.test"}
    assert flows[0].request.headers.fields[0] == (b":authority", b"app.example.test")
