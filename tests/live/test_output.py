"""Where findings show: log, summary, report and saved flows, and what never shows there."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader

from tests.conftest import Start
from tests.fields import TOO_LONG, lasting
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin
from tests.live.wire import BAD_COOKIE_LINE, TIMEOUT, request, response

DOMAIN_COOKIE = b"Set-Cookie: sid=a; Max-Age=1; Domain=b.test"
TOO_MANY = tuple(b"X-%d: 1" % number for number in range(80))
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _lines(proxy: Mitmdump, *words: str) -> list[str]:
    """The lines of the log that hold all of these."""
    return [line for line in proxy.output.splitlines() if all(word in line for word in words)]


def test_log_of_many_identical_exchanges(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true"])
    same, bad, long = (
        origin.serve(response(DOMAIN_COOKIE)),
        origin.serve(response(BAD_COOKIE_LINE)),
        origin.serve(response()),
    )
    with proxy.connect() as client:
        for _ in range(100):
            client.send(request(target=same))
            client.read_response()
        for _ in range(3):
            client.send(request(target=bad))
            assert client.read_response().status == 400
            client.send(request(*TOO_MANY, target=long))
            assert client.read_response().status == 431
    proxy.stop()
    assert len(_lines(proxy, "Runtime warning in GET", same.decode(), "[cookie-domain-replaced]")) == 1
    assert len(_lines(proxy, "Runtime responded with 400 to GET", bad.decode(), "[cookie-lifetime-too-long]")) == 3
    refused = _lines(proxy, "Runtime responded with 431 to GET", long.decode(), "[request-headers-too-long]")
    assert len(refused) == 3
    assert all("Twilio Error 82008" in line and "Fix: " in line for line in refused)
    (entry,) = (each for each in proxy.findings(same) if each["rule"] == "cookie-domain-replaced")
    assert entry["count"] == 100


def test_audit_logs_each_finding_once(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true", "runtime_mode=audit"])
    path = origin.serve(response(BAD_COOKIE_LINE))
    for _ in range(3):
        assert proxy.fetch(request(*TOO_MANY[:70], target=path)).status == 200
    proxy.stop()
    assert len(_lines(proxy, "Runtime error in GET", path.decode(), "[cookie-lifetime-too-long]")) == 1
    assert _lines(proxy, "Runtime responded") == []


def test_info_is_shown_where_it_is_asked_for(start: Start, origin: Origin) -> None:
    path = origin.serve(response(b"Set-Cookie: sid=a"))
    shown = {}
    for level in ("info", "error"):
        proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true", f"runtime_show={level}"])
        proxy.fetch(request(target=path))
        proxy.fetch(request(target=origin.serve(response(DOMAIN_COOKIE))))
        proxy.stop()
        shown[level] = len(_lines(proxy, "Runtime info in")), len(_lines(proxy, "Runtime warning in"))
        assert {finding["rule"] for finding in proxy.findings(path)} >= {"cookie-session", "cookie-attributes-added"}
    assert shown["info"][0] >= 3
    assert shown["info"][1] == 1
    assert shown["error"] == (0, 0)


# The summary


def test_summary_says_what_was_judged(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true"])
    bad = origin.serve(response(BAD_COOKIE_LINE))
    proxy.fetch(request(target=origin.serve(response())))
    for _ in range(2):
        proxy.fetch(request(target=bad))
    proxy.stop()
    summary = proxy.output.partition("Runtime: app.example.test: ")[2]
    assert summary.startswith("1 blocking issue.")
    assert "3 requests checked, 1 without a problem. Found: 1 error, " in summary
    assert "Limits on headers: 4,096 bytes, 75 fields and cookies." in summary
    assert f"[sid] GET app.example.test{bad.decode()} (2×)" in summary


def test_summary_says_that_nothing_came_by(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}")
    proxy.stop()
    assert "Runtime: nothing was judged. There was no HTTP request." in proxy.output


def test_summary_says_that_nothing_was_in_scope(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["runtime_scope=~d nowhere.test"])
    for _ in range(2):
        assert proxy.fetch(request(target=origin.serve(response(BAD_COOKIE_LINE)))).status == 200
    proxy.stop()
    assert "nothing was judged. None of 2 requests matched runtime_scope (~d nowhere.test)" in proxy.output
    assert proxy.report()["exchanges"] == {"judged": 0, "clean": 0}


def test_a_look_at_the_live_page_through_the_proxy_is_no_exchange_with_the_site(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        page = b"127.0.0.1:%d" % free.getsockname()[1]
    proxy = start("regular", options=[f"runtime_dashboard={page.decode()}"])
    proxy.wait_for_log("the live page is at ")
    for target in (b"/", b"/report?after="):
        assert proxy.fetch(request(target=b"http://" + page + target, host=page)).status == 200
    proxy.stop()
    assert "nothing was judged. There was no HTTP request." in proxy.output


# The report


def _wait_for_report(path: Path, text: str) -> None:
    end = time.monotonic() + TIMEOUT
    while not path.exists() or text not in path.read_text(encoding="utf-8"):
        assert time.monotonic() < end, "the report was not written while mitmdump ran"
        time.sleep(0.05)


def test_report_is_written_at_once_and_while_running(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true"])
    _wait_for_report(proxy.report_path, '"judged": 0')
    proxy.fetch(request(target=origin.serve(response(BAD_COOKIE_LINE))))
    _wait_for_report(proxy.report_path, "cookie-lifetime-too-long")
    assert json.loads(proxy.report_path.read_text(encoding="utf-8"))["exchanges"]["judged"] == 1
    assert [path.name for path in proxy.folder.iterdir() if "report" in path.name] == ["report.json"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_report_is_complete_however_mitmdump_is_ended(by: signal.Signals, start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true"])
    path = origin.serve(response(BAD_COOKIE_LINE))
    proxy.fetch(request(target=path))
    assert proxy.stop(by) == 0
    assert len([each for each in proxy.findings(path) if each["severity"] == "error"]) == 1


def test_report_has_the_shape_that_is_promised(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["keep_host_header=true", "runtime_limits=8kb/80"])
    origin.serve(response(b"Set-Cookie: " + lasting(b"sid=topsecret")), b"/users/4711/login")
    origin.serve(response(), b"/clean")
    for _ in range(2):
        proxy.fetch(request(b"Authorization: Bearer topsecret", target=b"/users/4711/login?token=topsecret"))
    proxy.fetch(request(b"Referer: /topsecret", target=b"/clean"))
    proxy.stop()
    report = proxy.report()
    assert report["schema"] == "runtime-report/1"
    assert report["mode"] == "enforce"
    assert report["limits"] == {"bytes": 8192, "count": 80}
    assert report["exchanges"] == {"judged": 3, "clean": 1}
    for severity in ("error", "warning", "info"):
        assert report["summary"][severity] == sum(each["severity"] == severity for each in report["findings"])
    by_rule = {finding["rule"]: finding for finding in report["findings"]}
    finding = by_rule["cookie-lifetime-too-long"]
    assert TIME.fullmatch(finding.pop("first_seen"))
    assert TIME.fullmatch(finding.pop("last_seen"))
    assert finding.pop("message").startswith(f"The cookie sid lives {TOO_LONG} seconds")
    assert finding.pop("fix").startswith("Set Max-Age=86400")
    assert finding.pop("curl") == "curl -ig 'http://app.example.test/users/{id}/login'"
    assert finding.pop("facts") == {"attribute": "Max-Age", "lifetime": f"{TOO_LONG} seconds"}
    assert finding == {
        "rule": "cookie-lifetime-too-long",
        "severity": "error",
        "own": True,
        "basis": "documented",
        "method": "GET",
        "host": "app.example.test",
        "path": "/users/{id}/login",
        "subject": "sid",
        "status": 400,
        "twilio_error": None,
        "count": 2,
        "known": False,
    }
    assert by_rule["restricted-request-header"]["subject"] == "referer"
    assert "topsecret" not in json.dumps(report)
    assert "topsecret" not in proxy.output


# Saved flows

NOTES_OF_THE_USER = """
def requestheaders(flow):
    flow.marked = ":star:"
    flow.comment = "mine"
