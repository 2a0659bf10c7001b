"""What becomes of a cookie's Domain."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.cookie_domain_replaced import RULE
from functions_runtime.ruling import Edit, Finding, ReplaceDomain, Severity, apply_edits

OWN = "app.example.com"
SECRET = "c8f1d0a94e"


def findings(*lines: bytes, domain: str | None = OWN) -> list[Finding]:
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines))
    return list(RULE.check(Exchange(Request(domain=domain), response), Profile()))


def rewritten(line: bytes, domain: str | None = OWN) -> bytes:
    edits: list[Edit] = []
    for finding in findings(line, domain=domain):
        assert finding.effect is None or isinstance(finding.effect, ReplaceDomain)
        edits += [finding.effect] if finding.effect else []
    [(_, value)] = apply_edits(((b"Set-Cookie", line),), edits)
    return value


@pytest.mark.parametrize(
    ("line", "severity", "expected"),
    [
        (b"sid=a; Domain=example.com", Severity.WARNING, b"sid=a; Domain=app.example.com"),
        (b"sid=a; domain=other.example; Path=/", Severity.WARNING, b"sid=a; domain=app.example.com; Path=/"),
        (b"sid=a; Domain=sub.app.example.com", Severity.WARNING, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain=", Severity.WARNING, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain; Path=/", Severity.WARNING, b"sid=a; Domain=app.example.com; Path=/"),
        (b"sid=a; Domain=..app.example.com", Severity.WARNING, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain=app.example.com:443", Severity.WARNING, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain=a; X; Domain=b; domain", Severity.WARNING, b"sid=a; Domain=app.example.com; X"),
        (b"sid=a; Domain=app.example.com; Domain=b", Severity.WARNING, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain=b; Domain=app.example.com", Severity.INFO, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain=.app.example.com", Severity.INFO, b"sid=a; Domain=app.example.com"),
        (b"sid=a; Domain=App.Example.COM", Severity.INFO, b"sid=a; Domain=app.example.com"),
        (b"sid=a; DOMAIN = app.example.com ; X", Severity.INFO, b"sid=a; DOMAIN=app.example.com; X"),
        (b"sid=a; Domain=app.example.com", Severity.INFO, b"sid=a; Domain=app.example.com"),
        (b"sid=\xff;\tDomain=b;\xe4 ;", Severity.WARNING, b"sid=\xff;\tDomain=app.example.com;\xe4 ;"),
    ],
)
def test_a_domain_becomes_the_functions_own(line: bytes, severity: Severity, expected: bytes) -> None:
    [finding] = findings(line)
    assert (finding.severity, finding.subject) == (severity, "sid")
    assert rewritten(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"sid=a; Domain=example.com", b"sid=a"),
        (b"sid=a; Domain=; Path=/", b"sid=a; Path=/"),
        (b"sid=a; Domain=a; Path=/; Domain=b", b"sid=a; Path=/"),
    ],
)
def test_where_the_functions_domain_is_unknown_the_attribute_is_cut(line: bytes, expected: bytes) -> None:
    [finding] = findings(line, domain=None)
    assert finding.severity is Severity.WARNING
    assert "unknown here. Enforce mode removes the attribute" in RULE.say(finding)
    assert RULE.cells(finding)[1] == "removed"
    assert rewritten(line, domain=None) == expected


def test_an_attribute_that_already_is_what_it_becomes_needs_no_rewrite() -> None:
    [finding] = findings(b"sid=a; Domain=app.example.com; Path=/")
    assert finding.effect is None
    assert "already has the Domain that the Runtime sets: the Function's own domain, app.ex" in RULE.say(finding)


@pytest.mark.parametrize(
    "line",
    [
        b"sid=a",
        b"Domain=example.com",
        b"sid=Domain=a",
        b"sid=a; X-Domain=b",
        b"=; Domain=b",
        b"sid=\x00; Domain=b",
        b"sid=a; Domain=" + b"d" * 1025,
    ],
)
@pytest.mark.parametrize("domain", [OWN, None])
def test_a_host_only_or_ignored_cookie_stays(line: bytes, domain: str | None) -> None:
    assert findings(line, domain=domain) == []


def test_each_cookie_is_judged_at_its_own_place() -> None:
    found = findings(b"a=1; Domain=b", b"b=2", b"=", b"c=3; Domain=d")
    assert [(finding.subject, finding.effect) for finding in found] == [
        ("a", ReplaceDomain(0, OWN.encode())),
        ("c", ReplaceDomain(3, OWN.encode())),
    ]


def test_the_finding_says_what_was_and_what_becomes_but_no_value() -> None:
    secret = SECRET.encode()
    found = findings(
        b"sid=%s; Domain=x\x80.example" % secret, b"%s; Domain=" % secret, b"own=%s; Domain=%s" % (secret, OWN.encode())
    )
    assert RULE.say(found[0]) == (
        "The Domain of the cookie sid is not a host name. Under the Runtime it becomes app.example.com. "
        "Hosts outside that domain do not receive the cookie."
    )
    assert RULE.cells(found[0]) == ("not a host name", "app.example.com")
    assert " is empty. " in RULE.say(found[1])
    assert SECRET not in repr(found)


def test_a_domain_that_another_cookie_was_folded_into_is_not_shown() -> None:
    [finding] = findings(b"a=1; Domain=x.example, b=%s" % SECRET.encode())
    assert SECRET not in repr(finding)
