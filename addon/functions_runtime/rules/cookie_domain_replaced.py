"""`cookie-domain-replaced`: the Runtime sets a cookie's Domain to the Function's own domain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Fact, Finding, ReplaceDomain, Severity
from functions_runtime.syntax.rfc6265 import replace_domain
from functions_runtime.wire_text import printable

_HOST_NAME = re.compile(rb"[a-z0-9_.-]*")


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    if not exchange.response.cookies:
        return ()
    found: list[Finding] = []
    domain = exchange.request.domain
    wanted = None if domain is None else domain.encode()
    for field in exchange.response.cookies:
        today = field.cookie.attributes.domain
        if today is None:
            continue
        effect: ReplaceDomain | None = ReplaceDomain(field.position, wanted)
        same = today == wanted
        if same and replace_domain(field.line, wanted) == field.line:
            effect = None
        # Text that is not a host name may be part of another cookie, with its value.
        shown = printable(today) if _HOST_NAME.fullmatch(today) else "not a host name"
        found.append(
            RULE.finding(
                printable(field.cookie.name),
                severity=Severity.INFO if same else None,
                effect=effect,
                domain=shown or "empty",
                becomes="removed" if domain is None else printable(domain),
                known=domain is not None,
                same=same,
            )
        )
    return found


def _sentence(facts: Mapping[str, Fact]) -> str:
    if facts["same"]:
        return (
            "The cookie {subject} already has the Domain that the Runtime sets: the Function's own domain, {becomes}."
        )
    if facts["known"]:
        change = "{becomes}. Hosts outside that domain do not receive the cookie."
    else:
        change = "the Function's domain, which is unknown here. Enforce mode removes the attribute."
    return "The Domain of the cookie {subject} is {domain}. Under the Runtime it becomes " + change


RULE = Rule(
    id="cookie-domain-replaced",
    title="The Runtime replaces a cookie's Domain",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    message=_sentence,
    columns=(("Domain today", "{domain}"), ("Under the Runtime", "{becomes}")),
    explanation="""\
A Function cannot choose the Domain of a cookie. The Runtime replaces the attribute with the Function's domain. This is
an info if the cookie already has that domain. Our interpretation: a cookie without Domain stays host-only. The option
runtime_domain names the Function's domain. Without it, the host that the client addressed counts. If neither is known,
the attribute is removed. Every browser accepts a cookie without Domain.""",
    fix="Leave Domain out. Give other hosts what they need in another way, such as a token in a request header.",
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
