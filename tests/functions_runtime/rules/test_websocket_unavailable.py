"""WebSocket handshakes."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.websocket_unavailable import RULE
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime.verdict import Finding, Severity


def findings(*fields: tuple[bytes, bytes], status: int = 101) -> list[Finding]:
    return list(RULE.check(Exchange(Request(fields=fields), Response(status)), Profile()))


@pytest.mark.parametrize(
    "fields",
    [
        ((b"Upgrade", b"websocket"),),
        ((b"upgrade", b"WebSocket"),),
        ((b"UPGRADE", b"h2c, websocket"),),
        ((b"Upgrade", b"h2c"), (b"Upgrade", b"websocket")),
        ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), (b"Sec-WebSocket-Version", b"13")),
    ],
)
def test_a_handshake_is_found_once(fields: Fields) -> None:
    [finding] = findings(*fields)
    assert (finding.severity, finding.subject, finding.endpoint) == (Severity.ERROR, None, None)
    assert "The header Upgrade never reaches a Function" in finding.message


def test_with_enforcement_there_is_no_upgrade_and_it_is_found_all_the_same() -> None:
    assert len(findings((b"Upgrade", b"websocket"), status=200)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((b"Upgrade", b""),),
        ((b"Upgrade", b"h2c"),),
        ((b"Upgrade", b"TLS/1.3"),),
        ((b"Upgrade-Insecure-Requests", b"websocket"),),
        ((b"Sec-WebSocket-Key", b"websocket"),),
        ((b"Connection", b"websocket"),),
    ],
)
def test_anything_else_is_none(fields: Fields) -> None:
    assert findings(*fields) == []


def test_what_else_the_handshake_says_is_not_shown() -> None:
    [finding] = findings(
        (b"Upgrade", b"websocket"), (b"Sec-WebSocket-Protocol", b"c8f1d0a94e"), (b"Cookie", b"a=c8f1d0a94e")
    )
    assert "c8f1d0a94e" not in repr(finding)
