"""Headers that pass, and how near they come to a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import LATER_PAGE_LIMITS, SEED_PAGE_LIMITS, Limits, Profile
from functions_runtime.rules.headers_near_limit import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields

INFO, WARNING = Severity.INFO, Severity.WARNING


def of_size(size: int) -> Fields:
    """One field that is so many bytes."""
    return ((b"X", b"v" * (size - 5)),)


def of_count(count: int) -> Fields:
    """So many fields, which are small."""
    return ((b"X", b""),) * count


def findings(request: Fields = (), response: Fields = (), limits: Limits = SEED_PAGE_LIMITS) -> list[Finding]:
    return list(RULE.check(Exchange(Request(fields=request), Response(fields=response)), Profile(limits)))


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        pytest.param((), None, id="nothing"),
        pytest.param(of_size(2457), None, id="59.99% of the size"),
        pytest.param(of_size(2458), INFO, id="60.01% of the size"),
        pytest.param(of_size(3276), INFO, id="79.98% of the size"),
        pytest.param(of_size(3277), WARNING, id="80.01% of the size"),
        pytest.param(of_size(4096), WARNING, id="all of the size"),
        pytest.param(of_size(4097), None, id="more than the size"),
        pytest.param(of_count(44), None, id="59% of the count"),
        pytest.param(of_count(45), INFO, id="60% of the count"),
        pytest.param(of_count(60), INFO, id="80% of the count"),
        pytest.param(of_count(61), WARNING, id="81% of the count"),
        pytest.param(of_count(75), WARNING, id="all of the count"),
        pytest.param(of_count(76), None, id="more than the count"),
        pytest.param(of_size(2900) + of_count(59), INFO, id="both, the count less than 80%"),
        pytest.param(of_size(3000) + of_count(74), WARNING, id="both, the count above 80%"),
        pytest.param(of_size(100) + of_count(75), None, id="little in size, too many"),
    ],
)
def test_shares_of_a_limit(side: str, fields: Fields, severity: Severity | None) -> None:
    sides: dict[str, Any] = {side: fields}
    assert [finding.severity for finding in findings(**sides)] == ([severity] if severity else [])


@pytest.mark.parametrize("limit", [5, 10, 15, 35, 55, 75, 90, 95, 100, 205, 1005, 4095])
@pytest.mark.parametrize("of_limit", [of_count, lambda part: of_size(part * 5)], ids=["count", "size"])
def test_the_edges_are_exact_for_any_limit(of_limit: Callable[[int], Fields], limit: int) -> None:
    def severities(part: int) -> list[Severity]:
        limits = Limits(10**9, limit) if of_limit is of_count else Limits(limit * 5, 10**9)
        return [finding.severity for finding in findings(of_limit(part), limits=limits)]

    near, very_near = limit * 3 // 5, limit * 4 // 5
    parts = [near - 1, near, very_near, very_near + 1, limit, limit + 1]
    assert [severities(part) for part in parts] == [[], [INFO], [INFO], [WARNING], [WARNING], []]


@pytest.mark.parametrize(
    ("request_fields", "response_fields", "message"),
    [
        (
            of_count(50),
            of_count(70),
            "The response headers are at 93% of the nearer limit: 350 of 4,096 bytes, and 70 of 75 ",
        ),
        (
            of_count(70),
            of_count(50),
            "The request headers are at 93% of the nearer limit: 350 of 4,096 bytes, and 70 of 75 ",
        ),
        (
            of_count(50),
            of_count(50),
            "The request headers are at 67% of the nearer limit: 250 of 4,096 bytes, and 50 of 75 ",
        ),
        (
            of_count(76),
            of_count(50),
            "The response headers are at 67% of the nearer limit: 250 of 4,096 bytes, and 50 of 75 ",
        ),
        (
            of_count(50),
            of_count(76),
            "The request headers are at 67% of the nearer limit: 250 of 4,096 bytes, and 50 of 75 ",
        ),
        (
            of_size(4000),
            of_count(50),
            "The request headers are at 98% of the nearer limit: 4,000 of 4,096 bytes, and 1 of 75 ",
        ),
    ],
)
def test_the_fuller_of_two_messages_that_pass_is_reported(
    request_fields: Fields, response_fields: Fields, message: str
) -> None:
    [finding] = findings(request_fields, response_fields)
    assert RULE.say(finding).startswith(message.rstrip())
    assert (finding.subject, finding.endpoint) == (None, None)


@pytest.mark.parametrize(("request_count", "response_count"), [(76, 76), (76, 10), (10, 76)])
def test_neither_passes_or_what_passes_is_small(request_count: int, response_count: int) -> None:
    assert findings(of_count(request_count), of_count(response_count)) == []


def test_each_cookie_counts_as_one() -> None:
    cookies = ((b"Cookie", b"; ".join(b"c%d=1" % number for number in range(61))),)
    [finding] = findings(cookies)
    assert finding.severity is WARNING
    assert RULE.cells(finding)[0] == "request"
    assert RULE.cells(finding)[3] == "61 of 75"
    assert "61 of 75 fields and cookies" in RULE.say(finding)


def test_the_limits_are_those_of_the_profile() -> None:
    assert findings(of_count(61), limits=LATER_PAGE_LIMITS)[0].severity is INFO
    assert findings(of_size(3500), limits=LATER_PAGE_LIMITS) == []
    assert findings(of_count(7), limits=Limits(10**6, 8))[0].severity is WARNING


def test_the_finding_shows_sizes_only() -> None:
    [finding] = findings(((b"Authorization", b"c8f1d0a94e" * 350),))
    assert "c8f1d0a94e" not in repr(finding)


def test_what_the_local_emulator_adds_does_not_count() -> None:
    emulator = ((b"X-Powered-By", b"Express"), (b"Surrogate-Control", b"no-store"))
    assert findings(response=emulator + of_count(44)) == []
    [finding] = findings(response=emulator + of_count(75))
    assert RULE.say(finding) == (
        "The response headers are at 100% of the nearer limit: 375 of 4,096 bytes, and 75 of 75 fields. "
        "The local emulator added 2 other fields, which do not count."
    )
    [finding] = findings(of_count(70), emulator + of_count(50))
    assert RULE.say(finding).startswith("The request headers")
    assert "emulator" not in RULE.say(finding)
