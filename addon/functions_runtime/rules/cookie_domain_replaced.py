"""`cookie-domain-replaced`: a cookie's Domain becomes the Function's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, ReplaceDomain, Severity
from functions_runtime.syntax.rfc6265 import replace_domain
from functions_runtime.wire_text import NAMELESS, printable

_HOST_NAME = re.compile(rb"[a-z0-9_.-]*")


def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
    assert exchange.response
    domain = exchange.request.domain
    wanted = None if domain is None else domain.encode()
    for field in exchange.response.cookies:
        if field.cookie.attributes.domain is None:
            continue
        name = printable(field.cookie.name)
        effect = ReplaceDomain(field.position, wanted)
        if field.cookie.attributes.domain == wanted:
            changed = replace_domain(field.line, wanted) != field.line
            yield RULE.finding(
                f"The cookie {name or NAMELESS} names the Function's own domain, {domain}, "
                "which is what the Runtime sets.",
                name,
                severity=Severity.INFO,
                effect=effect if changed else None,
            )
            continue
        domain_today = field.cookie.attributes.domain
        # What is no host name may be part of another cookie, with its value.
        was = (printable(domain_today) if _HOST_NAME.fullmatch(domain_today) else "no host name") or "empty"
        becomes = (
            f"it becomes {domain}"
            if domain is not None
            else "it becomes the Function's domain (unknown here, so the attribute is left out)"
        )
        yield RULE.finding(
            f"The Domain of the cookie {name or NAMELESS} is {was}; under the Runtime {becomes}. "
            "Other hosts no longer get this cookie.",
            name,
            effect=effect,
        )


RULE = Rule(
    id="cookie-domain-replaced",
    title="Cookie Domain is replaced",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    explanation="""\
A Function cannot choose the Domain of a cookie: the attribute is removed and set to the domain of the Function. It
is an info where the attribute already says that. Reading: a cookie without Domain stays host-only. The Function's
domain is the option runtime_domain, else the host that the client addressed; where neither is known, the attribute is
cut, which every browser accepts.""",
    fix="Leave Domain out, and give other hosts what they need in another way, such as a token in a request header.",
    code="""\
response.setCookie("sid", id, ["Max-Age=86400", "Path=/"]); // no Domain
""",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.6.3",
    ),
    examples=(
        Example(
            "A cookie for the parent domain",
            Exchange(
                Request(domain="app.example.com"), Response(fields=((b"Set-Cookie", b"sid=a; Domain=example.com"),))
            ),
            ((Severity.WARNING, "sid"),),
        ),
        Example(
            "The Function's own domain",
            Exchange(
                Request(domain="app.example.com"),
                Response(fields=((b"Set-Cookie", b"sid=a; Domain=.App.example.com"),)),
            ),
            ((Severity.INFO, "sid"),),
        ),
        Example(
            "An empty Domain",
            Exchange(Request(domain="app.example.com"), Response(fields=((b"Set-Cookie", b"sid=a; Domain="),))),
            ((Severity.WARNING, "sid"),),
        ),
        Example(
            "A host-only cookie", Exchange(Request(domain="a.example"), Response(fields=((b"Set-Cookie", b"sid=a"),)))
        ),
    ),
    check=check,
    enforcement="rewrites the cookie",
    subject=Subject.COOKIE,
)

RULES = (RULE,)
