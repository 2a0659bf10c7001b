"""GET requests that have content."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request
from functions_runtime.profile import Profile
from functions_runtime.rules.get_with_content import RULE
from functions_runtime.ruling import Finding, Reply, Severity
from functions_runtime.syntax.rfc9110 import Fields


def findings(*fields: tuple[bytes, bytes], method: str = "GET") -> list[Finding]:
    return list(RULE.check(Exchange(Request(method, fields=fields)), Profile()))


@pytest.mark.parametrize(
    "fields",
    [
        ((b"Content-Length", b"1"),),
        ((b"content-length", b"10"),),
        ((b"Content-Length", b"100"), (b"Content-Type", b"application/json")),
        ((b"Content-Length", b"0"), (b"Content-Length", b"1")),
        ((b"Content-Length", b"0, 1"),),
        ((b"Transfer-Encoding", b"chunked"),),
        ((b"Content-Length", b"0"), (b"Transfer-Encoding", b"chunked")),
    ],
)
def test_content_is_found(fields: Fields) -> None:
    [finding] = findings(*fields)
    assert (finding.severity, finding.subject, finding.endpoint) == (Severity.ERROR, None, None)
    assert finding.effect == Reply(403, "Forbidden", (), b"")
    assert "The Runtime responds with 403" in RULE.say(finding)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((b"Content-Length", b"0"),),
        ((b"Content-Length", b" 00 "),),
        ((b"Content-Length", b"0, 0"),),
        ((b"Content-Length", b""),),
        ((b"Content-Type", b"application/json"),),
        ((b"TE", b"chunked"),),
    ],
)
def test_no_content_is_none(fields: Fields) -> None:
    assert findings(*fields) == []


def test_content_that_no_header_announces_is_found() -> None:
    for request in (Request(), Request(fields=((b"Content-Length", b"0"),))):
        assert len(list(RULE.check(Exchange(request, sent=1), Profile()))) == 1


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS", "get", ""])
def test_other_methods_are_another_matter(method: str) -> None:
    assert findings((b"Content-Length", b"5"), method=method) == []
    assert not RULE.check(Exchange(Request(method), sent=1), Profile())
