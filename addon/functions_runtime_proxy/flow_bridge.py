"""Between mitmproxy's flows and the pure part: flow to exchange, verdict to edits, findings to what the UI shows.

It translates and decides nothing. The one thing to know is that a response cannot simply be swapped once its
headers are there, because its content still arrives; see `replace_response`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mitmproxy import http
from mitmproxy.flow import Error
from mitmproxy.net.http.url import parse_authority
from mitmproxy.proxy import mode_specs

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint, endpoint
from functions_runtime.message import Request, Response
from functions_runtime.record.inventory import CookieKey
from functions_runtime.record.journal import Record
from functions_runtime.ruling import Action, Basis, Finding, RemoveField, Reply, Rewrite, Severity, apply_edits
from functions_runtime.syntax.rfc9110 import PROXY_FIELDS, Fields, as_http1_fields, without_fields
from functions_runtime.wire_text import printable

MARKS = {Severity.ERROR: ":red_circle:", Severity.WARNING: ":yellow_circle:", Severity.INFO: ":large_blue_circle:"}
FINDINGS_KEY = "runtime"
"""Metadata: the findings, as a list of plain dicts."""
SHOWN_KEY = "runtime_shown"
"""Metadata: our own mark and comment, so that they can be told from the user's, and whether we changed the flow."""
BY_EXPERIMENT = "restricted-header-used"
"""The rule of what an experiment finds."""
MAX_COMMENTED = 10
"""Findings that a comment spells out."""
MAX_MESSAGE = 2000
"""Characters of a message that a flow file brings along."""

HOST_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", re.ASCII | re.IGNORECASE)


@dataclass(slots=True)
class Judgement:
    """What is remembered of an exchange between its hooks.

    `over` says that the Runtime has answered, or would have, so that there is nothing more to judge. `changed` says
    that the flow is not as it came, `stored` are the findings that a recording of such a flow came with. `is_counted`
    says that the journal knows of it, and `cookies` which of its cookies the journal's site has.

    `reply` stands in the place of a response whose content is still arriving. `held` says that somebody intercepted the
    request, and the time it took says nothing of the server. `response` is the one that was judged, as it came;
    `request_before` are the fields of the request as they came, None where nothing can have changed them. What the
    Runtime made of the two messages is in `request_after` and `response_after`, None where it left them alone.
    `kept` are findings that judging anew may not come to: of an experiment, or where other exchanges are part of the
    evidence. `is_made_up` says that another addon made up the response.
    """

    request: Request
    record: Record
    findings: list[Finding] = field(default_factory=list)
    over: bool = False
    changed: bool = False
    stored: tuple[Finding, ...] | None = None
    is_counted: bool = False
    cookies: list[CookieKey | None] = field(default_factory=list)
    reply: Reply | None = None
    held: bool = False
    response: Response | None = None
    request_before: Fields | None = None
    request_after: Fields | None = None
    response_after: Response | None = None
    kept: list[Finding] = field(default_factory=list)
    is_made_up: bool = False

    @property
    def removed(self) -> frozenset[bytes]:
        """Names, in lower case, of the request's fields that the server did not get."""
        if self.request_before is None or self.request_after is None:
            return frozenset()
        before, after = ({name.lower() for name, _ in fields} for fields in (self.request_before, self.request_after))
        return frozenset(before - after)


def request_of(flow: http.HTTPFlow, runtime_domain: str, keep_host_header: bool) -> Request:
    """The request as the Runtime would have got it."""
    request = flow.request
    host, _ = _addressed_host(flow, keep_host_header)
    path, _, query = request.path.partition("?")
    multiplexed = request.http_version.startswith(("HTTP/2", "HTTP/3"))
    return Request(
        method=request.method,
        host=host,
        path=path,
        fields=as_http1_fields(fields_of(flow), authority=request.data.authority, multiplexed=multiplexed),
        domain=function_domain(flow, runtime_domain, keep_host_header),
        time=request.timestamp_start,
        query=query.encode("utf-8", "surrogateescape"),
    )


def fields_of(flow: http.HTTPFlow) -> Fields:
    """The fields of the request as they are now, without what the client says to mitmproxy as its proxy."""
    fields: Fields = flow.request.headers.fields
    return without_fields(fields, PROXY_FIELDS) if _is_to_proxy(flow) else fields


def function_domain(flow: http.HTTPFlow, runtime_domain: str, keep_host_header: bool) -> str | None:
    """The Function's domain in production, None where nobody knows it."""
    host, known = _addressed_host(flow, keep_host_header)
    return runtime_domain or (host if known and HOST_NAME.fullmatch(host) else None)


def flow_at(where: Endpoint, flow: http.HTTPFlow) -> http.HTTPFlow:
    """A flow to ask filters about a finding that this one led to and that belongs elsewhere.

    All it has is a method, a host and a path.
    """
    elsewhere = http.HTTPFlow(flow.client_conn, flow.server_conn)
    elsewhere.request = http.Request.make(where.method, "http://localhost/")
    elsewhere.request.scheme, elsewhere.request.port = flow.request.scheme, flow.request.port
    elsewhere.request.host, elsewhere.request.path = where.host, where.path
    return elsewhere


