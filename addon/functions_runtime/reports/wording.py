"""What the formats for people say in the same words: whose site was judged, how it does, and what that stands on."""

from __future__ import annotations

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import gather
from functions_runtime.reports.text import counted, endpoints_seen, nothing_judged
from functions_runtime.ruling import Severity

LITTLE = 10
"""Requests up to which a verdict without a finding stands on too little to be good news."""


def share(part: int, whole: int) -> str:
    """A part in per cent, such that a little is never nothing and almost all is never all; `whole` is above zero."""
    if 0 < part < whole / 100:
        return "< 1 %"
    if whole * 99 / 100 < part < whole:
        return "> 99 %"
    return f"{round(100 * part / whole)} %"


def is_little(report: Report, *, live: bool = False) -> bool:
    """Whether nothing was found, but in too little traffic to say much. A live run may always bring more."""
    return report.standing is Standing.RUNS and (live or report.judged <= LITTLE)


def headline(report: Report, *, live: bool = False) -> str:
    """The verdict in a few words, with the name of the site in front."""
    if report.standing is None:
        return "Nothing has been judged yet"
    return f"{report.site}: {verdict_of(report.standing, _gravest(report), little=is_little(report, live=live))}"


def verdict_of(standing: Standing, number: int, *, little: bool = False) -> str:
    """How a site or a host does, in a few words. `number` counts the causes of the gravest kind."""
    if standing is Standing.BREAKS:
        return counted(number, "blocking issue")
    if standing is Standing.CHANGES:
        return f"no blocking issues, {counted(number, 'warning')}"
    if standing is Standing.RUNS:
        return "no problems found yet" if little else "no problems found"
    return "no response was seen"


def _gravest(report: Report) -> int:
    severity = Severity.ERROR if report.standing is Standing.BREAKS else Severity.WARNING
    return sum(1 for cause in gather(report.entries) if cause.is_own and cause.severity is severity)


def lead(report: Report, *, live: bool = False) -> str:
    """What the headline stands on."""
    seen = f"{counted(report.judged, 'request')} to {endpoints_seen(report)}"
    if report.standing is Standing.BREAKS:
        return f"{report.endpoints_that(Standing.BREAKS):,} of {endpoints_seen(report)} would break under the Runtime."
    if report.standing is Standing.CHANGES:
        changed = report.endpoints_that(Standing.CHANGES)
        return f"The site runs under the Runtime; {changed:,} of {endpoints_seen(report)} would behave differently."
    if is_little(report, live=live):
        return f"Little was seen so far: {seen}. Sign in, submit forms and upload files to see more."
    if report.standing is Standing.RUNS:
        return f"No problems found in the traffic seen so far: {seen}."
    if report.standing is Standing.UNKNOWN:
        return f"{seen} were seen, but no response."
    if report.outside_scope:
        return nothing_judged(report)
    return "Open the site through the proxy: what it does shows here."


def how_judged(report: Report) -> str:
    """Whether the traffic was changed."""
    recorded = report.judged - report.enforced
    if report.mode == "audit":
        return "Nothing was modified: this is what the Runtime would do."
    if not recorded:
        return "The requests and responses were changed as the Runtime would change them."
    if not report.enforced:
        return "Based on recorded traffic; nothing was modified."
    return (
        "The requests and responses were changed as the Runtime would change them. "
        f"{counted(recorded, 'exchange')} came from recordings or an audit; nothing was modified there."
    )


def source(report: Report) -> str:
    """Where the traffic is from, when it was, and what judged it."""
    times = [entry.first_seen for entry in report.entries]
    parts = [report.source, f"Functions Runtime proxy {report.version}"]
    return " · ".join(part for part in parts if part)


def whose(report: Report) -> str:
    """Whose hosts the verdict speaks of, and how to change that."""
    own = [host.host for host in report.hosts if host.own]
    others = len(report.hosts) - len(own)
    if not own:
        return ""
    named = ", ".join(own[:MAX_HOSTS_NAMED]) + (
        f" and {len(own) - MAX_HOSTS_NAMED} more" if len(own) > MAX_HOSTS_NAMED else ""
    )
    rest = f" {counted(others, 'other host')} of other owners do not count." if others else ""
    return (
        f"The verdict speaks of {named}.{rest} Not your site? Set the scope, for example with "
        f"--set runtime_scope='~d {report.site}' or --scope '~d {report.site}'."
    )


MAX_HOSTS_NAMED = 3
