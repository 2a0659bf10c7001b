"""Cookies whose values come back where only a script can have put them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules import cookie_read_by_script as module
from functions_runtime.rules.cookie_read_by_script import MOST_FOUND, MOST_PLACES, MOST_VALUES, RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields
from tests.memories import caught_memories

TOKEN = b"c8f1d0a94e7b2f6d"
SHORTEST = b"12345678"


def sets(*lines: bytes, query: bytes = b"", host: str = "app.example") -> Exchange:
    """An exchange whose response sets cookies."""
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines))
    return Exchange(Request("GET", host, "/", query=query), response)


def sent(*fields: tuple[bytes, bytes], query: bytes = b"", path: str = "/save", host: str = "app.example") -> Exchange:
    """An exchange whose request may hold a cookie's value."""
    return Exchange(Request("POST", host, path, fields, query=query), Response())


def with_header(value: bytes) -> Exchange:
    return sent((b"X-Token", value))


def findings(*exchanges: Exchange) -> list[Finding]:
    check = RULE.new_check(b"key")
    return [finding for exchange in exchanges for finding in check(exchange, Profile())]


def places(*exchanges: Exchange) -> set[tuple[str | None, str]]:
    return {(finding.subject, str(finding.endpoint)) for finding in findings(*exchanges)}


SET = sets(b"csrf=" + TOKEN)
FOUND = {("csrf", "POST app.example/save")}


# Where the value comes back


@pytest.mark.parametrize(
    ("exchange", "where"),
    [
        (sent((b"X-XSRF-TOKEN", TOKEN)), "the request header x-xsrf-token"),
        (sent((b"x-csrftoken", b"\t" + TOKEN + b" ")), "the request header x-csrftoken"),
        (sent((b"X-Token", b'"' + TOKEN + b'"')), "the request header x-token"),
        (sent((b"X-A", b"a"), (b"X-Token", b"a"), (b"X-Token", TOKEN)), "the request header x-token"),
        (sent((b"Authorization", b"Bearer " + TOKEN)), "the request header authorization"),
        (sent((b"Authorization", TOKEN)), "the request header authorization"),
        (sent(query=b"csrf=" + TOKEN), "the query"),
        (sent(query=b"a=1&t=" + TOKEN + b"&b=2"), "the query"),
        (sent(query=b'a&=&t="' + TOKEN + b'"'), "the query"),
        (sent(query=TOKEN), "the query"),
        (sent(query=b"a=1;t=" + TOKEN), "the query"),
    ],
)
def test_the_value_is_found_before_or_after_the_cookie(exchange: Exchange, where: str) -> None:
    for order in ((SET, exchange), (exchange, SET)):
        [finding] = findings(*order)
        assert (finding.severity, finding.subject, finding.replaces) == (Severity.ERROR, "csrf", None)
        assert str(finding.endpoint) == "POST app.example/save"
        assert RULE.say(finding).startswith(
            f"A script seems to read the cookie csrf: the cookie's value came back in {where}. "
        )


@pytest.mark.parametrize(
    "exchange",
    [
        pytest.param(sent((b"Cookie", b"csrf=" + TOKEN)), id="the browser sends the cookie"),
        pytest.param(sent((b"Cookie", TOKEN)), id="the browser sends a cookie without a name"),
        pytest.param(sent((b"If-None-Match", b'"' + TOKEN + b'"')), id="the browser asks whether it has changed"),
        pytest.param(sent((b"Referer", TOKEN)), id="the browser says where it comes from"),
        pytest.param(sent((b"Origin", TOKEN)), id="the browser says who asks"),
        pytest.param(sent((b"Host", TOKEN)), id="the browser says whom it asks"),
        pytest.param(sent((b"Sec-Anything", TOKEN)), id="a name that is the browser's own"),
        *(
            pytest.param(sent((name, TOKEN)), id=name.decode())
            for name in (b"Accept", b"Accept-Language", b"Cache-Control", b"Range", b"User-Agent", b"Via")
        ),
        pytest.param(with_header(TOKEN + b"0"), id="a longer value"),
        pytest.param(with_header(TOKEN[1:]), id="a shorter value"),
        pytest.param(with_header(TOKEN.upper()), id="another case"),
        pytest.param(with_header(b""), id="no value"),
        pytest.param(sent((TOKEN, b"x-token")), id="the name of a header"),
        pytest.param(sent(query=TOKEN + b"=t"), id="the name of a parameter"),
        pytest.param(sent(path="/" + TOKEN.decode()), id="the path"),
        pytest.param(sent(query=b"t=1&u=2"), id="short parameters"),
    ],
)
def test_elsewhere_it_is_no_evidence(exchange: Exchange) -> None:
    assert findings(SET, exchange) == findings(exchange, SET) == []


