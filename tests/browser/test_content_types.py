"""What Chromium does with content that has no type, today and with the type that the Runtime sends instead.

The addon only reports `content-type-missing`. The second run therefore goes to a site that sends
`application/octet-stream` itself, as the vendor's documentation prints it. Audit reads a recording of the first run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, require_installed
from tests.browser.site import Request, Response, Route, Routes, Sites, answer, number_of, numbered
from tests.live.mitmdump import Mitmdump, run

FROM_RUNTIME = "Content-Type: application/octet-stream"
NOSNIFF = "X-Content-Type-Options: nosniff"
PAGE = "<!doctype html><title>shown</title>"
STYLE = "html { color: red }"
LOAD = """\
const thing = document.createElement("{element}");
{settings};
const loaded = await new Promise((end) => {{
  thing.onload = () => end(true);
  thing.onerror = () => end(false);
  document.head.append(thing);
}});
return loaded && {is_used} ? "used" : "refused";
"""
SCRIPT_LOADS = LOAD.format(element="script", settings="thing.src = '/thing'", is_used="true")
MODULE_LOADS = LOAD.format(element="script", settings="thing.type = 'module'; thing.src = '/thing'", is_used="true")
STYLE_LOADS = LOAD.format(
    element="link",
    settings="thing.rel = 'stylesheet'; thing.href = '/thing'",
    is_used="getComputedStyle(document.documentElement).color === 'rgb(255, 0, 0)'",
)
DATA = "return show(fetch('/thing')).then(() => 'used')"


@dataclass(frozen=True)
class Case:
    """`script` loads `thing`; without a script the browser opens it as a page. A page that is shown has a title."""

    name: str
    thing: Route
    script: str
    today: str
    runtime: str
    severity: str | None


CASES = [
    Case("A page", answer(PAGE), "", "shown", "downloaded", "warning"),
    Case("A page under nosniff, shown as text", answer(PAGE, NOSNIFF), "", "", "downloaded", "warning"),
    Case("A page with a type", answer(PAGE, "Content-Type: text/html"), "", "shown", "shown", None),
    Case("A script", answer("1"), SCRIPT_LOADS, "used", "used", "warning"),
    Case("A script under nosniff", answer("1", NOSNIFF), SCRIPT_LOADS, "refused", "refused", "warning"),
    Case("A module", answer("1"), MODULE_LOADS, "refused", "refused", "warning"),
    Case("A style", answer(STYLE), STYLE_LOADS, "used", "refused", "warning"),
    Case("A style under nosniff", answer(STYLE, NOSNIFF), STYLE_LOADS, "refused", "refused", "warning"),
    Case("A style with a type", answer(STYLE, "Content-Type: text/css"), STYLE_LOADS, "used", "used", None),
    Case("Data", answer("1"), DATA, "used", "used", "info"),
]


def with_type(route: Route) -> Route:
    """The route with the type that the Runtime sends if there is none."""

    def answered(request: Request) -> Response:
        response = route(request)
        has_type = any(line.startswith("Content-Type:") for line in response.lines)
        return response if has_type else replace(response, lines=(*response.lines, FROM_RUNTIME))

    return answered


@dataclass(frozen=True)
class Runs:
    today: list[str]
    runtime: list[str]
    severities: Mapping[int, str]
    """What audit says of the thing of each case."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    require_installed()
    today, runtime = (tmp_path_factory.mktemp(name) for name in ("today", "runtime"))
    recording, report = today / "recording.flow", today / "report.json"
    before = _outcomes(today, [{"app.site.test/thing": case.thing} for case in CASES], "-w", str(recording))
    after = _outcomes(runtime, [{"app.site.test/thing": with_type(case.thing)} for case in CASES])
    run(today, "-r", str(recording), options=["runtime_mode=audit", f"runtime_report={report}"])
    findings = [
        each
        for each in json.loads(report.read_text(encoding="utf-8"))["findings"]
        if each["rule"] == "content-type-missing"
    ]
    return Runs(before, after, {number_of(each["host"]): each["severity"] for each in findings})


def _outcomes(folder: Path, routes: list[Routes], *arguments: str) -> list[str]:
    sites = Sites(routes)
    upstream = f"reverse:http://127.0.0.1:{sites.server_port}"
    proxy = Mitmdump(folder, upstream, *arguments, options=["keep_host_header=true"], addon=False)
    try:
        with Chromium(folder / "profile", proxy.port) as browser:
            return [_outcome(browser, number, case) for number, case in enumerate(CASES)]
    finally:
        proxy.stop()
        sites.close()


def _outcome(browser: Chromium, number: int, case: Case) -> str:
    page = numbered("https://app.site.test/", number)
    return browser.outcome([page], case.script) if case.script else browser.opened(f"{page}thing")


each_case = pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case.name for case in CASES])


@each_case
def test_the_browser_does_what_the_case_says(number: int, case: Case, runs: Runs) -> None:
    assert (runs.today[number], runs.runtime[number]) == (case.today, case.runtime)


@each_case
def test_audit_warned_of_what_changes(number: int, case: Case, runs: Runs) -> None:
    assert runs.severities.get(number) == case.severity
    if case.today != case.runtime:
        assert case.severity == "warning"
