"""HTML as a tree that tests can look into, read by the parser of the standard library."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

VOID = {"input", "meta", "path", "rect", "wbr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def read(html: str) -> Element:
    """The tree of one element, or of a document. An end tag that fits nothing fails the test."""
    reader = _Reader()
    reader.feed(html.removeprefix("<!DOCTYPE html>\n").rstrip("\n"))
    reader.close()
    return reader.builder.close()


def text(element: Element | None) -> str:
    """All text in an element, its white space as one reads it."""
    assert element is not None
    return " ".join("".join(element.itertext()).split())


def texts(root: Element, path: str) -> list[str]:
    """The text of each element that is found under a path."""
    return [text(element) for element in root.findall(path)]