def response_of(flow: http.HTTPFlow, *, held: bool = False) -> Response:
    """The response as the server sent it. `held` as in `Judgement`."""
    assert flow.response
    arrived = flow.response.timestamp_start or flow.request.timestamp_start
    sent = flow.request.timestamp_end
    waited = None if held or sent is None or arrived < sent else arrived - sent
    return Response(flow.response.status_code, flow.response.headers.fields, arrived, waited)


def _addressed_host(flow: http.HTTPFlow, keep_host_header: bool) -> tuple[str, bool]:
    """The host that the client addressed, and whether that is known rather than guessed.

    In reverse mode mitmproxy has written its own target into Host before any addon sees the request, unless
    keep_host_header is on.
    """
    host = parse_authority(flow.request.host_header or "", check=False)[0] or flow.request.host
    mode = flow.client_conn.proxy_mode
    overwritten = (
        isinstance(mode, mode_specs.ReverseMode) and not keep_host_header and host.lower() == mode.address[0].lower()
    )
    if overwritten and flow.client_conn.sni:
        return flow.client_conn.sni.lower(), True
    return host.lower(), not overwritten


def _is_to_proxy(flow: http.HTTPFlow) -> bool:
    return isinstance(flow.client_conn.proxy_mode, (mode_specs.RegularMode, mode_specs.UpstreamMode))


def is_spoken_for(flow: http.HTTPFlow) -> bool:
    """Whether somebody else has answered a live request already, refused it, or killed it."""
    killed = flow.error is not None and flow.error.msg == Error.KILLED_MESSAGE  # such a flow is no longer live
    return killed or (flow.live and (flow.response is not None or flow.error is not None))


def is_answered(flow: http.HTTPFlow) -> bool:
    """Whether there is a response. HAR files write status 0 where none came."""
    return flow.response is not None and flow.response.status_code != 0


def contents_seen(flow: http.HTTPFlow) -> tuple[bool, bool]:
    """Whether request and response are seen to have content. That of a live response has yet to arrive."""
    return bool(flow.request.raw_content), bool(flow.response and flow.response.raw_content)


def is_made_up(flow: http.HTTPFlow) -> bool:
    """Whether the response of a live flow, at the time of `responseheaders`, came from an addon.

    What comes off the wire has neither content nor an end at that time. A response from server replay is a
    recording of the Function, so it counts as the Function's.
    """
    assert flow.response
    if flow.is_replay == "response":
        return False
    return flow.response.timestamp_end is not None or flow.response.raw_content is not None


def rewrite_request(flow: http.HTTPFlow, action: Action) -> None:
    """Carry out the edits on the request; also end there what the client said to mitmproxy as its proxy.

    `Expect: 100-continue` is left to mitmproxy, which answers it and takes it out: otherwise the client would wait
    for an answer that never comes.
    """
    headers = flow.request.headers
    expects_continue = headers.get("expect", "").lower() == "100-continue"
    fields = fields_of(flow)
    if isinstance(action, Rewrite):
        kept = RemoveField(b"expect") if expects_continue else None
        fields = apply_edits(fields, (edit for edit in action.edits if edit != kept))
    if fields != headers.fields:
        flow.request.headers = http.Headers(fields)


def rewrite_response(flow: http.HTTPFlow, rewrite: Rewrite) -> None:
    """Carry out the edits on the response."""
    assert flow.response
    flow.response.headers = http.Headers(apply_edits(flow.response.headers.fields, rewrite.edits))


def reply_to(flow: http.HTTPFlow, reply: Reply) -> http.Response:
    """The Runtime's own response. HEAD has no content (RFC 9110, section 9.3.2), and 204 no length either."""
    fields = reply.fields
    if reply.status != 204:
        fields = (*fields, (b"Content-Length", b"%d" % len(reply.content)))
    now = time.time()
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=reply.status,
        reason=reply.reason.encode(),
        headers=http.Headers(fields),
        content=b"" if flow.request.method == "HEAD" else reply.content,
        trailers=None,
        timestamp_start=now,
        timestamp_end=now,
    )


def replace_response(flow: http.HTTPFlow, reply: Reply) -> None:
    """Put the reply in the place of a response whose content has yet to arrive.

    What arrives is swallowed, and the reply's content goes out at its first piece or, where there is none, at its
    end; `finish_reply` does the rest. A response of unknown length may go on for long: an HTTP/1 client is told not
    to wait on the connection for it.
    """
    assert flow.response
    original = flow.response
    replacement = reply_to(flow, reply)
    content = replacement.raw_content
    if original.raw_content is None:
        replacement.stream = _Instead(content or b"")
        replacement.raw_content = None
        replacement.timestamp_end = None
        has_content = flow.request.method != "HEAD" and original.status_code not in (204, 304)
        known = not has_content or "content-length" in original.headers
        if not known and flow.request.http_version.startswith("HTTP/1"):
            replacement.headers["Connection"] = "close"
    replacement.timestamp_start = original.timestamp_start
    flow.response = replacement


