"""Text off the wire, made fit to be shown."""

from __future__ import annotations

import sys

import pytest

from functions_runtime.wire_text import MALFORMED, printable, shown_host, shown_method, shown_origin


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


@pytest.mark.parametrize("method", ["GET", "get", "M-SEARCH", "!#$%&'*+.^_`|~0", "*"])
def test_a_method_is_a_token(method: str) -> None:
    assert shown_method(method) == method


@pytest.mark.parametrize("method", ["", "GET /?token=secret", "::error::boom", "GÉT", "GET\n", "M\udcff"])
def test_a_method_that_is_none_is_not_shown(method: str) -> None:
    assert shown_method(method) == MALFORMED


def test_a_host_has_no_user_path_or_query() -> None:
    for host in ("a.example", "[::1]", "", "*", "a b", "日本.example", "a_b"):
        assert shown_host(host) == host
    for host in ("ada:secret@a.example", "a.example/secret", "a?token=secret", "a#secret", "a\\secret"):
        assert shown_host(host) == MALFORMED


@pytest.mark.parametrize(
    "origin", ["https://a.example", "http://[::1]:8080", "null", "chrome-extension://abcdef", "https://日本.example"]
)
def test_an_origin_has_a_scheme_and_a_host(origin: str) -> None:
    assert shown_origin(origin.encode()) == origin


@pytest.mark.parametrize(
    "origin",
    [
        *("", "secret", "https://", "https://ada:secret@a.example", "https://a.example/", "https://a.example?secret"),
        *(
            "https://a.example#secret",
            "https://a.example\\secret",
            "https://a.example https://b.example",
            "https://a\n",
        ),
    ],
)
def test_an_origin_that_is_none_is_not_shown(origin: str) -> None:
    assert shown_origin(origin.encode()) == MALFORMED
