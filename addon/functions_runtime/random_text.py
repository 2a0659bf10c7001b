"""What looks like a secret, or like something made at random. Only the shape of a text counts.

A token has 16 or more characters, in which letters mix with two or more digits or the case changes four times or more
(docs/rulebook.md). So do some titles and names, such as `summer-sale-2024-shoes` and `IncomingPhoneNumbers`. A text
that reads as words is not a token (our interpretation, decision 64).
"""

from __future__ import annotations

import re

MIN_LENGTH = 16
"""Characters from which on a text can look random."""
MIN_DIGITS = 2
"""Digits among letters that make a long text look random."""
MIN_CASE_CHANGES = 4
"""Changes between upper and lower case that do the same."""

TOKEN = rf"[A-Za-z0-9_+~-]{{{MIN_LENGTH},}}"
"""A pattern of every text that `is_random` can take for a token."""

_TOKEN = re.compile(TOKEN)
_CASE_CHANGE = re.compile(r"[a-z](?=[A-Z])|[A-Z](?=[a-z])")
_NO_LETTER = re.compile(r"[^A-Za-z]+")
_DIGIT = re.compile(r"[0-9]")

_JOINT = re.compile(r"[_+~-]+")
_BORDER = re.compile(rf"{_JOINT.pattern}|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Between two words: punctuation, or a capital that begins one."""
_NUMBER = re.compile(r"[0-9]{1,4}|(?:19|20)[0-9]{6}|[0-9]{1,4}x[0-9]{1,4}|[0-9]{1,4}[a-z]{1,2}|[a-z]{1,5}[0-9]{1,3}")
"""A number as titles have it: 2024, 20240131, 120x120, 256gb, html5."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]{1,5}")
"""A word, or an abbreviation."""
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{6}", re.IGNORECASE)


def is_random(text: str) -> bool:
    """Whether a text looks like a secret, or like something made at random."""
    if not _TOKEN.fullmatch(text):
        return False
    letters = _NO_LETTER.sub("", text)
    mixes = bool(letters) and len(_DIGIT.findall(text)) >= MIN_DIGITS
    return (mixes or len(_CASE_CHANGE.findall(letters)) >= MIN_CASE_CHANGES) and not _reads_as_words(text)


def _reads_as_words(text: str) -> bool:
    """Whether a text is made of words and short numbers. It can still be in any language that has vowels.

    Chance makes short words easily, and more of them if no punctuation has to fit between them. The figures are the
    ones that let the fewest of a million random tokens and of 5,000 real paths down.
    """
    words = [part for part in _BORDER.split(text) if part and not _NUMBER.fullmatch(part)]
    letters = "".join(words)
    least_mean, least_vowels = (3.0, 0.22) if len(_JOINT.findall(text)) > 1 else (4.2, 0.27)
    return (
        all(map(_WORD.fullmatch, words))
        and max(map(len, words), default=0) >= 5
        and len(letters) >= least_mean * len(words)
        and len(_VOWEL.findall(letters)) >= least_vowels * len(letters)
        and all(_VOWEL.search(word) for word in words if len(word) > 4)
        and not any(map(_CONSONANTS.search, words))
        and sum(word[:2].isupper() for word in words if len(word) > 1) <= 1
    )
