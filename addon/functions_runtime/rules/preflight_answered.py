"""`preflight-answered`: the Runtime answers OPTIONS by itself."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request
from functions_runtime.profile import PREFLIGHT_REPLY_FIELDS, PREFLIGHT_STATUS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Reply, Severity

REPLY = Reply(PREFLIGHT_STATUS, "No Content", PREFLIGHT_REPLY_FIELDS)


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    if exchange.request.method != "OPTIONS":
        return ()
    return (
        RULE.finding(
            "The Runtime answers this OPTIONS request itself, with 204, Access-Control-Allow-Origin: *, "
            "Access-Control-Allow-Headers: * and Access-Control-Allow-Methods: GET, POST, OPTIONS. "
            "The Function never sees it.",
            effect=REPLY,
        ),
    )


RULE = Rule(
    id="preflight-answered",
    title="OPTIONS is answered by the Runtime",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_REPLY,
    explanation="""\
An OPTIONS request never reaches the Function. The reply allows every origin and every header (documented) and
the methods GET, POST and OPTIONS (emulator); it allows no credentials and may not be cached for long. Reading: that
holds for any OPTIONS, with or without Origin. Other responses get no CORS headers from the Runtime: a Function sets
its own.""",
    fix="Leave preflights to the Runtime. Set Access-Control-Allow-Origin yourself on the responses to the requests "
    "that follow.",
    code="""\
response.appendHeader("Access-Control-Allow-Origin", "*"); // on the GET or POST, not on OPTIONS
""",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
    ),
    examples=(
        Example(
            "A CORS preflight",
            Exchange(
                Request(
                    "OPTIONS",
                    fields=((b"Origin", b"https://other.example"), (b"Access-Control-Request-Method", b"POST")),
                )
            ),
            ((Severity.INFO, None),),
        ),
        Example("OPTIONS without Origin", Exchange(Request("OPTIONS")), ((Severity.INFO, None),)),
        Example("A cross-origin POST is no preflight", Exchange(Request("POST", fields=((b"Origin", b"null"),)))),
    ),
    check=check,
    enforcement="answers 204 itself",
)

RULES = (RULE,)
