"""Field sections: their size, and a request's as HTTP/1.1 would carry it."""

from __future__ import annotations

import pytest

from functions_runtime.syntax.rfc9110 import (
    PROXY_FIELDS,
    Fields,
    announced_length,
    announces_content,
    as_http1_fields,
    authority_in_har,
    authority_of,
    can_have_content,
    field_line_size,
    field_section_size,
    field_values,
    fields_by_name,
    port_of,
    taken_apart,
    target_authority,
    unfolded,
    with_upgrade,
    without_fields,
    without_invented_length,
)

FIELDS = ((b"Host", b"a.example"), (b"Accept", b"*/*"), (b"accept", b"\xff"), (b"X-Empty", b""))


def test_a_line_is_as_long_as_http1_writes_it() -> None:
    assert field_line_size(b"Host", b"a.example") == len(b"Host: a.example\r\n")
    assert field_line_size(b"", b"") == len(b": \r\n")


@pytest.mark.parametrize("fields", [FIELDS, (), FIELDS * 1000], ids=["some", "none", "thousands"])
def test_a_section_is_as_long_as_http1_writes_it(fields: Fields) -> None:
    assert field_section_size(fields) == len(b"".join(b"%s: %s\r\n" % field for field in fields))


def test_values_are_found_in_order_whatever_the_case_of_the_name() -> None:
    assert field_values(FIELDS, b"accept") == [b"*/*", b"\xff"]
    assert field_values(FIELDS, b"x-empty") == [b""]
    assert field_values(FIELDS, b"cookie") == []


def test_fields_by_name_keep_the_order_of_their_values() -> None:
    assert fields_by_name(FIELDS) == {b"host": [b"a.example"], b"accept": [b"*/*", b"\xff"], b"x-empty": [b""]}
    assert fields_by_name(()) == {}


def test_fields_are_left_out_whatever_the_case_of_their_name() -> None:
    assert without_fields(FIELDS, {b"accept", b"cookie"}) == (FIELDS[0], FIELDS[3])
    assert without_fields(FIELDS, ()) == FIELDS


def test_proxy_fields_are_lower_case() -> None:
    fields = ((b"Proxy-Connection", b"keep-alive"), (b"PROXY-AUTHORIZATION", b"x"), (b"Proxy-Authenticate", b"y"))
    assert without_fields(fields, PROXY_FIELDS) == fields[2:]


@pytest.mark.parametrize("multiplexed", [False, True])
def test_a_request_without_anything_of_http2_stays_as_it_is(multiplexed: bool) -> None:
    fields = ((b"hOST", b"a.example"), (b"Cookie", b"a=1;b=2"), (b"X", b"\x80"), (b"X", b"\x80"))
    assert as_http1_fields(fields, authority=b"other.example", multiplexed=multiplexed) == fields


def test_the_authority_becomes_host() -> None:
    rest = ((b"accept", b"*/*"),)
    expected = ((b"Host", b"a.example:8443"), *rest)
    assert as_http1_fields(rest, authority=b"a.example:8443", multiplexed=True) == expected
    assert as_http1_fields(((b":authority", b"a.example:8443"), *rest), multiplexed=True) == expected


def test_the_pseudo_header_field_goes_before_what_came_apart() -> None:
    fields = ((b":authority", b"a.example"),)
    assert as_http1_fields(fields, authority=b"b.example", multiplexed=True) == ((b"Host", b"a.example"),)


@pytest.mark.parametrize("host_first", [False, True])
def test_the_authority_is_dropped_where_there_is_a_host(host_first: bool) -> None:
    both = ((b":authority", b"a.example"), (b"host", b"b.example"))
    fields = both[::-1] if host_first else both
    assert as_http1_fields(fields, authority=b"c.example", multiplexed=True) == ((b"host", b"b.example"),)


def test_no_authority_makes_no_host() -> None:
    assert as_http1_fields(((b":authority", b""), (b"accept", b"*/*")), multiplexed=True) == ((b"accept", b"*/*"),)


def test_other_pseudo_header_fields_go() -> None:
    fields = ((b":method", b"GET"), (b":path", b"/"), (b":scheme", b"https"), (b":Protocol", b"websocket"), (b":", b""))
    assert as_http1_fields(fields, multiplexed=True) == ()


def test_split_cookies_are_joined_where_the_first_stood() -> None:
    fields = ((b"a", b"1"), (b"cookie", b"x=1"), (b"b", b"2"), (b"Cookie", b"y=2"), (b"cookie", b"z=3"), (b"c", b"3"))
    expected = ((b"a", b"1"), (b"cookie", b"x=1; y=2; z=3"), (b"b", b"2"), (b"c", b"3"))
    assert as_http1_fields(fields, multiplexed=True) == expected


def test_split_cookies_are_joined_behind_the_new_host() -> None:
    fields = ((b":authority", b"a.example"), (b"cookie", b"x=1"), (b"cookie", b"y=2"))
    assert as_http1_fields(fields, multiplexed=True) == ((b"Host", b"a.example"), (b"cookie", b"x=1; y=2"))


def test_http1_may_not_split_cookies_so_two_fields_stay_two() -> None:
    fields = ((b"Cookie", b"x=1"), (b"Cookie", b"y=2"))
    assert as_http1_fields(fields) == fields


@pytest.mark.parametrize(
    "http2",
    [
        ((b":method", b"GET"), (b":authority", b"a.example"), (b":path", b"/"), (b"cookie", b"x=1; y=2")),
        ((b":authority", b"a.example"), (b"cookie", b"x=1"), (b"cookie", b"y=2")),
        ((b":path", b"/"), (b"host", b"a.example"), (b"cookie", b"x=1"), (b"cookie", b"y=2")),
    ],
    ids=["authority", "split cookies", "host"],
)
def test_http2_and_http1_have_the_same_size(http2: Fields) -> None:
    http1 = ((b"Host", b"a.example"), (b"Cookie", b"x=1; y=2"))
    assert field_section_size(as_http1_fields(http2, multiplexed=True)) == field_section_size(as_http1_fields(http1))


