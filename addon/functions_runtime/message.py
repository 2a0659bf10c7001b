"""An exchange as the Runtime sees it: one request and, once it has arrived, its response.

A message holds the head that came off the wire, and facts that follow from it. Messages know nothing of rules.
"""

from __future__ import annotations

import re
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint, endpoint
from functions_runtime.syntax.fetch import Preflight, parse_preflight
from functions_runtime.syntax.rfc6265 import SetCookie, parse_set_cookie, split_cookies
from functions_runtime.syntax.rfc9110 import (
    Fields,
    FieldsByName,
    as_http1_fields,
    field_section_size,
    fields_by_name,
    taken_apart,
    target_authority,
    unfolded,
)

HOST_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", re.ASCII | re.IGNORECASE)
"""What can be the Domain of a cookie, or the name of a host in an option."""


@dataclass(slots=True)
class HeaderSize:
    """How large a field section is: `size` in bytes as HTTP/1.1 writes it, `count` in fields and cookies."""

    size: int
    count: int


class RequestSection(NamedTuple):
    """What follows from the field section of a request alone, as `Request` explains it."""

    by_name: FieldsByName
    names: tuple[bytes, ...]
    cookies: tuple[bytes, ...]
    header_size: HeaderSize


def request_section(fields: Fields) -> RequestSection:
    """What follows from the field section of a request."""
    by_name = fields_by_name(fields)
    count = len(fields)
    cookies: tuple[bytes, ...] = ()
    if b"cookie" in by_name:
        values = by_name[b"cookie"]
        cookies = tuple([pair for value in values for pair in split_cookies(value)])
        count += len(cookies) - len(values)
    return RequestSection(by_name, tuple(by_name), cookies, HeaderSize(field_section_size(fields), count))


def request_head(fields: Fields, authority: bytes, version: bytes) -> tuple[Fields, RequestSection, bytes]:
    """Read the field section of a request, whatever the HTTP version.

    `authority` is the value of `:authority`, empty if there is none. `version` begins as in `HTTP/2`. Returns the field
    section as HTTP/1.1 would carry it, what follows from it, and the authority that the client addressed.
    """
    addressed = target_authority(fields, authority, version)
    multiplexed = version.startswith((b"HTTP/2", b"HTTP/3"))
    fields = as_http1_fields(fields, authority=authority, multiplexed=multiplexed)
    return fields, request_section(fields), addressed


@dataclass(slots=True)
class Request:
    """The head of a request.

    `fields` is the field section as HTTP/1.1 would carry it, without what the client said to a proxy. `host` is
    the host that the client addressed, without its port and in lower case. `domain` is the Function's domain in
    production, None if it is unknown. `path` excludes the query, which is in `query`. `time` is when the request began,
    in seconds since 1970-01-01 UTC. `scheme` and `port` are those that the client addressed, empty and 0 if unknown.

    `by_name` maps field names in lower case to the fields' values, and `names` are these names. `header_size` is the
    size of the field section. Each cookie in Cookie counts one, and so does any other field (our interpretation of "Max
    header count: 75 (including cookies)"). `cookies` are the cookie-pairs of Cookie. `preflight` is what a
    CORS-preflight request asks, None if the request is not a preflight. `endpoint` is the endpoint by which findings
    about this request are grouped.

    `section` is what `request_section` returns for `fields`, if the caller has it already.
    """

    method: str = "GET"
    host: str = ""
    path: str = "/"
    fields: Fields = ()
    domain: str | None = None
    time: float = 0.0
    query: bytes = b""
    scheme: str = ""
    port: int = 0
    section: InitVar[RequestSection | None] = None
    by_name: FieldsByName = field(init=False, repr=False, compare=False)
    names: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    cookies: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    preflight: Preflight | None = field(init=False, repr=False, compare=False)
    header_size: HeaderSize = field(init=False, repr=False, compare=False)
    endpoint: Endpoint = field(init=False, repr=False, compare=False)

    def __post_init__(self, section: RequestSection | None) -> None:
        self.by_name, self.names, self.cookies, self.header_size = section or request_section(self.fields)
        self.preflight = parse_preflight(self.method, self.fields) if self.method == "OPTIONS" else None
        self.endpoint = endpoint(self.method, self.host, self.path)


