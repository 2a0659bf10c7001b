"""Which request headers a Function cannot see, and how that is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions_runtime.message import Exchange, Request
from functions_runtime.profile import Profile
from functions_runtime.rules.restricted_request_header import RULE
from functions_runtime.ruling import Basis, Finding, RemoveField


def findings(*names: bytes) -> list[Finding]:
    fields = tuple((name, b"value-%d" % number) for number, name in enumerate(names))
    return list(RULE.check(Exchange(Request(fields=fields)), Profile()))


@pytest.mark.parametrize("spell", [bytes.lower, bytes.upper, bytes.title])
@pytest.mark.parametrize(
    "name",
    [
        b"proxy-connection",
        b"expect",
        b"proxy-authorization",
        b"proxy-authenticate",
        b"referer",
        b"trailer",
        b"upgrade",
        b"via",
        b"x-real-ip",
        b"x-accel-buffering",
        b"x-accel-",
        b"x-forwarded-for",
        b"x-forwarded-anything",
    ],
)
def test_documented_names_are_removed_whatever_their_case(name: bytes, spell: Callable[[bytes], bytes]) -> None:
    [finding] = findings(spell(name))
    assert finding.subject == name.decode()
    assert finding.effect == RemoveField(name)
    assert finding.basis is Basis.DOCUMENTED


@pytest.mark.parametrize("name", [b"X-Amz-Date", b"x-amzn-trace-id", b"X-AMZ", b"I-Twilio-Signature", b"I-T-X", b"OT-"])
def test_names_that_the_emulator_alone_removes_stand_on_the_emulator(name: bytes) -> None:
    [finding] = findings(name)
    assert finding.subject == name.lower().decode()
    assert finding.effect == RemoveField(name.lower())
    assert finding.basis is Basis.EMULATOR


@pytest.mark.parametrize(
    "name",
    [
        b"Host",
        b"Transfer-Encoding",
        b"connection",
        b"Upgrade-Insecure-Requests",
        b"X-Forwarded",
        b"X-Accel",
        b"X-Real-IP-2",
        b"Viator",
        b"Trailers",
        b"Referrer",
        b"X-Via",
        b"I-T",
        b"I-Twilio",
        b"OT",
        b"Authorization",
        b"Cookie",
        b"X-Twilio-Signature",
        b"",
        b"\xff",
    ],
)
def test_other_names_stay(name: bytes) -> None:
    assert findings(name) == []


def test_one_finding_a_name_in_the_order_of_the_request() -> None:
    found = findings(b"Via", b"Accept", b"Referer", b"VIA", b"X-Forwarded-For", b"via", b"x-forwarded-for")
    assert [finding.subject for finding in found] == ["via", "referer", "x-forwarded-for"]


def test_the_finding_names_the_header_but_not_its_value() -> None:
    found = findings(b"Referer", b"X-Amz-Security-Token")
    assert ["value" in repr(finding) for finding in found] == [False, False]
    assert RULE.say(found[0]) == "The Runtime removes the request header referer, so the Function cannot read it."


def test_a_hostile_name_is_made_fit_to_be_shown_but_removed_as_it_is() -> None:
    name = b"x-forwarded-\x1b\xff" + b"a" * 5000
    [finding] = findings(name)
    assert finding.effect == RemoveField(name)
    assert finding.subject is not None
    assert finding.subject.startswith("x-forwarded-\\x1b\\xffaaa")
    assert len(finding.subject) < 150