@pytest.mark.parametrize(
    ("values", "length"),
    [
        ([b"0"], 0),
        ([b"42"], 42),
        ([b" 0042\t"], 42),
        ([b"42, 42"], 42),
        ([b"42", b"42"], 42),
        ([b"9" * 18], 10**18 - 1),
        ([b"9" * 19], None),
        ([b"9" * 5000], None),
        ([b"42", b"43"], None),
        ([b"42, 43"], None),
        ([b""], None),
        ([b"42,"], None),
        ([b"-1"], None),
        ([b"+1"], None),
        ([b"1e3"], None),
        ([b"0x10"], None),
        ([b"1_0"], None),
        ([b"\xd9\xa4"], None),
    ],
)
def test_the_length_that_a_message_announces(values: list[bytes], length: int | None) -> None:
    assert announced_length({b"content-length": values}) == length


def test_no_length_is_announced_without_the_field_or_beside_transfer_encoding() -> None:
    assert announced_length({}) is None
    assert announced_length({b"content-length": [b"42"], b"transfer-encoding": [b"chunked"]}) is None


def test_some_responses_have_no_content_whatever_they_say() -> None:
    without = [("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 101), ("POST", 199)]
    assert not any(can_have_content(method, status) for method, status in without)
    assert all(can_have_content("GET", status) for status in (200, 205, 303, 404))


def test_content_is_announced_by_a_length_above_zero_or_by_transfer_encoding() -> None:
    assert announces_content({b"content-length": [b"1"]})
    assert announces_content({b"transfer-encoding": [b"chunked"]})
    assert not announces_content({b"content-length": [b"0"]})
    assert not announces_content({})


@pytest.mark.parametrize(
    ("fields", "authority", "version", "addressed"),
    [
        (FIELDS, b"b.example", b"HTTP/2.0", b"b.example"),
        (FIELDS, b"b.example", b"HTTP/1.1", b"a.example"),
        (FIELDS, b"", b"HTTP/2.0", b"a.example"),
        ((*FIELDS[1:], (b"hOST", b"c.example"), (b"Host", b"d.example")), b"", b"HTTP/1.1", b"c.example"),
        (FIELDS[1:], b"", b"HTTP/1.1", b""),
    ],
)
def test_the_authority_that_a_client_addressed(
    fields: Fields, authority: bytes, version: bytes, addressed: bytes
) -> None:
    assert target_authority(fields, authority, version) == addressed


@pytest.mark.parametrize(
    ("authority", "port"),
    [(b"a.example", 0), (b"a.example:8080", 8080), (b"[::1]:80", 80), (b"[::1]", 0), (b"80", 0), (b"a:123456", 0)],
)
def test_the_port_in_an_authority(authority: bytes, port: int) -> None:
    assert port_of(authority) == port


@pytest.mark.parametrize(
    ("host", "port", "scheme", "authority"),
    [
        ("a.example", 443, "https", "a.example"),
        ("a.example", 443, "http", "a.example:443"),
        ("::1", 80, "http", "[::1]"),
        ("::1", 8080, "http", "[::1]:8080"),
    ],
)
def test_the_authority_of_a_url(host: str, port: int, scheme: str, authority: str) -> None:
    assert authority_of(host, port, scheme) == authority


@pytest.mark.parametrize(
    ("port", "scheme", "authority"),
    [
        (443, "https", b"a.example"),
        (80, "wss", b"a.example"),
        (443, "wss", b"a.example"),
        (8443, "wss", b"a.example:8443"),
        (80, "ws", b"a.example"),
        (80, "other", b"a.example:80"),
    ],
)
def test_the_authority_of_a_har_entry(port: int, scheme: str, authority: bytes) -> None:
    assert authority_in_har("a.example", port, scheme) == authority


def test_the_url_of_a_websocket_stands_for_an_upgrade() -> None:
    for scheme in ("ws", "wss"):
        assert with_upgrade(FIELDS, scheme) == (*FIELDS, (b"Upgrade", b"websocket"))
        assert with_upgrade(((b"upgrade", b"WebSocket"),), scheme) == ((b"upgrade", b"WebSocket"),)
    for scheme in ("http", "https", "other"):
        assert with_upgrade(FIELDS, scheme) == FIELDS


def test_a_folded_value_is_one_line() -> None:
    folded = ((b"a", b"1;\r\n\t 2"), (b"b", b"c"), (b"d", b"e\n f"))
    assert unfolded(folded) == ((b"a", b"1; 2"), (b"b", b"c"), (b"d", b"e f"))
    assert unfolded(folded[1:2]) == folded[1:2]


def test_a_length_that_a_reader_invented_is_left_out() -> None:
    fields = ((b"Content-Length", b"0"), (b"a", b"0"), (b"content-length", b"1"))
    assert without_invented_length(fields, "GET", has_content=False) == fields[1:]
    assert without_invented_length(fields, "GET", has_content=True) == fields
    assert without_invented_length(fields, "PUT", has_content=False) == fields


def test_values_that_a_recorder_joined_are_taken_apart() -> None:
    plain = ((b"A", b"1"), (b"B", b""))
    assert taken_apart(plain) is plain
    joined = ((b"Set-Cookie", b"a=1\nb=2\r\n\nc=3"), (b"A", b"1"))
    assert taken_apart(joined) == (
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"Set-Cookie", b"c=3"),
        (b"A", b"1"),
    )
