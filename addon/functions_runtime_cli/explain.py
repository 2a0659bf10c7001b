"""`functions-runtime explain RULE`: a rule in full, as text for a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from textwrap import TextWrapper, indent

from functions_runtime.catalogue import BY_ID, advice
from functions_runtime.rule import Rule
from functions_runtime.wire_text import printable
from functions_runtime_cli.arguments import say

LINES = TextWrapper(width=88, break_on_hyphens=False, break_long_words=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the id of the rule."""
    parser.add_argument("rule", metavar="RULE", help="the id of a rule; `functions-runtime rules` lists them")


def run(arguments: argparse.Namespace) -> int:
    """Print the rule. An unknown one is refused with the nearest id."""
    rule = BY_ID.get(arguments.rule)
    if rule:
        say("\n\n".join(_paragraphs(rule)))
        return 0
    shown = printable(arguments.rule, 80)
    print(f"functions-runtime: '{shown}' is not a rule. {advice(arguments.rule)}", file=sys.stderr)
    return 1


def _paragraphs(rule: Rule) -> Iterator[str]:
    yield f"{rule.id} ({rule.severity}, {rule.basis.words})\n{rule.title}"
    yield "\n\n".join(LINES.fill(part) for part in rule.explanation.split("\n\n"))
    if rule.enforcement:
        yield LINES.fill(f"In enforce mode, the addon {rule.enforcement}.")
    yield LINES.fill(f"Fix: {rule.fix}")
    if rule.code:
        yield indent(rule.code.rstrip(), "    ")
    yield "See: " + "\n     ".join(rule.references)
