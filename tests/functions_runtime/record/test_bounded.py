"""A memory of bounded size."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_runtime.record.bounded import Recent, keyed_digest, remember


def test_what_was_put_is_there() -> None:
    recent: Recent[str, int] = Recent(2)
    assert recent.get("a") is None
    assert len(recent) == 0
    recent.put("a", 1)
    assert recent.get("a") == 1
    assert len(recent) == 1


def test_a_new_value_takes_the_place_of_the_old_one() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("a", 2)
    assert recent.get("a") == 2
    assert len(recent) == 1


@pytest.mark.parametrize("value", [False, 0, b"", ()])
def test_a_value_that_is_false_is_remembered_too(value: object) -> None:
    recent: Recent[str, object] = Recent(2)
    recent.put("a", value)
    recent.put("b", 1)
    assert recent.get("a") == value
    recent.put("c", 1)
    assert recent.get("a") == value
    assert recent.get("b") is None


def test_what_was_not_touched_for_longest_is_forgotten_first() -> None:
    recent: Recent[str, int] = Recent(3)
    for key in "abc":
        recent.put(key, 1)
    recent.get("a")
    recent.put("b", 2)
    recent.put("d", 1)
    assert [key for key in "abcd" if recent.get(key) is not None] == ["a", "b", "d"]


def test_asking_for_what_is_not_there_leaves_no_trace() -> None:
    recent: Recent[str, int] = Recent(1)
    recent.put("a", 1)
    for key in "bcd":
        assert recent.get(key) is None
    assert len(recent) == 1
    assert recent.get("a") == 1


@given(st.integers(1, 4), st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef"))))
def test_it_does_what_a_list_by_last_touch_does(most: int, steps: list[tuple[bool, str]]) -> None:
    recent: Recent[str, int] = Recent(most)
    model: OrderedDict[str, int] = OrderedDict()
    for number, (puts, key) in enumerate(steps):
        if puts:
            recent.put(key, number)
            model.pop(key, None)
            model[key] = number
            while len(model) > most:
                del model[next(iter(model))]
        else:
            assert recent.get(key) == model.get(key)
            if key in model:
                model.move_to_end(key)
        assert len(recent) == len(model)


# Sets of values


def test_values_under_a_key_keep_their_order_and_are_there_once() -> None:
    recent: Recent[str, dict[int, None]] = Recent(2)
    for value in (3, 1, 3, 2, 1):
        remember(recent, "a", value, 8)
    assert list(recent.get("a") or ()) == [3, 1, 2]


def test_it_says_whether_a_value_is_new() -> None:
    recent: Recent[str, dict[int, None]] = Recent(2)
    assert [remember(recent, "a", value, 2) for value in (1, 1, 2, 3, 1)] == [True, False, True, True, True]


def test_the_latest_values_are_kept() -> None:
    recent: Recent[str, dict[int, None]] = Recent(2)
    for value in range(10):
        remember(recent, "a", value, 3)
    assert list(recent.get("a") or ()) == [7, 8, 9]


def test_keys_have_their_own_values_and_are_forgotten_as_others_are() -> None:
    recent: Recent[str, dict[int, None]] = Recent(2)
    for key in "aba":
        remember(recent, key, 1, 3)
    remember(recent, "c", 2, 3)
    assert recent.get("b") is None
    assert recent.get("a") == {1: None}
    assert recent.get("c") == {2: None}


# Digests


def test_a_digest_depends_on_the_value_and_on_the_key_and_holds_neither() -> None:
    assert keyed_digest(b"key")(b"value") == keyed_digest(b"key")(b"value")
    assert keyed_digest(b"key")(b"value") != keyed_digest(b"key")(b"Value")
    assert keyed_digest(b"key")(b"value") != keyed_digest(b"yek")(b"value")
    assert isinstance(keyed_digest(b"key")(b"value"), int)


def test_a_digest_has_64_bits_whatever_the_value() -> None:
    digest = keyed_digest(b"k" * 32)
    assert all(-(2**63) <= digest(value) < 2**63 for value in (b"", b"v", b"v" * 100_000))
