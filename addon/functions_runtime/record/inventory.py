"""What was seen of a site besides findings: its endpoints, how much headroom their headers have, and its cookies.

Memory is bounded: beyond the maxima below, further endpoints share one entry and further cookies are only counted.
Values of cookies are never kept.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from functions_runtime.endpoint import Endpoint, shown_path
from functions_runtime.message import HeaderSize, Request, Response
from functions_runtime.ruling import (
    Action,
    AppendAttributes,
    RemoveField,
    ReplaceDomain,
    Respond,
    Rewrite,
    Severity,
    apply_edits,
)
from functions_runtime.syntax.rfc9110 import FIELD_LINE_OVERHEAD, Fields
from functions_runtime.wire_text import NAMELESS, printable

MAX_ENDPOINTS = 5_000
MAX_COOKIES = 1_000
MAX_ATTRIBUTES_SHOWN = 300
LARGEST_KEPT = 5

_DATE = re.compile(rb"(expires[ \t]*=)[^;]*", re.IGNORECASE)
# What is between quotes is a value, although a semicolon in it ends the cookie: its rest is not shown as a name.
_COOKIE_PAIR = re.compile(rb'(?:[^;"]|"[^"]*"?)+')

FOLDED = Endpoint("*", "*", "*")
"""Stands for all endpoints beyond the maximum."""


class Standing(enum.Enum):
    """How an endpoint or a site does under the Runtime. It is unknown if nothing was found and nothing responded."""

    UNKNOWN = "unknown"
    RUNS = "runs"
    CHANGES = "runs with changes"
    BREAKS = "breaks"


def standing_of(severity: Severity | None, *, answered: bool) -> Standing:
    """The standing that follows from the gravest finding, and from whether there was an answer at all."""
    if severity is Severity.ERROR:
        return Standing.BREAKS
    if severity is Severity.WARNING:
        return Standing.CHANGES
    return Standing.RUNS if answered else Standing.UNKNOWN


@dataclass(slots=True)
class Headroom:
    """The largest header section seen of one kind of message, and its largest parts as (name, bytes).

    A cookie in a Cookie header is a part of its own.
    """

    size: int = 0
    count: int = 0
    largest: tuple[tuple[str, int], ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:  # as for an entry
        return Headroom, (self.size, self.count, self.largest)

    def widen(self, measured: HeaderSize, fields: Fields) -> None:
        """Take a message into account."""
        if measured.count > self.count:
            self.count = measured.count
        if measured.size > self.size:
            self.size = measured.size
            self.largest = _largest(fields)

    def merge(self, other: Headroom) -> None:
        """Take into account what was measured elsewhere."""
        if other.count > self.count:
            self.count = other.count
        if (other.size, other.largest) > (self.size, self.largest):
            self.size, self.largest = other.size, other.largest


# More than a third of the requests of real pages have the same fields as one before them.
@lru_cache(maxsize=64)
def _largest(fields: Fields) -> tuple[tuple[str, int], ...]:
    parts: list[tuple[int, bytes, bool]] = []  # size, then the name of a field or else a cookie-pair
    for name, value in fields:
        if len(name) == 6 and name.lower() == b"cookie":
            parts += [(len(pair), pair, True) for pair in _COOKIE_PAIR.findall(value)]
        else:
            parts.append((len(name) + len(value) + FIELD_LINE_OVERHEAD, name, False))
    parts.sort(key=_SIZE, reverse=True)
    return tuple(
        [(_cookie_shown(part) if is_pair else _name_shown(part), size) for size, part, is_pair in parts[:LARGEST_KEPT]]
    )


_SIZE = itemgetter(0)


# The same few names come with every message.
@lru_cache(maxsize=256)
def _name_shown(name: bytes) -> str:
    return printable(name.lower(), 40)


def _cookie_shown(pair: bytes) -> str:
    cookie = pair.partition(b"=")[0].strip() if b"=" in pair else b""  # without a name, all of it is the value
    shown = printable(cookie, 40) if cookie and b'"' not in cookie else NAMELESS
    return f"cookie {shown}"


@dataclass(slots=True)
class SeenEndpoint:
    """An endpoint, and what was measured at it. `answered` says that there was a response, be it the Runtime's own."""

    endpoint: Endpoint
    exchanges: int
    request: Headroom
    response: Headroom
    answered: bool = False

    def __reduce__(self) -> tuple[Any, ...]:  # as for an entry
        return SeenEndpoint, (self.endpoint, self.exchanges, self.request, self.response, self.answered)


