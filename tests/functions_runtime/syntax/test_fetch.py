"""CORS as the Fetch standard decides it: what a preflight is, what the CORS check and the preflight's answer allow."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_runtime.syntax.fetch import (
    NON_WILDCARD_REQUEST_HEADERS,
    SAFELISTED_METHODS,
    Preflight,
    cors_check,
    parse_preflight,
    preflight_passes,
)
from functions_runtime.syntax.rfc9110 import Fields

APP = b"https://app.example"
OTHER = b"https://other.example"

ORIGIN = (b"Origin", APP)
PUT = (b"Access-Control-Request-Method", b"PUT")


def asked(*headers: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The fields of a preflight for PUT with these values of Access-Control-Request-Headers."""
    return (ORIGIN, PUT, *((b"Access-Control-Request-Headers", value) for value in headers))


def origin(*values: bytes) -> Fields:
    return tuple((b"Access-Control-Allow-Origin", value) for value in values)


def allow_credentials(*values: bytes) -> Fields:
    return tuple((b"Access-Control-Allow-Credentials", value) for value in values)


def methods(*values: bytes) -> Fields:
    return tuple((b"Access-Control-Allow-Methods", value) for value in values)


def headers(*values: bytes) -> Fields:
    return tuple((b"Access-Control-Allow-Headers", value) for value in values)


# What a CORS-preflight request is (section 4.8, steps 1 to 6)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((ORIGIN, PUT), Preflight(APP, b"PUT", ())),
        (((b"ORIGIN", APP), (b"access-control-request-method", b"PUT")), Preflight(APP, b"PUT", ())),
        (((b"Origin", b"null"), PUT), Preflight(b"null", b"PUT", ())),
        (((b"Origin", b""), PUT), Preflight(b"", b"PUT", ())),
        ((ORIGIN, (PUT[0], b"put")), Preflight(APP, b"put", ())),
        ((ORIGIN, (PUT[0], b"X.Y!#$%&'*+-^_`|~9")), Preflight(APP, b"X.Y!#$%&'*+-^_`|~9", ())),
        (asked(b"x-a"), Preflight(APP, b"PUT", (b"x-a",))),
        (asked(b"X-A,authorization"), Preflight(APP, b"PUT", (b"x-a", b"authorization"))),
        (asked(b"x-a", b"x-b , x-c"), Preflight(APP, b"PUT", (b"x-a", b"x-b", b"x-c"))),
        (asked(b" ,, \t, x-a\t,"), Preflight(APP, b"PUT", (b"x-a",))),
        (asked(b""), Preflight(APP, b"PUT", ())),
        (asked(b"*"), Preflight(APP, b"PUT", (b"*",))),
    ],
)
def test_a_preflight_says_who_asks_for_what(fields: Fields, expected: Preflight) -> None:
    assert parse_preflight("OPTIONS", fields) == expected


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param((), id="nothing"),
        pytest.param((ORIGIN,), id="no method"),
        pytest.param((PUT,), id="no origin"),
        pytest.param((ORIGIN, ORIGIN, PUT), id="an origin twice"),
        pytest.param((ORIGIN, (b"Origin", OTHER), PUT), id="two origins"),
        pytest.param((ORIGIN, PUT, PUT), id="a method twice"),
        pytest.param((ORIGIN, (PUT[0], b"")), id="an empty method"),
        pytest.param((ORIGIN, (PUT[0], b"PUT, DELETE")), id="a list of methods"),
        pytest.param((ORIGIN, (PUT[0], b"PU T")), id="a method with a space"),
        pytest.param((ORIGIN, (PUT[0], b"PUT\x00")), id="a method with a control character"),
        pytest.param((ORIGIN, (PUT[0], b"PUT\n")), id="a method with a line break"),
        pytest.param((ORIGIN, (PUT[0], b"P\xdcT")), id="a method beyond ASCII"),
        pytest.param((ORIGIN, (PUT[0], b'"PUT"')), id="a method in quotes"),
    ],
)
def test_a_broken_preflight_is_none(fields: Fields) -> None:
    assert parse_preflight("OPTIONS", fields) is None


@pytest.mark.parametrize("method", ["GET", "POST", "options", "OPTIONS ", ""])
def test_only_options_is_a_preflight(method: str) -> None:
    assert parse_preflight(method, (ORIGIN, PUT)) is None


@pytest.mark.parametrize("value", [b"x a", b"x-a; x-b", b"x-a, (y)", b"x\x00", b"x-\xe4", b'"x-a"', b"x:y"])
def test_a_malformed_list_of_headers_asks_for_none(value: bytes) -> None:
    assert parse_preflight("OPTIONS", asked(value)) == Preflight(APP, b"PUT", ())
    assert parse_preflight("OPTIONS", asked(b"x-a", value)) == Preflight(APP, b"PUT", ())


# The CORS check (section 4.9)


