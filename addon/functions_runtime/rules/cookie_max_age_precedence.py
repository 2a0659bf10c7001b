"""`cookie-max-age-precedence`: where Max-Age and Expires are both there, Max-Age wins."""

from __future__ import annotations

from collections.abc import Iterator

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import NAMELESS, printable

TOLERANCE = 60
"""Seconds by which the two may differ and still say the same (rulebook)."""


def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
    assert exchange.response
    now = exchange.response.time
    for field in exchange.response.cookies:
        max_age, expires = field.cookie.attributes.max_age, field.cookie.attributes.expires
        if max_age is None or expires is None:
            continue
        # Whatever lies in the past deletes the cookie, however long ago.
        by_max_age, by_expires = max(max_age, 0), max(expires - now, 0)
        name = printable(field.cookie.name)
        if abs(by_max_age - by_expires) > TOLERANCE:
            yield RULE.finding(
                f"The cookie {name or NAMELESS} has a Max-Age and an Expires that disagree by more than a minute: "
                f"Max-Age wins; it lives {'shorter' if by_max_age < by_expires else 'longer'} than Expires says.",
                name,
                severity=Severity.WARNING,
            )
        else:
            yield RULE.finding(
                f"The cookie {name or NAMELESS} has both Max-Age and Expires, and they agree: Max-Age wins.", name
            )


_BOTH = b"sid=a; Max-Age=3600; Expires=Thu, 01 Jan 1970 0%d:00:00 GMT"

RULE = Rule(
    id="cookie-max-age-precedence",
    title="Max-Age wins over Expires",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_FIELDS,
    explanation="""\
Where a cookie has both a valid Max-Age and a valid Expires, Max-Age counts, as in browsers. It is a warning where
the two disagree by more than a minute: then somebody may have meant the other one.""",
    fix="Set Max-Age alone.",
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
            "Both delete the cookie",
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
            "Expires is no date",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=60; Expires=soon"),))),
        ),
    ),
    check=check,
    subject=Subject.COOKIE,
)

RULES = (RULE,)
