"""`response-too-large`: the content of a response may have 4 MB."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import RESPONSE_SIZE_LIMIT, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import announced_length, can_have_content


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    size = exchange.received
    if not size:
        response = exchange.response
        assert response
        announced = announced_length(response.by_name)
        if announced is None or not can_have_content(exchange.request.method, response.status):
            return ()
        size = announced
    if size <= RESPONSE_SIZE_LIMIT:
        return ()
    return (RULE.finding(extent=size, size=size),)


RULE = Rule(
    id="response-too-large",
    title="The response is too large",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.ENDING,
    message=f"The body (content) of the response is {{size:,}} bytes long. The Runtime allows "
    f"{RESPONSE_SIZE_LIMIT:,} bytes (4 MB).",
    columns=(("Body", "{size:,} bytes"),),
    explanation="""\
A response may be 4 MB long (documented on the request-flow page). Our interpretation: 4 MB is 4,194,304 bytes, and the
limit covers the body alone. The body is measured as sent, so a compressed body counts at its compressed size. If the
body was not seen, Content-Length counts. Responses to HEAD and responses with status 204 or 304 have no body. The page
does not say what the client gets, so nothing is enforced.""",
    fix="Store large files in Assets or on a storage service, and redirect to them. Split long lists into pages.",
    code="""\
response.setStatusCode(302);
response.appendHeader("Location", "https://files.example.com/report.pdf");
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example(
            "A download of 5 MB",
            Exchange(Request(), Response(), received=5 * 1024 * 1024),
            ((Severity.ERROR, None),),
        ),
        Example(
            "5 MB that Content-Length announces and nobody saw",
            Exchange(Request(), Response(fields=((b"Content-Length", b"5242880"),))),
            ((Severity.ERROR, None),),
        ),
        Example("Exactly 4 MB are allowed", Exchange(Request(), Response(), received=4 * 1024 * 1024)),
        Example("HEAD", Exchange(Request("HEAD"), Response(fields=((b"Content-Length", b"5242880"),)))),
        Example(
            "Less than Content-Length announces, because the transfer ended early",
            Exchange(Request(), Response(fields=((b"Content-Length", b"5242880"),)), received=1024),
        ),
    ),
    check=check,
    curl=("-o", "/dev/null", "-w", "%{{size_download}} bytes\\n"),
)

RULES = (RULE,)