def test_two_places_in_one_request_are_two_findings_of_one_kind() -> None:
    exchange = sent((b"X-A", TOKEN), (b"X-B", TOKEN), query=b"t=" + TOKEN)
    for order in ((SET, exchange), (exchange, SET)):
        assert len(findings(*order)) == 3
        assert places(*order) == FOUND


def test_findings_come_in_the_order_of_the_fields() -> None:
    names = [b"x-%d" % number for number in range(20, 0, -1)]
    found = findings(SET, sent(*((name, TOKEN) for name in names)))
    assert [RULE.say(finding).partition("header ")[2].partition(".")[0].encode() for finding in found] == names


# Which cookies


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"csrf=%s; Path=/; Secure; SameSite=Lax", True),
        (b"csrf=%s; HttpOnly", False),
        (b"csrf=%s; Max-Age=0", False),
        (b"csrf=%s; Max-Age=1", True),
        (b"csrf=%s; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        (b"csrf=%s; httponly=false; Path=/", False),
        (b"csrf=%s; X-HttpOnly", True),
        (b'csrf="%s"', True),
        (b"csrf=\t%s ", True),
        (b"csrf=a%s", False),
        (b"csrf=%s\x00", False),
    ],
)
def test_cookies_that_scripts_can_read(line: bytes, found: bool) -> None:
    exchange = sets(line % TOKEN)
    expected = FOUND if found else set()
    assert places(exchange, with_header(TOKEN)) == places(with_header(TOKEN), exchange) == expected


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (SHORTEST, True),
        (SHORTEST[1:], False),
        (b"", False),
        (b"%312345678", True),
        (b"%31234567", False),
        (b"%31%32%33", False),
        (b'"1234567"', False),
    ],
)
def test_eight_bytes_are_enough(value: bytes, found: bool) -> None:
    expected = FOUND if found else set()
    for order in itertools.permutations((sets(b"csrf=" + value), with_header(value))):
        assert places(*order) == expected


@pytest.mark.parametrize(
    ("cookie", "value"),
    [
        (b"ab%2Fcdefgh", b"ab/cdefgh"),
        (b"ab/cdefgh", b"ab%2fcdefgh"),
        (b"ab%2Fcdefgh", b"ab%2fcdefgh"),
        (b"100%25sure", b"100%sure"),
        (b"%zz%4%zz%4", b"%zz%4%zz%4"),
        (b"abc%C3%A4def", b"abc\xc3\xa4def"),
        (b"eyJhIjoxfQ%3D%3D", b"eyJhIjoxfQ=="),
    ],
)
def test_percent_encoding_does_not_count(cookie: bytes, value: bytes) -> None:
    for order in itertools.permutations((sets(b"csrf=" + cookie), with_header(value))):
        assert places(*order) == FOUND
    for order in itertools.permutations((sets(b"csrf=" + cookie), sent(query=b"t=" + value))):
        assert places(*order) == FOUND


def test_quotes_do_not_count_where_they_are_encoded() -> None:
    quoted = sets(b'csrf="' + TOKEN + b'"')
    for order in itertools.permutations((quoted, sent(query=b"t=%22" + TOKEN + b"%22"))):
        assert places(*order) == FOUND


def test_it_does_not_matter_which_host_of_a_site_gets_the_value() -> None:
    cookie = sets(b"csrf=" + TOKEN, host="www.app.example")
    for order in itertools.permutations((cookie, sent((b"X-Token", TOKEN), host="api.app.example"))):
        assert places(*order) == {("csrf", "POST api.app.example/save")}


def test_if_another_site_gets_the_value_the_cookies_own_site_breaks() -> None:
    for order in itertools.permutations((SET, sent((b"X-Token", TOKEN), host="vendor.example"))):
        [finding] = findings(*order)
        assert (finding.subject, str(finding.endpoint)) == ("csrf", "GET app.example/")
        assert "came back in the request header x-token to vendor.example. " in RULE.say(finding)


def test_each_cookie_has_its_own_value() -> None:
    exchanges = [
        sets(b"a=value-of-a", b"b=value-of-b", b"c=value-of-c; HttpOnly"),
        sent((b"X-A", b"value-of-a"), path="/a"),
        sent((b"X-B", b"value-of-b"), path="/b"),
        sent((b"X-C", b"value-of-c"), path="/c"),
    ]
    for order in itertools.permutations(exchanges):
        assert places(*order) == {("a", "POST app.example/a"), ("b", "POST app.example/b")}


