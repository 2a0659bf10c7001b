"""Restricted headers that reach a server and that no browser sends by itself."""

from __future__ import annotations

from functions_runtime.message import Exchange, Request
from functions_runtime.untested import untested


def test_what_a_balancer_sends_is_named() -> None:
    fields = ((b"X-Forwarded-Proto", b"https"), (b"Via", b"1.1 a"), (b"x-real-ip", b"192.0.2.1"), (b"X-Other", b"1"))
    assert untested(Exchange(Request(fields=fields))) == ("x-forwarded-proto", "via", "x-real-ip")


def test_what_every_browser_sends_is_not() -> None:
    fields = ((b"Referer", b"/"), (b"Upgrade", b"websocket"), (b"Connection", b"upgrade"), (b"Host", b"a.example"))
    assert untested(Exchange(Request(fields=fields))) == ()


def test_what_was_removed_did_not_reach_the_server() -> None:
    request = Request(fields=((b"Via", b"1.1 a"), (b"X-Real-IP", b"192.0.2.1")))
    assert untested(Exchange(request, removed=frozenset({b"via"}))) == ("x-real-ip",)


def test_a_name_is_fit_to_be_shown() -> None:
    assert untested(Exchange(Request(fields=((b"X-Forwarded-\x1b", b"1"),)))) == ("x-forwarded-\\x1b",)
