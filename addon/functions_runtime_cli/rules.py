"""`functions-runtime rules`: all rules, one a line."""

from __future__ import annotations

import argparse

from functions_runtime.catalogue import RULES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print each rule's id, severity and title."""
    widest = max(len(rule.id) for rule in RULES)
    for rule in RULES:
        print(f"{rule.id:{widest}}  {rule.severity!s:7}  {rule.title}")
    return 0
