"""mitmproxy's flow files: the plain state of flows, one after another, as tnetstrings (https://tnetstrings.info).

Only what judging needs is decoded. Everything else is skipped by its length prefix, content among it, and no flow
objects are built. Whoever opens the file brings along what mitmproxy knows: how to migrate an older version's state.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from functions_runtime.message import (
    HOST_NAME,
    Request,
    RequestSection,
    Response,
    ResponseSection,
    request_head,
    response_head,
)
from functions_runtime.recordings.recorded import CutOff, Recorded, Skipped, UnreadableError
from functions_runtime.syntax.rfc9110 import (
    HTTP_SCHEMES,
    PROXY_FIELDS,
    Fields,
    authority_in_har,
    port_of,
    taken_apart,
    with_upgrade,
    without_fields,
    without_invented_length,
)
from functions_runtime.wire_text import printable

LARGE = 1 << 20
"""A flow of this many bytes or more is not loaded into memory as a whole."""
MAX_DIGITS = 12
"""The most digits of a length prefix, as in mitmproxy."""

State = dict[Any, Any]


class Source(Protocol):
    """A source of a flow file's bytes, in their order."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, fewer if the file ends."""

    def skip(self, size: int, /) -> None:
        """Skip bytes, or the rest of the file."""


class Mitmproxy(NamedTuple):
    """What the installed mitmproxy knows.

    `version` is the version of the state that it writes. `migrate` makes such a state of an older one, and raises
    ValueError, KeyError or TypeError if it cannot. `host_of` is the host in a Host field or an `:authority`, empty if
    there is none.
    """

    version: int
    migrate: Callable[[State], State]
    host_of: Callable[[str], str]


NOT_A_FLOW = "the flow is not as mitmproxy writes it"
MAX_REASON = 60
"""The most characters from a file that a reason quotes."""

_FINDINGS, _FOREIGN, _HELD = "runtime", "runtime_foreign", "runtime_held"
"""Metadata that the addon writes. Its module `read` explains them."""
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)
"""Errors that a state raises if it is not as mitmproxy writes it."""

USUAL_LENGTHS = (0, 4, 5, 18, 17, 36, *range(1, 4), *range(6, 17))
"""The lengths of most values that are not looked at, the most frequent first."""


class _Wanted:
    """What is wanted of a dictionary.

    `keys` maps its keys to their names, and to what is wanted of their values: all of it if that is None. `next`
    matches the items to skip, and then the beginning of the next item: its key and the length of its value.
    """

    def __init__(self, **keys: _Wanted | None) -> None:
        self.keys = {key.encode(): (key, value) for key, value in keys.items()}
        # Regular expressions cannot count, but they skip a value of a known length ten times as fast as a loop.
        value = rb"|".join(rb"%d:.{%d}" % (length, length) for length in USUAL_LENGTHS)
        skipped = rb"[0-9]+:(?!(?:%s)[;,])[a-z_]+[;,](?:%s)[],;#^!~}]" % (b"|".join(self.keys), value)
        # All keys are letters. Their length is not looked at: it would not be of use to anybody.
        self.next = re.compile(rb"(?:%s)*(?:[0-9]+:([a-z_]+)[;,]([0-9]+):)?" % skipped, re.DOTALL).match


_SIZE, _SECTION = _Wanted(), _Wanted()
"""Stand for a value of which the size alone counts, and for a field section, which may have come before."""
_CLIENT = _Wanted(peername=None, proxy_mode=None, sni=None)
_SERVER = _Wanted(address=None, tls=None)
_REQUEST = _Wanted(
    host=None,
    port=None,
    method=None,
    scheme=None,
    authority=None,
    path=None,
    http_version=None,
    headers=_SECTION,
    content=_SIZE,
    timestamp_start=None,
    timestamp_end=None,
)
_RESPONSE = _Wanted(status_code=None, headers=_SECTION, content=_SIZE, timestamp_start=None, timestamp_end=None)
_FLOW = _Wanted(
    version=None,
    type=None,
    request=_REQUEST,
    response=_RESPONSE,
    client_conn=_CLIENT,
    server_conn=_SERVER,
    metadata=None,
)
_MESSAGES = (b"request", b"response")
_CONTENTS = (b"content", b"body")


