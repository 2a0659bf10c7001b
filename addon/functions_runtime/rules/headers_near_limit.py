"""`headers-near-limit`: headers that are within the limits, but not by much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions_runtime.message import Exchange, HeaderSize, Request, Response
from functions_runtime.profile import Limits, Profile, without_emulator_fields
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Fact, Finding, Severity
from functions_runtime.syntax.rfc9110 import field_section_size

NEAR = 0.6
VERY_NEAR = 0.8
"""From `NEAR` on, a share of a limit is an info. Above `VERY_NEAR` it is a warning (rulebook)."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    limits = profile.limits
    request, response = exchange.request.header_size, exchange.response.header_size
    size, count = NEAR * limits.size, NEAR * limits.count
    if request.size < size and response.size < size and request.count < count and response.count < count:
        return ()
    # The response limits leave out the same fields.
    own = without_emulator_fields(exchange.response.fields)
    if own is not exchange.response.fields:
        response = HeaderSize(field_section_size(own), len(own))
    messages = [("request", request), ("response", response)]
    passing = [(_share(each, limits), of, each) for of, each in messages if _share(each, limits) <= 1]
    if not passing:
        return ()
    share, of, measured = max(passing, key=lambda each: each[0])
    if share < NEAR:
        return ()
    return (
        RULE.finding(
            severity=Severity.WARNING if share > VERY_NEAR else Severity.INFO,
            extent=share,
            message=of,
            share=round(share, 4),
            size=measured.size,
            size_limit=limits.size,
            count=measured.count,
            count_limit=limits.count,
            left_out=len(exchange.response.fields) - len(own) if of == "response" else 0,
        ),
    )


def _share(measured: HeaderSize, limits: Limits) -> float:
    return max(measured.size / limits.size, measured.count / limits.count)


def _sentence(facts: Mapping[str, Fact]) -> str:
    counted = "fields and cookies" if facts["message"] == "request" else "fields"
    text = (
        "The {message} headers are at {share:.0%} of the nearer limit: {size:,} of {size_limit:,} bytes, and "
        "{count:,} of {count_limit:,} " + counted + "."
    )
    if facts["left_out"]:
        text += " The local emulator added {left_out} other fields, which do not count."
    return text


def _request(count: int) -> Exchange:
    return Exchange(Request(fields=((b"X-A", b"1"),) * count), Response())


RULE = Rule(
    id="headers-near-limit",
    title="Headers are close to a limit",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    message=_sentence,
    columns=(
        ("Message", "{message}"),
        ("Share", "{share:.0%}"),
        ("Size", "{size:,} of {size_limit:,} bytes"),
        ("Count", "{count:,} of {count_limit:,}"),
    ),
    explanation="""\
A message that uses more than 80% of the size limit or of the count limit may exceed it tomorrow: one more cookie can
be enough. From 60% to 80% this is an info. The rule reports the request or the response, whichever is closer to a
limit. The default limits are 4 kB and 75, as in an earlier copy of the limitations page and in Twilio's error
dictionary. The newest copy says 15 kB and 90: runtime_limits=15kb/90 applies those. Fields that the local emulator adds
do not count.""",
    fix="Find out which cookies and headers grow with use, and store their data on the server.",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example("61 of 75", _request(61), ((Severity.WARNING, None),)),
        Example("60 of 75 is exactly 80%", _request(60), ((Severity.INFO, None),)),
        Example("44 of 75", _request(44)),
        Example("76 of 75 exceeds the limit", _request(76)),
    ),
    check=check,
    needs_response=False,
    curl=None,
)

RULES = (RULE,)
