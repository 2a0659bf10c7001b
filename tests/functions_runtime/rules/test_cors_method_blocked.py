"""Methods that a cross-origin page may use today and may not under the Runtime."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cors_method_blocked import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields

APP = b"https://app.example"
ANY: Fields = ((b"Access-Control-Allow-Origin", b"*"),)
NAMED: Fields = ((b"Access-Control-Allow-Origin", APP),)
TRUSTED: Fields = (*NAMED, (b"Access-Control-Allow-Credentials", b"true"))


def findings(
    method: bytes, *answer: tuple[bytes, bytes], status: int = 204, headers: bytes = b"", path: str = "/items/12"
) -> list[Finding]:
    fields = (
        (b"Origin", APP),
        (b"Access-Control-Request-Method", method),
        (b"Access-Control-Request-Headers", headers),
    )
    exchange = Exchange(Request("OPTIONS", "api.example", path, fields), Response(status, answer))
    return list(RULE.check(exchange, Profile()))


def methods(value: bytes) -> tuple[bytes, bytes]:
    return (b"Access-Control-Allow-Methods", value)


@pytest.mark.parametrize("method", [b"PUT", b"PATCH", b"DELETE", b"BREW", b"patch", b"get", b"CONNECT", b"TRACE"])
@pytest.mark.parametrize("policy", [ANY, NAMED, TRUSTED])
def test_a_method_that_is_allowed_today_is_blocked(method: bytes, policy: Fields) -> None:
    [finding] = findings(method, *policy, methods(b"GET, " + method))
    assert str(finding.endpoint) == f"{method.decode()} api.example/items/{{id}}"
    assert (finding.severity, finding.subject) == (Severity.ERROR, None)
    assert say(finding).startswith(f"https://app.example may send {method.decode()} requests here today.")


def test_a_wildcard_allows_it_today_but_not_with_credentials() -> None:
    [without] = findings(b"PUT", *ANY, methods(b"*"))
    [perhaps] = findings(b"PUT", *TRUSTED, methods(b"*"))
    for credentials in (b"false", b"TRUE"):
        [whatever] = findings(b"PUT", *NAMED, (b"Access-Control-Allow-Credentials", credentials), methods(b"*"))
        assert whatever.severity is Severity.ERROR
    [useless] = findings(b"PUT", *ANY, (b"Access-Control-Allow-Credentials", b"true"), methods(b"PUT"))
    assert useless.severity is Severity.ERROR
    assert (without.severity, perhaps.severity) == (Severity.ERROR, Severity.WARNING)
    assert "may send PUT requests here today. " in say(without)
    assert "may send PUT requests here today, if they are without credentials. " in say(perhaps)


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"OPTIONS"])
def test_a_method_that_the_runtime_allows_stays(method: bytes) -> None:
    assert findings(method, *TRUSTED, methods(b"GET, HEAD, POST, OPTIONS")) == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((), id="nothing"),
        pytest.param(ANY, id="no methods"),
        pytest.param((methods(b"PUT"),), id="no origin"),
        pytest.param(
            ((b"Access-Control-Allow-Origin", b"https://other.example"), methods(b"PUT")), id="another origin"
        ),
        pytest.param((*ANY, methods(b"GET, POST")), id="other methods"),
        pytest.param((*ANY, methods(b"put")), id="another case"),
        pytest.param((*ANY, methods(b"PUT GET")), id="no list"),
        pytest.param((*ANY, *ANY, methods(b"PUT")), id="two origins"),
    ],
)
def test_a_method_that_is_not_allowed_today_is_no_loss(answer: Fields) -> None:
    assert findings(b"PUT", *answer) == []


@pytest.mark.parametrize("status", [301, 400, 403, 404, 405, 500])
def test_a_refusal_is_no_loss(status: int) -> None:
    assert findings(b"PUT", *ANY, methods(b"PUT"), status=status) == []


def test_a_preflight_that_fails_for_its_headers_is_no_loss() -> None:
    assert findings(b"PUT", *ANY, methods(b"PUT"), headers=b"x-a") == []
    allowed = (b"Access-Control-Allow-Headers", b"X-A")
    assert len(findings(b"PUT", *ANY, methods(b"PUT"), allowed, headers=b"x-a")) == 1


def test_a_wildcard_covers_authorization_in_chromium() -> None:
    anything = (b"Access-Control-Allow-Headers", b"*")
    assert len(findings(b"PUT", *ANY, methods(b"PUT"), anything, headers=b"authorization")) == 1


def test_headers_that_the_runtime_would_refuse_are_not_its_business() -> None:
    allowed = (b"Access-Control-Allow-Headers", b"authorization")
    assert findings(b"POST", *ANY, allowed, headers=b"authorization") == []


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((b"Origin", APP),),
        ((b"Access-Control-Request-Method", b"PUT"),),
        ((b"Origin", APP), (b"Origin", APP), (b"Access-Control-Request-Method", b"PUT")),
        ((b"Origin", APP), (b"Access-Control-Request-Method", b"P T")),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "PUT"])
def test_a_request_that_is_no_preflight_is_none_of_it(method: str, fields: Fields) -> None:
    exchange = Exchange(Request(method, fields=fields), Response(204, (*ANY, methods(b"PUT, P T"))))
    assert list(RULE.check(exchange, Profile())) == []


def test_a_finding_is_fit_to_be_shown() -> None:
    method = b"M" * 200
    fields = ((b"Origin", b"https://\x1b.example"), (b"Access-Control-Request-Method", method))
    response = Response(204, (*ANY, methods(method)))
    [finding] = RULE.check(Exchange(Request("OPTIONS", "api.example", "/", fields), response), Profile())
    assert say(finding).startswith(f"https://\\x1b.example may send {'M' * 39}… requests")
    assert finding.endpoint
    assert finding.endpoint.method == "M" * 39 + "…"
