"""What the shell remembers of a flow between its hooks: its case, and what was done to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from mitmproxy import http

from functions_runtime.case import Case
from functions_runtime.ruling import Action, Finding, Forward, Respond, Rewrite
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime_proxy import enforce


@dataclass(slots=True)
class Passage:
    """A flow on its way.

    `came` are the fields of the request as they came, and `request_before` those that are not for mitmproxy as the
    client's proxy. Both are None if nothing can have changed them. `request_after` and `response_after` are what the
    Runtime made of the two messages, None if it left them alone. `removed` are the names, in lower case, of the
    request's fields that the server did not get. `stand_in` stands in the place of a response whose content is still
    arriving. `is_changed` says that the flow is not as it came, and `enforced` are the findings because of which.
    `is_replied` says that the Runtime replied to the request. `is_published` says that the flow shows what was found,
    `is_streamed` that mitmproxy will not hold the response's content.
    """

    case: Case
    came: Fields | None = None
    request_before: Fields | None = None
    request_after: Fields | None = None
    removed: frozenset[bytes] = frozenset()
    response_after: tuple[int, Fields] | None = None
    stand_in: enforce.StandIn | None = None
    is_changed: bool = False
    is_replied: bool = False
    enforced: tuple[Finding, ...] = ()
    is_published: bool = False
    is_streamed: bool = False

    def enforce_request(self, flow: http.HTTPFlow, action: Action, *, streams_large_bodies: bool) -> None:
        """Let happen to the request what was ruled, and remember what it was before."""
        if isinstance(action, Respond):
            self._change()
            self.is_replied = True
            enforce.respond_to_request(flow, action.reply)
            return
        assert self.request_before is not None
        self.removed = enforce.rewrite_request(flow, self.request_before, action)
        if isinstance(action, Rewrite):
            self._change()
            self.request_after = flow.request.headers.fields
        if streams_large_bodies:
            enforce.hold_get(flow)

    def enforce_response(self, flow: http.HTTPFlow, action: Action) -> None:
        """Let happen to the response what was ruled."""
        judged = self.case.exchange.response
        assert flow.response
        assert judged
        if isinstance(action, Forward):
            return
        if isinstance(action, Respond):
            self.stand_in = enforce.replace_response(flow, action.reply)
        else:
            enforce.rewrite_response(flow, judged.fields, action)
        self._change()
        self.response_after = flow.response.status_code, flow.response.headers.fields

    def _change(self) -> None:
        self.is_changed = True
        self.enforced = tuple([each for each in self.case.findings if each.effect is not None])

    @contextlib.contextmanager
    def as_it_came(self, flow: http.HTTPFlow) -> Iterator[None]:
        """Inside, the flow has the fields and the status that it came with, for filters to look at."""
        fields, response = flow.request.headers.fields, flow.response
        if self.came is not None:
            flow.request.headers.fields = self.came
        if self.is_replied:
            flow.response = None
        elif response and self.response_after and (original := self.case.exchange.response):
            content = None if self.stand_in else response.raw_content
            headers, began, ended = http.Headers(original.fields), response.timestamp_start, response.timestamp_end
            flow.response = http.Response(b"HTTP/1.1", original.status, b"", headers, content, None, began, ended)
        try:
            yield
        finally:
            flow.request.headers.fields, flow.response = fields, response

    @property
    def silenced(self) -> tuple[Finding, ...]:
        """What the user turned off since the flow was changed. A recording of the flow must still say it."""
        case = self.case
        gone = [each for each in self.enforced if each not in case.findings]
        if not gone:
            return case.silenced
        said = {each.place for each in case.findings}
        return (*case.silenced, *[each for each in gone if each.place not in said])
