"""How the commands take their arguments and print. A wrong call ends with 1 and a sentence; 2 is for a failed gate."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NoReturn, TextIO

from functions_runtime.wire_text import printable

WRONG = 1
"""The exit status of a wrong call, and of a call that could do nothing."""


def print_anything() -> None:
    """Let standard output escape what it cannot encode: text off the wire can be anything."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def say(text: str, to: TextIO | None = None) -> None:
    """Print to standard output or another stream. A reader that has stopped, as `head` does, misses the rest."""
    stream = to or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """A question about the nearest of what is known, with a space in front. Empty if nothing is near."""
    near = get_close_matches(given, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    """The long names of the options that this parser takes."""
    return re.findall(r"--[a-z-]+", parser.format_help())  # the usage leaves out --help


class Parser(argparse.ArgumentParser):
    """A parser whose errors end with `WRONG`."""

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Say that these arguments are not taken, and what may be meant, and end."""
        near = did_you_mean(unknown[0].partition("=")[0], options_of(self))
        self.error(f"unknown arguments: {' '.join(unknown)}.{near}")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        end = "" if message.endswith((".", "?")) else "."
        print(
            f"{self.prog}: {printable(message)}{end} Run {self.prog} --help to see what is possible.", file=sys.stderr
        )
        sys.exit(WRONG)
