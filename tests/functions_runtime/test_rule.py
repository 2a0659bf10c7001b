"""What a rule is: a value that makes findings, and sentences of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request
from functions_runtime.profile import Profile
from functions_runtime.rule import Rule, Step, nothing
from functions_runtime.ruling import FOLDED_FACTS, Basis, Fact, Finding, RemoveField, Severity
from functions_runtime.wire_text import MALFORMED

RULE = Rule(
    id="rule",
    title="Title",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_FIELDS,
    message="The cookie {subject} lives {days} days.",
    columns=(("Days", "{days}"), ("Share", "{share:.0%}")),
    explanation="Explanation.",
    fix="Fix.",
    references=(),
    examples=(),
    twilio_error=82008,
)


def test_the_arguments_of_curl_name_facts() -> None:
    rule, here = replace(RULE, curl=("-H", "{subject}: {days}", "{method}")), Endpoint("PUT", "a.example", "/")
    assert rule.curl_arguments(RULE.finding("via", days=2), here) == ("-H", "via: 2", "PUT")
    assert RULE.curl_arguments(RULE.finding("via"), here) == ()
    assert replace(RULE, curl=None).curl_arguments(RULE.finding("via"), here) is None
    assert rule.curl_arguments(RULE.finding("via")._replace(facts=FOLDED_FACTS), here) is None
    assert rule.curl_arguments(RULE.finding("via", days=MALFORMED), here) is None
    assert RULE.curl_arguments(RULE.finding("via"), here._replace(method=MALFORMED)) is None


def test_a_finding_says_what_its_rule_says() -> None:
    assert RULE.finding() == Finding("rule", Severity.WARNING, Basis.DOCUMENTED, None, ())


def test_a_finding_may_say_otherwise() -> None:
    endpoint = Endpoint("GET", "a.example", "/")
    finding = RULE.finding(
        "via",
        severity=Severity.INFO,
        basis=Basis.EMULATOR,
        effect=RemoveField(b"via"),
        endpoint=endpoint,
        replaces=Severity.ERROR,
        extent=1.5,
        days=2,
        share=0.25,
    )
    assert finding == Finding(
        "rule",
        Severity.INFO,
        Basis.EMULATOR,
        "via",
        (("days", 2), ("share", 0.25)),
        RemoveField(b"via"),
        endpoint,
        Severity.ERROR,
        1.5,
    )


def test_facts_become_a_sentence_and_cells() -> None:
    finding = RULE.finding("sid", days=2, share=0.25)
    assert RULE.say(finding) == "The cookie sid lives 2 days."
    assert RULE.cells(finding) == ("2", "25%")


@pytest.mark.parametrize("subject", [None, ""])
def test_a_subject_without_a_name_can_be_spoken_of(subject: str | None) -> None:
    assert RULE.say(RULE.finding(subject, days=2)) == "The cookie without a name lives 2 days."


def test_facts_may_choose_between_sentences() -> None:
    def sentence(facts: Mapping[str, Fact]) -> str:
        return "{days} day" if facts["days"] == 1 else "{days} days"

    rule = replace(RULE, message=sentence, columns=(("Lifetime", sentence),))
    assert [rule.say(rule.finding(days=days)) for days in (1, 2)] == ["1 day", "2 days"]
    assert rule.cells(rule.finding(days=1)) == ("1 day",)


def test_braces_in_facts_are_only_text() -> None:
    assert RULE.say(RULE.finding("{days}{0}", days=2)) == "The cookie {days}{0} lives 2 days."


def test_facts_that_a_sentence_needs_must_be_there() -> None:
    with pytest.raises(LookupError):
        RULE.say(RULE.finding("sid"))
    with pytest.raises(ValueError, match="format"):
        RULE.cells(RULE.finding(days=2, share="much"))


def test_steps_are_in_the_order_of_the_runtime() -> None:
    assert list(Step) == sorted(Step)
    assert Step.REQUEST_LIMITS < Step.REQUEST_REPLY < Step.REQUEST_FIELDS < Step.RESPONSE_TIME < Step.RESPONSE_LIMITS
    assert Step.RESPONSE_LIMITS < Step.RESPONSE_REPLY < Step.RESPONSE_FIELDS < Step.CONSEQUENCES < Step.ENDING


def test_a_rule_without_a_memory_has_one_check() -> None:
    assert RULE.new_check(b"key") is RULE.check is nothing
    assert list(nothing(Exchange(Request()), Profile())) == []


def test_each_check_of_a_rule_with_a_memory_is_new() -> None:
    class Memory:
        def __init__(self, key: bytes) -> None:
            self._key = key.decode()
            self._seen = 0

        def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:
            self._seen += 1
            return (RULE.finding(self._key, days=self._seen),)

    rule = replace(RULE, memory=Memory)
    first, second = rule.new_check(b"first"), rule.new_check(b"second")
    exchange = Exchange(Request())
    found = [next(iter(check(exchange, Profile()))) for check in (first, first, second)]
    assert [(finding.subject, finding.facts) for finding in found] == [
        ("first", (("days", 1),)),
        ("first", (("days", 2),)),
        ("second", (("days", 1),)),
    ]


def test_a_finding_that_represents_many_has_various_facts() -> None:
    folded = RULE.finding()._replace(facts=FOLDED_FACTS)
    assert RULE.cells(folded) == ("various", "various")
