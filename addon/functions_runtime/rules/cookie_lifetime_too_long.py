"""`cookie-lifetime-too-long`: no cookie may live more than 24 hours."""

from __future__ import annotations

import math
from collections.abc import Iterator

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import COOKIE_LIFETIME_LIMIT, Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Reply, Severity
from functions_runtime.wire_text import NAMELESS, printable

REPLY = Reply(
    400,
    "Bad Request",
    ((b"Content-Type", b"text/plain; charset=utf-8"),),
    b"Cookies max-age cannot be greater than a day",
)
SECONDS_PER_YEAR = 365 * 24 * 3600


def check(exchange: Exchange, profile: Profile) -> Iterator[Finding]:
    assert exchange.response
    now = exchange.response.time
    for field in exchange.response.cookies:
        lifetime = field.cookie.attributes.lifetime(now)
        if lifetime is not None and lifetime > COOKIE_LIFETIME_LIMIT:
            name = printable(field.cookie.name)
            attribute = "Expires" if field.cookie.attributes.max_age is None else "Max-Age"
            yield RULE.finding(
                f"The cookie {name or NAMELESS} lives {_in_words(lifetime)} ({attribute}), and the Runtime allows 24 "
                f"hours. It answers 400 “{REPLY.content.decode()}” instead of this response, and sets no cookie of it.",
                name,
                effect=REPLY,
            )


def _in_words(seconds: float) -> str:
    if seconds > 100 * SECONDS_PER_YEAR:
        return "more than 100 years"
    if seconds >= 2 * COOKIE_LIFETIME_LIMIT:
        return f"{seconds / COOKIE_LIFETIME_LIMIT:.0f} days"
    return f"{math.ceil(seconds)} seconds"


RULE = Rule(
    id="cookie-lifetime-too-long",
    title="Cookie lives longer than a day",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_REPLY,
    explanation="""\
A response that sets a cookie for more than 24 hours is replaced by a 400, and none of its cookies is set. 86400
seconds pass, 86401 do not. Max-Age decides where it is there and valid, else Expires, measured from the moment the
response arrived (reading). A cookie that is deleted (Max-Age of zero or less, Expires in the past) is always legal.""",
    fix="Set Max-Age=86400 or less and set the cookie anew on each visit; keep what must last longer on the server.",
    code="""\
response.setCookie("sid", id, ["Max-Age=86400", "Path=/"]); // on every visit, so that it goes on
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
            "Exactly a day passes", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=a; Max-Age=86400"),)))
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
        Example("A deletion", Exchange(Request(), Response(fields=((b"Set-Cookie", b"sid=; Max-Age=-1"),)))),
    ),
    check=check,
    enforcement="answers 400 instead of the response",
    subject=Subject.COOKIE,
)

RULES = (RULE,)
