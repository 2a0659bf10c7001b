"""One exchange's life as values."""

from __future__ import annotations

from functions_runtime.case import Case, Origin, Outcome
from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.record.journal import Journal
from functions_runtime.ruling import Forward, Reply, Respond, Ruling

HOME = Endpoint("GET", "a.example", "/")


def case(origin: Origin = Origin.AUDITED) -> Case:
    request = Request(host="a.example")
    return Case(Exchange(request), HOME, origin, Journal().begin(HOME, request))


def test_a_request_that_the_runtime_answers_is_replied() -> None:
    assert not case().is_replied
    assert case()._replace(asked=Ruling(action=Respond(Reply(431, "")))).is_replied


def test_a_response_is_news_unless_there_was_one_or_nothing_is_known_of_it() -> None:
    assert case().lacks_response
    assert not case()._replace(exchange=Exchange(Request(), Response())).lacks_response
    assert not case().of_somebody_else().lacks_response
    assert not case(Origin.CHANGED).lacks_response


def test_what_the_user_turned_off_is_silenced_if_nothing_else_is_known() -> None:
    said, off = BY_ID["cookie-session"].finding("a"), BY_ID["cookie-session"].finding("b")
    told = case(Origin.CHANGED)._replace(findings=(said,), told=(said, off))
    assert told.silenced == (off,)
    assert told._replace(origin=Origin.RECORDED).silenced == ()


def test_a_recording_may_have_the_request_alone() -> None:
    for origin in Origin:
        over = case(origin)._replace(is_over=True)
        assert over.is_recorded_request is (origin is Origin.RECORDED)
        assert not over._replace(exchange=Exchange(Request(), Response())).is_recorded_request
        assert not case(origin).is_recorded_request


def test_the_client_has_the_reply_only_if_rules_are_enforced() -> None:
    replied = Ruling(action=Respond(Reply(431, "")))
    for origin in Origin:
        assert case(origin)._replace(asked=replied).has_reply is (origin is Origin.ENFORCED)
        assert not case(origin).has_reply


def test_the_domain_may_become_known() -> None:
    here = case()
    assert here.at_domain(None) is here
    known = here.at_domain("app.twil.io")
    assert known.exchange.request == Request(host="a.example", domain="app.twil.io")


def test_an_outcome_is_nothing_at_first() -> None:
    outcome = Outcome(case())
    assert (outcome.action, outcome.findings, list(outcome.new), outcome.failures) == (Forward(), (), [], ())
