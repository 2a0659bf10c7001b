"""`cors-method-blocked`: cross-origin methods that the Runtime's preflight reply does not allow."""

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
    cors_check,
    preflight_passes,
)
from functions_runtime.wire_text import printable, shown_origin


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    assert response
    preflight = request.preflight
    if not preflight or not preflight_passes(
        preflight,
        response.status,
        response.fields,
        credentials=False,
        non_wildcard=CHROMIUM_NON_WILDCARD_REQUEST_HEADERS,
    ):
        return ()
    bare = Preflight(preflight.origin, preflight.method, ())
    if preflight_passes(bare, PREFLIGHT_STATUS, PREFLIGHT_REPLY_FIELDS, credentials=False):
        return ()
    method = preflight.method.decode("ascii")
    in_vain = cors_check(preflight.origin, response.fields, credentials=True) and not preflight_passes(
        preflight, response.status, response.fields, credentials=True
    )
    return (
        RULE.finding(
            endpoint=endpoint(method, request.host, request.path),
            severity=Severity.WARNING if in_vain else None,
            origin=shown_origin(preflight.origin),
            method=printable(method, 40),
            condition=", if they are without credentials" if in_vain else "",
        ),
    )


def _preflight(method: bytes, allowed: bytes) -> Exchange:
    return Exchange(
        Request(
            "OPTIONS",
            "api.example",
            "/items",
            ((b"Origin", b"https://app.example"), (b"Access-Control-Request-Method", method)),
        ),
        Response(204, ((b"Access-Control-Allow-Origin", b"*"), (b"Access-Control-Allow-Methods", allowed))),
    )


RULE = Rule(
    id="cors-method-blocked",
    title="Cross-origin method is blocked",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    message="{origin} may send {method} requests here today{condition}. The Runtime's reply to the preflight allows "
    "GET, POST and OPTIONS, so a browser refuses to send them.",
    columns=(("Origin", "{origin}"), ("Method", "{method}")),
    explanation="""\
The Runtime's reply to a preflight allows the methods GET, POST and OPTIONS (documented in the FAQ). In the Fetch
standard, GET, HEAD and POST need no permission. Every other method needs it, and without it a browser does not send the
request. This is an error if the site allows the method today. It is only a warning if the site allows credentials, but
gives methods or headers as a wildcard. The wildcard does not cover requests with credentials, and a preflight does not
say whether the request will have them.""",
    fix="Offer the same operation as POST, with the intended method in the path or in the body (content).",
    code="""\
// functions/items/delete.js, called with POST /items/delete
exports.handler = (context, event, callback) => callback(null, { deleted: event.id });
""",
    references=("https://fetch.spec.whatwg.org/#cors-preflight-fetch",),
    examples=(
        Example("PUT, which the site allows", _preflight(b"PUT", b"GET, PUT"), ((Severity.ERROR, None),)),
        Example("PUT, which the site refuses", _preflight(b"PUT", b"GET")),
        Example("POST needs no permission", _preflight(b"POST", b"PUT")),
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
