"""HAR as browsers and tools write it (http://www.softwareishard.com/blog/har-12-spec/, and practice).

The reader decodes only what judging needs, and skips contents. If an entry breaks the format, a more tolerant reader
tries it again. An entry that cannot be read does not affect the others.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from functions_runtime.message import (
    HOST_NAME,
    Request,
    RequestSection,
    Response,
    ResponseSection,
    request_section,
    response_section,
)
from functions_runtime.recordings.recorded import CutOff, Recorded, Skipped, UnreadableError
from functions_runtime.syntax.rfc6265 import parse_cookie_date
from functions_runtime.syntax.rfc9110 import (
    DEFAULT_PORTS,
    HTTP_SCHEMES,
    SENT_WITHOUT_CONTENT,
    Fields,
    announced_length,
    as_http1_fields,
    authority_of,
    can_have_content,
    with_upgrade,
)
from functions_runtime.wire_text import printable

MULTIPLEXED = ("h2", "h3", "http/2", "http/3", "spdy", "hq", "quic")
"""Prefixes of the names that tools give to HTTP/2, HTTP/3 and their predecessors, in lower case."""
LOCAL_FETCH_TYPES = ("Memory Cache", "Disk Cache", "Service Worker")
"""What Safari calls a response that did not come from the network."""
MAX_REASON = 60
"""The most characters of a URL's scheme or of a method that a reason quotes."""
NOT_AS_HAR = "the entry is not as HAR has it"
MILLISECONDS = 1000
NONE = msgspec.Raw(b"[]")
"""An empty list."""


class _Pair(msgspec.Struct):
    name: str
    value: str = ""


class _Cookie(msgspec.Struct):
    name: str
    value: str = ""
    path: str | None = None
    domain: str | None = None
    expires: str | None = None
    httpOnly: bool | None = None  # noqa: N815 (as HAR calls it)
    secure: bool | None = None
    sameSite: str | None = None  # noqa: N815
    maxAge: int | float | str | None = None  # noqa: N815


class _PostData(msgspec.Struct):
    text: msgspec.Raw = msgspec.Raw()
    params: list[_Pair] | None = None


class _Request(msgspec.Struct):
    url: str
    method: str = "GET"
    httpVersion: str | None = None  # noqa: N815
    headers: msgspec.Raw = NONE
    cookies: msgspec.Raw = NONE
    bodySize: float | None = None  # noqa: N815
    postData: _PostData | None = None  # noqa: N815


class _Content(msgspec.Struct):
    size: float | None = None
    compression: float | None = None
    mimeType: str | None = None  # noqa: N815
    encoding: str | None = None
    text: msgspec.Raw = msgspec.Raw()


class _Response(msgspec.Struct):
    status: int = 0
    headers: msgspec.Raw = NONE
    cookies: msgspec.Raw = NONE
    content: _Content | None = None
    bodySize: float | None = None  # noqa: N815
    transfer_size: float | None = msgspec.field(default=None, name="_transferSize")
    by_worker: Any = msgspec.field(default=None, name="_fetchedViaServiceWorker")


class _Timings(msgspec.Struct):
    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    ssl: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None


class _Entry(msgspec.Struct):
    request: _Request
    startedDateTime: str | None = None  # noqa: N815
    time: float | None = None
    response: _Response | None = None
    timings: _Timings | None = None
    from_cache: Any = msgspec.field(default=None, name="_fromCache")
    fetch_type: Any = msgspec.field(default=None, name="_fetchType")

    @property
    def is_local(self) -> bool:
        """Whether the browser got the response from a cache of its own, or from a service worker."""
        by_worker = self.response is not None and self.response.by_worker
        return bool(self.from_cache or by_worker) or self.fetch_type in LOCAL_FETCH_TYPES


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _Har(msgspec.Struct):
    log: _Log


_decode_har = msgspec.json.Decoder(_Har).decode
_decode_entry = msgspec.json.Decoder(_Entry).decode
_decode_pairs = msgspec.json.Decoder(list[_Pair]).decode
_decode_cookies = msgspec.json.Decoder(list[_Cookie]).decode
_decode_text = msgspec.json.Decoder(str).decode


