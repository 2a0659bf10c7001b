"""A real browser agrees: what audit predicts from a first run is what Chromium does in a second one, in enforce mode.

The first run goes through mitmproxy without the addon; audit reads its recording. Only the consequences that a browser
decides are looked at. What is tried stands in `cases.py`.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.cases import CASES, Case
from tests.browser.chromium import Chromium, require_installed
from tests.browser.site import Sites, number_of, numbered
from tests.live.mitmdump import Mitmdump, run

DECIDED_BY_BROWSER = {
    "cookie-read-by-script",
    "cookie-shared-across-hosts",
    "cors-authorization-wildcard",
    "cors-credentials-blocked",
    "cors-method-blocked",
    "cors-opened",
    "method-unsupported",
    "websocket-unavailable",
}

Predictions = set[tuple[str, str]]
"""Rules with their severities."""


@dataclass(frozen=True)
class Run:
    """One run over all cases: how each script ended, and what arrived at the sites."""

    outcomes: list[str]
    arrived: list[set[str]]


@dataclass(frozen=True)
class Runs:
    today: Run
    runtime: Run
    predicted: list[Predictions]
    """What audit says of a recording of today's run."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    require_installed()
    bare, enforced = (tmp_path_factory.mktemp(name) for name in ("bare", "enforced"))
    recording = bare / "recording.flow"
    with ThreadPoolExecutor() as pool:
        today = pool.submit(_run, bare, "-w", str(recording), addon=False)
        runtime = pool.submit(_run, enforced, "--set", "runtime_mode=enforce")
        return Runs(today.result(), runtime.result(), _predictions(bare, recording))


def _run(folder: Path, *arguments: str, addon: bool = True) -> Run:
    sites = Sites([case.routes for case in CASES])
    upstream = f"reverse:http://127.0.0.1:{sites.server_port}"
    proxy = Mitmdump(folder, upstream, *arguments, options=["keep_host_header=true"], addon=addon)
    try:
        with Chromium(folder / "profile", proxy.port) as browser:
            outcomes = [_outcome(browser, number, case) for number, case in enumerate(CASES)]
        proxy.wait_until_idle()
    finally:
        status = proxy.stop()
        sites.close()
    assert status == 0
    assert "Traceback" not in proxy.output
    return Run(outcomes, sites.arrived)


def _predictions(folder: Path, recording: Path) -> list[Predictions]:
    report = folder / "report.json"
    options = ["runtime_mode=audit", f"runtime_report={report}", "keep_host_header=true"]
    audit = run(folder, "-r", str(recording), options=options)
    assert audit.returncode == 0, audit.stdout
    predicted: list[Predictions] = [set() for _ in CASES]
    for finding in json.loads(report.read_text(encoding="utf-8"))["findings"]:
        if finding["rule"] in DECIDED_BY_BROWSER:
            predicted[number_of(finding["host"])].add((finding["rule"], finding["severity"]))
    return predicted


def _outcome(browser: Chromium, number: int, case: Case) -> str:
    pages = [numbered(url, number) for url in case.pages]
    return browser.outcome(pages, numbered(case.script, number))


each_case = pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case.name for case in CASES])


@each_case
def test_the_browser_does_what_the_case_says(number: int, case: Case, runs: Runs) -> None:
    assert runs.today.outcomes[number] == case.today
    assert runs.runtime.outcomes[number] == (case.runtime or case.today)


@each_case
def test_audit_predicted_what_the_browser_does(
    number: int, case: Case, runs: Runs, request: pytest.FixtureRequest
) -> None:
    """No missed break and no false alarm: an error says what breaks, a warning what may break."""
    if case.disagrees:
        request.applymarker(pytest.mark.xfail(raises=AssertionError, reason=case.disagrees, strict=True))
    today, runtime = runs.today.outcomes[number], runs.runtime.outcomes[number]
    breaks = today != runtime and not today.startswith("error: ")
    opens = runs.runtime.arrived[number] - runs.today.arrived[number]
    predicted = runs.predicted[number]
    rules = {rule for rule, _ in predicted}
    if breaks:
        assert rules - {"cors-opened"}, "a missed break"
    else:
        assert "error" not in {severity for _, severity in predicted}, "a false alarm"
    if opens:
        assert "cors-opened" in rules, "a missed opening"
    assert predicted == set(case.predicted.items())


def test_every_consequence_that_a_browser_decides_is_tried() -> None:
    assert {rule for case in CASES for rule in case.predicted} == DECIDED_BY_BROWSER
