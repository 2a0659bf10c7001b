"""From a flow to the messages that the pure part judges. Each field is looked at once, and nothing is changed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mitmproxy import http
from mitmproxy.flow import Flow
from mitmproxy.proxy import mode_specs

from functions_runtime.case import Case
from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import endpoint
from functions_runtime.message import (
    HOST_NAME,
    Exchange,
    Request,
    Response,
    request_head,
    response_head,
)
from functions_runtime.rules.streaming_unavailable import stream_type
from functions_runtime.ruling import Basis, Fact, Finding, Reply, Severity
from functions_runtime.syntax.rfc9110 import (
    HTTP_SCHEMES,
    PROXY_FIELDS,
    Fields,
    authority_in_har,
    port_of,
    taken_apart,
    target_authority,
    with_upgrade,
    without_fields,
    without_invented_length,
)
from functions_runtime.wire_text import printable
from functions_runtime_proxy import internals
from functions_runtime_proxy.counting import passed

FINDINGS_KEY = "runtime"
"""Metadata: the findings of a flow, as a list of plain dicts."""
FOREIGN_KEY = "runtime_foreign"
"""Metadata: the response is another addon's, so it says nothing about the site."""
HELD_KEY = "runtime_held"
"""Metadata: somebody intercepted the request, so the time to the response says nothing about the server."""

MAX_FACT = 2000
"""Characters of one fact that a flow file brings along."""


def request_of(flow: http.HTTPFlow, fields: Fields, runtime_domain: str, keep_host_header: bool) -> Request:
    """The request as the Runtime would have got it. `fields` are what `fields_of` returned."""
    data = flow.request.data
    fields, section, authority = _request_head(fields, _authority_sent(flow), data.http_version)
    host, known = _addressed_host(flow, authority, keep_host_header)
    path, _, query = data.path.partition(b"?")
    return Request(
        data.method.decode("ascii", "surrogateescape"),
        host,
        path.decode("utf-8", "surrogateescape"),
        fields,
        runtime_domain or _domain(host, known),
        data.timestamp_start,
        query,
        _addressed_scheme(flow, keep_host_header),
        port_of(authority) if authority else data.port,
        section,
    )


def _authority_sent(flow: http.HTTPFlow) -> bytes:
    """The value of `:authority`. A HAR file may have it in the URL only, and mitmproxy does not read that."""
    data = flow.request.data
    if data.authority or data.http_version.startswith(b"HTTP/1") or not internals.is_from_har(flow):
        return data.authority
    return authority_in_har(data.host, data.port, data.scheme.decode("ascii", "replace"))


# More than a third of the requests of real pages have the same fields as one before them.
_request_head = lru_cache(maxsize=64)(request_head)


# A sixth of the responses have the same fields as one before them.
_response_head = lru_cache(maxsize=64)(response_head)


def fields_of(flow: http.HTTPFlow) -> Fields:
    """The fields of the request as they are now, without what the client says to mitmproxy as its proxy."""
    fields: Fields = tuple(flow.request.headers.fields)  # other addons may set a list
    if internals.is_from_har(flow):
        has_content = bool(flow.request.data.content)
        fields = without_invented_length(taken_apart(fields), flow.request.method, has_content=has_content)
        return with_upgrade(fields, flow.request.scheme)
    return _without_proxy_fields(fields) if is_to_proxy(flow) else fields


@lru_cache(maxsize=64)
def _without_proxy_fields(fields: Fields) -> Fields:
    return without_fields(fields, PROXY_FIELDS)


def function_domain(flow: http.HTTPFlow, runtime_domain: str, keep_host_header: bool) -> str | None:
    """The Function's domain in production, None if nobody knows it."""
    return runtime_domain or _domain(*_addressed_host(flow, _addressed_authority(flow), keep_host_header))


def _domain(host: str, known: bool) -> str | None:
    return host if known and HOST_NAME.fullmatch(host) else None


