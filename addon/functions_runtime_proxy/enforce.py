"""A ruling onto a live flow: the fields of messages, responses that are replaced, uploads that nobody wants.

A response cannot simply be swapped when its head is there, because its content still arrives: see `replace_response`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from mitmproxy import ctx, http

from functions_runtime.case import Case
from functions_runtime.ruling import Action, RemoveField, Reply, Respond, Rewrite, apply_edits
from functions_runtime.syntax.rfc9110 import Fields, without_fields
from functions_runtime_proxy import internals
from functions_runtime_proxy.counting import StreamFunction, count_stream
from functions_runtime_proxy.read import is_stream

logger = logging.getLogger("runtime")


def rewrite_request(flow: http.HTTPFlow, fields: Fields, action: Action) -> frozenset[bytes]:
    """Carry out the edits on the request. `fields` is what it has without what the client said to mitmproxy itself.

    Returns the names, in lower case, that the edits remove. `Expect: 100-continue` is left to mitmproxy, which replies
    to it and takes it out: otherwise the client would wait for a reply that never comes.
    """
    headers = flow.request.headers
    removed: frozenset[bytes] = frozenset()
    if isinstance(action, Rewrite):
        removed = frozenset([edit.name for edit in action.edits if isinstance(edit, RemoveField)])
        if b"expect" in removed and _expects_continue(fields):
            removed -= {b"expect"}
        fields = without_fields(fields, removed)
    if fields != headers.fields:
        headers.fields = fields
    return removed


def _expects_continue(fields: Fields) -> bool:
    values = [value for name, value in fields if len(name) == 6 and name.lower() == b"expect"]
    return b", ".join(values).lower() == b"100-continue"


def rewrite_response(flow: http.HTTPFlow, fields: Fields, rewrite: Rewrite) -> None:
    """Carry out the edits on the response. `fields` is what was judged."""
    assert flow.response
    flow.response.headers.fields = apply_edits(fields, rewrite.edits)


def reply_to(flow: http.HTTPFlow, reply: Reply) -> http.Response:
    """The Runtime's own response. HEAD has no content (RFC 9110, section 9.3.2), and 204 has no length either."""
    return http.Response(**_data_of(flow, reply))


def _data_of(flow: http.HTTPFlow, reply: Reply) -> dict[str, Any]:
    fields = reply.fields
    if reply.status != 204:
        fields = (*fields, (b"Content-Length", b"%d" % len(reply.content)))
    now = time.time()
    return {
        "http_version": b"HTTP/1.1",
        "status_code": reply.status,
        "reason": reply.reason.encode(),
        "headers": http.Headers(fields),
        "content": b"" if flow.request.method == "HEAD" else reply.content,
        "trailers": None,
        "timestamp_start": now,
        "timestamp_end": now,
    }


class _NotStreamed(http.Request):
    """A request to which the Runtime replied. mitmproxy cannot stream it as well, whoever asks for that."""

    @property
    def stream(self) -> bool:
        return False

    @stream.setter
    def stream(self, value: object) -> None:
        pass


def respond_to_request(flow: http.HTTPFlow, reply: Reply) -> None:
    """Give the reply in place of contacting the server."""
    flow.request.stream = False
    flow.request.__class__ = _NotStreamed
    flow.response = reply_to(flow, reply)
    if ctx.options.stream_large_bodies and not internals.discard_upload(flow):
        logger.warning(
            "Runtime: the upload of flow %s could not be held back. If it is large, mitmproxy breaks it off; "
            "unset stream_large_bodies to avoid that.",
            flow.id,
        )


def keep_reply(flow: http.HTTPFlow, case: Case) -> None:
    """Put the reply to a request back if server replay has put a recording in its place."""
    action = case.asked.action
    if flow.is_replay == "response" and case.has_reply and isinstance(action, Respond):
        flow.response = reply_to(flow, action.reply)


def hold_get(flow: http.HTTPFlow) -> None:
    """Let a GET arrive whole if it could have content that no header announces, as in HTTP/2.

    For flows that mitmproxy may stream: their content decides whether the server is contacted. A limit of the user's on
    the size of content takes precedence.
    """
    data = flow.request.data
    if data.method == b"GET" and not data.http_version.startswith(b"HTTP/1") and not ctx.options.body_size_limit:
        internals.hold_upload(flow)


