"""The SARIF 2.1.0 report, for code scanning and for editors.

A result is a cause. It is at a logical location, its first endpoint, and its other endpoints are related locations: no
file is made up for it. With a baseline, every result says whether it is new. Results that the baseline has, and results
at hosts that are not own, are suppressed, so they are not alerts.

The json module is the one escaping point of the file, and writes ASCII only. Messages also have a
syntax of their own (SARIF 2.1.0, sections 3.11.5 and 3.11.6), which `_message` escapes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from functions_runtime.catalogue import BY_ID, RULES, page, say
from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import Cause, gather
from functions_runtime.reports.curl import curl
from functions_runtime.reports.json import timestamp, verdict
from functions_runtime.rule import Rule
from functions_runtime.ruling import Basis, Severity
from functions_runtime.wire_text import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
PRECISIONS = {Basis.DOCUMENTED: "very-high", Basis.EMULATOR: "high", Basis.READING: "medium"}
"""The confidence of a rule, in the words by which code scanning sorts."""

IN_BASELINE = "It is in the baseline."
NOT_OWN = "It is at a host that does not count as yours."

MAX_RELATED = 100
"""The most further endpoints of one cause that are listed. The result's properties have their number."""

_INDEXES = {rule: index for index, rule in enumerate(BY_ID)}


def render(report: Report) -> str:
    """The whole report as one SARIF log with one run."""
    causes = gather(report.entries)
    suppressing = report.compared or any(not cause.is_own for cause in causes)
    run = {
        "tool": {
            "driver": {
                "name": "Functions Runtime",
                "version": report.version,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not report.is_unread,
                "toolExecutionNotifications": [
                    {
                        "descriptor": {"id": notice.id},
                        "level": "warning",
                        "message": _message(notice.message),
                        "properties": {"count": notice.count},
                    }
                    for notice in report.notices
                ],
            }
        ],
        "results": [_result(cause, compared=report.compared, suppressing=suppressing) for cause in causes],
        "properties": {
            "verdict": verdict(report),
            "mode": report.mode,
            "limits": {"bytes": report.limits.size, "count": report.limits.count},
            "exchanges": {"judged": report.judged, "clean": report.clean},
            "folded": report.folded,
        },
    }
    return json.dumps({"version": "2.1.0", "$schema": SCHEMA, "runs": [run]}) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    explanation = " ".join(rule.explanation.split())
    code = f"\n\n{rule.code}" if rule.code else ""
    fence = f"\n\n```js\n{rule.code}```" if rule.code else ""
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": explanation},
        "help": {
            "text": f"{explanation}\n\nFix: {rule.fix}{code}",
            "markdown": f"{explanation}\n\n**Fix:** {rule.fix}{fence}",
        },
        "helpUri": page(rule)[1] or rule.references[0],
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "basis": rule.basis.value,
            "precision": PRECISIONS[rule.basis],
            "references": list(rule.references),
        },
    }


def _result(cause: Cause, *, compared: bool, suppressing: bool) -> dict[str, Any]:
    found, rule = cause.finding, BY_ID[cause.finding.rule]
    first, *others = cause.entries
    command = curl(first)
    identity = [found.rule, str(found.severity), cause.host, found.subject]
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": _INDEXES[found.rule],
        "level": LEVELS[found.severity],
        "message": _message(f"{cause.where}: {say(found)} Fix: {rule.fix}"),
        "locations": [_location(first)],
        "partialFingerprints": {"cause/v1": hashlib.sha256(json.dumps(identity).encode("ascii")).hexdigest()},
        "occurrenceCount": cause.count,
        "provenance": {
            name: time
            for name, seconds in (
                ("firstDetectionTimeUtc", cause.first_seen),
                ("lastDetectionTimeUtc", cause.last_seen),
            )
            if (time := timestamp(seconds))
        },
        "properties": {
            "basis": found.basis.value,
            "subject": None if found.subject is None else _plain(found.subject),
            "status": found.status,
            "twilioError": rule.twilio_error,
            "host": _plain(cause.host),
            "own": cause.is_own,
            "endpoints": len(cause.entries),
            "curl": None if command is None else _plain(command),
        },
    }
    if others:
        result["relatedLocations"] = [_location(entry) for entry in others[:MAX_RELATED]]
    if compared:
        known = sum(1 for entry in cause.entries if entry.known)
        result["baselineState"] = "new" if not known else "unchanged" if cause.is_known else "updated"
    if suppressing:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": reason}
            for reason, holds in ((IN_BASELINE, cause.is_known), (NOT_OWN, not cause.is_own))
            if holds
        ]
    return result


def _location(entry: Entry) -> dict[str, Any]:
    endpoint = entry.endpoint
    logical = {
        "name": _plain(endpoint.path or "/"),
        "fullyQualifiedName": _plain(str(endpoint)),
        "kind": "resource",
    }
    return {"logicalLocations": [logical]}


def _message(text: str) -> dict[str, str]:
    """A message with exactly this text: without placeholders, links and characters that are not printable."""
    return {"text": _plain(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _plain(text: str) -> str:
    return printable(text, len(text))
