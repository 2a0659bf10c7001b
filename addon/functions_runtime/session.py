"""The only door to the pure part: exchanges go in, rulings and a report come out.

    case = session.request(request, Origin.AUDITED).case
    case = session.response(case, response).case
    case = session.ended(case, sent, received, ended).case

A session remembers what the rules need, and keeps the journal. It is not for threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from functions_runtime.case import Case, Origin, Outcome
from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import NOTHING_FOUND, Consequences, Judge, Override, overridden
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.hosts import Registrable, itself
from functions_runtime.record.journal import Journal
from functions_runtime.rule import Rule
from functions_runtime.ruling import Action, Finding, Forward, Reply, Respond, Ruling
from functions_runtime.untested import untested

Overrides = Callable[[Endpoint], Sequence[Override]]
"""The user's overrides for the findings at an endpoint."""

REFUSED = Respond(Reply(0, ""))
"""What the Runtime does with a response that it never asks for."""

FORWARD = Forward()

BY_EXPERIMENT = "restricted-header-used"
"""The rule of what an experiment finds."""


class Session:
    """One run. `key` is secret: what must be compared later is remembered as digests under it.

    `registrable` says whose host is whose, as in `Hosts`.
    """

    def __init__(
        self,
        profile: Profile,
        key: bytes,
        rules: Iterable[Rule] = RULES,
        registrable: Registrable = itself,
    ) -> None:
        self._rules = tuple(rules)
        self._key = key
        self.journal = Journal(registrable=registrable)
        self._consequences = Consequences(self._rules, key)
        self.use(profile)

    def use(self, profile: Profile) -> None:
        """Judge by this profile from now on."""
        self._profile = profile
        self._judge = Judge(self._rules, profile)

    def clear(self) -> None:
        """Forget everything. A case that goes on, or is judged again, is counted once more."""
        self.journal = self.journal.successor()
        self._consequences = Consequences(self._rules, self._key)

    def request(
        self,
        request: Request,
        origin: Origin,
        overrides: Overrides | None = None,
        *,
        told: tuple[Finding, ...] = (),
        unmeasured: bool = False,
        sent: int = 0,
        over_tls: bool | None = None,
    ) -> Outcome:
        """Judge a request. `sent` are the bytes of its content seen so far.

        `told` are findings that a recording of the exchange holds, `unmeasured` is as in `Case`.
        """
        exchange = Exchange(request, sent=sent, awaited=origin is not Origin.ENFORCED, over_tls=over_tls)
        case = self._begun(exchange, request.endpoint, origin, unmeasured)
        if origin is Origin.CHANGED:
            case = case._replace(told=told)
            return self._booked(case, Ruling(_wanted(told, case.endpoint, overrides)))
        if told:  # the others are judged anew
            case = case._replace(told=tuple(each for each in told if _is_told_once(each)))
        return self._ask(case, overrides)

    def sent(self, case: Case, sent: int, overrides: Overrides | None = None) -> Outcome:
        """Judge a request once more when its content is there, of which the head said nothing. `sent` is its bytes."""
        case = case._replace(exchange=case.exchange._replace(sent=sent))
        with self.journal.rebooking(case.receipt) as receipt:
            return self._ask(case._replace(receipt=receipt, findings=()), overrides)

    def response(
        self,
        case: Case,
        response: Response,
        overrides: Overrides | None = None,
        *,
        removed: frozenset[bytes] = frozenset(),
        sent: int = 0,
        received: int = 0,
    ) -> Outcome:
        """Judge a response whose head is there. `sent` and `received` are bytes of content seen so far.

        `removed` are the names of the request's fields that the server did not get.
        """
        case = self._counted(case)
        if case.origin is Origin.CHANGED:
            return Outcome(case)
        request, over_tls = case.exchange.request, case.exchange.over_tls
        exchange = Exchange(request, response, removed, max(sent, case.exchange.sent), received, over_tls=over_tls)
        case = case._replace(exchange=exchange)
        self.journal.inventory.saw_response(case.endpoint, response)
        self.journal.hosts.saw_response(request, response)
        if names := untested(exchange):
            self.journal.hosts.reached(request.host, names)
        if case.is_replied or not self._judge.refuses_late(exchange, _at(case.endpoint, overrides)):
            return self._answered(case, overrides)
        with self.journal.rebooking(case.receipt) as receipt:
            asked = self._ask(case._replace(receipt=receipt, findings=()), overrides)
            return _together(asked, self._answered(asked.case, overrides), action=asked.action)

    def ended(
        self, case: Case, sent: int, received: int, ended: float | None, overrides: Overrides | None = None
    ) -> Outcome:
        """Judge an exchange that is over at `ended`, None if nobody knows when.

        `sent` and `received` are the bytes of content that passed.
        """
        exchange = case.exchange
        if not exchange.response or case.origin is Origin.CHANGED or case.receipt.journal is not self.journal:
            return Outcome(case)
        exchange = exchange._replace(sent=sent, received=received, ended=ended)
        ruling = self._consequences.ending(exchange, self._profile)
        return self._followed(case._replace(exchange=exchange, is_over=True), ruling, overrides)

    def again(
        self, case: Case, overrides: Overrides | None = None, *, late: tuple[Response, int] | None = None
    ) -> Outcome:
        """Judge an exchange anew as it came, and take back what was said before.

        `late` is a response that was not judged so far, and the bytes of its content.
        """
        case = self._counted(case)
        if late:
            response, received = late
            self.journal.inventory.saw_response(case.endpoint, response)
            exchange = case.exchange._replace(response=response, received=received, awaited=False)
            case = case._replace(exchange=exchange)
        exchange = case.exchange
        with self.journal.rebooking(case.receipt) as receipt:
            case = case._replace(receipt=receipt, findings=())
            if case.origin is Origin.CHANGED:
                return self._booked(case, Ruling(_wanted(case.told, case.endpoint, overrides)))
            asked = self._ask(case, overrides)
            if exchange.response is None:
                told = Ruling(_wanted(case.told, case.endpoint, overrides))
                return _together(asked, self._booked(asked.case, told))
            answered = self._answered(asked.case, overrides)
            if not case.is_over:
                return _together(asked, answered)
            ending = self._consequences.ending(exchange, self._profile)
            return _together(asked, answered, self._followed(answered.case, ending, overrides))

    def evidence(self, case: Case, finding: Finding, overrides: Overrides | None = None) -> Outcome:
        """Take down what an experiment with an exchange has shown."""
        others = [each for each in case.told if _place(each) != _place(finding)]
        return self.again(case._replace(told=(finding, *others)), overrides)

    def _begun(self, exchange: Exchange, endpoint: Endpoint, origin: Origin, unmeasured: bool) -> Case:
        """The case of an exchange that is counted from now on."""
        enforced = origin is Origin.ENFORCED or origin is Origin.CHANGED
        recorded = origin is Origin.RECORDED or origin is Origin.CHANGED
        receipt = self.journal.begin(endpoint, exchange.request, enforced=enforced, recorded=recorded)
        if unmeasured:
            self.journal.inventory.saw_changed_response(endpoint)
        return Case(exchange, endpoint, origin, receipt, unmeasured=unmeasured)

    def _counted(self, case: Case) -> Case:
        """The case, counted once more if everything was forgotten meanwhile."""
        if case.receipt.journal is self.journal:
            return case
        begun = self._begun(case.exchange, case.endpoint, case.origin, case.unmeasured)
        if case.exchange.response:
            self.journal.inventory.saw_response(case.endpoint, case.exchange.response)
        return case._replace(receipt=begun.receipt, findings=())

    def _ask(self, case: Case, overrides: Overrides | None) -> Outcome:
        """What the Runtime does with a request."""
        asked = self._judge.request(case.exchange, _at(case.endpoint, overrides))
        if isinstance(asked.action, Respond):
            self.journal.inventory.saw_answer(case.endpoint)
        return self._booked(case._replace(asked=asked), asked)

    def _answered(self, case: Case, overrides: Overrides | None) -> Outcome:
        """What the Runtime does with a response, its cookies among it, and what follows from the exchange."""
        exchange = case.exchange
        assert exchange.response
        replied = case.is_replied
        answered = NOTHING_FOUND
        if not replied:
            answered = self._judge.response(exchange, _at(case.endpoint, overrides))
        if exchange.response.cookies:
            action: Action = REFUSED if replied else answered.action
            receipt = self.journal.book_cookies(case.receipt, exchange.request.host, exchange.response, action)
            case = case._replace(receipt=receipt)
        consequences = self._consequences.head(exchange, self._profile)
        if consequences is NOTHING_FOUND and not case.told:
            return self._booked(case, answered)
        judged = self._booked(case, answered)
        return _together(judged, self._followed(judged.case, consequences, overrides), action=answered.action)

    def _followed(self, case: Case, ruling: Ruling, overrides: Overrides | None) -> Outcome:
        """Book what follows from an exchange, and what followed from it before: a rule tells its evidence once."""
        if not ruling.findings and not case.told:
            return self._booked(case, ruling)
        booked = {_place(each) for each in case.findings}
        extents = {_place(each): each.extent for each in case.told}
        found = [
            each
            for each in ruling.findings
            if each.extent >= extents.get(_place(each), 0) and _place(each) not in booked
        ]
        places = {_place(each) for each in found}
        told = [each for each in case.told if _place(each) not in places]
        kept = [each for each in told if _place(each) not in booked]
        case = case._replace(told=(*told, *(each for each in found if _is_told_once(each))))
        wanted = _wanted((*found, *kept), case.endpoint, overrides)
        return self._booked(case, Ruling(wanted, failures=ruling.failures))

    def _booked(self, case: Case, ruling: Ruling) -> Outcome:
        findings = ruling.findings
        if not findings:
            return Outcome(case, ruling.action, failures=ruling.failures)
        exchange, endpoint, origin, receipt, asked, before, told, unmeasured, foreign, is_over = case
        receipt, new = self.journal.book(receipt, findings)
        found = (*before, *findings)
        case = Case(exchange, endpoint, origin, receipt, asked, found, told, unmeasured, foreign, is_over)
        return Outcome(case, ruling.action, findings, tuple(new), ruling.failures)


