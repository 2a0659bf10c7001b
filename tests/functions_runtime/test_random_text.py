"""What looks like a secret, or like something made at random."""

from __future__ import annotations

import random
import string

import pytest

from functions_runtime.random_text import is_random

RANDOM = [
    "KiJ7ik7_cejbEcCB9kb3h_",
    "AbCdEfGhIjKlMnOp",
    "0123456789abcdeg",
    "vendor-react-B7x9Qz2k",
    "ABCD-EFGH-1234-5678",
    "abcd-efgh-1234-5678",
    "12-34-aaaaaa-bbbbbb",  # two words, none of them with all its letters
    "Xqzzvwkp-Trstlnm-24",  # no vowel
    "strcpghkl-of-2024-and-more",  # more consonants than a word has
    "HTTPServer_XMLReader_24",  # two abbreviations
    "a-b-c-d-e-f-gehen-24",  # words that are hardly any
    "12345-12345-12-12-ab",
]
ORDINARY = [
    "summer-sale-2024-shoes",
    "United_States_of_America",
    "IncomingPhoneNumbers",
    "ProximaNova-Regular",
    "XMLHttpRequestEventTarget",
    "apple-touch-icon-120x120",
    "notes-20240131-meeting",
    "iphone-15-pro-max-256gb",
    "guide-to-html5-and-css3",
]
SHORT_OR_PLAIN = ["", "AbCdEfGhIjKlMnO", "1234567890-12345678", "abcdefghijklmnopqrstuvwxyz", "one_digit_1_is_no_token"]


@pytest.mark.parametrize("text", RANDOM)
def test_a_token_is_random(text: str) -> None:
    assert is_random(text)


@pytest.mark.parametrize("text", [*ORDINARY, *SHORT_OR_PLAIN, "a token with 22 spaces", "émigré-2024-à-la-carte"])
def test_words_are_not(text: str) -> None:
    assert not is_random(text)


LETTERS_DIGITS = string.ascii_letters + string.digits


@pytest.mark.parametrize(
    ("characters", "length", "missed"),
    [
        (LETTERS_DIGITS + "-_", 43, 0),
        (LETTERS_DIGITS + "-_", 22, 12),
        (LETTERS_DIGITS + "-_", 16, 184),
        (LETTERS_DIGITS, 32, 0),
        (string.ascii_letters, 24, 18),
        (string.hexdigits[:16], 32, 0),
    ],
)
def test_chance_seldom_makes_words(characters: str, length: int, missed: int) -> None:
    """Of 20,000 random tokens, `missed` look ordinary. Most of those have too few digits and changes of case."""
    chance = random.Random(f"{characters}{length}")
    tokens = ("".join(chance.choices(characters, k=length)) for _ in range(20_000))
    assert sum(not is_random(token) for token in tokens) == missed
