"""What holds for every exchange, whatever its bytes: searched with random ones, and with cost that is counted."""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions_runtime.catalogue import RULES, say
from functions_runtime.engine import Consequences, Judge, Override
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import COOKIE_LIFETIME_LIMIT, Limits, Profile, is_removed
from functions_runtime.rule import Step
from functions_runtime.ruling import Finding, Forward, Respond, Rewrite, Ruling, apply_edits
from functions_runtime.syntax.rfc6265 import (
    parse_cookie_date,
    parse_max_age,
    parse_set_cookie,
    replace_domain,
    split_cookies,
)
from functions_runtime.syntax.rfc9110 import Fields, as_http1_fields, field_section_size
from functions_runtime.wire_text import printable
from tests.caches import clear_caches
from tests.fields import TOO_LONG
from tests.functions_runtime.test_session import assert_whole_is_in_steps

search = settings(max_examples=200)

UNLIMITED = Profile(Limits(10**9, 10**9))

REPORTED = {rule.id for rule in RULES if rule.step >= Step.CONSEQUENCES}
"""Rules that say what would break, and do nothing."""

# What comes off the wire


def any_case(names: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    spell: st.SearchStrategy[Callable[[bytes], bytes]] = st.sampled_from([bytes.lower, bytes.upper, bytes.title])
    return st.builds(lambda name, spelled: spelled(name), st.sampled_from(names), spell)


white_space = st.text(" \t", max_size=2).map(str.encode)
loose_ends = st.sampled_from([b"", b"", b" ", b"\t", b"\x80", b"\xff ", b"="])
numbers = st.sampled_from(
    [b"0", b"-1", b"60", b"%d" % COOKIE_LIFETIME_LIMIT, b"%d" % TOO_LONG, b"9" * 1000, b"9" * 5000]
)
dates = st.sampled_from(
    [b"Thu, 01 Jan 1970 00:00:00 GMT", b"Wed, 01 Jan 2031 00:00:00 GMT", b"1 Jan 9999 23:59:59", b"31 Feb 31 0:0:0"]
)
TOKEN = b"c8f1d0a94e7b"
"""A value that some rules look for in several places."""
hosts = st.sampled_from([b"app.example.com", b".App.Example.com", b"example.com", b"localhost", b""])


def attributes_of(names: Sequence[bytes], values: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda before, name, between, after, value, end: before + name + between + b"=" + after + value + end,
        white_space,
        any_case(names),
        white_space,
        white_space,
        values,
        loose_ends,
    )


attributes = st.one_of(
    attributes_of([b"max-age"], numbers),
    attributes_of([b"expires"], dates),
    attributes_of([b"domain"], hosts),
    attributes_of([b"max-age", b"expires", b"domain", b"path", b"secure", b"httponly", b""], st.binary(max_size=20)),
    st.builds(lambda name, end: name + end, any_case([b"domain", b"secure", b" httponly", b"expires"]), loose_ends),
    st.binary(max_size=10),
)
cookie_pairs = st.one_of(
    st.builds(lambda name, value: name + b"=" + value, st.binary(max_size=6), st.binary(max_size=10)),
    st.sampled_from([b"sid=a", b"sid=" + TOKEN, b"nameless", b"=", b"", b"__Host-x", b"Domain=a", b"sid=\xff"]),
    st.binary(max_size=12),
)
set_cookie_lines = st.one_of(
    st.builds(lambda pair, rest: b";".join([pair, *rest]), cookie_pairs, st.lists(attributes, max_size=6)),
    st.binary(max_size=60),
)
request_names = st.one_of(
    any_case(
        b"host cookie connection expect referer upgrade via x-real-ip x-forwarded-for x-amz-date authorization "
        b"content-length transfer-encoding origin access-control-request-method access-control-request-headers "
        b"x-xsrf-token :authority".split()
    ),
    st.builds(bytes.__add__, any_case([b"x-forwarded-", b"x-accel-", b"x-amz", b"ot-"]), st.binary(max_size=6)),
    st.binary(max_size=12),
)
request_values = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"https://a.example", b"PUT", b"authorization, x-a", b"websocket", b"a=1; b=2", b"Bearer " + TOKEN, TOKEN]
    ),
    st.lists(cookie_pairs, max_size=4).map(b"; ".join),
)
response_names = st.one_of(
    any_case(
        b"vary allow dav content-length location access-control-allow-origin access-control-allow-credentials "
        b"access-control-allow-methods access-control-allow-headers".split()
    ),
    st.binary(max_size=12),
)
response_values = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"*", b"true", b"https://a.example", b"Referer, Cookie", b"PUT", b"GET, PUT", b"0", b"x-a"]),
)
response_fields = st.lists(
    st.one_of(st.tuples(response_names, response_values), st.tuples(any_case([b"set-cookie"]), set_cookie_lines)),
    max_size=8,
).map(tuple)

