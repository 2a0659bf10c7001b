"""`cors-authorization-wildcard`: the wildcard of a preflight reply does not cover Authorization."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.endpoint import endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.fetch import NON_WILDCARD_REQUEST_HEADERS
from functions_runtime.wire_text import shown_origin


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request = exchange.request
    preflight = request.preflight
    if not preflight or not NON_WILDCARD_REQUEST_HEADERS.intersection(preflight.headers):
        return ()
    return (
        RULE.finding(
            "authorization",
            origin=shown_origin(preflight.origin),
            endpoint=endpoint(preflight.method.decode("ascii"), request.host, request.path),
        ),
    )


def _preflight(headers: bytes) -> Exchange:
    return Exchange(
        Request(
            "OPTIONS",
            "api.example",
            "/items",
            (
                (b"Origin", b"https://app.example"),
                (b"Access-Control-Request-Method", b"GET"),
                (b"Access-Control-Request-Headers", headers),
            ),
        ),
        Response(204),
    )


RULE = Rule(
    id="cors-authorization-wildcard",
    title="Authorization is not covered by the wildcard",
    severity=Severity.WARNING,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    message="{origin} asks whether it may send Authorization. The Runtime allows the headers *, which does not cover "
    "Authorization in the Fetch standard. Chromium 156 sends the request anyway; other browsers may not.",
    columns=(("Origin", "{origin}"),),
    explanation="""\
The Runtime replies to a preflight with Access-Control-Allow-Headers: *. In the Fetch standard, Authorization is a
non-wildcard request-header name: a server has to list it. Chromium 156 lets it pass; other browsers may not.""",
    fix="Send the token in a header of your own, which the wildcard covers, or call the Function from its own origin.",
    code="""\
await fetch(url, { headers: { "X-Api-Token": token } });   // in the page
const token = event.request.headers["x-api-token"];       // in the Function
""",
    references=("https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name",),
    examples=(
        Example("Authorization", _preflight(b"authorization"), ((Severity.WARNING, "authorization"),)),
        Example("Another header", _preflight(b"x-token")),
    ),
    check=check,
    needs_response=False,
    subject=Subject.HEADER,
    curl=(
        "-X",
        "OPTIONS",
        "-H",
        "Origin: https://other.example",
        "-H",
        "Access-Control-Request-Method: {method}",
        "-H",
        "Access-Control-Request-Headers: authorization",
    ),
)

RULES = (RULE,)
