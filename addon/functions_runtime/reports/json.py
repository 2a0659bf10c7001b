"""The JSON report, schema `runtime-report/1`: what other programs read, and what a later run is compared with.

The json module of the standard library is the one escaping point; it writes ASCII only.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from functions_runtime.journal import Entry, Report
from functions_runtime.verdict import Severity

SCHEMA = "runtime-report/1"


def render(report: Report) -> str:
    """The whole report as one JSON document."""
    document = {
        "schema": SCHEMA,
        "mode": report.mode,
        "limits": {"bytes": report.limits.size, "count": report.limits.count},
        "exchanges": {"judged": report.judged, "clean": report.clean},
        "summary": {str(severity): report.counted(severity) for severity in reversed(Severity)},
        "folded": report.folded,
        "findings": [finding(entry) for entry in report.entries],
    }
    return json.dumps(document, indent=1) + "\n"


def finding(entry: Entry) -> dict[str, Any]:
    """One entry of the journal as plain values."""
    found = entry.finding
    return {
        "rule": found.rule,
        "severity": str(found.severity),
        "basis": found.basis.value,
        "method": entry.endpoint.method,
        "host": entry.endpoint.host,
        "path": entry.endpoint.path,
        "subject": found.subject,
        "message": found.message,
        "fix": found.fix,
        "status": found.status,
        "twilio_error": found.twilio_error,
        "count": entry.count,
        "first_seen": timestamp(entry.first_seen),
        "last_seen": timestamp(entry.last_seen),
        "known": entry.known,
    }


def timestamp(seconds: float) -> str | None:
    """The time as RFC 3339 writes it, None where it is none (a flow file can hold any number)."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
