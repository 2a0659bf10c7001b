"""The HTML report: the document, its policy, and the verdict at its top."""

from __future__ import annotations

import hashlib
import itertools
import re
from base64 import b64encode
from collections import Counter
from xml.etree.ElementTree import Element

import pytest

from functions_runtime.catalogue import BY_ID
from functions_runtime.record.inventory import Headroom, SeenCookie, Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.html.page import content, page, policy, render
from tests.functions_runtime.reports.html_tree import read, text, texts
from tests.functions_runtime.reports.sample import (
    ERROR,
    HOME,
    HOSTILE,
    INFO,
    LOGIN,
    WARNING,
    entry,
    hostile_report,
    judged,
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
)
EMPTY = report(exchanges=0, clean=0)


def verdict(rendered: Report) -> Element:
    section = read(content(rendered)).find("section[@id='verdict']")
    assert section is not None
    return section


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
    assert [section.attrib["id"] for section in sections] == ["verdict", "findings", "cookies", "headroom", "endpoints"]
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
    assert len(tables) >= 6
    for table in tables:
        assert text(table.find("caption"))
        assert all(heading.attrib["scope"] == "col" for heading in table.findall("thead/tr/th"))
        assert all(row.find("th[@scope='row']") is not None for row in table.findall("tbody/tr"))
    labelled = {id(control) for label in tree.iter("label") for control in label.iter("input") if text(label)}
    controls = list(tree.iter("input"))
    assert len(controls) >= 7
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


@pytest.mark.parametrize(
    ("rendered", "class_", "headline", "lead"),
    [
        (
            EMPTY,
            "card nothing",
            "Nothing has been judged yet.",
            "Open the site through the proxy: what it does shows here.",
        ),
        (
            report(exchanges=0, clean=0, outside_scope=2),
            "card nothing",
            "Nothing has been judged yet.",
            "None of 2 requests matched runtime_scope.",
        ),
        (
            report(entry(severity=INFO), endpoints=(judged(),)),
            "card runs",
            "Nothing that was seen stands in the way of this site under the Runtime.",
            "Found no error and no warning at 1 endpoint.",
        ),
        (
            report(entry(severity=WARNING), endpoints=(judged(HOME, Standing.CHANGES), judged(LOGIN))),
            "card changes",
            "This site runs under the Runtime, with changes.",
            "Found no error and 1 warning, at 1 of 2 endpoints.",
        ),
        (
            report(entry(), entry(subject="a"), endpoints=(judged(HOME, Standing.BREAKS), judged(LOGIN))),
            "card breaks",
            "This site breaks under the Runtime.",
            "Found 2 errors, at 1 of 2 endpoints.",
        ),
    ],
)
def test_the_verdict_comes_first(rendered: Report, class_: str, headline: str, lead: str) -> None:
    section = verdict(rendered)
    assert section.attrib["class"] == class_
    assert texts(section, "div/div/h1") == [headline]
    assert texts(section, "div/div/p") == [lead]
    assert read(content(rendered)).attrib["data-title"].startswith(headline)


def test_the_run_is_counted() -> None:
    facts = verdict(FULL).findall("dl/div")
    assert [(text(fact.find("dt")), text(fact.find("dd")), fact.attrib["class"].strip()) for fact in facts] == [
        ("Exchanges judged", "10", "fact"),
        ("Clean exchanges", "5 50% of them", "fact"),
        ("Errors", "1", "fact error"),
        ("Warnings", "1", "fact warning"),
        ("Infos", "1", "fact info"),
        ("Known", "1 from the baseline", "fact"),
    ]
    facts = verdict(EMPTY).findall("dl/div")
    assert [(text(fact.find("dt")), text(fact.find("dd")), fact.attrib["class"].strip()) for fact in facts] == [
        ("Exchanges judged", "0", "fact"),
        ("Clean exchanges", "0", "fact"),
        ("Errors", "0", "fact"),
        ("Warnings", "0", "fact"),
        ("Infos", "0", "fact"),
    ]


def test_the_share_of_endpoints_is_a_bar_and_words() -> None:
    endpoints = (judged(HOME, Standing.BREAKS), judged(HOME, Standing.CHANGES), judged(HOME), judged(LOGIN))
    coverage = verdict(report(endpoints=endpoints)).find("div[@class='coverage']")
    assert coverage is not None
    assert texts(coverage, "h2") == ["Seen: 4 endpoints"]
    assert texts(coverage, "ul/li") == ["runs: 2 (50%)", "runs with changes: 1 (25%)", "breaks: 1 (25%)"]
    bars = coverage.findall("svg/rect")
    assert [(bar.attrib["class"], bar.attrib["x"], bar.attrib["width"]) for bar in bars] == [
        ("runs", "0.00", "50.00"),
        ("changes", "50.00", "25.00"),
        ("breaks", "75.00", "25.00"),
    ]
    assert verdict(report()).find("div[@class='coverage']") is None


def test_what_stands_in_the_way_are_the_rules_of_the_gravest_findings_the_most_widespread_first() -> None:
    obstacles = verdict(
        report(
            entry("get-with-content", ERROR, HOME),
            entry("cookie-lifetime-too-long", ERROR, HOME, "a"),
            entry("cookie-lifetime-too-long", ERROR, HOME, "b"),
            entry("cookie-lifetime-too-long", ERROR, LOGIN),
            entry("cors-opened", WARNING, HOME),
        )
    ).find("div[@class='obstacles']")
    assert obstacles is not None
    assert texts(obstacles, "h2") == ["What stands in the way"]
    widespread, other = BY_ID["cookie-lifetime-too-long"], BY_ID["get-with-content"]
    assert texts(obstacles, "ol/li") == [
        f"{widespread.title} at 2 endpoints{widespread.fix}",
        f"{other.title} at 1 endpoint{other.fix}",
    ]
    assert [link.attrib["href"] for link in obstacles.findall("ol/li/a")] == [
        f"#rule-{widespread.id}",
        f"#rule-{other.id}",
    ]


def test_without_an_error_it_is_the_warnings_and_without_those_nothing() -> None:
    warning = verdict(report(entry("cors-opened", WARNING), entry("cookie-session", INFO)))
    assert texts(warning, "div[@class='obstacles']/h2") == ["What would be different"]
    assert len(warning.findall("div[@class='obstacles']/ol/li")) == 1
    for rendered in (report(entry("cookie-session", INFO)), report()):
        assert verdict(rendered).find("div[@class='obstacles']") is None


@pytest.mark.parametrize(
    ("mode", "enforced", "said"),
    [
        ("audit", 0, "Mode audit: nothing was changed; this is what the Runtime would do."),
        ("enforce", 10, "Mode enforce: the exchanges went as they would under the Runtime."),
        (
            "enforce",
            0,
            "Mode enforce, but all of it was recorded or audited: this is what the Runtime would do.",
        ),
        (
            "enforce",
            9,
            "Mode enforce: the exchanges went as they would under the Runtime. "
            "Of them, 1 exchange came from recordings or an audit: nothing was changed there.",
        ),
    ],
)
def test_it_says_how_it_was_judged(mode: str, enforced: int, said: str) -> None:
    [settings] = texts(verdict(report(mode=mode, enforced=enforced)), "p")
    assert settings == f"{said} Limits on headers: 1,000 bytes, 100 fields and cookies."
