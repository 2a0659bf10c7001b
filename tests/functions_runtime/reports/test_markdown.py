"""The Markdown report, read by a Markdown parser."""

from __future__ import annotations

import importlib.util
from html.parser import HTMLParser

import pytest

from functions_runtime import version
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
    host,
    hostile_report,
    judged,
    notice,
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


def test_whose_site_it_is_comes_first_then_notices_then_what_blocks() -> None:
    rendered = report(
        entry(subject="sid"),
        entry("cors-opened", WARNING),
        endpoints=(judged(HOME, Standing.BREAKS),),
        notices=(notice("no-cookies", "No *cookies*."),),
        sources=("a.har",),
    )
    lifetime = BY_ID["cookie-lifetime-too-long"]
    blocks = render(rendered).split("\n\n")
    assert blocks[0] == "# a.example: 1 blocking issue"
    assert blocks[1].startswith("a.har · 2026-11-23")
    assert blocks[2] == "> - No \\*cookies\\*."
    assert blocks[3].startswith("The verdict is about a.example. Not your site? Name your host: ")
    assert blocks[4:6] == [
        "## Blocking issues",
        f"1. **{lifetime.title}**: 1 cause at 1 endpoint. Fix: {lifetime.fix}",
    ]


def test_without_an_error_it_is_what_would_be_different_and_without_a_warning_nothing() -> None:
    assert "## What would be different" in render(report(entry("cors-opened", WARNING)))
    quiet = render(report(entry("cookie-session", INFO, subject="a")))
    assert "## What" not in quiet
    assert "## Blocking" not in quiet


def test_where_nothing_was_judged_it_says_why() -> None:
    assert "None of 3 requests matched the scope." in render(report(exchanges=0, clean=0, outside_scope=3))
    assert "runtime_scope" not in render(report(outside_scope=3))


def test_the_run_is_counted() -> None:
    rendered = report(
        entry(subject="a"), entry(endpoint=LOGIN, subject="a"), entry("cookie-session", INFO, subject="b", known=True)
    )
    counts = "10 requests checked, 5 without a problem. Found: 1 error, 0 warnings, 1 info (1 known from the baseline)."
    how = "Requests and responses were changed as the Runtime would change them."
    assert f"\n\n{counts} {how} Limits on headers: 1,000 bytes, 100 fields and cookies.\n" in render(rendered)
    assert "known" not in render(report())


def test_an_empty_report_has_no_tables() -> None:
    assert "|" not in render(report(exchanges=0, clean=0, hosts=()))


def test_endpoints_are_counted_by_how_they_do() -> None:
    endpoints = (judged(HOME, Standing.BREAKS), judged(LOGIN), judged(HOME), judged(HOME))
    assert rows(report(endpoints=endpoints), "# ") == [["Runs", "3", "75%"], ["Breaks", "1", "25%"]]


def test_a_cause_is_a_row_under_its_rule_with_its_facts_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    script = BY_ID["cookie-read-by-script"]
    one = entry(script.id, endpoint=LOGIN, subject="sid", count=2, known=True)
    rendered = report(
        one,
        *(
            entry(script.id, endpoint=HOME._replace(path=f"/{number}"), subject="sid", known=True)
            for number in range(3)
        ),
        entry(script.id, subject="other", last_seen=NEVER, first_seen=NEVER),
    )
    text = render(rendered)
    assert f"### {script.title} (error)\n\nFor example: " in text
    assert f"Fix: {script.fix} (`{script.id}`, {script.basis.words}; docs/rules.md#{script.id})\n\n```js\n" in text
    assert script.code in text
    monkeypatch.setattr(version, "RULES_URL", "https://docs.example/rules")
    assert f"; [docs/rules.md#{script.id}](https://docs.example/rules#{script.id}))\n\n```js\n" in render(rendered)
    [place] = script.cells(one.finding)
    assert rows(rendered, f"### {script.title}") == [
        [
            "sid (known)",
            "a.example",
            place,
            "POST /user/{id}/login, GET /0, GET /1 and 1 more",
            "5",
            "2026-11-23T08:00:00Z to 2026-11-23T08:01:30Z",
        ],
        ["other", "a.example", place, "GET /", "1", ""],
    ]


