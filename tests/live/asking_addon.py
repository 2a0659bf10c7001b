"""An addon that gives commands for a test, with all flows so far, as soon as somebody asks for /go or /judge."""

import sys

from mitmproxy import ctx, http

COMMANDS = {"/go": "runtime.probe", "/judge": "runtime.judge"}

flows: list[http.HTTPFlow] = []


def request(flow: http.HTTPFlow) -> None:
    if flow.is_replay is None and flow.request.path in COMMANDS:
        flow.response = http.Response.make(204)
        sys.modules["functions_runtime_proxy.probe"].PATIENCE = 3  # type: ignore[attr-defined]
        ctx.master.commands.call(COMMANDS[flow.request.path], list(flows))


def response(flow: http.HTTPFlow) -> None:
    if flow.request.path not in COMMANDS:
        flows.append(flow)
