"""What a rule is: its text, its check and its examples in one value.

A rule states one thing that the Runtime does. Its check looks at an exchange and returns findings; it changes nothing.
A check remembers something only if the rule has a `memory`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange
from functions_runtime.profile import Profile
from functions_runtime.ruling import FOLDED_FACTS, Basis, Edit, Fact, Finding, Reply, Severity
from functions_runtime.wire_text import MALFORMED, NAMELESS

Check = Callable[[Exchange, Profile], Iterable[Finding]]

Sentence = str | Callable[[Mapping[str, Fact]], str]
"""A template for `str.format`, or a function that chooses one by the facts. `{subject}` is the finding's subject."""


FOLDED_SENTENCE = "There are more endpoints and subjects with this finding than a report can list."


def nothing(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    """The check of a rule that has a memory instead."""
    return ()


class Step(enum.IntEnum):
    """When a rule applies. Rules of one step see the message as it came. A reply ends the Runtime's own steps.

    The last two steps are not the Runtime's. They find what would break, in the exchange as the site has it today:
    `CONSEQUENCES` when the head of the response has arrived, `ENDING` when the exchange is over.
    """

    REQUEST_LIMITS = 1
    REQUEST_REPLY = 2
    REQUEST_FIELDS = 3
    RESPONSE_TIME = 4
    RESPONSE_LIMITS = 5
    RESPONSE_REPLY = 6
    RESPONSE_FIELDS = 7
    CONSEQUENCES = 8
    ENDING = 9


class Subject(enum.Enum):
    """What a rule's findings are about."""

    MESSAGE = "message"
    HEADER = "header"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class Example:
    """An exchange and the expected findings as (severity, subject). An example without findings is a near miss.

    `before` are exchanges that the rule saw earlier, for the rules that remember.
    """

    title: str
    exchange: Exchange
    findings: tuple[tuple[Severity, str | None], ...] = ()
    before: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `id` is permanent and the same everywhere. `severity` is the one that its findings usually have. `message` is the
    sentence about a finding, and `columns` are its facts for a table, each as a heading and a template. `code` shows
    what to do in a Function, if code helps. `enforcement` says what enforce mode does, if it does something. `curl` are
    the arguments with which curl shows a finding, as templates, without the method and the URL. They can name
    `{method}` too. It is None if no single request can show the finding, or only one with a secret.

    A rule that needs several exchanges has a `memory`: a class whose instances are checks with a memory of their own.
    It takes a secret key, for digests of what must be compared but not kept. `awaits_response` marks a rule of a
    request step that says nothing as long as the site's own response can still come (`Exchange.awaited`); it is asked
    again when the response is there. `ending` is a second look of a `CONSEQUENCES` rule, when the exchange is over.
    `needs_response` is False for a rule of the last two steps whose evidence can be in the request alone: it is also
    asked about a request that never reaches the site, because the Runtime responds.
    """

    id: str
    title: str
    severity: Severity
    basis: Basis
    step: Step
    message: Sentence
    explanation: str
    fix: str
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    check: Check = nothing
    subject: Subject = Subject.MESSAGE
    twilio_error: int | None = None
    memory: Callable[[bytes], Check] | None = None
    awaits_response: bool = False
    ending: Check | None = None
    needs_response: bool = True
    columns: tuple[tuple[str, Sentence], ...] = ()
    code: str = ""
    enforcement: str = ""
    curl: tuple[str, ...] | None = ()

    def new_check(self, key: bytes) -> Check:
        """The rule's check, new and with an empty memory."""
        return self.memory(key) if self.memory else self.check

    def finding(
        self,
        subject: str | None = None,
        *,
        severity: Severity | None = None,
        basis: Basis | None = None,
        effect: Edit | Reply | None = None,
        endpoint: Endpoint | None = None,
        replaces: Severity | None = None,
        extent: float = 0.0,
        **facts: Fact,
    ) -> Finding:
        """A finding of this rule. Defaults come from the rule. Facts have the names that `message` uses."""
        return Finding(
            self.id,
            severity or self.severity,
            basis or self.basis,
            subject,
            tuple(sorted(facts.items())),
            effect,
            endpoint,
            replaces,
            extent,
        )

    def say(self, finding: Finding) -> str:
        """The sentence about a finding of this rule. Raises LookupError, ValueError or TypeError if facts are wrong."""
        return FOLDED_SENTENCE if finding.facts == FOLDED_FACTS else _render(self.message, finding)

    def cells(self, finding: Finding) -> tuple[str, ...]:
        """The finding's facts for a table, one text for each of `columns`. Raises as `say` does."""
        if finding.facts == FOLDED_FACTS:
            return ("various",) * len(self.columns)
        return tuple(_render(sentence, finding) for _, sentence in self.columns)

    def curl_arguments(self, finding: Finding, endpoint: Endpoint) -> tuple[str, ...] | None:
        """`curl` for a finding at this endpoint, None if no command shows it. Raises as `say` does."""
        if self.curl is None or finding.facts == FOLDED_FACTS:
            return None
        facts = {"subject": finding.subject or NAMELESS, "method": endpoint.method, **dict(finding.facts)}
        arguments = tuple(argument.format_map(facts) for argument in self.curl)
        return None if any(MALFORMED in each for each in (endpoint.method, *arguments)) else arguments


def _render(sentence: Sentence, finding: Finding) -> str:
    facts: dict[str, Fact] = {"subject": finding.subject or NAMELESS, **dict(finding.facts)}
    template = sentence if isinstance(sentence, str) else sentence(facts)
    return template.format_map(facts)
