"""An exchange as the Runtime sees it: one request and, once it is there, its response.

Messages hold the heads that came off the wire and answer questions about themselves. They know no rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from functions_runtime.syntax.rfc6265 import SetCookie, parse_set_cookie, split_cookies
from functions_runtime.syntax.rfc9110 import Fields, field_section_size


@dataclass(frozen=True, slots=True)
class HeaderSize:
    """How large a field section is: `size` in bytes as HTTP/1.1 writes it, `count` in fields and cookies."""

    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request.

    `fields` is the field section as HTTP/1.1 would carry it, without what the client said to a proxy. `host` is
    the host that the client addressed, without its port and in lower case. `domain` is the Function's domain in
    production, None where nobody knows it. `path` has no query. `time` is when the request began, in seconds since
    1970-01-01 UTC.
    """

    method: str = "GET"
    host: str = ""
    path: str = "/"
    fields: Fields = ()
    domain: str | None = None
    time: float = 0.0

    @property
    def header_size(self) -> HeaderSize:
        """Size of the field section. Cookie counts as its cookies, any other field as one.

        Reading of "Max header count: 75 (including cookies)": a cookie is what one header is elsewhere.
        """
        count = len(self.fields)
        for name, value in self.fields:
            if len(name) == 6 and name.lower() == b"cookie":
                count += len(split_cookies(value)) - 1
        return HeaderSize(field_section_size(self.fields), count)


class SetCookieField(NamedTuple):
    """A Set-Cookie field that a user agent would heed: its place in the field section, its bytes, its meaning."""

    position: int
    line: bytes
    cookie: SetCookie


@dataclass(frozen=True, slots=True)
class Response:
    """The head of a response as the server sent it; `time` is when it arrived, in seconds since 1970-01-01 UTC.

    `cookies` are its Set-Cookie fields, less those that a user agent ignores as a whole.
    """

    status: int = 200
    fields: Fields = ()
    time: float = 0.0
    cookies: tuple[SetCookieField, ...] = field(init=False)

    def __post_init__(self) -> None:
        cookies = tuple(
            SetCookieField(position, value, cookie)
            for position, (name, value) in enumerate(self.fields)
            if len(name) == 10 and name.lower() == b"set-cookie" and (cookie := parse_set_cookie(value))
        )
        object.__setattr__(self, "cookies", cookies)

    @property
    def header_size(self) -> HeaderSize:
        """Size of the field section; every Set-Cookie is a field."""
        return HeaderSize(field_section_size(self.fields), len(self.fields))


class Exchange(NamedTuple):
    """One request and its response, None as long as there is none."""

    request: Request
    response: Response | None = None