def test_a_cookie_that_gets_a_new_value_is_found_by_both() -> None:
    exchanges = [sets(b"csrf=first-value"), sets(b"csrf=other-value"), with_header(b"other-value")]
    for order in itertools.permutations(exchanges):
        assert places(*order) == FOUND
    assert places(*exchanges[:2], with_header(b"first-value")) == FOUND


def test_equal_values_under_one_name_are_one_cookie() -> None:
    exchanges = [SET, sets(b"csrf=" + TOKEN, host="www.app.example"), sets(b"csrf=" + TOKEN), with_header(TOKEN)]
    for order in itertools.permutations(exchanges):
        assert places(*order) == FOUND
        assert len(findings(*order)) == 1


def test_equal_values_of_two_sites_are_two_cookies() -> None:
    exchanges = [SET, sets(b"csrf=" + TOKEN, host="other.example"), with_header(TOKEN)]
    for order in itertools.permutations(exchanges):
        assert places(*order) == FOUND | {("csrf", "GET other.example/")}


def test_equal_values_under_several_names_are_several_cookies() -> None:
    exchanges = [sets(b"a=" + TOKEN), sets(b"b=" + TOKEN), with_header(TOKEN)]
    for order in itertools.permutations(exchanges):
        assert places(*order) == {("a", "POST app.example/save"), ("b", "POST app.example/save")}


@pytest.mark.parametrize("line", [b"=" + TOKEN, TOKEN])
def test_a_cookie_without_a_name_is_one_too(line: bytes) -> None:
    for order in itertools.permutations((sets(line), with_header(TOKEN))):
        assert places(*order) == {("", "POST app.example/save")}


# Values that the server has copied


FOUND_STATE = {("state", "POST app.example/save")}


def redirects(value: bytes, carried: bytes) -> Exchange:
    """An exchange whose response sets the cookie `state` and sends the browser on with something."""
    location = (b"Location", b"https://login.example/authorize?state=%s&scope=openid" % carried)
    answer: Fields = (location, (b"Set-Cookie", b"state=" + value))
    return Exchange(Request(host="app.example"), Response(302, answer))


def test_a_cookie_that_the_server_copied_out_of_the_query_was_read_by_nobody() -> None:
    copied = sets(b"campaign=spring-sale", query=b"utm_campaign=spring-sale")
    assert findings(copied, copied) == []
    assert findings(copied, sent(query=b"utm_campaign=spring-sale")) == []


def test_it_is_not_read_either_when_the_server_sets_it_again() -> None:
    copied = sets(b"campaign=spring-sale", query=b"utm_campaign=spring-sale")
    assert findings(copied, sets(b"campaign=spring-sale; Max-Age=3600")) == []


def test_what_was_copied_out_of_the_query_may_be_read_later() -> None:
    copied = sets(b"csrf=" + TOKEN, query=b"token=" + TOKEN)
    for order in itertools.permutations((copied, with_header(TOKEN))):
        assert places(*order) == FOUND


def test_a_cookie_that_the_server_copied_out_of_a_header_was_read_by_nobody() -> None:
    request = Request("POST", "app.example", "/session", ((b"X-Visitor", TOKEN),))
    assert findings(Exchange(request, sets(b"visitor=" + TOKEN).response)) == []


def test_it_is_not_read_either_when_the_server_renews_it_later() -> None:
    copied = Exchange(Request("POST", "app.example", "/session", ((b"X-Visitor", TOKEN),)), SET.response)
    renewed = Exchange(Request(host="app.example", fields=((b"Cookie", b"csrf=" + TOKEN),)), SET.response)
    again = sent((b"X-Visitor", TOKEN), (b"Cookie", b"csrf=" + TOKEN))
    assert findings(copied, renewed, again, with_header(TOKEN)) == []


def test_what_was_copied_out_of_a_header_may_be_read_for_the_query() -> None:
    copied = replace(with_header(TOKEN), response=SET.response)
    for order in itertools.permutations((copied, sent(query=b"token=" + TOKEN, path="/list"))):
        assert places(*order) == {("csrf", "POST app.example/list")}


