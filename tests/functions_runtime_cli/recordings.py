"""Small recordings for tests of the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

LONG_LIVED = "sid=secret-value; Max-Age=99999"


def entry(path: str = "/", *, host: str = "app.example.test", cookie: str = LONG_LIVED, **request: Any) -> Any:
    """An entry of a HAR file, whose response sets a cookie."""
    return {
        "startedDateTime": "2020-01-01T00:00:00.000Z",
        "time": 10,
        "timings": {"send": 1, "wait": 5, "receive": 1},
        "request": {"method": "GET", "url": f"https://{host}{path}", "headers": [], **request},
        "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": cookie}] if cookie else []},
    }


def write_har(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps({"log": {"entries": list(entries)}}), encoding="utf-8")
    return path


def write_flows(path: Path, paths: Sequence[str], cookie: str = LONG_LIVED, content: bytes = b"") -> Path:
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for each in paths:
            flow = tflow.tflow(resp=True)
            flow.live = False
            flow.request.host, flow.request.path = "app.example.test", each
            flow.request.content = b""
            assert flow.response
            flow.response.content = content
            flow.response.headers["Set-Cookie"] = cookie
            writer.add(flow)
    return path
