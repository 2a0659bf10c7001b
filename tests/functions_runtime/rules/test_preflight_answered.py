"""The Runtime responds to every OPTIONS request itself."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request
from functions_runtime.profile import Profile
from functions_runtime.rules.preflight_answered import RULE
from functions_runtime.ruling import Finding, Reply
from functions_runtime.syntax.rfc9110 import Fields


def findings(method: str, fields: Fields = ()) -> list[Finding]:
    return list(RULE.check(Exchange(Request(method, fields=fields)), Profile()))


@pytest.mark.parametrize("fields", [(), ((b"Origin", b"https://a.example"),)], ids=["without Origin", "with Origin"])
def test_the_reply_is_the_runtimes_own(fields: Fields) -> None:
    [finding] = findings("OPTIONS", fields)
    assert finding.effect == Reply(
        204,
        "No Content",
        (
            (b"Access-Control-Allow-Origin", b"*"),
            (b"Access-Control-Allow-Headers", b"*"),
            (b"Access-Control-Allow-Methods", b"GET, POST, OPTIONS"),
        ),
        b"",
    )
    assert finding.subject is None


def test_the_finding_says_what_the_reply_has() -> None:
    [finding] = findings("OPTIONS")
    assert isinstance(finding.effect, Reply)
    for name, value in finding.effect.fields:
        assert f"{name.decode()}: {value.decode()}" in RULE.say(finding)
    assert str(finding.effect.status) in RULE.say(finding)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "options", "OPTIONS ", "XOPTIONS", ""])
def test_other_methods_reach_the_function(method: str) -> None:
    assert findings(method, ((b"Access-Control-Request-Method", b"PUT"),)) == []
