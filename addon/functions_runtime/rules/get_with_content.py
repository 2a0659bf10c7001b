"""`get-with-content`: the Runtime refuses a GET request that has a body."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request
from functions_runtime.profile import GET_WITH_CONTENT_STATUS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Reply, Severity

REPLY = Reply(GET_WITH_CONTENT_STATUS, "Forbidden")


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request = exchange.request
    if request.method != "GET":
        return ()
    # A length of zero announces no content (RFC 9110, section 8.6).
    announced = b"".join(request.by_name.get(b"content-length", ())).strip(b"0 ,")
    if not (announced or exchange.sent or b"transfer-encoding" in request.by_name):
        return ()
    return (RULE.finding(effect=REPLY),)


RULE = Rule(
    id="get-with-content",
    title="A GET request has a body",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_REPLY,
    message=f"This GET request has a body (content). The Runtime responds with {GET_WITH_CONTENT_STATUS} and never "
    "contacts the Function.",
    explanation="""\
The Runtime responds with 403 to a GET request that has content (documented on the request-flow page). Content-Length or
Transfer-Encoding announces content. HTTP/2 needs neither, so this rule also looks at the content that arrives. Our
interpretation: the 403 has no body.""",
    fix="Send the content with POST, or put it into the query.",
    code="""\
// In the page: the same search as a POST. The Function finds the fields in event, as before.
await fetch("/search", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ term }),
});
""",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.1",
    ),
    examples=(
        Example(
            "A search as JSON in a GET",
            Exchange(Request(fields=((b"Content-Length", b"17"),))),
            ((Severity.ERROR, None),),
        ),
        Example(
            "Content that no header announces",
            Exchange(Request(), sent=17),
            ((Severity.ERROR, None),),
        ),
        Example("A length of zero", Exchange(Request(fields=((b"Content-Length", b"0"),)))),
        Example("POST", Exchange(Request("POST", fields=((b"Content-Length", b"17"),)))),
    ),
    check=check,
    enforcement="responds with 403 and never contacts the Function",
    curl=("-X", "GET", "--data-raw", "content"),
)

RULES = (RULE,)
