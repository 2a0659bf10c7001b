"""Writes docs/rules.md from the rules themselves, so that the page cannot say anything else than the program.

    python scripts/rules_page.py

A test holds the page against what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules.md"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "addon"))

from functions_runtime.catalogue import RULES  # noqa: E402
from functions_runtime.rule import Rule, Step  # noqa: E402


def table() -> str:
    """The rules as a table for the README."""
    rows = ["| rule | severity | how sure | in enforce mode |", "| --- | --- | --- | --- |"]
    for rule in RULES:
        rows.append(
            f"| [`{rule.id}`](docs/rules.md#{rule.id}) | {rule.severity} | {rule.basis.value} "
            f"| {rule.enforcement or 'nothing'} |"
        )
    return "\n".join(rows) + "\n"


def page() -> str:
    """The whole page."""
    parts = [
        "# Rules\n",
        "Written by `scripts/rules_page.py` from the rules themselves. How sure each is: *documented* is what the "
        "vendor's pages say, *emulator* is what the vendor's local emulator does, *reading* is how this project reads "
        "an open sentence.\n",
        "## What the Runtime does\n",
        *(_section(rule) for rule in RULES if rule.step is not Step.CONSEQUENCES),
        "## What it means for a site\n",
        *(_section(rule) for rule in RULES if rule.step is Step.CONSEQUENCES),
    ]
    return "\n".join(parts)


def _section(rule: Rule) -> str:
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    enforcement = f" In enforce mode the addon {rule.enforcement}." if rule.enforcement else ""
    yield f"**{rule.title}.** Severity {rule.severity}, {rule.basis.value}.{enforcement}\n"
    yield f"{rule.explanation}\n"
    yield f"What to do: {rule.fix}\n"
    if rule.code:
        yield f"```js\n{rule.code.rstrip()}\n```\n"
    yield "Examples:\n"
    for example in rule.examples:
        found = ", ".join(
            f"{severity} ({subject})" if subject else f"{severity}" for severity, subject in example.findings
        )
        yield f"- {example.title}: {found or 'nothing'}"
    yield "\nSee: " + ", ".join(f"<{reference}>" for reference in rule.references) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