def read(
    source: Source, mitmproxy: Mitmproxy, domain: str = "", *, with_state: bool = False
) -> Iterator[Recorded | Skipped | CutOff]:
    """The exchanges of a flow file, in order. `domain` is the Function's domain. If empty, it is the host addressed.

    With `with_state`, each exchange has its whole state, content included. Raises UnreadableError if it is not a flow
    file. A file that ends early is read as far as it goes.
    """
    position = 0
    while True:
        position += 1
        try:
            size = _prefix(source)
            state = _flow(source, size, mitmproxy, with_state=with_state)
        except _EndError as end:
            if position == 1:
                raise UnreadableError("it is empty" if end.is_clean else "it ends before the first flow does") from None
            if not end.is_clean:
                yield CutOff(position, "it ends within a flow")
            return
        except _DamageError:
            if position == 1:
                raise UnreadableError("it is neither a HAR file nor a mitmproxy flow file") from None
            yield CutOff(position, "it is damaged")
            return
        except _MALFORMED as error:
            if position == 1 and _is_of_unknown_version(error):  # and so are the others
                raise UnreadableError(_why(error)) from None
            yield Skipped(position, _why(error))
            continue
        try:
            yield _recorded(state, position, mitmproxy.host_of, domain, with_state=with_state)
        except _MALFORMED:
            yield Skipped(position, NOT_A_FLOW)


class _EndError(Exception):
    """The file ends. `is_clean` says that it ends between two flows."""

    def __init__(self, *, is_clean: bool) -> None:
        self.is_clean = is_clean


class _DamageError(Exception):
    """No flow begins where one should, and the place of the next flow is unknown."""


def _prefix(source: Source) -> int:
    """The length in front of the next flow."""
    digits = b""
    while (byte := source.read(1)).isdigit():
        digits += byte
        if len(digits) > MAX_DIGITS:
            raise _DamageError
    if not byte:
        raise _EndError(is_clean=not digits)
    if byte != b":" or not digits:
        raise _DamageError
    return int(digits)


def _flow(source: Source, size: int, mitmproxy: Mitmproxy, *, with_state: bool) -> State:
    """The state of the next flow, which is this long, as the installed mitmproxy would write it."""
    if size > LARGE and not with_state:
        state = _large(source, size, is_flow=True)
        if _exactly(source, 1) != b"}":
            raise _DamageError
    else:
        data = source.read(size + 1)
        if len(data) <= size:
            raise _EndError(is_clean=False)
        if data[size:] != b"}":
            raise _DamageError
        state = {}
        if not with_state:
            with contextlib.suppress(ValueError, IndexError):  # it may be old enough to look different
                state = _wanted(data, 0, size, _FLOW)
        if state.get("version") != mitmproxy.version:
            state = _dictionary(data, 0, size)
    if state.get("version") == mitmproxy.version:
        return state
    return mitmproxy.migrate(state)


def _why(error: Exception) -> str:
    """Why a flow cannot be read. mitmproxy has a sentence for a version that it does not know."""
    text = str(error)
    return printable(f"{text[:1].lower()}{text[1:]}".rstrip(".")) if _is_of_unknown_version(error) else NOT_A_FLOW


def _is_of_unknown_version(error: Exception) -> bool:
    return "flow format version" in str(error)


def _wanted(data: bytes, at: int, end: int, wanted: _Wanted) -> State:
    """The wanted part of the dictionary between these places. Raises ValueError or IndexError if there is none."""
    found: State = {}
    keys, following = wanted.keys, wanted.next
    while at < end:
        item = following(data, at, end)
        assert item  # it matches the empty text
        key, size = item.groups()
        start = item.end()
        if key is None:
            if start < end:
                raise ValueError
            break
        at = start + _length(size)
        if at >= end:
            raise ValueError
        if key in keys:
            name, inner = keys[key]
            if inner is None:
                value = _value(data, start, at)
            elif inner is _SIZE:
                value = at - start
            elif inner is _SECTION:
                value = data[start:at] if data[at] == _LIST else None
            elif inner is _CLIENT or inner is _SERVER:
                # Flows on one connection repeat its state.
                value = _connection(data[start : at + 1], inner is _CLIENT)
            else:
                value = _wanted(data, start, at, inner) if data[at] == _DICTIONARY else None
            found[name] = value
        at += 1
    return found


@lru_cache(maxsize=64)
def _connection(data: bytes, is_client: bool) -> State:
    size = len(data) - 1
    return _wanted(data, 0, size, _CLIENT if is_client else _SERVER) if data[size] == _DICTIONARY else {}


