"""The JSON report, schema `runtime-report/1`: what other programs read, and what a later run is compared with.

The json module of the standard library is the one escaping point; it writes ASCII only.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from functions_runtime.journal import Entry, JudgedEndpoint, Report
from functions_runtime.site import Headroom, Standing
from functions_runtime.verdict import Severity

SCHEMA = "runtime-report/1"


def render(report: Report) -> str:
    """The whole report as one JSON document."""
    document = {
        "schema": SCHEMA,
        "mode": report.mode,
        "limits": {"bytes": report.limits.size, "count": report.limits.count},
        "exchanges": {"judged": report.judged, "clean": report.clean},
        "verdict": {
            "site": report.standing.value if report.standing else None,
            "endpoints": {standing.value: report.endpoints_that(standing) for standing in Standing},
        },
        "summary": {str(severity): report.counted(severity) for severity in reversed(Severity)},
        "folded": report.folded,
        "findings": [finding(entry) for entry in report.entries],
        "endpoints": [_endpoint(endpoint) for endpoint in report.endpoints],
        "cookies": [
            {"host": cookie.host, "name": cookie.name, "today": cookie.today, "runtime": cookie.runtime}
            for cookie in report.cookies
        ],
        "further_cookies": report.further_cookies,
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


def _endpoint(judged: JudgedEndpoint) -> dict[str, Any]:
    """One endpoint as plain values."""
    method, host, path = judged.seen.endpoint
    return {
        "method": method,
        "host": host,
        "path": path,
        "exchanges": judged.seen.exchanges,
        "verdict": judged.standing.value,
        "reasons": list(judged.reasons),
        "request": _headroom(judged.seen.request),
        "response": _headroom(judged.seen.response),
    }


def _headroom(headroom: Headroom) -> dict[str, Any]:
    largest = [{"name": name, "bytes": size} for name, size in headroom.largest]
    return {"bytes": headroom.size, "count": headroom.count, "largest": largest}


def timestamp(seconds: float) -> str | None:
    """The time as RFC 3339 writes it, None where it is none (a flow file can hold any number)."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
