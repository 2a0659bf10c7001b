"""Responses that are streams, and responses that take long to arrive."""

from __future__ import annotations

import math

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.streaming_unavailable import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields


def of_head(*fields: tuple[bytes, bytes]) -> list[Finding]:
    return list(RULE.check(Exchange(Request(), Response(fields=fields)), Profile()))


def of_ending(
    *,
    began: float = 100.0,
    arrived: float = 101.0,
    waited: float | None = 1.0,
    ended: float | None = 100.0,
    received: int = 1,
    fields: Fields = (),
) -> list[Finding]:
    assert RULE.ending
    response = Response(fields=fields, time=arrived, waited=waited)
    return list(RULE.ending(Exchange(Request(time=began), response, received=received, ended=ended), Profile()))


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (b"text/event-stream", "text/event-stream"),
        (b" Text/Event-Stream ; charset=utf-8", "text/event-stream"),
        (b"multipart/x-mixed-replace;boundary=frame", "multipart/x-mixed-replace"),
    ],
)
def test_a_stream_is_known_by_its_media_type(value: bytes, media_type: str) -> None:
    [finding] = of_head((b"content-type", value))
    assert (finding.severity, finding.subject, finding.effect) == (Severity.ERROR, None, None)
    assert RULE.say(finding).startswith(f"The response is a stream ({media_type}).")
    assert RULE.cells(finding) == (media_type,)


@pytest.mark.parametrize("value", [b"", b"text/html", b"text/event-streams", b"multipart/mixed", b"\xff\xfe;"])
def test_other_types_are_no_streams(value: bytes) -> None:
    assert of_head((b"Content-Type", value)) == []
    assert of_head() == []


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_a_response_that_has_no_content_is_no_stream(method: str, status: int) -> None:
    events = Response(status, ((b"Content-Type", b"text/event-stream"),))
    assert RULE.check(Exchange(Request(method), events), Profile()) == ()


def test_a_body_that_arrives_for_more_than_10_seconds() -> None:
    [finding] = of_ending(ended=112.25)
    assert (finding.severity, finding.extent) == (Severity.ERROR, 12.25)
    assert "still arriving 12.2 seconds after the request" in RULE.say(finding)
    assert RULE.cells(finding) == ("12.2 s",)


@pytest.mark.parametrize("ended", [None, 99.0, 100.0, 110.0, math.nan, -math.inf])
def test_a_body_that_arrives_in_time(ended: float | None) -> None:
    assert of_ending(ended=ended) == []


def test_the_time_runs_from_the_end_of_the_request() -> None:
    assert of_ending(arrived=150.0, waited=1.0, ended=159.0) == []
    assert len(of_ending(arrived=150.0, waited=1.0, ended=159.5)) == 1


def test_if_nobody_measured_the_wait_the_time_runs_from_the_first_byte() -> None:
    assert of_ending(arrived=105.0, waited=None, ended=115.0) == []
    assert len(of_ending(arrived=105.0, waited=None, ended=115.5)) == 1


def test_a_response_time_before_the_request_is_not_believed() -> None:
    assert of_ending(arrived=0.0, ended=105.0) == []


@pytest.mark.parametrize("waited", [10.5, math.inf])
def test_a_response_that_began_too_late_is_another_rules(waited: float) -> None:
    assert of_ending(arrived=111.0, waited=waited, ended=130.0) == []


def test_without_content_or_response_nothing_arrives() -> None:
    assert of_ending(ended=130.0, received=0) == []
    assert RULE.ending
    assert not RULE.ending(Exchange(Request(), ended=130.0, received=1), Profile())


def test_a_stream_is_reported_once() -> None:
    assert of_ending(ended=130.0, fields=((b"Content-Type", b"text/event-stream"),)) == []
