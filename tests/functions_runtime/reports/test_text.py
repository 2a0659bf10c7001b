"""Phrases that several formats share."""

from __future__ import annotations

from dataclasses import replace

from functions_runtime.record.inventory import Standing
from functions_runtime.reports.text import (
    counted,
    nothing_judged,
    nothing_known,
    standings_of_endpoints,
    unmeasured,
)
from tests.functions_runtime.reports.sample import HOME, LOGIN, judged, notice, report


def test_why_nothing_was_judged() -> None:
    assert nothing_judged(report(exchanges=0)) == "There was no HTTP request."
    assert nothing_judged(replace(report(exchanges=0), is_cleared=True)) == "No HTTP request came after runtime.clear."
    assert nothing_judged(report(exchanges=0, sources=("site.har",))) == "No HTTP request was recorded."
    assert nothing_judged(report(exchanges=0, notices=(notice("unreadable"),))) == "No recording could be read."
    missed = report(exchanges=0, outside_scope=1200)
    assert nothing_judged(missed) == "None of 1,200 requests matched the scope."
    assert nothing_judged(missed, "runtime_scope (~d a)") == "None of 1,200 requests matched runtime_scope (~d a)."


def test_why_nothing_is_known() -> None:
    assert nothing_known(report(exchanges=0)) == "There was no HTTP request."
    assert nothing_known(report(endpoints=(judged(own=False),))) == "No request to an own host was judged."
    unanswered = report(endpoints=(judged(HOME, Standing.UNKNOWN), judged(LOGIN, own=False)))
    assert nothing_known(unanswered) == "No response of an own host was seen."
    assert nothing_known(report(endpoints=(judged(),))) == ""


def test_things_are_counted_in_words() -> None:
    assert (counted(0, "finding"), counted(1, "finding"), counted(1000, "finding")) == (
        "0 findings",
        "1 finding",
        "1,000 findings",
    )


def test_what_is_not_measured_is_said() -> None:
    assert unmeasured(report()) == ""
    assert unmeasured(report(unmeasured=2)).startswith("2 responses had been changed by the Runtime before recording")


def test_standings_are_counted() -> None:
    endpoints = (judged(HOME, Standing.BREAKS), judged(LOGIN, Standing.RUNS))
    assert standings_of_endpoints(report(endpoints=endpoints)) == [
        (Standing.RUNS, 1),
        (Standing.CHANGES, 0),
        (Standing.BREAKS, 1),
    ]
    assert standings_of_endpoints(report(endpoints=(judged(HOME, Standing.UNKNOWN),)))[0] == (Standing.UNKNOWN, 1)
