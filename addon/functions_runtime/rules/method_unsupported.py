"""`method-unsupported`: the Runtime serves GET, POST and OPTIONS only."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import SERVED_METHODS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import printable

REFUSALS = (405, 501)


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    method = exchange.request.method
    if method in SERVED_METHODS or exchange.response.status in REFUSALS:
        return ()
    return (RULE.finding(f"The site answers {printable(method, 40)}. The Runtime serves GET, POST and OPTIONS only."),)


RULE = Rule(
    id="method-unsupported",
    title="Method is not supported",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    explanation="""\
The Runtime serves GET, POST and OPTIONS (documented on the request-flow page); that HEAD works too is a reading. Any
other method that the site answers today with something else than 405 or 501 stops working.""",
    fix="Offer the same as POST, with the intended method in the path or in the content.",
    code="""\
// functions/items/delete.js, called with POST /items/delete
exports.handler = (context, event, callback) => callback(null, { deleted: event.id });
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example("DELETE", Exchange(Request("DELETE"), Response(204)), ((Severity.ERROR, None),)),
        Example("DELETE, which the site refuses", Exchange(Request("DELETE"), Response(405))),
        Example("HEAD", Exchange(Request("HEAD"), Response())),
    ),
    check=check,
)

RULES = (RULE,)
