"""The site itself in the HTML report: cookies, headroom, endpoints."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import Headroom, SeenCookie, Standing
from functions_runtime.record.report import JudgedEndpoint
from functions_runtime.reports.html.site import cookies, endpoints, headroom, hosts
from tests.functions_runtime.reports.html_tree import read, text, texts
from tests.functions_runtime.reports.sample import ERROR, HOME, LOGIN, WARNING, entry, host, judged, report


def rows(section: Element, fold: str = "") -> list[Element]:
    """The rows of a part's table, or of a fold in it: what is beside the point, or what is of others."""
    return section.findall(f"details/{fold}table/tbody/tr")


REST = "details[@class='rest fold']/"
OTHERS = "details[@class='others fold']/"


def cookie_row(today: str, runtime: str | None) -> Element:
    [row] = rows(read(cookies(report(cookies=(SeenCookie("a.example", "sid", today, runtime),)))))
    return row


def marked(cell: Element) -> list[str]:
    """The attributes in a cell, those marked with how."""
    found = []
    for item in cell.findall("ul/li"):
        mark = next((child.tag for child in item if child.tag in ("del", "ins")), "")
        found.append(f"{mark} {text(item)}".strip())
    return found


def test_a_cookie_stands_beside_what_the_runtime_makes_of_it() -> None:
    row = cookie_row("Path=/; Domain=example.com;Secure", "Path=/; Domain=app.example.com;Secure; HttpOnly")
    name, host, today, runtime, effect = row
    assert [text(cell) for cell in (name, host, effect)] == ["sid", "a.example", "changed"]
    assert marked(today) == ["Path=/", "del Domain=example.com", "Secure"]
    assert marked(runtime) == ["Path=/", "ins Domain=app.example.com", "Secure", "ins HttpOnly"]


def test_a_cookie_that_stays_as_it_is() -> None:
    _, _, today, runtime, effect = cookie_row("HttpOnly; Secure", "HttpOnly; Secure")
    assert marked(today) == marked(runtime) == ["HttpOnly", "Secure"]
    assert text(effect) == "the same"


def test_a_cookie_that_is_refused() -> None:
    _, _, today, runtime, effect = cookie_row("Max-Age=999999", None)
    assert marked(today) == ["Max-Age=999999"]
    assert text(runtime) == "Not set: the client gets an error instead of the response."
    assert text(effect) == "refused"


def test_a_cookie_without_attributes() -> None:
    _, _, today, runtime, _ = cookie_row("", "HttpOnly")
    assert text(today) == "no attributes"
    assert marked(runtime) == ["ins HttpOnly"]


def test_a_cookie_without_a_name_has_a_heading_too() -> None:
    [row] = rows(read(cookies(report(cookies=(SeenCookie("a.example", "", "", ""),)))))
    assert text(row[0]) == "without a name"


def test_what_is_not_known_of_changed_recordings_is_said_and_not_shown_as_nothing() -> None:
    some = report(cookies=(SeenCookie("a.example", "sid", "", ""),), endpoints=(judged(),), unmeasured=3)
    for section in (cookies(some), headroom(some), cookies(report(unmeasured=3))):
        assert any(said.startswith("3 responses had been changed") for said in texts(read(section), "details/p"))
    assert texts(read(cookies(report(unmeasured=3))), "details/p")[0] == "It is unknown which cookies the site sets."
    [row] = rows(read(headroom(some)), REST)
    assert [text(cell) for cell in row[1:5]] == ["none seen"] * 4


def test_cookies_that_are_not_listed_are_counted() -> None:
    section = read(cookies(report(cookies=(SeenCookie("a.example", "sid", "", ""),), further_cookies=1200)))
    assert texts(section, "details/p[@class='more']") == ["… and 1,200 more that were too many to be kept."]


def measured(request: Headroom, response: Headroom, endpoint: Endpoint = HOME) -> JudgedEndpoint:
    return judged(endpoint, request=request, response=response)


