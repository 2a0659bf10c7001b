"""Methods that the Runtime does not serve and the site does."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.method_unsupported import RULE
from functions_runtime.ruling import Finding, Reply, Severity


def findings(method: str, status: int = 200) -> list[Finding]:
    return list(RULE.check(Exchange(Request(method), Response(status)), Profile()))


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("status", [200, 404, 405, 500])
def test_a_method_that_is_served(method: str, status: int) -> None:
    assert findings(method, status) == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "BREW", "get", "Post", "X" * 40])
def test_a_method_that_is_not(method: str) -> None:
    [finding] = findings(method)
    assert (finding.severity, finding.subject, finding.endpoint) == (Severity.ERROR, None, None)
    assert RULE.say(finding).startswith(f"The Runtime does not serve the method {method}. ")
    assert finding.effect == Reply(405, "Method Not Allowed", ((b"Allow", b"GET, POST, OPTIONS"),), b"")


@pytest.mark.parametrize(
    ("status", "found"), [(101, 1), (200, 1), (204, 1), (302, 1), (401, 1), (404, 1), (405, 0), (500, 1), (501, 0)]
)
def test_what_the_site_refuses_today_is_no_loss(status: int, found: int) -> None:
    assert len(findings("DELETE", status)) == found


@pytest.mark.parametrize(
    ("method", "shown"),
    [("", "(malformed)"), ("\x1b[2J", "(malformed)"), ("M" * 41, "M" * 39 + "…"), ("GET ", "(malformed)")],
)
def test_a_method_that_is_none_is_fit_to_be_shown(method: str, shown: str) -> None:
    [finding] = findings(method)
    assert RULE.say(finding).startswith(f"The Runtime does not serve the method {shown}. ")


@pytest.mark.parametrize("method", ["DELETE", "GET"])
def test_nothing_is_said_while_the_site_may_still_refuse(method: str) -> None:
    assert RULE.awaits_response
    assert not RULE.check(Exchange(Request(method), awaited=True), Profile())


def test_without_a_response_to_wait_for_the_runtime_refuses_at_once() -> None:
    assert RULE.check(Exchange(Request("DELETE")), Profile())
    assert not RULE.check(Exchange(Request("HEAD")), Profile())


def test_a_response_that_is_there_is_not_waited_for() -> None:
    assert RULE.check(Exchange(Request("PUT"), Response(200), awaited=True), Profile())
