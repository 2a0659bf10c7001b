"""Journals of several runs make one journal, whatever the order in which they are merged."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_runtime.case import Origin
from functions_runtime.message import Request, Response
from functions_runtime.profile import Limits, Profile
from functions_runtime.record import hosts, inventory, journal
from functions_runtime.record.journal import Journal
from functions_runtime.reports import FORMATS
from functions_runtime.session import Session

LIMITS = Limits(200, 10)
COOKIES = (
    b"sid=12345678; Max-Age=90000",
    b"sid=12345678; Max-Age=99000",
    b"sid=12345678; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    b"wide=87654321; Domain=example.test",
)

exchanges = st.tuples(
    st.sampled_from(["GET", "PUT", "OPTIONS"]),
    st.sampled_from(["a.example.test", "b.example.test", "c.test"]),
    st.sampled_from(["/", "/login", "/x"]),
    st.sampled_from([(), ((b"X-Real-IP", b"1"),), ((b"X-Token", b"12345678"),), ((b"Sec-Fetch-Dest", b"document"),)]),
    st.sampled_from([(), *[((b"Set-Cookie", line),) for line in COOKIES], ((b"X-Big", b"x" * 300),)]),
    st.floats(0, 1e9),
)


def run(
    seen: Sequence[tuple[str, str, str, tuple[tuple[bytes, bytes], ...], tuple[tuple[bytes, bytes], ...], float]],
) -> Journal:
    """The journal of a run in which these exchanges were seen."""
    session = Session(Profile(LIMITS), b"key")
    for method, host, path, asked, answered, time in seen:
        case = session.request(Request(method, host, path, asked, host, time), Origin.RECORDED).case
        session.response(case, Response(200, answered, time))
    return session.journal


def together(*journals: Journal) -> Journal:
    merged = Journal()
    for each in journals:
        merged.merge(each)
    return merged


def rendered(merged: Journal) -> str:
    return FORMATS[".json"](merged.report("audit", LIMITS))


runs = st.lists(st.lists(exchanges, max_size=6).map(run), min_size=3, max_size=3)


@given(runs)
def test_the_order_does_not_matter(journals: list[Journal]) -> None:
    first, second, third = journals
    reports = {rendered(together(*order)) for order in permutations(journals)}
    reports |= {rendered(together(together(first, second), third)), rendered(together(first, together(second, third)))}
    assert len(reports) == 1


@given(runs, st.integers(1, 3))
def test_the_order_does_not_matter_beyond_the_maxima(journals: list[Journal], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "MAX_ENTRIES", most)
        patch.setattr(inventory, "MAX_ENDPOINTS", most)
        patch.setattr(inventory, "MAX_COOKIES", most)
        patch.setattr(hosts, "MAX_MERGED_HOSTS", most)
        first, second, third = journals
        reports = {rendered(together(*order)) for order in permutations(journals)}
        reports |= {
            rendered(together(together(first, second), third)),
            rendered(together(first, together(second, third))),
        }
        assert len(reports) == 1


@given(st.lists(exchanges, max_size=6).map(run))
def test_a_journal_merged_into_nothing_reports_the_same(alone: Journal) -> None:
    assert rendered(together(alone)) == rendered(alone)
    assert rendered(together(pickle.loads(pickle.dumps(alone)))) == rendered(alone)


@given(runs)
def test_a_merge_changes_only_what_is_merged_into(journals: list[Journal]) -> None:
    before = [rendered(each) for each in journals]
    merged = together(*journals)
    merged.merge(journals[0])
    assert [rendered(each) for each in journals] == before
    assert merged.judged == sum(each.judged for each in journals) + journals[0].judged
