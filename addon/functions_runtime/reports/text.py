"""The summary at the end of a run, for a terminal. Everything in it went through `wire_text` before."""

from __future__ import annotations

from collections.abc import Sequence

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.ruling import Severity

MAX_ROWS = 20
VERDICTS = {
    Standing.UNKNOWN: "no answer was seen, so nothing can be said of this site.",
    Standing.RUNS: "nothing that was seen stands in the way of this site under the Runtime.",
    Standing.CHANGES: "this site runs under the Runtime, with changes.",
    Standing.BREAKS: "this site breaks under the Runtime.",
}


def render(report: Report) -> str:
    """The verdict, the counts, and a row for each warning and error up to `MAX_ROWS`."""
    title = f"Runtime ({report.mode}, limits {report.limits.size} bytes and {report.limits.count}): "
    lines = []
    if report.standing:
        standings = ", ".join(f"{standing.value} {count}" for standing, count in standings_of_endpoints(report))
        lines.append(f"{title}{VERDICTS[report.standing]} Of {endpoints_seen(report)}: {standings}.")
        title = "  "
    counts = ", ".join(counted(report.counted(severity), str(severity)) for severity in reversed(Severity))
    lines.append(f"{title}{counted(report.judged, 'exchange')} judged, {report.clean} clean; {counts}{known(report)}.")
    if report.folded:
        lines.append(f"  {report.folded} findings were too many to tell apart: they are folded into entries with *.")
    shown = [entry for entry in report.entries if entry.finding.severity >= Severity.WARNING]
    for entry in shown[:MAX_ROWS]:
        lines.append(f"  {entry.finding.severity!s:7} {entry} ({entry.count}×{', known' if entry.known else ''})")
    if len(shown) > MAX_ROWS:
        lines.append(f"  … and {len(shown) - MAX_ROWS} more. Set runtime_report to have them all.")
    return "\n".join(lines)


def standings_of_endpoints(report: Report) -> list[tuple[Standing, int]]:
    """How many endpoints have which standing. Unknown is among them only where it is that of any."""
    counts = [(standing, report.endpoints_that(standing)) for standing in Standing]
    return [(standing, count) for standing, count in counts if count or standing is not Standing.UNKNOWN]


def known(report: Report) -> str:
    """How many findings the baseline has, in words; empty where there is no baseline."""
    return f" ({report.known} known from the baseline)" if report.compared else ""


def nothing_judged(report: Report, scope: str = "runtime_scope") -> str:
    """Why nothing was judged, in a sentence that may say more of the scope."""
    if report.outside_scope:
        return f"None of {counted(report.outside_scope, 'request')} matched {scope}."
    return "No HTTP request came by."


def endpoints_seen(report: Report) -> str:
    """How many endpoints were seen, in words. Nobody knows how many there are that share an entry."""
    if report.folded_endpoints:
        return f"more than {counted(len(report.endpoints) - 1, 'endpoint')}, of which those beyond are taken together"
    return counted(len(report.endpoints), "endpoint")


def unmeasured(report: Report) -> str:
    """What is missing in the measures, in a sentence; empty where nothing is."""
    if not report.unmeasured:
        return ""
    return (
        f"{counted(report.unmeasured, 'response')} had been changed by the Runtime before recording: "
        "what headers and cookies the site itself sent is not known."
    )


def counted(number: int, noun: str) -> str:
    """A number of things in words."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def summary(report: Report, reports: Sequence[object] = (), scope: str = "") -> str:
    """What is said at the end of a run, also if nothing was judged. `scope` is the value of runtime_scope."""
    if report.judged:
        return render(report)
    return f"Runtime: nothing was judged. {nothing_judged(report, f'runtime_scope ({scope})')}"