@pytest.mark.parametrize(
    ("fields", "without_credentials", "with_credentials"),
    [
        pytest.param((), False, False, id="nothing"),
        pytest.param(allow_credentials(b"true"), False, False, id="credentials for nobody"),
        pytest.param(origin(b"*"), True, False, id="wildcard"),
        pytest.param(origin(b"*") + allow_credentials(b"true"), True, False, id="wildcard with credentials"),
        pytest.param(origin(APP), True, False, id="named"),
        pytest.param(origin(APP) + allow_credentials(b"true"), True, True, id="named with credentials"),
        pytest.param(origin(b" \t" + APP + b" "), True, False, id="white space around it"),
        pytest.param(origin(OTHER) + allow_credentials(b"true"), False, False, id="another origin"),
        pytest.param(origin(b""), False, False, id="empty"),
        pytest.param(origin(b"null"), False, False, id="null is another origin"),
        pytest.param(origin(APP.upper()), False, False, id="case counts in an origin"),
        pytest.param(origin(APP + b"/"), False, False, id="a URL is no origin"),
        pytest.param(origin(APP + b":443"), False, False, id="the default port is not written"),
        pytest.param(origin(APP[:-1]), False, False, id="a prefix"),
        pytest.param(origin(b"*, " + APP), False, False, id="no list may stand there"),
        pytest.param(origin(APP, APP), False, False, id="two fields are a list"),
        pytest.param(origin(b"*", b"*"), False, False, id="two wildcards are a list"),
        pytest.param(origin(b"https://*.example"), False, False, id="no pattern may stand there"),
        pytest.param(origin(APP) + allow_credentials(b" true\t"), True, True, id="white space around true"),
        pytest.param(origin(APP) + allow_credentials(b"TRUE"), True, False, id="true is written small"),
        pytest.param(origin(APP) + allow_credentials(b"1"), True, False, id="1 is not true"),
        pytest.param(origin(APP) + allow_credentials(b""), True, False, id="empty is not true"),
        pytest.param(origin(APP) + allow_credentials(b"true", b"true"), True, False, id="true, true is not true"),
    ],
)
def test_cors_check(fields: Fields, without_credentials: bool, with_credentials: bool) -> None:
    lower = tuple((name.lower(), value) for name, value in fields)
    for spelled in (fields, lower, tuple(reversed(lower))):
        assert cors_check(APP, spelled, credentials=False) is without_credentials
        assert cors_check(APP, spelled, credentials=True) is with_credentials


@pytest.mark.parametrize(("allowed", "expected"), [(b"null", True), (b"Null", False), (b"*", False)])
def test_an_opaque_origin_is_named_null(allowed: bytes, expected: bool) -> None:
    assert cors_check(b"null", origin(allowed) + allow_credentials(b"true"), credentials=True) is expected


# What the answer to a preflight allows (section 4.8, step 7)

OPEN = origin(b"*")
TRUSTED = origin(APP) + allow_credentials(b"true")


def answers(method: bytes, *names: bytes) -> Preflight:
    return Preflight(APP, method, names)


@pytest.mark.parametrize(
    ("status", "expected"), [(199, False), (200, True), (204, True), (226, True), (299, True), (300, False)]
)
@pytest.mark.parametrize("credentials", [False, True])
def test_only_an_ok_status_allows_anything(status: int, expected: bool, credentials: bool) -> None:
    assert preflight_passes(answers(b"POST"), status, TRUSTED, credentials=credentials) is expected


@pytest.mark.parametrize("status", [0, -1, 302, 401, 403, 404, 405, 500, 1000])
def test_no_other_status_does(status: int) -> None:
    assert not preflight_passes(answers(b"POST"), status, TRUSTED, credentials=False)


def test_the_cors_check_comes_first() -> None:
    everything = methods(b"PUT") + headers(b"x-a")
    assert not preflight_passes(answers(b"PUT", b"x-a"), 200, everything, credentials=False)
    assert not preflight_passes(answers(b"PUT", b"x-a"), 200, origin(OTHER) + everything, credentials=False)
    assert not preflight_passes(answers(b"PUT", b"x-a"), 200, OPEN + everything, credentials=True)
    assert preflight_passes(answers(b"PUT", b"x-a"), 200, OPEN + everything, credentials=False)


