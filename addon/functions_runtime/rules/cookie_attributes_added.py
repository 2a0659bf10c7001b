"""`cookie-attributes-added`: the Runtime makes every cookie HttpOnly and Secure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import AppendAttributes, Basis, Fact, Finding, Severity
from functions_runtime.wire_text import printable

_MEANING = {
    "HttpOnly": "Scripts can no longer read it.",
    "Secure": "Browsers send it over HTTPS only.",
    "HttpOnly and Secure": "Scripts can no longer read it, and browsers send it over HTTPS only.",
}


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    return [
        _finding(position, cookie.name, cookie.attributes.http_only, cookie.attributes.secure)
        for position, _, cookie in exchange.response.cookies
        if not (cookie.attributes.http_only and cookie.attributes.secure)
    ]


# Servers set the same few cookies again and again, and the finding depends on nothing else.
@lru_cache(maxsize=1024)
def _finding(position: int, name: bytes, http_only: bool, secure: bool) -> Finding:
    missing = (*(() if http_only else (b"HttpOnly",)), *(() if secure else (b"Secure",)))
    return RULE.finding(
        printable(name),
        effect=AppendAttributes(position, missing),
        attributes=b" and ".join(missing).decode(),
    )


def _sentence(facts: Mapping[str, Fact]) -> str:
    return "The Runtime makes the cookie {subject} {attributes}. " + _MEANING[str(facts["attributes"])]


RULE = Rule(
    id="cookie-attributes-added",
    title="The Runtime makes a cookie HttpOnly and Secure",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    message=_sentence,
    columns=(("Added", "{attributes}"),),
    explanation="""\
The Runtime adds HttpOnly and Secure to every cookie, "unless you manually set those values" (the limitations page). Our
interpretation: the Runtime adds each attribute on its own if it is missing. As in browsers, an attribute counts as set
whatever its case or value.""",
    fix="Do nothing, unless a script reads the cookie. In that case return what the script needs in a response body.",
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
            "A cookie that has Secure only",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; SECURE=no"),))),
            ((Severity.INFO, "sid"),),
        ),
        Example(
            "A cookie that has both",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; secure; httponly"),))),
        ),
        Example("A line that browsers ignore", Exchange(Request(), Response(fields=((b"Set-Cookie", b"="),)))),
    ),
    check=check,
    enforcement="rewrites the cookie",
    subject=Subject.COOKIE,
)

RULES = (RULE,)
