"""Whether a run fails: the option runtime_fail_on, and the exit status of the process."""

from __future__ import annotations

from collections.abc import Sequence

from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.ruling import Severity

EXIT_STATUS = 2
"""The exit status of a run that fails."""
MAX_NAMED = 5
"""The most findings that are named."""


def why_it_fails(report: Report, fail_on: Severity | None) -> str:
    """Why the run fails, in a sentence. Empty if it does not fail, or if `fail_on` is None."""
    if fail_on is None:
        return ""
    if report.standing is None:
        return (
            f"Runtime: exit status {EXIT_STATUS}, because no request to the site was judged, so nothing was checked "
            "(runtime_fail_on is set)."
        )
    new = report.new(fail_on)
    if not new:
        return ""
    return (
        f"Runtime: exit status {EXIT_STATUS}, because there are new findings of severity {fail_on} or above "
        f"(runtime_fail_on): {named(new)}."
    )


def named(new: Sequence[Entry]) -> str:
    """The first of these entries by name, and the number of the others."""
    more = f" and {len(new) - MAX_NAMED:,} more" if len(new) > MAX_NAMED else ""
    return f"{', '.join(map(str, new[:MAX_NAMED]))}{more}"