# mitmproxy decodes what it hands out as text so that every byte can be had back.
wire_text = st.binary(max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
times = st.one_of(st.floats(), st.sampled_from([0.0, 1767225600.25, float("nan"), float("inf"), float("-inf"), 1e300]))
domains = st.sampled_from([None, "app.example.com", "localhost", "127.0.0.1"])

requests = st.builds(
    Request,
    method=st.one_of(st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", ""]), wire_text),
    host=st.one_of(st.sampled_from(["app.example.com", "other.example.com", "example.com", ""]), wire_text),
    path=st.one_of(st.sampled_from(["/", "/users/17", "*", ""]), wire_text),
    fields=st.lists(st.tuples(request_names, request_values), max_size=8).map(tuple),
    domain=domains,
    time=times,
    query=st.binary(max_size=20) | st.just(b"t=" + TOKEN),
)
responses = st.builds(
    Response,
    status=st.one_of(st.sampled_from([101, 200, 204, 304, 405, 501]), st.integers()),
    fields=response_fields,
    time=times,
    waited=st.one_of(st.none(), times),
)
exchanges = st.builds(Exchange, requests, responses)
sizes = st.sampled_from([0, 1, 5_000_000])
moments = st.floats(0, 2e9)  # readers let no other times through, and NaN is not equal to itself
exchanges_that_are_over = st.builds(
    Exchange,
    st.builds(lambda request, time: replace(request, time=time), requests, moments),
    st.builds(
        lambda response, time, waited: replace(response, time=time, waited=waited),
        responses,
        st.one_of(st.none(), moments),
        st.one_of(st.none(), st.floats(0, 60)),
    ),
    sent=sizes,
    received=sizes,
    ended=st.one_of(st.none(), moments),
    over_tls=st.sampled_from([None, False, True]),
    removed=st.just(frozenset()),
    awaited=st.just(False),
)
setting_cookies = st.builds(
    Exchange, st.builds(Request, domain=domains), st.builds(Response, fields=response_fields, time=times)
)
profiles = st.one_of(
    st.just(Profile()),
    st.builds(Limits, st.integers(1, 200), st.integers(1, 10)).map(Profile),
)


# Judging


@search
@given(st.lists(exchanges, min_size=1, max_size=3), profiles)
def test_no_check_breaks_and_all_that_is_said_can_be_shown(seen: list[Exchange], profile: Profile) -> None:
    judge, consequences = Judge(RULES, profile), Consequences(RULES, b"key")
    for exchange in seen:
        verdicts = [
            judge.request(Exchange(exchange.request)),
            judge.response(exchange),
            consequences.head(exchange, profile),
            consequences.ending(exchange, profile),
        ]
        for verdict in verdicts:
            assert verdict.failures == ()
            for finding in verdict.findings:
                assert say(finding).isprintable()
                assert (finding.subject or "").isprintable()
                assert "".join(finding.endpoint or ()).isprintable()
                assert len(say(finding)) < 20_000
        # What would break is said, never done.
        assert verdicts[2].action == verdicts[3].action == Forward()
        told = [finding for verdict in verdicts[2:] for finding in verdict.findings]
        assert {finding.rule for finding in told} <= REPORTED
        assert {finding.effect for finding in told} <= {None}


@search
@given(exchanges, profiles)
def test_what_the_runtime_does_does_not_depend_on_what_is_reported(exchange: Exchange, profile: Profile) -> None:
    everything = Judge(RULES, profile)
    others = Judge([rule for rule in RULES if rule.id not in REPORTED], profile)
    assert everything.request(exchange) == others.request(exchange)
    assert everything.response(exchange) == others.response(exchange)


@search
@given(st.lists(exchanges, min_size=2, max_size=2), profiles)
def test_judging_keeps_nothing_and_the_same_exchange_gets_the_same_verdict(
    seen: list[Exchange], profile: Profile
) -> None:
    judge = Judge(RULES, profile)
    first = [(judge.request(exchange), judge.response(exchange)) for exchange in seen]
    again = [(judge.request(exchange), judge.response(exchange)) for exchange in reversed(seen)]
    assert again[::-1] == first


@search
@given(st.lists(exchanges_that_are_over, min_size=1, max_size=3), profiles)
def test_judging_at_once_comes_to_the_same_as_step_by_step(seen: list[Exchange], profile: Profile) -> None:
    assert_whole_is_in_steps(seen, profile=profile)


@search
@given(exchanges, profiles)
def test_judging_changes_nothing(exchange: Exchange, profile: Profile) -> None:
    judge, consequences = Judge(RULES, profile), Consequences(RULES, b"key")
    messages: list[Request | Response] = [exchange.request, *([exchange.response] if exchange.response else [])]
    before = [copy.deepcopy(message) for message in messages]
    parts = [getattr(exchange, each.name) for each in dataclasses.fields(exchange)]
    for work in (judge.request, judge.response):
        work(exchange)
    consequences.head(exchange, profile)
    consequences.ending(exchange, profile)
    for each, part in zip(dataclasses.fields(exchange), parts, strict=True):
        assert getattr(exchange, each.name) is part
    for message, as_it_was in zip(messages, before, strict=True):
        for each in dataclasses.fields(message):
            assert repr(getattr(message, each.name)) == repr(getattr(as_it_was, each.name))  # a time may be no number


# Rewriting


ANY_LIFETIME = (Override("cookie-lifetime-too-long", None, None),)
"""Most random cookies live too long to be rewritten."""


def rewritten(fields: Fields, verdict: Ruling) -> Fields:
    if isinstance(verdict.action, Rewrite):
        return apply_edits(fields, verdict.action.edits)
    return fields


@search
@given(requests)
def test_a_rewritten_request_needs_no_second_rewrite(request: Request) -> None:
    judge = Judge(RULES, UNLIMITED)
    fields = rewritten(request.fields, judge.request(Exchange(request)))
    again = judge.request(Exchange(replace(request, fields=fields)))
    assert rewritten(fields, again) == fields


@search
@given(setting_cookies, st.sampled_from([(), ANY_LIFETIME]))
def test_a_rewritten_response_needs_no_second_rewrite(exchange: Exchange, overrides: tuple[Override, ...]) -> None:
    judge = Judge(RULES, UNLIMITED)
    assert exchange.response
    first = judge.response(exchange, overrides)
    fields = rewritten(exchange.response.fields, first)
    again = judge.response(Exchange(exchange.request, replace(exchange.response, fields=fields)), overrides)
    assert rewritten(fields, again) == fields
    # Nor does a rewrite make a cookie illegal, or a legal one of an illegal one.
    assert isinstance(again.action, Respond) == isinstance(first.action, Respond)


@search
@given(requests)
def test_of_a_request_only_whole_restricted_fields_go(request: Request) -> None:
    verdict = Judge(RULES, UNLIMITED).request(Exchange(request))
    if not isinstance(verdict.action, Respond):
        stays = tuple(field for field in request.fields if not is_removed(field[0].lower()))
        assert rewritten(request.fields, verdict) == stays


def parts_but_domain(line: bytes) -> list[bytes]:
    pair, *rest = line.split(b";")
    return [pair, *(part for part in rest if part.partition(b"=")[0].strip(b" \t").lower() != b"domain")]


@settings(search, max_examples=500)
@given(setting_cookies)
def test_of_a_response_only_our_part_of_its_cookies_changes(exchange: Exchange) -> None:
    response, request = exchange.response, exchange.request
    assert response
    fields = rewritten(response.fields, Judge(RULES, UNLIMITED).response(exchange, ANY_LIFETIME))
    assert [name for name, _ in fields] == [name for name, _ in response.fields]
    heeded = {field.position for field in response.cookies}
    for position, ((_, before), (_, after)) in enumerate(zip(response.fields, fields, strict=True)):
        if position not in heeded:
            assert after == before
            continue
        kept, left = parts_but_domain(before), parts_but_domain(after)
        assert left[: len(kept)] == kept
        assert left[len(kept) :] in ([b" HttpOnly", b" Secure"], [b" HttpOnly"], [b" Secure"], [])
        was, becomes = parse_set_cookie(before), parse_set_cookie(after)
        assert was
        domain = None if request.domain is None else request.domain.encode()
        assert becomes == replace(
            was,
            attributes=replace(
                was.attributes,
                http_only=True,
                secure=True,
                domain=None if was.attributes.domain is None else domain,
            ),
        )


# Secrets


tokens = st.binary(min_size=12, max_size=20).map(bytes.hex)
names_of_cookies = st.sampled_from([b"sid", b"csrftoken", b"", b"\xff"])


@st.composite
def exchanges_with(draw: st.DrawFn, token: bytes) -> Exchange:
    """An exchange that holds the token wherever the value of something can stand."""
    pair = st.sampled_from([b"sid=" + token, token, b"=" + token, b"\xff=" + token, b"a=x" + token + b"y; b=1"])
    secret = st.one_of(pair, st.sampled_from([token, b"Bearer " + token, b'"' + token + b'"', token + b"\x00"]))
    set_cookie = st.builds(lambda first, rest: b";".join([first, *rest]), pair, st.lists(attributes, max_size=4))
    request, response = draw(requests), draw(responses)
    fields = draw(st.lists(st.tuples(request_names, secret), max_size=4))
    answers = draw(
        st.lists(
            st.one_of(st.tuples(st.just(b"Set-Cookie"), set_cookie), st.tuples(response_names, secret)), max_size=4
        )
    )
    return Exchange(
        replace(request, fields=(*request.fields, *fields), query=draw(st.sampled_from([b"", b"t=" + token]))),
        replace(response, fields=(*response.fields, *answers)),
    )


@search
@given(st.data(), tokens, profiles)
def test_no_value_is_in_any_finding(data: st.DataObject, token: str, profile: Profile) -> None:
    judge, consequences = Judge(RULES, profile), Consequences(RULES, b"key")
    for exchange in data.draw(st.lists(exchanges_with(token.encode()), min_size=1, max_size=3)):
        found: list[Finding] = [
            *judge.request(exchange).findings,
            *judge.response(exchange).findings,
            *consequences.head(exchange, profile).findings,
            *consequences.ending(exchange, profile).findings,
        ]
        assert [finding for finding in found if token in repr(finding)] == []


# Limits


@search
@given(
    before=st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.binary(max_size=9)), max_size=4),
    cookies=st.lists(st.lists(cookie_pairs, min_size=1, max_size=3).map(b"; ".join), max_size=4),
    after=st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.binary(max_size=9)), max_size=4),
    authority=st.binary(min_size=1, max_size=12),
    apart=st.booleans(),
)
def test_http2_is_measured_as_http1(
    before: list[tuple[bytes, bytes]],
    cookies: list[bytes],
    after: list[tuple[bytes, bytes]],
    authority: bytes,
    apart: bool,
) -> None:
    def plain(fields: list[tuple[bytes, bytes]]) -> Fields:
        return tuple(field for field in fields if field[0][:1] != b":" and field[0].lower() not in (b"host", b"cookie"))

    joined = ((b"Cookie", b"; ".join(cookies)),) if cookies else ()
    http1 = ((b"Host", authority), *plain(before), *joined, *plain(after))
    pseudo = ((b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/"), (b":authority", authority))
    http2 = (
        *pseudo[: 3 if apart else 4],
        *plain(before),
        *((b"cookie", cookie) for cookie in cookies[:1]),
        *plain(after),
        *((b"cookie", cookie) for cookie in cookies[1:]),
    )
    as_http1 = as_http1_fields(http2, authority=authority if apart else b"", multiplexed=True)
    assert [(name.lower(), value) for name, value in as_http1] == [(name.lower(), value) for name, value in http1]
    assert Request(fields=as_http1).header_size == Request(fields=http1).header_size
    assert as_http1_fields(as_http1, authority=b"other.example", multiplexed=True) == as_http1


@search
@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9))).map(tuple))
def test_the_size_is_that_of_the_written_lines(fields: Fields) -> None:
    assert field_section_size(fields) == sum(len(b"%s: %s\r\n" % field) for field in fields)


