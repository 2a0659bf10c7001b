"""The verdict at the top of the HTML report."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import gather
from functions_runtime.reports.html.verdict import MAX_CAUSES, MAX_FOLDED, facts_of_host, section
from functions_runtime.reports.wording import headline, how_judged, lead, source, whose
from tests.functions_runtime.reports.html_tree import read, text, texts
from tests.functions_runtime.reports.sample import (
    ERROR,
    HOME,
    INFO,
    LOGIN,
    WARNING,
    entry,
    host,
    judged,
    notice,
    report,
)


def verdict(rendered: Report, *, live: bool = False) -> Element:
    return read(section(rendered, live=live))


def test_whose_site_it_is_comes_first_then_how_that_is_known() -> None:
    rendered = report(entry(), endpoints=(judged(HOME, Standing.BREAKS),), hosts=(host("a.example", ERROR),))
    root = verdict(rendered)
    assert texts(root, "div/div/h1") == [headline(rendered)]
    assert texts(root, "div/div/p") == [lead(rendered)]
    assert texts(root, "p[@class='source']") == [source(rendered)]
    [said] = texts(root, "p[@class='whose']")
    assert said.startswith(f"{whose(rendered)} Not your site? Name your host: ")
    assert texts(root, "p[@class='quiet']") == [
        f"{how_judged(rendered)} Limits on headers: 1,000 bytes, 100 fields and cookies."
    ]


@pytest.mark.parametrize(
    ("rendered", "live", "class_"),
    [
        (report(exchanges=0), False, "card nothing"),
        (report(endpoints=(judged(standing=Standing.UNKNOWN),)), False, "card nothing"),
        (report(endpoints=(judged(),), hosts=(host(exchanges=1),)), False, "card nothing"),
        (report(endpoints=(judged(),), hosts=(host(exchanges=100),)), False, "card runs"),
        (report(endpoints=(judged(),), hosts=(host(exchanges=100),)), True, "card nothing"),
        (report(entry(severity=WARNING), endpoints=(judged(),)), False, "card changes"),
        (report(entry(severity=ERROR), endpoints=(judged(),)), True, "card breaks"),
    ],
)
def test_a_tick_is_for_sites_of_which_enough_was_seen(rendered: Report, live: bool, class_: str) -> None:
    root = verdict(rendered, live=live)
    assert root.attrib["class"] == class_
    assert [path.attrib["class"] for path in root.findall("div/svg/path")] == [
        "sign-nothing",
        "sign-runs",
        "sign-changes",
        "sign-breaks",
    ]


def test_notices_come_before_everything_that_is_counted() -> None:
    root = verdict(report(entry(), notices=(notice("no-cookies", "No cookies."), notice("unreadable", "No file."))))
    assert texts(root, "ul[@class='notices']/li") == ["No cookies.", "No file."]
    classes = [child.attrib.get("class") for child in root]
    assert classes.index("notices") < classes.index("obstacles") < classes.index("facts")
    assert verdict(report()).find("ul[@class='notices']") is None


def test_the_run_is_counted_by_causes_at_own_hosts() -> None:
    rendered = report(
        entry(),
        entry(endpoint=LOGIN),
        entry("cors-opened", WARNING, known=True),
        entry(endpoint=HOME._replace(host="ads.example"), own=False),
        hosts=(host(), host("ads.example", ERROR, own=False, exchanges=1000)),
    )
    facts = verdict(rendered).findall("dl/div")
    assert [(text(fact.find("dt")), text(fact.find("dd")), fact.attrib["class"]) for fact in facts] == [
        ("Requests checked", "10", "fact requests"),
        ("Without a problem", "5 50%", "fact clean"),
        ("Errors", "1 2 findings", "fact errors"),
        ("Warnings", "1 1 finding", "fact warnings"),
        ("Infos", "0 0 findings", "fact infos none"),
        ("Known", "1 in the baseline", "fact"),
    ]
    facts = verdict(report(exchanges=0, clean=0, hosts=())).findall("dl/div")
    assert [text(fact.find("dd"))[0] for fact in facts] == ["0", "0", "0", "0", "0"]


def test_what_follows_a_chosen_host_is_there_for_the_site_and_for_each_host() -> None:
    root = verdict(report(entry(), endpoints=(judged(HOME, Standing.BREAKS),)))
    filled = {place.attrib["data-fill"]: text(place) for place in root.iter() if "data-fill" in place.attrib}
    assert {name: root.attrib[f"data-{name}"] for name in filled} == filled
    for each in (host("a.example", ERROR), host("b.example", None, own=False)):
        assert set(facts_of_host(each, ())) == {f"data_{name}".replace("-", "_") for name in (*filled, "standing")}


def test_a_host_has_a_verdict_of_its_own() -> None:
    own, other = host("a.example", ERROR), host("b.example", WARNING, own=False)
    causes = gather([entry(subject="a"), entry(subject="b"), entry(subject="b", endpoint=LOGIN)])
    changes = gather([entry("cors-opened", WARNING)])
    assert [facts_of_host(own, causes)["data_headline"], facts_of_host(other, changes)["data_headline"]] == [
        "a.example: 2 blocking issues",
        "b.example: no blocking issues, 1 warning",
    ]
    assert [facts_of_host(each, ())["data_lead"] for each in (own, other)] == [
        "One of your hosts.",
        "This host does not count as yours: the verdict leaves it out.",
    ]
    assert facts_of_host(host(exchanges=0), ())["data_part"] == ""


def test_how_to_choose_another_site_is_code() -> None:
    for sources, option in (((), "--set runtime_scope='~d HOST'"), (("a.har",), "--scope '~d HOST'")):
        root = verdict(report(entry(), sources=sources))
        assert texts(root, "p[@class='whose']/code") == [option]
    assert texts(verdict(report(entry(), scoped=True)), "p[@class='whose']") == [
        "The verdict is about a.example, all in your scope."
    ]
    assert verdict(report(hosts=())).find("p[@class='whose']") is None


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


def test_what_blocks_is_there_by_rule_with_its_causes_in_the_order_of_the_findings() -> None:
    obstacles = verdict(
        report(
            entry("get-with-content", ERROR, HOME),
            entry("cookie-lifetime-too-long", ERROR, HOME, "a", known=True),
            entry("cookie-lifetime-too-long", ERROR, HOME, "b"),
            entry("cookie-lifetime-too-long", ERROR, LOGIN, "b"),
            entry("cookie-lifetime-too-long", WARNING, LOGIN, "c"),
            entry("cookie-lifetime-too-long", ERROR, HOME._replace(host="ads.example"), "d", own=False),
            entry("cors-opened", WARNING, HOME),
        )
    ).find("div[@class='obstacles']")
    assert obstacles is not None
    assert texts(obstacles, "h2") == ["Blocking issues"]
    widespread, other = BY_ID["cookie-lifetime-too-long"], BY_ID["get-with-content"]
    assert [(link.attrib["href"], text(link)) for link in obstacles.findall("ol/li/a")] == [
        (f"#rule-{widespread.id}", widespread.title),
        (f"#rule-{other.id}", other.title),
    ]
    assert texts(obstacles, "ol/li/span") == ["at 2 endpoints", "at 1 endpoint"]
    assert texts(obstacles, "ol/li/p") == [f"Fix: {widespread.fix}", f"Fix: {other.fix}"]
    assert texts(obstacles, "ol/li/ul/li") == ["a at a.example/ (known)", "b at a.example (2 endpoints)", "a.example/"]
    assert {item.attrib["data-host"] for item in obstacles.findall("ol/li/ul/li")} == {"a.example"}


def test_a_cookie_without_a_name_is_called_that() -> None:
    obstacles = verdict(report(entry(subject="")))
    assert texts(obstacles, "div/ol/li/ul/li") == ["without a name at a.example/"]


def test_many_causes_of_one_rule_are_folded_and_very_many_counted() -> None:
    number = MAX_CAUSES + MAX_FOLDED + 5
    [item] = verdict(report(*(entry(subject=str(each)) for each in range(number)))).findall("div/ol/li")
    assert len(item.findall("ul/li")) == MAX_CAUSES
    assert texts(item, "details/summary") == [f"{number - MAX_CAUSES} more"]
    assert len(item.findall("details/ul/li")) == MAX_FOLDED
    assert texts(item, "details/p") == ["… and 5 more in the findings below."]


def test_without_an_error_it_is_the_warnings_and_without_those_nothing() -> None:
    warning = verdict(report(entry("cors-opened", WARNING), entry("cookie-session", INFO)))
    assert texts(warning, "div[@class='obstacles']/h2") == ["What would be different"]
    assert len(warning.findall("div[@class='obstacles']/ol/li")) == 1
    elsewhere = entry(endpoint=Endpoint("GET", "ads.example", "/"), own=False)
    for rendered in (report(entry("cookie-session", INFO)), report(), report(elsewhere)):
        assert verdict(rendered).find("div[@class='obstacles']") is None
