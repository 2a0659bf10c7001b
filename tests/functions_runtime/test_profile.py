"""The platform's facts, and limits as a user writes them."""

from __future__ import annotations

import pytest

from functions_runtime.profile import (
    ALLOWED_METHODS,
    CONCURRENT_REQUESTS_LIMIT,
    CONCURRENT_REQUESTS_STATUS,
    COOKIE_LIFETIME_LIMIT,
    DOCUMENTED_LIMITS,
    EMULATOR_RESTRICTED_PREFIXES,
    FUNCTION_TIMEOUT,
    FUNCTION_TIMEOUT_STATUS,
    GET_WITH_CONTENT_STATUS,
    HEADERS_TOO_LONG_ERROR,
    KEPT_NAMES,
    METHOD_UNSUPPORTED_STATUS,
    REQUEST_SIZE_LIMIT,
    RESPONSE_SIZE_LIMIT,
    RESTRICTED_NAMES,
    RESTRICTED_PREFIXES,
    SERVED_METHODS,
    Limits,
    Profile,
    is_removed,
    is_restricted,
    parse_limits,
    removed_among,
    without_emulator_fields,
)
from functions_runtime.syntax.rfc9110 import Fields
from tests.functions_runtime.emulated import EMULATOR


def test_the_limits_of_the_first_page_are_the_default() -> None:
    assert Profile().limits == Limits(4096, 75)


def test_documented_limits_are_called_what_they_are() -> None:
    assert list(DOCUMENTED_LIMITS.items()) == [("4kb/75", Limits(4096, 75)), ("15kb/90", Limits(15360, 90))]
    assert all(parse_limits(name) == limits for name, limits in DOCUMENTED_LIMITS.items())


def test_headers_that_are_too_long_have_an_error_of_their_own() -> None:
    assert HEADERS_TOO_LONG_ERROR == 82008


def test_a_cookie_may_live_a_day() -> None:
    assert COOKIE_LIFETIME_LIMIT == 86400


def test_statuses_and_sizes_are_those_of_the_pages() -> None:
    assert (METHOD_UNSUPPORTED_STATUS, GET_WITH_CONTENT_STATUS) == (405, 403)
    assert (FUNCTION_TIMEOUT, FUNCTION_TIMEOUT_STATUS) == (10, 504)
    assert (CONCURRENT_REQUESTS_LIMIT, CONCURRENT_REQUESTS_STATUS) == (30, 429)
    assert (REQUEST_SIZE_LIMIT, RESPONSE_SIZE_LIMIT) == (1048576, 4194304)


def test_methods_are_those_of_the_page_and_head_as_the_emulator_serves_it() -> None:
    assert {*ALLOWED_METHODS.decode().split(", "), "HEAD"} == SERVED_METHODS


def test_what_the_emulator_adds_is_left_out_of_its_responses() -> None:
    own = ((b"Content-Type", b"text/plain"), (b"X-A", b"1"))
    assert without_emulator_fields((*EMULATOR, *own)) == own
    assert without_emulator_fields((*EMULATOR[:2], *own)) == own
    assert without_emulator_fields(((b"x-powered-by", b"Express"), own[0], (b"surrogate-CONTROL", b"no-store"))) == (
        own[0],
    )


@pytest.mark.parametrize(
    "own",
    [
        (b"Cache-Control", b"no-store"),
        (b"Pragma", b"x"),
        (b"Expires", b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"ETag", b'"mine"'),
        (b"Keep-Alive", b"max=5"),
        (b"X-Powered-By", b"Express"),
        (b"Surrogate-Control", b"no-store"),
    ],
)
def test_what_a_function_sets_itself_stays(own: tuple[bytes, bytes]) -> None:
    assert without_emulator_fields((*EMULATOR[:2], own)) == (own,)


@pytest.mark.parametrize("fields", [(), EMULATOR[1:], EMULATOR[:1], ((b"X-Powered-By", b"PHP/8"), EMULATOR[1])])
def test_without_its_marks_a_response_is_not_the_emulators(fields: Fields) -> None:
    assert without_emulator_fields(fields) is fields


def test_names_are_lower_case_and_kept_names_are_restricted() -> None:
    names = [*RESTRICTED_NAMES, *RESTRICTED_PREFIXES, *EMULATOR_RESTRICTED_PREFIXES]
    assert [name for name in names if name != name.lower()] == []
    assert KEPT_NAMES < RESTRICTED_NAMES


@pytest.mark.parametrize(
    "name",
    [
        *[b"expect", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"referer", b"trailer"],
        *[b"upgrade", b"via", b"x-real-ip", b"x-accel-", b"x-accel-buffering", b"x-forwarded-", b"x-forwarded-for"],
        *[b"x-amz", b"x-amzn-trace-id", b"i-twilio-", b"i-twilio-signature", b"i-t-", b"i-t-x", b"ot-", b"ot-x"],
    ],
)
def test_a_name_that_is_removed(name: bytes) -> None:
    assert is_removed(name)
    assert is_restricted(name)


@pytest.mark.parametrize(
    "name",
    [
        b"host",
        b"connection",
        b"transfer-encoding",
        b"upgrade-insecure-requests",
        b"x-forwarded",
        b"x-real-ip-2",
        b"ot",
        b"",
    ],
)
def test_a_name_that_stays(name: bytes) -> None:
    assert not is_removed(name)
    assert is_restricted(name) is (name in KEPT_NAMES)


def test_the_names_that_are_removed_keep_their_order() -> None:
    assert removed_among((b"via", b"host", b"accept", b"expect")) == (b"via", b"expect")


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("8192/100", Limits(8192, 100)),
        ("8192b/100", Limits(8192, 100)),
        ("8k/100", Limits(8192, 100)),
        ("8KB/100", Limits(8192, 100)),
        ("1M/1", Limits(1048576, 1)),
        ("1mb/1", Limits(1048576, 1)),
        (" 4 kb / 75 ", Limits(4096, 75)),
        ("0100/0020", Limits(100, 20)),
        ("999999999999/999999999999", Limits(999999999999, 999999999999)),
    ],
)
def test_limits_as_written(text: str, limits: Limits) -> None:
    assert parse_limits(text) == limits


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            "/",
            "4kb",
            "4kb/",
            "/75",
            "0/75",
            "4kb/0",
            "-1/75",
            "1.5kb/75",
            "4gb/75",
            "4kb/75/1",
            "4kb:75",
            "4kb/kb",
        ],
        *["9" * 13 + "/75", "1/" + "9" * 5000, "٤/75", "²/75"],
    ],
)
def test_limits_that_make_no_sense_are_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a pair of limits\. Write SIZE/COUNT.* 4kb/75, 15kb/90 or 8192/100"):
        parse_limits(text)


def test_a_size_that_lacks_its_unit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'15/90' means 15 bytes\. Write 15kb/90, or 15b/90 if you mean bytes\."):
        parse_limits("15/90")
    assert parse_limits("15b/90") == Limits(15, 90)
    assert parse_limits("64/90") == Limits(64, 90)


def test_limits_are_shown_as_they_can_be_written() -> None:
    limits = Limits(15360, 90)
    assert str(limits) == "15360/90"
    assert parse_limits(str(limits)) == limits
