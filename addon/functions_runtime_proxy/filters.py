"""mitmproxy's flow filters, applied to an exchange that is not a flow.

A filter on method, host, URL, header fields, media types or status is evaluated from these. Any other filter needs a
flow, and a caller without a flow makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mitmproxy import connection, flowfilter, http

from functions_runtime.syntax.rfc9110 import Fields

DEFAULT_PORTS = {"http": 80, "https": 443}


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
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if DEFAULT_PORTS.get(self.scheme) == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


Matches = Callable[[Subject], bool]


class Filter(NamedTuple):
    """A filter. `needs_flow` says that the filter needs more than a subject has, so it needs a flow."""

    matches: Matches
    needs_flow: bool


def filter_of(tree: flowfilter.TFilter) -> Filter:
    """The filter that mitmproxy has parsed."""
    try:
        return Filter(_compiled(tree), needs_flow=False)
    except LookupError:
        return Filter(lambda subject: bool(tree(subject.flow or flow_of(subject))), needs_flow=True)


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


def _compiled(node: Any) -> Matches:
    """What a node of the tree means. Raises LookupError if a subject does not have what it asks for."""
    kind = type(node)
    if kind is flowfilter.FNot:
        inner = _compiled(node.itm)
        return lambda subject: not inner(subject)
    if kind is flowfilter.FAnd:
        all_of = [_compiled(each) for each in node.lst]
        return lambda subject: all(matches(subject) for matches in all_of)
    if kind is flowfilter.FOr:
        any_of = [_compiled(each) for each in node.lst]
        return lambda subject: any(matches(subject) for matches in any_of)
    return _LEAVES[kind](node)


def _head(fields: Fields) -> bytes:
    """A field section as mitmproxy shows it to expressions."""
    return b"".join(b"%s: %s\r\n" % field for field in fields)


def _has_type(fields: Fields, found: Callable[[bytes], object]) -> bool:
    return any(name.lower() == b"content-type" and found(value) is not None for name, value in fields)


def _is_asset(subject: Subject) -> bool:
    return any(_has_type(subject.response_fields, each.search) for each in flowfilter.FAsset.ASSET_TYPES)


_Leaf = Callable[[Any], Matches]

_LEAVES: dict[type[Any], _Leaf] = {
    flowfilter.FAll: lambda node: lambda subject: True,
    flowfilter.FHTTP: lambda node: lambda subject: True,
    flowfilter.FTCP: lambda node: lambda subject: False,
    flowfilter.FUDP: lambda node: lambda subject: False,
    flowfilter.FDNS: lambda node: lambda subject: False,
    flowfilter.FReq: lambda node: lambda subject: subject.status is None,
    flowfilter.FResp: lambda node: lambda subject: subject.status is not None,
    flowfilter.FCode: lambda node: lambda subject: subject.status == node.num,
    flowfilter.FMethod: lambda node: lambda subject: node.re.search(subject.method) is not None,
    flowfilter.FDomain: lambda node: (
        lambda subject: node.re.search(subject.host) is not None or node.re.search(subject.target) is not None
    ),
    flowfilter.FUrl: lambda node: lambda subject: node.re.search(subject.url) is not None,
    flowfilter.FHead: lambda node: (
        lambda subject: (
            node.re.search(_head(subject.fields)) is not None
            or node.re.search(_head(subject.response_fields)) is not None
        )
    ),
    flowfilter.FHeadRequest: lambda node: lambda subject: node.re.search(_head(subject.fields)) is not None,
    flowfilter.FHeadResponse: lambda node: (
        lambda subject: subject.status is not None and node.re.search(_head(subject.response_fields)) is not None
    ),
    flowfilter.FContentType: lambda node: (
        lambda subject: _has_type(subject.fields, node.re.search) or _has_type(subject.response_fields, node.re.search)
    ),
    flowfilter.FContentTypeRequest: lambda node: lambda subject: _has_type(subject.fields, node.re.search),
    flowfilter.FContentTypeResponse: lambda node: lambda subject: _has_type(subject.response_fields, node.re.search),
    flowfilter.FAsset: lambda node: _is_asset,
}
"""How each kind of expression is evaluated for a subject."""
