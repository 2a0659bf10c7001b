"""Every name of mitmproxy's that its documentation does not promise, for mitmproxy 11 and 12.

Begin here to support a new mitmproxy. The link above each part leads to mitmproxy's code. If a function does not find
what it needs, it changes nothing and says so in its return value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mitmproxy.types
from mitmproxy import ctx, flow, flowfilter, http, version
from mitmproxy.io import compat
from mitmproxy.net.http.url import parse_authority
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.utils import ReceiveBuffer
from mitmproxy.utils import spec as spec_module

if TYPE_CHECKING:
    from mitmproxy.proxy.layers.http import HttpLayer, HttpStream

# What `audit` has no use for is imported where it is used: it takes longer than judging a small recording.

# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/net/http/url.py


def host_of_authority(authority: str) -> str:
    """The host in a Host field or an `:authority`, empty if there is no host."""
    return parse_authority(authority, check=False)[0]


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/flow.py


def is_killed(each: flow.Flow) -> bool:
    """Whether somebody killed the flow. A killed flow is no longer live."""
    return each.error is not None and each.error.msg == flow.Error.KILLED_MESSAGE


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/io/har.py


def is_from_har(each: flow.Flow) -> bool:
    """Whether mitmproxy has read the flow from a HAR file: it makes up a client that no connection can have."""
    peername = each.client_conn.peername
    return not each.live and peername is not None and peername[1] == 0


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/proxy/layers/http/__init__.py


class _Discard(ReceiveBuffer):
    """A buffer that keeps nothing."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __iadd__(self, other: Any) -> _Discard:
        return self


class _Hold(ReceiveBuffer):
    """A buffer that never seems large: mitmproxy looks at its size only if it is true."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __bool__(self) -> bool:
        return False


def discard_upload(each: http.HTTPFlow) -> bool:
    """Drop the rest of the request's content. Returns False if the flow's stream was not found.

    With `stream_large_bodies` set, mitmproxy connects to the server as soon as enough of an upload has arrived, and
    stops with an error if an addon has already replied. There is no hook in between. So this function replaces the
    buffer in which mitmproxy collects the upload with one that stays empty. The upload is read and dropped, the server
    is never contacted, and the reply goes out when the upload ends.
    """
    each.request.stream = False
    return _collect_in(_Discard(), each)


def hold_upload(each: http.HTTPFlow) -> bool:
    """Let the request's content arrive whole before the server is contacted. Returns False if no stream was found.

    mitmproxy streams content of unknown length as soon as enough of it has arrived, without a hook.
    """
    return _collect_in(_Hold(), each)


def _collect_in(buffer: ReceiveBuffer, each: http.HTTPFlow) -> bool:
    for handler in _handlers(each):
        for stream in _streams(handler.layer.context):
            if getattr(stream, "flow", None) is each:
                stream.request_body_buf = buffer
                return True
    return False


def _handlers(each: http.HTTPFlow) -> list[Any]:
    """What handles the connection of a flow.

    mitmproxy keeps nothing of the kind for a client replay. There it is what runs the hook that runs now.
    """
    if each.is_replay == "request":
        task = asyncio.current_task()
        frame = getattr(task.get_coro(), "cr_frame", None) if task else None
        handler = frame.f_locals.get("self") if frame else None
        return [handler] if hasattr(handler, "layer") else []
    connections: Mapping[Any, Any] = getattr(ctx.master.addons.get("proxyserver"), "connections", {})
    return [handler for handler in connections.values() if handler.client is each.client_conn]


def _streams(context: Context) -> Iterator[HttpStream]:
    """Every HTTP stream of a connection, those inside a CONNECT tunnel included."""
    from mitmproxy.proxy.layers.http import HttpLayer

    waiting = list(context.layers)
    seen: list[HttpLayer] = []
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, HttpLayer) and layer not in seen:  # a tunnel's context has the layers around it too
            seen.append(layer)
            for stream in list(layer.streams.values()):
                yield stream
                if stream.child_layer is not None:
                    waiting += stream.child_layer.context.layers


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/types.py


def register_argument_type(type_: type, definition: Any) -> None:
    """Register a type of command arguments. Do so before you register a command with such an argument."""
    types: dict[Any, Any] = mitmproxy.types.CommandTypes.typemap
    types[type_] = definition


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/optmanager.py


def deferred_options(options: Options) -> Sequence[str]:
    """Names of options that were set but that no addon has declared so far. mitmproxy ignores them in silence."""
    return list(getattr(options, "deferred", {}))


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/contentviews/__init__.py

TextOf = Callable[[Any, Any], str]
"""From a flow and one of its messages to the text that a content view shows."""


def register_view(name: str, text_of: TextOf) -> None:
    """Register a content view. It replaces a view of the same name from an earlier load of the addon."""
    api = _contentviews()
    if hasattr(api, "Contentview"):
        api.add(_view(api, name, text_of))
    else:
        if earlier := api.get(name):
            api.remove(earlier)
        api.add(_legacy_view(api, name, text_of))


def _contentviews() -> Any:
    """mitmproxy's module. Its classes differ between 11 and 12."""
    from mitmproxy import contentviews

    return contentviews


