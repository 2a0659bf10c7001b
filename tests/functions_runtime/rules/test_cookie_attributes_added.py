"""HttpOnly and Secure, each on its own."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cookie_attributes_added import RULE
from functions_runtime.ruling import AppendAttributes, Finding, Severity

SECRET = "c8f1d0a94e"


def findings(*lines: bytes) -> list[Finding]:
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines))
    return list(RULE.check(Exchange(Request(), response), Profile()))


@pytest.mark.parametrize(
    ("line", "missing", "meaning"),
    [
        (b"sid=a", (b"HttpOnly", b"Secure"), "HttpOnly and Secure. Scripts can no longer read it, and browsers"),
        (b"sid=a; Path=/;", (b"HttpOnly", b"Secure"), "HttpOnly and Secure. "),
        (b"sid=Secure; HttpOnly-ish; X-Secure", (b"HttpOnly", b"Secure"), "HttpOnly and Secure. "),
        (b'sid=a; "Secure"; Secure HttpOnly', (b"HttpOnly", b"Secure"), "HttpOnly and Secure. "),
        (b"sid=a; Secure=" + b"x" * 1025, (b"HttpOnly", b"Secure"), "HttpOnly and Secure. "),
        (b"sid=a; Secure", (b"HttpOnly",), "HttpOnly. Scripts can no longer read it."),
        (b"sid=a;sECURE = false ;", (b"HttpOnly",), "HttpOnly. Scripts"),
        (b"sid=a; HttpOnly", (b"Secure",), "Secure. Browsers send it over HTTPS only."),
        (b"sid=a; HTTPONLY=0", (b"Secure",), "Secure. Browsers"),
    ],
)
def test_what_is_missing_is_added(line: bytes, missing: tuple[bytes, ...], meaning: str) -> None:
    [finding] = findings(line)
    assert (finding.severity, finding.subject) == (Severity.INFO, "sid")
    assert finding.effect == AppendAttributes(0, missing)
    assert RULE.say(finding).startswith(f"The Runtime makes the cookie sid {meaning}")


@pytest.mark.parametrize(
    "line",
    [b"sid=a; Secure; HttpOnly", b"sid=a;httponly=no;SECURE=no", b"a;\tSecure\t;\tHttpOnly\t=\t", b"=", b"a=\x7f", b""],
)
def test_a_cookie_with_both_or_an_ignored_one_stays(line: bytes) -> None:
    assert findings(line) == []


def test_each_cookie_is_judged_at_its_own_place() -> None:
    found = findings(b"a=1", b"b=2; Secure; HttpOnly", b"=", b"a=1; Secure", b"a=2")
    assert [(finding.subject, finding.effect) for finding in found] == [
        ("a", AppendAttributes(0, (b"HttpOnly", b"Secure"))),
        ("a", AppendAttributes(3, (b"HttpOnly",))),
        ("a", AppendAttributes(4, (b"HttpOnly", b"Secure"))),
    ]


def test_no_value_is_shown() -> None:
    found = findings(b"sid=%s" % SECRET.encode(), b"s\x80d=%s" % SECRET.encode(), SECRET.encode())
    assert [finding.subject for finding in found] == ["sid", "s\\x80d", ""]
    assert SECRET not in repr(found)
