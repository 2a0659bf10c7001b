"""Whether a run fails: the option runtime_fail_on, and the exit status of the process."""

from __future__ import annotations

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import gather
from functions_runtime.reports.text import counted
from functions_runtime.ruling import Severity

EXIT_STATUS = 2
"""The exit status of a run that fails."""
MAX_NAMED = 5
"""The most problems that are named."""


def why_it_fails(report: Report, fail_on: Severity | None, unread: str = "") -> str:
    """Why the run fails, in a sentence. Empty if it does not fail, or if `fail_on` is None.

    `unread` says what could not be read, as in "1 recording could not be read". It fails the run, too.
    """
    why = " and ".join(filter(None, (_why(report, fail_on), unread))) if fail_on is not None else ""
    return f"Exit status {EXIT_STATUS}, because {why} (runtime_fail_on is set)." if why else ""


def _why(report: Report, fail_on: Severity) -> str:
    if new := gather(report.new(fail_on)):
        verb = "is" if len(new) == 1 else "are"
        noun = "new problem" if report.compared else "problem"
        more = f" and {len(new) - MAX_NAMED:,} more" if len(new) > MAX_NAMED else ""
        named = ", ".join(f"{cause.finding.rule} {cause}" for cause in new[:MAX_NAMED])
        return f"there {verb} {counted(len(new), noun)} of severity {fail_on} or above: {named}{more}"
    if report.standing is None:
        return f"no request to {'your own hosts' if report.judged else 'the site'} was judged"
    return "no response of your own hosts was seen" if report.standing is Standing.UNKNOWN else ""
