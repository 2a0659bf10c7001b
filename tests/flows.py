"""Flows as mitmproxy has them at each of its hooks, for tests of the addon without a proxy around it."""

from __future__ import annotations

from collections.abc import Iterable

from mitmproxy import http
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow

from tests.fields import Field

NOW = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC, when all of these flows happened."""


def live(
    *fields: Field,
    method: str = "GET",
    path: str = "/a",
    host: bytes | None = b"app.example.test",
    mode: str = "reverse:http://backend.test:8080",
    sni: str | None = None,
    http_version: str = "HTTP/1.1",
    authority: bytes = b"",
) -> http.HTTPFlow:
    """A live flow at `requestheaders`. `host` is the value of the Host field, None for no such field."""
    request = http.Request(
        host="backend.test",
        port=8080,
        method=method.encode(),
        scheme=b"http",
        authority=authority,
        path=path.encode(),
        http_version=http_version.encode(),
        headers=http.Headers([*([] if host is None else [(b"Host", host)]), *fields]),
        content=None,
        trailers=None,
        timestamp_start=NOW,
        timestamp_end=None,
    )
    flow = tflow.tflow(req=request)
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    flow.client_conn.sni = sni
    return flow


def arrive(flow: http.HTTPFlow, *fields: Field, status: int = 200) -> http.Response:
    """The head of a response has come off the wire: the flow is at `responseheaders`."""
    flow.request.timestamp_end = NOW + 1
    flow.response = http.Response(
        http_version=b"HTTP/1.1",
        status_code=status,
        reason=b"",
        headers=http.Headers(fields),
        content=None,
        trailers=None,
        timestamp_start=NOW + 2,
        timestamp_end=None,
    )
    return flow.response


def recorded(
    *fields: Field, request_fields: Iterable[Field] = (), method: str = "GET", path: str = "/a"
) -> http.HTTPFlow:
    """A whole flow that is not live; `fields` are those of its response."""
    flow = live(*request_fields, method=method, path=path)
    response = arrive(flow, *fields)
    flow.request.raw_content = response.raw_content = b""
    response.timestamp_end = NOW + 3
    flow.live = False
    return flow
