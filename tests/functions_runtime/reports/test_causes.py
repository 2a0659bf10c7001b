"""Findings gathered into causes."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import BY_ID, RULES, say
from functions_runtime.endpoint import Endpoint
from functions_runtime.reports.causes import by_host, by_rule, cells, columns, gather, number_known, number_of
from tests.functions_runtime.reports.sample import ERROR, HOME, INFO, LOGIN, WARNING, entry

ELSEWHERE = Endpoint("GET", "b.example", "/")


def test_findings_of_one_rule_severity_and_subject_on_one_host_are_one_cause() -> None:
    entries = (
        entry(subject="sid", endpoint=HOME, count=2, first_seen=5.0, last_seen=6.0),
        entry(subject="sid", endpoint=LOGIN, count=3, first_seen=4.0, last_seen=5.0),
        entry(subject="other", endpoint=LOGIN),
        entry(subject="sid", endpoint=ELSEWHERE),
        entry(subject="sid", endpoint=LOGIN, severity=WARNING),
        entry("cookie-session", subject="sid", endpoint=LOGIN),
    )
    cause, *others = gather(entries)
    assert cause.entries == entries[:2]
    assert [each.entries for each in others] == [(each,) for each in entries[2:]]
    assert (cause.host, cause.severity, cause.count) == ("a.example", ERROR, 5)
    assert (cause.first_seen, cause.last_seen) == (4.0, 6.0)


def test_a_cause_is_known_if_all_of_it_is() -> None:
    [half] = gather([entry(endpoint=HOME, known=True), entry(endpoint=LOGIN)])
    [whole] = gather([entry(endpoint=HOME, known=True), entry(endpoint=LOGIN, known=True)])
    assert (half.is_known, whole.is_known) == (False, True)


@pytest.mark.parametrize("own", [True, False])
def test_a_cause_is_ones_own_if_its_host_is(own: bool) -> None:
    [cause] = gather([entry(own=own)])
    assert cause.is_own is own


def test_the_finding_that_goes_furthest_stands_for_the_others() -> None:
    near, far = entry(endpoint=HOME), entry(endpoint=LOGIN)
    far.finding = far.finding._replace(extent=2.0)
    [cause] = gather([near, far])
    assert cause.finding == far.finding


def test_the_gravest_rule_comes_first_and_among_equals_the_most_widespread() -> None:
    found = by_rule(
        gather(
            [
                entry("cookie-session", INFO),
                entry("cors-opened", WARNING),
                entry("cookie-session", WARNING, LOGIN),
                entry("method-unsupported", ERROR, HOME),
                entry("get-with-content", ERROR, HOME),
                entry("cookie-lifetime-too-long", ERROR, HOME, "a"),
                entry("cookie-lifetime-too-long", ERROR, LOGIN, "b"),
                entry("cookie-lifetime-too-long", ERROR, LOGIN, "a"),
            ]
        )
    )
    assert [(each.rule.id, each.severity, each.endpoints, len(each.causes)) for each in found] == [
        ("cookie-lifetime-too-long", ERROR, 2, 2),
        ("get-with-content", ERROR, 1, 1),
        ("method-unsupported", ERROR, 1, 1),
        ("cookie-session", WARNING, 2, 2),
        ("cors-opened", WARNING, 1, 1),
    ]


def test_the_columns_of_a_rule_hold_its_facts() -> None:
    rule = BY_ID["cookie-lifetime-too-long"]
    found = entry(rule.id).finding
    headings = columns(rule, [found])
    assert headings == tuple(heading for heading, _ in rule.columns)
    assert cells(rule, found, headings) == rule.cells(found)


def test_without_columns_the_sentence_is_one_only_if_the_findings_differ_in_more_than_their_subject() -> None:
    rule = next(rule for rule in RULES if not rule.columns)
    one = entry(rule.id, subject="a").finding
    same = one._replace(subject="b")
    other = one._replace(facts=(*one.facts, ("more", 1)))
    assert (columns(rule, [one, same]), cells(rule, one, ())) == ((), ())
    assert columns(rule, [one, other]) == ("Finding",)
    assert cells(rule, other, ("Finding",)) == (say(other),)


def test_causes_are_counted_by_severity_and_taken_by_host() -> None:
    causes = gather([entry(subject="a"), entry(subject="b", endpoint=ELSEWHERE), entry(severity=WARNING)])
    assert [number_of(causes, severity) for severity in (ERROR, WARNING, INFO)] == [2, 1, 0]
    assert by_host(causes) == {"a.example": [causes[0], causes[2]], "b.example": [causes[1]]}


def test_a_cause_is_called_by_its_subject_its_first_endpoint_and_the_number_of_others() -> None:
    [one] = gather([entry(subject="sid")])
    [many] = gather(
        [entry(endpoint=HOME), entry(endpoint=HOME._replace(path="/a")), entry(endpoint=HOME._replace(path="/b"))]
    )
    assert (one.where, str(one)) == (str(HOME), f"[sid] {HOME}")
    assert (many.where, str(many)) == (f"{HOME} and 2 more endpoints", f"{HOME} and 2 more endpoints")


def test_causes_that_the_baseline_has_are_counted() -> None:
    causes = gather([entry(known=True), entry(subject="sid"), entry(subject="a", known=True)])
    assert number_known(causes) == 2
