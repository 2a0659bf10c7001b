"""`headers-near-limit`: headers that pass, but not by much."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, HeaderSize, Request, Response
from functions_runtime.profile import Limits, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity

NEAR = 0.6
VERY_NEAR = 0.8
"""Shares of a limit from which on it is an info, and above which it is a warning (rulebook)."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    limits = profile.limits
    request, response = exchange.request.header_size, exchange.response.header_size
    if (
        max(request.size, response.size) < NEAR * limits.size
        and max(request.count, response.count) < NEAR * limits.count
    ):
        return ()
    messages = [("request", request), ("response", response)]
    passing = [(_share(size, limits), of, size) for of, size in messages if _share(size, limits) <= 1]
    if not passing:
        return ()
    share, of, size = max(passing, key=lambda measured: measured[0])
    if share < NEAR:
        return ()
    return (
        RULE.finding(
            f"The {of} headers use {share:.0%} of a limit: they are {size.size} bytes of {limits.size}, and "
            f"{size.count} fields and cookies of {limits.count}.",
            severity=Severity.WARNING if share > VERY_NEAR else Severity.INFO,
            extent=share,
        ),
    )


def _share(measured: HeaderSize, limits: Limits) -> float:
    return max(measured.size / limits.size, measured.count / limits.count)


def _request(count: int) -> Exchange:
    return Exchange(Request(fields=((b"X-A", b"1"),) * count), Response())


RULE = Rule(
    id="headers-near-limit",
    title="Headers come near a limit",
    severity=Severity.WARNING,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    explanation="""\
A message that passes but uses more than 80 % of the limit on size or count may be over it tomorrow: one more cookie
can be enough. From 60 % on it is an info. Of request and response, the fuller one is reported.""",
    fix="Find out which cookies and headers grow with use, and keep their content on the server.",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example("61 of 75", _request(61), ((Severity.WARNING, None),)),
        Example("60 of 75 is exactly 80 %", _request(60), ((Severity.INFO, None),)),
        Example("44 of 75", _request(44)),
        Example("76 of 75 does not pass", _request(76)),
    ),
    check=check,
)

RULES = (RULE,)
