"""What an exchange says about itself."""

from __future__ import annotations

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import (
    Exchange,
    HeaderSize,
    Request,
    Response,
    SetCookieField,
    request_head,
    request_section,
    response_head,
    response_section,
)
from functions_runtime.syntax.fetch import Preflight
from functions_runtime.syntax.rfc6265 import CookieAttributes, SetCookie
from functions_runtime.syntax.rfc9110 import Fields


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ((), 0),
        (((b"Host", b"a"), (b"Accept", b"b")), 2),
        (((b"X", b"1"), (b"x", b"1")), 2),
        (((b"Cookie", b"a=1; b=2; c=3"),), 3),
        (((b"Host", b"a"), (b"cookie", b"a=1")), 2),
        (((b"COOKIE", b"a=1;b=2"), (b"Cookie", b"c=3"), (b"Host", b"a")), 4),
        (((b"Cookie", b""), (b"Host", b"a")), 1),
        (((b"Cookie", b" ;; "),), 0),
        (((b"Cookie", b"no-pair"),), 1),
        (((b"Cookie2", b"a=1; b=2"), (b"X-Cookie", b"a=1; b=2"), (b"Accept", b"a=1; b=2")), 3),
        (((b"Set-Cookie", b"a=1; Secure"),), 1),
    ],
)
def test_a_request_counts_its_cookies_in_place_of_the_field(
    fields: tuple[tuple[bytes, bytes], ...], count: int
) -> None:
    size = len(b"".join(b"%s: %s\r\n" % field for field in fields))
    assert Request(fields=fields).header_size == HeaderSize(size, count)


def test_a_request_has_the_cookies_of_all_its_cookie_fields() -> None:
    fields = ((b"Cookie", b"a=1; ;b = 2 "), (b"X-Cookie", b"d=4"), (b"COOKIE", b"c"))
    assert Request(fields=fields).cookies == (b"a=1", b"b = 2", b"c")


CRUMBS = ((b"Cookie", b"a=1"), (b"Cookie", b"b=2"))


@pytest.mark.parametrize(
    ("received", "authority", "version", "expected"),
    [
        (((b"Host", b"a.test"), *CRUMBS), b"", b"HTTP/1.1", ((b"Host", b"a.test"), *CRUMBS)),
        (CRUMBS, b"a.test", b"HTTP/2.0", ((b"Host", b"a.test"), (b"Cookie", b"a=1; b=2"))),
    ],
)
def test_a_received_request_is_as_http1_carries_it(
    received: Fields, authority: bytes, version: bytes, expected: Fields
) -> None:
    assert request_head(received, authority, version) == (expected, request_section(expected), b"a.test")


@pytest.mark.parametrize(
    ("is_from_har", "lines"), [(False, [b"a=1; Path=/"]), (True, [b"a=1;", b" Path=/"])], ids=["folded", "joined"]
)
def test_a_received_response_has_a_line_for_each_value(is_from_har: bool, lines: list[bytes]) -> None:
    fields, section = response_head(((b"Set-Cookie", b"a=1;\n Path=/"),), is_from_har=is_from_har)
    assert [value for _, value in fields] == lines
    assert section == response_section(fields)


def test_a_response_counts_its_fields() -> None:
    fields = ((b"Set-Cookie", b"a=1; Secure; Path=/"), (b"set-cookie", b""), (b"Cookie", b"a=1; b=2"), (b"X", b""))
    size = len(b"".join(b"%s: %s\r\n" % field for field in fields))
    assert Response(fields=fields).header_size == HeaderSize(size, 4)


def test_cookies_of_a_response_are_those_that_a_user_agent_heeds() -> None:
    response = Response(
        fields=(
            (b"X", b"a=1"),
            (b"sEt-cOOkie", b"a=1; Secure"),
            (b"Set-Cookie", b"="),
            (b"Set-Cookie", b"b=\x00"),
            (b"Set-Cookie2", b"c=3"),
            (b"X-Cookies!", b"c=3"),
            (b"Set-Cookie", b"d=4"),
        )
    )
    assert response.cookies == (
        SetCookieField(1, b"a=1; Secure", SetCookie(b"a", b"1", CookieAttributes(secure=True))),
        SetCookieField(6, b"d=4", SetCookie(b"d", b"4", CookieAttributes())),
    )
    assert Response(fields=((b"X", b"a=1"),)).cookies == ()


def test_fields_are_found_by_name() -> None:
    fields = ((b"Vary", b"a"), (b"X", b""), (b"vary", b"b"))
    assert Request(fields=fields).by_name == {b"vary": [b"a", b"b"], b"x": [b""]}
    assert Response(fields=fields).by_name == {b"vary": [b"a", b"b"], b"x": [b""]}


def test_a_preflight_is_parsed_once() -> None:
    asks = ((b"Origin", b"https://a.example"), (b"Access-Control-Request-Method", b"PUT"))
    assert Request("OPTIONS", fields=asks).preflight == Preflight(b"https://a.example", b"PUT", ())
    assert Request("PUT", fields=asks).preflight is None
    assert Request("OPTIONS").preflight is None


def test_a_request_has_an_endpoint() -> None:
    request = Request("PUT", "a.example", "/users/17", query=b"token=x")
    assert request.endpoint == Endpoint("PUT", "a.example", "/users/{id}")


def test_an_exchange_begins_without_a_response() -> None:
    exchange = Exchange(Request())
    assert exchange.response is None
    assert not exchange.removed


@pytest.mark.parametrize(
    ("line", "time", "unknown"),
    [
        (b"a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", None, True),
        (b"a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", 1.0, False),
        (b"a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Max-Age=60", None, False),
        (b"a=1", None, False),
    ],
)
def test_a_lifetime_that_nobody_knows(line: bytes, time: float | None, unknown: bool) -> None:
    assert Response(200, ((b"Set-Cookie", line),), time).has_unknown_lifetime is unknown


def test_messages_are_equal_by_what_came_off_the_wire() -> None:
    fields = ((b"Set-Cookie", b"a=1"),)
    assert Request(fields=fields) == Request(fields=fields)
    assert Response(fields=fields) == Response(fields=fields)
    assert Request(fields=fields) != Request()
    assert Response(fields=fields) != Response()


def test_an_exchange_that_is_over_awaits_nothing() -> None:
    request, response = Request(), Response()
    whole = Exchange.whole(request, response, 1, 2, 3.0, True, frozenset({b"a"}))
    assert whole == Exchange(request, response, frozenset({b"a"}), 1, 2, 3.0, False, True)
