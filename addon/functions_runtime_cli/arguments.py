"""How the commands take their arguments. A wrong call ends with 1 and a sentence. Status 2 means that a gate failed."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

WRONG = 1
"""The exit status of a wrong call, and of a call that could do nothing."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """A question about the nearest of what is known, with a space in front. Empty if nothing is near."""
    near = get_close_matches(given, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    """The long names of the options that this parser takes."""
    return re.findall(r"--[a-z-]+", parser.format_help())  # the usage leaves out --help


class Parser(argparse.ArgumentParser):
    """A parser whose errors end with `WRONG`."""

    def error(self, message: str) -> NoReturn:
        unknown = re.search(r"unrecognized arguments: (--[^ =]+)", message)
        near = did_you_mean(unknown[1], options_of(self)) if unknown else ""
        print(f"{self.prog}: {message}.{near} Run {self.prog} --help to see what is possible.", file=sys.stderr)
        sys.exit(WRONG)
