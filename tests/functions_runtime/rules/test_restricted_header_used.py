"""Traces that a restricted request header leaves in a response."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.restricted_header_used import MOST, RULE, by_experiment
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields

HERE = b"https://app.example/list"
REFERER = ((b"Referer", HERE),)
SECRET = "c8f1d0a94e7b2f6d"


def findings(request: Fields = (), response: Fields = (), status: int = 200) -> list[Finding]:
    return list(RULE.check(Exchange(Request(fields=request), Response(status, response)), Profile()))


def subjects(request: Fields = (), response: Fields = ()) -> list[str | None]:
    return [finding.subject for finding in findings(request, response)]


# Vary


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((b"Referer",), ["referer"]),
        ((b"accept-encoding,\tREFERER ,cookie",), ["referer"]),
        ((b"X-Forwarded-Proto, X-Real-IP",), ["x-forwarded-proto", "x-real-ip"]),
        ((b"Via", b"Upgrade, via"), ["via", "upgrade"]),
        ((b"X-Forwarded-Anything, x-accel-buffering",), ["x-forwarded-anything", "x-accel-buffering"]),
        ((b"X-Amz-Date, I-Twilio-A, I-T-B, OT-C",), ["x-amz-date", "i-twilio-a", "i-t-b", "ot-c"]),
        ((b"Accept-Encoding, Cookie, Origin",), []),
        ((b"Upgrade-Insecure-Requests, X-Forwarded",), []),
        ((b"Host, Connection, Transfer-Encoding",), ["host", "connection", "transfer-encoding"]),
        ((b"*",), []),
        ((b"", b",, ,"), []),
    ],
)
def test_what_vary_names(values: tuple[bytes, ...], expected: list[str]) -> None:
    response = tuple((b"VARY", value) for value in values)
    found = findings((), response)
    assert [finding.subject for finding in found] == expected
    for finding in found:
        assert (finding.severity, finding.basis, finding.endpoint) == (Severity.WARNING, Basis.READING, None)
        assert f"header {finding.subject}: the response names it in Vary." in say(finding)


@pytest.mark.parametrize("name", [b"Host", b"Connection", b"Transfer-Encoding"])
def test_the_value_of_what_stays_on_the_wire_may_come_back(name: bytes) -> None:
    assert subjects(((name, HERE),), ((b"Location", HERE),)) == []


# Values that come back


@pytest.mark.parametrize(
    "value",
    [
        HERE,
        b"<%s>; rel=prev" % HERE,
        b"no-cache, %s" % HERE,
        b"a;url=%s" % HERE,
        b'"%s"' % HERE,
        b"'%s'" % HERE,
        b"0;\t%s;1" % HERE,
        HERE + b"/page, " + HERE,
    ],
)
def test_a_value_that_comes_back_as_an_item(value: bytes) -> None:
    [finding] = findings(REFERER, ((b"X-A", b"a"), (b"Location", value)))
    assert finding.subject == "referer"
    assert "its value comes back in the response header Location." in say(finding)


@pytest.mark.parametrize(
    "value",
    [HERE + b"/page", b"x" + HERE, b"/go?to=" + HERE + b"&a", HERE.upper(), HERE[:-1], b"", b"%2F"],
)
def test_a_value_that_is_only_part_of_something_or_something_else(value: bytes) -> None:
    assert subjects(REFERER, ((b"Location", value),)) == []


@pytest.mark.parametrize(
    ("referer", "location", "is_found"),
    [
        (HERE, HERE + b"?a=1", True),
        (HERE, HERE + b"&a=1", False),
        (HERE + b"?a=1", HERE + b"?a=1&b=2", True),
        (HERE + b"?a=1", HERE + b"?a=12", False),
        (HERE, HERE + b"#a", False),
        (HERE, b"/list?a=1", False),
    ],
)
def test_a_redirect_may_add_to_the_query_of_the_referer(referer: bytes, location: bytes, is_found: bool) -> None:
    found = findings(((b"Referer", referer),), ((b"Location", location),), 302)
    assert [finding.subject for finding in found] == (["referer"] if is_found else [])
    for finding in found:
        assert "the redirect leads to its value with something added to the query." in say(finding)
    assert subjects(((b"X-Forwarded-Prefix", referer),), ((b"Location", location),)) == []
    assert subjects(((b"Referer", referer),), ((b"Link", location),)) == []


@pytest.mark.parametrize(
    ("values", "over_tls", "removed", "is_found"),
    [
        ([b"https"], False, frozenset(), True),
        ([b"http", b" HTTPS "], False, frozenset(), True),
        ([b"HTTPS, http"], False, frozenset(), True),
        ([b"http"], False, frozenset(), False),
        ([b"http,httpsx"], False, frozenset(), False),
        ([b"https"], True, frozenset(), False),
        ([b"https"], None, frozenset(), False),
        ([b"https"], False, frozenset({b"x-forwarded-proto"}), False),
    ],
)
def test_a_plain_connection_is_taken_for_a_secure_one(
    values: list[bytes], over_tls: bool | None, removed: frozenset[bytes], is_found: bool
) -> None:
    request = Request(fields=tuple((b"X-Forwarded-Proto", value) for value in values))
    for fields, expected in (((b"Strict-Transport-Security", b"max-age=1"),), is_found), ((), False):
        exchange = Exchange(request, Response(fields=fields), removed, over_tls=over_tls)
        found = list(RULE.check(exchange, Profile()))
        assert [finding.subject for finding in found] == (["x-forwarded-proto"] if expected else [])


@pytest.mark.parametrize(("value", "expected"), [(b"1234567", []), (b"12345678", ["x-real-ip"]), (b"", [])])
def test_a_short_value_may_come_back_by_chance(value: bytes, expected: list[str]) -> None:
    assert subjects(((b"X-Real-IP", value),), ((b"X-Client", value),)) == expected


def test_a_value_is_no_pattern() -> None:
    assert subjects(((b"X-Real-IP", b"a.*(b)[c"),), ((b"X-Client", b"a.*(b)[c"),)) == ["x-real-ip"]
    assert subjects(((b"X-Real-IP", b"........"),), ((b"X-Client", b"12345678"),)) == []


def test_a_value_does_not_come_back_across_two_fields() -> None:
    assert subjects(((b"X-Real-IP", b"1234\n5678"),), ((b"X-A", b"1234"), (b"X-B", b"5678"))) == []


@pytest.mark.parametrize("name", [b"Authorization", b"X-Request-Id", b"Origin"])
def test_the_value_of_another_header_may_come_back(name: bytes) -> None:
    assert subjects(((name, HERE),), ((b"Location", HERE),)) == []


@pytest.mark.parametrize("name", [b"Expect", b"Proxy-Connection", b"Trailer", b"Upgrade", b"Via"])
def test_what_a_server_answers_in_kind_says_nothing_of_the_site(name: bytes) -> None:
    assert subjects(((name, b"websocket"),), ((name, b"websocket"),)) == []
    assert subjects(((name, b"websocket"),), ((b"Vary", name),)) == [name.decode().lower()]


def test_any_of_several_values_and_headers_is_found_once() -> None:
    request = (
        (b"X-Forwarded-For", b"192.0.2.17"),
        (b"Referer", HERE),
        (b"x-forwarded-for", b"198.51.100.4"),
        (b"Via", b"1.1 somewhere"),
    )
    response = ((b"X-Client", b"198.51.100.4"), (b"X-Client", b"198.51.100.4"), (b"Link", b"<%s>" % HERE))
    assert subjects(request, response) == ["x-forwarded-for", "referer"]


def test_what_a_server_answers_in_kind_counts_under_another_name_only() -> None:
    via = ((b"Via", b"1.1 edge.example"),)
    assert subjects(via, ((b"Via", b"1.1 edge.example"),)) == []
    assert subjects(via, ((b"X-Seen-Via", b"1.1 edge.example"),)) == ["via"]


def test_only_so_many_values_are_looked_at() -> None:
    request = tuple((b"X-Forwarded-%d" % number, b"198.51.100.%d" % number) for number in range(10, 40))
    response = tuple((b"X-%d" % number, b"198.51.100.%d" % number) for number in range(10, 40))
    assert len(subjects(request, response)) == MOST
    assert len(subjects(tuple((b"Via", b"x") for _ in range(40)) + REFERER, ((b"Link", HERE),))) == 1


def test_what_vary_names_is_not_said_twice() -> None:
    [finding] = findings(REFERER, ((b"Vary", b"Referer"), (b"Location", HERE)))
    assert "names it in Vary" in say(finding)


def test_what_never_got_to_the_server_cannot_come_back() -> None:
    request, response = Request(fields=REFERER), Response(302, ((b"Location", HERE), (b"Vary", b"X-Real-IP")))
    for removed, expected in ((b"referer", ["x-real-ip"]), (b"x-real-ip", ["x-real-ip", "referer"])):
        found = RULE.check(Exchange(request, response, frozenset({removed})), Profile())
        assert [finding.subject for finding in found] == expected


@pytest.mark.parametrize(
    ("referer", "expected"),
    [
        (b"https://app.example:8443/list?page=2", []),
        (b"http://app.example:8443/list?page=2", []),
        (b"https://app.example:8443/list?page=3", ["referer"]),
        (b"https://app.example:8443/list", ["referer"]),
        (b"https://app.example/list?page=2", ["referer"]),
        (b"app.example:8443/list?page=2", ["referer"]),
    ],
)
def test_a_server_knows_its_own_url(referer: bytes, expected: list[str]) -> None:
    fields = ((b"Host", b"app.example:8443"), (b"Referer", referer))
    request = Request("POST", "app.example", "/list", fields, query=b"page=2")
    response = Response(302, ((b"Location", referer), (b"Link", b"<%s>; rel=canonical" % referer)))
    assert [finding.subject for finding in RULE.check(Exchange(request, response), Profile())] == expected


# By experiment


def test_an_experiment_says_in_what_the_answer_differs() -> None:
    finding = by_experiment("referer", ["status", "content"])
    assert (finding.rule, finding.severity, finding.subject) == (RULE.id, Severity.WARNING, "referer")
    assert "referer: without it, the response to the same request differs in status and content." in say(finding)


def test_an_experiment_in_which_the_site_gives_nothing_is_an_error() -> None:
    assert by_experiment("referer", ["status"], breaks=True).severity is Severity.ERROR


# Secrets and hostile text


def test_a_finding_never_shows_the_value() -> None:
    secret = SECRET.encode()
    request = ((b"Referer", b"https://app.example/?token=" + secret), (b"X-Forwarded-User", secret))
    found = findings(request, ((b"Location", request[0][1]), (b"X-User", secret)))
    assert len(found) == 2
    assert SECRET not in repr(found)


def test_names_are_fit_to_be_shown() -> None:
    request = ((b"X-Forwarded-\x1b[2J", b"12345678"),)
    [finding] = findings(request, ((b"X-\x07" + b"a" * 100, b"12345678"),))
    assert finding.subject == "x-forwarded-\\x1b[2j"
    assert "in the response header X-\\x07" + "a" * 36 + "…. A Function" in say(finding)
    assert say(finding).isprintable()
    assert subjects((), ((b"Vary", b"X-Forwarded-\xff\x1b"),)) == ["x-forwarded-\\xff\\x1b"]


def test_nothing_is_not_found() -> None:
    assert findings() == []