class SetCookieField(NamedTuple):
    """A Set-Cookie field that a user agent does not ignore: its place in the field section, its bytes, its meaning."""

    position: int
    line: bytes
    cookie: SetCookie


class ResponseSection(NamedTuple):
    """What follows from the field section of a response alone, as `Response` explains it."""

    by_name: FieldsByName
    cookies: tuple[SetCookieField, ...]
    header_size: HeaderSize


def response_section(fields: Fields) -> ResponseSection:
    """What follows from the field section of a response."""
    by_name = fields_by_name(fields)
    cookies = _set_cookie_fields(fields) if b"set-cookie" in by_name else ()
    return ResponseSection(by_name, cookies, HeaderSize(field_section_size(fields), len(fields)))


def response_head(fields: Fields, *, is_from_har: bool) -> tuple[Fields, ResponseSection]:
    """Read the field section of a response. Returns it with each value in one line, and what follows from that.

    A line break in a value is an obs-fold, or else, in HAR, where a tool joined several fields.
    """
    fields = taken_apart(fields) if is_from_har else unfolded(fields)
    return fields, response_section(fields)


@dataclass(slots=True)
class Response:
    """The head of a response as the server sent it.

    `time` is when it arrived, in seconds since 1970-01-01 UTC, None if unknown.
    `waited` is the number of seconds between the end of the request and the first byte of the response, None if
    unknown. `cookies` are its Set-Cookie fields without those that a user agent ignores as a whole. `by_name` maps
    field names in lower case to the fields' values. `header_size` is the size of the field section. Each field counts
    one.

    `section` is what `response_section` returns for `fields`, if the caller has it already.
    """

    status: int = 200
    fields: Fields = ()
    time: float | None = 0.0
    waited: float | None = None
    section: InitVar[ResponseSection | None] = None
    cookies: tuple[SetCookieField, ...] = field(init=False, repr=False, compare=False)
    by_name: FieldsByName = field(init=False, repr=False, compare=False)
    header_size: HeaderSize = field(init=False, repr=False, compare=False)

    def __post_init__(self, section: ResponseSection | None) -> None:
        self.by_name, self.cookies, self.header_size = section or response_section(self.fields)

    @property
    def has_unknown_lifetime(self) -> bool:
        """Whether the lifetime of a cookie is unknown, because nobody knows when the response arrived."""
        if self.time is not None:
            return False
        attributes = [field.cookie.attributes for field in self.cookies]
        return any(each.max_age is None and each.expires is not None for each in attributes)


def _set_cookie_fields(fields: Fields) -> tuple[SetCookieField, ...]:
    found = [
        SetCookieField(position, value, cookie)
        for position, (name, value) in enumerate(fields)
        if len(name) == 10 and name.lower() == b"set-cookie" and (cookie := parse_set_cookie(value))
    ]
    return tuple(found)


@dataclass(slots=True)
class Exchange:
    """One request and its response. The response is None until its head arrives.

    `removed` holds the names, in lower case, of the request's fields that the server did not get. `sent` and `received`
    are the bytes of content seen so far in request and response, as on the wire. `ended` is when the last byte of the
    response arrived, in seconds since 1970-01-01 UTC, or None if unknown. `awaited` says that the site's own response
    can still come and may change the findings about the request. `over_tls` says whether the request reached this
    server over TLS, or None if unknown.
    """

    request: Request
    response: Response | None = None
    removed: frozenset[bytes] = frozenset()
    sent: int = 0
    received: int = 0
    ended: float | None = None
    awaited: bool = False
    over_tls: bool | None = None

    @classmethod
    def whole(
        cls,
        request: Request,
        response: Response | None,
        sent: int,
        received: int,
        ended: float | None,
        over_tls: bool | None,
        removed: frozenset[bytes] = frozenset(),
    ) -> Exchange:
        """An exchange that is over. The arguments are the fields of the same names."""
        return cls(request, response, removed, sent, received, ended, False, over_tls)
