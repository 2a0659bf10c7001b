"""Checks the prose of the documentation: proselint, and the words that this project does not use.

    python scripts/prose.py [FILE…]

Code, links and comments are not prose. Prints a line for each thing found and then exits with 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/*.md")
SETTINGS = ROOT / "scripts" / "proselint.json"

NOT_PROSE = re.compile(r"^```.*?^```|<!--.*?-->|`[^`\n]*`|\]\([^)\n]*\)|<https?://[^>\n]*>", re.DOTALL | re.MULTILINE)

HOUSE_STYLE = {
    r"thereof|hence|whereas|thereby": "say it in two sentences",
    r"of it": "use a possessive or name the thing",
    r"is none": 'say "is not a …" or "there is no …"',
    r"what stands in the way": 'say "blocking issues"',
    r"exchanges? judged": 'say "requests checked"',
    r"mend(?:s|ed|ing)?": 'say "fix"',
    r"(?:our|a) reading": 'say "our interpretation"',
    r"in case of|with regard to": 'say "if" or "about"',
}
"""What this project does not write, as a regular expression over whole words, and what to write instead."""

WHERE_FOR_IF = re.compile(r"(?:^\n?|[.;:!?]\s+)(Where)\s(?:[^.?\n]|\n(?!\n))*?,", re.MULTILINE)
"""A sentence that begins with "Where" and goes on after a comma, so that it means "if"."""

WORDS = [
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), advice)
    for words, advice in ((words.replace(" ", r"\s+"), advice) for words, advice in HOUSE_STYLE.items())
]


def shortcomings(text: str) -> Iterator[tuple[int, str]]:
    """What in a Markdown text is against the house style: the number of the line, and a sentence."""
    prose = NOT_PROSE.sub(_blank, text)
    found = [(match.start(), match[0], advice) for pattern, advice in WORDS for match in pattern.finditer(prose)]
    found += [(match.start(1), "Where", 'say "if"') for match in WHERE_FOR_IF.finditer(prose)]
    for start, words, advice in sorted(found):
        yield prose.count("\n", 0, start) + 1, f"'{' '.join(words.split())}': {advice}."


def _blank(code: re.Match[str]) -> str:
    """As many lines as the code has, without its words."""
    return re.sub(r"[^\n]", " ", code[0])


def main() -> None:
    """Check the files that the command line names, or all pages."""
    pages = [Path(name) for name in sys.argv[1:]] or [path for page in PAGES for path in sorted(ROOT.glob(page))]
    number = 0
    for path in pages:
        for line, sentence in shortcomings(path.read_text(encoding="utf-8")):
            print(f"{path}:{line}: {sentence}")
            number += 1
    command = [sys.executable, "-m", "proselint", "check", "--config", str(SETTINGS), *map(str, pages)]
    if subprocess.run(command).returncode or number:
        sys.exit(1)


if __name__ == "__main__":
    main()
