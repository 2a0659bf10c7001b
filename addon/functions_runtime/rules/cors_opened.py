"""`cors-opened`: the Runtime allows origins that the site keeps out."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.endpoint import endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import PREFLIGHT_REPLY_FIELDS, PREFLIGHT_STATUS, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.fetch import (
    CHROMIUM_NON_WILDCARD_REQUEST_HEADERS,
    Preflight,
    preflight_passes,
)
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime.wire_text import printable


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    assert response
    preflight = request.preflight
    if not preflight:
        return ()
    if not _passes(preflight, PREFLIGHT_STATUS, PREFLIGHT_REPLY_FIELDS):
        return ()
    origin = printable(preflight.origin)
    if _passes(preflight, response.status, response.fields):
        if b"*" in response.by_name.get(b"access-control-allow-origin", ()):
            return ()
        today = f"The site allows this preflight to {origin} by name."
    else:
        today = f"The site refuses this preflight from {origin} today."
    return (
        RULE.finding(
            f"{today} The Runtime allows it to every origin.",
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
    explanation="""\
The Runtime allows every origin in its reply to a preflight. Where the site refuses a preflight today, or allows one
named origin only, requests that a browser holds back now would be sent. What the answer to them lets a script read is
still up to the Function. Authorization counts as allowed: the Fetch standard excludes it from the wildcard, but
Chromium 156 lets it pass, and what one browser sends is open.""",
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
        Example("Open to all today", _preflight((b"Access-Control-Allow-Origin", b"*"))),
    ),
    check=check,
)

RULES = (RULE,)
