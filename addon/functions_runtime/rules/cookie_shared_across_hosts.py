"""`cookie-shared-across-hosts`: a browser sends a cookie of one host to another host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.bounded import Digest, Recent, keep, keyed_digest, remember
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import printable, shown_host

MOST = 4096
"""The most cookies that were set for several hosts, and cookies that were sent, that are remembered."""

MOST_HOSTS = 16
"""The most hosts of one cookie that are remembered, on either side."""

MOST_ENDPOINTS = 16
"""The most endpoints on one host that are remembered for one cookie, those that came first."""

MOST_PAIRS = 256
"""The most cookies in one request that are looked at."""

MOST_FOUND = 256
"""The most findings of one exchange."""


class Origin(NamedTuple):
    """The host that set a cookie, the domain that it set, and the domain that the Runtime would write instead."""

    setter: str
    domain: str
    runtime_domain: str | None

    def loses(self, host: str) -> bool:
        """Whether this host receives the cookie today and would not under the Runtime."""
        gets_today = ("." + host).endswith("." + self.domain)
        # Domain covers the hosts below it (RFC 6265, section 5.1.3), also the one that the Runtime writes.
        still_gets = host == self.setter or (self.runtime_domain == self.setter and host.endswith("." + self.setter))
        return gets_today and not still_gets


Sent = Recent[Digest, dict[str, dict[Endpoint, None]]]
"""By digest of a cookie, the hosts and the endpoints there to which it was sent."""


class SharedCookies:
    """The cookies that hosts set for a wider domain, and the cookies that browsers sent, as digests."""

    def __init__(self, key: bytes) -> None:
        self._digest = keyed_digest(key)
        self._setters: Recent[Digest, dict[Origin, None]] = Recent(MOST)
        self._sent: Sent = Recent(MOST)

    def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:  # noqa: C901 (two halves of one idea)
        request, response = exchange.request, exchange.response
        assert response
        if not request.cookies and not response.cookies:
            return ()
        found: dict[tuple[bytes, Endpoint], Finding] = {}
        here = request.endpoint
        host, has_setters = here.host, len(self._setters) > 0
        for pair in request.cookies[:MOST_PAIRS]:
            if b"=" not in pair:
                pair = b"=" + pair
            mark = self._digest(pair)
            endpoints = _at_host(self._sent, mark, host)
            if len(endpoints) < MOST_ENDPOINTS:
                endpoints[here] = None
            if has_setters:
                for origin in self._setters.get(mark) or ():
                    _find(found, pair.partition(b"=")[0], origin, here)
        for field in response.cookies:
            if not field.cookie.attributes.domain:
                continue
            domain = field.cookie.attributes.domain.decode("ascii", "replace")
            if not ("." + request.host).endswith("." + domain):
                continue
            mark = self._digest(field.cookie.name + b"=" + field.cookie.value)
            origin = Origin(request.host, domain, request.domain)
            if not remember(self._setters, mark, origin, MOST_HOSTS) or len(found) > MOST_FOUND:
                continue
            for endpoints in (self._sent.get(mark) or {}).values():
                for endpoint in endpoints:
                    _find(found, field.cookie.name, origin, endpoint)
        return list(found.values())[:MOST_FOUND] if found else ()


def _at_host(sent: Sent, mark: Digest, host: str) -> dict[Endpoint, None]:
    """The endpoints at this host to which a cookie was sent."""
    hosts = sent.get(mark)
    if hosts is None:
        hosts = {}
        sent.put(mark, hosts)
    endpoints = hosts.get(host)
    if endpoints is None:
        endpoints = {}
        keep(hosts, host, endpoints, MOST_HOSTS)
    return endpoints


def _find(found: dict[tuple[bytes, Endpoint], Finding], name: bytes, origin: Origin, endpoint: Endpoint) -> None:
    if not origin.loses(endpoint.host) or (name, endpoint) in found:
        return
    found[name, endpoint] = RULE.finding(
        printable(name.strip()),
        endpoint=endpoint,
        setter=shown_host(origin.setter),
        domain=printable(origin.domain),
        host=endpoint.host,
    )


_LOGIN = Exchange(
    Request("POST", "login.example.com", "/", domain="login.example.com"),
    Response(fields=((b"Set-Cookie", b"sid=abcdefgh; Domain=example.com"),)),
)

RULE = Rule(
    id="cookie-shared-across-hosts",
    title="Several hosts share a cookie",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    message="{setter} set the cookie {subject} for {domain}, and the browser sent it to {host}. Under the Runtime only "
    "{setter} receives it.",
    columns=(("Set by", "{setter}"), ("Domain", "{domain}")),
    explanation="""\
The Runtime replaces a cookie's Domain with the domain of the Function. If one host sets a cookie for a wider domain,
other hosts in that domain receive the cookie today. Under the Runtime they no longer do. This rule compares names and
values as keyed digests. The order of the exchanges does not matter.""",
    fix="Serve all these endpoints from one host. Or hand over a short-lived token in a redirect, and let the other "
    "host set its own cookie.",
    code="""\
// login.example.com redirects with a token. The other host exchanges the token for its own cookie.
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
            "The host that set it",
            Exchange(Request("GET", "login.example.com", "/", ((b"Cookie", b"sid=abcdefgh"),)), Response()),
            before=(_LOGIN,),
        ),
        Example(
            "A subdomain of the host that set it",
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
    memory=SharedCookies,
    needs_response=False,
    curl=None,
)

RULES = (RULE,)