# Syntax


@search
@given(st.one_of(numbers, dates, st.binary(), st.from_regex(rb"-?[0-9]{1,5000}", fullmatch=True)))
def test_every_max_age_and_date_has_a_defined_answer(text: bytes) -> None:
    seconds, date = parse_max_age(text), parse_cookie_date(text)
    assert seconds is None or abs(seconds) <= 10**18
    assert date is None or -11644473600 <= date <= 253402300799  # from 1601 to 9999


@search
@given(set_cookie_lines, st.sampled_from([b"app.example.com", None]))
def test_every_line_has_a_defined_answer(line: bytes, domain: bytes | None) -> None:
    cookie = parse_set_cookie(line)
    if cookie is None:
        return
    assert cookie.name or cookie.value
    assert cookie.name == cookie.name.strip(b" \t")
    replaced = parse_set_cookie(replace_domain(line, domain))
    had = cookie.attributes.domain is not None
    expected = replace(cookie.attributes, domain=domain if had else None)
    assert replaced == replace(cookie, attributes=expected)


@search
@given(st.binary())
def test_cookies_of_a_request_are_the_parts_that_are_not_empty(value: bytes) -> None:
    assert b";".join(split_cookies(value)) == b";".join(
        part.strip(b" \t") for part in value.split(b";") if part.strip(b" \t")
    )


