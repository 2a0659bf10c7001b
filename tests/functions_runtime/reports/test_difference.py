"""What changed between two reports."""

from __future__ import annotations

from functions_runtime.reports.difference import Difference, difference, render

SID = ("cookie-session", "info", "GET", "a.example", "/", "sid")
NAMELESS = (*SID[:5], "")
SLOW = ("response-too-slow", "error", "GET", "a.example", "/slow", None)
HOSTILE = ("cookie-session", "info", "GET", "a.example", "/\x1b[31m", "s\nd")


def test_findings_are_new_fixed_or_unchanged() -> None:
    found = difference(frozenset({SID, SLOW}), frozenset({SID, NAMELESS}))
    assert found == Difference(new=(NAMELESS,), fixed=(SLOW,), unchanged=(SID,))


def test_a_finding_that_is_less_severe_than_before_is_neither_new_nor_fixed() -> None:
    graver = ("cookie-session", "warning", *SID[2:])
    assert difference(frozenset({graver}), frozenset({SID})) == Difference((), (), (SID,))
    assert difference(frozenset({SID}), frozenset({graver})) == Difference((graver,), (), ())


def test_findings_are_in_order_with_and_without_a_subject() -> None:
    without = (*SID[:5], None)
    found = difference(frozenset(), frozenset({SLOW, SID, NAMELESS, without}))
    assert found.new == (without, NAMELESS, SID, SLOW)


def test_the_text_names_changes_and_counts_the_rest() -> None:
    assert render(Difference((SID, NAMELESS), (SLOW,), (HOSTILE,))).splitlines() == [
        "New findings: 2 (each is about one endpoint)",
        "  info cookie-session: GET a.example/ (sid)",
        "  info cookie-session: GET a.example/ (without a name)",
        "Fixed, or not seen in the new report: 1",
        "  error response-too-slow: GET a.example/slow",
        "Unchanged, or less severe: 1",
        "If the old report is a baseline, the fixed entries in it are stale. Write a new baseline to drop them.",
    ]


def test_nothing_is_stale_if_nothing_is_fixed() -> None:
    assert "stale" not in render(Difference((), (), (SID,)))


def test_text_from_the_wire_stays_on_its_line() -> None:
    text = render(Difference((HOSTILE,), (), ()))
    assert len(text.splitlines()) == 4
    assert "\x1b" not in text
