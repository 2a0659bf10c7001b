"""`response-too-slow`: the Runtime ends a Function after ten seconds."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import FUNCTION_TIMEOUT, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    waited = exchange.response.waited
    if waited is None or not waited > FUNCTION_TIMEOUT:
        return ()
    return (
        RULE.finding(
            f"The response began {waited:.1f} seconds after the end of the request. The Runtime ends a Function after "
            f"{FUNCTION_TIMEOUT} seconds, and the client gets an error (504 in all likelihood).",
            extent=waited,
        ),
    )


RULE = Rule(
    id="response-too-slow",
    title="Response takes too long",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    explanation="""\
A Function may run for 10 seconds (documented on the request-flow page). Measured is the time between the end of the
request and the first byte of the response; that the client then gets 504 is likely, not documented.""",
    fix="Answer at once, do the work elsewhere, and let the client ask for the result later.",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example("Eleven seconds", Exchange(Request(), Response(waited=11.0)), ((Severity.ERROR, None),)),
        Example("Ten seconds", Exchange(Request(), Response(waited=10.0))),
        Example("Nobody measured it", Exchange(Request(), Response())),
    ),
    check=check,
)

RULES = (RULE,)