@pytest.mark.parametrize(
    ("method", "allowed", "without_credentials", "with_credentials"),
    [
        pytest.param(b"PUT", (), False, False, id="no list"),
        pytest.param(b"PUT", (b"",), False, False, id="an empty list"),
        pytest.param(b"PUT", (b"PUT",), True, True, id="listed"),
        pytest.param(b"PUT", (b"GET,\tPUT ,POST",), True, True, id="listed among others"),
        pytest.param(b"PUT", (b"GET", b"PUT"), True, True, id="listed in a second field"),
        pytest.param(b"PUT", (b",, PUT,",), True, True, id="empty items"),
        pytest.param(b"PUT", (b"GET, POST, OPTIONS",), False, False, id="not listed"),
        pytest.param(b"PUT", (b"put",), False, False, id="case counts"),
        pytest.param(b"patch", (b"PATCH",), False, False, id="case counts the other way"),
        pytest.param(b"patch", (b"patch",), True, True, id="the same case"),
        pytest.param(b"PUT", (b"*",), True, False, id="wildcard"),
        pytest.param(b"PUT", (b"GET", b"*"), True, False, id="wildcard in a second field"),
        pytest.param(b"PUT", (b"*, PUT",), True, True, id="wildcard and listed"),
        pytest.param(b"*", (b"*",), True, True, id="a method that is called *"),
        pytest.param(b"PUT", (b"PUT; GET",), False, False, id="no list of tokens"),
        pytest.param(b"PUT", (b"PUT", b"a b"), False, False, id="no list in a second field"),
        pytest.param(b"POST", (b"a b",), False, False, id="no list although safelisted"),
        pytest.param(b"OPTIONS", (), False, False, id="OPTIONS is not safelisted"),
        pytest.param(b"get", (), False, False, id="get is not GET"),
        *(pytest.param(method, (), True, True, id=f"{method.decode()} is safelisted") for method in (b"GET", b"HEAD")),
        pytest.param(b"POST", (b"PUT",), True, True, id="POST is safelisted"),
    ],
)
def test_methods(method: bytes, allowed: tuple[bytes, ...], without_credentials: bool, with_credentials: bool) -> None:
    fields = TRUSTED + methods(*allowed)
    assert preflight_passes(answers(method), 204, fields, credentials=False) is without_credentials
    assert preflight_passes(answers(method), 204, fields, credentials=True) is with_credentials


@pytest.mark.parametrize(
    ("names", "allowed", "without_credentials", "with_credentials"),
    [
        pytest.param((), (), True, True, id="none asked for"),
        pytest.param((b"x-a",), (), False, False, id="no list"),
        pytest.param((b"x-a",), (b"",), False, False, id="an empty list"),
        pytest.param((b"x-a",), (b"X-A",), True, True, id="case does not count"),
        pytest.param((b"x-a", b"x-b"), (b"x-b", b"x-a"), True, True, id="two fields"),
        pytest.param((b"x-a", b"x-b"), (b"x-a",), False, False, id="one of two"),
        pytest.param((b"x-a", b"x-b"), (b"*",), True, False, id="wildcard"),
        pytest.param((b"x-a", b"x-b"), (b"x-a, *",), True, False, id="wildcard and one of two"),
        pytest.param((b"authorization",), (b"*",), False, False, id="wildcard does not cover authorization"),
        pytest.param((b"authorization",), (b"*, Authorization",), True, True, id="authorization is listed"),
        pytest.param((b"authorization", b"x-a"), (b"*, authorization",), True, False, id="authorization and more"),
        pytest.param((b"x-a",), (b"x-a, b c",), False, False, id="no list of names"),
        pytest.param((), (b"b c",), False, False, id="no list although none is asked for"),
    ],
)
def test_headers(
    names: tuple[bytes, ...], allowed: tuple[bytes, ...], without_credentials: bool, with_credentials: bool
) -> None:
    fields = TRUSTED + headers(*allowed)
    assert preflight_passes(answers(b"POST", *names), 204, fields, credentials=False) is without_credentials
    assert preflight_passes(answers(b"POST", *names), 204, fields, credentials=True) is with_credentials


def test_a_browser_that_makes_no_exception() -> None:
    anything = TRUSTED + headers(b"*")
    asked = answers(b"POST", b"authorization")
    assert not preflight_passes(asked, 204, anything, credentials=False)
    assert preflight_passes(asked, 204, anything, credentials=False, non_wildcard=frozenset())
    assert not preflight_passes(asked, 204, anything, credentials=True, non_wildcard=frozenset())


def test_the_names_that_the_standard_makes_an_exception_of() -> None:
    assert {b"GET", b"HEAD", b"POST"} == SAFELISTED_METHODS
    assert {b"authorization"} == NON_WILDCARD_REQUEST_HEADERS


def test_an_answer_that_lists_everything_by_name_allows_it_with_and_without_credentials() -> None:
    names = (b"authorization", b"content-type", b"x-a")
    for method, credentials in itertools.product((b"PUT", b"DELETE", b"GET"), (False, True)):
        fields = TRUSTED + methods(b"PUT, DELETE") + headers(b"Authorization, Content-Type, X-A")
        assert preflight_passes(answers(method, *names), 200, fields, credentials=credentials)


NAMES = st.sampled_from(
    [
        b"Origin",
        b"Access-Control-Request-Method",
        b"Access-Control-Request-Headers",
        b"Access-Control-Allow-Origin",
        b"Access-Control-Allow-Credentials",
        b"Access-Control-Allow-Methods",
        b"Access-Control-Allow-Headers",
    ]
)
VALUES = st.sampled_from([b"*", b"null", APP, b"true", b"PUT", b"GET", b"authorization", b"x-a, *"]) | st.binary()
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(tuple)


@given(FIELDS, FIELDS, st.integers(0, 999))
def test_what_passes_with_credentials_passes_without(request: Fields, response: Fields, status: int) -> None:
    preflight = parse_preflight("OPTIONS", request)
    if preflight and preflight_passes(preflight, status, response, credentials=True):
        assert preflight_passes(preflight, status, response, credentials=False)
