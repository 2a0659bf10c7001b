"""The HTML report: the document, its policy, and the verdict at its top."""

from __future__ import annotations

import hashlib
import itertools
import re
from base64 import b64encode
from collections import Counter

import pytest

from functions_runtime.record.inventory import Headroom, SeenCookie, Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.html.page import content, page, policy, render
from functions_runtime.reports.wording import headline
from tests.functions_runtime.reports.html_tree import read, text
from tests.functions_runtime.reports.sample import (
    ERROR,
    HOME,
    HOSTILE,
    LOGIN,
    WARNING,
    entry,
    host,
    hostile_report,
    judged,
    notice,
    report,
    unprintable,
)

FULL = report(
    entry("cookie-read-by-script", subject="sid"),
    entry("headers-near-limit", WARNING, LOGIN),
    entry("cookie-session", subject="sid", known=True),
    endpoints=(
        judged(HOME, Standing.BREAKS, "cookie-read-by-script"),
        judged(LOGIN, request=Headroom(1, 1, (("a", 1),))),
    ),
    cookies=(SeenCookie("a.example", "sid", "", "HttpOnly"),),
    further_cookies=1,
    folded=1,
    hosts=(host("a.example", ERROR, reasons=("cookie-read-by-script",)), host("ads.example", None, own=False)),
    notices=(notice(),),
)
EMPTY = report(exchanges=0, clean=0)


def parsed_policy(text: str) -> dict[str, str]:
    return {directive.split(" ", 1)[0]: directive.split(" ", 1)[1] for directive in text.split("; ")}


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    tree = read(render(FULL))
    [told] = [meta.attrib["content"] for meta in tree.findall("head/meta[@http-equiv='Content-Security-Policy']")]
    assert told == policy(live=False)
    hashes = {}
    for tag in ("style", "script"):
        [source] = [element.text or "" for element in tree.iter(tag)]
        hashes[tag] = f"'sha256-{b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
    assert parsed_policy(told) == {
        "default-src": "'none'",
        "style-src": hashes["style"],
        "script-src": hashes["script"],
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_a_live_page_may_ask_its_own_server() -> None:
    assert parsed_policy(policy(live=True)) == {**parsed_policy(policy(live=False)), "connect-src": "'self'"}


@pytest.mark.parametrize("rendered", [FULL, EMPTY, hostile_report()])
def test_nothing_comes_from_elsewhere_and_nothing_needs_more_than_the_policy_allows(rendered: Report) -> None:
    tree = read(render(rendered))
    for element in tree.iter():
        assert {"src", "style", "srcset", "background", "action", "formaction", "poster"}.isdisjoint(element.attrib)
        assert not [name for name in element.attrib if name.startswith("on")]
        if element.tag == "a":
            assert element.attrib["href"].startswith(("#", "https://"))
            assert element.attrib["href"].startswith("#") or element.attrib["rel"] == "noopener noreferrer"
        else:
            assert "href" not in element.attrib


@pytest.mark.parametrize("rendered", [FULL, EMPTY])
def test_it_can_be_found_through_by_landmarks_and_headings(rendered: Report) -> None:
    tree = read(render(rendered))
    body = tree.find("body")
    assert body is not None
    assert [child.tag for child in body] == ["header", "main", "footer", "script"]
    assert tree.attrib["lang"] == "en"
    assert body.find("header/nav[@aria-label]") is not None
    sections = body.findall("main/section")
    assert [section.attrib["id"] for section in sections] == [
        "verdict",
        "hosts",
        "findings",
        "cookies",
        "headroom",
        "endpoints",
    ]
    assert [link.attrib["href"] for link in body.findall("header/nav/ul/li/a")] == [
        f"#{section.attrib['id']}" for section in sections
    ]
    levels = [int(element.tag[1]) for element in tree.iter() if re.fullmatch("h[1-6]", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in itertools.pairwise(levels))


@pytest.mark.parametrize("rendered", [FULL, hostile_report()])
def test_what_is_linked_to_is_there_once(rendered: Report) -> None:
    tree = read(render(rendered))
    ids = Counter(element.attrib["id"] for element in tree.iter() if "id" in element.attrib)
    assert set(ids.values()) == {1}
    targets = {link.attrib["href"][1:] for link in tree.iter("a") if link.attrib["href"].startswith("#")}
    assert targets - set(ids) == set()


def test_every_table_and_control_has_a_name() -> None:
    tree = read(render(FULL))
    tables = list(tree.iter("table"))
    assert len(tables) >= 8
    for table in tables:
        assert text(table.find("caption"))
        assert all(heading.attrib["scope"] == "col" for heading in table.findall("thead/tr/th"))
        assert all(row.find("th[@scope='row']") is not None for row in table.findall("tbody/tr"))
    labelled = {
        id(control) for label in tree.iter("label") for control in [*label.iter("input"), *label.iter("select")]
    }
    controls = [*tree.iter("input"), *tree.iter("select")]
    assert len(controls) >= 8
    assert [control for control in controls if id(control) not in labelled] == []
    assert all(text(legend) for legend in tree.iter("legend"))
    drawings = list(tree.iter("svg"))
    assert drawings
    assert all(drawing.attrib["aria-hidden"] == "true" for drawing in drawings)


def test_hostile_text_stays_text() -> None:
    document = render(hostile_report())
    assert unprintable(document) == set()
    tree = read(document)
    assert list(tree.iter("img")) == []
    assert len(list(tree.iter("script"))) == 1
    assert HOSTILE in text(tree)


def test_a_live_page_says_so_and_how_it_goes() -> None:
    live, still = read(page(content(FULL), live=True)), read(render(FULL))
    assert live.find("body[@data-live]") is not None
    status = live.find("body/header/p[@id='live']")
    assert status is not None
    assert status.attrib["role"] == "status"
    assert still.find("body[@data-live]") is None
    assert still.find("body/header/p[@id='live']") is None


def test_the_title_is_the_verdict() -> None:
    assert read(content(FULL)).attrib["data-title"] == f"{headline(FULL)} – Functions Runtime report"
    live = read(content(FULL, live=True))
    assert live.attrib["data-title"] == f"{headline(FULL, live=True)} – Functions Runtime report"
