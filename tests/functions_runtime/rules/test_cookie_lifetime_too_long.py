"""How long a cookie may live: exactly a day, from the moment the response arrived."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cookie_lifetime_too_long import RULE
from functions_runtime.ruling import Finding, Reply, Severity

NOW = 1767225600.0
DAY = 86400
SECRET = "c8f1d0a94e"


def expires(seconds: float) -> bytes:
    return b"Expires=" + formatdate(seconds, usegmt=True).encode()


def findings(*lines: bytes, now: float = NOW) -> list[Finding]:
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines), time=now)
    return list(RULE.check(Exchange(Request(), response), Profile()))


@pytest.mark.parametrize(
    "attributes",
    [
        b"",
        b"; Max-Age=86400",
        b"; Max-Age=0",
        b"; Max-Age=-1",
        b"; Max-Age=-" + b"9" * 5000,
        b"; Max-Age=1; " + expires(NOW + 365 * DAY),
        b"; Max-Age=-1; " + expires(NOW + 365 * DAY),
        b"; Max-Age=864000; Max-Age=60",
        b"; Max-Age=1e9",
        b"; Max-Age=" + b"9" * 1025,
        b"; " + expires(NOW + DAY),
        b"; " + expires(0),
        b"; " + expires(NOW + 2 * DAY) + b"; " + expires(NOW + DAY),
        b"; Max-Age=soon; " + expires(NOW + DAY),
        b"; Max-Age=86401" + b"\x00",
        b"; X-Max-Age=86401",
    ],
)
def test_a_cookie_that_passes(attributes: bytes) -> None:
    assert findings(b"sid=a" + attributes) == []


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        (b"Max-Age=86401", "86401 seconds (Max-Age)"),
        (b"Max-Age=172799", "172799 seconds (Max-Age)"),
        (b"Max-Age=172800", "2 days (Max-Age)"),
        (b"Max-Age=2592000", "30 days (Max-Age)"),
        (b"Max-Age=3153600000", "36500 days (Max-Age)"),
        (b"Max-Age=3153600001", "more than 100 years (Max-Age)"),
        (b"Max-Age=" + b"9" * 1024, "more than 100 years (Max-Age)"),
        (b"Max-Age=60; Max-Age=86401; Max-Age=never", "86401 seconds (Max-Age)"),
        (b"Max-Age=86401; " + expires(NOW), "86401 seconds (Max-Age)"),
        (expires(NOW + DAY + 1), "86401 seconds (Expires)"),
        (expires(NOW + DAY) + b"; " + expires(NOW + 2 * DAY), "2 days (Expires)"),
        (b"Max-Age=; " + expires(NOW + 30 * DAY), "30 days (Expires)"),
        (expires(NOW + 200 * 365 * DAY), "more than 100 years (Expires)"),
    ],
)
def test_a_cookie_that_lives_too_long(attributes: bytes, words: str) -> None:
    [finding] = findings(b"sid=a; " + attributes)
    assert (finding.severity, finding.subject) == (Severity.ERROR, "sid")
    assert RULE.say(finding).startswith(f"The cookie sid lives {words}. The Runtime allows 24 hours.")


def test_a_max_age_of_5000_digits_has_a_defined_answer() -> None:
    """An attribute of more than 1024 octets is ignored by user agents, so Expires decides, or the session."""
    line = b"sid=a; Max-Age=" + b"9" * 5000
    assert findings(line) == []
    [finding] = findings(line + b"; " + expires(NOW + 2 * DAY))
    assert RULE.cells(finding) == ("2 days", "Expires")


def test_expires_is_measured_from_the_moment_the_response_arrived() -> None:
    line = b"sid=a; " + expires(NOW + DAY)
    assert findings(line, now=NOW) == []
    assert findings(line, now=NOW + 0.25) == []
    assert len(findings(line, now=NOW - 1)) == 1
    assert len(findings(line, now=0)) == 1


@pytest.mark.parametrize(("now", "count"), [(float("nan"), 0), (float("inf"), 0), (float("-inf"), 1)])
def test_a_time_that_is_none_has_a_defined_answer(now: float, count: int) -> None:
    assert len(findings(b"sid=a; " + expires(NOW), now=now)) == count


def test_the_whole_response_becomes_a_400() -> None:
    [finding] = findings(b"a=1", b"b=2; Max-Age=86401", b"c=3")
    assert finding.effect == Reply(
        400,
        "Bad Request",
        ((b"Content-Type", b"text/plain; charset=utf-8"),),
        b"Cookies max-age cannot be greater than a day",
    )
    assert (finding.status, RULE.twilio_error) == (400, None)
    assert "responds with 400 “Cookies max-age cannot be greater than a day” instead" in RULE.say(finding)


def test_every_such_cookie_is_named_but_no_value() -> None:
    lines = [b"%s=%s; Max-Age=90000" % (name, SECRET.encode()) for name in (b"a", b"\xff\xe2\x80\xae", b"")]
    found = findings(*lines)
    assert [finding.subject for finding in found] == ["a", "\\xff\\u202e", ""]
    assert SECRET not in repr(found)
