"""`cookie-shared-across-hosts`: a cookie that one host sets is sent to another."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.recent import Recent, digest, remember
from functions_runtime.rule import Check, Example, Rule, Step, Subject
from functions_runtime.syntax.rfc6265 import WSP, split_cookies
from functions_runtime.verdict import Basis, Finding, Severity
from functions_runtime.wire_text import printable

MOST = 4096
"""Cookies that were set for several hosts, and cookies that were sent, that are remembered."""

MOST_ENDPOINTS = 8
"""Endpoints of one cookie that are remembered."""


def watch(key: bytes) -> Check:
    shared: Recent[bytes, tuple[str, str]] = Recent(MOST)
    sent: Recent[bytes, dict[Endpoint, None]] = Recent(MOST)

    def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        findings = []
        here = request.endpoint
        for value in request.by_name.get(b"cookie", ()):
            for pair in split_cookies(value):
                mark = digest(key, pair)
                remember(sent, mark, here, MOST_ENDPOINTS)
                if origin := shared.get(mark):
                    findings += _findings(pair.partition(b"=")[0], origin, here)
        for field in response.cookies:
            domain = (field.cookie.attributes.domain or b"").decode("ascii", "replace")
            if not domain or not request.host.endswith("." + domain):
                continue
            pair = field.cookie.name + b"=" + field.cookie.value
            mark = digest(key, pair)
            origin = (request.host, domain)
            shared.put(mark, origin)
            for endpoint in sent.get(mark) or ():
                findings += _findings(field.cookie.name, origin, endpoint)
        return findings

    return check


def _findings(name: bytes, origin: tuple[str, str], endpoint: Endpoint) -> list[Finding]:
    setter, domain = origin
    if endpoint.host == setter or not ("." + endpoint.host).endswith("." + domain):
        return []
    shown = printable(name.strip(WSP))
    return [
        RULE.finding(
            f"The cookie {shown}, which {printable(setter)} set for {printable(domain)}, is sent to {endpoint.host}. "
            f"Under the Runtime it belongs to {printable(setter)} alone and does not get here.",
            shown,
            endpoint=endpoint,
        )
    ]


_LOGIN = Exchange(
    Request("POST", "login.example.com", "/"),
    Response(fields=((b"Set-Cookie", b"sid=abcdefgh; Domain=example.com"),)),
)

RULE = Rule(
    id="cookie-shared-across-hosts",
    title="A cookie is shared between hosts",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    explanation="""\
The Runtime replaces Domain by the domain of the Function. A cookie that one host sets for a wider domain, and that
another host of it gets today, no longer gets there. Name and value are compared, as keyed digests; the order of the
exchanges does not matter.""",
    fix="Serve both hosts from one, or hand a short-lived token over in a redirect and let the other host set its own "
    "cookie.",
    code="""\
// login.example.com sends the browser on with a token that the other host exchanges for a cookie of its own.
response.setStatusCode(302);
response.appendHeader("Location", "https://shop.example.com/session?token=" + oneTimeToken);
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example(
            "A session for all hosts of a domain",
            Exchange(Request("GET", "shop.example.com", "/", ((b"Cookie", b"a=1; sid=abcdefgh"),)), Response()),
            ((Severity.ERROR, "sid"),),
            before=(_LOGIN,),
        ),
        Example(
            "Back to the host that set it",
            Exchange(Request("GET", "login.example.com", "/", ((b"Cookie", b"sid=abcdefgh"),)), Response()),
            before=(_LOGIN,),
        ),
        Example(
            "A cookie of the same name with another value",
            Exchange(Request("GET", "shop.example.com", "/", ((b"Cookie", b"sid=other"),)), Response()),
            before=(_LOGIN,),
        ),
    ),
    subject=Subject.COOKIE,
    watch=watch,
)

RULES = (RULE,)
