"""`cookie-max-age-precedence`: if a cookie has both Max-Age and Expires, Max-Age wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Fact, Finding, Severity
from functions_runtime.wire_text import printable

TOLERANCE = 60
"""Seconds by which the two may differ and still agree (rulebook)."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    if not exchange.response.cookies:
        return ()
    found: list[Finding] = []
    now = exchange.response.time
    for field in exchange.response.cookies:
        max_age, expires = field.cookie.attributes.max_age, field.cookie.attributes.expires
        if max_age is None or expires is None or now is None:
            continue
        # A time in the past deletes the cookie, no matter how long ago it was.
        by_max_age, by_expires = max(max_age, 0), max(expires - now, 0)
        name = printable(field.cookie.name)
        if abs(by_max_age - by_expires) > TOLERANCE:
            lives = "shorter" if by_max_age < by_expires else "longer"
            found.append(RULE.finding(name, severity=Severity.WARNING, lives=lives))
        else:
            found.append(RULE.finding(name, lives="the same"))
    return found


def _sentence(facts: Mapping[str, Fact]) -> str:
    if facts["lives"] == "the same":
        return "The cookie {subject} has both Max-Age and Expires, and they agree. Max-Age wins."
    return (
        "The cookie {subject} has a Max-Age and an Expires that differ by more than a minute. Max-Age wins, so the "
        "lifetime of the cookie is {lives} than Expires says."
    )


_BOTH = b"sid=a; Max-Age=3600; Expires=Thu, 01 Jan 1970 0%d:00:00 GMT"

RULE = Rule(
    id="cookie-max-age-precedence",
    title="Max-Age wins over Expires",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    message=_sentence,
    columns=(("Lifetime, compared with Expires", "{lives}"),),
    explanation="""\
If a cookie has both a valid Max-Age and a valid Expires, Max-Age counts, as in browsers. This is a warning if the two
differ by more than a minute, because somebody may have meant the other one.""",
    fix="Set Max-Age only.",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
    ),
    examples=(
        Example(
            "The two agree",
            Exchange(Request(), Response(fields=((b"Set-Cookie", _BOTH % 1),))),
            ((Severity.INFO, "sid"),),
        ),
        Example(
            "The two disagree by an hour",
            Exchange(Request(), Response(fields=((b"Set-Cookie", _BOTH % 2),))),
            ((Severity.WARNING, "sid"),),
        ),
        Example(
            "Both delete the cookie, so they agree",
            Exchange(
                Request(),
                Response(
                    fields=((b"Set-Cookie", b"sid=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),),
                    time=1767225600,
                ),
            ),
            ((Severity.INFO, "sid"),),
        ),
        Example(
            "Expires is not a date",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=60; Expires=soon"),))),
        ),
    ),
    check=check,
    subject=Subject.COOKIE,
)

RULES = (RULE,)