def _view(api: Any, view_name: str, text_of: TextOf) -> Any:
    class TextView(api.Contentview):  # type: ignore[misc]
        name = view_name
        syntax_highlight = "none"

        def prettify(self, data: bytes, metadata: Any) -> str:
            return text_of(metadata.flow, metadata.http_message)

        def render_priority(self, data: bytes, metadata: Any) -> float:
            return -1

    return TextView()


def _legacy_view(api: Any, view_name: str, text_of: TextOf) -> Any:
    class TextView(api.View):  # type: ignore[misc]
        name = view_name

        def __call__(self, data: bytes, *, flow: Any = None, http_message: Any = None, **unknown: Any) -> Any:
            return view_name, ([("text", line)] for line in text_of(flow, http_message).splitlines())

        def render_priority(self, data: bytes, **unknown: Any) -> float:
            return -1

    return TextView()


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/addons/view.py


def follow_focus() -> None:
    """Render content views anew whenever the focus changes, if the user interface has a focus."""
    view = getattr(ctx.master, "view", None)
    if view is not None:
        view.focus.sig_change.connect(_render_anew)


def refresh_focus(each: flow.Flow) -> None:
    """Render content views anew if a user interface shows this flow."""
    view = getattr(ctx.master, "view", None)
    if view is not None and view.focus.flow is each:
        _render_anew()


def _render_anew() -> None:
    """Make the console forget its cached texts. It caches them by message, whatever the flow.

    The console forgets them when a content view changes.
    """
    api = _contentviews()
    changed = api.registry.on_change if hasattr(api, "registry") else api.on_add
    changed.send(None)


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/tools/main.py


def exit_afterwards(status: int) -> None:
    """Let the process end with this status once the current task, which is mitmproxy's main one, is over.

    `SystemExit` in an addon's `done` would skip the `done` of later addons, which save flows and HAR files. On Python
    3.11 asyncio prints a traceback for each connection that is still open at the end. This function prevents that, with
    status 0 too.
    """

    def leave(task: asyncio.Task[Any]) -> None:
        asyncio.get_running_loop().set_exception_handler(_handle_unless_cancelled)
        if status and not task.cancelled() and task.exception() is None:
            raise SystemExit(status)

    task = asyncio.current_task()
    assert task
    task.add_done_callback(leave)


def _handle_unless_cancelled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/flowfilter.py

Evaluation = Callable[[Any], bool]
"""From a subject (`filters.Subject`) to whether a filter matches it."""


def evaluation_of(tree: flowfilter.TFilter) -> Evaluation:
    """How a filter is evaluated for a subject. Raises LookupError if it asks for something that a subject lacks."""
    node: Any = tree
    kind = type(node)
    if kind is flowfilter.FNot:
        inner = evaluation_of(node.itm)
        return lambda subject: not inner(subject)
    if kind is flowfilter.FAnd:
        all_of = [evaluation_of(each) for each in node.lst]
        return lambda subject: all(matches(subject) for matches in all_of)
    if kind is flowfilter.FOr:
        any_of = [evaluation_of(each) for each in node.lst]
        return lambda subject: any(matches(subject) for matches in any_of)
    return _LEAVES[kind](node)


def _head(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A field section as mitmproxy shows it to expressions."""
    return b"".join(b"%s: %s\r\n" % field for field in fields)


def _has_type(fields: Iterable[tuple[bytes, bytes]], found: Callable[[bytes], object]) -> bool:
    return any(name.lower() == b"content-type" and found(value) is not None for name, value in fields)


def _is_asset(subject: Any) -> bool:
    return any(_has_type(subject.response_fields, each.search) for each in flowfilter.FAsset.ASSET_TYPES)


_LEAVES: dict[type[Any], Callable[[Any], Evaluation]] = {
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


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/utils/spec.py


def parse_spec(spec: str) -> tuple[flowfilter.TFilter, str, str]:
    """The filter and the two other parts of a pattern such as `/~d example.com/subject/replacement`.

    Raises ValueError or IndexError if it is no such pattern.
    """
    return spec_module.parse_spec(spec)


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/io/compat.py

FLOW_FORMAT_VERSION: int = version.FLOW_FORMAT_VERSION
"""The version of the state that mitmproxy writes."""


def migrate_flow(state: dict[Any, Any]) -> dict[Any, Any]:
    """The state of a flow as mitmproxy writes it now, from that of an older version.

    Raises ValueError, KeyError or TypeError if that is not possible.
    """
    return compat.migrate_flow(state)


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/tools/dump.py


def prints_log() -> bool:
    """Whether this is mitmdump, which prints what addons log."""
    from mitmproxy.tools.dump import DumpMaster

    return isinstance(ctx.master, DumpMaster)


# https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/master.py


def is_ending() -> bool:
    """Whether mitmproxy is about to end, rather than to load the addon again."""
    return ctx.master.should_exit.is_set()
