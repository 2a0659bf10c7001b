"""`cors-credentials-blocked`: cross-origin requests with credentials, which the Runtime's preflight reply forbids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint, endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.bounded import Digest, Recent, keyed_digest, remember
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Fact, Finding, Severity
from functions_runtime.syntax.fetch import Preflight, preflight_passes
from functions_runtime.wire_text import shown_origin

MOST = 1024
"""Preflights, and requests with credentials, that are remembered."""

MOST_KINDS = 16
"""Different preflights, and different requests, that are remembered for one question."""

MOST_NAMES = 64
"""Headers of one message whose names are remembered, as hashes."""

BROWSER_SCHEMES = (b"basic ", b"digest ", b"negotiate ", b"ntlm ")
"""Schemes of HTTP authentication for which a browser adds Authorization by itself."""

NONE_SEEN = "none seen yet"
HTTP_AUTHENTICATION = "HTTP authentication"
AUTHORIZATION = hash(b"authorization")

Question = tuple[Digest, Endpoint]
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


class CredentialsAcrossOrigins:
    """Remembers which origins may send credentials where, and which have sent some."""

    def __init__(self, key: bytes) -> None:
        self._digest = keyed_digest(key)
        self._asked: Recent[Question, dict[Names, None]] = Recent(MOST)
        self._sent: Recent[Question, dict[Sent, None]] = Recent(MOST)

    def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        if request.preflight:
            return self._preflight(request.preflight, request, response)
        return self._actual(request) if b"origin" in request.by_name else ()

    def _preflight(self, preflight: Preflight, request: Request, response: Response) -> Iterable[Finding]:
        if not preflight_passes(preflight, response.status, response.fields, credentials=True):
            return ()
        where = endpoint(preflight.method.decode("ascii"), request.host, request.path)
        question = (self._digest(preflight.origin), where)
        announced = _names(preflight.headers)
        remember(self._asked, question, announced, MOST_KINDS)
        sent = self._sent.get(question) or ()
        credentials = [each.credentials for each in sent if each.is_announced_by(announced)]
        return (_finding(preflight.origin, where, "".join(credentials[:1])),)

    def _actual(self, request: Request) -> Iterable[Finding]:
        origin = b"".join(request.by_name[b"origin"])
        if not origin or request.by_name.get(b"sec-fetch-mode", [b"cors"]) != [b"cors"]:
            return ()
        credentials = _credentials(request)
        if not credentials:
            return ()
        question = (self._digest(origin), request.endpoint)
        actual = Sent(credentials, _names(request.by_name))
        remember(self._sent, question, actual, MOST_KINDS)
        if any(actual.is_announced_by(announced) for announced in self._asked.get(question) or ()):
            return (_finding(origin, request.endpoint, credentials),)
        return ()


def _credentials(request: Request) -> str:
    """What a browser added by itself. A token that a script puts into Authorization does not count."""
    if b"cookie" in request.by_name:
        return "cookies"
    values = request.by_name.get(b"authorization", ())
    return HTTP_AUTHENTICATION if any(value.lower().startswith(BROWSER_SCHEMES) for value in values) else ""


def _finding(origin: bytes, where: Endpoint, credentials: str) -> Finding:
    shown = shown_origin(origin)
    if credentials:
        return RULE.finding(endpoint=where, replaces=Severity.WARNING, origin=shown, credentials=credentials)
    return RULE.finding(endpoint=where, severity=Severity.WARNING, origin=shown, credentials=NONE_SEEN)


def _sentence(facts: Mapping[str, Fact]) -> str:
    allowed = "The site lets {origin} send credentials here"
    forbidden = "The Runtime's reply to the preflight does not allow credentials"
    if facts["credentials"] == NONE_SEEN:
        return f"{allowed}; no such request has been seen yet. {forbidden}, so a browser would refuse to send one."
    return f"{allowed}, and a request with {{credentials}} was seen. {forbidden}, so a browser refuses to send one."


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
    message=_sentence,
    columns=(("Origin", "{origin}"), ("Credentials", "{credentials}")),
    explanation="""\
The Runtime replies to every preflight with Access-Control-Allow-Origin: * and without Access-Control-Allow-Credentials.
The Fetch standard then forbids requests with credentials. This is an error if the site allows such requests today and
one was seen, before or after its preflight. It is a warning while only the preflight has been seen. A request belongs
to a preflight if it carries the headers that the preflight announced. Credentials are cookies and HTTP authentication
by Basic, Digest, Negotiate or NTLM. Other Authorization schemes do not count as credentials, because a script has set
them: see cors-authorization-wildcard.""",
    fix="Call the Function from its own origin, or send a token in a header of your own instead of a cookie.",
    code="""\
// Served by the same service, /assets/app.js calls the Function by a path: same origin, no preflight.
const response = await fetch("/me", { method: "POST" });
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
    memory=CredentialsAcrossOrigins,
    needs_response=False,
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
