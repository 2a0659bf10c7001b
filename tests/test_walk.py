"""The way of one exchange through the shell, as docs/architecture.md draws it: read, judge, enforce, publish."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from mitmproxy.test import taddons

from functions_runtime_proxy.addon import FunctionsRuntime
from tests.flows import arrive, live

ROOMS = [
    "functions_runtime_proxy.read",
    "functions_runtime.session",
    "functions_runtime_proxy.enforce",
    "functions_runtime_proxy.publish",
]
"""Where an exchange goes, in this order."""


def rooms_entered(addon: FunctionsRuntime, hook: str, flow: Any) -> list[str]:
    """The rooms that the addon itself enters in a hook, one after the other."""
    entered: list[str] = []

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if (
            event == "call"
            and frame.f_back
            and frame.f_back.f_globals.get("__name__") == "functions_runtime_proxy.addon"
        ):
            room = frame.f_globals.get("__name__")
            if room in ROOMS and entered[-1:] != [room]:
                entered.append(room)

    sys.setprofile(profile)
    try:
        getattr(addon, hook)(flow)
    finally:
        sys.setprofile(None)
    return entered


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_an_exchange_never_returns_to_a_room_that_it_has_left(mode: str) -> None:
    addon = FunctionsRuntime()
    with taddons.context(addon) as context:
        context.options.add_option("keep_host_header", bool, True, "")
        context.options.add_option("stream_large_bodies", str | None, None, "")
        context.configure(addon, runtime_mode=mode)
        flow = live((b"Referer", b"/a"))
        walks = {"requestheaders": rooms_entered(addon, "requestheaders", flow)}
        flow.request.raw_content = b""
        walks["request"] = rooms_entered(addon, "request", flow)
        response = arrive(flow, (b"Set-Cookie", b"sid=a"), (b"Content-Type", b"text/html"))
        walks["responseheaders"] = rooms_entered(addon, "responseheaders", flow)
        response.raw_content = b"hello"
        walks["response"] = rooms_entered(addon, "response", flow)
    for hook, entered in walks.items():
        order = [ROOMS.index(room) for room in entered]
        assert order == sorted(order), hook
    assert ROOMS[1] in walks["requestheaders"]
    assert walks["responseheaders"][-1] == ROOMS[3]