@dataclass(frozen=True, slots=True)
class SeenCookie:
    """A cookie without its value, as the site sets it and as the Runtime would. `runtime` is None if it is refused."""

    host: str
    name: str
    today: str
    runtime: str | None
    own: bool = True


Change = bytes | tuple[bytes, ...] | None
"""What an edit does to a Set-Cookie field: the Domain that it writes, None to cut it, or attributes to append."""

CookieKey = tuple[str, bytes, bytes, tuple[Change, ...] | None]
"""What makes a cookie one row: its host, its name, its attributes without a date, and what the Runtime changes.

The last is None if the Runtime refuses the response.
"""


class Inventory:
    """What was seen so far. `unmeasured` counts responses of which only what they were changed to is known."""

    def __init__(self) -> None:
        self._endpoints: dict[Endpoint, SeenEndpoint] = {}
        self._cookies: dict[CookieKey, SeenCookie] = {}
        self._sightings: dict[CookieKey, int] = {}
        self.further_cookies = 0
        self.unmeasured = 0

    @property
    def endpoints(self) -> tuple[SeenEndpoint, ...]:
        return tuple(self._endpoints.values())

    @property
    def cookies(self) -> tuple[SeenCookie, ...]:
        return tuple(self._cookies.values())

    def saw_request(self, endpoint: Endpoint, request: Request) -> None:
        """Take a request into account, and count it as an exchange."""
        seen = self._endpoint(endpoint)
        seen.exchanges += 1
        seen.request.widen(request.header_size, request.fields)

    def forget_exchange(self, endpoint: Endpoint) -> None:
        """Count one exchange less. What was measured stays, unless it was the only one."""
        name = endpoint if endpoint in self._endpoints else FOLDED
        seen = self._endpoints[name]
        seen.exchanges -= 1
        if not seen.exchanges:
            del self._endpoints[name]

    def saw_answer(self, endpoint: Endpoint) -> None:
        """Somebody answered, the Runtime itself perhaps."""
        self._endpoint(endpoint).answered = True

    def saw_changed_response(self, endpoint: Endpoint) -> None:
        """There was a response, but nobody knows any more what it was before it was changed."""
        self.saw_answer(endpoint)
        self.unmeasured += 1

    def saw_response(self, endpoint: Endpoint, response: Response) -> None:
        """Take a response into account."""
        seen = self._endpoint(endpoint)
        seen.answered = True
        seen.response.widen(response.header_size, response.fields)

    def saw_cookies(self, host: str, response: Response, action: Action) -> list[CookieKey | None]:
        """Take the cookies of a response into account, and what the Runtime makes of them.

        Returns what `forget_cookies` takes to undo that.
        """
        keys: list[CookieKey | None] = []
        changes = _changes_by_position(action)
        for position, line, cookie in response.cookies:
            attributes = _without_date(line.partition(b";")[2])
            key = (host, cookie.name, attributes, None if changes is None else changes.get(position, ()))
            seen = self._sightings.get(key)
            if seen is None:
                if len(self._cookies) >= MAX_COOKIES:
                    self.further_cookies += 1
                    keys.append(None)
                    continue
                self._cookies[key] = _row(host, cookie.name, line, key[3])
                seen = 0
            self._sightings[key] = seen + 1
            keys.append(key)
        return keys

    def forget_cookies(self, keys: Iterable[CookieKey | None]) -> None:
        """Undo what `saw_cookies` did."""
        for key in keys:
            if key is None:
                self.further_cookies -= 1
                continue
            self._sightings[key] -= 1
            if not self._sightings[key]:
                del self._sightings[key], self._cookies[key]

    def merge(self, other: Inventory) -> None:
        """Take in what was seen elsewhere. What is kept if there is too much does not depend on the order."""
        for name, seen in other._endpoints.items():
            self._merge_endpoint(name, seen)
        if len(self._endpoints) - (FOLDED in self._endpoints) > MAX_ENDPOINTS:
            for name in sorted(self._endpoints.keys() - {FOLDED})[MAX_ENDPOINTS:]:
                self._merge_endpoint(FOLDED, self._endpoints.pop(name))
        for key, row in other._cookies.items():
            mine = self._cookies.get(key)
            # Rows of one key differ in nothing but a date.
            self._cookies[key] = row if mine is None else min(mine, row, key=repr)
            self._sightings[key] = self._sightings.get(key, 0) + other._sightings[key]
        if len(self._cookies) > MAX_COOKIES:
            for key in sorted(self._cookies, key=repr)[MAX_COOKIES:]:
                del self._cookies[key]
                self.further_cookies += self._sightings.pop(key)
        self.further_cookies += other.further_cookies
        self.unmeasured += other.unmeasured

    def _merge_endpoint(self, name: Endpoint, seen: SeenEndpoint) -> None:
        mine = self._endpoints.get(name)
        if mine is None:
            mine = self._endpoints[name] = SeenEndpoint(name, 0, Headroom(), Headroom())
        mine.exchanges += seen.exchanges
        mine.request.merge(seen.request)
        mine.response.merge(seen.response)
        mine.answered = mine.answered or seen.answered

    def _endpoint(self, endpoint: Endpoint) -> SeenEndpoint:
        seen = self._endpoints.get(endpoint)
        if seen is None:
            if len(self._endpoints) >= MAX_ENDPOINTS:
                endpoint = FOLDED
            seen = self._endpoints.setdefault(endpoint, SeenEndpoint(endpoint, 0, Headroom(), Headroom()))
        return seen


