"""The summary at the end of a run, for a terminal. Everything in it went through `wire_text` before."""

from __future__ import annotations

from functions_runtime.journal import Report
from functions_runtime.verdict import Severity

MAX_ROWS = 20


def render(report: Report) -> str:
    """A headline, and a row for each warning and error up to `MAX_ROWS`."""
    counts = ", ".join(_counted(report.counted(severity), str(severity)) for severity in reversed(Severity))
    lines = [
        f"Runtime ({report.mode}, limits {report.limits.size} bytes and {report.limits.count}): "
        f"{_counted(report.judged, 'exchange')} judged, {report.clean} clean; {counts}."
    ]
    shown = [entry for entry in report.entries if entry.finding.severity >= Severity.WARNING]
    for entry in shown[:MAX_ROWS]:
        subject = f" [{entry.finding.subject}]" if entry.finding.subject else ""
        lines.append(f"  {entry.finding.severity!s:7} {entry.finding.rule}{subject} {entry.endpoint} ({entry.count}×)")
    if len(shown) > MAX_ROWS:
        lines.append(f"  … and {len(shown) - MAX_ROWS} more. Set runtime_report to have them all.")
    return "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
