"""The summary at the end of a run, for a terminal: about a screen, whatever was found.

Everything in it went through `wire_text` before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import Cause, RuleCauses, by_rule
from functions_runtime.reports.text import counted, nothing_judged
from functions_runtime.reports.wording import (
    checked,
    headline,
    how_judged,
    lead,
    limits,
    own_causes,
    scope,
    site_name,
    sites,
    whose,
)
from functions_runtime.ruling import Severity

ADDON_OPTION = "runtime_"
"""How the names of the addon's options begin."""
MAX_RULES = 8
MAX_LINES = 2
"""Lines about the causes of one rule."""
MAX_INFOS = 5
"""Rules of infos that are named."""


def summary(
    report: Report,
    reports: Sequence[object] = (),
    scoped_to: str = "",
    show: Severity = Severity.WARNING,
    prefix: str = ADDON_OPTION,
) -> str:
    """What is said at the end of a run. `reports` are paths of reports, `scoped_to` is the scope that the user chose.

    Rules are named in full if they found something of severity `show` or above. With `warning`, infos are counted.
    Names of options begin with `prefix`.
    """
    if report.judged:
        first, further = f"{headline(report)}.", _lines(report, reports, show, prefix)
    else:
        why = nothing_judged(report, f"{prefix}scope ({scoped_to})")
        first, further = f"nothing was judged. {why}", _notices(report)
    return "\n".join([f"Runtime: {first}", *(f"  {line}" for line in further)])


def _notices(report: Report) -> Iterator[str]:
    return (f"Note: {notice.message}" for notice in report.notices)


def _lines(report: Report, reports: Sequence[object], show: Severity, prefix: str) -> Iterator[str]:
    yield lead(report)
    if len(sites(report)) > 1:
        yield whose(report)
    yield from _notices(report)
    yield checked(report)
    yield f"{how_judged(report)} {limits(report)}"
    if report.folded:
        yield f"There were too many findings to list: {report.folded:,} are counted together, under *."
    causes = own_causes(report)
    rules = by_rule(cause for cause in causes if cause.severity >= show)
    for rule in rules[:MAX_RULES]:
        yield from _rule(rule)
    if len(rules) > MAX_RULES:
        more = counted(len(rules) - MAX_RULES, "more rule")
        yield f"… and {more}{': see the report' if reports else f'. Set {prefix}report to see them all'}."
    if show is Severity.WARNING:
        yield from _infos(causes)
    yield from _others(report, prefix)
    if reports:
        yield f"Open {', '.join(map(str, reports))}"


def _rule(rule: RuleCauses) -> Iterator[str]:
    """A rule with its fix, and what it found where."""
    yield f"{rule.severity!s:7} {rule.rule.id}: {rule.rule.title}. Fix: {rule.rule.fix}"
    causes = rule.causes if len(rule.causes) <= MAX_LINES else rule.causes[: MAX_LINES - 1]
    for cause in causes:
        yield f"          {_cause(cause)}"
    if len(rule.causes) > len(causes):
        yield f"          … and {len(rule.causes) - len(causes):,} more"


def _cause(cause: Cause) -> str:
    return f"{cause} ({cause.count}×{', known' if cause.is_known else ''})"


def _infos(causes: Sequence[Cause]) -> Iterator[str]:
    rules = Counter(cause.finding.rule for cause in causes if cause.severity is Severity.INFO)
    if rules:
        named = ", ".join(f"{rule} {count:,}" for rule, count in rules.most_common(MAX_INFOS))
        yield f"info    {named}{', …' if len(rules) > MAX_INFOS else ''}"


def _others(report: Report, prefix: str) -> Iterator[str]:
    """Hosts that do not count, in a line, and how to change that."""
    others = [host for host in report.hosts if not host.own]
    if others:
        breaking = sum(1 for host in others if host.standing is Standing.BREAKS)
        breaks = f"; {breaking:,} would break" if breaking else ""
        yield (
            f"{counted(len(others), 'other host')} left out{breaks}. To check {site_name(report)} alone, set "
            f"{prefix}scope to '{scope(report)}'. Or use your site's name instead."
        )
