"""`response-too-slow`: the Runtime stops a Function after ten seconds."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import FUNCTION_TIMEOUT, FUNCTION_TIMEOUT_STATUS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Reply, Severity

REPLY = Reply(FUNCTION_TIMEOUT_STATUS, "Gateway Timeout")


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    waited = exchange.response.waited
    if waited is None or not waited > FUNCTION_TIMEOUT:
        return ()
    return (RULE.finding(effect=REPLY, extent=waited, waited=waited),)


RULE = Rule(
    id="response-too-slow",
    title="The response takes too long",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_TIME,
    message=f"The client waited {{waited:.1f}} seconds for the first byte of a response. The Runtime stops a Function "
    f"after {FUNCTION_TIMEOUT} seconds, and the client gets {FUNCTION_TIMEOUT_STATUS}.",
    columns=(("Time to first byte", "{waited:.1f} s"),),
    explanation="""\
A Function may run for 10 seconds. After that the Runtime stops it, and the client gets 504 (documented on the
request-flow and execution pages). This rule measures the time from the end of the request to the first byte of the
response. If none comes, it measures how long the client waited in vain, on live traffic only. Enforce mode responds
with 504 when the late response begins. Our interpretation: the 504 has no body.""",
    fix="Respond at once, do the work elsewhere, and let the client ask for the result later.",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example("Eleven seconds", Exchange(Request(), Response(waited=11.0)), ((Severity.ERROR, None),)),
        Example("Ten seconds", Exchange(Request(), Response(waited=10.0))),
        Example("A response time that nobody measured", Exchange(Request(), Response())),
    ),
    check=check,
    enforcement="responds with 504 when the late response begins",
    curl=("-o", "/dev/null", "-w", "%{{time_starttransfer}} s to the first byte\\n"),
)

RULES = (RULE,)
