"""HAR as browsers and tools write it: a small document for each way in which they do."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions_runtime.message import Request, Response
from functions_runtime.recordings.har import read
from functions_runtime.recordings.recorded import CutOff, Recorded, Skipped, UnreadableError
from functions_runtime.reports import json as json_report
from tests.functions_runtime.reports.sample import report

STARTED = "2020-01-01T00:00:00.000Z"
AT = 1577836800.0
Plain = dict[str, Any]


def entry(request: Plain | None = None, response: Plain | None = None, **others: Any) -> Plain:
    asked = {"method": "GET", "url": "https://app.example.test/a?q=1", "headers": [], **(request or {})}
    answered = {"status": 200, "headers": [], **(response or {})}
    return {"startedDateTime": STARTED, "request": asked, "response": answered, **others}


def har(*entries: Any) -> bytes:
    return json.dumps({"log": {"entries": list(entries)}}).encode()


def one(plain: Plain, domain: str = "") -> Recorded:
    (recorded,) = read(har(plain), domain)
    assert isinstance(recorded, Recorded)
    return recorded


def skipped(plain: Any) -> str:
    (found,) = read(har(plain))
    assert isinstance(found, Skipped)
    assert found.position == 1
    return found.reason


def answered(plain: Plain) -> Response:
    response = one(plain).response
    assert response
    return response


def field(name: str, value: str) -> Plain:
    return {"name": name, "value": value}


def test_an_entry_as_the_format_has_it() -> None:
    plain = entry(
        {"method": "POST", "headers": [field("Host", "app.example.test")], "bodySize": 3},
        {"headers": [field("Content-Type", "text/html")], "bodySize": 7},
        time=12,
        timings={"send": 1, "wait": 10, "receive": 1},
    )
    fields = ((b"Host", b"app.example.test"),)
    request = Request("POST", "app.example.test", "/a", fields, "app.example.test", AT, b"q=1", "https", 443)
    response = Response(200, ((b"Content-Type", b"text/html"),), AT + 0.011, 0.01)
    assert one(plain) == Recorded(1, request, response, 3, 7, AT + 0.012, True, "https", 443)


def test_an_entry_without_a_method_is_a_get() -> None:
    for method in ({}, {"method": ""}, {"method": None}):
        request = one(entry({**method, "headers": [field("Content-Length", "0")]})).request
        assert (request.method, request.fields) == ("GET", ())


def test_fields_joined_by_line_breaks_are_several() -> None:
    response = answered(entry(response={"headers": [field("Set-Cookie", "a=1; Path=/\r\nb=2\n\nc=3")]}))
    assert response.fields == ((b"Set-Cookie", b"a=1; Path=/"), (b"Set-Cookie", b"b=2"), (b"Set-Cookie", b"c=3"))


@pytest.mark.parametrize("version", ["h2", "h3", "HTTP/2", "http/2.0", "HTTP/3", "SPDY/3.1", "quic"])
def test_versions_that_split_cookies(version: str) -> None:
    fields = [field("cookie", "a=1"), field("cookie", "b=2")]
    expected = ((b"Host", b"app.example.test"), (b"cookie", b"a=1; b=2"))
    assert one(entry({"httpVersion": version, "headers": fields})).request.fields == expected


@pytest.mark.parametrize(
    ("url", "fields", "host"),
    [
        ("https://app.example.test/a", [], [b"app.example.test"]),
        ("https://me:secret@app.example.test:8443/a", [], [b"app.example.test:8443"]),
        ("https://app.example.test/a", [field("host", "b.test")], [b"b.test"]),
        ("https://app.example.test/a", [field(":authority", "b.test")], [b"b.test"]),
    ],
)
def test_http_2_has_an_authority_even_if_a_tool_does_not_write_it(url: str, fields: list[Plain], host: Any) -> None:
    request = one(entry({"httpVersion": "h2", "url": url, "headers": fields})).request
    assert request.by_name[b"host"] == host
    assert b"host" in request.by_name
    assert request.header_size.count == 1


def test_fields_of_http_1_stay_as_they_are() -> None:
    fields = [field("Cookie", "a=1"), field("Cookie", "b=2")]
    assert len(one(entry({"httpVersion": "HTTP/1.1", "headers": fields})).request.fields) == 2


def test_pseudo_header_fields_are_none_and_the_authority_is_host() -> None:
    fields = [field(":authority", "other.test"), field(":method", "GET"), field("accept", "*/*")]
    assert one(entry({"headers": fields})).request.fields == ((b"Host", b"other.test"), (b"accept", b"*/*"))
    assert answered(entry(response={"headers": [field(":status", "200"), field("a", "b")]})).fields == ((b"a", b"b"),)


def test_an_invented_content_length_is_not_counted() -> None:
    length = {"headers": [field("Content-Length", "0")]}
    assert one(entry(length)).request.fields == ()
    assert one(entry({"method": "POST", **length})).request.fields == ((b"Content-Length", b"0"),)
    assert answered(entry(response={**length, "content": {"size": 5}})).fields == ()
    assert answered(entry(response={**length, "content": {"size": 0}})).fields == ((b"Content-Length", b"0"),)
    assert one(entry({"headers": [field("Content-Length", "5")]})).request.fields == ((b"Content-Length", b"5"),)


def test_cookies_without_headers_come_from_the_arrays() -> None:
    asked = {"headers": None, "cookies": [field("a", "1"), field("b", "2")]}
    assert one(entry(asked)).request.fields == ((b"Cookie", b"a=1; b=2"),)
    del asked["headers"]
    assert one(entry({**asked, "headers": []})).request.fields == ((b"Cookie", b"a=1; b=2"),)
    cookie = {
        **field("sid", "x"),
        "path": "/",
        "domain": ".example.test",
        "expires": "2020-01-03T00:00:00.000Z",
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
        "maxAge": 60.0,
    }
    line = (
        b"sid=x; Path=/; Domain=.example.test; Max-Age=60; Expires=Fri, 03 Jan 2020 00:00:00 GMT; SameSite=Lax; "
        b"HttpOnly; Secure"
    )
    assert answered(entry(response={"cookies": [cookie]})).fields == ((b"Set-Cookie", line),)
    assert answered(entry(response={"cookies": [cookie], "headers": {}})).fields == ((b"Set-Cookie", line),)


@pytest.mark.parametrize("year", [1969, 1970])
def test_a_cookie_in_an_array_that_is_deleted(year: int) -> None:
    cookie = {**field("a", "1"), "expires": f"{year}-01-01T00:00:00.000Z"}
    [(_, line)] = answered(entry(response={"cookies": [cookie]})).fields
    assert line.endswith(b" 01 Jan %d 00:00:00 GMT" % year)


def test_a_cookie_in_an_array_may_say_little() -> None:
    cookies = [{"name": "a"}, {"name": "b", "expires": "Session"}]
    expected = ((b"Set-Cookie", b"a="), (b"Set-Cookie", b"b=; Expires=Session"))
    assert answered(entry(response={"cookies": cookies})).fields == expected
    odd = [*cookies, "c", {"value": "d"}]
    assert answered(entry(response={"cookies": odd})).fields == expected


@pytest.mark.parametrize(
    ("content", "headers", "fields"),
    [
        ({"mimeType": "text/html; charset=utf-8"}, None, ((b"Content-Type", b"text/html; charset=utf-8"),)),
        ({"mimeType": "text/html"}, [field("a", "b")], ((b"a", b"b"),)),
        ({"mimeType": "x-unknown"}, [], ()),
        ({"mimeType": None}, [], ()),
    ],
)
def test_the_media_type_without_headers_is_that_of_the_content(content: Plain, headers: Any, fields: Any) -> None:
    assert answered(entry(response={"headers": headers, "content": content})).fields == fields


def test_arrays_of_cookies_do_not_add_to_headers() -> None:
    asked, responded = [field("Cookie", "a=1")], [field("Set-Cookie", "a=1")]
    plain = entry(
        {"headers": asked, "cookies": [field("b", "2")]}, {"headers": responded, "cookies": [field("b", "2")]}
    )
    assert one(plain).request.fields == ((b"Cookie", b"a=1"),)
    assert answered(plain).fields == ((b"Set-Cookie", b"a=1"),)


def test_timings_give_the_time_to_the_first_byte() -> None:
    timings = {"blocked": 10, "dns": 20, "connect": 30, "ssl": 25, "send": 5, "wait": 11_000, "receive": 100}
    recorded = one(entry(timings=timings))
    assert recorded.response
    assert recorded.response.waited == 11.0
    assert recorded.response.time == pytest.approx(AT + 11.065)
    assert recorded.ended == pytest.approx(AT + 11.165)


@pytest.mark.parametrize(("whole", "queued"), [(10_010, 3.5), (7_010, 0.5), (None, 0.5), (8_510, 0.5)])
def test_a_handshake_beside_the_connection_takes_time_if_the_total_says_so(whole: int | None, queued: float) -> None:
    timings = {"connect": 500, "ssl": 3000, "send": 0, "wait": 6_500, "receive": 10}
    recorded = one(entry(timings=timings, time=whole))
    assert recorded.response
    assert recorded.request.time == pytest.approx(AT + queued)
    assert recorded.response.time == pytest.approx(AT + queued + 6.5)


def test_phases_of_minus_one_took_no_time() -> None:
    timings = {"blocked": -1, "dns": -1, "connect": -1, "send": 0, "wait": 5, "receive": -1}
    recorded = one(entry(timings=timings, time=7))
    assert recorded.response
    assert recorded.response.time == pytest.approx(AT + 0.005)
    assert recorded.ended == pytest.approx(AT + 0.007)


@pytest.mark.parametrize("others", [{}, {"timings": {}}, {"timings": {"wait": -1}}, {"timings": None, "time": -1}])
def test_without_timings_nobody_knows(others: Plain) -> None:
    recorded = one(entry(**others))
    assert recorded.response
    assert (recorded.response.waited, recorded.response.time, recorded.ended) == (None, AT, None)


@pytest.mark.parametrize("timings", [None, {"blocked": 5900, "send": -1, "wait": -1, "receive": -1}])
def test_a_response_of_which_only_the_end_is_known_arrived_then(timings: Plain | None) -> None:
    recorded = one(entry(timings=timings, time=6000))
    assert recorded.response
    assert (recorded.response.waited, recorded.response.time, recorded.ended) == (None, AT + 6, AT + 6)


@pytest.mark.parametrize(
    ("post", "size"),
    [
        (None, 0),
        ({"text": "äb"}, 3),
        ({"params": [field("a", "1"), field("b", "2")]}, 7),
        ({"params": None}, 0),
        ({"mimeType": "x"}, 0),
        ({"text": None}, 0),
        ({"text": None, "params": [field("a", "1")]}, 3),
        ({"text": "", "params": [field("a", "1")]}, 3),
        ("odd", 0),
        ({"text": "abc", "params": [["a", "b", "c"]]}, 3),
    ],
)
def test_content_of_a_request(post: Any, size: int) -> None:
    assert one(entry({"method": "POST", "bodySize": -1, "postData": post})).sent == size


def test_text_of_a_request_that_is_no_text() -> None:
    document = har(entry({"method": "POST", "postData": {"text": "TEXT"}})).replace(b'"TEXT"', b"17")
    (recorded,) = read(document)
    assert isinstance(recorded, Recorded)
    assert recorded.sent == 0


def test_sizes_of_a_response() -> None:
    assert one(entry(response={"bodySize": 5, "content": {"size": 9}})).received == 5
    assert one(entry(response={"bodySize": -1, "content": {"size": 9}})).received == 9
    assert one(entry(response={"content": {"size": -1}})).received == 0
    assert one(entry(response={"bodySize": -1, "content": {"size": -1, "text": "äb"}})).received == 3
    assert one(entry(response={"content": {"text": "YWJj", "encoding": "base64"}})).received == 3
    assert one(entry(response={"status": "200", "content": {"text": "abc"}})).received == 3
    assert one(entry(response={"content": {"text": 17}})).received == 0
    assert one(entry(response={})).received == 0


CODED: Plain = {"headers": [field("Content-Encoding", "br")], "bodySize": -1, "content": {"size": 900}}
LENGTH = field("Content-Length", "300")


@pytest.mark.parametrize(
    ("response", "received"),
    [
        ({**CODED, "headers": [*CODED["headers"], LENGTH], "_transferSize": 350}, 300),
        ({**CODED, "_transferSize": 350}, 350),
        (CODED, 1),
        ({"bodySize": -1, "content": {"size": 900, "compression": 600}}, 300),
        ({"bodySize": -1, "content": {"size": 900, "compression": -9}}, 900),
        ({"status": 304, "bodySize": 0, "content": {"size": 900}}, 0),
        ({"status": 101, "content": {"size": 900}}, 0),
    ],
)
def test_content_counts_as_it_was_sent(response: Plain, received: int) -> None:
    assert one(entry(response=response)).received == received
    assert one(entry({"method": "HEAD"}, response)).received == 0


@pytest.mark.parametrize(
    ("response", "more", "is_local"),
    [
        ({}, {"_fromCache": "disk"}, True),
        ({}, {"_fetchType": "Disk Cache"}, True),
        ({}, {"_fetchType": "Network Load"}, False),
        ({"_fetchedViaServiceWorker": True}, {}, True),
        ({"_fetchedViaServiceWorker": False}, {}, False),
    ],
)
@pytest.mark.parametrize("oddity", [{}, {"time": "5"}], ids=["", "not as HAR has it"])
def test_a_response_from_the_cache_or_a_service_worker_was_not_sent(
    response: Plain, more: Plain, is_local: bool, oddity: Plain
) -> None:
    answered = {"bodySize": 0, "content": {"size": 900}, **response}
    cached = one(entry(response=answered, **{"time": 5, **more, **oddity}))
    assert (cached.received, cached.ended) == ((0, None) if is_local else (900, AT + 0.005))


def test_a_request_is_sent_once_there_is_a_connection() -> None:
    timings = {"blocked": 100, "dns": 20, "connect": 30, "send": 1, "wait": 10, "receive": 1}
    recorded = one(entry(time=162, timings=timings))
    assert recorded.request.time == pytest.approx(AT + 0.15)
    assert recorded.response
    assert recorded.response.time == pytest.approx(AT + 0.161)
    assert recorded.ended == pytest.approx(AT + 0.162)


def test_cookies_joined_by_commas_are_several() -> None:
    line = "sid=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, remember=2; Max-Age=2592000"
    headers = [field("Set-Cookie", line), field("X", "a, sid=1")]
    cookies = [field("sid", "1"), field("remember", "2")]
    first, second = line.split(", remember")
    assert answered(entry(response={"headers": headers, "cookies": cookies})).fields == (
        (b"Set-Cookie", first.encode()),
        (b"Set-Cookie", b"remember" + second.encode()),
        (b"X", b"a, sid=1"),
    )
    assert len(answered(entry(response={"headers": headers, "cookies": cookies[:1]})).cookies) == 1


@pytest.mark.parametrize("fields", [[], [field("Upgrade", "websocket")]])
def test_the_url_of_a_websocket_is_its_upgrade(fields: list[Plain]) -> None:
    recorded = one(entry({"url": "wss://app.example.test/ws", "headers": fields}, {"status": 101}))
    assert recorded.request.fields == ((b"Upgrade", b"websocket"),)
    assert (recorded.scheme, recorded.port, recorded.over_tls) == ("https", 443, True)


@pytest.mark.parametrize("response", [{"status": 0}, {"status": -1}, {"status": "0"}, {"status": None}])
def test_no_response_came(response: Plain) -> None:
    assert one(entry(response=response)).response is None


@pytest.mark.parametrize("response", [None, "odd", []])
def test_an_entry_may_lack_its_response(response: Any) -> None:
    plain = entry()
    plain["response"] = response
    assert one(plain).response is None
    del plain["response"]
    assert one(plain).response is None


def test_headers_as_pairs() -> None:
    plain = entry({"headers": [["Accept", "*/*"], ["A"], {"name": "n", "value": 5}, {"name": "m"}]})
    assert one(plain).request.fields == ((b"Accept", b"*/*"), (b"n", b"5"), (b"m", b""))


def test_an_entry_that_is_not_as_the_format_says() -> None:
    plain = entry(
        {"httpVersion": None, "bodySize": "12", "url": "http://app.example.test:81"},
        {"status": "200", "content": {"size": "x"}, "bodySize": float("inf")},
        time="4",
        timings={"wait": "3", "send": None},
    )
    recorded = one(plain)
    assert (recorded.request.path, recorded.scheme, recorded.port) == ("/", "http", 81)
    assert (recorded.sent, recorded.received) == (12, 0)
    assert recorded.response
    assert (recorded.response.status, recorded.response.waited) == (200, 0.003)


def test_a_byte_order_mark() -> None:
    assert len(list(read(b"\xef\xbb\xbf" + har(entry())))) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("data:image/png;base64,AAAA", "not HTTP: data"),
        ("blob:https://app.example.test/1", "not HTTP: blob"),
        ("chrome-extension://abc/x.js", "not HTTP: chrome-extension"),
        ("about:blank", "not HTTP: about"),
        ("/relative", "not HTTP: no scheme"),
        ("https:///path", "the URL has no host"),
        ("", "there is no URL"),
        (None, "there is no URL"),
        ("https://app.example.test:port/", "the URL cannot be read"),
        ("https://[app/", "the URL cannot be read"),
    ],
)
def test_urls_that_are_no_exchange(url: str | None, reason: str) -> None:
    assert skipped(entry({"url": url})) == reason


def test_tunnels_are_no_exchange() -> None:
    assert skipped(entry({"method": "CONNECT"})) == "CONNECT opens a tunnel"


@pytest.mark.parametrize("plain", [None, 5, [], {}, {"request": None}, {"request": 7}])
def test_what_is_no_entry(plain: Any) -> None:
    assert skipped(plain) == "the entry is not as HAR has it"


@pytest.mark.parametrize("started", ["", None, "yesterday", {}])
def test_an_entry_that_does_not_say_when_it_began(started: Any) -> None:
    dated = {"headers": [field("Date", "Wed, 01 Jan 2020 00:00:05 GMT")]}
    timings = {"timings": {"send": 0, "wait": 1000}}
    undated = entry(startedDateTime=started, **timings)
    first, second, third, fourth = read(
        har(undated, entry(response=dated, startedDateTime=started, **timings), undated, entry())
    )
    assert isinstance(first, Recorded)
    assert isinstance(second, Recorded)
    assert isinstance(third, Recorded)
    assert isinstance(fourth, Recorded)
    times = [(each.request.time, each.response.time) for each in (first, second, third, fourth) if each.response]
    assert times == [(0.0, None), (AT + 5, AT + 6), (AT + 5, AT + 6), (AT, AT)]


def test_a_time_in_milliseconds_since_the_epoch() -> None:
    assert one(entry(startedDateTime=1577836800500)).request.time == AT + 0.5


@pytest.mark.parametrize(
    "headers",
    [
        {"Set-Cookie": ["a=1", "b=2"], "X": 3},
        "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX: 3\r\n",
        ["Set-Cookie: a=1", "Set-Cookie:b=2", {"name": "X", "value": "3"}, "no field", None],
    ],
)
def test_headers_of_another_shape(headers: Any) -> None:
    expected = ((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"X", b"3"))
    assert answered(entry(response={"headers": headers})).fields == expected


def test_headers_of_no_shape_are_named() -> None:
    assert skipped(entry(response={"headers": 7})) == "the entry is not as HAR has it"


def test_contents_are_there_if_somebody_asks() -> None:
    plain = entry(
        {"postData": {"text": "asked"}}, {"content": {"text": "YW5zd2VyZWQ=", "encoding": "base64", "size": 8}}
    )
    not_base64 = entry(response={"content": {"text": "é", "encoding": "base64"}})
    found = list(read(har(plain, not_base64, entry({"postData": None}, {"status": 0})), with_contents=True))
    assert [each.contents for each in found if isinstance(each, Recorded)] == [
        (b"asked", b"answered"),
        (b"", "é".encode()),
        (b"", b""),
    ]
    assert one(plain).contents == (b"", b"")
    strange = har({**entry({"postData": None}), "response": [1]})
    assert [each.contents for each in read(strange, with_contents=True) if isinstance(each, Recorded)] == [(b"", b"")]


def test_an_entry_that_is_too_deep_costs_no_other() -> None:
    deep = b'{"deep": %s1%s, ' % (b"[" * 100_000, b"]" * 100_000)
    whole = har(entry(), entry()).replace(b'{"startedDateTime"', deep + b'"startedDateTime"', 1)
    assert [type(each) for each in read(whole, with_contents=True)] == [Skipped, Recorded]


def test_websockets_are_exchanges() -> None:
    recorded = one(entry({"url": "wss://app.example.test/socket"}))
    assert (recorded.scheme, recorded.port) == ("https", 443)


def test_one_bad_entry_costs_no_other() -> None:
    found = list(read(har(entry(), None, entry())))
    assert [type(each) for each in found] == [Recorded, Skipped, Recorded]
    assert [each.position for each in found] == [1, 2, 3]


def test_a_document_that_ends_early_is_read_as_far_as_it_goes() -> None:
    text = 'a \\"quoted\\" } ] { text\\\\'
    whole = har(entry(comment=text), entry(comment=text), entry())
    for cut, entries in ((len(whole) - 3, 3), (len(whole) - 4, 2)):
        found = list(read(whole[:cut]))
        assert [isinstance(each, Recorded) for each in found] == [True] * entries + [False]
        assert found[-1] == CutOff(entries + 1, "it ends early or is damaged")


@pytest.mark.parametrize("damaged", [0, 1, 4])
@pytest.mark.parametrize(("sound", "damage"), [('"sid=x"', '"sid="x"'), ('"cache": {}', '"cache": {'), ("12", "}}")])
def test_a_damaged_entry_costs_no_other(damaged: int, sound: str, damage: str) -> None:
    entries = [json.dumps(entry(response={"headers": ["sid=x"]}, cache={}, time=12)) for _ in range(5)]
    entries[damaged] = entries[damaged].replace(sound, damage)
    found = list(read(b'{"log": {"entries": [' + ", ".join(entries).encode() + b"]}}"))
    assert [isinstance(each, Recorded) for each in found][:5] == [number != damaged for number in range(5)]


def test_damage_that_has_no_end_is_looked_through_a_few_times_only() -> None:
    sound, damaged = json.dumps(entry()), json.dumps(entry()) + "oops"
    found = list(read(f'{{"log": {{"entries": [{", ".join([damaged] * 25)}, {sound}]'.encode()))
    assert [type(each) for each in found] == [Recorded] * 26


def test_an_empty_list_of_the_same_name_is_passed_over() -> None:
    whole = har(entry(), entry()).replace(b'{"log": {', b'{"log": {"_more": {"entries": [ ]}, ')
    assert [type(each) for each in read(whole[:-4])] == [Recorded, CutOff]


def test_a_document_that_ends_in_its_first_entry_cannot_be_read() -> None:
    whole = har(entry(), entry())
    with pytest.raises(UnreadableError, match="it ends early, or is damaged, before the end of its first entry"):
        list(read(whole[: whole.index(b"url")]))


def test_damage_after_the_entries_costs_nothing() -> None:
    found = list(read(har(entry()).removesuffix(b"}}") + b', "creator": oops}}'))
    assert [type(each) for each in found] == [Recorded]


@pytest.mark.parametrize("document", [b"", b"no JSON", b"{"])
def test_what_is_no_json(document: bytes) -> None:
    with pytest.raises(UnreadableError, match="it is neither JSON"):
        list(read(document))


def test_nesting_without_end() -> None:
    with pytest.raises(UnreadableError):
        list(read(b'{"log": {"entries": [' + b"[" * 100_000))


@pytest.mark.parametrize("document", [b"{}", b"[]", b"[" * 100, b'{"log": {}}', b'{"log": {"entries": 5}}'])
def test_what_is_json_and_no_har(document: bytes) -> None:
    with pytest.raises(UnreadableError, match="it is JSON, but not a HAR file"):
        list(read(document))


def test_a_report_of_ours_is_named() -> None:
    with pytest.raises(UnreadableError, match="it is a report of this program, not a recording"):
        list(read(json_report.render(report()).encode()))


@pytest.mark.parametrize(
    ("started", "seconds"),
    [
        ("2020-01-01T00:00:00Z", AT),
        ("2020-01-01T00:00:00.1234567+01:00", AT - 3600 + 0.123456),
        ("2020-01-01T01:00:00+0100", AT),
        ("2020-01-01T00:00:00", AT),
        (" 2020-01-01T00:00:00z ", AT),
        ("1577836800000.5", AT + 0.0005),
        ("Wed, 01 Jan 2020 00:00:00 GMT", AT),
        ("yesterday", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_times(started: str | None, seconds: float) -> None:
    plain = entry()
    plain["startedDateTime"] = started
    assert one(plain).request.time == pytest.approx(seconds)


def test_the_domain() -> None:
    assert one(entry(), "fn.twil.io").request.domain == "fn.twil.io"
    assert one(entry({"url": "https://[::1]/"})).request.domain is None


def test_text_beyond_ascii() -> None:
    fields = [field("a", "ä"), field("b", "\udce4"), field("c", "\ud800")]
    assert one(entry({"headers": fields})).request.fields == (
        (b"a", b"\xc3\xa4"),
        (b"b", b"\xe4"),
        (b"c", b"\xed\xa0\x80"),
    )


@given(st.binary(max_size=200) | st.integers(0, 5000).map(lambda cut: har(entry(), entry())[:cut]))
def test_no_bytes_break_it(document: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        list(read(document))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "value", "text"]), inner),
    max_leaves=5,
)
PARTS = ["url", "method", "headers", "cookies", "status", "content", "bodySize", "postData", "httpVersion"]


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(PARTS), JSON),
    st.dictionaries(st.sampled_from(PARTS), JSON),
    st.dictionaries(st.sampled_from(["time", "startedDateTime", "timings"]), JSON),
)
def test_no_entry_breaks_it(request: Plain, response: Plain, others: Plain) -> None:
    plain = {**entry(request, response), **others}
    found = list(read(har(plain, entry())))
    assert [each.position for each in found] == [1, 2]


SHARED = Path(__file__).resolve().parents[4] / "shared" / "recordings"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_real_recordings() -> None:
    for name, expected in json.loads((SHARED / "expected.json").read_text(encoding="utf-8")).items():
        document = (SHARED / name).read_bytes()
        if "note" in expected:  # it is no HAR
            with pytest.raises(UnreadableError):
                list(read(document))
            continue
        found = list(read(document))
        exchanges = [each for each in found if isinstance(each, Recorded)]
        assert (name, len(found), len(exchanges)) == (name, expected["entries"], expected["readable"])
        lines = [
            line
            for each in exchanges
            for line in (each.response.by_name.get(b"set-cookie", []) if each.response else [])
        ]
        assert (name, len(lines)) == (name, expected["set_cookies"])