# Servers set many cookies with the same few attributes, in every response.
@lru_cache(maxsize=256)
def _without_date(attributes: bytes) -> bytes:
    """Attributes as a key: a date that moves on does not make another cookie."""
    return _DATE.sub(rb"\1", attributes)[:MAX_ATTRIBUTES_SHOWN]


def _changes_by_position(action: Action) -> dict[int, tuple[Change, ...]] | None:
    """What happens to each Set-Cookie field; None if the response is refused."""
    if isinstance(action, Respond):
        return None
    changes: dict[int, tuple[Change, ...]] = {}
    if isinstance(action, Rewrite):
        for edit in action.edits:
            if not isinstance(edit, RemoveField):
                position, change = edit
                changes[position] = (*changes[position], change) if position in changes else (change,)
    return changes


def _row(host: str, name: bytes, line: bytes, changes: tuple[Change, ...] | None) -> SeenCookie:
    today = _attributes_of(line)
    after = None
    if changes is not None:
        edits = [AppendAttributes(0, each) if isinstance(each, tuple) else ReplaceDomain(0, each) for each in changes]
        after = _attributes_of(apply_edits(((b"", line),), edits)[0][1])
    return SeenCookie(printable(host, 255), printable(name), today, after)


_SHOWN_VALUES = {
    b"domain": re.compile(rb"[.a-z0-9_-]*", re.IGNORECASE),
    b"expires": re.compile(rb"[a-z0-9 ,:+-]{0,40}", re.IGNORECASE),
    b"max-age": re.compile(rb"-?[0-9]{0,20}"),
    b"path": re.compile(rb"/[a-z0-9/._~-]*", re.IGNORECASE),
    b"samesite": re.compile(rb"[a-z]*", re.IGNORECASE),
    b"secure": re.compile(rb""),
    b"httponly": re.compile(rb""),
    b"partitioned": re.compile(rb""),
}


def _attributes_of(line: bytes) -> str:
    """The attributes of a set-cookie-string, fit to be shown."""
    return _shown_attributes(line[len(line.partition(b";")[0]) :])


# Servers set many cookies with the same few attributes, in every response.
@lru_cache(maxsize=256)
def _shown_attributes(attributes: bytes) -> str:
    """What follows the name and value of a cookie, from its first semicolon on.

    A value with a semicolon, or two cookies folded into a line, put a secret among the attributes: what is none that
    browsers know, or does not look like its value, becomes an ellipsis.
    """
    shown = []
    for cookie_av in attributes.split(b";")[1:]:
        name, equals, value = cookie_av.strip().partition(b"=")
        attribute = name.strip().lower()
        looks = _SHOWN_VALUES.get(attribute)
        if looks is None:
            shown.append("…")
        elif not looks.fullmatch(value.strip()):
            shown.append(printable(name.strip()) + ("=…" if equals else ""))
        elif attribute == b"path":
            shown.append(f"{printable(name)}={shown_path(value.strip().decode())}")
        else:
            shown.append(printable(cookie_av.strip()))
    text = "; ".join(shown)
    return text if len(text) <= MAX_ATTRIBUTES_SHOWN else text[: MAX_ATTRIBUTES_SHOWN - 1] + "…"