# A few lengths come again and again, and a number from anywhere may have a sign or a blank.
@lru_cache(maxsize=1024)
def _length(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        raise ValueError
    return int(digits)


_BYTES, _TEXT, _INTEGER, _FLOAT, _BOOLEAN, _NULL, _LIST, _DICTIONARY = b",;#^!~]}"


def _value(data: bytes, start: int, end: int) -> Any:
    """The value between these places. Its type follows it."""
    kind = data[end]
    if kind == _BYTES:
        return data[start:end]
    if kind == _TEXT:
        return data[start:end].decode("utf-8")
    if kind == _LIST:
        return _list(data, start, end)
    if kind == _INTEGER:
        return int(data[start:end])
    if kind == _FLOAT:
        return float(data[start:end])
    if kind == _BOOLEAN:
        return data[start:end] == b"true"
    if kind == _NULL:
        return None
    if kind == _DICTIONARY:
        return _dictionary(data, start, end)
    raise ValueError


def _field_section(data: bytes) -> Fields:
    fields = []
    find = data.index
    at, end = 0, len(data)
    while at < end:
        colon = find(b":", at, end)
        start = colon + 1
        at = start + _length(data[at:colon]) + 1
        if at > end:
            raise ValueError
        fields.append(_field(data[start:at]))
    return _fields(fields)


# Most fields come again and again.
@lru_cache(maxsize=4096)
def _field(data: bytes) -> tuple[Any, ...]:
    return tuple(_list(data, 0, len(data) - 1))


def _list(data: bytes, at: int, end: int) -> list[Any]:
    values = []
    find = data.index
    while at < end:
        colon = find(b":", at, end)
        at_value = colon + 1
        at = at_value + _length(data[at:colon])
        if at >= end:
            raise ValueError
        values.append(data[at_value:at] if data[at] == _BYTES else _value(data, at_value, at))
        at += 1
    return values


def _dictionary(data: bytes, at: int, end: int) -> State:
    items = _list(data, at, end)
    if len(items) % 2:
        raise ValueError
    return dict(zip(items[::2], items[1::2], strict=True))


def _large(source: Source, size: int, *, is_flow: bool) -> State:
    """A dictionary that is not loaded into memory. It keeps the sizes of contents, and drops other large values."""
    state: State = {}
    while size > 0:
        length, used = _inner_prefix(source, size)
        if length > LARGE:
            raise _DamageError
        key = _value(_exactly(source, length + 1), 0, length)
        size -= used
        length, used = _inner_prefix(source, size)
        size -= used
        name = key.encode() if isinstance(key, str) else key
        if is_flow and name in _MESSAGES and length > LARGE:
            state[key] = _large(source, length, is_flow=False)
            _exactly(source, 1)
        elif name in _CONTENTS:
            state[key] = length
            source.skip(length)
            _exactly(source, 1)
        elif length > LARGE:
            state[key] = None
            source.skip(length)
            _exactly(source, 1)
        else:
            state[key] = _value(_exactly(source, length + 1), 0, length)
    return state


def _inner_prefix(source: Source, left: int) -> tuple[int, int]:
    """The length of the next value, and its length with prefix and type."""
    try:
        length = _prefix(source)
    except _EndError:
        raise _EndError(is_clean=False) from None
    used = len(str(length)) + length + 2
    if used > left:
        raise _DamageError
    return length, used


def _exactly(source: Source, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise _EndError(is_clean=False)
    return data


def _recorded(
    state: State, position: int, host_of: Callable[[str], str], domain: str, *, with_state: bool
) -> Recorded | Skipped:
    """The exchange of a flow. Raises one of _MALFORMED if something in its state is not as mitmproxy writes it."""
    if state["type"] != "http":
        return Skipped(position, f"not HTTP: {printable(str(state['type']), MAX_REASON)}")
    asked, answered = state["request"], state["response"]
    if asked["method"] == b"CONNECT":
        return Skipped(position, "CONNECT opens a tunnel")
    client, server = state["client_conn"], state["server_conn"]
    mode, _, target = str(client["proxy_mode"]).partition("@")[0].partition(":")
    is_from_har = _is_from_har(client)
    headers, scheme = asked["headers"], asked["scheme"].decode("ascii", "replace")
    fields, section, addressed = _request_section(
        headers if isinstance(headers, bytes) else _fields(headers),
        asked["method"],
        _authority_sent(asked, is_from_har=is_from_har),
        asked["http_version"],
        has_content=bool(asked["content"]),
        scheme=scheme if is_from_har else "",
        is_proxied=mode in ("regular", "upstream") and not is_from_har,
    )
    host, is_known = _addressed_host(addressed, asked, host_of), True
    if mode == "reverse":
        is_known = host != host_of(target.rpartition("://")[2].rstrip("/")).lower()
        if not is_known and client["sni"]:
            host, is_known = str(client["sni"]).lower(), True
    path, _, query = asked["path"].partition(b"?")
    request = Request(
        asked["method"].decode("ascii", "surrogateescape"),
        host,
        path.decode("utf-8", "surrogateescape"),
        fields,
        domain or (host if is_known and HOST_NAME.fullmatch(host) else None),
        _time(asked["timestamp_start"]),
        query,
        HTTP_SCHEMES.get(scheme, scheme),
        port_of(addressed) if addressed else int(asked["port"]),
        section,
    )
    response, metadata = None, state["metadata"]
    if answered and answered["status_code"]:  # HAR files that mitmproxy read have 0 if there was none
        response = _response(answered, asked, is_from_har=is_from_har, is_held=_HELD in metadata)
    return Recorded(
        position,
        request,
        response,
        _size(asked["content"]),
        _size(answered["content"]) if answered else 0,
        _time_or_none(answered["timestamp_end"]) if answered else None,
        _is_over_tls(server, scheme, is_from_har=is_from_har),
        scheme,
        int(asked["port"]),
        metadata.get(_FINDINGS),
        state if with_state else None,
        is_foreign=_FOREIGN in metadata,
    )


# More than a third of the requests of real pages have the same fields as one before them.
@lru_cache(maxsize=64)
def _request_section(
    headers: bytes | Fields,
    method: bytes,
    authority: bytes,
    version: bytes,
    *,
    has_content: bool,
    scheme: str,
    is_proxied: bool,
) -> tuple[Fields, RequestSection, bytes]:
    """The field section of a request, what follows from it, and the authority that the client addressed.

    `scheme` is that of the URL if mitmproxy has read the flow from a HAR file, else empty.
    """
    fields = _field_section(headers) if isinstance(headers, bytes) else headers
    if scheme:
        name = method.decode("ascii", "replace")
        fields = with_upgrade(without_invented_length(taken_apart(fields), name, has_content=has_content), scheme)
    if is_proxied:
        fields = without_fields(fields, PROXY_FIELDS)
    return request_head(fields, authority, version)


# So have a sixth of the responses.
@lru_cache(maxsize=64)
def _response_section(headers: bytes | Fields, *, is_from_har: bool) -> tuple[Fields, ResponseSection]:
    """The field section of a response, and what follows from it."""
    fields = _field_section(headers) if isinstance(headers, bytes) else headers
    return response_head(fields, is_from_har=is_from_har)


def _is_from_har(client: State) -> bool:
    """Whether mitmproxy has read the flow from a HAR file: it makes up a client that no connection can have."""
    peer: Any = client.get("peername") or ("", None)
    return bool(peer[1] == 0)


def _is_over_tls(server: State, scheme: str, *, is_from_har: bool) -> bool | None:
    """Whether the request reached the server over TLS, None if the flow does not say."""
    if is_from_har:
        return HTTP_SCHEMES.get(scheme) == "https"
    return bool(server["tls"]) if server["address"] else None


def _response(answered: State, asked: State, *, is_from_har: bool, is_held: bool) -> Response:
    status, headers = answered["status_code"], answered["headers"]
    headers = headers if isinstance(headers, bytes) else _fields(headers)
    fields, section = _response_section(headers, is_from_har=is_from_har)
    if not isinstance(status, int):
        raise TypeError
    if is_from_har:  # nobody knows when it began
        return Response(status, fields, _time(answered["timestamp_end"]), None, section)
    arrived = _time(answered["timestamp_start"] or asked["timestamp_start"])
    sent = _time_or_none(asked["timestamp_end"])
    waited = None if is_held or sent is None or arrived < sent else arrived - sent
    return Response(status, fields, arrived, waited, section)


def _authority_sent(asked: State, *, is_from_har: bool) -> bytes:
    """The value of `:authority`. A HAR file may have it in the URL only, and mitmproxy does not read that."""
    authority: bytes = asked["authority"]
    if authority or asked["http_version"].startswith(b"HTTP/1") or not is_from_har:
        return authority
    return authority_in_har(str(asked["host"]), int(asked["port"]), asked["scheme"].decode("ascii", "replace"))


def _addressed_host(authority: bytes, asked: State, host_of: Callable[[str], str]) -> str:
    """The host that the client addressed, else the request's server."""
    host = host_of(authority.decode("utf-8", "surrogateescape")) if authority else ""
    return (host or str(asked["host"])).lower()


def _fields(headers: Any) -> Fields:
    fields = tuple([(name, value) for name, value in headers])
    for name, value in fields:
        if type(name) is not bytes or type(value) is not bytes:
            raise TypeError
    return fields


def _time(seconds: Any) -> float:
    time = float(seconds)
    if not math.isfinite(time):
        raise ValueError
    return time


def _time_or_none(seconds: Any) -> float | None:
    return None if seconds is None else _time(seconds)


def _size(content: Any) -> int:
    """The size of content in bytes, from the content itself or from its kept size."""
    return content if isinstance(content, int) else len(content or b"")
