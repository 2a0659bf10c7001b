"""Cookies that end with the session."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cookie_session import RULE
from functions_runtime.ruling import Finding, Severity

SECRET = "c8f1d0a94e"


def findings(*lines: bytes) -> list[Finding]:
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines))
    return list(RULE.check(Exchange(Request(), response), Profile()))


@pytest.mark.parametrize(
    "line",
    [
        b"sid=a",
        b"sid=a; Max-Age=; Expires=",
        b"sid=a; Max-Age=+1; Expires=31 Jun 2021 00:00:00",
        b"sid=a; Max-Age=" + b"9" * 5000,
        b"sid=Max-Age=1",
    ],
)
def test_a_cookie_without_a_valid_lifetime(line: bytes) -> None:
    [finding] = findings(line)
    assert (finding.severity, finding.subject, finding.effect) == (Severity.INFO, "sid", None)
    assert RULE.say(finding) == "The cookie sid has no valid Max-Age or Expires, so it is a session cookie."


@pytest.mark.parametrize(
    "line",
    [
        b"sid=a; Max-Age=0",
        b"sid=a; Max-Age=-1",
        b"sid=a; Max-Age=60; Max-Age=x",
        b"sid=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        b"sid=a; Max-Age=x; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
        b"",
        b"sid=\x01",
    ],
)
def test_a_cookie_with_one_or_an_ignored_one(line: bytes) -> None:
    assert findings(line) == []


def test_each_cookie_is_named_but_no_value() -> None:
    found = findings(b"a=%s" % SECRET.encode(), b"b=2; Max-Age=1", b"c\xff=%s" % SECRET.encode(), SECRET.encode())
    assert [finding.subject for finding in found] == ["a", "c\\xff", ""]
    assert SECRET not in repr(found)
