"""`cookie-shared-across-hosts`: a cookie that one host sets is sent to another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.bounded import Recent, keep, keyed_digest, remember
from functions_runtime.rule import Check, Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import NAMELESS, printable

MOST = 4096
"""Cookies that were set for several hosts, and cookies that were sent, that are remembered."""

MOST_HOSTS = 16
"""Hosts of one cookie that are remembered, on either side."""

MOST_ENDPOINTS = 16
"""Endpoints of one host of one cookie that are remembered."""

MOST_PAIRS = 256
"""Cookies in one request that are looked at."""

MOST_FOUND = 256
"""Findings of one exchange."""


class Origin(NamedTuple):
    """Who set a cookie for which domain, and which domain the Runtime would write instead."""

    setter: str
    domain: str
    runtime_domain: str | None

    def loses(self, host: str) -> bool:
        """Whether the cookie gets to this host today and would not under the Runtime."""
        gets_today = ("." + host).endswith("." + self.domain)
        # Domain covers the hosts below it (RFC 6265, section 5.1.3), also the one that the Runtime writes.
        still_gets = host == self.setter or (self.runtime_domain == self.setter and host.endswith("." + self.setter))
        return gets_today and not still_gets


def watch(key: bytes) -> Check:
    digest = keyed_digest(key)
    setters: Recent[bytes, dict[Origin, None]] = Recent(MOST)
    sent: Recent[bytes, dict[str, dict[Endpoint, None]]] = Recent(MOST)

    def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        found: dict[tuple[bytes, Endpoint], Finding] = {}
        here = request.endpoint
        for pair in request.cookies[:MOST_PAIRS]:
            if b"=" not in pair:
                pair = b"=" + pair
            mark = digest(pair)
            _remember(sent, mark, here)
            for origin in setters.get(mark) or ():
                _find(found, pair.partition(b"=")[0], origin, here)
        for field in response.cookies:
            if not field.cookie.attributes.domain:
                continue
            domain = field.cookie.attributes.domain.decode("ascii", "replace")
            if not ("." + request.host).endswith("." + domain):
                continue
            mark = digest(field.cookie.name + b"=" + field.cookie.value)
            origin = Origin(request.host, domain, request.domain)
            if not remember(setters, mark, origin, MOST_HOSTS) or len(found) > MOST_FOUND:
                continue
            for endpoints in (sent.get(mark) or {}).values():
                for endpoint in endpoints:
                    _find(found, field.cookie.name, origin, endpoint)
        return list(found.values())[:MOST_FOUND] if found else ()

    return check


def _remember(sent: Recent[bytes, dict[str, dict[Endpoint, None]]], mark: bytes, here: Endpoint) -> None:
    hosts = sent.get(mark)
    if hosts is None:
        sent.put(mark, {here.host: {here: None}})
        return
    endpoints = hosts.get(here.host)
    if endpoints is None:
        keep(hosts, here.host, {here: None}, MOST_HOSTS)
    elif here not in endpoints:
        keep(endpoints, here, None, MOST_ENDPOINTS)


def _find(found: dict[tuple[bytes, Endpoint], Finding], name: bytes, origin: Origin, endpoint: Endpoint) -> None:
    if not origin.loses(endpoint.host) or (name, endpoint) in found:
        return
    shown, setter = printable(name.strip()), printable(origin.setter)
    found[name, endpoint] = RULE.finding(
        f"The cookie {shown or NAMELESS}, which {setter} set for {printable(origin.domain)}, is sent to "
        f"{endpoint.host}. Under the Runtime it belongs to {setter} and does not get here.",
        shown,
        endpoint=endpoint,
    )


_LOGIN = Exchange(
    Request("POST", "login.example.com", "/", domain="login.example.com"),
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
            "A host below the one that set it",
            Exchange(Request("GET", "eu.login.example.com", "/", ((b"Cookie", b"sid=abcdefgh"),)), Response()),
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
