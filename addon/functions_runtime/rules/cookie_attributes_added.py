"""`cookie-attributes-added`: every cookie becomes HttpOnly and Secure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import AppendAttributes, Basis, Finding, Severity
from functions_runtime.wire_text import NAMELESS, printable

_MEANING = {
    (b"HttpOnly",): "HttpOnly: scripts can no longer read it",
    (b"Secure",): "Secure: browsers send it over HTTPS only",
    (
        b"HttpOnly",
        b"Secure",
    ): "HttpOnly and Secure: scripts can no longer read it, and browsers send it over HTTPS only",
}


def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
    assert exchange.response
    for position, _, cookie in exchange.response.cookies:
        if not (cookie.attributes.http_only and cookie.attributes.secure):
            yield _finding(position, cookie.name, cookie.attributes.http_only, cookie.attributes.secure)


# Servers set the same few cookies again and again, and a finding here says nothing but the name.
@lru_cache(maxsize=1024)
def _finding(position: int, name: bytes, http_only: bool, secure: bool) -> Finding:
    missing = (*(() if http_only else (b"HttpOnly",)), *(() if secure else (b"Secure",)))
    shown = printable(name)
    return RULE.finding(
        f"The Runtime makes the cookie {shown or NAMELESS} {_MEANING[missing]}.",
        shown,
        effect=AppendAttributes(position, missing),
    )


RULE = Rule(
    id="cookie-attributes-added",
    title="Cookie becomes HttpOnly and Secure",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    explanation="""\
The Runtime adds HttpOnly and Secure to every cookie. Reading of "unless you manually set those values": each is
added on its own where it is missing. An attribute counts as set whatever its case and whatever follows an equals
sign, as in browsers.""",
    fix="Nothing, unless a script reads the cookie: give the script what it needs in the content of a response.",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.6.6",
    ),
    examples=(
        Example(
            "A bare cookie",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a"),))),
            ((Severity.INFO, "sid"),),
        ),
        Example(
            "Secure alone is there",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; SECURE=no"),))),
            ((Severity.INFO, "sid"),),
        ),
        Example("Both are there", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; secure; httponly"),)))),
        Example("A line that browsers ignore", Exchange(Request(), Response(fields=((b"Set-Cookie", b"="),)))),
    ),
    check=check,
    enforcement="rewrites the cookie",
    subject=Subject.COOKIE,
)

RULES = (RULE,)
