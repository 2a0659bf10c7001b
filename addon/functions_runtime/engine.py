"""The judgement: rules in, ruling out. It calls the rules in order, and catches their errors."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from functions_runtime.message import Exchange, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Check, Rule, Step
from functions_runtime.ruling import (
    Action,
    Edit,
    Failure,
    Finding,
    Forward,
    Reply,
    Respond,
    Rewrite,
    Ruling,
    Severity,
)

NOTHING_FOUND = Ruling()


@dataclass(frozen=True, slots=True)
class Override:
    """A user's word on a rule, or on one subject of it: another severity, or None for off."""

    rule: str
    subject: str | None
    severity: Severity | None


class Judge:
    """Judges exchanges by a profile and the rules of the Runtime's own steps. Keeps nothing of what it saw."""

    def __init__(self, rules: Iterable[Rule], profile: Profile) -> None:
        ordered = sorted(rules, key=lambda rule: rule.step)
        self._profile = profile
        self._request = [(rule.id, rule.check) for rule in ordered if rule.step < Step.RESPONSE_TIME]
        self._late = [(rule.id, rule.check) for rule in ordered if rule.awaits_response]
        self._response = [
            (rule.id, rule.check) for rule in ordered if Step.RESPONSE_TIME <= rule.step < Step.CONSEQUENCES
        ]

    def request(self, exchange: Exchange, overrides: Sequence[Override] = ()) -> Ruling:
        """What the Runtime does with the request. Never raises."""
        return _judge(self._request, exchange, self._profile, overrides)

    def refuses_late(self, exchange: Exchange, overrides: Sequence[Override] = ()) -> bool:
        """Whether a rule that awaited the response says now that the Runtime answers the request. Never raises."""
        return isinstance(_judge(self._late, exchange, self._profile, overrides).action, Respond)

    def response(self, exchange: Exchange, overrides: Sequence[Override] = ()) -> Ruling:
        """What the Runtime does with the response to a request that it let through. Never raises."""
        if exchange.response is None:
            return NOTHING_FOUND
        return _judge(self._response, exchange, self._profile, overrides)


NO_EVIDENCE = Response()
"""A response that shows nothing, in place of the one that the site was never asked for."""


class Consequences:
    """Says what would break for the people who use the site. Remembers a bounded part of what it saw.

    `key` is secret: values that must be compared later are remembered as digests under it.
    """

    def __init__(self, rules: Iterable[Rule], key: bytes) -> None:
        rules = tuple(rules)
        self._head = [(rule.id, rule.new_check(key)) for rule in rules if rule.step is Step.CONSEQUENCES]
        self._ending = [(rule.id, rule.new_check(key)) for rule in rules if rule.step is Step.ENDING]
        self._ending += [(rule.id, rule.ending) for rule in rules if rule.ending]
        self._whole = [*self._head, *self._ending]
        remembering = {rule.id for rule in rules if rule.memory}
        self._head_again, self._ending_again = (
            [(rule, check) for rule, check in checks if rule not in remembering]
            for checks in (self._head, self._ending)
        )
        of_requests = {rule.id for rule in rules if not rule.needs_response}
        self._request, self._request_again = (
            [(rule, check) for rule, check in checks if rule in of_requests]
            for checks in (self._whole, [*self._head_again, *self._ending_again])
        )

    def request(self, exchange: Exchange, profile: Profile, *, again: bool = False) -> Ruling:
        """What follows from a request that never reaches the site, and from the exchanges before. Never raises.

        `again` is as in `head`.
        """
        checks = self._request_again if again else self._request
        return _judge(checks, replace(exchange, response=NO_EVIDENCE), profile, ())

    def head(self, exchange: Exchange, profile: Profile, *, again: bool = False) -> Ruling:
        """What follows from an exchange whose response has begun, and from those before. Never raises.

        `again` says that this exchange is remembered already: rules that remember are not asked.
        """
        checks = self._head_again if again else self._head
        return _judge(checks, exchange, profile, ()) if exchange.response else NOTHING_FOUND

    def ending(self, exchange: Exchange, profile: Profile, *, again: bool = False) -> Ruling:
        """What follows from an exchange that is over, and from those before. Never raises.

        `again` is as in `head`.
        """
        checks = self._ending_again if again else self._ending
        return _judge(checks, exchange, profile, ()) if exchange.response else NOTHING_FOUND

    def whole(self, exchange: Exchange, profile: Profile) -> Ruling:
        """Both at once, for an exchange that is over and not remembered. Never raises."""
        return _judge(self._whole, exchange, profile, ())


def _judge(
    checks: Iterable[tuple[str, Check]], exchange: Exchange, profile: Profile, overrides: Sequence[Override]
) -> Ruling:
    findings: list[Finding] = []
    edits: list[Edit] = []
    failures: list[Failure] = []
    for rule, check in checks:
        try:
            found = check(exchange, profile)
            if not found:
                continue
            reply: Reply | None = None
            for finding in overridden(found, overrides) if overrides else found:
                findings.append(finding)
                effect = finding.effect
                if isinstance(effect, Reply):
                    reply = effect
                elif effect is not None:
                    edits.append(effect)
            if reply and not failures:
                return Ruling(tuple(findings), Respond(reply))
        except Exception as error:  # a check that breaks must cost nobody an exchange
            failures.append(Failure(rule, _where(error)))
    if not findings and not failures:
        return NOTHING_FOUND
    action: Action = Rewrite(tuple(edits)) if edits and not failures else Forward()
    return Ruling(tuple(findings), action, tuple(failures))


def overridden(findings: Iterable[Finding], overrides: Sequence[Override]) -> Iterable[Finding]:
    """The findings as the user wants them: without those that are off. Of several overrides, the last one counts."""
    for finding in findings:
        severity: Severity | None = finding.severity
        for override in overrides:
            if override.rule == finding.rule and override.subject in (None, finding.subject):
                severity = override.severity
        if severity is not None:
            yield finding if severity is finding.severity else finding._replace(severity=severity)


def _where(error: Exception) -> str:
    """Kind and place of an error. Its text may hold a secret off the wire and is left out."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {PurePath(frame.filename).name}, line {frame.lineno}"
