"""`cors-opened`: the Runtime allows origins that the site keeps out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions_runtime.endpoint import endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import PREFLIGHT_REPLY_FIELDS, PREFLIGHT_STATUS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Fact, Finding, Severity
from functions_runtime.syntax.fetch import (
    CHROMIUM_NON_WILDCARD_REQUEST_HEADERS,
    Preflight,
    preflight_passes,
)
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime.wire_text import shown_origin

BY_NAME, REFUSED = "allowed by name", "refused"


def _sentence(facts: Mapping[str, Fact]) -> str:
    if facts["today"] == BY_NAME:
        return "The site allows {origin} by name to send this request. The Runtime allows every origin."
    return "The site does not allow {origin} to send this request today. The Runtime allows every origin."


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    assert response
    preflight = request.preflight
    if not preflight or response.status >= 500:  # a server that is down refuses nobody
        return ()
    if not _passes(preflight, PREFLIGHT_STATUS, PREFLIGHT_REPLY_FIELDS):
        return ()
    origin = shown_origin(preflight.origin)
    if _passes(preflight, response.status, response.fields):
        if b"*" in response.by_name.get(b"access-control-allow-origin", ()):
            return ()
        today = BY_NAME
    else:
        today = REFUSED
    return (
        RULE.finding(
            origin=origin,
            today=today,
            endpoint=endpoint(preflight.method.decode("ascii"), request.host, request.path),
        ),
    )


def _passes(preflight: Preflight, status: int, fields: Fields) -> bool:
    """Whether some browser lets the request go out: Chromium 156 takes a wildcard for Authorization as well."""
    non_wildcard = CHROMIUM_NON_WILDCARD_REQUEST_HEADERS
    return preflight_passes(preflight, status, fields, credentials=False, non_wildcard=non_wildcard)


def _preflight(*fields: tuple[bytes, bytes], status: int = 204) -> Exchange:
    return Exchange(
        Request(
            "OPTIONS",
            "api.example",
            "/items",
            ((b"Origin", b"https://app.example"), (b"Access-Control-Request-Method", b"POST")),
        ),
        Response(status, fields),
    )


RULE = Rule(
    id="cors-opened",
    title="CORS policy opens up",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    message=_sentence,
    columns=(("Origin", "{origin}"), ("Today", "{today}")),
    explanation="""\
The Runtime allows every origin in its reply to a preflight. If the site refuses a preflight today, or allows only one
named origin, browsers will send requests that they hold back now. The Function still decides what a script may read of
the response. Authorization counts as allowed. The Fetch standard excludes it from the wildcard, but Chromium 156 lets
it pass. If one browser allows it, treat the endpoint as open.""",
    fix="Check the Origin of the request in the Function before it acts, and name the allowed origin on its response.",
    code="""\
if (event.request.headers.origin !== "https://app.example") {
  response.setStatusCode(403);
  return callback(null, response);
}
response.appendHeader("Access-Control-Allow-Origin", "https://app.example");
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example("A refused preflight", _preflight(status=403), ((Severity.WARNING, None),)),
        Example(
            "One named origin",
            _preflight((b"Access-Control-Allow-Origin", b"https://app.example")),
            ((Severity.WARNING, None),),
        ),
        Example("A server that is down", _preflight(status=503)),
        Example("Open to all today", _preflight((b"Access-Control-Allow-Origin", b"*"))),
    ),
    check=check,
    curl=(
        "-X",
        "OPTIONS",
        "-H",
        "Origin: https://other.example",
        "-H",
        "Access-Control-Request-Method: {method}",
    ),
)

RULES = (RULE,)