def finish_reply(flow: http.HTTPFlow, reply: Reply) -> None:
    """Make the response whole, once nothing more can arrive."""
    assert flow.response
    flow.response.raw_content = b"" if flow.request.method == "HEAD" else reply.content
    flow.response.trailers = None


def is_reply_out(flow: http.HTTPFlow) -> bool:
    """Whether the whole reply has gone to the client, although what it stands in place of still arrives."""
    assert flow.response
    return isinstance(flow.response.stream, _Instead) and flow.response.stream.is_out


class _Instead:
    """A stream function that swallows what arrives and gives out other content once."""

    def __init__(self, content: bytes) -> None:
        self._content = [content] if content else []
        self.is_out = False

    def __call__(self, data: bytes) -> list[bytes]:
        content, self._content = self._content, []
        self.is_out = True
        return content


def let_events_flow(flow: http.HTTPFlow) -> None:
    """Stream server-sent events, in either mode: mitmproxy would hold them back until the last one, which is never."""
    assert flow.response
    if is_event_stream(flow.response) and not flow.response.stream:
        flow.response.stream = True


def is_event_stream(response: http.Response) -> bool:
    """Whether the content is a stream of server-sent events, which may have no end."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "text/event-stream"


def stored_findings(flow: http.HTTPFlow) -> tuple[Finding, ...] | None:
    """The findings of a recorded flow that was changed when it was live: judging it anew would see the changes.

    None where there are none, or where they are not as this project writes them.
    """
    shown = flow.metadata.get(SHOWN_KEY)
    return _findings_in(flow) if isinstance(shown, dict) and shown.get("enforced") else None


def findings_of_others(flow: http.HTTPFlow) -> list[Finding]:
    """The findings of a recorded flow to which other exchanges or an experiment led, which may not be at hand now."""
    found = _findings_in(flow) or ()
    return [finding for finding in found if BY_ID[finding.rule].watch or finding.rule == BY_EXPERIMENT]


def _findings_in(flow: http.HTTPFlow) -> tuple[Finding, ...] | None:
    try:
        return tuple(_from_plain(plain) for plain in flow.metadata[FINDINGS_KEY])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _from_plain(plain: dict[str, Any]) -> Finding:
    """The finding that `as_plain` wrote. A flow file can come from anywhere: everything in it is checked."""
    rule = BY_ID[plain["rule"]]
    subject, status, error = plain["subject"], plain["status"], plain["twilio_error"]
    return Finding(
        rule.id,
        Severity[plain["severity"].upper()],
        Basis(plain["basis"]),
        printable(plain["message"], MAX_MESSAGE),
        rule.fix,
        None if subject is None else printable(subject),
        None if error is None else int(error),
        None if status is None else Reply(int(status), ""),
        None if plain.get("endpoint") is None else endpoint(*map(str, plain["endpoint"])),
        None if plain.get("replaces") is None else Severity[plain["replaces"].upper()],
        float(plain.get("extent", 0)),
    )


def annotate(flow: http.HTTPFlow, findings: Sequence[Finding], show: Severity, *, enforced: bool) -> None:
    """Show the findings on the flow: metadata with all, mark and comment with those of `show` and above.

    A mark or comment of the user's stays; ours of an earlier judgement goes. `enforced` says that the flow is not as
    it came.
    """
    before = flow.metadata.get(SHOWN_KEY)
    before = before if isinstance(before, dict) else {}
    shown = [finding for finding in findings if finding.severity >= show]
    mark = MARKS[max(finding.severity for finding in shown)] if shown else ""
    comment = _comment(shown)
    if flow.marked in ("", before.get("mark")):
        flow.marked = mark
    theirs = flow.comment
    if old := before.get("comment"):
        theirs = theirs.replace(str(old), "").strip("\n")
    flow.comment = "\n".join(part for part in (theirs, comment) if part)
    flow.metadata[FINDINGS_KEY] = [as_plain(finding) for finding in findings]
    flow.metadata[SHOWN_KEY] = {"enforced": enforced, "mark": mark, "comment": comment}


def _comment(findings: Iterable[Finding]) -> str:
    """One line a finding. mitmweb folds line breaks, so each begins with something that stands out."""
    ranked = sorted(findings, key=lambda finding: -finding.severity)
    lines = [
        f"[Runtime {finding.severity}: {finding.rule}] {finding.message} What to do: {finding.fix}"
        for finding in ranked[:MAX_COMMENTED]
    ]
    if len(ranked) > MAX_COMMENTED:
        lines.append(f"[Runtime] … and {len(ranked) - MAX_COMMENTED} more findings.")
    return "\n".join(lines)


def as_plain(finding: Finding) -> dict[str, Any]:
    """A finding as mitmproxy can store it."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "basis": finding.basis.value,
        "subject": finding.subject,
        "message": finding.message,
        "fix": finding.fix,
        "status": finding.status,
        "twilio_error": finding.twilio_error,
        "endpoint": None if finding.endpoint is None else list(finding.endpoint),
        "replaces": None if finding.replaces is None else str(finding.replaces),
        "extent": finding.extent,
    }
