"""The gate for CI: exit status, baseline, and that nothing is lost on the way out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.io import read_flows_from_paths

from tests.live.mitmdump import ADDON, Mitmdump, run
from tests.live.origin import Origin
from tests.live.wire import TIMEOUT, Connection, Message, request, response

OVER_A_DAY = response(b"Set-Cookie: sid=abc; Max-Age=99999")
DOMAIN = response(b"Set-Cookie: sid=abc; Domain=example.test")


def visit(proxy: Mitmdump, origin: Origin, answer: bytes, path: bytes = b"") -> bytes:
    path = origin.serve(answer, path)
    proxy.fetch(request(target=path))
    return path


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_run_with_an_error_ends_with_2_and_loses_nothing(tmp_path: Path, origin: Origin, by: signal.Signals) -> None:
    flows, har = tmp_path / "out.flow", tmp_path / "out.har"
    proxy = Mitmdump(
        tmp_path,
        f"reverse:{origin.url}",
        "-w",
        str(flows),
        options=["runtime_fail_on=error", f"hardump={har}", "keep_host_header=true"],
    )
    path = visit(proxy, origin, OVER_A_DAY)
    proxy.wait_for_log("client disconnect")  # the client has its reply before the exchange is over
    assert proxy.stop(by) == 2
    [flow] = read_flows_from_paths([str(flows)])
    assert isinstance(flow, http.HTTPFlow)
    assert flow.metadata["runtime"][0]["rule"] == "cookie-lifetime-too-long"
    assert len(json.loads(har.read_text())["log"]["entries"]) == 1
    assert proxy.findings(path)[0]["rule"] == "cookie-lifetime-too-long"
    assert "because there is 1 problem of severity error (runtime_fail_on is set):\n" in proxy.output
    assert "\n  cookie-lifetime-too-long [sid] GET " in proxy.output
    assert "Traceback" not in proxy.output


def test_a_script_that_is_loaded_again_goes_on_with_the_run(tmp_path: Path, origin: Origin) -> None:
    script = tmp_path / "copy.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ADDON.parent)!r})\n{ADDON.read_text(encoding='utf-8')}")
    report = tmp_path / "report.json"
    report.write_text('{"schema": "runtime-report/1", "findings": []}', encoding="utf-8")
    options = ["runtime_fail_on=error", f"runtime_report={report}", f"runtime_baseline={report}"]
    options += ["runtime_scope=~all", "keep_host_header=true"]
    proxy = Mitmdump(tmp_path, f"reverse:{origin.url}", "-s", str(script), options=options, addon=False)
    before, is_loaded = visit(proxy, origin, OVER_A_DAY), threading.Event()

    def answer(connection: Connection, _: Message) -> None:
        script.touch()
        is_loaded.wait(TIMEOUT)
        connection.send(DOMAIN)

    during = origin.serve(answer)
    with proxy.connect() as connection:
        connection.send(request(b"Referer: /", target=during))
        proxy.wait_for_log("(?s)Loading script.*Loading script")
        is_loaded.set()
        connection.read_response()
    assert proxy.stop() == 2
    assert "cookie-lifetime-too-long" in {each["rule"] for each in proxy.findings(before)}
    assert {"restricted-request-header", "cookie-domain-replaced"} <= {each["rule"] for each in proxy.findings(during)}
    assert "runtime_scope needs the response" not in proxy.output  # the request was judged before, not too late


@pytest.mark.parametrize(
    ("fail_on", "status"), [("never", 0), ("error", 0), ("warning", 2), ("info", 2)], ids=lambda value: str(value)
)
def test_the_severity_decides(tmp_path: Path, origin: Origin, fail_on: str, status: int) -> None:
    proxy = Mitmdump(tmp_path, f"reverse:{origin.url}", options=[f"runtime_fail_on={fail_on}", "keep_host_header=true"])
    visit(proxy, origin, DOMAIN)
    assert proxy.stop() == status


def record(folder: Path, origin: Origin, *answers: bytes) -> Path:
    """A flow file with an exchange for each answer, at /0, /1 …, which come to be {id} in the report."""
    flows = folder / "recorded.flow"
    proxy = Mitmdump(folder, f"reverse:{origin.url}", "-w", str(flows), options=["keep_host_header=true"], addon=False)
    for number, answer in enumerate(answers):
        visit(proxy, origin, answer, b"/gate-%s" % (b"abcdefgh"[number : number + 1]))
    assert proxy.stop() == 0
    return flows


def test_a_recording_fails_too_and_a_baseline_lets_it_pass(tmp_path: Path, origin: Origin) -> None:
    flows = record(tmp_path, origin, OVER_A_DAY, DOMAIN)
    report, again = tmp_path / "first.json", tmp_path / "second.json"
    first = run(tmp_path, "-r", str(flows), options=["runtime_fail_on=warning", f"runtime_report={report}"])
    assert first.returncode == 2, first.stdout

    known = ["runtime_fail_on=warning", f"runtime_baseline={report}", f"runtime_report={again}"]
    second = run(tmp_path, "-r", str(flows), options=known)
    assert second.returncode == 0, second.stdout
    assert "known from the baseline" in second.stdout
    document = json.loads(again.read_text())
    assert all(finding["known"] for finding in document["findings"])
    assert document["notices"] == []

    third = run(tmp_path, "-r", str(flows), options=[*known[1:], "runtime_rules=/cookie-domain-replaced/off"])
    assert "Note: 1 finding of the baseline was not seen again: cookie-domain-replaced [sid] GET " in third.stdout
    [notice] = json.loads(again.read_text())["notices"]
    assert (notice["id"], notice["count"]) == ("baseline-stale", 1)

    longer = record(tmp_path, origin, OVER_A_DAY, DOMAIN, DOMAIN)
    third = run(tmp_path, "-r", str(longer), options=known)
    assert third.returncode == 2, third.stdout
    new = [finding["path"] for finding in json.loads(again.read_text())["findings"] if not finding["known"]]
    assert set(new) == {"/gate-c"}


def test_what_is_suppressed_does_not_fail(tmp_path: Path, origin: Origin) -> None:
    flows = record(tmp_path, origin, OVER_A_DAY)
    rules = "runtime_rules=/~u gate/cookie-lifetime-too-long:sid/info"
    assert run(tmp_path, "-r", str(flows), options=["runtime_fail_on=warning", rules]).returncode == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing of the kind", "not a JSON report"),
        ('{"schema": "runtime-report/2", "findings": []}', "reads up to runtime-report/1"),
        ('{"schema": "runtime-report/1", "findings": [{"rule": 1}]}', "not a JSON report"),
    ],
)
def test_a_baseline_that_is_none_is_refused_at_start(tmp_path: Path, text: str, reason: str) -> None:
    baseline = tmp_path / "baseline.json"
    baseline.write_text(text)
    ended = run(tmp_path, options=[f"runtime_baseline={baseline}"])
    assert ended.returncode == 1
    assert "runtime_baseline" in ended.stdout
    assert reason in ended.stdout
    assert "Traceback" not in ended.stdout


def test_mitmweb_ends_with_2_as_well(tmp_path: Path, origin: Origin) -> None:
    flows = record(tmp_path, origin, OVER_A_DAY)
    report = tmp_path / "report.json"
    mitmweb = Path(sys.executable).parent / "mitmweb"
    options = [
        f"confdir={tmp_path / 'conf'}",
        "web_open_browser=false",
        "server=false",
        "web_port=0",
        "runtime_fail_on=error",
        f"runtime_report={report}",
    ]
    addon = Path(__file__).parents[2] / "addon" / "runtime.py"
    process = subprocess.Popen(
        [mitmweb, "-s", addon, "-r", flows, *(word for option in options for word in ("--set", option))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        for line in process.stdout:
            if "cookie-lifetime-too-long" in line:
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 2
    finally:
        process.kill()
        process.communicate()
    assert json.loads(report.read_text())["summary"]["error"] == 1
