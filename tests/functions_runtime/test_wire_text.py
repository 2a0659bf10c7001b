"""Text off the wire, made fit to be shown."""

from __future__ import annotations

import sys

import pytest

from functions_runtime.wire_text import printable


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"sid", "sid"),
        ("sid", "sid"),
        (b"", ""),
        (b"a b", "a b"),
        (b"caf\xc3\xa9", "café"),
        (b"\xff\x80a", "\\xff\\x80a"),
        (b"a\r\nb\tc\x00", "a\\r\\nb\\tc\\x00"),
        (b"\x1b[31m", "\\x1b[31m"),
        ("\u202eabc", "\\u202eabc"),
        ("a\u2028b\u200b", "a\\u2028b\\u200b"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("<b>=1+1", "<b>=1+1"),
    ],
)
def test_what_is_not_printable_is_escaped(raw: bytes | str, shown: str) -> None:
    assert printable(raw) == shown


def test_every_character_comes_out_printable() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert printable(everything, len(everything)).isprintable()


def test_long_text_is_cut() -> None:
    assert printable("a" * 120) == "a" * 120
    assert printable("a" * 120 + "b") == "a" * 119 + "…"
    assert printable(b"abcd", 3) == "ab…"


def test_escapes_are_bounded_too() -> None:
    assert len(printable("\U000e0001" * 100_000)) <= 120 * len("\\U000e0001")
