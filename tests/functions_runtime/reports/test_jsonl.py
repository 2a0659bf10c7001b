"""The JSON log."""

from __future__ import annotations

import json

from functions_runtime.reports import json as json_report
from functions_runtime.reports.jsonl import footer, header, line
from tests.functions_runtime.reports.sample import CONTROLS, ERROR, HOSTILE, entry, notice, report


def test_the_first_line_says_what_follows() -> None:
    text = header(report(mode="enforce"))
    assert text.endswith("\n")
    assert json.loads(text) == {
        "schema": "runtime-report/1",
        "version": "1.2.3",
        "mode": "enforce",
        "limits": {"bytes": 1000, "count": 100},
    }


def test_the_last_line_has_the_notices() -> None:
    text = footer(report(notices=(notice("no-cookies", "There are no cookies.", 3),)))
    assert text.endswith("\n")
    assert json.loads(text) == {"notices": [{"id": "no-cookies", "message": "There are no cookies.", "count": 3}]}
    assert footer(report()) == ""


def test_a_finding_is_as_in_the_json_report() -> None:
    found = entry(severity=ERROR, subject="sid", status=400, count=2, known=True)
    assert json.loads(line(found)) == json_report.finding(found)


def test_a_line_is_whole_whatever_is_in_it() -> None:
    text = line(entry(subject=HOSTILE + CONTROLS))
    assert text.isascii()
    assert text.splitlines(keepends=True) == [text]
    assert json.loads(text)["subject"] == HOSTILE + CONTROLS
