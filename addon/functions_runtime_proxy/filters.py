"""mitmproxy's flow filters, applied to an exchange that is not a flow.

A filter on method, host, URL, header fields, media types or status is evaluated from these. Any other filter needs a
flow, and a caller without a flow makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mitmproxy import connection, flowfilter, http

from functions_runtime.endpoint import Endpoint
from functions_runtime.syntax.rfc9110 import Fields, authority_of
from functions_runtime_proxy import internals


class Subject(NamedTuple):
    """What a filter is asked about.

    `method` and `path`, which includes the query, are as on the wire. `host` is the host that the client addressed,
    `target` the one that the request went to. `status` is None if there is no response. `flow` is the exchange as a
    flow, if there is one. Without it, `contents` are those of request and response.
    """

    method: bytes
    scheme: str
    host: str
    port: int
    path: str = "/"
    fields: Fields = ()
    status: int | None = None
    response_fields: Fields = ()
    target: str = ""
    flow: http.HTTPFlow | None = None
    contents: tuple[bytes, bytes] = (b"", b"")

    @property
    def url(self) -> str:
        """The URL as a browser would show it."""
        return f"{self.scheme}://{authority_of(self.host, self.port, self.scheme)}{self.path}"


def subject_at(where: Endpoint, scheme: str, port: int) -> Subject:
    """What a filter is asked about a finding that belongs to another endpoint than the exchange that led to it.

    `scheme` and `port` are those of that exchange.
    """
    return Subject(where.method.encode("utf-8", "surrogateescape"), scheme, where.host, port, where.path)


Matches = Callable[[Subject], bool]


class Filter(NamedTuple):
    """A filter, of a flow or of a subject. `needs_flow` says that it needs more than a subject has."""

    matches_flow: flowfilter.TFilter
    matches: Matches
    needs_flow: bool


def filter_of(tree: flowfilter.TFilter) -> Filter:
    """The filter that mitmproxy has parsed."""
    try:
        return Filter(tree, internals.evaluation_of(tree), needs_flow=False)
    except LookupError:
        return Filter(tree, lambda subject: bool(tree(subject.flow or flow_of(subject))), needs_flow=True)


def parse(text: str) -> Filter:
    """The filter in a text. Raises ValueError if the text is not a filter."""
    return filter_of(flowfilter.parse(text))


def flow_of(subject: Subject) -> http.HTTPFlow:
    """A flow that has what the subject has."""
    flow = http.HTTPFlow(
        connection.Client(peername=("127.0.0.1", 0), sockname=("127.0.0.1", 0), timestamp_start=0.0),
        connection.Server(address=(subject.target or subject.host, subject.port)),
    )
    flow.live = False
    flow.request = http.Request(
        subject.target or subject.host,
        subject.port,
        subject.method,
        subject.scheme.encode("ascii", "replace"),
        b"",
        subject.path.encode("utf-8", "surrogateescape"),
        b"HTTP/1.1",
        http.Headers(subject.fields),
        subject.contents[0],
        None,
        0.0,
        0.0,
    )
    if subject.status is not None:
        headers = http.Headers(subject.response_fields)
        flow.response = http.Response(b"HTTP/1.1", subject.status, b"", headers, subject.contents[1], None, 0.0, 0.0)
    return flow
