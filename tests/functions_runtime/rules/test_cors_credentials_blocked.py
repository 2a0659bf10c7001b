"""Requests with credentials that the Runtime's preflight reply holds back: policy and request, in either order."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules import cors_credentials_blocked as module
from functions_runtime.rules.cors_credentials_blocked import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields
from tests.memories import caught_memories

APP = b"https://app.example"
OTHER = b"https://other.example"
SECRET = "c8f1d0a94e7b2f6d"

COOKIE = (b"Cookie", b"sid=" + SECRET.encode())
BASIC = (b"Authorization", b"Basic " + SECRET.encode())
BEARER = (b"Authorization", b"Bearer " + SECRET.encode())
CREDENTIALS = (b"Access-Control-Allow-Credentials", b"true")


def preflight(
    origin: bytes = APP,
    *answer: tuple[bytes, bytes],
    method: bytes = b"POST",
    headers: bytes = b"content-type",
    status: int = 204,
    path: str = "/me",
    allowed_origin: bytes | None = None,
) -> Exchange:
    """A preflight, and an answer that allows what is asked for; `answer` comes last in it."""
    asked = (
        (b"Origin", origin),
        (b"Access-Control-Request-Method", method),
        (b"Access-Control-Request-Headers", headers),
    )
    allowed = (
        (b"Access-Control-Allow-Origin", allowed_origin or origin),
        (b"Access-Control-Allow-Methods", method),
        (b"Access-Control-Allow-Headers", headers),
    )
    return Exchange(Request("OPTIONS", "api.example", path, asked), Response(status, (*allowed, *answer)))


def sent(
    *fields: tuple[bytes, bytes],
    origin: bytes | None = APP,
    method: str = "POST",
    path: str = "/me",
    announced: Fields = ((b"Content-Type", b"application/json"),),
) -> Exchange:
    """The request itself, with the headers that its preflight announced."""
    named: Fields = ((b"Origin", origin),) if origin is not None else ()
    return Exchange(Request(method, "api.example", path, (*named, *announced, *fields)), Response())


def findings(*exchanges: Exchange) -> list[Finding]:
    check = RULE.new_check(b"key")
    return [finding for exchange in exchanges for finding in check(exchange, Profile())]


def severities(*exchanges: Exchange) -> list[Severity]:
    return [finding.severity for finding in findings(*exchanges)]


ALLOWED = preflight(APP, CREDENTIALS)


# The preflight alone


def test_a_policy_that_allows_credentials_is_a_warning() -> None:
    [finding] = findings(ALLOWED)
    assert (finding.severity, finding.subject, finding.replaces) == (Severity.WARNING, None, None)
    assert str(finding.endpoint) == "POST api.example/me"
    assert "https://app.example send credentials here; no such request" in say(finding)


@pytest.mark.parametrize(
    "exchange",
    [
        pytest.param(preflight(), id="no word of credentials"),
        pytest.param(preflight(APP, (CREDENTIALS[0], b"True")), id="True is not true"),
        pytest.param(preflight(APP, CREDENTIALS, CREDENTIALS), id="true twice"),
        pytest.param(preflight(APP, CREDENTIALS, status=403), id="a refusal"),
        pytest.param(preflight(APP, CREDENTIALS, (b"Access-Control-Allow-Origin", APP)), id="the origin twice"),
        pytest.param(preflight(APP, CREDENTIALS, allowed_origin=b"*"), id="a wildcard"),
        pytest.param(preflight(APP, CREDENTIALS, allowed_origin=OTHER), id="another origin"),
    ],
)
def test_a_policy_that_allows_no_credentials_is_nothing(exchange: Exchange) -> None:
    if exchange.request.fields[0][1] == b"*":  # a wildcard allows no credentials to a page either
        exchange = replace(
            exchange, request=Request("OPTIONS", fields=((b"Origin", APP), *exchange.request.fields[1:]))
        )
    assert findings(exchange) == []
    assert findings(exchange, sent(COOKIE)) == []


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        (b"PUT", b"x-a", ((b"Access-Control-Allow-Methods", b"*"), (b"Access-Control-Allow-Headers", b"x-a"))),
        (b"PUT", b"x-a", ((b"Access-Control-Allow-Methods", b"PUT"), (b"Access-Control-Allow-Headers", b"*"))),
        (b"PUT", b"x-a", ((b"Access-Control-Allow-Methods", b"PUT"),)),
    ],
)
def test_a_wildcard_allows_nothing_to_requests_with_credentials(method: bytes, headers: bytes, allowed: Fields) -> None:
    request = preflight(APP, method=method, headers=headers).request
    response = Response(204, ((b"Access-Control-Allow-Origin", APP), CREDENTIALS, *allowed))
    assert findings(Exchange(request, response), sent(COOKIE, method="PUT")) == []


@pytest.mark.parametrize(
    "request_fields",
    [
        ((b"Origin", APP),),
        ((b"Access-Control-Request-Method", b"POST"),),
        ((b"Origin", APP), (b"Origin", OTHER), (b"Access-Control-Request-Method", b"POST")),
        ((b"Origin", APP), (b"Access-Control-Request-Method", b"P ST")),
    ],
)
def test_a_broken_preflight_is_none(request_fields: Fields) -> None:
    broken = Exchange(Request("OPTIONS", "api.example", "/me", request_fields), ALLOWED.response)
    assert findings(broken, sent(COOKIE)) == []


# The request


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ((COOKIE,), "cookies"),
        ((COOKIE, BEARER), "cookies"),
        ((COOKIE, BASIC), "cookies"),
        *(
            (((b"authorization", scheme + b" " + SECRET.encode()),), "HTTP authentication")
            for scheme in (b"Basic", b"basic", b"Digest", b"Negotiate", b"NTLM")
        ),
        ((BEARER, BASIC), "HTTP authentication"),
    ],
)
def test_a_request_with_credentials_makes_it_an_error_before_or_after(fields: Fields, named: str) -> None:
    for exchanges in itertools.permutations((ALLOWED, sent(*fields))):
        *earlier, finding = findings(*exchanges)
        assert [each.severity for each in earlier] == [Severity.WARNING] * (exchanges[0] is ALLOWED)
        assert (finding.severity, finding.replaces) == (Severity.ERROR, Severity.WARNING)
        assert str(finding.endpoint) == "POST api.example/me"
        assert f"a request with {named} was seen" in say(finding)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(sent(), id="no credentials"),
        pytest.param(sent(COOKIE, origin=None), id="no origin"),
        pytest.param(sent(COOKIE, origin=OTHER), id="another origin"),
        pytest.param(sent(COOKIE, origin=b"null"), id="an opaque origin"),
        pytest.param(sent(COOKIE, method="PUT"), id="another method"),
        pytest.param(sent(COOKIE, path="/you"), id="another path"),
        pytest.param(sent((b"X-Cookie", b"a=1")), id="another header"),
        pytest.param(sent(COOKIE, announced=()), id="without the header that the preflight announced"),
        pytest.param(sent(BEARER), id="a token"),
        pytest.param(sent((b"Authorization", SECRET.encode())), id="a token without a scheme"),
        pytest.param(sent((b"Authorization", b"Basically " + SECRET.encode())), id="a scheme that begins like another"),
        pytest.param(sent((b"Authorization", b"Basic")), id="a scheme alone"),
        pytest.param(sent((b"Authorization", b"")), id="nothing"),
    ],
)
def test_a_request_that_the_policy_is_not_about_changes_nothing(other: Exchange) -> None:
    assert severities(ALLOWED, other) == [Severity.WARNING]
    assert severities(other, ALLOWED) == [Severity.WARNING]


def test_identifiers_in_the_path_do_not_keep_them_apart() -> None:
    allowed = preflight(APP, CREDENTIALS, method=b"DELETE", path="/items/12")
    [warning, error] = findings(allowed, sent(COOKIE, method="DELETE", path="/items/7"))
    assert (warning.severity, error.severity) == (Severity.WARNING, Severity.ERROR)
    assert str(error.endpoint) == "DELETE api.example/items/{id}"


def test_what_was_an_error_stays_one() -> None:
    again = [ALLOWED, sent(COOKIE), ALLOWED, sent(), sent(COOKIE), ALLOWED]
    assert severities(*again) == [Severity.WARNING] + [Severity.ERROR] * 4


def test_what_was_announced_and_credentials_must_come_in_one_request() -> None:
    announced = preflight(APP, CREDENTIALS, headers=b"authorization")
    for order in itertools.permutations((announced, sent(COOKIE), sent(BEARER))):
        assert severities(*order) == [Severity.WARNING]
    for order in itertools.permutations((announced, sent(COOKIE, BEARER))):
        assert severities(*order)[-1] is Severity.ERROR


def test_a_request_belongs_to_any_preflight_whose_headers_it_has() -> None:
    exchanges = (
        preflight(APP, CREDENTIALS, headers=b"x-a, x-b"),
        preflight(APP, CREDENTIALS, headers=b"x-b"),
        sent(COOKIE, (b"X-C", b"1"), announced=()),
        sent(COOKIE, (b"X-B", b"1"), announced=()),
    )
    for order in itertools.permutations(exchanges):
        assert Severity.ERROR in severities(*order)
    for order in itertools.permutations(exchanges[:3]):
        assert severities(*order) == [Severity.WARNING] * 2


def test_a_preflight_that_announces_nothing_goes_with_any_request() -> None:
    for order in itertools.permutations((preflight(APP, CREDENTIALS, headers=b""), sent(COOKIE, announced=()))):
        assert severities(*order)[-1] is Severity.ERROR


# Authorization that a script sets


@pytest.mark.parametrize("headers", [b"authorization", b"Content-Type, AUTHORIZATION"])
def test_authorization_that_the_preflight_announced_is_no_credential(headers: bytes) -> None:
    announced = preflight(APP, CREDENTIALS, headers=headers)
    assert severities(announced, sent(BEARER)) == [Severity.WARNING]
    assert severities(sent(BEARER), announced) == [Severity.WARNING]
    assert severities(announced, sent(BEARER, COOKIE)) == [Severity.WARNING, Severity.ERROR]


def test_a_name_and_password_that_a_script_sends_are_no_credential() -> None:
    announced = preflight(APP, CREDENTIALS, headers=b"authorization, content-type")
    assert severities(announced, sent(BASIC)) == [Severity.WARNING]


def test_a_script_that_sets_authorization_most_of_the_time_first_without() -> None:
    announced = preflight(APP, CREDENTIALS, headers=b"authorization")
    assert severities(ALLOWED, announced, sent(BEARER)) == [Severity.WARNING] * 2


def test_a_script_that_sets_authorization_most_of_the_time_later_without() -> None:
    announced = preflight(APP, CREDENTIALS, headers=b"authorization")
    assert severities(announced, sent(BEARER), sent(), ALLOWED) == [Severity.WARNING] * 2


@pytest.mark.parametrize("mode", [b"navigate", b"no-cors", b"websocket"])
def test_a_request_that_is_not_made_by_cors_needs_no_preflight(mode: bytes) -> None:
    for order in itertools.permutations((ALLOWED, sent(COOKIE, (b"Sec-Fetch-Mode", mode)))):
        assert severities(*order) == [Severity.WARNING]


@pytest.mark.parametrize("mode", [(), ((b"Sec-Fetch-Mode", b"cors"),)])
def test_a_request_that_is_made_by_cors_does(mode: Fields) -> None:
    assert severities(ALLOWED, sent(COOKIE, *mode)) == [Severity.WARNING, Severity.ERROR]


# Secrets, hostile text and memory


def test_a_finding_says_who_and_where_but_no_secret() -> None:
    found = findings(ALLOWED, sent(COOKIE, BEARER))
    assert len(found) == 2
    assert SECRET not in repr(found)


def test_an_origin_is_shown_without_what_a_terminal_would_obey() -> None:
    found = findings(preflight(b"https://\x1b[2J\xe2\x80\xae.example", CREDENTIALS))
    assert "lets https://\\x1b[2J\\u202e.example send" in say(found[0])


@pytest.mark.parametrize("method", ["BREW", "M-SEARCH", "x"])
def test_any_method_will_do(method: str) -> None:
    allowed = preflight(APP, CREDENTIALS, method=method.encode())
    assert severities(allowed, sent(COOKIE, method=method)) == [Severity.WARNING, Severity.ERROR]


def test_thousands_of_origins_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    origins = [b"https://%d.example" % number for number in range(3000)]
    for origin in origins:
        assert [each.severity for each in check(preflight(origin, CREDENTIALS), Profile())] == [Severity.WARNING]
        list(check(sent(COOKIE, origin=origin), Profile()))
    assert [len(memory) for memory in memories] == [100, 100]
    assert list(check(sent(COOKIE, origin=origins[0]), Profile())) == []
    assert [each.severity for each in check(sent(COOKIE, origin=origins[-1]), Profile())] == [Severity.ERROR]


def test_only_so_many_kinds_of_preflights_and_requests_are_remembered() -> None:
    numbers = range(module.MOST_KINDS + 2)
    preflights = [preflight(APP, CREDENTIALS, headers=b"x-%d" % number) for number in numbers]
    requests = [sent(COOKIE, (b"X-%d" % number, b"1"), announced=()) for number in numbers]
    for remembered, asked in ((preflights, requests), (requests, preflights)):
        check = RULE.new_check(b"key")
        for exchange in remembered:
            list(check(exchange, Profile()))
        errors = [
            [finding for finding in check(exchange, Profile()) if finding.severity is Severity.ERROR]
            for exchange in asked
        ]
        assert [len(found) for found in errors] == [0] * 2 + [1] * module.MOST_KINDS


def test_only_so_many_names_of_one_message_are_kept() -> None:
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    names = [b"x-%d" % number for number in range(5000)]
    list(check(preflight(APP, CREDENTIALS, headers=b",".join(names)), Profile()))
    list(check(sent(COOKIE, announced=tuple((name, b"1") for name in names)), Profile()))
    assert [len(memory) for memory in memories] == [1, 1]
    assert sum(len(repr(vars(memory))) for memory in memories) < 100 * module.MOST_NAMES


def test_an_endless_origin_is_not_kept_in_full() -> None:
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    origin = b"https://" + b"a" * 60_000
    list(check(preflight(origin, CREDENTIALS), Profile()))
    list(check(sent(COOKIE, origin=origin), Profile()))
    assert sum(len(repr(vars(memory))) for memory in memories) < 4096


def test_each_check_has_a_memory_of_its_own() -> None:
    list(RULE.new_check(b"key")(ALLOWED, Profile()))
    assert list(RULE.new_check(b"key")(sent(COOKIE), Profile())) == []
