"""`options-lost`: the Runtime replies to OPTIONS instead of the site."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import announced_length

OWN_FIELDS = {b"allow": "Allow", b"dav": "DAV"}


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    assert response
    if request.method != "OPTIONS" or response.status >= 400 or request.preflight:
        return ()
    said = [shown for name, shown in OWN_FIELDS.items() if name in response.by_name]
    if exchange.received or announced_length(response.by_name):
        said.append("content")
    if not said:
        return ()
    return (RULE.finding(lost=" and ".join(said)),)


RULE = Rule(
    id="options-lost",
    title="The site's own response to OPTIONS is lost",
    severity=Severity.WARNING,
    basis=Basis.READING,
    step=Step.ENDING,
    message="This OPTIONS request is not a CORS preflight. The site responds with {lost}. The Runtime replies instead, "
    "without any of that.",
    columns=(("Lost", "{lost}"),),
    explanation="""\
The Runtime replies to every OPTIONS request itself (our interpretation: not only to CORS preflights). Some clients use
OPTIONS to ask a site for its methods or for WebDAV. The Runtime's reply does not answer them.""",
    fix="Offer the same information with GET, on a path of its own.",
    references=("https://www.rfc-editor.org/rfc/rfc9110#section-9.3.7",),
    examples=(
        Example(
            "Allow", Exchange(Request("OPTIONS"), Response(200, ((b"Allow", b"GET"),))), ((Severity.WARNING, None),)
        ),
        Example(
            "Content",
            Exchange(Request("OPTIONS"), Response(200, ((b"Content-Length", b"12"),))),
            ((Severity.WARNING, None),),
        ),
        Example(
            "Content that no header announces",
            Exchange(Request("OPTIONS"), Response(), received=1),
            ((Severity.WARNING, None),),
        ),
        Example("An empty response", Exchange(Request("OPTIONS"), Response(204, ((b"Content-Length", b"0"),)))),
        Example("A refusal", Exchange(Request("OPTIONS"), Response(405, ((b"Allow", b"GET"),)))),
    ),
    check=check,
)

RULES = (RULE,)