def read(recording: bytes, domain: str = "", *, with_contents: bool = False) -> Iterator[Recorded | Skipped | CutOff]:
    """The exchanges of a HAR document, in order. `domain` is the Function's domain. If empty, it is the host addressed.

    With `with_contents`, each exchange has the contents of its messages as far as the document has them. If an entry
    does not say when it began, its response's Date says so, or else the entry before it.

    Raises UnreadableError if it is not HAR. A document that ends early is read as far as it goes.
    """
    time = 0.0
    for position, raw in enumerate(_entries(recording.removeprefix(b"\xef\xbb\xbf")), 1):
        if raw is None and position == 1:
            raise UnreadableError("it ends early, or is damaged, before the end of its first entry")
        if raw is None:
            yield CutOff(position, "it ends early or is damaged")
        else:
            found = _read_entry(raw, position, domain, time)
            if isinstance(found, Recorded):
                time = found.request.time
                if with_contents:
                    found = found._replace(contents=_contents(raw))
            yield found


def _entries(document: bytes) -> Iterable[bytes | None]:
    """Each entry as JSON, and None for those that are missing at the end."""
    try:
        return _decode_har(document).log.entries
    except msgspec.ValidationError as error:
        if document.lstrip().startswith(_REPORT):
            raise UnreadableError("it is a report of this program, not a recording") from error
        raise UnreadableError(f"it is JSON, but not a HAR file ({_reason(error)})") from error
    except (msgspec.DecodeError, RecursionError):
        start = _ENTRIES.search(document)
        if not start:
            raise UnreadableError("it is neither JSON nor part of a HAR file") from None
        return _scan(document, start.end())


_REPORT = b'{\n "schema": "runtime-report/'
_ENTRIES = re.compile(rb'"entries"\s*:\s*\[(?!\s*\])')
_MARK = re.compile(rb'["{}\]]')
_BETWEEN = re.compile(rb'\}\s*,\s*(?=\{\s*"(?:startedDateTime|pageref|request|time|connection|_initiator|_id)"\s*:)')
"""Where one entry ends and another begins. A quote in a string is escaped, so no string looks like this."""
MOST_DAMAGED = 20
"""The most damaged entries of which the end is looked for. Each search can go through the whole document."""


def _scan(document: bytes, start: int) -> Iterator[bytes | None]:
    """The entries of a list in a document that is not JSON as a whole. None if the list has no end.

    If braces and quotes of an entry do not match, or it is no JSON, it ends at the latest where another one begins.
    """
    at, damaged = start, 0
    while True:
        began, end = _object(document, at)
        if began < 0:
            if not end:
                yield None
            return
        entry = document[began:end]
        if not _is_json(entry) and damaged < MOST_DAMAGED:  # or empty, if it has no end
            damaged += 1
            if between := _BETWEEN.search(document, began + 1, end or len(document)):
                end = between.start() + 1
                entry = document[began:end]
        if not end:
            yield None
            return
        yield entry
        at = end


def _object(document: bytes, at: int) -> tuple[int, int]:
    """Where the next object in a list begins and ends. The beginning is -1 if there is no other one.

    The end is 0 if the document ends before.
    """
    depth, began = 0, -1
    while mark := _MARK.search(document, at):
        at = mark.end()
        kind = mark[0]
        if kind == b'"':
            at = _end_of_string(document, at)
        elif kind == b"{":
            if not depth:
                began = mark.start()
            depth += 1
        elif kind == b"]":
            if not depth:
                return -1, at
        elif depth:
            depth -= 1
            if not depth:
                return began, at
    return began, 0


