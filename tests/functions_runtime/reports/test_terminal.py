"""The summary for a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import Standing
from functions_runtime.record.notices import Notice
from functions_runtime.reports.terminal import MAX_INFOS, MAX_LINES, MAX_RULES, summary
from functions_runtime.ruling import Severity
from tests.functions_runtime.reports.sample import (
    HOME,
    LOGIN,
    entry,
    host,
    judged,
    report,
)

INFO, WARNING, ERROR = Severity


def lines(*entries: object, **more: object) -> list[str]:
    return summary(report(*entries, **more)).splitlines()  # type: ignore[arg-type]


def test_nothing_was_judged() -> None:
    assert summary(report(exchanges=0)) == "Runtime: nothing was judged. There was no HTTP request."
    missed = summary(report(exchanges=0, outside_scope=2), scoped_to="~d a")
    assert missed == "Runtime: nothing was judged. None of 2 requests matched runtime_scope (~d a)."


def test_the_site_and_the_verdict_come_first() -> None:
    first, second, *_ = lines(entry(), endpoints=(judged(HOME, Standing.BREAKS),), hosts=(host("a.example", ERROR),))
    assert first == "Runtime: a.example: 1 blocking issue."
    assert second == "  1 of 1 endpoint would break under the Runtime."


def test_what_is_named_in_full_can_be_chosen() -> None:
    found = report(entry(), entry("cookie-domain-replaced", WARNING), entry("cookie-session", INFO))
    said = {show: [line.split()[:2] for line in summary(found, show=show).splitlines()] for show in Severity}
    assert ["warning", "cookie-domain-replaced:"] not in said[ERROR]
    assert ["info", "cookie-session"] in said[WARNING]
    assert ["info", "cookie-session:"] in said[INFO]
    assert not any(line[0] == "info" for line in said[ERROR])
    assert all(any(line[0] == "error" for line in lines) for lines in said.values())


def test_several_sites_are_named() -> None:
    said = lines(entry(), hosts=(host("a.example", ERROR), host("b.example")))
    assert said[2] == "  The verdict is about a.example and b.example."
    assert not any("verdict is about" in line for line in lines(entry()))


def test_notices_and_counts_follow() -> None:
    said = lines(entry(known=True), notices=(Notice("no-cookies", "No cookie.", 1),), folded=3)
    assert "  Note: No cookie." in said
    [counts] = [line for line in said if "checked" in line]
    assert counts == (
        "  10 requests checked, 5 without a problem. Found: 1 error, 0 warnings, 0 infos (1 known from the baseline)."
    )
    assert any(line.endswith(" Limits on headers: 1,000 bytes, 100 fields and cookies.") for line in said)
    assert "  There were too many findings to list: 3 are counted together, under *." in said


def test_a_rule_has_its_fix_once_and_a_line_for_each_cause() -> None:
    said = lines(
        entry(subject="sid", count=2),
        entry(subject="sid", endpoint=LOGIN),
        entry(subject="csrf", known=True),
        entry("get-with-content"),
    )
    rule = BY_ID["cookie-lifetime-too-long"]
    start = said.index(f"  error   {rule.id}: {rule.title}. Fix: {rule.fix}")
    assert sorted(said[start + 1 : start + 3]) == [
        "            [csrf] GET a.example/ (1×, known)",
        "            [sid] GET a.example/ and 1 more endpoint (3×)",
    ]
    other = next(line for line in said if "get-with-content" in line)
    assert said[said.index(other) + 1] == "            GET a.example/ (1×)"


def test_what_is_too_much_is_counted() -> None:
    grave = [rule.id for rule in RULES if rule.severity is ERROR][: MAX_RULES + 2]
    many = [entry(grave[0], endpoint=Endpoint("GET", f"{number}.a.example", "/")) for number in range(MAX_LINES + 2)]
    said = lines(*many, *(entry(rule) for rule in grave[1:]))
    assert "            … and 3 more" in said
    assert "  … and 2 more rules. Set runtime_report to see them all." in said
    shown = summary(report(*(entry(rule) for rule in grave)), ["report.html"])
    assert "  … and 2 more rules: see the report." in shown.splitlines()


def test_infos_are_gathered() -> None:
    assert "  info    cookie-session 2, preflight-answered 1" in lines(
        entry("cookie-session", INFO, subject="a"),
        entry("cookie-session", INFO, subject="b"),
        entry("preflight-answered", INFO),
    )
    several = [entry(rule.id, INFO) for rule in RULES[: MAX_INFOS + 1]]
    assert any(line.endswith(", …") for line in lines(*several))


def test_other_hosts_are_a_line() -> None:
    hosts = (host("a.example", INFO), host("ads.test", ERROR, own=False), host("font.test", INFO, own=False))
    [line] = [line for line in lines(hosts=hosts) if "other hosts" in line]
    assert line.startswith("  2 other hosts left out; 1 would break. To check")
    assert "'~d a.example'" in line
    [line] = [line for line in lines(hosts=(hosts[0], hosts[2])) if "other host" in line]
    assert line.startswith("  1 other host left out. To check")


def test_where_to_look_comes_last() -> None:
    assert summary(report(entry()), [Path("r.html"), Path("r.json")]).splitlines()[-1] == "  Open r.html, r.json"


@pytest.mark.parametrize("number", [1, 500])
def test_it_fits_on_a_screen(number: int) -> None:
    entries = [
        entry(rule.id, subject=f"s{each}", endpoint=Endpoint("GET", "a.example", f"/{each}"))
        for rule in RULES
        for each in range(number // 30 + 1)
    ]
    assert len(lines(*entries)) <= 40