@pytest.mark.parametrize(
    ("size", "level", "width", "words"),
    [
        (1, "far", "0.1", "1 B < 1%"),
        (599, "far", "47.9", "599 B 60%"),
        (600, "near", "48.0", "600 B 60%"),
        (800, "near", "64.0", "800 B 80%"),
        (801, "very-near", "64.1", "801 B 80%"),
        (1000, "very-near", "80.0", "1,000 B 100%"),
        (1001, "over", "80.1", "1,001 B 100% over the limit"),
        (5000, "over", "100.0", "5,000 B 500% over the limit"),
    ],
)
def test_a_bar_shows_how_much_of_a_limit_is_used(size: int, level: str, width: str, words: str) -> None:
    section = read(headroom(report(endpoints=(measured(Headroom(size, 0), Headroom()),))))
    [row] = rows(section, "" if size >= 600 else REST)
    bar = row[1].find("svg")
    assert bar is not None
    assert bar.attrib["class"] == f"bar {level}"
    track, fill, limit = bar.findall("rect")
    assert fill.attrib["width"] == width
    assert (track.attrib["width"], limit.attrib["x"]) == ("100", "80.0")
    assert text(row[1]) == words
    assert row[1].attrib["data-value"] == str(size)


def test_both_messages_are_measured_against_both_limits() -> None:
    [row] = rows(read(headroom(report(endpoints=(measured(Headroom(10, 20), Headroom(30, 40)),)))), REST)
    assert [text(cell) for cell in row[1:5]] == ["10 B 1%", "20 20%", "30 B 3%", "40 40%"]
    assert [cell.attrib["data-label"] for cell in row[1:5]] == [
        "Request size",
        "Request count",
        "Response size",
        "Response count",
    ]


def test_the_fullest_endpoint_comes_first_whichever_limit_it_is() -> None:
    paths = {
        "/size": (Headroom(500, 0), Headroom()),
        "/count": (Headroom(), Headroom(0, 90)),
        "/none": (Headroom(), Headroom()),
        "/response": (Headroom(), Headroom(700, 0)),
    }
    seen = tuple(measured(*both, Endpoint("GET", "a", path)) for path, both in paths.items())
    section = read(headroom(report(endpoints=seen)))
    assert [text(row[0]) for row in rows(section)] == ["GET a/count", "GET a/response"]
    assert [text(row[0]) for row in rows(section, REST)] == ["GET a/size", "GET a/none"]
    assert texts(section, "details/summary") == ["Headroom 2 endpoints above 60% of a limit"]
    assert texts(section, "details/details/summary") == ["2 endpoints below 60% of both limits"]


def test_the_largest_parts_are_named() -> None:
    parts = (("cookie sid", 1200), ("host", 11))
    [row] = rows(read(headroom(report(endpoints=(measured(Headroom(1211, 2, parts), Headroom()),)))))
    assert texts(row[5], "details/summary") == ["Request: cookie sid"]
    assert texts(row[5], "details/ul/li") == ["cookie sid 1,200 B", "host 11 B"]


def test_an_endpoint_without_an_exchange_has_no_headroom() -> None:
    section = read(headroom(report(endpoints=(judged(exchanges=0),))))
    assert section.find("details/table") is None
    assert texts(section, "details/p") == ["No headers have been seen."]


def test_the_share_that_was_exercised_and_is_clean_is_said() -> None:
    seen = (judged(HOME, Standing.BREAKS, "get-with-content"), judged(LOGIN), judged(HOME, exchanges=0))
    section = read(endpoints(report(endpoints=seen)))
    assert texts(section, "details/p") == [
        "Endpoints that responded: 2 of 3. Without a problem: 1 (50%). "
        "Endpoints that were never requested cannot be judged."
    ]


def test_where_nothing_was_exercised_nothing_is_clean() -> None:
    section = read(endpoints(report(endpoints=(judged(exchanges=0),))))
    assert texts(section, "details/p")[0].startswith("Endpoints that responded: 0 of 1. Without a problem: 0. ")


