"""What a user sees of a case in mitmproxy: the flow's mark, comment and metadata, and the event log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from mitmproxy import http

from functions_runtime.case import Outcome
from functions_runtime.catalogue import BY_ID, say
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.entry import Entry
from functions_runtime.rule import Step
from functions_runtime.ruling import Failure, Finding, Severity
from functions_runtime_proxy.read import FINDINGS_KEY

logger = logging.getLogger("runtime")

MARKS = {Severity.ERROR: ":red_circle:", Severity.WARNING: ":yellow_circle:", Severity.INFO: ":large_blue_circle:"}
OUR_LINE = "[Runtime"
"""How each line begins that is ours in a flow's comment."""
_MORE = re.compile(re.escape(OUR_LINE) + r"\] … and \d+ more findings\.")
MAX_COMMENTED = 10
"""Findings that a comment spells out."""
MAX_LOGGED = 20
"""New findings of one exchange that are logged one by one."""


def annotate(
    flow: http.HTTPFlow,
    findings: Sequence[Finding],
    show: Severity,
    *,
    enforced: bool,
    silenced: Sequence[Finding] = (),
) -> None:
    """Show the findings on the flow: metadata with all of them, mark and comment with those of `show` and above.

    A mark or comment of the user's stays; ours of an earlier judgement goes. `enforced` says that the flow is not as
    it came. `silenced` are findings that only the metadata holds.
    """
    if flow.marked or flow.comment:
        _take_back(flow)
    plain = [as_plain(each, enforced, each.severity >= show).copy() for each in findings]
    flow.metadata[FINDINGS_KEY] = plain + [as_plain(each, enforced, False).copy() for each in silenced]
    shown = [finding for finding in findings if finding.severity >= show]
    if shown:
        _show(flow, shown)


def silence(flow: http.HTTPFlow, enforced: Sequence[Finding]) -> None:
    """Show on the flow that it was not judged. A recording of it must still say what was `enforced`."""
    annotate(flow, (), Severity.ERROR, enforced=True, silenced=enforced)
    if not enforced:
        del flow.metadata[FINDINGS_KEY]


def _show(flow: http.HTTPFlow, findings: Sequence[Finding]) -> None:
    """Add a mark, if the user has set none, and lines to the comment."""
    if not flow.marked:
        flow.marked = MARKS[max(finding.severity for finding in findings)]
    comment = _comment(findings)
    flow.comment = f"{flow.comment}\n{comment}" if flow.comment else comment


def _take_back(flow: http.HTTPFlow) -> None:
    """Remove our mark and our lines of the comment, which an earlier judgement put there.

    mitmweb lets users write behind our last line only. What they wrote there stays.
    """
    plains = _stored(flow)
    if flow.marked in _marks_shown(plains):
        flow.marked = ""
    if OUR_LINE in flow.comment:
        ours = [line for plain in plains for line in _lines(*map(plain.get, ("severity", "rule", "message", "fix")))]
        ours.sort(key=len, reverse=True)  # one may be the beginning of another
        lines = [_without(ours, line) if line.startswith(OUR_LINE) else line for line in flow.comment.split("\n")]
        flow.comment = "\n".join(line for line in lines if not line.startswith(OUR_LINE)).strip("\n")


def _stored(flow: http.HTTPFlow) -> list[dict[str, Any]]:
    """The findings in a flow's metadata, whoever wrote it."""
    stored = flow.metadata.get(FINDINGS_KEY)
    return [plain for plain in stored if isinstance(plain, dict)] if isinstance(stored, (list, tuple)) else []


def _without(ours: Iterable[str], line: str) -> str:
    """What a user wrote behind our text in a line. If nothing is left, a line that counts as ours."""
    for own in ours:
        line = line.replace(own, "")
    return _MORE.sub("", line).strip() or OUR_LINE


def _marks_shown(plains: Iterable[dict[str, Any]]) -> set[str]:
    """The marks of findings that an earlier judgement showed."""
    severities = {str(plain.get("severity")) for plain in plains if plain.get("shown")}
    return {mark for severity, mark in MARKS.items() if str(severity) in severities}


