"""A real browser agrees: what audit predicts from a first run is what Chromium does in a second one, in enforce mode.

Only the consequences that a browser decides are looked at. What is tried stands in `cases.py`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.cases import CASES, Case
from tests.browser.chromium import Chromium, require_installed
from tests.browser.site import Sites, number_of, numbered
from tests.live.mitmdump import Mitmdump

DECIDED_BY_BROWSER = {
    "cookie-read-by-script",
    "cookie-shared-across-hosts",
    "cors-authorization-wildcard",
    "cors-credentials-blocked",
    "cors-method-blocked",
    "cors-opened",
    "websocket-unavailable",
}

Predictions = set[tuple[str, str]]
"""Rules with their severities."""


@dataclass(frozen=True)
class Run:
    """One run over all cases: how each script ended, what arrived at the sites, and what was predicted."""

    outcomes: list[str]
    arrived: list[set[str]]
    predicted: list[Predictions]


@dataclass(frozen=True)
class Runs:
    today: Run
    runtime: Run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Audit changes no byte, so that one run shows both what the sites do today and what audit says of it."""
    require_installed()
    folders = [tmp_path_factory.mktemp(mode) for mode in ("audit", "enforce")]
    with ThreadPoolExecutor() as pool:
        return Runs(*pool.map(_run, folders, ("audit", "enforce")))


def _run(folder: Path, mode: str) -> Run:
    sites = Sites([case.routes for case in CASES])
    upstream = f"reverse:http://127.0.0.1:{sites.server_port}"
    proxy = Mitmdump(folder, upstream, options=[f"runtime_mode={mode}", "keep_host_header=true"])
    try:
        with Chromium(folder / "profile", proxy.port) as browser:
            outcomes = [_outcome(browser, number, case) for number, case in enumerate(CASES)]
        proxy.wait_until_idle()
    finally:
        status = proxy.stop()
        sites.close()
    assert status == 0
    assert "Traceback" not in proxy.output
    predicted: list[Predictions] = [set() for _ in CASES]
    for finding in proxy.report()["findings"]:
        if finding["rule"] in DECIDED_BY_BROWSER:
            predicted[number_of(finding["host"])].add((finding["rule"], finding["severity"]))
    return Run(outcomes, sites.arrived, predicted)


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
    predicted = runs.today.predicted[number]
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
