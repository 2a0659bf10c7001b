"""WebSocket handshakes."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.websocket_unavailable import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields


def findings(*fields: tuple[bytes, bytes], status: int = 101, removed: bytes = b"") -> list[Finding]:
    return list(RULE.check(Exchange(Request(fields=fields), Response(status), frozenset({removed})), Profile()))


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
    assert "The header Upgrade never reaches a Function" in say(finding)


@pytest.mark.parametrize(("status", "lost"), [(101, 1), (200, 1), (302, 1), (399, 1), (400, 0), (426, 0), (502, 0)])
def test_what_the_site_refuses_today_is_no_loss(status: int, lost: int) -> None:
    assert len(findings((b"Upgrade", b"websocket"), status=status)) == lost


@pytest.mark.parametrize("status", [101, 200, 400, 426, 502])
def test_with_enforcement_there_is_no_upgrade_and_it_is_found_all_the_same(status: int) -> None:
    assert len(findings((b"Upgrade", b"websocket"), status=status, removed=b"upgrade")) == 1
    assert bool(findings((b"Upgrade", b"websocket"), status=status, removed=b"referer")) is (status < 400)


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
