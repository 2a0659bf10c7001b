"""`method-unsupported`: the Runtime serves GET, POST and OPTIONS only."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import ALLOWED_METHODS, METHOD_UNSUPPORTED_STATUS, SERVED_METHODS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Reply, Severity

REPLY = Reply(METHOD_UNSUPPORTED_STATUS, "Method Not Allowed", ((b"Allow", ALLOWED_METHODS),))
REFUSALS = (405, 501)
"""Status codes with which a site refuses a method itself, so that nothing changes (rulebook)."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    if request.method in SERVED_METHODS:
        return ()
    if exchange.awaited if response is None else response.status in REFUSALS:
        return ()
    return (RULE.finding(effect=REPLY, method=request.endpoint.method),)


RULE = Rule(
    id="method-unsupported",
    title="The Runtime does not serve the method",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_REPLY,
    message=f"The Runtime does not serve the method {{method}}. It responds with {METHOD_UNSUPPORTED_STATUS} and never "
    "contacts the Function. It serves GET, POST, OPTIONS and HEAD.",
    columns=(("Method", "{method}"),),
    explanation="""\
The Runtime serves GET, POST and OPTIONS (documented on the request-flow page), and HEAD (emulator). No other method
works. This rule does not report a method that the site itself refuses today with 405 or 501. Our interpretation: the
Runtime responds with 405, an Allow header and no body.""",
    fix="Offer the same operation as POST, with the intended method in the path or in the body.",
    code="""\
// functions/items/delete.js, called with POST /items/delete
exports.handler = (context, event, callback) => callback(null, { deleted: event.id });
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example("DELETE", Exchange(Request("DELETE"), Response(204)), ((Severity.ERROR, None),)),
        Example("DELETE, before the site responds", Exchange(Request("DELETE")), ((Severity.ERROR, None),)),
        Example("DELETE, which the site refuses", Exchange(Request("DELETE"), Response(405))),
        Example("DELETE, while the site may still refuse it", Exchange(Request("DELETE"), awaited=True)),
        Example("HEAD", Exchange(Request("HEAD"), Response())),
    ),
    check=check,
    awaits_response=True,
    enforcement="responds with 405 and never contacts the Function",
)

RULES = (RULE,)