def _comment(findings: Iterable[Finding]) -> str:
    """What happens and what to do about it, a line each.

    mitmweb folds line breaks, so each line begins with something that stands out.
    """
    ranked = sorted(findings, key=lambda finding: -finding.severity)
    lines: list[str] = []
    for finding in ranked[:MAX_COMMENTED]:
        lines += _lines(finding.severity, finding.rule, say(finding), BY_ID[finding.rule].fix)
    if len(ranked) > MAX_COMMENTED:
        lines.append(f"{OUR_LINE}] … and {len(ranked) - MAX_COMMENTED} more findings.")
    return "\n".join(lines)


def _lines(severity: object, rule: object, message: object, fix: object) -> tuple[str, str]:
    """The lines of a comment about one finding."""
    return f"{OUR_LINE} {severity}: {rule}] {message}", f"{OUR_LINE}] Fix: {fix}"


# The same few findings come with every exchange of a site.
@lru_cache(maxsize=2048)
def as_plain(finding: Finding, enforced: bool, shown: bool) -> dict[str, Any]:
    """A finding as mitmproxy can store it. The dict is shared: copy it before giving it away."""
    rule = BY_ID[finding.rule]
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "basis": finding.basis.value,
        "subject": finding.subject,
        "message": say(finding),
        "fix": rule.fix,
        "status": finding.status,
        "twilio_error": rule.twilio_error,
        "facts": dict(finding.facts),
        "endpoint": None if finding.endpoint is None else list(finding.endpoint),
        "replaces": None if finding.replaces is None else str(finding.replaces),
        "extent": finding.extent,
        "enforced": enforced,
        "shown": shown,
    }


def log(flow: http.HTTPFlow, outcome: Outcome, show: Severity, *, acts: bool) -> None:
    """Log what is new: each distinct finding of `show` and above once, and each reply that the Runtime made itself.

    `acts` says that what was ruled happens to the flow.
    """
    for failure in outcome.failures:
        _log_failure(flow, outcome.case.endpoint, failure)
    answered = _refusal(outcome.findings) if acts else None
    if answered:
        _log(answered, outcome.case.endpoint, f"responded with {answered.status} to")
    new = [entry for entry in outcome.new if _is_worth_a_line(entry, show, answered)]
    for entry in new[:MAX_LOGGED]:
        _log(entry.finding, outcome.case.endpoint, f"{entry.finding.severity} in")
    if len(new) > MAX_LOGGED:
        logger.info("Runtime: %d more findings in %s.", len(new) - MAX_LOGGED, outcome.case.endpoint)


def log_that_scope_is_late() -> None:
    """Log that requests are not changed if only their responses show whether they are in scope."""
    logger.warning(
        "Runtime: runtime_scope needs the response, so requests reach the site as they are. To change requests too, "
        "filter by host or path only."
    )


def _refusal(findings: Iterable[Finding]) -> Finding | None:
    """The first finding that makes the Runtime answer with an error."""
    return next((finding for finding in findings if (finding.status or 0) >= 400), None)


def _is_worth_a_line(entry: Entry, show: Severity, answered: Finding | None) -> bool:
    """Whether a new entry is to be logged. What was `answered` has its line already."""
    found = entry.finding
    if answered and (found.rule, found.subject) == (answered.rule, answered.subject):
        return False
    return found.severity >= show and not entry.known


def _log(finding: Finding, here: Endpoint, what: str) -> None:
    rule = BY_ID[finding.rule]
    # Never an error: mitmproxy takes one, while it reads a file at its start, for a failed start.
    logger.log(
        logging.WARNING if finding.severity >= Severity.WARNING else logging.INFO,
        "Runtime %s %s%s: %s Fix: %s [%s]",
        what,
        finding.endpoint or here,
        f" (Twilio Error {rule.twilio_error})" if rule.twilio_error else "",
        say(finding),
        rule.fix,
        finding.rule,
    )


def _log_failure(flow: http.HTTPFlow, here: Endpoint, failure: Failure) -> None:
    reports_only = BY_ID[failure.rule].step >= Step.CONSEQUENCES
    logger.warning(
        "Runtime: the check %s broke on flow %s, %s (%s). %s Please report this.",
        failure.rule,
        flow.id,
        here,
        failure.where,
        "The other checks are not affected." if reports_only else "The exchange goes on untouched.",
    )
