"""`functions-runtime diff OLD NEW`: the new, fixed and unchanged findings of two JSON reports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from functions_runtime.reports.difference import difference, render
from functions_runtime.reports.json import read_baseline
from functions_runtime.wire_text import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two reports."""
    parser.add_argument("old", metavar="OLD", type=Path, help="the earlier JSON report, a baseline for example")
    parser.add_argument("new", metavar="NEW", type=Path, help="the later JSON report")
    parser.epilog = (
        "All findings count, infos and those at hosts of other owners too. "
        "The exit status is 2 if the later report has a new one."
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is new, fixed and unchanged. Returns 2 if something is new, and 1 if a report cannot be read."""
    read = []
    for path in (arguments.old, arguments.new):
        try:
            read.append(read_baseline(path.read_text(encoding="utf-8-sig")))
        except OSError as error:
            print(_refusal(path, error.strerror or "it cannot be read"), file=sys.stderr)
            return 1
        except ValueError as error:
            reason = "it is not text in UTF-8" if isinstance(error, UnicodeError) else str(error)
            print(_refusal(path, reason), file=sys.stderr)
            return 1
    found = difference(*read)
    print(render(found), end="")
    return 2 if found.new else 0


def _refusal(path: Path, reason: str) -> str:
    return (
        f"functions-runtime diff: {printable(str(path))} cannot be compared: {printable(reason)}. "
        "Give two reports that were written with the suffix .json."
    )
