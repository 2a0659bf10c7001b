"""The SARIF report."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from functions_runtime import version
from functions_runtime.catalogue import RULES, say
from functions_runtime.record.report import Report
from functions_runtime.reports.sarif import IN_BASELINE, MAX_RELATED, NOT_OWN, SCHEMA, render
from functions_runtime.ruling import Basis
from tests.functions_runtime.reports.sample import (
    ERROR,
    HOME,
    HOSTILE,
    INFO,
    LOGIN,
    NEVER,
    VALIDATORS,
    WARNING,
    entry,
    hostile_report,
    judged,
    notice,
    report,
    unprintable,
)
from tests.requirements import require

SCHEMA_FILE = VALIDATORS / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"


def run_of(rendered: Report) -> dict[str, Any]:
    document = json.loads(render(rendered))
    assert (document["version"], document["$schema"]) == ("2.1.0", SCHEMA)
    [run] = document["runs"]
    assert isinstance(run, dict)
    return run


def results(*entries: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_of(report(*entries))["results"]
    return found


@pytest.mark.parametrize("published", ["", "https://docs.example/rules"])
def test_every_rule_is_described_with_help(published: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "RULES_URL", published)
    described = run_of(report())["tool"]["driver"]["rules"]
    assert [each["id"] for each in described] == [rule.id for rule in RULES]
    for rule, each in zip(RULES, described, strict=True):
        assert each["shortDescription"]["text"] == rule.title
        assert each["fullDescription"]["text"] == " ".join(rule.explanation.split())
        assert each["helpUri"] == (f"{published}#{rule.id}" if published else rule.references[0])
        assert each["properties"]["basis"] == rule.basis.value
        for text in each["help"].values():
            assert rule.fix in text
            assert rule.code in text
    assert {each["defaultConfiguration"]["level"] for each in described} == {"error", "warning", "note"}


def test_code_is_fenced_in_markdown_only() -> None:
    described = {each["id"]: each["help"] for each in run_of(report())["tool"]["driver"]["rules"]}
    with_code, without = described["cookie-read-by-script"], described["request-headers-too-long"]
    assert with_code["markdown"].endswith("\n```")
    assert "```" not in with_code["text"] + without["markdown"]


def test_the_run_says_how_it_was_judged() -> None:
    properties = run_of(report(entry(severity=WARNING), endpoints=(judged(),), exchanges=4, clean=3, folded=2))[
        "properties"
    ]
    assert properties == {
        "verdict": {
            "site": "runs with changes",
            "endpoints": {"unknown": 0, "runs": 1, "runs with changes": 0, "breaks": 0},
        },
        "mode": "audit",
        "limits": {"bytes": 1000, "count": 100},
        "exchanges": {"judged": 4, "clean": 3},
        "folded": 2,
    }


def test_severities_have_levels() -> None:
    found = results(entry(severity=ERROR), entry(severity=WARNING), entry(severity=INFO))
    assert [each["level"] for each in found] == ["error", "warning", "note"]


def test_a_result_has_the_command_that_shows_it() -> None:
    [result] = results(entry("cookie-session", subject="sid"))
    assert result["properties"]["curl"] == "curl -ig https://a.example/"


def test_a_result_says_everything() -> None:
    found = entry("request-headers-too-long", endpoint=LOGIN, basis=Basis.READING, status=431, count=3)
    [result] = results(found)
    index = [rule.id for rule in RULES].index("request-headers-too-long")
    message = f"POST a.example/user/{{{{id}}}}/login: {say(found.finding)} Fix: {RULES[index].fix}"
    fingerprints = result.pop("partialFingerprints")
    assert result == {
        "ruleId": "request-headers-too-long",
        "ruleIndex": index,
        "level": "error",
        "message": {"text": message},
        "locations": [
            {
                "logicalLocations": [
                    {
                        "name": "/user/{id}/login",
                        "fullyQualifiedName": "POST a.example/user/{id}/login",
                        "kind": "resource",
                    }
                ]
            }
        ],
        "occurrenceCount": 3,
        "provenance": {
            "firstDetectionTimeUtc": "2026-11-23T08:00:00Z",
            "lastDetectionTimeUtc": "2026-11-23T08:01:30Z",
        },
        "properties": {
            "basis": "reading",
            "subject": None,
            "status": 431,
            "twilioError": 82008,
            "host": "a.example",
            "own": True,
            "endpoints": 1,
            "curl": None,
        },
    }
    assert [(name, len(value)) for name, value in fingerprints.items()] == [("cause/v1", 64)]


def test_a_time_that_is_none_is_left_out() -> None:
    [result] = results(entry(first_seen=NEVER))
    assert result["provenance"] == {"lastDetectionTimeUtc": "2026-11-23T08:01:30Z"}


def test_a_finding_keeps_its_fingerprint_and_shares_it_with_no_other() -> None:
    def fingerprint(*words: Any, **more: Any) -> str:
        [result] = results(entry(*words, **more))
        return str(result["partialFingerprints"]["cause/v1"])

    same = fingerprint("cookie-session", INFO, HOME, "sid")
    assert same == fingerprint(
        "cookie-session", INFO, HOME, "sid", facts=(("more", 1),), count=9, known=True, last_seen=1
    )
    others = {
        fingerprint("cookie-attributes-added", INFO, HOME, "sid"),
        fingerprint("cookie-session", WARNING, HOME, "sid"),
        fingerprint("cookie-session", INFO, HOME._replace(host="b.example"), "sid"),
        fingerprint("cookie-session", INFO, HOME, "other"),
        fingerprint("cookie-session", INFO, HOME, None),
    }
    assert len(others - {same}) == 5
    assert same == fingerprint("cookie-session", INFO, LOGIN, "sid"), "one cause wherever it is on its host"


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    [result] = results(entry())
    assert {"baselineState", "suppressions"}.isdisjoint(result)


def test_with_a_baseline_every_result_says_whether_it_is_new() -> None:
    new, known = results(entry(subject="new"), entry(subject="known", known=True))
    assert (new["baselineState"], new["suppressions"]) == ("new", [])
    assert known["baselineState"] == "unchanged"
    assert [each["status"] for each in known["suppressions"]] == ["accepted"]


def test_with_a_baseline_that_knows_nothing_every_result_is_new() -> None:
    [result] = json.loads(render(report(entry(), compared=True)))["runs"][0]["results"]
    assert (result["baselineState"], result["suppressions"]) == ("new", [])


def test_findings_of_one_cause_are_one_result_with_related_locations() -> None:
    paths = [HOME._replace(path=f"/{number}") for number in range(MAX_RELATED + 2)]
    [result] = results(*(entry(subject="sid", endpoint=path, count=2) for path in paths))
    assert result["message"]["text"].startswith(f"GET a.example/0 and {MAX_RELATED + 1} more endpoints: ")
    assert result["locations"][0]["logicalLocations"][0]["name"] == "/0"
    assert [each["logicalLocations"][0]["name"] for each in result["relatedLocations"]] == [
        path.path for path in paths[1 : MAX_RELATED + 1]
    ]
    assert (result["occurrenceCount"], result["properties"]["endpoints"]) == (2 * len(paths), len(paths))


def test_a_cause_of_which_the_baseline_has_a_part_was_updated() -> None:
    [result] = results(entry(known=True), entry(endpoint=LOGIN))
    assert (result["baselineState"], result["suppressions"]) == ("updated", [])


def test_what_is_at_hosts_of_others_is_suppressed() -> None:
    elsewhere = HOME._replace(host="ads.example")
    own, other = results(entry(), entry(endpoint=elsewhere, own=False))
    assert own["suppressions"] == []
    assert [each["justification"] for each in other["suppressions"]] == [NOT_OWN]
    assert not other["properties"]["own"]
    own, other = results(entry(), entry(endpoint=elsewhere, own=False, known=True))
    assert [each["justification"] for each in other["suppressions"]] == [IN_BASELINE, NOT_OWN]


def test_the_tool_has_a_version_and_notices_are_notifications() -> None:
    run = run_of(report(notices=(notice("no-cookies", "No {cookies}.", 40),)))
    assert run["tool"]["driver"]["version"] == "1.2.3"
    [invocation] = run["invocations"]
    assert invocation["toolExecutionNotifications"] == [
        {
            "descriptor": {"id": "no-cookies"},
            "level": "warning",
            "message": {"text": "No {{cookies}}."},
            "properties": {"count": 40},
        }
    ]


def test_hostile_text_stays_text() -> None:
    document = render(hostile_report())
    assert document.isascii()
    result = next(each for each in json.loads(document)["runs"][0]["results"] if each["properties"]["subject"])
    message = result["message"]["text"]
    # A placeholder and a link are what a message could have (SARIF 2.1.0, sections 3.11.5 and 3.11.6).
    assert HOSTILE.replace("{0}", "{{0}}").replace("](", "] (") in message
    name = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    assert HOSTILE in name
    assert HOSTILE in result["properties"]["subject"]
    assert unprintable(message + name + result["properties"]["subject"]) == set()


def test_it_is_valid_by_its_schema() -> None:
    require(importlib.util.find_spec("jsonschema"), "This takes the Python package jsonschema.")
    require(SCHEMA_FILE.exists(), "This takes the schema that `npm ci --prefix tests/validators` installs.")
    import jsonschema  # type: ignore[import-untyped]

    validator = jsonschema.Draft7Validator(
        json.loads(SCHEMA_FILE.read_text(encoding="utf-8")), format_checker=jsonschema.FormatChecker()
    )
    for rendered in (report(), hostile_report(), report(entry(known=True), entry(first_seen=NEVER))):
        validator.validate(json.loads(render(rendered)))
