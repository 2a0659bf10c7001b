"""What a rule is: its text, its check and its examples in one value.

A rule states one thing that the Runtime does. Its check looks at an exchange and says so; it changes nothing and
remembers nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange
from functions_runtime.profile import Profile
from functions_runtime.ruling import Basis, Edit, Finding, Reply, Severity

Check = Callable[[Exchange, Profile], Iterable[Finding]]


def nothing(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    """The check of a rule that has a watch instead."""
    return ()


class Step(enum.IntEnum):
    """When a rule has its turn. Rules of one step see the message as it came; a reply ends the Runtime's steps.

    The last step is not the Runtime's: it asks, of the exchange as the site has it today, what would break.
    """

    REQUEST_LIMITS = 1
    REQUEST_REPLY = 2
    REQUEST_FIELDS = 3
    RESPONSE_LIMITS = 4
    RESPONSE_REPLY = 5
    RESPONSE_FIELDS = 6
    CONSEQUENCES = 7


class Subject(enum.Enum):
    """What a rule's findings are about."""

    MESSAGE = "message"
    HEADER = "header"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class Example:
    """An exchange, and what the rule says of it as (severity, subject). No finding: a near miss.

    `before` are exchanges that the rule saw earlier, for the rules that remember.
    """

    title: str
    exchange: Exchange
    findings: tuple[tuple[Severity, str | None], ...] = ()
    before: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `id` is permanent and the same everywhere; `severity` is the one that its findings usually have. A rule that needs
    several exchanges has a `watch`, which makes a check with a memory of its own; its secret key is for digests of
    what must be compared but not kept. `code` shows what to do, in a Function, where code helps.
    `enforcement` says what enforce mode does, where it does something.
    """

    id: str
    title: str
    severity: Severity
    basis: Basis
    step: Step
    explanation: str
    fix: str
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    check: Check = nothing
    subject: Subject = Subject.MESSAGE
    twilio_error: int | None = None
    watch: Callable[[bytes], Check] | None = None
    code: str = ""
    enforcement: str = ""

    def new_check(self, key: bytes) -> Check:
        """The rule's check, new and without memories."""
        return self.watch(key) if self.watch else self.check

    def finding(
        self,
        message: str,
        subject: str | None = None,
        *,
        severity: Severity | None = None,
        basis: Basis | None = None,
        effect: Edit | Reply | None = None,
        endpoint: Endpoint | None = None,
        replaces: Severity | None = None,
        extent: float = 0.0,
    ) -> Finding:
        """A finding of this rule; what is not given is the rule's own."""
        return Finding(
            self.id,
            severity or self.severity,
            basis or self.basis,
            message,
            self.fix,
            subject,
            self.twilio_error,
            effect,
            endpoint,
            replaces,
            extent,
        )