def test_an_endpoint_says_how_it_does_and_why() -> None:
    seen = (
        judged(LOGIN, Standing.BREAKS, "get-with-content", "cookie-session", exchanges=1500),
        judged(HOME, Standing.CHANGES),
        judged(HOME, Standing.RUNS),
        judged(HOME, Standing.UNKNOWN),
    )
    section = read(endpoints(report(endpoints=seen)))
    found = [*rows(section), *rows(section, REST)]
    assert [len(rows(section)), len(rows(section, REST))] == [2, 2]
    assert texts(section, "details/details/summary") == ["2 endpoints with no problem seen"]
    verdict, where, exchanges, reasons = found[0]
    assert [text(cell) for cell in (verdict, where, exchanges)] == ["breaks", "POST a.example/user/{id}/login", "1,500"]
    assert texts(reasons, "ul/li") == [BY_ID["get-with-content"].title, BY_ID["cookie-session"].title]
    assert [link.attrib["href"] for link in reasons.findall("ul/li/a")] == [
        "#rule-get-with-content",
        "#rule-cookie-session",
    ]
    assert [text(row[3]) for row in found[1:]] == ["", "", ""]
    assert [row[0].attrib["data-value"] for row in found] == ["3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (cookies, "No Set-Cookie field was seen."),
        (headroom, "No headers have been seen."),
        (endpoints, "No endpoint has been seen."),
    ],
)
def test_an_empty_section_says_so(section: object, words: str) -> None:
    assert callable(section)
    assert texts(read(section(report())), "details/p") == [words]


def test_what_is_of_other_hosts_is_folded_in_every_part() -> None:
    elsewhere = Endpoint("GET", "ads.example", "/pixel")
    rendered = report(
        endpoints=(judged(HOME, Standing.BREAKS), judged(elsewhere, Standing.BREAKS, own=False)),
        cookies=(SeenCookie("a.example", "sid", "", None), SeenCookie("ads.example", "id", "", None, own=False)),
        hosts=(host(), host("ads.example", ERROR, own=False)),
    )
    for part, noun in ((cookies, "cookie"), (endpoints, "endpoint"), (headroom, "endpoint")):
        section = read(part(rendered))
        assert [row.attrib["data-host"] for row in rows(section, OTHERS)] == ["ads.example"]
        assert texts(section, "details/details")[-1].startswith(f"Other hosts: 1 {noun}")
    assert texts(read(cookies(rendered)), "details/summary") == ["Cookies 1, 1 would be refused"]
    assert texts(read(endpoints(rendered)), "details/summary") == ["Endpoints 1, 1 would break"]


def test_a_host_is_a_row_with_its_own_verdict_and_can_be_chosen() -> None:
    section = read(
        hosts(
            report(
                entry(subject="a"),
                entry(subject="a", endpoint=LOGIN),
                entry("cors-opened", WARNING),
                hosts=(
                    host("a.example", ERROR, exchanges=1500, reasons=("cookie-lifetime-too-long", "cors-opened")),
                    host("quiet.example"),
                    host("ads.example", ERROR, own=False, reasons=("get-with-content",)),
                ),
            )
        )
    )
    own, quiet = section.findall("table/tbody/tr")
    assert [text(cell) for cell in own][:5] == ["a.example", "breaks", "1,500", "1", "1"]
    assert [link.attrib["href"] for link in own.iter("a")] == ["#rule-cookie-lifetime-too-long", "#rule-cors-opened"]
    assert own.attrib["data-headline"] == "a.example: 1 blocking issue"
    assert [text(cell) for cell in quiet] == ["quiet.example", "runs", "10", "0", "0", ""]
    [other] = section.findall(f"{OTHERS}table/tbody/tr")
    assert [link.attrib["href"] for link in other.iter("a")] == ["#other-rule-get-with-content"]
    assert [name.attrib["data-choose"] for name in section.iter("span") if "data-choose" in name.attrib] == [
        "a.example",
        "quiet.example",
        "ads.example",
    ]


def test_parts_are_open_on_a_wide_screen_only() -> None:
    for part in (cookies, headroom, endpoints):
        details = read(part(report())).find("details")
        assert details is not None
        assert ("open" in details.attrib, "data-wide" in details.attrib) == (False, True)
