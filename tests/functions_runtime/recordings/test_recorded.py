"""What readers of recordings yield."""

from __future__ import annotations

from functions_runtime.message import Request, Response
from functions_runtime.recordings.recorded import Recorded, Skipped, UnreadableError


def test_an_exchange_may_be_little_known() -> None:
    recorded = Recorded(1, Request(), None)
    assert (recorded.sent, recorded.received, recorded.ended, recorded.over_tls) == (0, 0, None, None)
    assert (recorded.scheme, recorded.port, recorded.stored, recorded.state) == ("https", 443, None, None)


def test_what_is_not_read_says_why() -> None:
    assert Skipped(3, "not HTTP: tcp").reason == "not HTTP: tcp"
    assert str(UnreadableError("it is empty")) == "it is empty"


def test_the_names_are_those_of_both_messages() -> None:
    asked, answered = Request(fields=((b"A", b"1"),)), Response(fields=((b"B", b"1"),))
    assert Recorded(1, asked, answered).names == (b"a", b"b")
    assert Recorded(1, asked, None).names == (b"a",)
