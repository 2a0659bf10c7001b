"""The Markdown report, for a pull request or the summary of a CI job: the verdict first, then tables.

`_text` is the one escaping point: in what it returns nothing is markup, in CommonMark nor in the dialect of GitHub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from functions_runtime.catalogue import BY_ID
from functions_runtime.journal import Entry, Report
from functions_runtime.reports.json import timestamp
from functions_runtime.reports.text import VERDICTS
from functions_runtime.site import Headroom, Standing
from functions_runtime.verdict import Severity
from functions_runtime.wire_text import printable

MAX_ROWS = 100
"""Rows of one table. A page of a CI server takes about a megabyte."""

# Backslash first of all. A colon and a full stop only where they would begin a link, or an emoji.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&$^]|:(?=\S)|(?<=www)\.|^(?=[-+=@])", re.IGNORECASE)
_MENTION = re.compile(r"@(?=\w)")


def render(report: Report) -> str:
    """The whole report as one Markdown document."""
    blocks = [_heading(report), *_findings(report), *_cookies(report), *_headroom(report), *_endpoints(report)]
    return "\n\n".join(blocks) + "\n"