def response_of(flow: http.HTTPFlow) -> Response:
    """The response as the server sent it."""
    assert flow.response
    data = flow.response.data
    is_from_har = internals.is_from_har(flow)
    fields, section = _response_head(tuple(data.headers.fields), is_from_har=is_from_har)
    if is_from_har:  # nobody knows when it began
        return Response(data.status_code, fields, data.timestamp_end or 0.0, None, section)
    arrived = data.timestamp_start or flow.request.timestamp_start
    sent = flow.request.timestamp_end
    waited = None if HELD_KEY in flow.metadata or sent is None or arrived < sent else arrived - sent
    return Response(data.status_code, fields, arrived, waited, section)


def recorded_exchange(flow: http.HTTPFlow, request: Request) -> Exchange:
    """The exchange in a recorded flow. `request` is its request."""
    response = response_of(flow) if is_answered(flow) else None
    sent, received = passed(flow.request), passed(flow.response)
    return Exchange.whole(request, response, sent, received, end_of(flow), is_over_tls(flow))


def recorded_names(flow: http.HTTPFlow) -> set[bytes]:
    """The names of the fields of a recorded flow, in lower case. Empty if the flow is live."""
    if flow.live:
        return set()
    return {name.lower() for message in (flow.request, flow.response) if message for name, _ in message.headers.fields}


def _addressed_authority(flow: http.HTTPFlow) -> bytes:
    data = flow.request.data
    return target_authority(data.headers.fields, data.authority, data.http_version)


def _addressed_host(flow: http.HTTPFlow, authority: bytes, keep_host_header: bool) -> tuple[str, bool]:
    """The host that the client addressed, and whether that is known rather than guessed.

    In reverse mode mitmproxy has written its own target into Host before any addon sees the request, unless
    keep_host_header is on.
    """
    host = _host(authority)
    mode = flow.client_conn.proxy_mode
    overwritten = isinstance(mode, mode_specs.ReverseMode) and (
        not host or (not keep_host_header and host == mode.address[0].lower())
    )
    host = host or flow.request.data.host.lower()
    if overwritten and flow.client_conn.sni:
        return flow.client_conn.sni.lower(), True
    return host, not overwritten


def _addressed_scheme(flow: http.HTTPFlow, keep_host_header: bool) -> str:
    """The scheme that the client addressed, or that of the server if mitmproxy has overwritten Host."""
    if keep_host_header and isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode):
        return "https" if flow.client_conn.tls_established else "http"
    scheme = flow.request.data.scheme.decode("ascii", "replace")
    return HTTP_SCHEMES.get(scheme, scheme)


# A site has few hosts, and parsing one takes as long as several rules.
@lru_cache(maxsize=1024)
def _host(authority: bytes) -> str:
    return internals.host_of_authority(authority.decode("utf-8", "surrogateescape")).lower()


def is_to_proxy(flow: http.HTTPFlow) -> bool:
    """Whether mitmproxy is the client's proxy, so that some fields are for mitmproxy itself."""
    return isinstance(flow.client_conn.proxy_mode, (mode_specs.RegularMode, mode_specs.UpstreamMode))


def is_over_tls(flow: http.HTTPFlow) -> bool | None:
    """Whether the request reaches the server over TLS, None if the flow does not say."""
    if internals.is_from_har(flow):
        return HTTP_SCHEMES.get(flow.request.scheme) == "https"
    return flow.server_conn.tls if flow.live or flow.server_conn.address else None


def is_spoken_for(flow: http.HTTPFlow) -> bool:
    """Whether somebody else has replied to a live request already, refused it, or killed it."""
    if flow.error is None and flow.response is None:
        return False
    return internals.is_killed(flow) or flow.live


def is_answered(flow: http.HTTPFlow) -> bool:
    """Whether there is a response. HAR files have status 0 if none came."""
    return flow.response is not None and flow.response.status_code != 0


def end_of(flow: http.HTTPFlow) -> float | None:
    """When the last byte of the response arrived, in seconds since 1970-01-01 UTC. None if nobody knows."""
    return flow.response.timestamp_end if flow.response else None


