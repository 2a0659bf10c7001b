"""`preflight-answered`: the Runtime responds to OPTIONS itself."""

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
    return (RULE.finding(effect=REPLY),)


RULE = Rule(
    id="preflight-answered",
    title="The Runtime responds to OPTIONS itself",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_REPLY,
    message="The Runtime responds to this OPTIONS request itself. It sends 204, Access-Control-Allow-Origin: *, "
    "Access-Control-Allow-Headers: * and Access-Control-Allow-Methods: GET, POST, OPTIONS. The Function never sees the "
    "request.",
    explanation="""\
An OPTIONS request never reaches the Function. The Runtime's response allows every origin, every header, and the
methods GET, POST and OPTIONS (documented). Its status is 204 (emulator). It does not allow credentials, and it does not
say how long browsers may cache it. Our interpretation: this applies to every OPTIONS request, with or without Origin.
The Runtime adds no CORS headers to other responses. A Function sets its own.""",
    fix="Leave preflights to the Runtime. Set Access-Control-Allow-Origin yourself on the responses to the requests "
    "that follow.",
    code="""\
response.appendHeader("Access-Control-Allow-Origin", "*"); // on the GET or POST, not on OPTIONS
""",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://www.twilio.com/docs/serverless/functions-assets/faq",
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
        Example("A cross-origin POST is not a preflight", Exchange(Request("POST", fields=((b"Origin", b"null"),)))),
    ),
    check=check,
    enforcement="responds with 204 and never contacts the Function",
)

RULES = (RULE,)
