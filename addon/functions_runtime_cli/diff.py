"""`functions-runtime diff OLD NEW`: the new, fixed and unchanged findings of two JSON reports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from functions_runtime.reports.difference import difference, render
from functions_runtime.reports.json import read_baseline
from functions_runtime.ruling import SEVERITIES, Severity
from functions_runtime.wire_text import printable
from functions_runtime_cli.arguments import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two reports."""
    parser.add_argument("old", metavar="OLD", type=Path, help="the earlier JSON report, a baseline for example")
    parser.add_argument("new", metavar="NEW", type=Path, help="the later JSON report")
    parser.add_argument(
        "--show",
        type=_severity,
        default=str(Severity.INFO),
        metavar="LEVEL",
        help=f"lowest severity that counts: {', '.join(SEVERITIES)} (default: info)",
    )
    parser.epilog = "Only findings at your own hosts count. The exit status is 2 if the later report has a new finding."


def _severity(text: str) -> Severity:
    if text not in SEVERITIES:
        raise argparse.ArgumentTypeError(f"'{text}' is not a valid value. Use one of {', '.join(SEVERITIES)}.")
    return SEVERITIES[text]


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
    old, new = read
    counted = {
        known
        for known in old.keys() | new.keys()
        if (old.get(known) or new.get(known)) and SEVERITIES.get(known[1], Severity.ERROR) >= arguments.show
    }
    found = difference(old.keys() & counted, new.keys() & counted)
    say(render(found))
    return 2 if found.new else 0


def _refusal(path: Path, reason: str) -> str:
    return (
        f"functions-runtime diff: {printable(str(path))} cannot be compared: {printable(reason)}. "
        "Give two reports that were written with the suffix .json."
    )
