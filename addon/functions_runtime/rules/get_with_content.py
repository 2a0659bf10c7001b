"""`get-with-content`: the Runtime refuses a GET with content."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import GET_WITH_CONTENT_STATUS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request = exchange.request
    if request.method != "GET":
        return ()
    # A length of zero is no content (RFC 9110, section 8.6).
    announced = b"".join(request.by_name.get(b"content-length", ())).strip(b"0 ,")
    if not (announced or exchange.request_has_content or b"transfer-encoding" in request.by_name):
        return ()
    return (RULE.finding(f"This GET request has content. The Runtime answers {GET_WITH_CONTENT_STATUS} instead."),)


RULE = Rule(
    id="get-with-content",
    title="GET with content",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    explanation="""\
The Runtime answers a GET request that has content with 403 (documented on the request-flow page). Content is announced
by the header field Content-Length or Transfer-Encoding; HTTP/2 needs neither, and then the content itself is looked
for.""",
    fix="Send the content with POST, or put it into the query.",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.1",
    ),
    examples=(
        Example(
            "A search as JSON in a GET",
            Exchange(Request(fields=((b"Content-Length", b"17"),)), Response()),
            ((Severity.ERROR, None),),
        ),
        Example(
            "Content that no header announces",
            Exchange(Request(), Response(), request_has_content=True),
            ((Severity.ERROR, None),),
        ),
        Example("Content of no length", Exchange(Request(fields=((b"Content-Length", b"0"),)), Response())),
        Example("POST", Exchange(Request("POST", fields=((b"Content-Length", b"17"),)), Response())),
    ),
    check=check,
)

RULES = (RULE,)
