"""Whether a run fails: the option runtime_fail_on, and the exit status of the process."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import gather
from functions_runtime.reports.text import counted
from functions_runtime.ruling import Severity

EXIT_STATUS = 2
"""The exit status of a run that fails."""
MAX_NAMED = 5
"""The most problems that are named."""


def status_of(report: Report, fail_on: Severity | None) -> int:
    """The exit status of a run of mitmproxy. It says why the run fails on standard error, also if the log is quiet."""
    reasons = why_it_fails(report, fail_on)
    if reasons:
        print("Runtime:", "\n".join(reasons), file=sys.stderr)
    return EXIT_STATUS if reasons else 0


def why_it_fails(
    report: Report, fail_on: Severity | None, unread: str = "", option: str = "runtime_fail_on"
) -> Sequence[str]:
    """Why the run fails: a sentence, and a line for each problem. Empty if it does not fail, or if `fail_on` is None.

    `unread` says what could not be read, as in "1 recording could not be read". It fails the run, too.
    `option` is what the user set.
    """
    if fail_on is None:
        return ()
    new = gather(report.new(fail_on))
    why = " and ".join(filter(None, (_why(report, fail_on, len(new)), unread)))
    if not why:
        return ()
    lines = [f"  {cause.finding.rule} {cause}" for cause in new[:MAX_NAMED]]
    if len(new) > MAX_NAMED:
        lines.append(f"  … and {len(new) - MAX_NAMED:,} more")
    return f"Exit status {EXIT_STATUS}, because {why} ({option} is set){':' if new else '.'}", *lines


def _why(report: Report, fail_on: Severity, new: int) -> str:
    if new:
        noun = "new problem" if report.compared else "problem"
        above = "" if fail_on is Severity.ERROR else " or above"
        return f"there {'is' if new == 1 else 'are'} {counted(new, noun)} of severity {fail_on}{above}"
    if report.standing is None:
        return f"no request to {'your own hosts' if report.judged else 'the site'} was judged"
    return "no response of your own hosts was seen" if report.standing is Standing.UNKNOWN else ""
