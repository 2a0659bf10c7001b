"""The Markdown report, read by a Markdown parser."""

from __future__ import annotations

import importlib.util
from html.parser import HTMLParser

import pytest

from functions_runtime.catalogue import BY_ID
from functions_runtime.record.inventory import FOLDED, Headroom, SeenCookie, Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.markdown import MAX_ROWS, render
from tests.functions_runtime.reports.sample import (
    ERROR,
    HOME,
    HOSTILE,
    INFO,
    LOGIN,
    NEVER,
    WARNING,
    entry,
    hostile_report,
    judged,
    report,
    unprintable,
)
from tests.requirements import require


def rows(rendered: Report, heading: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    after = render(rendered).split(f"{heading}", 1)[1].splitlines()
    start = next(number for number, line in enumerate(after) if line.startswith("| ---"))
    table = []
    for line in after[start + 1 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


@pytest.mark.parametrize(
    ("rendered", "headline"),
    [
        (report(exchanges=0, clean=0), "# Functions Runtime: nothing was judged."),
        (report(), "# Functions Runtime: no answer was seen, so nothing can be said of this site."),
        (
            report(endpoints=(judged(),)),
            "# Functions Runtime: nothing that was seen stands in the way of this site under the Runtime.",
        ),
        (report(entry(severity=WARNING)), "# Functions Runtime: this site runs under the Runtime, with changes."),
        (report(entry(severity=ERROR)), "# Functions Runtime: this site breaks under the Runtime."),
    ],
)
def test_the_verdict_comes_first(rendered: Report, headline: str) -> None:
    assert render(rendered).splitlines()[0] == headline


def test_where_nothing_was_judged_it_says_why() -> None:
    assert "None of 3 requests matched runtime_scope." in render(report(exchanges=0, clean=0, outside_scope=3))
    assert "runtime_scope" not in render(report(outside_scope=3))


def test_the_run_is_counted() -> None:
    text = render(report(entry(severity=ERROR), entry(severity=INFO, known=True), exchanges=1, clean=0))
    counts = "1 exchange judged, 0 clean: 1 error, 0 warnings, 1 info (1 known from the baseline)."
    assert f"\n\n{counts} Mode audit, limits 1000 bytes and 100.\n" in text
    assert "known" not in render(report())


def test_an_empty_report_has_no_tables() -> None:
    assert "|" not in render(report(exchanges=0, clean=0))


def test_endpoints_are_counted_by_how_they_do() -> None:
    endpoints = (judged(HOME, Standing.BREAKS), judged(LOGIN), judged(HOME), judged(HOME))
    assert rows(report(endpoints=endpoints), "# ") == [["Runs", "3", "75%"], ["Breaks", "1", "25%"]]


def test_a_finding_is_a_row_under_its_rule() -> None:
    rendered = report(
        entry("cookie-read-by-script", endpoint=LOGIN, subject="sid", count=2, known=True),
        entry("get-with-content", last_seen=NEVER, first_seen=NEVER),
    )
    script, get = BY_ID["cookie-read-by-script"], BY_ID["get-with-content"]
    text = render(rendered)
    assert f"### {script.title} (error)\n\n`{script.id}`, reading. What to do: {script.fix}\n\n```js\n" in text
    assert script.code in text
    assert rows(rendered, f"### {script.title}") == [
        [
            "error, known",
            "POST a.example/user/{id}/login",
            "sid",
            "A message.",
            "2",
            "2026-11-23T08:00:00Z",
            "2026-11-23T08:01:30Z",
        ]
    ]
    assert rows(rendered, f"### {get.title}") == [["error", "GET a.example/", "", "A message.", "1", "", ""]]


def test_what_was_folded_is_said() -> None:
    assert "further ones share the entry \\*." in render(report(endpoints=(judged(FOLDED), judged())))
    assert "further ones" not in render(report(endpoints=(judged(),)))
    assert "2 responses had been changed" in render(report(unmeasured=2))
    assert "\n\nCounted together, because there were too many: 2 findings.\n" in render(report(folded=2))


def test_cookies_stand_beside_what_they_become() -> None:
    cookies = (
        SeenCookie("a.example", "changed", "Path=/", "Path=/; Secure"),
        SeenCookie("a.example", "refused", "Max-Age=999999", None),
        SeenCookie("a.example", "same", "HttpOnly; Secure", "HttpOnly; Secure"),
        SeenCookie("a.example", "bare", "", "HttpOnly"),
    )
    rendered = report(cookies=cookies, further_cookies=3)
    assert rows(rendered, "## Cookies") == [
        ["a.example", "changed", "Path=/", "Path=/; Secure"],
        ["a.example", "refused", "Max-Age=999999", "refused with its response"],
        ["a.example", "same", "HttpOnly; Secure", "unchanged"],
        ["a.example", "bare", "no attributes", "HttpOnly"],
    ]
    assert "\n\nNot listed, because there were too many: 3 cookies.\n" in render(rendered)


def test_an_endpoint_is_a_row_with_its_headroom() -> None:
    endpoint = judged(
        LOGIN,
        Standing.BREAKS,
        "get-with-content",
        "cookie-session",
        exchanges=4,
        request=Headroom(250, 10),
        response=Headroom(1100, 3),
    )
    assert rows(report(endpoints=(endpoint,)), "## Endpoints") == [
        [
            "breaks",
            "POST a.example/user/{id}/login",
            "4",
            "get-with-content, cookie-session",
            "250 bytes (25%), 10 fields (10%)",
            "1100 bytes (110%), 3 fields (3%)",
        ]
    ]


def test_a_long_table_is_cut_and_says_so() -> None:
    entries = [entry(subject=f"cookie{number}") for number in range(MAX_ROWS + 2)]
    rendered = report(*entries)
    assert len(rows(rendered, "## Findings")) == MAX_ROWS
    assert "\n\n… and 2 more. The JSON report has them all.\n" in render(rendered)
    assert "… and" not in render(report(*entries[:MAX_ROWS]))


class Text(HTMLParser):
    """The elements and the text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_text_stays_text() -> None:
    require(
        importlib.util.find_spec("markdown_it") and importlib.util.find_spec("linkify_it"),
        "This takes the Python packages markdown-it-py and linkify-it-py.",
    )
    from markdown_it import MarkdownIt

    document = render(hostile_report())
    assert unprintable(document) == set()
    read = Text(MarkdownIt("gfm-like").render(document))
    ours = {"h1", "h2", "h3", "p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    assert read.elements == ours
    # A space of no width keeps GitHub from calling somebody.
    assert read.text.count(HOSTILE.replace("@", "@\u200b")) == document.count("onerror")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(1)"])
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    [[_, _, about, *_]] = rows(report(entry(subject=text)), "### ")
    assert about.startswith("\\")
