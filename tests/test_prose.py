"""What the check of the documentation's prose finds, and what it leaves alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

from prose import shortcomings


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("One line.\n\nThe end thereof.", 3, "thereof"),
        ("Hence it ends.", 1, "Hence"),
        ("It sets no cookie of\nit.", 1, "of it"),
        ("A response that is none.", 1, "is none"),
        ("How to mend it.", 1, "mend"),
        ("Where a cookie has no Domain, it stays.", 1, "Where"),
        ("It stays. Where the host is not\nknown, it goes.", 1, "Where"),
        ("5 exchanges judged.", 1, "exchanges judged"),
        ("This is our reading.", 1, "our reading"),
        ("```\ncode\n```\nThe end thereof.", 4, "thereof"),
    ],
)
def test_what_the_project_does_not_write_is_found(text: str, line: int, words: str) -> None:
    [(at, sentence)] = shortcomings(text)
    assert at == line
    assert sentence.startswith(f"'{words}': ")


@pytest.mark.parametrize(
    "text",
    [
        "```\nHence the end thereof.\n```",
        "The option `hence` and [a link](https://a.example/hence).",
        "<!-- hence -->",
        "Where things are:",
        "Recommend it. Because of its name.",
        "A file that is there where you look.",
    ],
)
def test_code_and_other_words_are_left_alone(text: str) -> None:
    assert list(shortcomings(text)) == []
