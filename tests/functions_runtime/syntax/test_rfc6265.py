"""Set-Cookie as a user agent reads it, and how a line is changed without touching the rest of it."""

from __future__ import annotations

import datetime

import pytest

from functions_runtime.syntax.rfc6265 import (
    CookieAttributes,
    append_attribute,
    parse_attributes,
    parse_cookie_date,
    parse_max_age,
    parse_set_cookie,
    replace_domain,
    split_cookies,
)

NEVER = 10**18
"""What a Max-Age becomes that no clock can hold."""


def utc(*when: int) -> int:
    return int(datetime.datetime(*when, tzinfo=datetime.timezone.utc).timestamp())  # type: ignore[arg-type,misc]


# The name and the value


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (b"sid=abc", b"sid", b"abc"),
        (b"sid=abc; Path=/", b"sid", b"abc"),
        (b"sid=", b"sid", b""),
        (b"sid=a=b==", b"sid", b"a=b=="),
        (b" \tsid\t =\t a b \t; Path=/", b"sid", b"a b"),
        (b'sid="a; b"', b"sid", b'"a'),
        (b"sid=a, other=b", b"sid", b"a, other=b"),
        (b"sid\xc3\xa4=\xff\x80", b"sid\xc3\xa4", b"\xff\x80"),
        (b"si\td=a\tb", b"si\td", b"a\tb"),
        (b"~\xa0=!\xa0", b"~\xa0", b"!\xa0"),
        (b"nameless", b"", b"nameless"),
        (b"=nameless", b"", b"nameless"),
        (b"==x", b"", b"=x"),
        (b"nameless; Path=/", b"", b"nameless"),
        (b"__Secure-sid=a", b"__Secure-sid", b"a"),
    ],
)
def test_name_and_value(line: bytes, name: bytes, value: bytes) -> None:
    cookie = parse_set_cookie(line)
    assert cookie
    assert (cookie.name, cookie.value) == (name, value)


@pytest.mark.parametrize("line", [b"", b"=", b" \t", b" = ", b";", b"; Path=/", b"=; Max-Age=60"])
def test_a_line_with_neither_name_nor_value_is_ignored(line: bytes) -> None:
    assert parse_set_cookie(line) is None


@pytest.mark.parametrize("line", [b"__Secure-a", b"=__secure-a=b", b"__HOST-a", b"= __Host-"])
def test_a_nameless_cookie_may_not_pose_as_a_prefixed_one(line: bytes) -> None:
    assert parse_set_cookie(line) is None


@pytest.mark.parametrize("control", [byte for byte in (*range(0x20), 0x7F) if byte != 0x09])
@pytest.mark.parametrize("line", [b"s%cd=a", b"sid=a%c", b"sid=a; Path=/%c", b"sid=a; Expires=%c; Path=/"])
def test_a_control_character_anywhere_drops_the_line(line: bytes, control: int) -> None:
    assert parse_set_cookie(line % control) is None


def test_name_and_value_may_have_4096_octets_together() -> None:
    name, value = b"n" * 96, b"\xff" * (4096 - 96)
    assert parse_set_cookie(b" " + name + b" = " + value + b" ; Path=/") is not None
    assert parse_set_cookie(name + b"=" + value + b"v") is None
    assert parse_set_cookie(b"v" * 4096) is not None
    assert parse_set_cookie(b"v" * 4096 + b"v") is None


def test_attributes_come_with_the_cookie() -> None:
    cookie = parse_set_cookie(b"sid=a;Max-Age=60;Domain=.Example.COM;Path=/x;Secure;HttpOnly")
    assert cookie
    assert cookie.attributes == CookieAttributes(60, None, b"example.com", b"/x", True, True)
    bare = parse_set_cookie(b"Secure=a")
    assert bare
    assert bare.attributes == CookieAttributes()


