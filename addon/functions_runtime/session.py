"""The only door to the pure part: exchanges go in, rulings and a report come out.

    case = session.request(request, Origin.AUDITED).case
    case = session.response(case, response).case
    case = session.ended(case, sent, received, ended).case

A session remembers what the rules need, and keeps the journal. It is not for threads.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace

from functions_runtime.case import Case, Origin, Outcome
from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import NOTHING_FOUND, Consequences, Judge, Override, overridden
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.entry import Baseline
from functions_runtime.record.hosts import Registrable, itself
from functions_runtime.record.inventory import CookieKey
from functions_runtime.record.journal import DEPENDENCE, Journal, Receipt
from functions_runtime.record.report import Report
from functions_runtime.rule import Rule
from functions_runtime.ruling import Action, Finding, Forward, Place, Reply, Respond
from functions_runtime.untested import untested

Overrides = Callable[[Endpoint], Sequence[Override]]
"""The user's overrides for the findings at an endpoint."""

REFUSED = Respond(Reply(0, ""))
"""What the Runtime does with a response that it never asks for."""

FORWARD = Forward()


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
        self._nowhere = Journal()  # that of cases that are remembered and not counted: it stays empty
        self._consequences = Consequences(self._rules, key)
        self.use(profile)

    def use(self, profile: Profile) -> None:
        """Judge by this profile from now on."""
        self._profile = profile
        self.journal.outdate()
        self._judge = Judge(self._rules, profile)

    def scope_changed(self) -> None:
        """The user chose another scope. What was judged before counts as outside it until it is judged again."""
        self.journal.hosts.scope_changed()

    def compare_with(self, baseline: Baseline | None) -> None:
        """From now on, what is in this baseline is known; None: there is none."""
        self.journal.compare_with(baseline)

    def clear(self) -> None:
        """Forget everything. A case whose response has yet to come, or that is judged again, is counted once more."""
        self.journal, self._nowhere = self.journal.successor(), Journal()
        self._consequences = Consequences(self._rules, self._key)

    def request(
        self,
        request: Request,
        origin: Origin,
        overrides: Overrides | None = None,
        *,
        told: tuple[Finding, ...] = (),
        unmeasured: bool = False,
        names: Iterable[bytes] = (),
        sent: int = 0,
        over_tls: bool | None = None,
    ) -> Outcome:
        """Judge a request. `sent` are the bytes of its content seen so far.

        `told` are findings that a recording of the exchange holds, and `names` the names of the fields in it, in lower
        case. `unmeasured` is as in `Case`.
        """
        exchange = Exchange(request, sent=sent, over_tls=over_tls)
        endpoint = request.endpoint
        receipt = self._begin(exchange, endpoint, origin, unmeasured)
        self.journal.hosts.saw_names(names)
        if told and origin is not Origin.CHANGED:  # the others are judged anew
            told = tuple(each for each in told if _is_told_once(each))
        case = Case(exchange, endpoint, origin, receipt, NOTHING_FOUND, (), told, unmeasured)
        if origin is Origin.CHANGED:
            return self._retold(case, overrides)
        if origin is not Origin.ENFORCED and self._judge.refuses_late(exchange, _at(endpoint, overrides)):
            # The site's own response decides. Until it is there, nothing is said that it could make untrue.
            return Outcome(case._replace(exchange=replace(exchange, awaited=True)))
        return self._asked(case, overrides)

    def sent(self, case: Case, sent: int, overrides: Overrides | None = None) -> Outcome:
        """Judge a request once more when its content is there, of which the head said nothing. `sent` is its bytes."""
        if case.receipt.journal is self._nowhere:
            return Outcome(case)
        case = self._counted(case)
        case = case._replace(exchange=replace(case.exchange, sent=sent))
        if case.exchange.awaited:
            return Outcome(case)
        with self.journal.rebooking(case.receipt) as receipt:
            return self._asked(case._replace(receipt=receipt, findings=()), overrides)

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
        self._saw_response(case.endpoint, exchange, response)
        if not case.exchange.awaited:
            return self._answered(case, exchange, overrides)
        asked = self._asked(case._replace(exchange=exchange), overrides)
        answered = self._answered(asked.case, exchange, overrides)
        return _together(asked, answered, action=asked.action if asked.case.is_replied else answered.action)

    def ended(
        self,
        case: Case,
        sent: int,
        received: int,
        ended: float | None,
        overrides: Overrides | None = None,
        *,
        waited: float | None = None,
    ) -> Outcome:
        """Judge an exchange that is over at `ended`, None if nobody knows when.

        `sent` and `received` are the bytes of content that passed. `waited` is how many seconds the client waited in
        vain for a response.
        """
        past = case.exchange
        if case.origin is Origin.CHANGED or case.foreign:
            return Outcome(case)
        is_counted = case.receipt.journal is self.journal
        if past.response is None:
            case = case._replace(exchange=replace(past, sent=max(sent, past.sent)))
            if case.has_reply:
                return Outcome(case)
            if not is_counted:
                return Outcome(case._replace(is_over=True))
            self.journal.unanswered += case.origin is Origin.RECORDED
            return self._unanswered(case, overrides, waited=waited)
        exchange = Exchange.whole(past.request, past.response, sent, received, ended, past.over_tls, past.removed)
        if not is_counted:
            return Outcome(case._replace(exchange=exchange, is_over=True))
        return self._over(case, exchange, overrides)

    def whole(
        self, exchange: Exchange, origin: Origin, overrides: Overrides | None = None, *, told: tuple[Finding, ...] = ()
    ) -> Outcome:
        """Judge an exchange that is over. The result is the same as that of `request`, `response` and `ended` in turn.

        `told` is as in `request`. If there is no response, none came.
        """
        request, response = exchange.request, exchange.response
        if response is None:
            begun = self.request(request, origin, overrides, told=told, sent=exchange.sent, over_tls=exchange.over_tls)
            return _together(begun, self.ended(begun.case, exchange.sent, 0, None, overrides), action=begun.action)
        endpoint = request.endpoint
        wanted = _at(endpoint, overrides)
        receipt = self._begin(exchange, endpoint, origin, False)
        self._saw_response(endpoint, exchange, response)
        asked = self._judge.request(exchange, wanted)
        replied = isinstance(asked.action, Respond)
        answered = NOTHING_FOUND if replied else self._judge.response(exchange, wanted)
        action = asked.action if replied else answered.action
        cookies = self._cookies(request, response, REFUSED if replied else action)
        consequences = self._consequences.whole(exchange, self._profile)
        findings = (*asked.findings, *answered.findings)
        told = tuple(filter(_is_told_once, told))
        if consequences.findings or told:
            following, told = _following(consequences.findings, told, asked.findings, endpoint, overrides)
            findings = (*findings, *following)
        receipt, new = self.journal.book(receipt, findings, cookies)
        case = Case(exchange, endpoint, origin, receipt, asked, findings, told, False, False, True)
        failures = (*asked.failures, *answered.failures, *consequences.failures)
        return Outcome(case, action, findings, new, failures)

    def again(
        self, case: Case, overrides: Overrides | None = None, *, late: tuple[Response, int] | None = None
    ) -> Outcome:
        """Judge an exchange anew as it came, and take back what was said before.

        `late` is a response that was not judged so far, and the bytes of its content.
        """
        is_remembered = case.receipt.journal in (self.journal, self._nowhere)
        case = self._counted(case._replace(findings=()))
        if late:
            response, received = late
            self.journal.unanswered -= case.is_recorded_request
            exchange = replace(case.exchange, response=response, received=received, awaited=False)
            self._saw_response(case.endpoint, exchange, response)
            case = case._replace(exchange=exchange)
        exchange = case.exchange
        self.journal.hosts.saw_in_scope(case.endpoint.host)
        with self.journal.rebooking(case.receipt) as receipt:
            case = case._replace(receipt=receipt, findings=())
            if case.origin is Origin.CHANGED:
                return self._retold(case, overrides)
            steps = [Outcome(case) if exchange.awaited else self._asked(case, overrides, again=is_remembered)]
            if case.is_over and exchange.response is None:
                steps.append(self._unanswered(steps[-1].case, overrides, again=is_remembered))
            elif exchange.response is None:
                steps.append(self._retold(steps[-1].case, overrides))
            else:
                steps.append(self._answered(steps[-1].case, exchange, overrides, again=is_remembered and not late))
                if case.is_over:
                    steps.append(self._over(steps[-1].case, exchange, overrides, again=is_remembered))
            return _together(*steps)

    def evidence(self, case: Case, header: str, finding: Finding | None, overrides: Overrides | None = None) -> Outcome:
        """Take down what an experiment without this header (in lower case) has shown. None: nothing depends on it.

        What an earlier experiment has shown gives way.
        """
        about = (DEPENDENCE, header)
        # An experiment goes further than a trace in headers, which is evidence if the experiment shows nothing.
        told = [each for each in case.told if (each.rule, each.subject) != about or not (finding or each.extent)]
        if finding:
            told.insert(0, finding)
        outcome = self.again(case._replace(told=tuple(told)), overrides)
        self.journal.hosts.tested(case.endpoint.host, header)
        return outcome

    def withdraw(self, case: Case) -> Case:
        """Take back all that was counted of a case, because it is outside the scope now."""
        if case.receipt.journal is not self.journal:
            return case
        origin = case.origin
        self.journal.withdraw(
            case.receipt, enforced=origin.is_enforced, recorded=origin.is_recorded, unmeasured=case.unmeasured
        )
        if case.exchange.response:
            self.journal.hosts.reached(case.endpoint.host, untested(case.exchange), -1)
        self.journal.unanswered -= case.is_recorded_request
        return case._replace(receipt=case.receipt._replace(journal=self._nowhere))

    def left_out(self, names: Iterable[bytes] = ()) -> None:
        """Count an exchange outside the user's scope. `names` are those of its fields if it is recorded."""
        self.journal.outside_scope += 1
        self.journal.hosts.saw_names(names)

    def came_into_scope(self) -> None:
        """Take back that an exchange was left out: its response shows that it is in the user's scope."""
        self.journal.outside_scope -= self.journal.outside_scope > 0

    def report(self, mode: str, *, scoped: bool = False, is_over: bool = False) -> Report:
        """What was found so far. The arguments are as in `Journal.report`."""
        return self.journal.report(mode, self._profile.limits, scoped=scoped, is_over=is_over)

    def _begin(self, exchange: Exchange, endpoint: Endpoint, origin: Origin, unmeasured: bool) -> Receipt:
        """Count an exchange."""
        if unmeasured:
            self.journal.inventory.saw_changed_response(endpoint)
        return self.journal.begin(endpoint, exchange.request, enforced=origin.is_enforced, recorded=origin.is_recorded)

    def _counted(self, case: Case) -> Case:
        """The case, counted once more with its findings if everything was forgotten meanwhile."""
        if case.receipt.journal is self.journal:
            return case
        self.journal.outside_scope -= case.receipt.journal is self._nowhere
        receipt = self._begin(case.exchange, case.endpoint, case.origin, case.unmeasured)
        self.journal.unanswered += case.is_recorded_request
        if case.exchange.response:
            self._saw_response(case.endpoint, case.exchange, case.exchange.response)
        return case._replace(receipt=self.journal.book(receipt, case.findings)[0])

    def _saw_response(self, endpoint: Endpoint, exchange: Exchange, response: Response) -> None:
        request = exchange.request
        self.journal.inventory.saw_response(endpoint, response)
        self.journal.hosts.saw_response(request, response)
        names = untested(exchange)
        if names:
            self.journal.hosts.reached(endpoint.host, names)

    def _cookies(self, request: Request, response: Response, action: Action) -> Sequence[CookieKey | None]:
        """Take the cookies of a response into account, and what the Runtime makes of them."""
        return self.journal.inventory.saw_cookies(request.endpoint.host, response, action) if response.cookies else ()

    def _asked(self, case: Case, overrides: Overrides | None, *, again: bool = False) -> Outcome:
        """What the Runtime does with a request, and what follows from one that never reaches the site."""
        exchange, endpoint, origin, receipt, _, before, told, unmeasured, foreign, is_over = case
        asked = self._judge.request(exchange, _at(endpoint, overrides))
        findings, action, failures = asked
        if isinstance(action, Respond):
            self.journal.inventory.saw_answer(endpoint)
            if origin is Origin.ENFORCED:
                consequences = self._consequences.request(exchange, self._profile, again=again)
                following, told = _following(consequences.findings, told, before, endpoint, overrides)
                findings, failures = (*findings, *following), (*failures, *consequences.failures)
        receipt, new = self.journal.book(receipt, findings)
        found = (*before, *findings)
        case = Case(exchange, endpoint, origin, receipt, asked, found, told, unmeasured, foreign, is_over)
        return Outcome(case, action, findings, new, failures)

    def _retold(self, case: Case, overrides: Overrides | None) -> Outcome:
        """What was told of an exchange, of which nothing else is known."""
        findings = _wanted(_without(case.told, _places(case.findings)), case.endpoint, overrides)
        receipt, new = self.journal.book(case.receipt, findings)
        case = case._replace(receipt=receipt, findings=(*case.findings, *findings))
        return Outcome(case, FORWARD, findings, new)

    def _answered(self, case: Case, exchange: Exchange, overrides: Overrides | None, *, again: bool = False) -> Outcome:
        """What the Runtime does with a response, its cookies among it, and what follows from the exchange."""
        _, endpoint, origin, receipt, asked, before, told, unmeasured, foreign, is_over = case
        assert exchange.response
        replied = case.is_replied
        answered = NOTHING_FOUND if replied else self._judge.response(exchange, _at(endpoint, overrides))
        findings, action, failures = answered
        cookies = self._cookies(exchange.request, exchange.response, REFUSED if replied else action)
        consequences = self._consequences.head(exchange, self._profile, again=again)
        if consequences.findings or told:
            following, told = _following(consequences.findings, told, before, endpoint, overrides)
            findings = (*findings, *following)
        receipt, new = self.journal.book(receipt, findings, cookies)
        found = (*before, *findings)
        case = Case(exchange, endpoint, origin, receipt, asked, found, told, unmeasured, foreign, is_over)
        return Outcome(case, action, findings, new, (*failures, *consequences.failures))

    def _unanswered(
        self, case: Case, overrides: Overrides | None, *, waited: float | None = None, again: bool = False
    ) -> Outcome:
        """What follows from a request to which no response came."""
        findings, _, failures = self._consequences.request(case.exchange, self._profile, again=again)
        told = case.told
        if waited:  # judging again does not come to what that shows
            in_vain = self._judge.response(replace(case.exchange, response=Response(0, waited=waited)))
            told = (*in_vain.findings, *told)
        findings, told = _following(findings, told, case.findings, case.endpoint, overrides)
        receipt, new = self.journal.book(case.receipt, findings)
        found = (*case.findings, *findings)
        case = case._replace(receipt=receipt, findings=found, told=told, is_over=True)
        return Outcome(case, FORWARD, findings, new, failures)

    def _over(self, case: Case, exchange: Exchange, overrides: Overrides | None, *, again: bool = False) -> Outcome:
        """What follows from an exchange that is over."""
        _, endpoint, origin, receipt, asked, before, told, unmeasured, foreign, _ = case
        findings, _, failures = self._consequences.ending(exchange, self._profile, again=again)
        if findings or told:
            findings, told = _following(findings, told, before, endpoint, overrides)
        receipt, new = self.journal.book(receipt, findings)
        found = (*before, *findings)
        case = Case(exchange, endpoint, origin, receipt, asked, found, told, unmeasured, foreign, True)
        return Outcome(case, FORWARD, findings, new, failures)


