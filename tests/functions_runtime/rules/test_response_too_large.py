"""Responses whose content is larger than the Runtime allows."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.response_too_large import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields

LIMIT = 4 * 1024 * 1024
LARGE = ((b"Content-Length", b"4194305"),)


def findings(fields: Fields = (), received: int = 0, method: str = "GET", status: int = 200) -> list[Finding]:
    exchange = Exchange(Request(method), Response(status, fields), received=received, ended=1.0)
    return list(RULE.check(exchange, Profile()))


@pytest.mark.parametrize(("fields", "received"), [((), LIMIT + 1), (LARGE, 0), (LARGE, LIMIT + 1)])
def test_more_than_4_mb(fields: Fields, received: int) -> None:
    [finding] = findings(fields, received)
    assert (finding.severity, finding.subject, finding.effect) == (Severity.ERROR, None, None)
    assert finding.extent == LIMIT + 1
    assert RULE.say(finding) == (
        "The body (content) of the response is 4,194,305 bytes long. The Runtime allows 4,194,304 bytes (4 MB)."
    )
    assert RULE.cells(finding) == ("4,194,305 bytes",)


@pytest.mark.parametrize(
    ("fields", "received"),
    [
        ((), 0),
        ((), LIMIT),
        (((b"Content-Length", b"4194304"),), 0),
        (LARGE, 1),
        ((*LARGE, (b"Content-Length", b"1")), 0),
        (((b"Content-Length", b"9" * 5000),), 0),
        (((b"Content-Length", b"4e9"),), 0),
        ((*LARGE, (b"Transfer-Encoding", b"chunked")), 0),
    ],
)
def test_up_to_4_mb_or_nobody_knows(fields: Fields, received: int) -> None:
    assert findings(fields, received) == []


def test_a_response_without_content_is_not_as_large_as_it_says() -> None:
    assert findings(LARGE, method="HEAD") == []
    assert findings(LARGE, status=304) == []
    assert findings(LARGE, status=204) == []


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("GET", 206), ("GET", 500)])
def test_other_responses_are(method: str, status: int) -> None:
    assert len(findings(LARGE, method=method, status=status)) == 1
