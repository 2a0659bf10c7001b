"""`cors-credentials-blocked`: cross-origin requests with credentials, which the Runtime's preflight reply forbids."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.endpoint import Endpoint, endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.recent import Recent
from functions_runtime.rule import Check, Example, Rule, Step
from functions_runtime.syntax.fetch import parse_preflight, preflight_passes
from functions_runtime.verdict import Basis, Finding, Severity
from functions_runtime.wire_text import printable

MOST = 4096
"""Preflights, and requests with credentials, that are remembered."""

Question = tuple[bytes, Endpoint]
"""Who asks for what: an origin, and the endpoint that the actual request is for."""


def watch(key: bytes) -> Check:
    # Whether a script may have set Authorization itself, by the preflight; and with what credentials a request came.
    asked: Recent[Question, bool] = Recent(MOST)
    sent: Recent[Question, tuple[bool, bool]] = Recent(MOST)

    def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        preflight = parse_preflight(request.method, request.fields)
        if preflight:
            if not preflight_passes(preflight, response.status, response.fields, credentials=True):
                return ()
            where = endpoint(preflight.method.decode("ascii"), request.host, request.path)
            question = (preflight.origin, where)
            asked.put(question, b"authorization" in preflight.headers)
            return (_finding(question, _carried(question)),)
        origins = request.by_name.get(b"origin")
        if not origins:
            return ()
        question = (origins[0], request.endpoint)
        cookies = b"cookie" in request.by_name
        authorization = b"authorization" in request.by_name
        if cookies or authorization:
            before = sent.get(question) or (False, False)
            sent.put(question, (before[0] or cookies, before[1] or authorization))
            if asked.get(question) is not None and (credentials := _carried(question)):
                return (_finding(question, credentials),)
        return ()

    def _carried(question: Question) -> str:
        """The credentials that a browser added by itself; what the preflight announced came from a script."""
        cookies, authorization = sent.get(question) or (False, False)
        if cookies:
            return "cookies"
        return "HTTP authentication" if authorization and not asked.get(question) else ""

    return check


def _finding(question: Question, credentials: str) -> Finding:
    origin, where = question
    allowed = f"The site's preflight policy lets {printable(origin)} send credentials to {where}"
    forbidden = "The Runtime answers preflights with * and without credentials"
    if credentials:
        return RULE.finding(
            f"{allowed}, and a request with {credentials} came. {forbidden}, so a browser refuses to send it.",
            endpoint=where,
            replaces=Severity.WARNING,
        )
    return RULE.finding(
        f"{allowed}; no such request has been seen yet. {forbidden}, so a browser would refuse to send one.",
        endpoint=where,
        severity=Severity.WARNING,
    )


_PREFLIGHT = Exchange(
    Request(
        "OPTIONS",
        "api.example",
        "/me",
        ((b"Origin", b"https://app.example"), (b"Access-Control-Request-Method", b"PUT")),
    ),
    Response(
        204,
        (
            (b"Access-Control-Allow-Origin", b"https://app.example"),
            (b"Access-Control-Allow-Credentials", b"true"),
            (b"Access-Control-Allow-Methods", b"PUT"),
        ),
    ),
)

RULE = Rule(
    id="cors-credentials-blocked",
    title="Cross-origin requests with credentials are blocked",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    explanation="""\
The Runtime answers every preflight with Access-Control-Allow-Origin: * and without Access-Control-Allow-Credentials. By
the Fetch standard a browser then sends no request with credentials. It is an error once such a request was seen after
the site allowed it, in whatever order the two came, and a warning as long as only the preflight was seen. Credentials
are cookies and HTTP authentication; an Authorization header that the preflight announced was set by a script and is
none (there cors-authorization-wildcard applies).""",
    fix="Call the Function from its own origin, or send a token in a header of your own instead of a cookie.",
    code="""\
// Served by the same service, /assets/app.js calls the Function by a path: same origin, no preflight.
const answer = await fetch("/me", { method: "POST" });
""",
    references=(
        "https://fetch.spec.whatwg.org/#cors-check",
        "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
    ),
    examples=(
        Example("Only the preflight was seen", _PREFLIGHT, ((Severity.WARNING, None),)),
        Example(
            "A request with cookies follows",
            Exchange(
                Request(
                    "PUT", "api.example", "/me", ((b"Origin", b"https://app.example"), (b"Cookie", b"sid=abcdefgh"))
                ),
                Response(),
            ),
            ((Severity.ERROR, None),),
            before=(_PREFLIGHT,),
        ),
        Example(
            "A request without credentials follows",
            Exchange(Request("PUT", "api.example", "/me", ((b"Origin", b"https://app.example"),)), Response()),
            before=(_PREFLIGHT,),
        ),
    ),
    watch=watch,
)

RULES = (RULE,)
