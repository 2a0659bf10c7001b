"""One exchange's life as values: where it came from, what was ruled, what was booked.

A case never changes. When something happens to its exchange, `session` makes another case.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange
from functions_runtime.record.entry import Entry
from functions_runtime.record.journal import Receipt
from functions_runtime.ruling import Action, Failure, Finding, Forward, Respond, Ruling


class Origin(enum.Enum):
    """Where an exchange comes from, and hence what can be done with it.

    `is_enforced` says that it goes, or went, as under the Runtime. `is_recorded` says that it is not live.
    """

    ENFORCED = True, False
    """It is live, and what is ruled happens to it."""
    AUDITED = False, False
    """It is live, and nothing happens to it."""
    RECORDED = False, True
    """It was recorded as it came."""
    CHANGED = True, True
    """It was recorded after the Runtime's rules had changed it. What was found then is all that is known."""

    def __init__(self, is_enforced: bool, is_recorded: bool) -> None:
        self.is_enforced = is_enforced
        self.is_recorded = is_recorded


class Case(NamedTuple):
    """One exchange.

    `asked` is the ruling on the request. `findings` is all that was found, as booked. `told` are findings that judging
    again need not come to: of an experiment, or of rules that remember and tell their evidence once. `unmeasured`
    says that there was a response, and nobody knows any more what the site had sent. `foreign` says that the response
    is somebody else's, neither the server's nor the Runtime's. `is_over` says that nothing more comes.
    """

    exchange: Exchange
    endpoint: Endpoint
    origin: Origin
    receipt: Receipt
    asked: Ruling = Ruling()
    findings: tuple[Finding, ...] = ()
    told: tuple[Finding, ...] = ()
    unmeasured: bool = False
    foreign: bool = False
    is_over: bool = False

    @property
    def lacks_response(self) -> bool:
        """Whether a response of the site's would be news."""
        has_other = self.foreign or self.has_reply or self.origin is Origin.CHANGED
        return self.exchange.response is None and not has_other

    def of_somebody_else(self) -> Case:
        """The case once somebody else has responded."""
        return self._replace(foreign=True)

    def at_domain(self, domain: str | None) -> Case:
        """The case if this is the Function's domain."""
        request = self.exchange.request
        if domain == request.domain:
            return self
        return self._replace(exchange=replace(self.exchange, request=replace(request, domain=domain)))

    @property
    def silenced(self) -> tuple[Finding, ...]:
        """What the user turned off of an exchange of which nothing is known but what was told."""
        if self.origin is not Origin.CHANGED:
            return ()
        said = {each.place for each in self.findings}
        return tuple(each for each in self.told if each.place not in said)

    @property
    def is_recorded_request(self) -> bool:
        """Whether a recording of a whole exchange has the request alone."""
        return self.origin is Origin.RECORDED and self.is_over and self.exchange.response is None

    @property
    def is_replied(self) -> bool:
        """Whether the Runtime answers the request itself."""
        return isinstance(self.asked.action, Respond)

    @property
    def has_reply(self) -> bool:
        """Whether the client has the Runtime's own reply to the request."""
        return self.origin is Origin.ENFORCED and self.is_replied


class Outcome(NamedTuple):
    """What a step of a case came to: the case now, what the Runtime does, what was found, and what is new of it."""

    case: Case
    action: Action = Forward()
    findings: tuple[Finding, ...] = ()
    new: Sequence[Entry] = ()
    failures: tuple[Failure, ...] = ()
