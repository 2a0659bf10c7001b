"""The SARIF 2.1.0 report, for code scanning and for editors.

A result is at a logical location, its endpoint: no file is made up for it. With a baseline, every result says whether
it is new, and known ones are suppressed.

The json module is the one escaping point of the file, and writes ASCII only. Messages have a syntax of their own
besides (SARIF 2.1.0, sections 3.11.5 and 3.11.6), which `_message` takes away.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.reports.json import timestamp, verdict
from functions_runtime.rule import Rule
from functions_runtime.ruling import Basis, Severity
from functions_runtime.wire_text import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
PRECISIONS = {Basis.DOCUMENTED: "very-high", Basis.EMULATOR: "high", Basis.READING: "medium"}
"""How sure a rule is, in the words that code scanning sorts by."""

_INDEXES = {rule: index for index, rule in enumerate(BY_ID)}


def render(report: Report) -> str:
    """The whole report as one SARIF log with one run."""
    run = {
        "tool": {"driver": {"name": "Functions Runtime", "rules": [_rule(rule) for rule in RULES]}},
        "results": [_result(entry, report.compared) for entry in report.entries],
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
            "text": f"{explanation}\n\nWhat to do: {rule.fix}{code}",
            "markdown": f"{explanation}\n\n**What to do:** {rule.fix}{fence}",
        },
        "helpUri": rule.references[0],
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "basis": rule.basis.value,
            "precision": PRECISIONS[rule.basis],
            "references": list(rule.references),
        },
    }


def _result(entry: Entry, compared: bool) -> dict[str, Any]:
    found, endpoint = entry.finding, entry.endpoint
    identity = [found.rule, str(found.severity), *endpoint, found.subject]
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": _INDEXES[found.rule],
        "level": LEVELS[found.severity],
        "message": _message(f"{endpoint}: {found.message} What to do: {found.fix}"),
        "locations": [
            {
                "logicalLocations": [
                    {
                        "name": _plain(endpoint.path or "/"),
                        "fullyQualifiedName": _plain(str(endpoint)),
                        "kind": "resource",
                    }
                ]
            }
        ],
        "partialFingerprints": {"finding/v1": hashlib.sha256(json.dumps(identity).encode("ascii")).hexdigest()},
        "occurrenceCount": entry.count,
        "provenance": {
            name: time
            for name, seconds in (
                ("firstDetectionTimeUtc", entry.first_seen),
                ("lastDetectionTimeUtc", entry.last_seen),
            )
            if (time := timestamp(seconds))
        },
        "properties": {
            "basis": found.basis.value,
            "subject": None if found.subject is None else _plain(found.subject),
            "status": found.status,
            "twilioError": found.twilio_error,
        },
    }
    if compared:
        result["baselineState"] = "unchanged" if entry.known else "new"
        accepted = {"kind": "external", "status": "accepted", "justification": "It is in the baseline."}
        result["suppressions"] = [accepted] if entry.known else []
    return result


def _message(text: str) -> dict[str, str]:
    """A message that says just this: no placeholder and no link in it, and nothing that is not printable."""
    return {"text": _plain(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _plain(text: str) -> str:
    return printable(text, len(text))
