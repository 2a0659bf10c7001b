"""How the commands take their arguments. A wrong call ends with 1 and a sentence. Status 2 means that a gate failed."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

WRONG = 1
"""The exit status of a wrong call, and of a call that could do nothing."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors end with `WRONG`."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. Run {self.prog} --help to see what is possible.", file=sys.stderr)
        sys.exit(WRONG)
