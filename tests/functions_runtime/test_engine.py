"""The judgement: order, one action from many findings, overrides, and checks that break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from functions_runtime.engine import Consequences, Judge, Override
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Limits, Profile
from functions_runtime.rule import Rule, Step
from functions_runtime.ruling import (
    AppendAttributes,
    Basis,
    Edit,
    Failure,
    Finding,
    Forward,
    RemoveField,
    Reply,
    Respond,
    Rewrite,
    Ruling,
    Severity,
)

EXCHANGE = Exchange(Request(), Response())
REPLY = Reply(431, "Too Large")
OTHER_REPLY = Reply(400, "Bad Request")
VIA, REFERER = RemoveField(b"via"), RemoveField(b"referer")


def rule(name: str, step: Step, *effects: tuple[str | None, Edit | Reply | None]) -> Rule:
    """A rule that finds these subjects with these effects."""

    def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
        for subject, effect in effects:
            yield made.finding(subject, effect=effect)

    made = Rule(
        id=name,
        title=name,
        severity=Severity.WARNING,
        basis=Basis.READING,
        step=step,
        message="",
        explanation="",
        fix="",
        references=(),
        examples=(),
        check=check,
    )
    return made


def broken(name: str, step: Step, *before: tuple[str | None, Edit | Reply | None]) -> Rule:
    """The same, but its check breaks after that."""
    working = rule(name, step, *before)

    def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
        yield from working.check(exchange, profile)
        raise ValueError("secret off the wire")

    return replace(working, check=check)


def found(ruling: Ruling) -> list[tuple[str, str | None, Severity]]:
    return [(finding.rule, finding.subject, finding.severity) for finding in ruling.findings]


def judge(*rules: Rule, overrides: Iterable[Override] = ()) -> Ruling:
    return Judge(rules, Profile()).request(EXCHANGE, tuple(overrides))


def test_no_finding_forwards() -> None:
    assert judge(rule("a", Step.REQUEST_LIMITS)) == Ruling()


def test_a_finding_without_effect_forwards() -> None:
    ruling = judge(rule("a", Step.REQUEST_FIELDS, ("x", None)))
    assert found(ruling) == [("a", "x", Severity.WARNING)]
    assert ruling.action == Forward()


def test_edits_of_all_rules_become_one_rewrite() -> None:
    ruling = judge(
        rule("a", Step.REQUEST_FIELDS, ("x", VIA), ("y", None)), rule("b", Step.REQUEST_FIELDS, ("z", REFERER))
    )
    assert ruling.action == Rewrite((VIA, REFERER))


def test_a_reply_ends_the_judgement() -> None:
    ruling = judge(
        rule("c", Step.REQUEST_FIELDS, (None, VIA)),
        rule("b", Step.REQUEST_REPLY, (None, OTHER_REPLY)),
        rule("a", Step.REQUEST_LIMITS, ("x", REPLY), ("y", None)),
    )
    assert found(ruling) == [("a", "x", Severity.WARNING), ("a", "y", Severity.WARNING)]
    assert ruling.action == Respond(REPLY)


def test_rules_of_one_step_keep_their_order() -> None:
    rules = [rule(name, Step.REQUEST_FIELDS, (None, None)) for name in "cab"]
    assert [finding.rule for finding in judge(*rules).findings] == ["c", "a", "b"]


def test_request_response_and_consequences_have_their_own_rules() -> None:
    rules = [rule(step.name, step, (None, None)) for step in reversed(Step)]
    judge, consequences = Judge(rules, Profile()), Consequences(rules, b"key")
    assert [finding.rule for finding in judge.request(EXCHANGE).findings] == [
        "REQUEST_LIMITS",
        "REQUEST_REPLY",
        "REQUEST_FIELDS",
    ]
    assert [finding.rule for finding in judge.response(EXCHANGE).findings] == [
        "RESPONSE_TIME",
        "RESPONSE_LIMITS",
        "RESPONSE_REPLY",
        "RESPONSE_FIELDS",
    ]
    assert [finding.rule for finding in consequences.head(EXCHANGE, Profile()).findings] == ["CONSEQUENCES"]
    assert [finding.rule for finding in consequences.ending(EXCHANGE, Profile()).findings] == ["ENDING"]


def test_a_rule_of_the_request_that_awaits_the_response_can_refuse_late() -> None:
    other = rule("b", Step.RESPONSE_TIME, (None, OTHER_REPLY))
    waiting = replace(rule("a", Step.REQUEST_REPLY, (None, REPLY)), awaits_response=True)
    assert Judge([other, waiting], Profile()).refuses_late(EXCHANGE)
    assert not Judge([other, waiting], Profile()).refuses_late(EXCHANGE, [Override("a", None, None)])
    assert not Judge([other, rule("a", Step.REQUEST_REPLY, (None, REPLY))], Profile()).refuses_late(EXCHANGE)


def test_a_rule_of_the_head_may_have_a_second_look_at_the_end() -> None:
    second = rule("a", Step.CONSEQUENCES, ("end", None)).check
    both = replace(rule("a", Step.CONSEQUENCES, ("head", None)), ending=second)
    consequences = Consequences([both, rule("b", Step.ENDING, (None, None))], b"key")
    assert found(consequences.head(EXCHANGE, Profile())) == [("a", "head", Severity.WARNING)]
    assert found(consequences.ending(EXCHANGE, Profile())) == [
        ("b", None, Severity.WARNING),
        ("a", "end", Severity.WARNING),
    ]


def test_head_and_end_can_be_asked_for_at_once() -> None:
    rules = [rule("a", Step.CONSEQUENCES, ("head", None)), rule("b", Step.ENDING, (None, None))]
    assert found(Consequences(rules, b"key").whole(EXCHANGE, Profile())) == [
        ("a", "head", Severity.WARNING),
        ("b", None, Severity.WARNING),
    ]


def test_without_a_response_there_is_nothing_to_say_of_it() -> None:
    rules = [broken("a", Step.RESPONSE_LIMITS), broken("b", Step.CONSEQUENCES), broken("c", Step.ENDING)]
    assert Judge(rules, Profile()).response(Exchange(Request())) == Ruling()
    assert Consequences(rules, b"key").head(Exchange(Request()), Profile()) == Ruling()
    assert Consequences(rules, b"key").ending(Exchange(Request()), Profile()) == Ruling()


def test_a_check_gets_the_exchange_and_the_profile() -> None:
    def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
        seen.append((exchange, profile))
        return iter(())

    seen: list[tuple[Exchange, Profile]] = []
    profile = Profile(Limits(1, 2))
    rules = [replace(rule("a", step), check=check) for step in (Step.REQUEST_LIMITS, Step.RESPONSE_LIMITS)]
    Judge(rules, profile).request(EXCHANGE)
    Judge(rules, profile).response(EXCHANGE)
    consequences = Consequences([replace(rules[0], step=step) for step in (Step.CONSEQUENCES, Step.ENDING)], b"key")
    consequences.head(EXCHANGE, profile)
    consequences.ending(EXCHANGE, profile)
    assert seen == [(EXCHANGE, profile)] * 4


@pytest.mark.parametrize("step", [Step.CONSEQUENCES, Step.ENDING])
def test_consequences_have_memories_of_their_own_under_their_key(step: Step) -> None:
    class Memory:
        def __init__(self, key: bytes) -> None:
            self._key = key.decode()
            self._seen: list[str] = []

        def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:
            self._seen.append(self._key)
            return (remembering.finding(" ".join(self._seen)),)

    remembering = replace(rule("a", step), memory=Memory)
    first, second = Consequences([remembering], b"k1"), Consequences([remembering], b"k2")
    look = Consequences.head if step is Step.CONSEQUENCES else Consequences.ending
    rulings = [look(consequences, EXCHANGE, Profile()) for consequences in (first, first, second)]
    assert [ruling.findings[0].subject for ruling in rulings] == ["k1", "k1 k1", "k2"]


# Overrides


TWO = rule("a", Step.REQUEST_FIELDS, ("x", VIA), ("y", REFERER))


@pytest.mark.parametrize(
    ("overrides", "expected", "action"),
    [
        ([], [("x", Severity.WARNING), ("y", Severity.WARNING)], Rewrite((VIA, REFERER))),
        ([Override("a", None, None)], [], Forward()),
        ([Override("b", None, None)], [("x", Severity.WARNING), ("y", Severity.WARNING)], Rewrite((VIA, REFERER))),
        ([Override("a", "y", None)], [("x", Severity.WARNING)], Rewrite((VIA,))),
        (
            [Override("a", None, Severity.ERROR)],
            [("x", Severity.ERROR), ("y", Severity.ERROR)],
            Rewrite((VIA, REFERER)),
        ),
        (
            [Override("a", None, None), Override("a", "x", Severity.INFO)],
            [("x", Severity.INFO)],
            Rewrite((VIA,)),
        ),
        ([Override("a", "x", Severity.INFO), Override("a", None, None)], [], Forward()),
        (
            [Override("a", "x", Severity.WARNING)],
            [("x", Severity.WARNING), ("y", Severity.WARNING)],
            Rewrite((VIA, REFERER)),
        ),
    ],
)
def test_overrides(overrides: list[Override], expected: list[tuple[str, Severity]], action: Forward | Rewrite) -> None:
    ruling = judge(TWO, overrides=overrides)
    assert [(finding.subject, finding.severity) for finding in ruling.findings] == expected
    assert ruling.action == action


def test_off_stops_a_reply_too_and_the_judgement_goes_on() -> None:
    ruling = judge(
        rule("a", Step.REQUEST_LIMITS, ("x", REPLY)),
        rule("b", Step.REQUEST_FIELDS, (None, VIA)),
        overrides=[Override("a", None, None)],
    )
    assert found(ruling) == [("b", None, Severity.WARNING)]
    assert ruling.action == Rewrite((VIA,))


def test_off_for_one_subject_leaves_the_reply_that_another_calls_for() -> None:
    ruling = judge(rule("a", Step.REQUEST_LIMITS, ("x", REPLY), ("y", REPLY)), overrides=[Override("a", "x", None)])
    assert found(ruling) == [("a", "y", Severity.WARNING)]
    assert ruling.action == Respond(REPLY)


def test_overrides_hold_for_responses() -> None:
    off = (Override("a", None, None),)
    rules = [rule("a", Step.RESPONSE_FIELDS, ("x", AppendAttributes(0, ())))]
    assert Judge(rules, Profile()).response(EXCHANGE, off) == Ruling()


# Checks that break


@pytest.mark.parametrize("step", [Step.REQUEST_LIMITS, Step.REQUEST_REPLY, Step.REQUEST_FIELDS])
def test_a_check_that_breaks_leaves_the_exchange_untouched(step: Step) -> None:
    ruling = judge(
        broken("b", step), rule("a", Step.REQUEST_REPLY, (None, REPLY)), rule("c", Step.REQUEST_FIELDS, ("x", VIA))
    )
    if step is Step.REQUEST_FIELDS:  # the reply came first
        assert ruling.action == Respond(REPLY)
        assert ruling.failures == ()
    else:
        assert ruling.action == Forward()
        assert [failure.rule for failure in ruling.failures] == ["b"]
        assert ("c", "x", Severity.WARNING) in found(ruling)


def test_a_check_that_breaks_half_way_has_no_effect() -> None:
    assert judge(broken("b", Step.REQUEST_LIMITS, ("x", REPLY))).action == Forward()
    assert judge(broken("b", Step.REQUEST_FIELDS, ("x", VIA))).action == Forward()


def test_a_failure_says_where_but_nothing_of_the_exchange() -> None:
    ruling = judge(broken("b", Step.REQUEST_LIMITS))
    line = broken.__code__.co_firstlineno + 6
    assert ruling.failures == (Failure("b", f"ValueError in test_engine.py, line {line}"),)
    assert "secret" not in repr(ruling)


def test_every_broken_check_is_named() -> None:
    ruling = judge(broken("a", Step.REQUEST_LIMITS), broken("b", Step.REQUEST_FIELDS))
    assert [failure.rule for failure in ruling.failures] == ["a", "b"]


def test_a_broken_check_of_a_response_or_consequence_is_named_too() -> None:
    rules = [broken("a", Step.RESPONSE_FIELDS), broken("b", Step.CONSEQUENCES)]
    assert [failure.rule for failure in Judge(rules, Profile()).response(EXCHANGE).failures] == ["a"]
    assert [failure.rule for failure in Consequences(rules, b"key").head(EXCHANGE, Profile()).failures] == ["b"]


def test_an_interrupt_is_no_failure_of_a_check() -> None:
    def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(replace(rule("a", Step.REQUEST_LIMITS), check=check))


def test_a_check_that_finds_nothing_may_return_an_empty_tuple() -> None:
    def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        return ()

    silent = replace(rule("a", Step.REQUEST_FIELDS), check=check)
    assert found(judge(silent, rule("b", Step.REQUEST_FIELDS, ("x", None)))) == [("b", "x", Severity.WARNING)]


def test_a_request_that_never_reaches_the_site_is_evidence_for_rules_that_need_no_response() -> None:
    steps = (Step.CONSEQUENCES, Step.ENDING)
    asked = [replace(rule(f"asked-{step.name}", step, (None, None)), needs_response=False) for step in steps]
    others = [rule(f"other-{step.name}", step, (None, None)) for step in steps]
    seen = Consequences([*asked, *others], b"").request(Exchange(Request()), Profile())
    assert [finding.rule for finding in seen.findings] == [each.id for each in asked]


def test_what_remembers_is_not_asked_about_a_request_again() -> None:
    remembering = replace(
        rule("remembers", Step.CONSEQUENCES), memory=lambda key: rule("", Step.ENDING, (None, None)).check
    )
    consequences = Consequences([replace(remembering, needs_response=False)], b"")
    assert consequences.request(Exchange(Request()), Profile()).findings
    assert not consequences.request(Exchange(Request()), Profile(), again=True).findings
