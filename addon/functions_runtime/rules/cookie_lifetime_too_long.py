"""`cookie-lifetime-too-long`: a cookie may live for at most 24 hours."""

from __future__ import annotations

import math
from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import COOKIE_LIFETIME_LIMIT, Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Reply, Severity
from functions_runtime.wire_text import printable

REPLY = Reply(
    400,
    "Bad Request",
    ((b"Content-Type", b"text/plain; charset=utf-8"),),
    b"Cookies max-age cannot be greater than a day",
)
SECONDS_PER_YEAR = 365 * 24 * 3600


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    if not exchange.response.cookies:
        return ()
    found: list[Finding] = []
    now = exchange.response.time
    for field in exchange.response.cookies:
        lifetime = field.cookie.attributes.lifetime(now)
        if lifetime is not None and lifetime > COOKIE_LIFETIME_LIMIT:
            found.append(
                RULE.finding(
                    printable(field.cookie.name),
                    effect=REPLY,
                    lifetime=_in_words(lifetime),
                    attribute="Expires" if field.cookie.attributes.max_age is None else "Max-Age",
                )
            )
    return found


def _in_words(seconds: float) -> str:
    if seconds > 100 * SECONDS_PER_YEAR:
        return "more than 100 years"
    if seconds >= 2 * COOKIE_LIFETIME_LIMIT:
        return f"{seconds / COOKIE_LIFETIME_LIMIT:.0f} days"
    return f"{math.ceil(seconds)} seconds"


RULE = Rule(
    id="cookie-lifetime-too-long",
    title="A cookie lives longer than a day",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_REPLY,
    message=f"The cookie {{subject}} lives {{lifetime}} ({{attribute}}). The Runtime allows 24 hours. It responds with "
    f"400 “{REPLY.content.decode()}” instead of this response; none of its cookies are set.",
    columns=(("Lifetime", "{lifetime}"), ("Attribute", "{attribute}")),
    explanation="""\
If a response sets a cookie for more than 24 hours, the Runtime replaces the response with a 400, and none of its
cookies are set. 86400 seconds are allowed, 86401 are not. A valid Max-Age decides. Without one, Expires decides,
measured from the moment the response arrived (our interpretation). Deleting a cookie is always allowed: with Max-Age=0
(documented), a negative Max-Age or an Expires in the past (our interpretation).""",
    fix="Set Max-Age=86400 or less, and renew the cookie on each visit. Store longer-lived data on the server.",
    code="""\
response.setCookie("sid", id, ["Max-Age=86400", "Path=/"]); // renew on every visit
""",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
    ),
    examples=(
        Example(
            "A cookie for 30 days",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=abc; Max-Age=2592000"),))),
            ((Severity.ERROR, "sid"),),
        ),
        Example(
            "Expires in the year 2031",
            Exchange(
                Request(),
                Response(fields=((b"Set-Cookie", b"sid=abc; Expires=Wed, 01 Jan 2031 00:00:00 GMT"),), time=1767225600),
            ),
            ((Severity.ERROR, "sid"),),
        ),
        Example(
            "Exactly a day is allowed",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=86400"),))),
        ),
        Example(
            "Max-Age wins over a distant Expires",
            Exchange(
                Request(),
                Response(
                    fields=((b"Set-Cookie", b"sid=a; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Max-Age=60"),),
                    time=1767225600,
                ),
            ),
        ),
        Example("A deletion", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=; Max-Age=0"),)))),
    ),
    check=check,
    enforcement="responds with 400 instead of the response",
    subject=Subject.COOKIE,
)

RULES = (RULE,)
