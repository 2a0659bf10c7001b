"""The JSON log: one line for the run, then one for each distinct finding as it is first seen, and notices at the end.

Programs can follow a run with it, and it survives if the process is killed. The json module is the one escaping
point; it writes ASCII only, and never a line break within a line.
"""

from __future__ import annotations

import json

from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.reports.json import SCHEMA, finding, notices


def header(report: Report) -> str:
    """The first line of a run."""
    run = {
        "schema": SCHEMA,
        "version": report.version,
        "mode": report.mode,
        "limits": {"bytes": report.limits.size, "count": report.limits.count},
    }
    return json.dumps(run) + "\n"


def footer(report: Report) -> str:
    """The last line of a run: its notices. Empty if there are none."""
    return json.dumps({"notices": notices(report)}) + "\n" if report.notices else ""


def line(entry: Entry) -> str:
    """The line of one finding."""
    return json.dumps(finding(entry)) + "\n"
