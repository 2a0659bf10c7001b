"""The door to the pure part: exchanges that are judged, judged again, forgotten and counted once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions_runtime.case import Case, Origin, Outcome
from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import Override
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import (
    CONCURRENT_REQUESTS_LIMIT,
    REQUEST_SIZE_LIMIT,
    RESPONSE_SIZE_LIMIT,
    SEED_PAGE_LIMITS,
    Limits,
    Profile,
)
from functions_runtime.record.report import Report
from functions_runtime.rule import Example
from functions_runtime.rules.restricted_header_used import by_experiment
from functions_runtime.ruling import Finding, Forward, Respond, Rewrite, Severity
from functions_runtime.session import Overrides, Session
from functions_runtime.syntax.rfc9110 import Fields
from tests.fields import BAD_COOKIE, Field

COOKIE: Field = (b"Set-Cookie", b"sid=a; Max-Age=60; HttpOnly; Secure")
TOO_MANY: Fields = tuple((b"X-%d" % number, b"1") for number in range(76))
SETS: Field = (b"Set-Cookie", b"csrf=tokentoken; HttpOnly; Secure")
TYPE: Field = (b"Content-Type", b"text/html")


Told = tuple[Finding, ...]


def finding(rule: str, *subject: str, **facts: Any) -> Finding:
    return BY_ID[rule].finding(*subject, **facts)


TOLD = finding("cookie-read-by-script", "csrf", what="the query")
OTHER = finding("cookie-session", "sid")


def session(**more: Any) -> Session:
    return Session(Profile(), b"key", **more)


def request(*fields: Field, method: str = "GET", path: str = "/a", time: float = 1.0) -> Request:
    return Request(method, "app.example", path, fields, "app.example", time)


def response(*fields: Field, status: int = 200, waited: float | None = None) -> Response:
    return Response(status, fields, 2.0, waited)


def report(of: Session) -> Report:
    return of.journal.report("audit", SEED_PAGE_LIMITS)


def counts(of: Session) -> list[tuple[str, str | None, int]]:
    return [(entry.finding.rule, entry.finding.subject, entry.count) for entry in report(of).entries]


def rules(case: Case) -> list[str]:
    return [finding.rule for finding in case.findings]


def play(of: Session, asked: Request, answered: Response, origin: Origin = Origin.AUDITED, **more: Any) -> Case:
    """An exchange from its beginning to its end."""
    case = of.request(asked, origin, **more).case
    case = of.response(case, answered, **more).case
    return of.ended(case, 0, 5, 3.0, **more).case


# Request


def test_a_request_is_judged_and_booked() -> None:
    here = session()
    outcome = here.request(request((b"Referer", b"/"), method="POST"), Origin.ENFORCED, sent=3, over_tls=True)
    assert isinstance(outcome.action, Rewrite)
    assert rules(outcome.case) == ["restricted-request-header"]
    assert [entry.finding for entry in outcome.new] == list(outcome.findings)
    exchange = outcome.case.exchange
    assert (exchange.sent, exchange.over_tls, exchange.awaited) == (
        3,
        True,
        False,
    )
    assert (report(here).judged, report(here).enforced, report(here).recorded) == (1, 1, 0)


PREFLIGHT = (
    (b"Origin", b"https://b.example"),
    (b"Access-Control-Request-Method", b"GET"),
    (b"Access-Control-Request-Headers", b"authorization"),
)


def test_what_a_request_shows_is_found_even_if_the_runtime_responds() -> None:
    here = session()
    preflight = here.request(request(*PREFLIGHT, method="OPTIONS"), Origin.ENFORCED).case
    assert rules(preflight) == ["preflight-answered", "cors-authorization-wildcard"]
    play(here, request(), response((b"Set-Cookie", b"csrf=tokentoken"), TYPE), Origin.ENFORCED)
    put = here.request(request((b"X-Csrf", b"tokentoken"), method="PUT"), Origin.ENFORCED).case
    assert rules(put) == ["method-unsupported", "cookie-read-by-script"]
    found = counts(here)
    for case in (preflight, put):
        assert rules(here.again(case).case) == rules(case)
    assert counts(here) == found


def test_a_request_over_the_limits_is_answered() -> None:
    here = session()
    outcome = here.request(request(*TOO_MANY), Origin.AUDITED)
    assert isinstance(outcome.action, Respond)
    assert outcome.case.is_replied
    assert report(here).endpoints[0].seen.answered


def test_another_profile_counts_from_then_on() -> None:
    here = session()
    here.use(Profile(Limits(4096, 100)))
    assert rules(here.request(request(*TOO_MANY), Origin.AUDITED).case) == []


def test_content_that_no_head_announces_is_heeded_when_it_is_there() -> None:
    here = session()
    case = here.request(request((b"Referer", b"/")), Origin.ENFORCED).case
    outcome = here.sent(case, 7)
    assert isinstance(outcome.action, Respond)
    assert counts(here) == [("get-with-content", None, 1)]
    post = here.request(request(method="POST"), Origin.ENFORCED).case
    assert here.sent(post, 7).action == Forward()


# Response


def test_a_response_is_judged_with_its_cookies_and_what_follows() -> None:
    here = session()
    case = here.request(
        request((b"Referer", b"https://b.example/"), (b"X-Forwarded-For", b"192.0.2.1")), Origin.AUDITED
    ).case
    outcome = here.response(case, response(BAD_COOKIE, (b"Vary", b"Referer")), sent=1, received=2)
    assert isinstance(outcome.action, Respond)
    assert [finding.rule for finding in outcome.findings] == ["cookie-lifetime-too-long", "restricted-header-used"]
    assert [cookie.runtime for cookie in report(here).cookies] == [None]
    assert (outcome.case.exchange.sent, outcome.case.exchange.received) == (1, 2)
    assert [notice.id for notice in report(here).notices] == ["restricted-untested"]


def test_what_the_runtime_answers_itself_has_no_response_of_the_site() -> None:
    here = session()
    case = play(here, request(*TOO_MANY), response(COOKIE, TYPE))
    assert rules(case) == ["request-headers-too-long"]
    assert [cookie.runtime for cookie in report(here).cookies] == [None]


@pytest.mark.parametrize(("status", "found"), [(207, ["method-unsupported"]), (405, ["restricted-request-header"])])
def test_a_method_is_lost_unless_the_site_refuses_it(status: int, found: list[str]) -> None:
    here = session()
    asked = here.request(request((b"Referer", b"/"), method="PROPFIND"), Origin.AUDITED)
    for case in (asked.case, here.sent(asked.case, 5).case, here.again(asked.case).case):
        assert rules(case) == []
    outcome = here.response(asked.case, response(TYPE, status=status))
    assert rules(outcome.case) == found
    assert isinstance(outcome.action, Respond) is (status == 207)
    assert [rule for rule, _, _ in counts(here)] == found
    assert rules(here.again(outcome.case).case) == found


def test_in_enforce_mode_a_method_is_refused_at_once() -> None:
    assert isinstance(session().request(request(method="PROPFIND"), Origin.ENFORCED).action, Respond)


# What is asked for besides


def test_what_was_found_can_be_compared_and_reported() -> None:
    here = session()
    here.compare_with({("cookie-lifetime-too-long", "error", "GET", "app.example", "/a", "sid"): True})
    play(here, request(), response(BAD_COOKIE, TYPE))
    here.left_out()
    shown = here.report("audit", scoped=True, is_over=True)
    assert (shown.mode, shown.limits, shown.scoped, shown.outside_scope) == ("audit", SEED_PAGE_LIMITS, True, 1)
    assert [entry.known for entry in shown.entries] == [True]


def test_the_notice_no_longer_names_a_header_that_an_experiment_tried() -> None:
    here = session()
    case = play(here, request((b"X-Real-IP", b"192.0.2.1")), response(TYPE))
    assert [notice.id for notice in report(here).notices] == ["restricted-untested"]
    case = here.evidence(case, "x-real-ip", None).case
    assert report(here).notices == ()
    other = play(here, request((b"X-Real-IP", b"192.0.2.1"), path="/other"), response(TYPE))
    assert [notice.id for notice in report(here).notices] == ["restricted-untested"]
    here.evidence(other, "x-real-ip", by_experiment("x-real-ip", ["status"]))
    assert report(here).notices == ()


def test_a_later_experiment_that_shows_nothing_takes_back_what_an_earlier_one_showed() -> None:
    here = session()
    case = play(here, request((b"Referer", b"https://b.example/"), (b"Via", b"1.1 a")), response(TYPE))
    before = counts(here)
    for name in ("referer", "via"):
        case = here.evidence(case, name, by_experiment(name, ["status"])).case
    for name in ("via", "referer"):
        case = here.evidence(case, name, None).case
    assert "restricted-header-used" not in rules(case)
    assert counts(here) == before
    here.clear()
    for name in ("via", "referer"):
        case = here.evidence(case, name, None).case
    assert report(here).notices == ()


def test_a_trace_stays_if_an_experiment_shows_nothing() -> None:
    here = session()
    vary = play(here, request((b"Referer", b"https://b.example/")), response((b"Vary", b"Referer"), TYPE)).findings
    case = here.request(request(), Origin.CHANGED, told=vary).case
    for found in (by_experiment("referer", ["status"]), None):
        case = here.evidence(case, "referer", found).case
        assert rules(case).count("restricted-header-used") == bool(found)
    case = here.request(request(), Origin.CHANGED, told=vary).case
    assert "restricted-header-used" in rules(here.evidence(case, "referer", None).case)


def test_a_cookie_is_at_the_host_that_reports_show() -> None:
    here = session()
    asked = Request(host="ada:secret@a.example", fields=((b"Host", b"ada:secret@a.example"),))
    play(here, asked, response(BAD_COOKIE))
    assert "secret" not in repr((report(here).cookies, report(here).hosts))


# The end


def test_what_the_end_shows_is_booked_too() -> None:
    here = session()
    case = here.response(here.request(request(), Origin.AUDITED).case, response()).case
    assert rules(case) == []
    case = here.ended(case, 0, 5, 3.0).case
    assert rules(case) == ["content-type-missing"]
    assert (case.is_over, case.exchange.received, case.exchange.ended) == (True, 5, 3.0)


UPLOAD = request((b"Content-Type", b"text/xml"), (b"Content-Length", b"5"), method="POST")


def test_of_a_request_without_a_response_the_end_says_what_it_shows_alone() -> None:
    for origin in Origin.ENFORCED, Origin.AUDITED, Origin.RECORDED:
        here = session()
        case = here.request(UPLOAD, origin, told=(TOLD,)).case
        assert rules(case) == []
        case = here.ended(case, 5, 0, 3.0).case
        assert rules(case) == ["cookie-read-by-script", "body-not-parsed"]
        assert (case.is_over, case.exchange.sent) == (True, 5)
        before = counts(here)
        case = here.again(case).case
        assert rules(case) == ["cookie-read-by-script", "body-not-parsed"]
        assert counts(here) == before
    here = session()
    whole = here.whole(Exchange(UPLOAD), Origin.RECORDED)
    assert rules(whole.case) == ["body-not-parsed"]
    assert [entry.finding.rule for entry in whole.new] == ["body-not-parsed"]


def test_a_client_that_waits_in_vain_for_long_has_waited_too_long() -> None:
    for origin in Origin.ENFORCED, Origin.AUDITED:
        here = session()
        case = here.request(request(), origin).case
        outcome = here.ended(case, 0, 0, 20.0, waited=10.5)
        assert (rules(outcome.case), outcome.action) == (["response-too-slow"], Forward())
        assert rules(here.again(outcome.case).case) == ["response-too-slow"]
        assert (here.journal.clean, counts(here)) == (0, [("response-too-slow", None, 1)])
        assert rules(here.again(outcome.case, lambda _: [Override("response-too-slow", None, None)]).case) == []
    here = session()
    assert rules(here.ended(here.request(request(), Origin.AUDITED).case, 0, 0, 20.0, waited=10.0).case) == []


def test_fields_that_are_not_judged_show_that_the_recording_has_them() -> None:
    here = session()
    here.left_out([b"host"])
    assert not here.journal.hosts.has_credentials
    here.left_out([b"host", b"cookie"])
    assert here.journal.hosts.has_credentials
    here = session()
    here.request(request(), Origin.CHANGED, names=[b"set-cookie"])
    assert here.journal.hosts.has_credentials


def test_what_the_runtime_replied_to_has_said_all_when_it_ends() -> None:
    here = session()
    case = here.request(request(*TOO_MANY, method="POST"), Origin.ENFORCED).case
    assert here.ended(case, 0, 0, 3.0) == Outcome(case)


def test_without_a_response_nobody_knows_whether_the_site_serves_a_method() -> None:
    here = session()
    case = here.request(request(method="PUT"), Origin.AUDITED).case
    case = here.ended(case, 0, 0, 3.0).case
    assert rules(here.again(case).case) == []


def test_what_was_forgotten_meanwhile_has_no_end() -> None:
    here = session()
    case = here.response(here.request(request(), Origin.AUDITED).case, response()).case
    here.clear()
    over = here.ended(case, 0, RESPONSE_SIZE_LIMIT + 1, 3.0)
    assert (over.findings, counts(here)) == ((), [])
    assert "response-too-large" in rules(here.again(over.case).case)


def test_the_end_does_not_say_again_what_the_head_has_said() -> None:
    here = session()
    events = response((b"Content-Type", b"text/event-stream"))
    case = here.request(request(), Origin.AUDITED).case
    case = here.response(case, events).case
    case = here.ended(case, 0, 5, 100.0).case
    assert rules(case) == ["streaming-unavailable"]


# All at once


def in_steps(of: Session, exchange: Exchange, overrides: Overrides | None = None, told: Told = ()) -> Outcome:
    """Judge an exchange from its beginning to its end, and say what came of it."""
    asked = of.request(
        exchange.request, Origin.RECORDED, overrides, told=told, sent=exchange.sent, over_tls=exchange.over_tls
    )
    assert exchange.response
    answered = of.response(
        asked.case,
        exchange.response,
        overrides,
        removed=exchange.removed,
        sent=exchange.sent,
        received=exchange.received,
    )
    over = of.ended(answered.case, exchange.sent, exchange.received, exchange.ended, overrides)
    steps = (asked, answered, over)
    return Outcome(
        over.case,
        over.case.asked.action if over.case.is_replied else answered.action,
        tuple(finding for step in steps for finding in step.findings),
        tuple(entry for step in steps for entry in step.new),
        tuple(failure for step in steps for failure in step.failures),
    )


def assert_whole_is_in_steps(
    exchanges: Iterable[Exchange], overrides: Overrides | None = None, told: Told = (), profile: Profile | None = None
) -> list[Outcome]:
    """Hold that judging exchanges at once comes to the same as judging them step by step."""
    one, other = (Session(profile or Profile(), b"key") for _ in range(2))
    outcomes = []
    for exchange in exchanges:
        whole = one.whole(exchange, Origin.RECORDED, overrides, told=told)
        steps = in_steps(other, exchange, overrides, told)
        assert Counter(whole.findings) == Counter(steps.findings)
        assert (whole.action, whole.failures) == (steps.action, steps.failures)
        assert sorted(whole.new, key=str) == sorted(steps.new, key=str)  # what was told before can change their order
        assert whole.case._replace(receipt=steps.case.receipt, findings=()) == steps.case._replace(findings=())
        assert Counter(whole.case.findings) == Counter(steps.case.findings)
        outcomes.append(whole)
    assert report(one) == report(other)
    for outcome in outcomes:
        one.again(outcome.case, overrides)
    assert report(one).entries == report(other).entries
    return outcomes


EXAMPLES = [
    pytest.param(example, id=f"{rule.id}: {example.title}")
    for rule in RULES
    for example in rule.examples
    if example.exchange.response
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_exchange_that_is_over_can_be_judged_at_once(example: Example) -> None:
    exchanges = [each for each in (*example.before, example.exchange) if each.response]
    assert_whole_is_in_steps(exchanges)
    assert_whole_is_in_steps(exchanges, told=(TOLD, OTHER))
    severe = [Override(rule.id, None, Severity.ERROR) for rule in RULES]
    assert_whole_is_in_steps(exchanges, lambda endpoint: severe)


def test_at_once_too_what_is_answered_has_no_response_of_the_site() -> None:
    exchange = Exchange(request(*TOO_MANY), response(COOKIE, TYPE))
    [outcome] = assert_whole_is_in_steps([exchange])
    assert isinstance(outcome.action, Respond)


# Judging again


def everything() -> list[tuple[Request, Response]]:
    """Exchanges that lead to findings of all kinds."""
    return [
        (request((b"Referer", b"/")), response(BAD_COOKIE, TYPE)),
        (request(path="/form"), response((b"Set-Cookie", b"csrf=tokentoken"), TYPE)),
        (request((b"X-CSRF", b"tokentoken"), method="POST", path="/save"), response(TYPE)),
        (request(method="PUT", path="/item"), response(status=204)),
        (request(path="/slow"), response(TYPE, waited=11.0)),
        (request(path="/data"), response()),
        (request(method="OPTIONS"), response((b"Allow", b"GET"))),
    ]


def test_judging_again_changes_nothing_if_nothing_has_changed() -> None:
    here = session()
    cases = [play(here, *each) for each in everything()]
    before = report(here)
    for _ in range(2):
        outcomes = [here.again(case) for case in cases]
        assert report(here) == before
        assert [sorted(outcome.case.findings) for outcome in outcomes] == [sorted(case.findings) for case in cases]
        assert [list(outcome.new) for outcome in outcomes] == [[]] * len(cases)
        cases = [outcome.case for outcome in outcomes]


def test_judging_again_heeds_what_the_user_wants_now() -> None:
    here = session()
    cases = [play(here, *each) for each in everything()]
    off = [Override(rule.id, None, None) for rule in RULES]
    for case in cases:
        assert here.again(case, lambda endpoint: off).case.findings == ()
    assert (counts(here), report(here).clean) == ([], len(cases))


def test_a_request_without_a_response_is_judged_again() -> None:
    here = session()
    case = here.request(request((b"Referer", b"/")), Origin.AUDITED).case
    assert rules(here.again(case).case) == ["restricted-request-header"]


def test_a_response_that_came_late_is_judged_then() -> None:
    here = session()
    case = here.request(request(), Origin.AUDITED).case
    case = here.again(case, late=(response(BAD_COOKIE, TYPE), 5)).case
    assert rules(case) == ["cookie-lifetime-too-long"]
    assert case.exchange.received == 5


def test_an_exchange_that_was_forgotten_is_counted_once_more() -> None:
    here = session()
    cases = [play(here, *each) for each in everything()]
    bare = here.request(request(path="/bare"), Origin.AUDITED).case
    before = sorted(counts(here))
    here.clear()
    assert (counts(here), report(here).judged) == ([], 0)
    cases = [here.again(case).case for case in (*cases, bare)]
    assert (sorted(counts(here)), report(here).judged) == (before, len(cases))
    here.clear()
    answered = here.response(cases[-1], response(BAD_COOKIE, TYPE)).case
    assert (rules(answered), report(here).judged) == (["cookie-lifetime-too-long"], 1)


def test_what_is_outside_a_new_scope_counts_no_more_until_it_is_judged_again() -> None:
    here, without, whole = session(), session(), session()
    for of in (here, without, whole):
        play(of, request(), response(BAD_COOKIE, TYPE))
        if of is not without:
            cases = [play(of, request((b"Via", b"1.1 a"), path="/out"), response(BAD_COOKIE, TYPE))]
            cases.append(of.request(request(path="/changed"), Origin.CHANGED, told=(TOLD,), unmeasured=True).case)
            cases.append(of.whole(Exchange(request(path="/unanswered")), Origin.RECORDED).case)
        if of is here:
            left = cases
    for _ in range(2):
        left = [here.withdraw(case) for case in left]
        for step in (here.sent(left[0], 5), here.ended(left[0], 0, 0, 1.0)):
            assert (step.findings, step.new) == ((), ())
        assert report(here) == replace(report(without), outside_scope=3)
    for case in left:
        here.again(case)
    assert report(here) == report(whole)


def test_a_report_says_how_many_recorded_requests_have_no_response() -> None:
    here = session()
    waiting = here.request(request(), Origin.AUDITED).case
    here.ended(waiting, 0, 0, None)
    assert report(here).notices == ()
    for _ in range(2):
        alone = here.whole(Exchange(request()), Origin.RECORDED).case
    [notice] = report(here).notices
    assert (notice.id, notice.count) == ("entries-skipped", 2)
    assert notice.message == "2 entries have no response: only their requests were judged."
    here.clear()
    assert report(here).notices == ()
    again = here.again(here.again(alone).case).case
    assert [each.count for each in report(here).notices] == [1]
    here.again(again, late=(response(TYPE), 5))
    assert report(here).notices == ()


def test_an_exchange_that_comes_into_scope_late_was_not_left_out() -> None:
    here = session()
    here.left_out()
    for _ in range(2):
        here.came_into_scope()
        assert report(here).outside_scope == 0


def test_what_was_forgotten_cannot_be_left_out() -> None:
    here = session()
    case = play(here, request(), response(TYPE))
    here.clear()
    assert here.withdraw(case) == case
    here.again(case)
    assert (report(here).judged, report(here).outside_scope) == (1, 0)


def test_a_request_that_failed_after_everything_was_forgotten_is_judged_again_as_one() -> None:
    here, undisturbed = session(), session()
    for of in (here, undisturbed):
        case = of.request(request(method="POST"), Origin.AUDITED).case
        if of is here:
            of.clear()
        case = of.ended(case, REQUEST_SIZE_LIMIT + 1, 0, 3.0).case
        case = of.again(case).case
    assert rules(case) == ["request-too-large"]
    assert counts(here) == counts(undisturbed)


def test_a_request_that_waits_takes_no_header_back_when_it_is_left_out() -> None:
    here = session()
    play(here, request((b"Via", b"1.1 a")), response(TYPE))
    here.withdraw(here.request(request((b"Via", b"1.1 a")), Origin.AUDITED).case)
    assert ["via (1)" in notice.message for notice in report(here).notices] == [True]


def test_an_exchange_that_was_left_out_is_not_remembered_twice() -> None:
    here = session()
    exchanges = [Request(host="a.example", time=100.0 + number / 64) for number in range(CONCURRENT_REQUESTS_LIMIT)]
    cases = [here.response(here.request(each, Origin.AUDITED).case, response(TYPE)).case for each in exchanges]
    cases = [here.ended(case, 0, 5, 102.0).case for case in cases]
    left = here.again(here.withdraw(cases[0])).case
    assert rules(here.again(left).case) == []


def test_hosts_judged_before_another_scope_are_not_in_it_until_they_are_judged_again() -> None:
    here = session()
    case = play(here, request(), response(BAD_COOKIE, TYPE))
    here.scope_changed()
    waiting = here.request(Request(host="b.example"), Origin.AUDITED).case
    here.scope_changed()
    assert [host.own for host in here.report("audit", scoped=True).hosts] == [False, False]
    here.again(case)
    here.response(waiting, response(TYPE))
    assert [host.own for host in here.report("audit", scoped=True).hosts] == [True, True]


def test_what_was_found_in_a_request_stays_if_everything_is_forgotten_before_the_response() -> None:
    here, undisturbed = session(), session()
    for each in (here, undisturbed):
        case = each.request(request(*TOO_MANY), Origin.AUDITED).case
        if each is here:
            each.clear()
        case = each.response(case, response(BAD_COOKIE, TYPE)).case
    assert sorted(counts(here)) == sorted(counts(undisturbed))
    assert report(here) == replace(report(undisturbed), is_cleared=True)


def test_content_that_comes_after_everything_was_forgotten_is_judged() -> None:
    here = session()
    case = here.request(request(), Origin.ENFORCED).case
    here.clear()
    outcome = here.sent(case, 2)
    assert rules(outcome.case) == ["get-with-content"]
    assert isinstance(outcome.action, Respond)
    assert report(here).judged == 1


# What was told before


def test_a_recording_keeps_what_other_exchanges_had_shown() -> None:
    here = session()
    case = here.request(request(), Origin.RECORDED, told=(TOLD, OTHER)).case
    assert case.told == (TOLD,)
    case = here.response(case, response(TYPE)).case
    assert case.findings == (TOLD,)
    assert here.again(case).case.findings == (TOLD,)
    without = here.request(request(), Origin.RECORDED, told=(TOLD,)).case
    assert here.again(without).case.findings == (TOLD,)
    assert report(here).recorded == 2


def test_a_recording_of_a_changed_exchange_keeps_all() -> None:
    here = session()
    outcome = here.request(request(*TOO_MANY), Origin.CHANGED, told=(TOLD, OTHER), unmeasured=True)
    assert (outcome.case.findings, outcome.action) == ((TOLD, OTHER), Forward())
    assert here.response(outcome.case, response(BAD_COOKIE)) == Outcome(outcome.case)
    assert here.ended(outcome.case, 0, 0, 1.0) == Outcome(outcome.case)
    assert here.again(outcome.case).case.findings == (TOLD, OTHER)
    assert (report(here).unmeasured, report(here).enforced, report(here).recorded) == (1, 1, 1)
    before = report(here)
    here.again(here.again(outcome.case).case)
    assert report(here) == before
    here.clear()
    here.again(outcome.case)
    assert report(here) == replace(before, is_cleared=True)


def test_a_recording_of_a_changed_exchange_heeds_what_the_user_wants() -> None:
    here = session()
    off = [Override(OTHER.rule, None, None)]
    case = here.request(request(), Origin.CHANGED, lambda endpoint: off, told=(TOLD, OTHER)).case
    assert case.findings == (TOLD,)
    assert here.again(case).case.findings == (TOLD, OTHER)


def test_what_an_experiment_shows_stays() -> None:
    here = session()
    case = play(here, request((b"Referer", b"https://b.example/")), response((b"Vary", b"Referer"), TYPE))
    [vary] = [each for each in case.findings if each.rule == "restricted-header-used"]
    found = by_experiment("referer", ["status"])
    for _ in range(2):
        case = here.evidence(case, "referer", found).case
        assert [each for each in case.findings if each.rule == "restricted-header-used"] == [found]
    assert here.again(case).case.findings.count(found) == 1
    assert vary not in case.findings


def test_an_experiment_after_everything_was_forgotten_counts_its_exchange() -> None:
    here = session()
    case = play(here, request((b"Via", b"1.1 a")), response(BAD_COOKIE, TYPE))
    here.clear()
    case = here.evidence(case, "via", by_experiment("via", ["status"])).case
    assert {"cookie-lifetime-too-long", "restricted-header-used"} <= set(rules(case))
    before = report(here)
    assert (before.judged, before.clean) == (1, 0)
    here.again(case)
    assert report(here) == before


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_what_an_experiment_showed_of_a_recording_stays(method: str) -> None:
    here, found = session(), by_experiment("via", ["status"])
    case = here.request(request((b"Via", b"1.1 a"), method=method), Origin.RECORDED, told=(found,)).case
    case = here.response(case, response(TYPE)).case
    assert found in here.again(case).case.findings


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ((b"X-XSRF", b"tokentoken"), (b"Set-Cookie", b"x=tokentoken"), "cookie-read-by-script"),
        ((b"Cookie", b"sid=abcdefgh"), (b"Set-Cookie", b"sid=abcdefgh; Domain=example"), "cookie-shared-across-hosts"),
    ],
)
def test_judging_one_exchange_again_loses_nothing_that_took_two(first: Field, second: Field, rule: str) -> None:
    here = session()
    play(here, replace(request(first), host="shop.example"), response(TYPE))
    setter = play(here, request(), response(second, TYPE))
    before = report(here)
    off = [Override(rule, None, None)]
    for _ in range(2):
        assert rule in rules(setter)
        silent = here.again(setter, lambda endpoint: off).case
        assert rule not in rules(silent)
        setter = here.again(silent).case
        assert report(here) == before


# What the user wants


def test_a_finding_that_belongs_elsewhere_is_asked_for_there() -> None:
    asked: list[Endpoint] = []

    def overrides(where: Endpoint) -> Sequence[Override]:
        asked.append(where)
        return [Override("cookie-read-by-script", None, Severity.INFO)] if where.path == "/save" else ()

    here = session()
    play(here, request((b"X-CSRF", b"tokentoken"), (b"X-CSRF-2", b"tokentoken"), path="/save"), response(TYPE))
    case = play(here, request(path="/form"), response((b"Set-Cookie", b"csrf=tokentoken"), TYPE), overrides=overrides)
    found = [each for each in case.findings if each.rule == "cookie-read-by-script"]
    assert {(each.endpoint and each.endpoint.path, each.severity) for each in found} == {("/save", Severity.INFO)}
    assert asked[0].path == "/form"


def test_a_check_that_breaks_costs_nothing_else() -> None:
    def check(exchange: Exchange, profile: Profile) -> list[Finding]:
        raise ZeroDivisionError("topsecret")

    broken = [replace(rule, check=check) if rule.id in ("cookie-session", "cors-opened") else rule for rule in RULES]
    here = session(rules=broken)
    outcome = here.response(here.request(request(), Origin.ENFORCED).case, response((b"Set-Cookie", b"a=1")))
    assert [failure.rule for failure in outcome.failures] == ["cookie-session", "cors-opened"]
    assert outcome.action == Forward()
    assert rules(outcome.case) == ["cookie-attributes-added"]


def test_whose_host_is_whose_is_asked_of_the_caller() -> None:
    here = session(registrable=lambda host: "one for all")
    here.request(Request(host="a.example", fields=((b"Sec-Fetch-Dest", b"document"),)), Origin.AUDITED)
    here.request(Request(host="b.example"), Origin.AUDITED)
    assert [host.own for host in report(here).hosts] == [True, True]
    here.clear()
    here.request(Request(host="b.example"), Origin.AUDITED)
    assert report(here).judged == 1
