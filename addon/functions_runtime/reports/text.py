"""Phrases that several formats share: numbers of things, and why nothing was judged or is known."""

from __future__ import annotations

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report


def standings_of_endpoints(report: Report) -> list[tuple[Standing, int]]:
    """How many endpoints have which standing. Unknown is left out if no endpoint has it."""
    counts = [(standing, report.endpoints_that(standing)) for standing in Standing]
    return [(standing, count) for standing, count in counts if count or standing is not Standing.UNKNOWN]


def nothing_judged(report: Report, scope: str = "the scope") -> str:
    """Why nothing was judged, in a sentence that may say more of the scope."""
    if report.outside_scope:
        return f"None of {counted(report.outside_scope, 'request')} matched {scope}."
    if report.is_unread:
        return "No recording could be read."
    if report.is_cleared:
        return "No HTTP request came after runtime.clear."
    return "No HTTP request was recorded." if report.sources else "There was no HTTP request."


def nothing_known(report: Report) -> str:
    """Why nothing is known about the site, in a sentence. Empty if something is."""
    if not report.judged:
        return nothing_judged(report)
    if report.standing is None:
        return "No request to an own host was judged."
    return "No response of an own host was seen." if report.standing is Standing.UNKNOWN else ""


def unmeasured(report: Report) -> str:
    """What is missing in the measures, in a sentence. Empty if nothing is missing."""
    if not report.unmeasured:
        return ""
    return (
        f"{counted(report.unmeasured, 'response')} had been changed by the Runtime before recording: "
        "what headers and cookies the site itself sent is not known."
    )


def counted(number: int, noun: str) -> str:
    """A number of things in words."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
