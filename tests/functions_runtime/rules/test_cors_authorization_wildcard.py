"""Authorization in a preflight, which the Runtime's wildcard does not cover."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cors_authorization_wildcard import RULE
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields

ORIGIN = (b"Origin", b"https://app.example")
METHOD = (b"Access-Control-Request-Method", b"DELETE")


def findings(*fields: tuple[bytes, bytes], method: str = "OPTIONS", status: int = 204) -> list[Finding]:
    request = Request(method, "api.example", "/items/12", fields)
    return list(RULE.check(Exchange(request, Response(status)), Profile()))


def headers(value: bytes) -> tuple[bytes, bytes]:
    return (b"Access-Control-Request-Headers", value)


@pytest.mark.parametrize(
    "asked",
    [
        (headers(b"authorization"),),
        (headers(b"Authorization"),),
        (headers(b"content-type,AUTHORIZATION , x-a"),),
        (headers(b"x-a"), headers(b"authorization")),
    ],
)
def test_authorization_is_found_wherever_it_stands_and_however_it_is_spelled(asked: Fields) -> None:
    [finding] = findings(ORIGIN, METHOD, *asked)
    assert (finding.severity, finding.basis, finding.subject) == (Severity.WARNING, Basis.READING, "authorization")
    assert str(finding.endpoint) == "DELETE api.example/items/{id}"


def test_the_text_says_what_is_known_of_browsers() -> None:
    [finding] = findings((b"Origin", b"https://\x07.example"), METHOD, headers(b"authorization"))
    assert say(finding).startswith("https://\\x07.example asks")
    assert "Chromium 156 sends the request anyway; other browsers may not." in say(finding)


@pytest.mark.parametrize("status", [200, 403, 500])
def test_what_the_site_answers_does_not_matter(status: int) -> None:
    assert len(findings(ORIGIN, METHOD, headers(b"authorization"), status=status)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param((ORIGIN, METHOD), id="no headers"),
        pytest.param((ORIGIN, METHOD, headers(b"")), id="an empty list"),
        pytest.param((ORIGIN, METHOD, headers(b"x-authorization, proxy-authorization")), id="names that end so"),
        pytest.param((ORIGIN, METHOD, headers(b"authorization x-a")), id="no list"),
        pytest.param((ORIGIN, METHOD, (b"Authorization", b"Basic a")), id="a header of the preflight itself"),
        pytest.param((METHOD, headers(b"authorization")), id="no origin"),
        pytest.param((ORIGIN, ORIGIN, METHOD, headers(b"authorization")), id="two origins"),
        pytest.param((ORIGIN, headers(b"authorization")), id="no method"),
    ],
)
def test_anything_else_is_nothing(fields: Fields) -> None:
    assert findings(*fields) == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "options"])
def test_only_a_preflight_asks(method: str) -> None:
    assert findings(ORIGIN, METHOD, headers(b"authorization"), method=method) == []
