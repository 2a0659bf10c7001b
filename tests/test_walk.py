"""The walk of one exchange through the shell, as docs/architecture.md has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from mitmproxy.test import taddons

from functions_runtime_proxy.addon import FunctionsRuntime
from tests.flows import arrive, live, recorded

VALUES = {"case", "options", "passage"}
"""Modules whose values the addon holds in its hands. To look at one is not to go anywhere."""
WALKERS = {"functions_runtime_proxy.addon", "functions_runtime_proxy.passage"}
"""Modules whose calls count: the addon's, and those that it leaves to the passage of a flow."""
ARCHITECTURE = Path(__file__).parents[1] / "docs" / "architecture.md"


def rooms_entered(addon: FunctionsRuntime, hook: str, flow: Any) -> list[str]:
    """The modules that the addon itself enters in a hook, one after the other."""
    entered: list[str] = []

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_back and frame.f_back.f_globals.get("__name__") in WALKERS:
            package, _, room = str(frame.f_globals.get("__name__")).partition(".")
            is_ours = package.startswith("functions_runtime") and room not in {"addon", *VALUES}
            if is_ours and entered[-1:] != [room]:
                entered.append(room)

    sys.setprofile(profile)
    try:
        getattr(addon, hook)(flow)
    finally:
        sys.setprofile(None)
    return entered


@contextmanager
def loaded(mode: str) -> Iterator[FunctionsRuntime]:
    """The addon in this mode."""
    addon = FunctionsRuntime()
    with taddons.context(addon) as context:
        context.options.add_option("keep_host_header", bool, True, "")
        context.options.add_option("stream_large_bodies", str | None, None, "")
        context.options.add_option("body_size_limit", str | None, None, "")
        context.configure(addon, runtime_mode=mode)
        yield addon


def walks(mode: str) -> dict[str, list[str]]:
    """Hook by hook, the modules that one exchange enters. Its request and its response have findings."""
    with loaded(mode) as addon:
        flow = live((b"Referer", b"/a"))
        found = {"requestheaders": rooms_entered(addon, "requestheaders", flow)}
        flow.request.raw_content = b""
        found["request"] = rooms_entered(addon, "request", flow)
        response = arrive(flow, (b"Set-Cookie", b"sid=a"), (b"Content-Type", b"text/html"))
        found["responseheaders"] = rooms_entered(addon, "responseheaders", flow)
        response.raw_content = b"hello"
        found["response"] = rooms_entered(addon, "response", flow)
    return found


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_an_exchange_enters_each_module_once(mode: str) -> None:
    for hook, entered in walks(mode).items():
        # The dashboard is asked whose page it is, and is told at the end that something has changed.
        once = entered[:-1] if entered[-1:] == ["dashboard"] else entered
        assert len(once) == len(set(once)), f"{hook}: {entered}"


def test_a_recorded_exchange_is_judged_in_the_first_hook() -> None:
    with loaded("audit") as addon:
        flow = recorded((b"Set-Cookie", b"sid=a"), request_fields=[(b"Referer", b"/a")])
        assert "session" in rooms_entered(addon, "requestheaders", flow)
        assert {found["rule"] for found in flow.metadata["runtime"]} > {"restricted-request-header", "cookie-session"}
        assert not rooms_entered(addon, "request", flow)
        assert not rooms_entered(addon, "responseheaders", flow)
        assert rooms_entered(addon, "response", flow) == ["probe"]


def test_the_walk_is_as_the_documentation_has_it() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    for hook, entered in walks("enforce").items():
        row = f"| `{hook}` | {' → '.join(entered) or 'nothing, unless there is content that no head announced'} |"
        assert row in text, row