def _following(
    findings: Sequence[Finding],
    told: tuple[Finding, ...],
    booked: Sequence[Finding],
    here: Endpoint,
    overrides: Overrides | None,
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What follows from an exchange, as the user wants it, and what is told of it from now on.

    `findings` are new, `told` were told before, because a rule tells its evidence once. What is `booked` already is
    not said again.
    """
    said = _places(booked)
    extents = {each.place: each.extent for each in told}
    found = [each for each in _without(findings, said) if each.extent >= extents.get(each.place, 0)]
    others = _without(told, _places(found))
    unsaid = _without(others, said)
    following = sorted((*found, *unsaid), key=_position) if unsaid else found
    wanted = _wanted(following, here, overrides)
    return wanted, (*filter(_is_told_once, found), *others)


_POSITIONS = {rule: position for position, rule in enumerate(BY_ID)}


def _position(finding: Finding) -> int:
    return _POSITIONS[finding.rule]


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


def _places(findings: Iterable[Finding]) -> set[Place]:
    return {each.place for each in findings}


def _without(findings: Iterable[Finding], places: Container[Place]) -> list[Finding]:
    """The findings that are about something else."""
    return [each for each in findings if each.place not in places]


def _is_told_once(finding: Finding) -> bool:
    """Whether judging the exchange again need not come to this finding."""
    return BY_ID[finding.rule].memory is not None or finding.rule == DEPENDENCE


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