def test_a_cookie_that_the_server_renews_from_a_header_was_read_where_the_browser_sent_it_as_well() -> None:
    fields = ((b"X-CSRFToken", b"ab/cdefgh"), (b"Cookie", b"sid=1; csrf=ab%2Fcdefgh"))
    renewed = Exchange(Request("POST", "app.example", "/save", fields), sets(b"csrf=ab%2Fcdefgh").response)
    assert places(renewed) == {("csrf", "POST app.example/save")}


def test_a_value_in_the_query_of_the_exchange_that_sets_it_is_no_evidence_for_an_older_cookie() -> None:
    copied = sets(b"campaign=spring-sale", query=b"utm_campaign=spring-sale")
    for order in itertools.permutations((sets(b"campaign=spring-sale"), copied)):
        assert findings(*order) == []


def test_a_token_in_the_content_beside_a_cookie_that_is_http_only_is_the_cure() -> None:
    for order in itertools.permutations((sets(b"csrf=" + TOKEN + b"; Max-Age=86400; HttpOnly"), with_header(TOKEN))):
        assert findings(*order) == []


def test_a_value_that_a_redirect_carries_on_was_read_by_nobody() -> None:
    carried_on = sent(query=b"state=" + TOKEN, host="login.example")
    for order in itertools.permutations((redirects(TOKEN, TOKEN), carried_on)):
        assert findings(*order) == []


@pytest.mark.parametrize("carried", [b"ab/cdefgh", b"ab%2Fcdefgh"])
def test_a_redirect_may_carry_it_encoded_or_not(carried: bytes) -> None:
    for order in itertools.permutations((redirects(b"ab%2Fcdefgh", carried), sent(query=b"state=" + carried))):
        assert findings(*order) == []


@pytest.mark.parametrize("sets_it", [True, False], ids=["with the cookie", "without it"])
def test_the_redirect_need_not_be_spelled_like_the_cookie(sets_it: bool) -> None:
    redirect = redirects(b"Vt7a+a/g==", b"Vt7a%2Ba%2Fg%3D%3D")
    if not sets_it:
        redirect = replace(redirect, response=Response(302, redirect.response.fields[:1] if redirect.response else ()))
    sent_on = sent(query=b"state=Vt7a%2Ba%2Fg%3D%3D", host="login.example")
    assert findings(sets(b"state=Vt7a+a/g=="), redirect, sent_on) == []


@pytest.mark.parametrize(
    ("location", "found"),
    [
        (b"/login?return_to=https%3A%2F%2Fa.example%2F%3Fstate%3D" + TOKEN, False),
        (b"/login?to=%2Fa%3Fto%3D%252Fb%253Fstate%253D" + TOKEN, False),
        (b"/login?" + b"to=?" * 30_000 + b"state=" + TOKEN, True),
        (b"/login?state=" + TOKEN + b"#top", False),
        (b"/login#?state=" + TOKEN, True),
        (b"/login?state=" + TOKEN[:7], True),
        (b"/login/" + TOKEN, True),
        (b"/login?" + TOKEN, False),
    ],
)
def test_what_a_redirect_carries_in_its_query_or_in_one_within(location: bytes, found: bool) -> None:
    redirect = Exchange(Request(host="app.example"), Response(302, ((b"Location", location),)))
    assert bool(findings(SET, redirect, sent(query=b"state=" + TOKEN))) is found


def test_a_redirect_that_only_sends_the_query_back_proves_nothing() -> None:
    slash = Exchange(
        Request("POST", "app.example", "/save", query=b"state=" + TOKEN),
        Response(308, ((b"Location", b"/save/?state=" + TOKEN),)),
    )
    again = sent(query=b"state=" + TOKEN, path="/save/")
    for order in itertools.permutations((SET, slash, again)):
        assert places(*order) == {("csrf", "POST app.example/save"), ("csrf", "POST app.example/save/")}


