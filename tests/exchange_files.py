"""Exchanges as text files, one file a site: what it is, what is expected, and the exchanges as HTTP/1.1 writes them.

    A shop whose pages are made on the server.
    The last line is about nothing in particular.

    error cookie-read-by-script POST shop.example/cart csrf
    warning cors-opened POST shop.example/prices

    ==== the visitor looks at a page
    GET /cart?page=2 HTTP/1.1
    Host: shop.example

    (2.5 seconds later)
    HTTP/1.1 200 OK
    Set-Cookie: csrf=c8f1d0a94e7b

First comes a description; then, if anything is expected, one line for each finding, with the subject at its end if it
has one; then the exchanges, each under a heading. The line about time may be left out. A heading such as
`==== 31 at once: the visitors` stands for so many of the same exchange, all in flight at one time. Nothing has content:
its size is in Content-Length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.syntax.rfc9110 import Fields, field_values

FOLDER = Path(__file__).parent / "exchanges"

Outcome = tuple[str, str, str, str | None]
"""Severity, rule, endpoint and subject of a finding."""

_HEADING = re.compile(r"^====(?: ([0-9]+) at once:)?.*\n", re.MULTILINE)
_REQUEST_LINE = re.compile(r"(\S+) (/[^\s?]*)(?:\?(\S*))? HTTP/1\.1")
_STATUS_LINE = re.compile(r"HTTP/1\.1 ([0-9]{3}) .+")
_WAIT = re.compile(r"\(([0-9.]+) seconds later\)\n")
_EXPECTED = re.compile(r"(info|warning|error) (\S+) (\S+ \S+)(?: (\S+))?")


@dataclass(frozen=True)
class Site:
    """What one file tells."""

    name: str
    expected: frozenset[Outcome]
    exchanges: tuple[Exchange, ...]


def sites(folder: str) -> list[Site]:
    """The sites of one folder."""
    return [read_site(path.stem, path.read_text("utf-8")) for path in sorted((FOLDER / folder).glob("*.txt"))]


def read_site(name: str, text: str) -> Site:
    """The site that a text describes. Raises ValueError if the text is not as it should be."""
    top, *exchanges = _HEADING.split(text)
    description, *expected = top.strip().split("\n\n")
    if not description or len(expected) > 1:
        raise ValueError(f"{name} does not begin with a description and, under it, what is expected")
    lines = expected[0].splitlines() if expected else []
    outcomes = frozenset((m[1], m[2], m[3], m[4]) for m in (_matched(_EXPECTED, line) for line in lines))
    seen: list[Exchange] = []
    for times, exchange in zip(exchanges[::2], exchanges[1::2], strict=True):
        one = _exchange(exchange)
        seen += [replace(one, ended=1.0)] * int(times) if times else [one]
    return Site(name, outcomes, tuple(seen))


def _exchange(text: str) -> Exchange:
    sent, answered = text.strip().split("\n\n")
    first, fields = _head(sent)
    request_line = _matched(_REQUEST_LINE, first)
    [host] = field_values(fields, b"host")
    name = host.decode("ascii").partition(":")[0].lower()
    query = (request_line[3] or "").encode("ascii")
    request = Request(request_line[1], name, request_line[2], fields, domain=name, query=query)
    wait = _WAIT.match(answered)
    first, fields = _head(answered[wait.end() :] if wait else answered)
    status_line = _matched(_STATUS_LINE, first)
    return Exchange(request, Response(int(status_line[1]), fields, waited=float(wait[1]) if wait else None))


def _head(text: str) -> tuple[str, Fields]:
    first, *lines = text.splitlines()
    fields = (line.encode().partition(b":") for line in lines)
    return first, tuple((name, value.strip(b" \t")) for name, _, value in fields)


def _matched(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    if match := pattern.fullmatch(line):
        return match
    raise ValueError(f"{line!r} is not as it should be")
