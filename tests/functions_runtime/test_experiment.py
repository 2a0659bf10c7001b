"""What differs between responses because of one header, and what varies by itself."""

from __future__ import annotations

import pytest

from functions_runtime.experiment import MOST_NAMED, Answer, breaks, differences
from functions_runtime.syntax.rfc9110 import Fields


def answer(*fields: tuple[bytes, bytes], status: int = 200, content: bytes | None = b"Hello") -> Answer:
    return Answer(status, fields, content)


def found_in(recorded: list[Answer | None] | list[Answer], *without: Answer | None) -> list[str]:
    return differences(recorded, without)


def test_equal_responses_do_not_differ() -> None:
    assert found_in([answer((b"X-A", b"1"))] * 2, answer((b"X-A", b"1"))) == []


def test_every_difference_is_named() -> None:
    before = answer((b"Location", b"/a"))
    assert found_in([before, before], answer(status=403, content=b"No")) == [
        "status (200 becomes 403)",
        "header fields (location)",
        "content",
    ]


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        ((200, 200, 404), ["status (200 becomes 404)"]),
        ((200, 503, 404), []),
        ((200, 503, 200), []),
        ((200, 503, 503), []),
    ],
)
def test_a_status_that_varies_by_itself_proves_nothing(statuses: tuple[int, int, int], found: list[str]) -> None:
    first, second, without = (answer(status=status) for status in statuses)
    assert found_in([first, second], without) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        pytest.param((((b"X-A", b"1"),), ((b"X-A", b"1"),), ()), ["x-a"], id="is gone"),
        pytest.param(((), (), ((b"X-A", b"1"),)), ["x-a"], id="is new"),
        pytest.param((((b"X-A", b"1"),), ((b"x-a", b"1"),), ((b"X-A", b"2"),)), ["x-a"], id="is another"),
        pytest.param(
            (((b"X-A", b"1"),), ((b"X-A", b"1"),), ((b"X-A", b"1"), (b"X-A", b"1"))), ["x-a"], id="is there twice"
        ),
        pytest.param((((b"X-A", b"1"),), ((b"X-A", b"1"),), ((b"x-A", b"1"),)), [], id="another case of the name"),
        pytest.param((((b"X-A", b"1"),), ((b"X-A", b"2"),), ((b"X-A", b"3"),)), [], id="varies by itself"),
        pytest.param((((b"X-A", b"1"),), (), ()), [], id="was there by chance"),
        pytest.param(
            (((b"A", b""), (b"B", b"")), ((b"B", b""), (b"A", b"")), ((b"B", b""), (b"A", b""))), [], id="order"
        ),
    ],
)
def test_header_fields(fields: tuple[Fields, Fields, Fields], found: list[str]) -> None:
    first, second, without = (answer(*each) for each in fields)
    expected = [f"header fields ({', '.join(found)})"] if found else []
    assert found_in([first, second], without) == expected


@pytest.mark.parametrize("name", [b"Date", b"Age", b"EXPIRES", b"Server-Timing", b"X-Runtime", b"X-Response-Time"])
def test_a_field_that_follows_the_clock_proves_nothing(name: bytes) -> None:
    assert found_in([answer((name, b"1"))] * 2, answer((name, b"2"))) == []


@pytest.mark.parametrize(
    ("recorded", "without", "found"),
    [
        ("aa", "bb", True),
        ("aa", "bc", True),
        ("aaa", "bab", False),
        ("aab", "bbb", False),
        ("aa", "aa", False),
    ],
)
def test_a_response_that_comes_either_way_proves_nothing(recorded: str, without: str, found: bool) -> None:
    def differs(**answers: Answer) -> bool:
        return bool(found_in([answers[each] for each in recorded], *(answers[each] for each in without)))

    assert differs(**{each: answer((b"X-A", each.encode())) for each in "abc"}) is found
    assert differs(**{each: answer(content=each.encode()) for each in "abc"}) is found
    assert differs(a=answer(status=200), b=answer(status=404), c=answer(status=410)) is found


def test_only_the_first_names_are_listed_and_they_are_printable() -> None:
    names = [b"e", b"d", b"c\x1b" + b"c" * 60, b"b", b"a"]
    every, some = (answer(*((name, b"1") for name in chosen)) for chosen in (names, names[-MOST_NAMED:]))
    said = "header fields (a, b, c\\x1b" + "c" * 37 + "…"
    assert found_in([answer(), answer()], every) == [said + " and 2 more)"]
    assert found_in([answer(), answer()], some) == [said + ")"]


def test_the_values_of_fields_are_not_shown() -> None:
    secret = b"c8f1d0a94e7b"
    found = found_in([answer(), answer()], answer((b"Set-Cookie", secret), content=secret))
    assert found == ["header fields (set-cookie)", "content"]


@pytest.mark.parametrize(
    ("contents", "found"),
    [
        ((b"a", b"a", b"b"), ["content"]),
        ((b"a", b"a", b""), ["content"]),
        ((b"", b"", b"b"), ["content"]),
        ((b"a", b"a", b"a"), []),
        ((b"a", b"b", b"c"), []),
        ((None, None, b"a"), []),
        ((b"a", b"a", None), []),
        ((b"a", None, b"b"), []),
    ],
)
def test_content_that_is_not_known_or_varies_by_itself_proves_nothing(
    contents: tuple[bytes | None, bytes | None, bytes | None], found: list[str]
) -> None:
    first, second, without = (answer(content=content) for content in contents)
    assert found_in([first, second], without) == found


def test_a_later_response_to_the_request_as_recorded_counts_too() -> None:
    morning, noon = (answer((b"X-Time", time), status=len(time), content=time) for time in (b"8", b"12"))
    assert len(found_in([morning, morning], noon)) == 3
    assert found_in([morning, morning, noon], noon) == []


def test_a_missing_response_proves_nothing() -> None:
    assert found_in([answer(), answer()], None) == []
    assert found_in([answer(), None], answer(status=404)) == []
    assert found_in([None, answer()], answer(status=404)) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([200, 204], [301, 403], True),
        ([200, 200], [200, 403], False),
        ([200, 404], [404, 404], False),
        ([302, 302], [403, 403], False),
        ([200, 200], [None], True),
    ],
)
def test_a_site_breaks_if_only_the_request_as_recorded_succeeds(
    before: list[int], after: list[int | None], expected: bool
) -> None:
    without = [None if status is None else answer(status=status) for status in after]
    assert breaks([answer(status=status) for status in before], without) is expected