@search
@given(
    st.one_of(st.binary(), st.text(), wire_text, st.text(st.characters(categories=["Cs", "Cc", "Cf", "Zl"]))),
    st.integers(1, 50),
)
def test_what_is_shown_is_printable(raw: bytes | str, most: int) -> None:
    shown = printable(raw, most)
    assert shown.isprintable()
    assert len(shown) <= most * len("\\U00000000")
    assert printable(shown, 10**6) == shown


# Cost


class Walked(tuple[tuple[bytes, bytes], ...]):
    """A field section that counts how many of its fields are asked for."""

    asked = 0

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        for field in super().__iter__():
            Walked.asked += 1
            yield field


def cost(exchange_of: Callable[[int], Exchange], size: int) -> int:
    """How many steps of the interpreter, and fields asked for, it takes to judge and rewrite an exchange of this size.

    Counted, not timed: the number does not depend on the machine.
    """
    # Python 3.13 specializes its code as it runs: what runs for the first time takes other steps.
    for _ in range(WARM_UP):
        work(exchange_of(size))
    clear_caches()
    steps = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Callable[[FrameType, str, Any], Any]:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += 1
        return trace

    Walked.asked = 0
    tracing = sys.gettrace()
    sys.settrace(trace)
    try:
        work(exchange_of(size))
    finally:
        sys.settrace(tracing)
    return steps + Walked.asked


