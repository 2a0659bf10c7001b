"""The judgement: rules in, verdict out. It sequences and guards; what is right or wrong stands in the rules."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from functions_runtime.message import Exchange
from functions_runtime.profile import Profile
from functions_runtime.rule import Rule, Step
from functions_runtime.verdict import (
    Action,
    Edit,
    Failure,
    Finding,
    Forward,
    Reply,
    Respond,
    Rewrite,
    Severity,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Override:
    """A user's word on a rule, or on one subject of it: another severity, or None for off."""

    rule: str
    subject: str | None
    severity: Severity | None


class Judge:
    """Judges exchanges by a profile and a set of rules. Keeps nothing of what it saw."""

    def __init__(self, rules: Iterable[Rule], profile: Profile) -> None:
        ordered = sorted(rules, key=lambda rule: rule.step)
        self._profile = profile
        self._request_rules = [rule for rule in ordered if rule.step < Step.RESPONSE_LIMITS]
        self._response_rules = [rule for rule in ordered if rule.step >= Step.RESPONSE_LIMITS]

    def request(self, exchange: Exchange, overrides: Sequence[Override] = ()) -> Verdict:
        """What the Runtime does with the request. Never raises."""
        return self._judge(self._request_rules, exchange, overrides)

    def response(self, exchange: Exchange, overrides: Sequence[Override] = ()) -> Verdict:
        """What the Runtime does with the response to a request that it let through. Never raises."""
        if exchange.response is None:
            return Verdict()
        return self._judge(self._response_rules, exchange, overrides)

    def _judge(self, rules: Sequence[Rule], exchange: Exchange, overrides: Sequence[Override]) -> Verdict:
        findings: list[Finding] = []
        edits: list[Edit] = []
        failures: list[Failure] = []
        for rule in rules:
            reply: Reply | None = None
            try:
                found = list(rule.check(exchange, self._profile))
            except Exception as error:  # a check that breaks must cost nobody an exchange
                failures.append(Failure(rule.id, _where(error)))
                continue
            for finding in found if not overrides else _overridden(found, overrides):
                findings.append(finding)
                if isinstance(finding.effect, Reply):
                    reply = finding.effect
                elif finding.effect is not None:
                    edits.append(finding.effect)
            if reply and not failures:
                return Verdict(tuple(findings), Respond(reply))
        action: Action = Rewrite(tuple(edits)) if edits and not failures else Forward()
        return Verdict(tuple(findings), action, tuple(failures))


def _overridden(findings: Iterable[Finding], overrides: Sequence[Override]) -> Iterable[Finding]:
    """The findings as the user wants them. Where several overrides fit, the last one counts."""
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
