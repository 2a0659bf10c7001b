"""Origins that the site keeps out and the Runtime lets in."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cors_opened import RULE
from functions_runtime.ruling import Finding
from functions_runtime.syntax.rfc9110 import Fields

APP = b"https://app.example"
ANY = (b"Access-Control-Allow-Origin", b"*")
NAMED = (b"Access-Control-Allow-Origin", APP)
CREDENTIALS = (b"Access-Control-Allow-Credentials", b"true")
ANY_HEADER = (b"Access-Control-Allow-Headers", b"*")

REFUSED = "The site does not allow https://app.example to send this request today. The Runtime allows every origin."
BY_NAME = "The site allows https://app.example by name to send this request. The Runtime allows every origin."


def findings(
    *answer: tuple[bytes, bytes], status: int = 204, method: bytes = b"POST", headers: bytes = b""
) -> list[Finding]:
    asked = ((b"Origin", APP), (b"Access-Control-Request-Method", method), (b"Access-Control-Request-Headers", headers))
    request = Request("OPTIONS", "api.example", "/items/12", asked)
    return list(RULE.check(Exchange(request, Response(status, answer)), Profile()))


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        pytest.param((), 204, REFUSED, id="no word of CORS"),
        pytest.param((NAMED,), 403, REFUSED, id="a refusal"),
        pytest.param((ANY,), 405, REFUSED, id="a refusal with a wildcard"),
        pytest.param((NAMED,), 301, REFUSED, id="a redirect, which a preflight does not follow"),
        pytest.param(((NAMED[0], b"https://other.example"),), 204, REFUSED, id="another origin"),
        pytest.param((NAMED, NAMED), 204, REFUSED, id="the origin twice"),
        pytest.param((ANY, NAMED), 204, REFUSED, id="a wildcard and the origin"),
        pytest.param((NAMED,), 204, BY_NAME, id="by name"),
        pytest.param((NAMED, CREDENTIALS), 204, BY_NAME, id="by name with credentials"),
        pytest.param(((b"access-control-allow-origin", APP + b" "),), 200, BY_NAME, id="by name with white space"),
    ],
)
def test_a_door_that_opens(answer: Fields, status: int, message: str) -> None:
    [finding] = findings(*answer, status=status)
    assert say(finding) == message
    assert str(finding.endpoint) == "POST api.example/items/{id}"
    assert finding.subject is None


@pytest.mark.parametrize("answer", [(ANY,), (ANY, CREDENTIALS), ((b"ACCESS-CONTROL-ALLOW-ORIGIN", b"*"),)])
def test_a_door_that_is_open_today(answer: Fields) -> None:
    assert findings(*answer) == []


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"get", b"BREW"])
def test_a_door_that_the_runtime_keeps_shut(method: bytes) -> None:
    assert findings(method=method) == []
    assert findings(NAMED, (b"Access-Control-Allow-Methods", method), method=method) == []


def test_headers_that_the_site_refuses_today() -> None:
    assert [say(finding) for finding in findings(ANY, headers=b"x-token")] == [REFUSED]
    assert findings(ANY, ANY_HEADER, headers=b"x-token") == []
    assert [say(finding) for finding in findings(NAMED, ANY_HEADER, headers=b"x-token")] == [BY_NAME]


def test_authorization_gets_in_through_chromium() -> None:
    by_name = (b"Access-Control-Allow-Headers", b"authorization")
    assert [say(finding) for finding in findings(headers=b"authorization")] == [REFUSED]
    assert findings(ANY, ANY_HEADER, headers=b"authorization") == []
    assert [say(finding) for finding in findings(NAMED, by_name, headers=b"authorization")] == [BY_NAME]
    assert findings(ANY, by_name, headers=b"authorization") == []


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((b"Origin", APP),),
        ((b"Access-Control-Request-Method", b"POST"),),
        ((b"Origin", APP), (b"Origin", b"https://other.example"), (b"Access-Control-Request-Method", b"POST")),
        ((b"Origin", APP), (b"Access-Control-Request-Method", b"")),
    ],
)
def test_a_broken_preflight_is_none(fields: Fields) -> None:
    assert list(RULE.check(Exchange(Request("OPTIONS", fields=fields), Response(403)), Profile())) == []


def test_an_origin_is_fit_to_be_shown() -> None:
    fields = ((b"Origin", b"https://\x1b" + b"a" * 200), (b"Access-Control-Request-Method", b"POST"))
    [finding] = RULE.check(Exchange(Request("OPTIONS", fields=fields), Response(403)), Profile())
    assert "allow https://\\x1b" in say(finding)
    assert "…" in say(finding)
    assert say(finding).isprintable()
