"""What differs between answers because of one header, and what differs by itself."""

from __future__ import annotations

import pytest

from functions_runtime.experiment import MOST_NAMED, Answer, differences
from functions_runtime.syntax.rfc9110 import Fields


def answer(*fields: tuple[bytes, bytes], status: int = 200, content: bytes | None = b"Hello") -> Answer:
    return Answer(status, fields, content)


def test_equal_answers_do_not_differ() -> None:
    assert differences([answer((b"X-A", b"1"))] * 2, answer((b"X-A", b"1"))) == []


def test_all_that_differs_is_said() -> None:
    before = answer((b"Location", b"/a"))
    assert differences([before, before], answer(status=403, content=b"No")) == [
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
    assert differences([first, second], without) == found


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
    assert differences([first, second], without) == expected


@pytest.mark.parametrize("name", [b"Date", b"Age", b"EXPIRES"])
def test_a_field_that_follows_the_clock_proves_nothing(name: bytes) -> None:
    assert differences([answer((name, b"1"))] * 2, answer((name, b"2"))) == []


def test_only_the_first_names_are_said_and_fit_to_be_shown() -> None:
    names = [b"e", b"d", b"c\x1b" + b"c" * 60, b"b", b"a"]
    every, some = (answer(*((name, b"1") for name in chosen)) for chosen in (names, names[-MOST_NAMED:]))
    said = "header fields (a, b, c\\x1b" + "c" * 37 + "…"
    assert differences([answer(), answer()], every) == [said + " and 2 more)"]
    assert differences([answer(), answer()], some) == [said + ")"]


def test_the_values_of_fields_are_not_said() -> None:
    secret = b"c8f1d0a94e7b"
    found = differences([answer(), answer()], answer((b"Set-Cookie", secret), content=secret))
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
    assert differences([first, second], without) == found


def test_what_the_request_as_recorded_gives_later_proves_nothing_either() -> None:
    morning, noon = (answer((b"X-Time", time), status=len(time), content=time) for time in (b"8", b"12"))
    assert len(differences([morning, morning], noon)) == 3
    assert differences([morning, morning, noon], noon) == []


def test_no_answer_proves_nothing() -> None:
    assert differences([answer(), answer()], None) == []
    assert differences([answer(), None], answer(status=404)) == []
    assert differences([None, answer()], answer(status=404)) == []
