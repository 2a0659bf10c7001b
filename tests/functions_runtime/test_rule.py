"""What a rule is: a value that makes findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request
from functions_runtime.profile import Profile
from functions_runtime.rule import Check, Rule, Step, nothing
from functions_runtime.ruling import Basis, Finding, RemoveField, Severity

RULE = Rule(
    id="rule",
    title="Title",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_FIELDS,
    explanation="Explanation.",
    fix="Fix.",
    references=(),
    examples=(),
    twilio_error=82008,
)


def test_a_finding_says_what_its_rule_says() -> None:
    assert RULE.finding("message") == Finding(
        "rule", Severity.WARNING, Basis.DOCUMENTED, "message", "Fix.", None, 82008, None
    )


def test_a_finding_may_say_otherwise() -> None:
    endpoint = Endpoint("GET", "a.example", "/")
    finding = RULE.finding(
        "message",
        "via",
        severity=Severity.INFO,
        basis=Basis.EMULATOR,
        effect=RemoveField(b"via"),
        endpoint=endpoint,
        replaces=Severity.ERROR,
    )
    assert finding == Finding(
        "rule",
        Severity.INFO,
        Basis.EMULATOR,
        "message",
        "Fix.",
        "via",
        82008,
        RemoveField(b"via"),
        endpoint,
        Severity.ERROR,
    )


def test_steps_are_in_the_order_of_the_runtime() -> None:
    assert list(Step) == sorted(Step)
    assert Step.REQUEST_LIMITS < Step.REQUEST_REPLY < Step.REQUEST_FIELDS < Step.RESPONSE_LIMITS
    assert Step.RESPONSE_LIMITS < Step.RESPONSE_REPLY < Step.RESPONSE_FIELDS < Step.CONSEQUENCES


def test_a_rule_without_a_watch_has_one_check() -> None:
    assert RULE.new_check(b"key") is RULE.check is nothing
    assert list(nothing(Exchange(Request()), Profile())) == []


def test_a_watch_makes_a_new_check_each_time() -> None:
    def watch(key: bytes) -> Check:
        seen: list[Exchange] = []

        def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
            seen.append(exchange)
            yield RULE.finding(f"{key.decode()} {len(seen)}")

        return check

    rule = replace(RULE, watch=watch)
    first, second = rule.new_check(b"first"), rule.new_check(b"second")
    exchange = Exchange(Request())
    messages = [next(iter(check(exchange, Profile()))).message for check in (first, first, second)]
    assert messages == ["first 1", "first 2", "second 1"]
