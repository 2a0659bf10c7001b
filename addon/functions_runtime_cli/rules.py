"""`functions-runtime rules`: all rules, one a line."""

from __future__ import annotations

import argparse

from functions_runtime.catalogue import RULES
from functions_runtime_cli.arguments import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print each rule's id, severity and title."""
    widest = max(len(rule.id) for rule in RULES)
    say("\n".join(f"{rule.id:{widest}}  {rule.severity!s:7}  {rule.title}" for rule in RULES))
    return 0
