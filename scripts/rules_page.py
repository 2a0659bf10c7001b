"""Writes docs/rules.md and the README's table of rules from the rules themselves.

    python scripts/rules_page.py

A test compares both with what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- rules: scripts/rules_page.py writes this table -->\n", "<!-- end of rules -->\n"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "addon"))

from functions_runtime.catalogue import RULES  # noqa: E402
from functions_runtime.rule import Rule, Step  # noqa: E402


def table() -> str:
    """The rules as a table for the README."""
    rows = ["| rule | severity | confidence | in enforce mode |", "| --- | --- | --- | --- |"]
    for rule in RULES:
        rows.append(
            f"| [`{rule.id}`](docs/rules.md#{rule.id}) | {rule.severity} | {rule.basis.words} "
            f"| {rule.enforcement or 'nothing'} |"
        )
    return "\n".join(rows) + "\n"


def with_table(readme: str) -> str:
    """The README with the table as it should be. Raises ValueError if the README has not exactly one place for it."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise ValueError(f"README.md needs one {BEGIN.strip()} and after it one {END.strip()}.")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def page() -> str:
    """The whole page."""
    parts = [
        "# Rules\n",
        "`scripts/rules_page.py` writes this page from the rules themselves. Each rule states its confidence. "
        "*Documented* means that the vendor's pages say so. *Emulator* means that the vendor's local emulator does it. "
        "*Our interpretation* means that the sources leave it open and this project decided.\n",
        "## What the Runtime does\n",
        *(_section(rule) for rule in RULES if rule.step < Step.CONSEQUENCES),
        "## What it means for a site\n",
        *(_section(rule) for rule in RULES if rule.step >= Step.CONSEQUENCES),
    ]
    return "\n".join(parts)


def _section(rule: Rule) -> str:
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    enforcement = f" In enforce mode the addon {rule.enforcement}." if rule.enforcement else ""
    yield f"**{rule.title}.** Severity {rule.severity}, {rule.basis.words}.{enforcement}\n"
    yield f"{rule.explanation}\n"
    yield f"Fix: {rule.fix}\n"
    if rule.code:
        yield f"```js\n{rule.code.rstrip()}\n```\n"
    yield "Examples:\n"
    for example in rule.examples:
        found = ", ".join(
            f"{severity} ({subject})" if subject else f"{severity}" for severity, subject in example.findings
        )
        yield f"- {example.title}: {found or 'nothing'}"
    yield "\nSee: " + ", ".join(f"<{reference}>" for reference in rule.references) + "\n"


def main() -> None:
    """Write both."""
    try:
        readme = with_table(README.read_text(encoding="utf-8"))
    except ValueError as error:
        sys.exit(str(error))
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