"""


def _saved(path: Path) -> dict[str, http.HTTPFlow]:
    with path.open("rb") as file:
        flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    return {flow.request.path: flow for flow in flows}


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_saved_flows_are_marked_and_commented(mode: str, start: Start, origin: Origin, tmp_path: Path) -> None:
    capture = tmp_path / "capture.flow"
    proxy = start(
        f"reverse:{origin.url}", "-w", str(capture), options=["keep_host_header=true", f"runtime_mode={mode}"]
    )
    answers = {b"/bad": BAD_COOKIE_LINE, b"/domain": DOMAIN_COOKIE, b"/info": b"Set-Cookie: sid=a; Max-Age=1"}
    for path, line in answers.items():
        origin.serve(response(line), path)
        proxy.fetch(request(target=path))
    proxy.stop()
    flows = _saved(capture)
    assert {path: flow.marked for path, flow in flows.items()} == {
        "/bad": ":red_circle:",
        "/domain": ":yellow_circle:",
        "/info": "",
    }
    assert flows["/bad"].comment.startswith(
        f"[Runtime error: cookie-lifetime-too-long] The cookie sid lives {TOO_LONG} seconds"
    )
    assert "Fix: Set Max-Age=86400" in flows["/bad"].comment
    assert flows["/domain"].comment.startswith("[Runtime warning: cookie-domain-replaced] ")
    assert flows["/info"].comment == ""
    assert "cookie-attributes-added" in [finding["rule"] for finding in flows["/info"].metadata["runtime"]]
    replaced = flows["/bad"].response
    assert replaced
    assert replaced.status_code == (400 if mode == "enforce" else 200)
    assert replaced.content == (b"Cookies max-age cannot be greater than a day" if mode == "enforce" else b"hello")


def test_mark_and_comment_of_the_user_stay(start: Start, origin: Origin, tmp_path: Path) -> None:
    script, capture = tmp_path / "notes.py", tmp_path / "capture.flow"
    script.write_text(NOTES_OF_THE_USER, encoding="utf-8")
    proxy = start(f"reverse:{origin.url}", "-s", str(script), "-w", str(capture), options=["keep_host_header=true"])
    for path, line in ((b"/bad", BAD_COOKIE_LINE), (b"/info", b"X-App: 1")):
        origin.serve(response(line), path)
        proxy.fetch(request(target=path))
    proxy.stop()
    flows = _saved(capture)
    assert [flow.marked for flow in flows.values()] == [":star:", ":star:"]
    assert flows["/bad"].comment.startswith("mine\n[Runtime error: cookie-lifetime-too-long]")
    assert flows["/info"].comment == "mine"


# What came off the wire is hostile

ESCAPES = "\x9b31m\u202e\u2066\u200b".encode()
"""A C1 control character, which terminals obey as they do ANSI escapes, and characters that reorder or hide text."""

HOSTILE = [
    (request(target=b"/\x1b[31m\x07red"), response(DOMAIN_COOKIE)),
    (request(target=b"/" + ESCAPES), response(DOMAIN_COOKIE)),
    (request(target=b"/cookie-name"), response(b"Set-Cookie: " + lasting(ESCAPES + b"=a"))),
    (request(target=b"/cookie-domain"), response(b"Set-Cookie: a=a; Domain=" + ESCAPES)),
    (request(target=b"/cookie-ansi"), response(b"Set-Cookie: " + lasting(b"\x1b[31ma=a"))),
    (request(b"X-Forwarded-\x1b[31m: 1", b"X-Forwarded-" + ESCAPES + b": 1", target=b"/header"), response()),
    (request(*TOO_MANY, b"X-\x1b[31m" + ESCAPES + b": " + b"f" * 500, target=b"/largest"), response()),
    (request(target=b"/host", host=b"\x1b[31m" + ESCAPES), response(DOMAIN_COOKIE)),
    (request(method=b"G\x1b[31m" + ESCAPES, target=b"/method"), response(DOMAIN_COOKIE)),
    (request(target=b"/response"), response(*TOO_MANY, b"Y-\x1b[31m" + ESCAPES + b": " + b"f" * 500)),
]


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_nothing_off_the_wire_reaches_the_terminal_raw(mode: str, start: Start, origin: Origin, tmp_path: Path) -> None:
    options = [
        "keep_host_header=true",
        f"runtime_mode={mode}",
        "runtime_show=info",
        "validate_inbound_headers=false",
    ]
    capture = tmp_path / "capture.flow"
    proxy = start(f"reverse:{origin.url}", "-w", str(capture), options=options)
    for data, answer in HOSTILE:
        origin.serve(answer, data.split(b" ")[1])
        with proxy.connect() as client:
            client.send(data)
            client.read_head()
    proxy.stop()
    ours = proxy.output[proxy.output.index("listening at") :]
    assert len(_lines(proxy, "] Runtime ")) >= len(HOSTILE)
    assert _unprintable(ours) == set()
    report: dict[str, Any] = proxy.report()
    assert report["exchanges"]["judged"] == len(HOSTILE)
    assert _unprintable(json.dumps(report, ensure_ascii=False)) == set()
    with capture.open("rb") as file:
        for flow in FlowReader(file).stream():
            assert _unprintable(flow.comment) == set()
            assert _unprintable(json.dumps(flow.metadata, ensure_ascii=False)) == set()


def _unprintable(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character)[0] == "C"} - {"\n"}