class _HeldData(http.ResponseData):
    """The data of a response that has not ended. Content that arrives is counted, and nobody sees it.

    mitmproxy sets the content when all of it has arrived. `whole` takes its place. Its size is in `swallowed`.
    """

    __slots__ = ("swallowed", "whole")  # no part of the state, which is everything in __dict__

    def __init__(self, data: dict[str, Any], whole: bytes) -> None:
        self.whole, self.swallowed = whole, 0
        super().__init__(**{**data, "content": None, "timestamp_end": None})

    def __setattr__(self, name: str, value: object) -> None:
        if name == "content" and isinstance(value, bytes) and self.timestamp_end is None:
            self.swallowed = len(value)
            value = self.whole
        super().__setattr__(name, value)


class StandIn(http.Response):
    """The Runtime's reply in place of a response whose content still arrives.

    What arrives is swallowed. mitmproxy holds it until it is whole, and then the reply's content takes its place. If
    the response is streamed, the reply's content goes out at the first piece or, if there is none, at the end. An addon
    behind this one that streams it gets the reply's content, and none of the Function's.
    """

    def __init__(self, flow: http.HTTPFlow, reply: Reply) -> None:
        data = _data_of(flow, reply)
        super().__init__(**data)
        self._whole: bytes = data["content"]
        self.data = self._held = _HeldData(data, self._whole)
        self._left = [self._whole] if self._whole else []
        self._is_streamed = False
        self._then: StreamFunction | None = None
        self._passed = 0
        self.is_out = False

    @classmethod
    def from_state(cls, state: Any) -> http.Response:  # type: ignore[override]
        """What a copy is: the response as a value, for which nothing arrives."""
        response: http.Response = http.Response.from_state(state)
        return response

    @property
    def swallowed(self) -> int:
        """The bytes of content that arrived so far."""
        return self._passed + self._held.swallowed

    @property
    def stream(self) -> bool | StreamFunction:
        """What mitmproxy gives each piece that arrives to, and takes what goes out from. False if it holds them."""
        return self._instead if self._is_streamed else False

    @stream.setter
    def stream(self, value: bool | StreamFunction) -> None:
        self._is_streamed = bool(value)
        self._then = value if callable(value) else None

    def _instead(self, data: bytes) -> Iterable[bytes] | bytes:
        pieces, self._left = self._left, []
        self.is_out = True
        self._passed += len(data)
        if self._then is None:
            return pieces
        return self._then(pieces[0] if pieces else b"")

    def finish(self) -> None:
        """Make the response whole, once nothing more can arrive."""
        if self.data.content is None:  # it was streamed
            vars(self.data)["content"] = self._whole
        self.data.trailers = None


def replace_response(flow: http.HTTPFlow, reply: Reply) -> StandIn | None:
    """Put the reply in the place of the response. Returns it if the content of what it replaces has yet to arrive.

    A response of unknown length may never end. So the reply goes out as soon as anything arrives, and an HTTP/1 client
    is told not to wait on the connection.
    """
    let_streams_flow(flow)
    original = flow.response
    assert original
    if original.raw_content is not None:
        flow.response = reply_to(flow, reply)
        flow.response.timestamp_start = original.timestamp_start
        return None
    # Not `can_have_content`: the tunnel behind a 101 has no end either.
    has_content = flow.request.method != "HEAD" and original.status_code not in (204, 304)
    is_endless = has_content and "content-length" not in original.headers
    replacement = StandIn(flow, reply)
    replacement.stream = is_endless or bool(original.stream)
    if is_endless and flow.request.http_version.startswith("HTTP/1"):
        replacement.headers["Connection"] = "close"
    replacement.timestamp_start = original.timestamp_start
    flow.response = replacement
    return replacement


def prepare_upload(flow: http.HTTPFlow) -> None:
    """Count what passes of a live request that mitmproxy streams, or may begin to stream."""
    if flow.live and not flow.response:
        count_stream(flow.request, may_begin=True)


def let_streams_flow(flow: http.HTTPFlow) -> None:
    """Stream server-sent events and their like, in either mode: mitmproxy would hold them back until the last one.

    A limit of the user's on the size of content takes precedence.
    """
    assert flow.response
    if not flow.response.stream and is_stream(flow.response) and not ctx.options.body_size_limit:
        flow.response.stream = True


def prepare_stream(flow: http.HTTPFlow, *, may_begin: bool) -> bool:
    """Let streams flow, and count what passes of a response that is streamed. Returns whether it is.

    `may_begin` says that mitmproxy may begin to stream in the middle.
    """
    let_streams_flow(flow)
    assert flow.response
    count_stream(flow.response, may_begin=may_begin)
    return bool(flow.response.stream)
