"""Reports: one module for each format, each a function from a `Report` to text. No module here writes a file.

`FORMATS` finds the format by the suffix of a path. Each module escapes for its own format, in one place.
"""

from __future__ import annotations

from collections.abc import Callable

from functions_runtime.record.report import Report
from functions_runtime.reports import json, junit, markdown, sarif
from functions_runtime.reports.html import page

FORMATS: dict[str, Callable[[Report], str]] = {
    ".json": json.render,
    ".html": page.render,
    ".xml": junit.render,
    ".sarif": sarif.render,
    ".md": markdown.render,
}
