"""Max-Age and Expires on one cookie: whether they agree."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cookie_max_age_precedence import RULE
from functions_runtime.ruling import Finding, Severity

NOW = 1767225600.0
SECRET = "c8f1d0a94e"


def findings(*lines: bytes, now: float = NOW) -> list[Finding]:
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines), time=now)
    return list(RULE.check(Exchange(Request(), response), Profile()))


def both(max_age: int, expires_in: float, name: bytes = b"sid") -> bytes:
    return b"%s=%s; Max-Age=%d; Expires=%s" % (
        name,
        SECRET.encode(),
        max_age,
        formatdate(NOW + expires_in, usegmt=True).encode(),
    )


@pytest.mark.parametrize(
    ("max_age", "expires_in"),
    [(3600, 3600), (3600, 3660), (3600, 3540), (0, 60), (60, 0), (60, -86400), (-86400, 60), (0, -86400), (-9, -86400)],
)
def test_up_to_a_minute_apart_they_agree(max_age: int, expires_in: int) -> None:
    [finding] = findings(both(max_age, expires_in))
    assert (finding.severity, finding.subject, finding.effect) == (Severity.INFO, "sid", None)
    assert "they agree" in RULE.say(finding)


@pytest.mark.parametrize(
    ("max_age", "expires_in", "lives"),
    [
        (3600, 3661, "shorter"),
        (3600, 3539, "longer"),
        (0, 61, "shorter"),
        (61, 0, "longer"),
        (61, -86400, "longer"),
        (-86400, 61, "shorter"),
        (10**1000, 3600, "longer"),
    ],
)
def test_more_than_a_minute_apart_they_disagree(max_age: int, expires_in: int, lives: str) -> None:
    [finding] = findings(both(max_age, expires_in))
    assert (finding.severity, finding.subject, finding.effect) == (Severity.WARNING, "sid", None)
    assert f"the lifetime of the cookie is {lives} than Expires says" in RULE.say(finding)


def test_expires_is_measured_from_the_moment_the_response_arrived() -> None:
    line = both(3600, 3600)
    assert [findings(line, now=NOW + late)[0].severity for late in (60, 60.5, -60, -61)] == [
        Severity.INFO,
        Severity.WARNING,
        Severity.INFO,
        Severity.WARNING,
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"sid=a",
        b"sid=a; Max-Age=60",
        b"sid=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        b"sid=a; Max-Age=1h; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        b"sid=a; Max-Age=60; Expires=soon",
        b"sid=\x00; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_one_alone_says_nothing(line: bytes) -> None:
    assert findings(line) == []


@pytest.mark.parametrize("now", [float("nan"), float("inf"), float("-inf")])
def test_a_time_that_is_none_has_a_defined_answer(now: float) -> None:
    assert len(findings(both(60, 60), now=now)) == 1


def test_each_cookie_is_named_but_no_value() -> None:
    found = findings(both(60, 60, b"a"), both(60, 600, b"\x1b"), both(60, 600, b"b\xff"), both(0, 600, b""))
    assert [finding.subject for finding in found] == ["a", "b\\xff", ""]
    assert SECRET not in repr(found)
