"""`cookie-session`: a cookie without a lifetime ends with the browser's session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import printable


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    return [
        _finding(cookie.name)
        for _, _, cookie in exchange.response.cookies
        if cookie.attributes.max_age is None and cookie.attributes.expires is None
    ]


# Servers set the same few cookies again and again, and the finding depends on nothing else.
@lru_cache(maxsize=1024)
def _finding(name: bytes) -> Finding:
    return RULE.finding(printable(name))


RULE = Rule(
    id="cookie-session",
    title="Session cookie",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    message="The cookie {subject} has no valid Max-Age or Expires, so it is a session cookie.",
    explanation="""\
A cookie without a valid Max-Age or Expires is a session cookie, under the Runtime and everywhere else. The Runtime
does not change this.""",
    fix="Do nothing. If the cookie must outlive the browser session, set Max-Age to 86400 or less.",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
    ),
    examples=(
        Example(
            "No lifetime", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a"),))), ((Severity.INFO, "sid"),)
        ),
        Example(
            "A Max-Age that is not a number",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=1h"),))),
            ((Severity.INFO, "sid"),),
        ),
        Example("A lifetime", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=60"),)))),
    ),
    check=check,
    subject=Subject.COOKIE,
)

RULES = (RULE,)