def _at(endpoint: Endpoint, overrides: Overrides | None) -> Sequence[Override]:
    return overrides(endpoint) if overrides else ()


def _wanted(findings: Sequence[Finding], here: Endpoint, overrides: Overrides | None) -> tuple[Finding, ...]:
    """Findings as the user wants them. One that belongs to another endpoint is asked for there."""
    if overrides is None:
        return tuple(findings)
    by_endpoint: dict[Endpoint, Sequence[Override]] = {}
    wanted: list[Finding] = []
    for finding in findings:
        there = finding.endpoint or here
        if there not in by_endpoint:
            by_endpoint[there] = overrides(there)
        wanted += overridden((finding,), by_endpoint[there])
    return tuple(wanted)


def _is_told_once(finding: Finding) -> bool:
    """Whether judging the exchange again need not come to this finding."""
    return BY_ID[finding.rule].memory is not None or finding.rule == BY_EXPERIMENT


def _place(finding: Finding) -> tuple[str, str | None, Endpoint | None]:
    """What a finding is about. Of two about the same, the one that goes further is said."""
    return finding.rule, finding.subject, finding.endpoint


def _together(first: Outcome, *others: Outcome, action: Action = FORWARD) -> Outcome:
    """Several steps as one: the case as it is after the last of them."""
    steps = (first, *others)
    return Outcome(
        steps[-1].case,
        action,
        tuple(finding for step in steps for finding in step.findings),
        tuple(entry for step in steps for entry in step.new),
        tuple(failure for step in steps for failure in step.failures),
    )