def test_a_single_cause_has_its_own_sentence_and_severities_show_if_they_differ() -> None:
    get = BY_ID["get-with-content"]
    text = render(report(entry(get.id)))
    assert f"### {get.title} (error)\n\n" in text
    assert "For example" not in text
    assert "| Severity |" not in text
    both = report(entry(severity=WARNING, subject="a"), entry(severity=ERROR, subject="b"))
    assert [row[0] for row in rows(both, "### ")] == ["error", "warning"]


def test_infos_are_gathered_in_one_table() -> None:
    session = BY_ID["cookie-session"]
    rendered = report(
        entry(session.id, subject="sid"),
        entry(session.id, subject="sid", endpoint=LOGIN),
        entry("cookie-lifetime-too-long", INFO, subject="id"),
    )
    assert "## Findings" not in render(rendered)
    assert rows(rendered, "## Infos") == [
        [session.title, "sid", "a.example", "GET /, POST /user/{id}/login", "2"],
        [BY_ID["cookie-lifetime-too-long"].title, "id", "a.example", "GET /", "1"],
    ]


def test_own_hosts_have_a_table_and_those_of_others_have_the_last() -> None:
    elsewhere = HOME._replace(host="ads.example")
    rendered = report(
        entry(subject="sid"),
        entry("get-with-content", endpoint=elsewhere, own=False),
        endpoints=(judged(HOME, Standing.BREAKS), judged(elsewhere, Standing.BREAKS, own=False)),
        cookies=(SeenCookie("ads.example", "id", "", None, own=False),),
        hosts=(
            host("a.example", ERROR, reasons=("cookie-lifetime-too-long",)),
            host("quiet.example"),
            host("ads.example", ERROR, own=False, reasons=("get-with-content",)),
        ),
    )
    assert rows(rendered, "## Hosts") == [
        ["a.example", "breaks", "10", "1", "0", "cookie-lifetime-too-long"],
        ["quiet.example", "runs", "10", "0", "0", ""],
    ]
    assert rows(rendered, "## Other hosts") == [["ads.example", "breaks", "10", "1", "0", "get-with-content"]]
    assert "leaves out 1 other host." in render(rendered)
    assert render(rendered).count("ads.example") == 1
    assert "## Cookies" not in render(rendered)
    assert "## Other hosts" not in render(report())


def test_what_was_folded_is_said() -> None:
    assert "the rest are counted together, under \\*." in render(report(endpoints=(judged(FOLDED), judged())))
    assert "further ones" not in render(report(endpoints=(judged(),)))
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
        ["a.example", "refused", "Max-Age=999999", "not set: the client gets an error instead of the response"],
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
            "1,100 bytes (110%), 3 fields (3%)",
        ]
    ]
    both = render(report(endpoints=(endpoint, judged(HOME))))
    assert "\n\nNot listed: 1 endpoint without a problem.\n" in both
    assert rows(report(endpoints=(endpoint, judged(HOME))), "## Endpoints")[0][0] == "breaks"
    unknown = render(report(endpoints=(judged(HOME, Standing.UNKNOWN),)))
    assert "Not listed: 1 endpoint without a response." in unknown
    assert "without a problem" not in unknown.partition("## Endpoints")[2]


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
    tables = {"table", "thead", "tbody", "tr", "th", "td"}
    ours = {"h1", "h2", "h3", "p", "code", "pre", "blockquote", "ul", "ol", "li", "strong", *tables}
    assert read.elements == ours
    # A space of no width keeps GitHub from calling somebody.
    assert read.text.count(HOSTILE.replace("@", "@\u200b")) == document.count("onerror")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(1)"])
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    [[about, *_]] = rows(report(entry(subject=text)), "### ")
    assert about.startswith("\\")