# Attributes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", CookieAttributes()),
        (b" ; ;=;=x;Version=1; SameSite=Lax", CookieAttributes()),
        (b"MAX-age=60", CookieAttributes(max_age=60)),
        (b" \tMax-Age \t= \t60\t ", CookieAttributes(max_age=60)),
        (b"Max-Age=1; Max-Age=2", CookieAttributes(max_age=2)),
        (b"Max-Age=1; Max-Age=never", CookieAttributes(max_age=1)),
        (b"Max-Age", CookieAttributes()),
        (b"Max Age=1", CookieAttributes()),
        (b'"Max-Age"=1', CookieAttributes()),
        (b"Expires=Thu, 01 Jan 1970 00:00:09 GMT", CookieAttributes(expires=9)),
        (b"expires=Thu, 01 Jan 1970 00:00:09 GMT; EXPIRES=1 Jan 1970 0:0:8", CookieAttributes(expires=8)),
        (b"Expires=Thu, 01 Jan 1970 00:00:09 GMT; Expires=soon", CookieAttributes(expires=9)),
        (b"Domain=A.example", CookieAttributes(domain=b"a.example")),
        (b"domain=..a", CookieAttributes(domain=b".a")),
        (b"Domain=a; Domain=b", CookieAttributes(domain=b"b")),
        (b"Domain=a; Domain=", CookieAttributes(domain=b"")),
        (b"Domain", CookieAttributes(domain=b"")),
        (b"Path=/A; path=/b", CookieAttributes(path=b"/b")),
        (b"Path", CookieAttributes(path=b"")),
        (b"SECURE", CookieAttributes(secure=True)),
        (b"Secure=false", CookieAttributes(secure=True)),
        (b" secure = ;", CookieAttributes(secure=True)),
        (b"Secure x", CookieAttributes()),
        (b"HTTPonly", CookieAttributes(http_only=True)),
        (b"HttpOnly=0; Secure=no", CookieAttributes(http_only=True, secure=True)),
        (b"Http-Only", CookieAttributes()),
    ],
)
def test_attributes(text: bytes, expected: CookieAttributes) -> None:
    assert parse_attributes(text) == expected


def test_an_attribute_with_more_than_1024_octets_does_not_count() -> None:
    path = b"/" * 1024
    assert parse_attributes(b"Path= " + path + b" ").path == path
    assert parse_attributes(b"Path=/a; Path=" + path + b"/").path == b"/a"
    assert not parse_attributes(b"Secure=" + path + b"/").secure


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"0", 0),
        (b"86400", 86400),
        (b"-1", -1),
        (b"-0", 0),
        (b"007", 7),
        (b"999999999999999999", 999999999999999999),
        (b"1000000000000000000", NEVER),
        (b"9" * 5000, NEVER),
        (b"-" + b"9" * 5000, -NEVER),
        (b"0" * 5000 + b"12", 12),
        (b"-" + b"0" * 5000, 0),
    ],
)
def test_max_age(text: bytes, seconds: int) -> None:
    assert parse_max_age(text) == seconds


@pytest.mark.parametrize(
    "text", [b"", b"-", b"--1", b"+1", b"1.5", b"1,000", b"1h", b"0x10", b"1 2", b" 1", b"1\n", b"\xb2", b"\xd9\xa1"]
)
def test_an_invalid_max_age(text: bytes) -> None:
    assert parse_max_age(text) is None


def test_lifetime() -> None:
    assert CookieAttributes().lifetime(100.0) is None
    assert CookieAttributes(expires=160).lifetime(100.5) == 59.5
    assert CookieAttributes(expires=0).lifetime(100.0) == -100
    assert CookieAttributes(expires=0).lifetime(None) is None
    assert CookieAttributes(max_age=5).lifetime(None) == 5
    assert CookieAttributes(max_age=0, expires=160).lifetime(100.0) == 0
    assert CookieAttributes(max_age=7).lifetime(100.0) == 7


# Dates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Wed, 09 Jun 2021 10:18:14 GMT", utc(2021, 6, 9, 10, 18, 14)),
        (b"Wednesday, 09-Jun-21 10:18:14 GMT", utc(2021, 6, 9, 10, 18, 14)),
        (b"Wed Jun  9 10:18:14 2021", utc(2021, 6, 9, 10, 18, 14)),
        (b"2021 june 9 1:2:3", utc(2021, 6, 9, 1, 2, 3)),
        (b"9th JUNEish 2021AD 10:18:14.123", utc(2021, 6, 9, 10, 18, 14)),
        (b"9\x09Jun/2021@10:18:14", utc(2021, 6, 9, 10, 18, 14)),
        (b"10:18:14 9 Jun 2021 11:19:15 4 Jul 1999", utc(2021, 6, 9, 10, 18, 14)),
        (b"10:18:14 11:19:15 Jun 2021", utc(2021, 6, 11, 10, 18, 14)),
        (b"1 Jan 69 0:0:0", utc(2069, 1, 1)),
        (b"1 Jan 70 0:0:0", utc(1970, 1, 1)),
        (b"1 Jan 99 0:0:0", utc(1999, 1, 1)),
        (b"1 Jan 00 0:0:0", utc(2000, 1, 1)),
        (b"1 Jan 1601 0:0:0", utc(1601, 1, 1)),
        (b"31 Dec 9999 23:59:59", utc(9999, 12, 31, 23, 59, 59)),
        (b"29 Feb 2024 00:00:00", utc(2024, 2, 29)),
        (b"Wed, 09 Jun 2021 10:18:14 +0200", utc(2021, 6, 9, 10, 18, 14)),
        (b"\xe9\xff 9 Jun 2021 10:18:14", utc(2021, 6, 9, 10, 18, 14)),
    ],
)
def test_cookie_date(text: bytes, expected: int) -> None:
    assert parse_cookie_date(text) == expected


