"""Responses that say nothing of their type."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.content_type_missing import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields


def findings(
    request: Fields = (), response: Fields = (), *, method: str = "GET", status: int = 200, received: int = 5
) -> list[Finding]:
    exchange = Exchange(Request(method, fields=request), Response(status, response), received=received)
    return list(RULE.check(exchange, Profile()))


@pytest.mark.parametrize(
    ("fields", "severity", "use"),
    [
        (((b"Sec-Fetch-Dest", b"document"),), Severity.WARNING, "opened as a page"),
        (((b"Sec-Fetch-Dest", b"iframe"),), Severity.WARNING, "opened as a page"),
        (((b"Sec-Fetch-Dest", b"script"),), Severity.WARNING, "loaded as script"),
        (((b"Sec-Fetch-Dest", b"serviceworker"),), Severity.WARNING, "loaded as script"),
        (((b"Sec-Fetch-Dest", b"style"),), Severity.WARNING, "loaded as style"),
        (((b"Accept", b"text/html,*/*"),), Severity.WARNING, "opened as a page"),
        (((b"Accept", b"text/html"), (b"Sec-Fetch-Dest", b"empty")), Severity.INFO, "not seen to be loaded by a page"),
        (((b"Accept", b"*/*"),), Severity.INFO, "not seen to be loaded by a page"),
        ((), Severity.INFO, "not seen to be loaded by a page"),
    ],
)
def test_how_grave_it_is_depends_on_the_use(fields: Fields, severity: Severity, use: str) -> None:
    [finding] = findings(fields)
    assert (finding.severity, finding.subject) == (severity, None)
    assert f"({use})" in RULE.say(finding)


def test_a_body_that_is_only_announced_counts() -> None:
    assert len(findings(response=((b"Content-Length", b"5"),), received=0)) == 1


def test_a_response_without_a_body_needs_no_type() -> None:
    assert findings(received=0) == []
    assert findings(response=((b"Content-Length", b"0"),), received=0) == []
    assert findings(response=((b"Transfer-Encoding", b"chunked"),), received=0) == []
    assert findings(method="HEAD") == []
    assert findings(status=204) == []


def test_a_response_with_a_type_has_one() -> None:
    assert findings(response=((b"CONTENT-TYPE", b""),)) == []


@pytest.mark.parametrize("status", [101, 302, 404, 500])
def test_a_redirect_or_an_error_is_left_alone(status: int) -> None:
    assert findings(status=status) == []
