"""The summary for a terminal."""

from __future__ import annotations

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request
from functions_runtime.profile import Limits
from functions_runtime.record import journal as journal_module
from functions_runtime.record.inventory import FOLDED, Standing
from functions_runtime.record.journal import Journal
from functions_runtime.reports.text import (
    MAX_ROWS,
    VERDICTS,
    counted,
    endpoints_seen,
    nothing_judged,
    render,
    unmeasured,
)
from functions_runtime.ruling import Basis, Finding, Severity
from tests.functions_runtime.reports.sample import HOME, LOGIN, judged, report

INFO, WARNING, ERROR = Severity


def endpoint(number: int = 0) -> Endpoint:
    return Endpoint("GET", "a.example", f"/{number:03}")


def finding(rule: str, severity: Severity, subject: str | None = None) -> Finding:
    return Finding(rule, severity, Basis.READING, "message", "fix", subject)


def lines(journal: Journal) -> list[str]:
    return render(journal.report("audit", Limits(4096, 75))).splitlines()


def test_an_empty_run() -> None:
    assert lines(Journal()) == [
        "Runtime (audit, limits 4096 bytes and 75): 0 exchanges judged, 0 clean; 0 errors, 0 warnings, 0 infos."
    ]


def test_counts_verdict_and_a_row_for_each_warning_and_error() -> None:
    journal = Journal()
    journal.site.saw_answer(endpoint(1))
    record = journal.begin(endpoint(), 0.0)
    journal.add(record, [finding("info", INFO), finding("warning", WARNING, "sid"), finding("error", ERROR)])
    journal.add(record, [finding("warning", WARNING, "sid")])
    assert lines(journal) == [
        f"Runtime (audit, limits 4096 bytes and 75): {VERDICTS[Standing.BREAKS]} "
        "Of 2 endpoints: runs 1, runs with changes 0, breaks 1.",
        "  1 exchange judged, 0 clean; 1 error, 1 warning, 1 info.",
        "  error   error GET a.example/000 (1×)",
        "  warning warning [sid] GET a.example/000 (2×)",
    ]


def test_with_a_baseline_it_is_said_that_nothing_of_it_was_found() -> None:
    journal = Journal(())
    journal.begin(endpoint(), 0.0)
    assert lines(journal)[1].endswith("0 infos (0 known from the baseline).")


def test_why_nothing_was_judged() -> None:
    assert nothing_judged(report(exchanges=0)) == "No HTTP request came by."
    missed = report(exchanges=0, outside_scope=1200)
    assert nothing_judged(missed) == "None of 1,200 requests matched runtime_scope."
    assert nothing_judged(missed, "runtime_scope (~d a)") == "None of 1,200 requests matched runtime_scope (~d a)."


def test_known_findings_are_said_to_be_known() -> None:
    journal = Journal({("known", "warning", *endpoint(), None)})
    journal.add(journal.begin(endpoint(), 0.0), [finding("known", WARNING), finding("new", WARNING)])
    _, counts, *rows = lines(journal)
    assert counts.endswith("2 warnings, 0 infos (1 known from the baseline).")
    assert rows == ["  warning known GET a.example/000 (1×, known)", "  warning new GET a.example/000 (1×)"]


@pytest.mark.parametrize(
    ("severity", "standing"),
    [(INFO, Standing.UNKNOWN), (WARNING, Standing.CHANGES), (ERROR, Standing.BREAKS)],
)
def test_the_verdict_is_that_of_the_site(severity: Severity, standing: Standing) -> None:
    journal = Journal()
    journal.add(journal.begin(endpoint(), 0.0), [finding("rule", severity)])
    assert f": {VERDICTS[standing]} " in lines(journal)[0]
    journal.site.saw_request(endpoint(1), Request())
    assert ": unknown 1, runs 0, " in lines(journal)[0]


def test_what_was_folded_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 0)
    journal = Journal()
    journal.add(journal.begin(endpoint(), 0.0), [finding("rule", WARNING)])
    assert lines(journal)[2].startswith("  1 findings were too many")


def test_rows_are_bounded_and_the_rest_is_counted() -> None:
    journal = Journal()
    for number in range(MAX_ROWS):
        journal.add(journal.begin(endpoint(number), 0.0), [finding("rule", WARNING), finding("other", INFO)])
    _, _, *rows = lines(journal)
    assert len(rows) == MAX_ROWS
    for number in range(MAX_ROWS, MAX_ROWS + 2):
        journal.add(journal.begin(endpoint(number), 0.0), [finding("rule", WARNING)])
    _, _, *rows = lines(journal)
    assert len(rows) == MAX_ROWS + 1
    assert rows[-2] == "  warning rule GET a.example/019 (1×)"
    assert rows[-1] == "  … and 2 more. Set runtime_report to have them all."


def test_things_are_counted_in_words() -> None:
    assert (counted(0, "finding"), counted(1, "finding"), counted(1000, "finding")) == (
        "0 findings",
        "1 finding",
        "1,000 findings",
    )


def test_endpoints_that_share_an_entry_are_not_counted() -> None:
    seen = (judged(HOME), judged(LOGIN), judged(FOLDED))
    assert endpoints_seen(report(endpoints=seen[:1])) == "1 endpoint"
    assert endpoints_seen(report(endpoints=seen)).startswith("more than 2 endpoints, ")


def test_what_is_not_measured_is_said() -> None:
    assert unmeasured(report()) == ""
    assert unmeasured(report(unmeasured=2)).startswith("2 responses had been changed by the Runtime before recording")