def test_every_month_is_known_by_its_first_three_letters() -> None:
    months = b"January February March April May June July August September October November December".split()
    assert [parse_cookie_date(b"1 %s 2021 0:0:0" % month) for month in months] == [
        utc(2021, number + 1, 1) for number in range(12)
    ]
    assert [parse_cookie_date(b"1 %s 2021 0:0:0" % month[:3].upper()) for month in months] == [
        utc(2021, number + 1, 1) for number in range(12)
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"soon",
        b"9 Jun 2021",
        b"Jun 2021 10:18:14",
        b"9 2021 10:18:14",
        b"9 Jun 10:18:14",
        b"9 Jun 2021 10:18",
        b"9 Jun 2021 10:18:140",
        b"009 Jun 2021 10:18:14",
        b"9 Jun 20210 10:18:14",
        b"9 Jun 1600 10:18:14",
        b"9 Jun 100 10:18:14",
        b"0 Jun 2021 10:18:14",
        b"32 Jul 2021 10:18:14",
        b"31 Jun 2021 10:18:14",
        b"29 Feb 2023 10:18:14",
        b"9 Jun 2021 24:00:00",
        b"9 Jun 2021 10:60:00",
        b"9 Jun 2021 10:18:60",
        b"2021-06-09T10:18:14Z",
        b"1623233894",
        b"9" * 5000,
    ],
)
def test_what_is_no_cookie_date(text: bytes) -> None:
    assert parse_cookie_date(text) is None


# Changing a line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"sid=a; Domain=old.example", b"sid=a; Domain=new.example"),
        (b"sid=a;domain=old;Path=/", b"sid=a;domain=new.example;Path=/"),
        (b"sid=a; \tDOMAIN \t= \told \t; Path=/", b"sid=a; \tDOMAIN=new.example; Path=/"),
        (b"sid=a; Domain; Path=/", b"sid=a; Domain=new.example; Path=/"),
        (b"sid=a; Domain=; Path=/", b"sid=a; Domain=new.example; Path=/"),
        (b"sid=a; Domain=x=y", b"sid=a; Domain=new.example"),
        (b"sid=a; Domain=x; Path=/; domain=y; Secure;domain", b"sid=a; Domain=new.example; Path=/; Secure"),
    ],
)
def test_domain_is_replaced_where_the_first_one_stood(line: bytes, expected: bytes) -> None:
    assert replace_domain(line, b"new.example") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"sid=a; Domain=old.example", b"sid=a"),
        (b"sid=a;domain=old; Path=/", b"sid=a; Path=/"),
        (b"sid=a; Domain=x ; Path=/; domain=y;", b"sid=a; Path=/;"),
    ],
)
def test_domain_is_cut(line: bytes, expected: bytes) -> None:
    assert replace_domain(line, None) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"sid=a",
        b"Domain=a; Path=/",
        b"sid=Domain=a",
        b"  sid =\xff\x80 a ;;  ; X-Domain=a; Domain x=b; \xc3\xa4;PATH= / ;",
        b"sid=a; Domain=" + b"d" * (1024 + 1),
    ],
    ids=["empty", "bare", "cookie called Domain", "value", "odd", "too long to count"],
)
@pytest.mark.parametrize("domain", [b"new.example", None])
def test_a_line_without_domain_stays(line: bytes, domain: bytes | None) -> None:
    assert replace_domain(line, domain) == line


def test_every_other_byte_stays() -> None:
    before, after = b" s\xffd =\xe4; ; Path = /\x80 ;; SAMESITE=lax\t;", b" ;\xfe=\xff; Secure = x ;"
    assert replace_domain(before + b" Domain=a;" + after, b"b") == before + b" Domain=b;" + after
    assert replace_domain(before + b" Domain=a;" + after, None) == before + after


def test_an_attribute_is_appended() -> None:
    assert append_attribute(b"sid=\xff; Path=/", b"Secure") == b"sid=\xff; Path=/; Secure"


# Cookie


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        (b"", []),
        (b" ; ;\t;", []),
        (b"a=1", [b"a=1"]),
        (b"a=1; b=2", [b"a=1", b"b=2"]),
        (b"a=1;b=2;;  c ;", [b"a=1", b"b=2", b"c"]),
        (b'a="x; y"', [b'a="x', b'y"']),
    ],
)
def test_cookies_of_a_request(value: bytes, pairs: list[bytes]) -> None:
    assert split_cookies(value) == pairs