def test_what_is_compared_is_counted_once_however_often_it_comes() -> None:
    cookies = b"; ".join(b"c%d=%d" % (number, number) for number in range(300))
    headers = [(b"X-%d" % number, TOKEN) for number in range(MOST_VALUES)]
    exchange = sent(*headers, (b"Cookie", cookies))
    calls = 0
    values = module._values_of_cookies

    def counted(request: Request) -> set[bytes]:
        nonlocal calls
        calls += 1
        return values(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_values_of_cookies", counted)
        findings(replace(exchange, response=sets(*[b"csrf=" + TOKEN] * MOST_VALUES).response))
    assert calls == 1


def test_a_redirect_to_something_else_does_not_count() -> None:
    for order in itertools.permutations((redirects(TOKEN, b"other-value"), sent(query=b"state=" + TOKEN))):
        assert places(*order) == FOUND_STATE


def test_what_a_redirect_carries_on_may_be_read_for_a_header() -> None:
    for order in itertools.permutations((redirects(TOKEN, TOKEN), with_header(TOKEN))):
        assert places(*order) == FOUND_STATE


def test_a_token_that_is_set_again_when_it_comes_is_read_by_a_script() -> None:
    again = replace(sent((b"X-Token", TOKEN), (b"Cookie", b"csrf=" + TOKEN)), response=SET.response)
    for order in itertools.permutations((SET, again)):
        assert places(*order) == FOUND


@pytest.mark.parametrize("name", [b"X-Forwarded-For", b"X-Real-IP", b"X-Amzn-Trace-Id"])
def test_a_value_that_a_proxy_adds_was_read_by_nobody(name: bytes) -> None:
    assert findings(sets(b"seen_from=203.0.113.77"), sent((name, b"203.0.113.77"))) == []


# Secrets, hostile text and memory


def test_a_finding_never_shows_the_value() -> None:
    query = b"t=" + TOKEN
    found = findings(SET, sent((b"X-Token", b"Bearer " + TOKEN), query=query), sent((b"X-Token", TOKEN)))
    assert len(found) == 3
    assert TOKEN.decode() not in repr(found)


def test_the_value_is_not_kept() -> None:
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    copied = sets(b"csrf=" + TOKEN, query=b"t=" + TOKEN)
    renamed = replace(with_header(TOKEN), response=SET.response)
    for exchange in (SET, with_header(TOKEN), sent(query=b"t=" + TOKEN), copied, renamed):
        list(check(exchange, Profile()))
    assert [len(memory) for memory in memories] == [1, 1, 1, 1]
    assert TOKEN not in b"".join(repr(vars(memory)).encode() for memory in memories)


def test_names_are_fit_to_be_shown() -> None:
    [finding] = findings(sets(b"c\xff\xe2\x80\xae=" + TOKEN), sent((b"X-\x1b[2J" + b"a" * 60, TOKEN)))
    assert finding.subject == "c\\xff\\u202e"
    assert "in the request header x-\\x1b[2j" + "a" * 33 + "…. Under" in RULE.say(finding)


def test_only_so_many_places_of_one_value_are_remembered() -> None:
    paths = [f"/{chr(letter)}" for letter in range(ord("A"), ord("z"))]
    found = places(*(sent((b"X-Token", TOKEN), path=path) for path in paths), SET)
    assert found == {("csrf", f"POST app.example{path}") for path in paths[-MOST_PLACES:]}


def test_only_so_many_cookies_of_one_value_are_remembered() -> None:
    lines = [b"%c=%s" % (letter, TOKEN) for letter in range(ord("A"), ord("Z") + 20)]
    names = {name for name, _ in places(sets(*lines), with_header(TOKEN))}
    assert names == {line[:1].decode() for line in lines[-MOST_PLACES:]}


def test_evidence_is_found_once_however_often_the_cookie_is_renewed() -> None:
    views = [SET] * 5
    for order in ([*views, with_header(TOKEN)], [with_header(TOKEN), *views], [*views, with_header(TOKEN), *views]):
        assert len(findings(*order)) == 1


def test_only_so_much_is_found_in_one_exchange() -> None:
    lines = [b"c%d=%s" % (number, TOKEN) for number in range(40)]
    fields = [(b"X-%d" % number, TOKEN) for number in range(40)]
    assert len(findings(sent(*fields), sets(*lines))) == MOST_FOUND


def test_only_so_many_values_of_one_request_are_looked_at() -> None:
    names = [b"X-%d" % number for number in range(2 * MOST_VALUES)]
    found = findings(SET, sent(*((name, TOKEN) for name in names)))
    assert len(found) == MOST_VALUES


def test_thousands_of_values_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    for number in range(3000):
        exchange = sent((b"X-Token", b"token-%08d" % number), query=b"t=other-%08d" % number)
        copied = sets(b"csrf=other-%08d" % number, b"csrf=token-%08d" % number).response
        assert not check(replace(exchange, response=copied), Profile())
    assert [len(memory) for memory in memories] == [100, 100, 100, 100]
    assert not check(with_header(b"other-%08d" % 0), Profile())
    assert list(check(with_header(b"other-%08d" % 2999), Profile()))


def test_each_check_has_a_memory_of_its_own() -> None:
    list(RULE.new_check(b"key")(SET, Profile()))
    assert list(RULE.new_check(b"key")(with_header(TOKEN), Profile())) == []
