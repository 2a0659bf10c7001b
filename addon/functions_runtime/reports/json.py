"""The JSON report, schema `runtime-report/1`: what other programs read, and what a later run is compared with.

The json module of the standard library is the one escaping point; it writes ASCII only. Each entry of a list has a line
of its own, so that two reports can be compared line by line.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from functions_runtime.catalogue import BY_ID, say
from functions_runtime.record.entry import Entry, Known
from functions_runtime.record.inventory import Headroom, Standing
from functions_runtime.record.report import JudgedEndpoint, JudgedHost, Report
from functions_runtime.reports.curl import curl
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import printable

SCHEMA = "runtime-report/1"
_FAMILY, _, _VERSION = SCHEMA.partition("/")


def render(report: Report) -> str:
    """The whole report as one JSON document."""
    document = {
        "schema": SCHEMA,
        "version": report.version,
        "mode": report.mode,
        "sources": list(report.sources),
        "began": None if report.began is None else timestamp(report.began),
        "ended": None if report.ended is None else timestamp(report.ended),
        "notices": notices(report),
        "limits": {"bytes": report.limits.size, "count": report.limits.count},
        "exchanges": {"judged": report.judged, "clean": report.clean},
        "verdict": verdict(report),
        "summary": {str(severity): report.counted(severity) for severity in reversed(Severity)},
        "summary_others": {str(severity): report.counted(severity, own=False) for severity in reversed(Severity)},
        "folded": report.folded,
        "findings": [finding(entry) for entry in report.entries],
        "hosts": [_host(host) for host in report.hosts],
        "endpoints": [_endpoint(endpoint) for endpoint in report.endpoints],
        "cookies": [
            {
                "host": cookie.host,
                "name": cookie.name,
                "today": cookie.today,
                "runtime": cookie.runtime,
                "own": cookie.own,
            }
            for cookie in report.cookies
        ],
        "further_cookies": report.further_cookies,
        "unmeasured": report.unmeasured,
    }
    return "{" + ",".join(f'\n "{key}": {_value(value)}' for key, value in document.items()) + "\n}\n"


def _value(value: Any) -> str:
    """A value in JSON. A list has a line for each item."""
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[" + ",".join(f"\n  {json.dumps(item)}" for item in value) + "\n ]"


def notices(report: Report) -> list[dict[str, Any]]:
    """The notices as plain values."""
    return [{"id": notice.id, "message": notice.message, "count": notice.count} for notice in report.notices]


def verdict(report: Report) -> dict[str, Any]:
    """The standing of the site and its endpoints, as plain values."""
    return {
        "site": report.standing.value if report.standing else None,
        "endpoints": {standing.value: report.endpoints_that(standing) for standing in Standing},
    }


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
        "facts": dict(found.facts),
        "message": say(found),
        "fix": BY_ID[found.rule].fix,
        "curl": curl(entry),
        "status": found.status,
        "twilio_error": BY_ID[found.rule].twilio_error,
        "count": entry.count,
        "first_seen": timestamp(entry.first_seen),
        "last_seen": timestamp(entry.last_seen),
        "known": entry.known,
        "own": entry.own,
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
        "own": judged.own,
        "request": _headroom(judged.seen.request),
        "response": _headroom(judged.seen.response),
    }


def _host(judged: JudgedHost) -> dict[str, Any]:
    """One host as plain values."""
    return {
        "host": judged.host,
        "own": judged.own,
        "exchanges": judged.exchanges,
        "clean": judged.clean,
        "verdict": judged.standing.value,
        "summary": {"error": judged.errors, "warning": judged.warnings, "info": judged.infos},
        "reasons": list(judged.reasons),
    }


def _headroom(headroom: Headroom) -> dict[str, Any]:
    largest = [{"name": name, "bytes": size} for name, size in headroom.largest]
    return {"bytes": headroom.size, "count": headroom.count, "largest": largest}


def timestamp(seconds: float) -> str | None:
    """The time as RFC 3339 writes it, None if nobody knows it (0), or if the number is not a time.

    A flow file can hold any number.
    """
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), timezone.utc).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def read_baseline(document: str) -> dict[Known, bool]:
    """The findings of an earlier report, and whether each was at an own host.

    Raises ValueError with a sentence if the text is not a report, or is one of a newer schema.
    """
    try:
        report = json.loads(document)
        family, _, version = report["schema"].partition("/")
        if family != _FAMILY or not version.isdecimal():
            raise ValueError
        if int(version) > int(_VERSION):
            raise _NewerSchemaError(
                f"its schema is {printable(report['schema'], 40)}, and this program reads up to {SCHEMA}"
            )
        return {_known(plain): plain.get("own") is not False for plain in report["findings"]}
    except _NewerSchemaError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not a JSON report with the schema {SCHEMA}") from error


class _NewerSchemaError(ValueError):
    """A report with a later schema."""


def _known(plain: dict[str, Any]) -> Known:
    subject = plain["subject"]
    known = (plain["rule"], plain["severity"], plain["method"], plain["host"], plain["path"], subject)
    if not all(isinstance(part, str) for part in known[:5]) or not (subject is None or isinstance(subject, str)):
        raise TypeError
    return known