WARM_UP = 3
"""Runs before one counts."""


def work(exchange: Exchange) -> None:
    """Judge and rewrite an exchange."""
    judge, consequences = Judge(RULES, UNLIMITED), Consequences(RULES, b"key")
    assert exchange.response
    rewritten(exchange.request.fields, judge.request(exchange))
    rewritten(exchange.response.fields, judge.response(exchange))
    consequences.head(exchange, UNLIMITED)
    consequences.ending(exchange, UNLIMITED)


def many_cookies_set(size: int) -> Exchange:
    line = b"c%d=1; Domain=example.com; Max-Age=60; Expires=Wed, 01 Jan 2031 00:00:00 GMT"
    return Exchange(
        Request(domain="app.example.com"), Response(fields=Walked((b"Set-Cookie", line % i) for i in range(size)))
    )


def many_cookies_sent(size: int) -> Exchange:
    cookies = b"; ".join(b"c%d=1" % i for i in range(size))
    return Exchange(Request(fields=Walked([(b"Cookie", cookies)])), Response())


def many_cookie_fields(size: int) -> Exchange:
    return Exchange(Request(fields=Walked((b"Cookie", b"c%d=1" % i) for i in range(size))), Response())


def many_restricted_fields(size: int) -> Exchange:
    return Exchange(Request(fields=Walked((b"X-Forwarded-%d" % i, b"1") for i in range(size))), Response())


def many_plain_fields(size: int) -> Exchange:
    fields = Walked((b"X-%d" % i, b"value-%04d" % i) for i in range(size))
    return Exchange(Request(fields=fields), Response(fields=fields))


def many_attributes(size: int) -> Exchange:
    line = b"sid=a" + b"; Domain=a; X; Max-Age=60; Expires=1 Jan 2031 0:0:0" * size
    return Exchange(Request(domain="app.example.com"), Response(fields=Walked([(b"Set-Cookie", line)])))


def a_response_over_the_lifetime(size: int) -> Exchange:
    return Exchange(
        Request(), Response(fields=Walked((b"Set-Cookie", b"c%d=1; Max-Age=90000" % i) for i in range(size)))
    )


@pytest.mark.parametrize(
    "exchange_of",
    [
        many_cookies_set,
        many_cookies_sent,
        many_cookie_fields,
        many_restricted_fields,
        many_plain_fields,
        many_attributes,
        a_response_over_the_lifetime,
    ],
)
def test_ten_times_as_much_costs_at_most_ten_times_as_much(exchange_of: Callable[[int], Exchange]) -> None:
    once = cost(exchange_of, 100)
    assert once > 0
    assert cost(exchange_of, 1000) <= 10 * once
