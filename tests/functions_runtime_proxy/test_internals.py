"""Uploads that are dropped so that an answer can be given. What that does on the wire is tested with a live proxy."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import ctx, http
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer, NextLayer
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream
from mitmproxy.test import taddons

from functions_runtime_proxy.internals import discard_upload, hold_upload
from tests.flows import live


class Proxyserver:
    """Stands for mitmproxy's addon of that name, which knows all connections."""

    name = "proxyserver"

    def __init__(self) -> None:
        self.connections: dict[Any, Any] = {}


@pytest.fixture
def proxyserver() -> Iterator[Proxyserver]:
    addon = Proxyserver()
    with taddons.context(addon):
        yield addon


def _connect(proxyserver: Proxyserver, flow: http.HTTPFlow) -> HttpLayer:
    """A connection of the flow's client that speaks HTTP."""
    layer = HttpLayer(Context(flow.client_conn, ctx.options), HTTPMode.regular)
    proxyserver.connections[flow.client_conn.id] = SimpleNamespace(client=flow.client_conn, layer=layer)
    return layer


def _open(layer: HttpLayer, number: int, flow: http.HTTPFlow) -> HttpStream:
    stream = HttpStream(layer.context.fork(), number)
    stream.flow = flow
    layer.streams[number] = stream
    return stream


def _tunnel(stream: HttpStream) -> HttpLayer:
    """What CONNECT makes of a stream: layers inside it that share its context."""
    child: Layer = NextLayer(stream.context)
    stream.child_layer = child
    return HttpLayer(stream.context, HTTPMode.transparent)


def _keeps(stream: HttpStream) -> bool:
    stream.request_body_buf += b"content"
    return bool(stream.request_body_buf)


def test_only_the_upload_of_this_flow_is_dropped(proxyserver: Proxyserver) -> None:
    flow, other = live(), live()
    layer = _connect(proxyserver, flow)
    streams = _open(layer, 1, other), _open(layer, 3, flow)
    flow.request.stream = True
    assert discard_upload(flow)
    assert flow.request.stream is False
    assert [_keeps(stream) for stream in streams] == [True, False]
    assert bytes(streams[1].request_body_buf) == b""
    streams[1].request_body_buf.clear()


def test_flow_in_a_tunnel_is_found(proxyserver: Proxyserver) -> None:
    flow = live()
    connect = _open(_connect(proxyserver, flow), 1, live(method="CONNECT"))
    inside = _tunnel(connect)
    stream = _open(inside, 1, flow)
    assert discard_upload(flow)
    assert not _keeps(stream)
    assert _keeps(connect)


def test_flow_in_a_tunnel_in_a_tunnel_is_found(proxyserver: Proxyserver) -> None:
    flow = live()
    outer = _open(_connect(proxyserver, flow), 1, live(method="CONNECT"))
    inner = _open(_tunnel(outer), 1, live(method="CONNECT"))
    stream = _open(_tunnel(inner), 5, flow)
    assert discard_upload(flow)
    assert not _keeps(stream)


def test_flow_that_is_nowhere(proxyserver: Proxyserver) -> None:
    flow, other = live(), live()
    assert not discard_upload(flow)
    stream = _open(_connect(proxyserver, other), 1, other)
    connect = _open(_connect(proxyserver, flow), 1, live(method="CONNECT"))
    _open(_tunnel(connect), 1, live())
    assert not discard_upload(flow)
    assert _keeps(stream)


def test_stream_that_has_no_flow_yet(proxyserver: Proxyserver) -> None:
    flow = live()
    layer = _connect(proxyserver, flow)
    layer.streams[1] = HttpStream(layer.context.fork(), 1)
    assert not discard_upload(flow)


def test_an_upload_that_is_held_is_kept_and_never_seems_large(proxyserver: Proxyserver) -> None:
    flow = live()
    stream = _open(_connect(proxyserver, flow), 1, flow)
    assert hold_upload(flow)
    assert not _keeps(stream)
    assert bytes(stream.request_body_buf) == b"content"
    assert not hold_upload(live())


def test_without_a_proxyserver() -> None:
    with taddons.context():
        assert not discard_upload(live())
