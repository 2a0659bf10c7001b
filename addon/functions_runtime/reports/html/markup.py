"""HTML as values: elements, and tables made of them. The one place where text is escaped for HTML.

Whatever is not `Markup` is text: a name off the wire cannot become an element, wherever it is put.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple, TypeVar

from functions_runtime.wire_text import printable

VOID = frozenset({"input", "meta", "path", "rect"})
"""Elements that have no content: of HTML, and of SVG."""

MAX_ROWS = 300
"""Rows of one table that are shown: more are not read, and make a page slow."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | int | Iterable["Content"]
Attribute = str | int | float | None
Item = TypeVar("Item")


class Column(NamedTuple):
    """A column of a table: its heading, its class, and its first order if it can be sorted."""

    heading: str
    class_: str
    sort: str | None = None


UP, DOWN = "ascending", "descending"


def element(tag: str, *content: Content, **attributes: Attribute) -> Markup:
    """An element. Attributes are written as Python can, `class_` and `aria_label`; None and False leave one out."""
    start = tag + "".join(_attribute(name, value) for name, value in attributes.items())
    return Markup(f"<{start}/>") if tag in VOID else Markup(f"<{start}>{join(*content)}</{tag}>")


def join(*content: Content) -> Markup:
    """Several pieces of content as one."""
    return Markup("".join(_pieces(content)))


def lines(text: str) -> Markup:
    """Text whose line breaks stay, for an element that shows them."""
    return Markup("\n".join(_escape(line) for line in text.splitlines()))


def cell(class_: str, *content: Content, value: float | None = None, label: str | None = None) -> Markup:
    """A cell of a table. `value` is what to sort it by, if not its text; `label` stands before it on a phone."""
    return element("td", *content, class_=class_, data_value=value, data_label=label)


def head(class_: str, *content: Content) -> Markup:
    """The cell that says what its row is about."""
    return element("th", *content, class_=class_, scope="row")


def table(
    caption: str, id_: str, columns: Iterable[Column], items: Sequence[Item], row: Callable[[Item], Markup]
) -> Markup:
    """A table with a row for each item, up to `MAX_ROWS`; it says how many more there are."""
    headings = [
        element("th", column.heading, scope="col", class_=column.class_, data_sort=column.sort) for column in columns
    ]
    body = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", headings)),
        element("tbody", map(row, items[:MAX_ROWS])),
        id=id_,
    )
    return join(body, more(len(items) - MAX_ROWS, "rows (all are in the JSON report)"))


def identifier(*words: str) -> str:
    """A short name for something, fit for an id, the same whenever the page is made."""
    return hashlib.blake2s("\0".join(words).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def more(number: int, of: str) -> Content:
    """A line that says how many are not shown; nothing if all are."""
    return element("p", f"… and {number:,} more {of}.", class_="more") if number > 0 else ""


def _pieces(content: Iterable[Content]) -> Iterable[str]:
    for piece in content:
        if isinstance(piece, Markup):
            yield piece
        elif isinstance(piece, str | int):
            yield _escape(str(piece))
        else:
            yield from _pieces(piece)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{_escape(str(value))}"'


def _escape(text: str) -> str:
    return escape(printable(text, len(text)))
