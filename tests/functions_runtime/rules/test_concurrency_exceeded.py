"""Requests that begin while too many others are in flight, in whatever order they end."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterable

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules import concurrency_exceeded as module
from functions_runtime.rules.concurrency_exceeded import MOST, RULE
from functions_runtime.ruling import Finding, Severity
from tests.memories import caught_memories


def exchange(began: float, ended: float | None, path: str = "/", host: str = "a.example") -> Exchange:
    return Exchange(Request(host=host, path=path, time=began), Response(), ended=ended)


def findings(exchanges: Iterable[Exchange]) -> list[Finding]:
    check = RULE.new_check(b"key")
    return [finding for each in exchanges for finding in check(each, Profile())]


def places(found: Iterable[Finding]) -> Counter[str]:
    return Counter(str(finding.endpoint) for finding in found)


def nested(count: int) -> list[Exchange]:
    """So many exchanges, each of which begins after the one before and ends before it."""
    return [exchange(100 + number, 1000 - number, f"/n{number}") for number in range(count)]


def test_the_31st_request_is_one_too_many() -> None:
    assert findings(nested(30)) == []
    [finding] = findings(nested(31))
    assert (finding.severity, finding.subject, finding.effect) == (Severity.ERROR, None, None)
    assert str(finding.endpoint) == "GET a.example/n30"
    assert finding.extent == 31
    assert RULE.say(finding) == (
        "This request began while 30 or more others to a.example were in flight; at the peak there were 31. "
        "The Runtime allows 30 and responds with 429 to the rest."
    )
    assert RULE.cells(finding) == ("31",)


def test_the_end_of_one_makes_room_for_another() -> None:
    burst = [exchange(100, 200) for _ in range(30)]
    assert findings([*burst, exchange(200, 300)]) == []
    assert len(findings([*burst, exchange(199.9, 300)])) == 1


def test_requests_one_after_another_are_never_too_many() -> None:
    assert findings(exchange(number, number + 1) for number in range(1000)) == []
    assert findings(exchange(number, number + 30) for number in range(1000)) == []
    assert len(findings(exchange(number, number + 31) for number in range(1000))) == 1000 - 30


def test_requests_that_begin_at_once_are_too_many_from_the_31st_on() -> None:
    assert len(findings([exchange(100, 200)] * 40)) == 10


def test_the_order_in_which_exchanges_end_does_not_matter() -> None:
    chance = random.Random(7)
    many = [
        exchange(began := chance.uniform(0, 20), began + chance.uniform(0.1, 8), f"/{chr(97 + number % 26)}")
        for number in range(150)
    ]
    in_order = findings(sorted(many, key=lambda each: each.ended or 0))
    assert len(in_order) > 20
    assert max(finding.extent for finding in in_order) == most_at_one_time(many)
    for _ in range(20):
        chance.shuffle(many)
        found = findings(many)
        assert places(found) == places(in_order)
        assert max(finding.extent for finding in found) == max(finding.extent for finding in in_order)


def most_at_one_time(exchanges: list[Exchange]) -> int:
    starts = [each.request.time for each in exchanges]
    return max(
        sum(1 for each in exchanges if each.request.time <= start and each.ended and each.ended > start)
        for start in starts
    )


def test_each_host_counts_for_itself() -> None:
    assert findings(exchange(100, 200, host=f"{chr(97 + number % 2)}.example") for number in range(60)) == []
    found = findings(exchange(100, 200, host=f"{chr(97 + number % 2)}.example") for number in range(62))
    assert places(found) == {"GET a.example/": 1, "GET b.example/": 1}


@pytest.mark.parametrize("ended", [None, 100, 99, math.nan, -math.inf])
def test_an_end_that_is_none_counts_nothing(ended: float | None) -> None:
    assert findings([exchange(100, ended)] * 100) == []
    assert findings([exchange(math.nan, 200)] * 100) == []


def test_times_without_end_have_a_defined_answer() -> None:
    assert len(findings([exchange(-math.inf, math.inf)] * 31)) == 1


def test_thousands_at_one_time_are_counted_up_to_the_bound_and_quickly() -> None:
    exchanges = [exchange(number / 1000, 100 + number / 1000) for number in range(5000)]
    before = time.process_time()
    found = findings(exchanges)
    assert time.process_time() - before < 10
    assert len(found) == 5000 - 30
    assert max(finding.extent for finding in found) == MOST
    assert "at the peak there were at least 256." in RULE.say(found[-1])
    backwards = findings(reversed(exchanges))
    assert backwards
    assert max(finding.extent for finding in backwards) <= MOST


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 40)
    monkeypatch.setattr(module, "MOST_HOSTS", 3)
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    for number in range(1000):
        list(check(exchange(number, number + 1, host=f"{chr(97 + number % 26)}.example"), Profile()))
    for number in range(100):
        list(check(exchange(number, number + 1, host="z.example"), Profile()))
    [hosts] = memories
    assert len(hosts) == 3
    assert len(hosts.get("z.example") or ()) == 40


def test_each_check_has_a_memory_of_its_own() -> None:
    for each in nested(31):
        assert not RULE.new_check(b"key")(each, Profile())
