"""`cookie-session`: a cookie without a lifetime ends with the browser's session."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import NAMELESS, printable


def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
    assert exchange.response
    for _, _, cookie in exchange.response.cookies:
        if cookie.attributes.max_age is None and cookie.attributes.expires is None:
            yield _finding(cookie.name)


# Servers set the same few cookies again and again, and a finding here says nothing but the name.
@lru_cache(maxsize=1024)
def _finding(name: bytes) -> Finding:
    shown = printable(name)
    return RULE.finding(
        f"The cookie {shown or NAMELESS} has no valid Max-Age or Expires: it is a session cookie.", shown
    )


RULE = Rule(
    id="cookie-session",
    title="Session cookie",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    explanation="""\
A cookie with neither Max-Age nor Expires, or with invalid ones only, is a session cookie, under the Runtime as
everywhere. It changes nothing.""",
    fix="Nothing. For a cookie that outlives the session, set Max-Age to 86400 or less.",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
    ),
    examples=(
        Example(
            "No lifetime", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a"),))), ((Severity.INFO, "sid"),)
        ),
        Example(
            "A Max-Age that is no number",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=1h"),))),
            ((Severity.INFO, "sid"),),
        ),
        Example("A lifetime", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=60"),)))),
    ),
    check=check,
    subject=Subject.COOKIE,
)

RULES = (RULE,)
