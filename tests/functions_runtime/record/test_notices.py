"""What a report says at its top."""

from __future__ import annotations

import pytest

from functions_runtime.record import notices


@pytest.mark.parametrize(
    ("exchanges", "has_login", "is_said"), [(20, False, False), (21, False, True), (1, True, True), (0, False, False)]
)
def test_no_cookies(exchanges: int, has_login: bool, is_said: bool) -> None:
    notice = notices.no_cookies(exchanges, has_login=has_login)
    assert (notice is not None) is is_said
    if notice:
        assert (notice.id, notice.count) == ("no-cookies", exchanges)


def test_entries_skipped() -> None:
    assert notices.entries_skipped({}) is None
    one = notices.entries_skipped({"no URL": (1, ["7"])})
    assert one
    assert (one.id, one.message, one.count) == ("entries-skipped", "1 entry was not judged: no URL (entry 7).", 1)
    many = notices.entries_skipped({"not HTTP: data": (5, ["2", "4", "5"]), "no URL": (2, ["1", "3"])})
    assert many
    assert many.count == 7
    assert many.message == (
        "7 entries were not judged: no URL (entries 1, 3); not HTTP: data (entries 2, 4, 5 and 2 more)."
    )


def test_recordings_that_were_cut_off() -> None:
    one = notices.entries_skipped({}, {"a.har": (20, "it is damaged")})
    assert one
    assert (one.id, one.count) == ("entries-skipped", 1)
    assert one.message == "1 recording could be read only in part: a.har (up to entry 20: it is damaged)."
    many = notices.entries_skipped({"no URL": (2, ["1", "3"])}, dict.fromkeys("edcba", (1, "x")))
    assert many
    assert many.count == 7
    assert many.message == (
        "5 recordings could be read only in part: a (up to entry 1: x); b (up to entry 1: x); c (up to entry 1: x) "
        "and 2 more. 2 entries were not judged: no URL (entries 1, 3)."
    )


def test_entries_of_several_recordings_are_named() -> None:
    notice = notices.entries_skipped({"no URL": (4, ["a.har entry 2", "b.har entry 1", "b.har entry 7"])})
    assert notice
    assert notice.message == (
        "4 entries were not judged: no URL (a.har entry 2, b.har entry 1, b.har entry 7 and 1 more)."
    )


def test_entries_without_a_response() -> None:
    unplaced = notices.entries_skipped({}, unanswered=(1, ()))
    assert unplaced
    assert unplaced.message == "1 entry has no response: only its request was judged."
    one = notices.entries_skipped({}, unanswered=(1, ["7"]))
    assert one
    assert (one.id, one.count) == ("entries-skipped", 1)
    assert one.message == "1 entry has no response: only its request was judged (entry 7)."
    many = notices.entries_skipped({"no URL": (1, ["1"])}, unanswered=(5, ["2", "3", "4"]))
    assert many
    assert many.count == 6
    assert many.message == (
        "1 entry was not judged: no URL (entry 1). 5 entries have no response: only their requests were judged "
        "(entries 2, 3, 4 and 2 more)."
    )


def test_some_without_cookies() -> None:
    assert notices.some_without_cookies(0, []) is None
    one = notices.some_without_cookies(1, ["a.har"])
    assert one
    assert (one.id, one.count) == ("no-cookies", 1)
    assert one.message.startswith("1 recording without a Cookie, Set-Cookie or Authorization field: a.har. ")
    many = notices.some_without_cookies(5, ["a.har", "b.har", "c.har"])
    assert many
    assert many.message.startswith(
        "5 recordings without a Cookie, Set-Cookie or Authorization field: a.har, b.har, c.har and 2 more. "
    )


def test_unreadable() -> None:
    assert notices.unreadable({}) is None
    one = notices.unreadable({"a.har": "it is no JSON"})
    assert one
    assert (one.id, one.message) == ("unreadable", "1 recording could not be read: a.har (it is no JSON).")
    many = notices.unreadable({f"{name}.har": "it is empty" for name in "dcbae"})
    assert many
    assert many.count == 5
    assert many.message.startswith("5 recordings could not be read: a.har (it is empty); b.har")
    assert many.message.endswith(" and 2 more.")


def test_stale_baseline() -> None:
    assert notices.stale_baseline(()) is None
    one = notices.stale_baseline({("cookie-session", "info", "GET", "a.example", "/\x1b", "sid")})
    assert one
    assert (one.id, one.count) == ("baseline-stale", 1)
    assert one.message == (
        "1 finding of the baseline was not seen again: cookie-session [sid] GET a.example/\\x1b. "
        "If that is because of a fix, write a new baseline."
    )
    many = notices.stale_baseline({("rule", "info", "GET", "a.example", f"/{path}", None) for path in "abcde"})
    assert many
    assert many.message.startswith(
        "5 findings of the baseline were not seen again: rule GET a.example/a; rule GET a.example/b; "
        "rule GET a.example/c and 2 more. "
    )


def test_lifetimes_unknown() -> None:
    assert notices.lifetimes_unknown((0, ())) is None
    one = notices.lifetimes_unknown((1, ["7"]))
    assert one
    assert one.count == 1
    assert one.message.startswith(
        "1 entry does not say when the response came (entry 7). It is unknown whether its cookies "
    )
    many = notices.lifetimes_unknown((5, ["a.har entry 2", "a.har entry 3"]))
    assert many
    assert "5 entries do not say when the response came (a.har entry 2, a.har entry 3 and 3 more)" in many.message


def test_restricted_untested() -> None:
    assert notices.restricted_untested({}) is None
    one = notices.restricted_untested({"via": 3})
    assert one
    assert one.message.startswith("Requests with the restricted header via (3) reached the site")
    two = notices.restricted_untested({"via": 3, "x-forwarded-proto": 1200})
    assert two
    assert two.count == 1203
    assert two.message.startswith(
        "Requests with the restricted headers x-forwarded-proto (1,200), via (3) reached the site"
    )
    assert "runtime.probe" in two.message


def test_changed_when_recorded() -> None:
    assert notices.changed_when_recorded(0) is None
    one, many = notices.changed_when_recorded(1), notices.changed_when_recorded(2000)
    assert one
    assert many
    assert one.message.startswith("1 response was recorded")
    assert many.message.startswith("2,000 responses were recorded")
    assert many.id == "changed-when-recorded"
