"""`cors-credentials-blocked`: cross-origin requests with credentials, which the Runtime's preflight reply forbids."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint, endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.bounded import Recent, keyed_digest, remember
from functions_runtime.rule import Check, Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.fetch import preflight_passes
from functions_runtime.wire_text import printable

MOST = 1024
"""Preflights, and requests with credentials, that are remembered."""

MOST_KINDS = 16
"""Different preflights, and different requests, that are remembered for one question."""

MOST_NAMES = 64
"""Headers of one message whose names are remembered, as hashes."""

BROWSER_SCHEMES = (b"basic ", b"digest ", b"negotiate ", b"ntlm ")
"""Schemes of HTTP authentication for which a browser adds Authorization by itself."""

HTTP_AUTHENTICATION = "HTTP authentication"
AUTHORIZATION = hash(b"authorization")

Question = tuple[bytes, Endpoint]
"""Who asks for what: the digest of an origin, and the endpoint that the actual request is for."""

Names = frozenset[int]


def _names(names: Iterable[bytes]) -> Names:
    return frozenset(hash(name) for name in islice(names, MOST_NAMES))


class Sent(NamedTuple):
    """A request with credentials: which, and the names of its headers."""

    credentials: str
    names: Names

    def is_announced_by(self, announced: Names) -> bool:
        """Whether a preflight with these headers can have been for this request.

        A request that lacks an announced header is another one, which needed no preflight. Authorization that was
        announced was set by a script and is no credential.
        """
        set_by_script = self.credentials == HTTP_AUTHENTICATION and AUTHORIZATION in announced
        return announced <= self.names and not set_by_script


def watch(key: bytes) -> Check:
    digest = keyed_digest(key)
    asked: Recent[Question, dict[Names, None]] = Recent(MOST)
    sent: Recent[Question, dict[Sent, None]] = Recent(MOST)

    def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        preflight = request.preflight
        if preflight:
            if not preflight_passes(preflight, response.status, response.fields, credentials=True):
                return ()
            where = endpoint(preflight.method.decode("ascii"), request.host, request.path)
            question = (digest(preflight.origin), where)
            announced = _names(preflight.headers)
            remember(asked, question, announced, MOST_KINDS)
            credentials = [each.credentials for each in sent.get(question) or () if each.is_announced_by(announced)]
            return (_finding(preflight.origin, where, "".join(credentials[:1])),)
        origin = b"".join(request.by_name.get(b"origin", ()))
        if not origin or request.by_name.get(b"sec-fetch-mode", [b"cors"]) != [b"cors"]:
            return ()
        if not (credentials_of := _credentials(request)):
            return ()
        question = (digest(origin), request.endpoint)
        actual = Sent(credentials_of, _names(request.by_name))
        remember(sent, question, actual, MOST_KINDS)
        if any(actual.is_announced_by(announced) for announced in asked.get(question) or ()):
            return (_finding(origin, request.endpoint, credentials_of),)
        return ()

    return check


def _credentials(request: Request) -> str:
    """What a browser added by itself. A token that a script puts into Authorization is no credential to it."""
    if b"cookie" in request.by_name:
        return "cookies"
    values = request.by_name.get(b"authorization", ())
    return HTTP_AUTHENTICATION if any(value.lower().startswith(BROWSER_SCHEMES) for value in values) else ""


def _finding(origin: bytes, where: Endpoint, credentials: str) -> Finding:
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
the site allowed it, in whatever order the two came, and a warning as long as only the preflight was seen. A request
belongs to a preflight if it carries the headers that the preflight announced. Credentials are cookies and HTTP
authentication by Basic, Digest, Negotiate or NTLM; any other Authorization was set by a script and is none (there
cors-authorization-wildcard applies).""",
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
