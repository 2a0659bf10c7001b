"""Methods that the Runtime does not serve and the site does."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.method_unsupported import RULE
from functions_runtime.ruling import Finding, Severity


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
    assert finding.message.startswith(f"The site answers {method}. ")


@pytest.mark.parametrize(
    ("status", "found"), [(101, 1), (200, 1), (204, 1), (302, 1), (401, 1), (404, 1), (405, 0), (500, 1), (501, 0)]
)
def test_what_the_site_refuses_today_is_no_loss(status: int, found: int) -> None:
    assert len(findings("DELETE", status)) == found


@pytest.mark.parametrize(
    ("method", "shown"),
    [("", ""), ("\x1b[2J", "\\x1b[2J"), ("M" * 41, "M" * 39 + "…"), ("M\udcff", "M\\udcff"), ("GET ", "GET ")],
)
def test_a_method_that_is_none_is_fit_to_be_shown(method: str, shown: str) -> None:
    [finding] = findings(method)
    assert finding.message.startswith(f"The site answers {shown}. ")