def _is_json(document: bytes) -> bool:
    try:
        msgspec.json.decode(document, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _end_of_string(document: bytes, at: int) -> int:
    """The place after a string that continues at this place."""
    while (quote := document.find(b'"', at)) >= 0:
        before = quote
        while before > at and document[before - 1] == _BACKSLASH:
            before -= 1
        at = quote + 1
        if not (quote - before) % 2:
            return at
    return len(document)


_BACKSLASH = 0x5C


def _reason(error: Exception) -> str:
    return printable(str(error), 2 * MAX_REASON)


def _read_entry(raw: bytes, position: int, domain: str, earlier: float) -> Recorded | Skipped:
    try:
        entry = _decode_entry(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            entry = _patiently(_plain(raw))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Skipped(position, NOT_AS_HAR)
    try:
        return _recorded(entry, position, domain, earlier)
    except (TypeError, RecursionError):
        return Skipped(position, NOT_AS_HAR)
    except (ValueError, OverflowError):
        return Skipped(position, "the URL cannot be read")


def _recorded(entry: _Entry, position: int, domain: str, earlier: float) -> Recorded | Skipped:
    """The exchange in an entry. `earlier` is when the entry before it began.

    Raises ValueError if its URL is none, and TypeError or RecursionError if its fields are none.
    """
    asked, answered = entry.request, entry.response
    if not asked.url:
        return Skipped(position, "there is no URL")
    if asked.method == "CONNECT":
        return Skipped(position, "CONNECT opens a tunnel")
    origin, path, query = _parts(asked.url)
    named, host, port = _origin(origin)
    if named not in HTTP_SCHEMES:
        return Skipped(position, f"not HTTP: {printable(named or 'no scheme', MAX_REASON)}")
    if not host:
        return Skipped(position, "the URL has no host")
    scheme = HTTP_SCHEMES[named]
    port = port or DEFAULT_PORTS[scheme]
    method = asked.method or "GET"
    fields, section = _request_fields(asked, method, authority_of(host, port, scheme))
    if named != scheme:
        fields = with_upgrade(fields, named)
        section = request_section(fields)
    size = _size(answered.content) if answered else 0
    response_fields, answer = _response_fields(answered, size) if answered else ((), None)
    started = _seconds(entry.startedDateTime) or (_date(answer) if answer else 0) or earlier
    queued, before, waited, whole = _times(entry)
    request = Request(
        method,
        host,
        path or "/",
        fields,
        domain or (host if HOST_NAME.fullmatch(host) else None),
        started + queued if started else started,
        query.encode("utf-8", "surrogatepass"),
        scheme,
        port,
        section,
    )
    response = None  # tools write status 0 or -1 if none came
    if answered and answered.status > 0:
        # Nobody knows when it began to arrive if nobody knows how long it took. The end counts then.
        until = (whole or 0.0) if waited is None else before + waited
        arrived = started + until if started else None
        response = Response(answered.status, response_fields, arrived, waited, answer)
    return Recorded(
        position,
        request,
        response,
        _sent(asked),
        _received(answered, answer, method, size) if answered and answer and not entry.is_local else 0,
        None if whole is None or entry.is_local else started + whole,
        scheme == "https",
        scheme,
        port,
    )


_URL = re.compile(r"([a-z][a-z0-9+.-]*:(?://[^/?#]*)?)?([^?#]*)\??([^#]*)", re.IGNORECASE)


def _parts(url: str) -> tuple[str, str, str]:
    """The scheme and authority of a URL, its path and its query."""
    parts = _URL.match(url.strip())
    assert parts
    return parts[1] or "", parts[2], parts[3]


# A recording is of few hosts.
@lru_cache(maxsize=1024)
def _origin(origin: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL's beginning. Raises ValueError if there is no making sense of it."""
    url = urlsplit(origin)
    return url.scheme.lower(), (url.hostname or "").lower(), url.port


def _times(entry: _Entry) -> tuple[float, float, float | None, float | None]:
    """Seconds until there was a connection, until the request was sent, from then to the first byte, and in all.

    The last two are None if nobody knows. -1 says that there was no such phase. `ssl` is part of `connect` by the
    format, but some tools write it beside that. The total shows it.
    """
    timings = entry.timings
    whole = entry.time if entry.time and entry.time > 0 else None
    if timings is None or timings.wait is None or timings.wait < 0:
        return 0.0, 0.0, None, whole and whole / MILLISECONDS
    queued = 0.0
    for phase in (timings.blocked, timings.dns, timings.connect):
        if phase and phase > 0:
            queued += phase
    sent, waited = max(timings.send or 0, 0), timings.wait
    ended = queued + sent + waited + max(timings.receive or 0, 0)
    if whole is None:
        whole = ended
    elif timings.ssl and timings.ssl > 0 and abs(ended + timings.ssl - whole) < abs(ended - whole):
        queued += timings.ssl
    return queued / MILLISECONDS, (queued + sent) / MILLISECONDS, waited / MILLISECONDS, whole / MILLISECONDS


_EPOCH_IN_MILLISECONDS = re.compile(r"[0-9]{13}(?:\.[0-9]*)?", re.ASCII)
"""A time as JavaScript's Date.now() gives it."""


def _seconds(started: str | None) -> float | None:
    """Seconds since 1970-01-01 UTC of a time in ISO 8601 or as HTTP has it, None if there is no such time."""
    if not started:
        return None
    with contextlib.suppress(msgspec.ValidationError, ValueError, OverflowError):  # as most of them are
        time = msgspec.convert(started, datetime)
        if time.tzinfo:
            return time.timestamp()
    text = started.strip()
    if _EPOCH_IN_MILLISECONDS.fullmatch(text):
        return float(text) / MILLISECONDS
    if text.endswith("GMT"):
        return parse_cookie_date(text.encode("ascii", "replace"))
    text = f"{text[:-1]}+00:00" if text[-1:] in ("Z", "z") else text
    # Python 3.10 reads three or six digits after the second, and tools write one to nine.
    text = re.sub(r"\.([0-9]+)", lambda digits: f".{digits[1][:6]:0<6}", text, count=1)
    text = re.sub(r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2", text)
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


def _date(response: ResponseSection) -> float:
    """The Date of a response in seconds since 1970-01-01 UTC, 0 if there is none."""
    return float(next(filter(None, map(parse_cookie_date, response.by_name.get(b"date", ()))), 0))


def _request_fields(request: _Request, method: str, authority: str) -> tuple[Fields, RequestSection]:
    """The field section of a request, and what follows from it. Raises TypeError if there is no making sense of it.

    `authority` is that of its URL. HTTP/2 and HTTP/3 send it even if a tool does not write it.
    """
    is_multiplexed = (request.httpVersion or "").lower().startswith(MULTIPLEXED)
    sent = _bytes(authority) if is_multiplexed else None
    fields, section = _request_section(bytes(request.headers), method not in SENT_WITHOUT_CONTENT, sent)
    if b"cookie" not in section.by_name and (cookies := _cookies_in(request.cookies)):
        pairs = "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)
        fields = (*fields, (b"Cookie", _bytes(pairs)))
        section = request_section(fields)
    return fields, section


# More than a third of the requests of real pages have the same fields as one before them.
@lru_cache(maxsize=64)
def _request_section(
    headers: bytes, is_without_content: bool, authority: bytes | None
) -> tuple[Fields, RequestSection]:
    fields = _fields(_pairs_in(headers), drop_length=is_without_content)
    fields = as_http1_fields(fields, authority=authority or b"", multiplexed=authority is not None)
    return fields, request_section(fields)


def _pairs_in(raw: bytes) -> list[_Pair]:
    """The header fields in JSON. Raises TypeError if there is no making sense of them."""
    try:
        return _decode_pairs(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _pairs(_plain(raw))


def _cookies_in(raw: msgspec.Raw) -> list[_Cookie]:
    """The cookies in JSON, as far as there is any making sense of them."""
    try:
        return _decode_cookies(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _cookies(_plain(bytes(raw)))


def _response_fields(response: _Response, size: int) -> tuple[Fields, ResponseSection]:
    """As `_request_fields`, for a response with decoded content of this size in bytes.

    If there is no header field at all, HAR still tells the media type.
    """
    content = response.content
    fields, section, may_be_joined = _response_section(bytes(response.headers), size > 0)
    if not fields and content and content.mimeType and "/" in content.mimeType:
        fields = ((b"Content-Type", _bytes(content.mimeType)),)
        section = response_section(fields)
    if b"set-cookie" not in section.by_name and (cookies := _cookies_in(response.cookies)):
        fields = (*fields, *((b"Set-Cookie", _set_cookie(cookie)) for cookie in cookies))
        section = response_section(fields)
    elif may_be_joined:
        fields = _with_cookies_apart(fields, {_bytes(cookie.name) for cookie in _cookies_in(response.cookies)})
        section = response_section(fields)
    return fields, section


_JOINED = re.compile(rb",[ \t]*(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+=)")
"""Where one set-cookie-string may end and another begin. Safari joins them by commas."""


def _with_cookies_apart(fields: Fields, names: Container[bytes]) -> Fields:
    """The field section with each cookie in a Set-Cookie of its own, if these are names of cookies."""
    apart: list[tuple[bytes, bytes]] = []
    for name, value in fields:
        lines = _JOINED.split(value) if name.lower() == b"set-cookie" else [value]
        is_joined = all(line.partition(b"=")[0].strip() in names for line in lines)
        apart += [(name, line) for line in lines] if is_joined else [(name, value)]
    return tuple(apart)


# So have a sixth of the responses.
@lru_cache(maxsize=64)
def _response_section(headers: bytes, has_content: bool) -> tuple[Fields, ResponseSection, bool]:
    """The field section, what follows from it, and whether a Set-Cookie in it may hold several cookies."""
    fields = _fields(_pairs_in(headers), drop_length=has_content, drop_pseudo=True)
    section = response_section(fields)
    return fields, section, any(_JOINED.search(line) for line in section.by_name.get(b"set-cookie", ()))


def _fields(headers: list[_Pair], *, drop_length: bool, drop_pseudo: bool = False) -> Fields:
    """Header fields, perhaps without the lengths that readers invent and without pseudo-header fields."""
    return tuple([field for pair in headers for field in _field_lines(pair.name, pair.value, drop_length, drop_pseudo)])


# Most fields come again and again.
@lru_cache(maxsize=4096)
def _field_lines(name: str, value: str, drop_length: bool, drop_pseudo: bool) -> Fields:
    """The fields that a header in HAR stands for. Tools join several fields of one name by line breaks."""
    if drop_pseudo and name.startswith(":"):
        return ()
    if drop_length and name.lower() == "content-length" and value.strip() == "0":
        return ()
    if "\n" in value:
        return tuple([(_bytes(name), _bytes(line.strip("\r"))) for line in value.split("\n") if line.strip("\r")])
    return ((_bytes(name), _bytes(value)),)


def _set_cookie(cookie: _Cookie) -> bytes:
    """A set-cookie-string from a cookie in HAR."""
    line = f"{cookie.name}={cookie.value}"
    for name, value in (
        ("Path", cookie.path),
        ("Domain", cookie.domain),
        ("Max-Age", None if cookie.maxAge is None else str(cookie.maxAge).removesuffix(".0")),
        ("Expires", _cookie_date(cookie.expires)),
        ("SameSite", cookie.sameSite),
    ):
        line += f"; {name}={value}" if value else ""
    line += "; HttpOnly" if cookie.httpOnly else ""
    line += "; Secure" if cookie.secure else ""
    return _bytes(line)


def _cookie_date(text: str | None) -> str | None:
    """A date in HAR (ISO 8601) in the form of a cookie-date. Text that is not such a date stays as it is."""
    seconds = _seconds(text)
    if seconds is None:
        return text
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _sent(request: _Request) -> int:
    if request.bodySize and request.bodySize > 0:
        return int(request.bodySize)
    post = request.postData
    if post is None:
        return 0
    text = _text_in(post.text) or "&".join([f"{each.name}={each.value}" for each in post.params or ()])
    return len(text.encode("utf-8", "surrogatepass"))


def _text_in(raw: msgspec.Raw) -> str:
    """The text in JSON, empty if it is none."""
    if raw:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            return _decode_text(raw)
    return ""


def _size(content: _Content | None) -> int:
    """Bytes of decoded content. If a tool did not write the size, the text has it."""
    if content is None:
        return 0
    if content.size and content.size > 0:
        return int(content.size)
    text = _text_in(content.text)
    return len(text) * 3 // 4 if content.encoding == "base64" else len(text.encode("utf-8", "surrogatepass"))


def _received(response: _Response, section: ResponseSection, method: str, size: int) -> int:
    """Bytes of the response's content, as sent.

    `size` is that of the decoded content. If only the size of the whole message is known, that counts.
    """
    if not can_have_content(method, response.status):
        return 0
    if response.bodySize and response.bodySize > 0:
        return int(response.bodySize)
    content = response.content
    if content and content.compression and 0 < content.compression < size:
        return size - int(content.compression)
    if size and b"content-encoding" in section.by_name:
        announced = announced_length(section.by_name)
        return announced or int(response.transfer_size or 0) or 1  # there is some, and nobody knows how much
    return size


def _bytes(text: str) -> bytes:
    """Text as it was on the wire. mitmproxy writes bytes that are not UTF-8 as lone surrogates."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _plain(raw: bytes) -> Any:
    """JSON that msgspec does not take. Raises ValueError or RecursionError if it is none."""
    return json.loads(bytes(raw).decode("utf-8", "replace"))


def _as_raw(plain: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(plain).encode())


def _patiently(plain: Any) -> _Entry:
    """An entry that breaks the format. Raises TypeError, KeyError or AttributeError if it is not an entry at all."""
    request, response = plain["request"], plain.get("response")
    timings = plain.get("timings")
    return _Entry(
        _Request(
            _text(request.get("url")),
            _text(request.get("method")),
            _text(request.get("httpVersion")),
            _as_raw(request.get("headers")),
            _as_raw(request.get("cookies")),
            _number(request.get("bodySize")),
            _post_data(request.get("postData")),
        ),
        _text(plain.get("startedDateTime")),
        _number(plain.get("time")),
        _patient_response(response) if isinstance(response, Mapping) else None,
        _Timings(*[_number(timings.get(name)) for name in _Timings.__struct_fields__])
        if isinstance(timings, Mapping)
        else None,
        plain.get("_fromCache"),
        plain.get("_fetchType"),
    )


def _patient_response(response: Mapping[str, Any]) -> _Response:
    content = response.get("content")
    return _Response(
        int(_number(response.get("status")) or 0),
        _as_raw(response.get("headers")),
        _as_raw(response.get("cookies")),
        _Content(
            _number(content.get("size")),
            _number(content.get("compression")),
            _text(content.get("mimeType")),
            _text(content.get("encoding")),
            _raw_text(content.get("text")),
        )
        if isinstance(content, Mapping)
        else None,
        _number(response.get("bodySize")),
        _number(response.get("_transferSize")),
        response.get("_fetchedViaServiceWorker"),
    )


def _post_data(post: Any) -> _PostData | None:
    if not isinstance(post, Mapping):
        return None
    return _PostData(_raw_text(post.get("text")), _pairs(post.get("params")))


def _raw_text(text: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(text)) if isinstance(text, str) else msgspec.Raw()


def _pairs(items: Any) -> list[_Pair]:
    """Names and values: objects with both, lists of two, lines, or one object. Raises TypeError for anything else."""
    if isinstance(items, str):
        items = items.splitlines()
    elif isinstance(items, Mapping):
        items = [[name, each] for name, value in items.items() for each in (value if _is_list(value) else [value])]
    elif not _is_list(items) and items is not None:
        raise TypeError
    pairs = []
    for item in items or ():
        if isinstance(item, Mapping) and item.get("name") is not None:
            pairs.append(_Pair(_text(item["name"]), _text(item.get("value"))))
        elif _is_list(item) and len(item) == 2:
            pairs.append(_Pair(_text(item[0]), _text(item[1])))
        elif isinstance(item, str) and ":" in item:
            name, _, value = item.partition(":")
            pairs.append(_Pair(name, value.strip()))
    return pairs


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _cookies(items: Any) -> list[_Cookie]:
    found = []
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and item.get("name") is not None:
            found.append(
                _Cookie(
                    _text(item["name"]),
                    _text(item.get("value")),
                    _text(item.get("path")) or None,
                    _text(item.get("domain")) or None,
                    _text(item.get("expires")) or None,
                    bool(item.get("httpOnly")),
                    bool(item.get("secure")),
                    _text(item.get("sameSite")) or None,
                    _text(item.get("maxAge")) or None,
                )
            )
    return found


def _contents(raw: bytes) -> tuple[bytes, bytes]:
    """The contents of request and response in an entry, empty if they are not there or cannot be read."""
    try:
        plain = _plain(raw)
        asked, answered = plain["request"], plain.get("response") or {}
        return _content(asked.get("postData")), _content(answered.get("content"))
    except (ValueError, AttributeError, RecursionError):
        return b"", b""


def _content(plain: Any) -> bytes:
    if not isinstance(plain, Mapping):
        return b""
    text = _text(plain.get("text"))
    if plain.get("encoding") == "base64":
        with contextlib.suppress(ValueError):
            return base64.b64decode(text)
    return _bytes(text)


def _text(value: Any) -> str:
    """A value as text. Tools also write numbers, or nothing at all."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def _number(value: Any) -> float | None:
    """A value as a number, None if it is not a number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