def waited_in_vain(flow: http.HTTPFlow) -> float | None:
    """How many seconds a client waited for a response that did not come. None if nobody waited for the server."""
    sent, server = flow.request.timestamp_end, flow.server_conn
    connected = server.timestamp_tls_setup or server.timestamp_tcp_setup
    if HELD_KEY in flow.metadata or flow.response or not flow.error or sent is None or connected is None:
        return None
    return flow.error.timestamp - max(sent, connected)


def is_foreign(flow: http.HTTPFlow, case: Case | None) -> bool:
    """Whether the response of a flow, at the time of `responseheaders`, is not the Function's.

    What comes off the wire has neither content nor an end at that time. A response from server replay is a recording of
    the Function, and older than the request. It counts as the Function's unless the Runtime has replied to the request.
    A recorded flow says whose it was.
    """
    if not flow.live:
        return FOREIGN_KEY in flow.metadata
    assert flow.response
    if flow.is_replay == "response" and flow.response.timestamp_start < flow.request.timestamp_start:
        return case is not None and case.has_reply
    return flow.response.timestamp_end is not None or flow.response.raw_content is not None


def is_answered_by_site(flow: http.HTTPFlow, case: Case | None) -> bool:
    """Whether there is a response, and it is the site's own as far as anybody knows."""
    return is_answered(flow) and not is_foreign(flow, case)


def note_foreign(flow: http.HTTPFlow, case: Case | None) -> None:
    """Let a recording of the flow say that the response is another addon's."""
    if not (case and case.has_reply):
        flow.metadata[FOREIGN_KEY] = True


def note_held(flow: Flow) -> None:
    """Let the flow, and a recording of it, say that somebody intercepted the request, if it has no response yet."""
    if isinstance(flow, http.HTTPFlow) and flow.response is None:
        flow.metadata[HELD_KEY] = True


def forget_notes(flow: http.HTTPFlow) -> None:
    """Forget what was noted of the exchange before, if the flow is replayed."""
    if flow.live:
        for key in (FOREIGN_KEY, HELD_KEY):
            flow.metadata.pop(key, None)


def is_stream(response: http.Response) -> bool:
    """Whether the content is a stream, such as server-sent events. It may have no end."""
    for name, value in response.headers.fields:
        if len(name) == 12 and name.lower() == b"content-type":
            return bool(stream_type(value))
    return False


def announces_no_content(case: Case) -> bool:
    """Whether the head of a request says nothing of content. HTTP/2 allows some all the same."""
    by_name = case.exchange.request.by_name
    return b"content-length" not in by_name and b"transfer-encoding" not in by_name


def stored_findings(flow: http.HTTPFlow) -> tuple[tuple[Finding, ...], bool]:
    """The findings that a recorded flow came with, and whether the Runtime's rules had changed it.

    A flow file can come from anywhere. If something in it is not as this project writes it, nothing of it counts.
    """
    return findings_from_plain(flow.metadata.get(FINDINGS_KEY))


def findings_from_plain(stored: Any) -> tuple[tuple[Finding, ...], bool]:
    """As `stored_findings`, of what stands in a flow's metadata, whoever wrote it."""
    try:
        found = tuple([_from_plain(plain) for plain in stored or ()])
        changed = any(plain["enforced"] is True for plain in stored or ())
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        return (), False
    return found, changed


def _from_plain(plain: dict[str, Any]) -> Finding:
    """The finding that `publish` wrote."""
    rule = BY_ID[plain["rule"]]
    subject, status, where, replaces = plain["subject"], plain["status"], plain["endpoint"], plain["replaces"]
    finding = Finding(
        rule.id,
        Severity[plain["severity"].upper()],
        Basis(plain["basis"]),
        None if subject is None else printable(subject),
        tuple(sorted((str(name), _fact(value)) for name, value in plain["facts"].items())),
        None if status is None else Reply(int(status), ""),
        None if where is None else endpoint(*map(str, where)),
        None if replaces is None else Severity[replaces.upper()],
        float(plain["extent"]),
    )
    rule.say(finding)  # raises if the facts are not what the sentence needs
    return finding


def _fact(value: object) -> Fact:
    if isinstance(value, str):
        return printable(value, MAX_FACT)
    if isinstance(value, (int, float)):
        return value
    raise TypeError
