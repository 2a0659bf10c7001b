"""The JSON report, and how a later run reads it as its baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request, Response
from functions_runtime.profile import Limits
from functions_runtime.record.journal import Journal
from functions_runtime.reports.json import SCHEMA, read_baseline, render, timestamp
from functions_runtime.rule import Rule
from functions_runtime.ruling import Basis, Forward, Reply, Severity
from functions_runtime.version import VERSION
from tests.functions_runtime.reports.sample import example

HOME = Endpoint("GET", "a.example", "/")
LIMITS = Limits(4096, 75)
RULE = BY_ID["cookie-lifetime-too-long"]
TOO_LONG = RULE.finding("sid", effect=Reply(431, "Too Large"), lifetime='30 "days" – </script>', attribute="Expires")
PLAIN = BY_ID["cookie-session"].finding(basis=Basis.EMULATOR)
SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "report.schema.json"


def rendered(journal: Journal) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(journal.report("audit", LIMITS, sources=["a.har"])))
    validate(document)
    return document


def validate(document: dict[str, Any]) -> None:
    """Hold a report against the schema. Raises ValidationError."""
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)


def a_journal() -> Journal:
    journal = Journal({("cookie-session", "info", *HOME, None): True})
    response = Response(fields=((b"Set-Cookie", b"sid=secret; Path=/"),))
    for time, findings in ((1767225600.0, [PLAIN, TOO_LONG]), (1767225661.9, [TOO_LONG]), (0.0, [])):
        request = Request(host="a.example", fields=((b"Host", b"a.example"),), time=time)
        journal.book(journal.begin(HOME, request, recorded=True), findings)
    journal.inventory.saw_response(HOME, response)
    journal.inventory.saw_cookies("a.example", response, Forward())
    return journal


def test_the_report_of_an_empty_run() -> None:
    assert rendered(Journal()) == {
        "schema": "runtime-report/1",
        "version": VERSION,
        "mode": "audit",
        "sources": ["a.har"],
        "began": None,
        "ended": None,
        "notices": [],
        "limits": {"bytes": 4096, "count": 75},
        "exchanges": {"judged": 0, "clean": 0},
        "verdict": {"site": None, "endpoints": {"unknown": 0, "runs": 0, "runs with changes": 0, "breaks": 0}},
        "summary": {"error": 0, "warning": 0, "info": 0},
        "summary_others": {"error": 0, "warning": 0, "info": 0},
        "folded": 0,
        "findings": [],
        "hosts": [],
        "endpoints": [],
        "cookies": [],
        "further_cookies": 0,
        "unmeasured": 0,
    }


def test_a_run_is_counted() -> None:
    document = rendered(a_journal())
    assert document["exchanges"] == {"judged": 3, "clean": 1}
    assert document["summary"] == {"error": 1, "warning": 0, "info": 1}
    assert document["verdict"] == {
        "site": "breaks",
        "endpoints": {"unknown": 0, "runs": 0, "runs with changes": 0, "breaks": 1},
    }


def test_a_finding_says_everything() -> None:
    error, info = rendered(a_journal())["findings"]
    assert error == {
        "rule": "cookie-lifetime-too-long",
        "severity": "error",
        "basis": "documented",
        "method": "GET",
        "host": "a.example",
        "path": "/",
        "subject": "sid",
        "facts": {"lifetime": '30 "days" – </script>', "attribute": "Expires"},
        "message": RULE.say(TOO_LONG),
        "fix": RULE.fix,
        "curl": "curl -ig https://a.example/",
        "status": 431,
        "twilio_error": None,
        "count": 2,
        "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:01:01Z",
        "known": False,
        "own": True,
    }
    assert (info["subject"], info["status"], info["twilio_error"], info["known"]) == (None, None, None, True)
    assert (info["message"], info["basis"]) == (BY_ID["cookie-session"].say(PLAIN), "emulator")


def test_endpoints_and_cookies_are_listed_without_values() -> None:
    document = rendered(a_journal())
    line = {"bytes": len("Host: a.example\r\n"), "count": 1, "largest": [{"name": "host", "bytes": 17}]}
    assert document["endpoints"] == [
        {
            "method": "GET",
            "host": "a.example",
            "path": "/",
            "exchanges": 3,
            "verdict": "breaks",
            "reasons": ["cookie-lifetime-too-long"],
            "own": True,
            "request": line,
            "response": {"bytes": 32, "count": 1, "largest": [{"name": "set-cookie", "bytes": 32}]},
        }
    ]
    assert document["cookies"] == [
        {"host": "a.example", "name": "sid", "today": "Path=/", "runtime": "Path=/", "own": True}
    ]
    assert "secret" not in json.dumps(document)


def test_the_text_is_ascii_and_ends_its_last_line() -> None:
    text = render(a_journal().report("audit", LIMITS))
    assert text.isascii()
    assert "\x1b" not in text
    assert text.endswith("}\n")


def test_each_finding_has_a_line_of_its_own() -> None:
    lines = render(a_journal().report("audit", LIMITS)).splitlines()
    found = [json.loads(line.rstrip(",")) for line in lines if line.startswith('  {"rule"')]
    assert [each["rule"] for each in found] == ["cookie-lifetime-too-long", "cookie-session"]
    assert lines[1] == ' "schema": "runtime-report/1",'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, None),
        (1767225600.999, "2026-01-01T00:00:00Z"),
        (-1.0, "1969-12-31T23:59:59Z"),
        (-62135596800.0, "0001-01-01T00:00:00Z"),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        (1e300, None),
        (1e12, None),
    ],
)
def test_a_time_that_is_none_is_null(seconds: float, text: str | None) -> None:
    assert timestamp(seconds) == text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_finding_of_each_rule_is_as_the_schema_says(rule: Rule) -> None:
    journal = Journal()
    journal.book(journal.begin(HOME, Request(host="a.example")), [example(rule.id)])
    assert [found["rule"] for found in rendered(journal)["findings"]] == [rule.id]


# Baseline


def test_a_report_is_the_baseline_of_the_next_run() -> None:
    journal = a_journal()
    baseline = read_baseline(render(journal.report("audit", LIMITS)))
    assert baseline == {
        ("cookie-lifetime-too-long", "error", *HOME, "sid"): True,
        ("cookie-session", "info", *HOME, None): True,
    }
    journal.compare_with(baseline)
    assert not journal.report("audit", LIMITS).new(Severity.INFO)


def test_a_baseline_needs_nothing_but_schema_and_findings() -> None:
    assert read_baseline(json.dumps({"schema": SCHEMA, "findings": []})) == {}


def a_report(**changes: object) -> str:
    finding = {"rule": "r", "severity": "info", "method": "GET", "host": "h", "path": "/", "subject": None, **changes}
    return json.dumps({"schema": SCHEMA, "findings": [finding]})


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[]",
        "null",
        "17",
        '"runtime-report/1"',
        "{}",
        '{"schema": "runtime-report/1"}',
        '{"schema": "runtime-report/1", "findings": null}',
        '{"schema": "runtime-report/1", "findings": [1]}',
        '{"schema": "runtime-report/1", "findings": [{}]}',
        '{"schema": null, "findings": []}',
        '{"schema": "other-report/1", "findings": []}',
        '{"schema": "runtime-report", "findings": []}',
        '{"schema": "runtime-report/one", "findings": []}',
        '{"schema": "runtime-report/²", "findings": []}',
        '{"schema": "runtime-report/-1", "findings": []}',
        a_report(rule=None),
        a_report(severity=3),
        a_report(method=[]),
        a_report(host={}),
        a_report(path=None),
        a_report(subject=17),
        "[" * 100_000,
    ],
    ids=lambda document: document[:60],
)
def test_what_is_no_report_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="it is not a JSON report with the schema runtime-report/1"):
        read_baseline(document)


def test_a_report_of_a_newer_schema_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"its schema is runtime-report/2, and this program reads up to runtime-report/1"
    ):
        read_baseline('{"schema": "runtime-report/2", "findings": []}')
