"""`streaming-unavailable`: the Runtime sends a response only after the Function has returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import FUNCTION_TIMEOUT, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Fact, Finding, Severity
from functions_runtime.syntax.rfc9110 import can_have_content

_STREAMS = (b"text/event-stream", b"multipart/x-mixed-replace")


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    media_type = _stream_type(exchange.response)
    if not media_type or not can_have_content(exchange.request.method, exchange.response.status):
        return ()
    return (RULE.finding(media_type=media_type),)


def check_ending(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    response = exchange.response
    if exchange.ended is None or response is None or response.time is None or not exchange.received:
        return ()
    waited = response.waited or 0.0
    seconds = exchange.ended - max(exchange.request.time, response.time - waited)
    # `response-too-slow` speaks of a response that had not begun by then.
    if not seconds > FUNCTION_TIMEOUT or waited > FUNCTION_TIMEOUT or _stream_type(response):
        return ()
    return (RULE.finding(extent=seconds, seconds=seconds),)


def _stream_type(response: Response) -> str:
    """The media type if it is one for streams, else an empty text."""
    values = response.by_name.get(b"content-type")
    return stream_type(values[-1]) if values else ""


# Servers send the same few values again and again.
@lru_cache(maxsize=256)
def stream_type(content_type: bytes) -> str:
    """The media type in a value of Content-Type if each part of such content matters when it arrives, else empty."""
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type.decode() if media_type in _STREAMS else ""


def _sentence(facts: Mapping[str, Fact]) -> str:
    if "media_type" in facts:
        return (
            "The response is a stream ({media_type}). Under the Runtime nothing arrives before the Function has "
            "returned, and a stream that never ends never arrives."
        )
    return (
        "The body of the response was still arriving {seconds:.1f} seconds after the request. Under the Runtime "
        f"nothing arrives before the Function has returned, and the Function may run for {FUNCTION_TIMEOUT} seconds."
    )


def _evidence(facts: Mapping[str, Fact]) -> str:
    return "{media_type}" if "media_type" in facts else "{seconds:.1f} s"


RULE = Rule(
    id="streaming-unavailable",
    title="Streaming is not available",
    severity=Severity.ERROR,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    message=_sentence,
    columns=(("Evidence", _evidence),),
    explanation="""\
The Runtime builds the response after the Function has returned (documented on the request-flow page). Our
interpretation: a Function cannot stream. This rule reports the media types text/event-stream and
multipart/x-mixed-replace. It also reports a body that was still arriving 10 seconds after the request, because a
Function may not run for longer. A slow network can cause that too. Nothing is enforced.""",
    fix="Return what is ready, and let the page ask again for the rest. Or send events over a service for that "
    "purpose, such as Twilio Sync.",
    code="""\
// In the page, in place of new EventSource("/events").
setInterval(async () => show(await (await fetch("/events?after=" + last)).json()), 5000);
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example(
            "Server-sent events",
            Exchange(Request(), Response(fields=((b"Content-Type", b"text/event-stream; charset=utf-8"),))),
            ((Severity.ERROR, None),),
        ),
        Example(
            "A body that takes 12 seconds",
            Exchange(Request(time=100.0), Response(time=100.5, waited=0.5), received=4096, ended=112.0),
            ((Severity.ERROR, None),),
        ),
        Example(
            "A body that takes 10 seconds",
            Exchange(Request(time=100.0), Response(time=100.5, waited=0.5), received=4096, ended=110.0),
        ),
        Example(
            "An upload that takes 12 seconds",
            Exchange(Request(time=100.0), Response(time=112.5, waited=0.5), received=4096, ended=113.0),
        ),
        Example("A page", Exchange(Request(), Response(fields=((b"Content-Type", b"text/html"),)))),
    ),
    check=check,
    ending=check_ending,
    curl=("--no-buffer",),
)

RULES = (RULE,)
