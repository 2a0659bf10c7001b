"""Responses that take longer than a Function may run."""

from __future__ import annotations

import math

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.response_too_slow import RULE
from functions_runtime.ruling import Finding, Reply, Severity


def findings(waited: float | None) -> list[Finding]:
    return list(RULE.check(Exchange(Request(), Response(waited=waited)), Profile()))


@pytest.mark.parametrize("waited", [None, -5.0, 0.0, 9.999, 10.0, math.nan])
def test_in_time(waited: float | None) -> None:
    assert findings(waited) == []


@pytest.mark.parametrize(
    ("waited", "shown"), [(10.001, "10.0"), (10.06, "10.1"), (11.0, "11.0"), (3600.0, "3600.0"), (math.inf, "inf")]
)
def test_too_late(waited: float, shown: str) -> None:
    [finding] = findings(waited)
    assert (finding.severity, finding.subject, finding.endpoint) == (Severity.ERROR, None, None)
    assert finding.effect == Reply(504, "Gateway Timeout", (), b"")
    assert finding.extent == waited
    assert RULE.say(finding).startswith(f"The client waited {shown} seconds for the first byte of a response.")
    assert RULE.say(finding).endswith("after 10 seconds, and the client gets 504.")
