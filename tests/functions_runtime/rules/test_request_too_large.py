"""Requests whose head and content are larger than the Runtime allows."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.request_too_large import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields

LIMIT = 1048576


def findings(request: Request, sent: int = 0) -> list[Finding]:
    return list(RULE.check(Exchange(request, Response(), sent=sent, ended=1.0), Profile()))


@pytest.mark.parametrize(
    ("request_", "head"),
    [
        (Request("POST"), b"POST / HTTP/1.1\r\n\r\n"),
        (Request("PUT", path="/a", query=b"b=c"), b"PUT /a?b=c HTTP/1.1\r\n\r\n"),
        (
            Request("POST", path="/é", fields=((b"Host", b"a.example"), (b"X", b""))),
            "POST /é HTTP/1.1\r\nHost: a.example\r\nX: \r\n\r\n".encode(),
        ),
        (Request("POST", path="/\udcff"), b"POST /\xff HTTP/1.1\r\n\r\n"),
        (Request("", path=""), b"  HTTP/1.1\r\n\r\n"),
    ],
)
def test_the_head_counts_as_http1_writes_it(request_: Request, head: bytes) -> None:
    assert findings(request_, LIMIT - len(head)) == []
    [finding] = findings(request_, LIMIT - len(head) + 1)
    assert (finding.severity, finding.subject, finding.effect) == (Severity.ERROR, None, None)
    assert finding.extent == LIMIT + 1
    assert RULE.say(finding) == (
        f"The request is 1,048,577 bytes long, {LIMIT - len(head) + 1:,} of them in the body. "
        "The Runtime allows 1,048,576 bytes (1 MB) for head and body together."
    )
    assert RULE.cells(finding) == ("1,048,577 bytes", f"{LIMIT - len(head) + 1:,} bytes")


@pytest.mark.parametrize(
    ("fields", "sent", "found"),
    [
        (((b"Content-Length", b"1048576"),), 0, True),
        (((b"Content-Length", b"1048576"),), 10, False),
        (((b"Content-Length", b"10"),), LIMIT, True),
        (((b"Content-Length", b"1048500"),), 0, False),
        (((b"Content-Length", b"1048576"), (b"Content-Length", b"1")), 0, False),
        (((b"Content-Length", b"9" * 18),), 0, True),
        (((b"Content-Length", b"9" * 5000),), 0, False),
        (((b"Content-Length", b"-1048577"),), 0, False),
        (((b"Content-Length", b"1048577"), (b"Transfer-Encoding", b"chunked")), 0, False),
        (((b"Transfer-Encoding", b"chunked"),), LIMIT, True),
    ],
)
def test_content_length_counts_if_no_content_was_seen(fields: Fields, sent: int, found: bool) -> None:
    assert bool(findings(Request("POST", fields=fields), sent)) is found


def test_a_head_alone_can_be_too_large() -> None:
    assert len(findings(Request(query=b"q" * LIMIT))) == 1
    assert len(findings(Request(fields=((b"X", b"x" * LIMIT),)))) == 1
    assert findings(Request(path="/" * (LIMIT // 2))) == []


def test_no_content_of_the_wire_is_in_the_finding() -> None:
    [finding] = findings(Request(query=b"token=c8f1d0a94e", path="/c8f1d0a94e"), LIMIT)
    assert "c8f1d0a94e" not in repr(finding)
