"""The findings in the HTML report."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from functions_runtime import version
from functions_runtime.catalogue import BY_ID, RULES, say
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import FOLDED
from functions_runtime.reports.html.findings import MAX_ENDPOINTS, MAX_ENDPOINTS_OF_CAUSE, name, section
from functions_runtime.reports.html.markup import MAX_ROWS
from functions_runtime.reports.wording import HOW_SURE
from functions_runtime.rule import Subject
from functions_runtime.ruling import Basis
from tests.functions_runtime.reports.html_tree import read, text, texts
from tests.functions_runtime.reports.sample import (
    EIGHT,
    ERROR,
    HOME,
    INFO,
    LOGIN,
    NEVER,
    WARNING,
    entry,
    host,
    report,
)

ELSEWHERE = Endpoint("GET", "ads.example", "/pixel")
LIFETIME = BY_ID["cookie-lifetime-too-long"]


def tree(*entries: Entry, folded: int = 0) -> Element:
    return read(section(report(*entries, folded=folded)))


def groups(view: str, *entries: Entry) -> list[Element]:
    return tree(*entries).findall(f"div[@data-view='{view}']/div[@class='own']/details")


def rows(group: Element) -> list[list[str]]:
    return [[text(cell) for cell in row] for row in group.findall("table/tbody/tr")]


def headings(group: Element) -> list[str]:
    return texts(group, "table/thead/tr/th")


def test_findings_are_there_by_rule_with_the_gravest_first() -> None:
    found = groups(
        "rule",
        entry("cookie-session", INFO, subject="a"),
        entry("cors-opened", WARNING),
        entry("cors-opened", WARNING, LOGIN),
    )
    assert [group.attrib["id"] for group in found] == ["rule-cors-opened", "rule-cookie-session"]
    assert texts(found[0], "summary/h4") == [BY_ID["cors-opened"].title]
    assert texts(found[0], "summary/span") == ["Warning", "1 cause at 2 endpoints · seen 2×"]
    assert ["data-wide" in group.attrib for group in found] == [False, False]


def test_that_there_are_no_findings_is_said_in_both_views() -> None:
    assert texts(tree(), "div/div/p") == ["There are none.", "There are none."]
    assert texts(tree(entry()), "div/div/p") == []


def test_only_the_first_of_the_errors_is_open_and_that_on_a_wide_screen() -> None:
    found = groups("rule", entry("get-with-content"), entry("method-unsupported"), entry("cookie-session", INFO))
    assert ["data-wide" in group.attrib for group in found] == [True, False, False]
    assert ["open" in group.attrib for group in found] == [False, False, False]


def test_a_rule_says_what_happens_how_to_fix_it_and_how_sure_that_is() -> None:
    rule = BY_ID["cookie-read-by-script"]
    one = entry(rule.id, subject="csrf")
    [group] = groups("rule", one)
    about = group.find("div[@class='about']")
    assert about is not None
    happens, fix, explanation, sure = texts(about, "p")
    assert happens == f"What happens: {say(one.finding)}"
    assert fix == f"Fix: {rule.fix}"
    assert explanation == " ".join(rule.explanation.split())
    assert sure == (
        "How sure: our interpretation of what the documentation leaves open. "
        f"Described in the project's docs/rules.md#{rule.id}. Sources:"
    )
    [code] = about.findall("pre/code")
    assert code.text == rule.code.rstrip("\n")
    assert [link.attrib["href"] for link in about.findall("ul/li/a")] == list(rule.references)


def test_a_rule_links_to_its_page_once_that_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = BY_ID["cookie-read-by-script"]
    monkeypatch.setattr(version, "RULES_URL", "https://docs.example/rules")
    [group] = groups("rule", entry(rule.id, subject="csrf"))
    link = group.find("div[@class='about']/p/a")
    assert link is not None
    assert link.attrib["href"] == f"https://docs.example/rules#{rule.id}"


def test_of_several_causes_the_sentence_is_an_example() -> None:
    first = entry(subject="a")
    [group] = groups("rule", first, entry(subject="b"))
    assert texts(group, "div/p")[0] == f"For example: {say(first.finding)}"


def test_a_rule_without_code_shows_none() -> None:
    rule = next(rule for rule in RULES if not rule.code)
    [group] = groups("rule", entry(rule.id))
    assert group.find("div/pre") is None


@pytest.mark.parametrize("basis", Basis)
def test_every_basis_is_explained(basis: Basis) -> None:
    rule = next((rule for rule in RULES if rule.basis is basis), None)
    if rule is None:
        pytest.skip(f"No rule stands on {basis.value} as a whole.")
    [group] = groups("rule", entry(rule.id))
    assert f"How sure: {HOW_SURE[basis]}. " in text(group.find("div[@class='about']"))


def test_a_cause_is_a_row_with_its_facts_in_columns() -> None:
    one = entry(subject="sid", endpoint=LOGIN, count=1234)
    [group] = groups("rule", one)
    assert headings(group) == [
        "Cookie",
        "Host",
        *(heading for heading, _ in LIFETIME.columns),
        "Endpoints",
        "Times seen",
        "When (UTC)",
    ]
    assert rows(group) == [
        [
            "sid",
            "a.example",
            *LIFETIME.cells(one.finding),
            "POST /user/{id}/login",
            "1,234",
            "2026-11-23 08:00:00 – 08:01:30",
        ]
    ]
    [row] = group.findall("table/tbody/tr")
    assert (row.attrib["data-severity"], row.attrib["data-host"]) == ("error", "a.example")


def test_a_rule_about_messages_has_the_host_in_front() -> None:
    rule = next(rule for rule in RULES if rule.subject is Subject.MESSAGE)
    [group] = groups("rule", entry(rule.id))
    assert headings(group)[0] == "Host"
    assert [cell.tag for cell in group.findall("table/tbody/tr/*")][:1] == ["th"]


def test_rows_say_their_severity_only_if_it_differs() -> None:
    [group] = groups("rule", entry(subject="a"), entry(subject="b", severity=WARNING))
    assert headings(group)[0] == "Severity"
    assert [row[0] for row in rows(group)] == ["Error", "Warning"]
    assert [cell.attrib["data-value"] for cell in group.findall("table/tbody/tr/td[@class='severity']")] == ["3", "2"]


def test_without_columns_the_sentence_is_in_the_rows_only_if_facts_differ() -> None:
    rule = next(rule for rule in RULES if not rule.columns)
    one, other = entry(rule.id, subject="a"), entry(rule.id, subject="b")
    [alike] = groups("rule", one, other)
    assert "Finding" not in headings(alike)
    other.finding = other.finding._replace(facts=(*other.finding.facts, ("more", 1)))
    [different] = groups("rule", one, other)
    assert "Finding" in headings(different)
    assert say(one.finding) in rows(different)[0]


def test_times_are_one_if_they_are_the_same_and_have_two_days_if_those_differ() -> None:
    for first, last, said in (
        (EIGHT, EIGHT + 0.5, "2026-11-23 08:00:00"),
        (EIGHT, EIGHT + 90, "2026-11-23 08:00:00 – 08:01:30"),
        (EIGHT, EIGHT + 86400, "2026-11-23 08:00:00 – 2026-11-24 08:00:00"),
        (EIGHT, NEVER, "2026-11-23 08:00:00"),
        (NEVER, NEVER, "unknown"),
    ):
        [group] = groups("rule", entry(first_seen=first, last_seen=last))
        assert rows(group)[0][-1] == said


def test_known_causes_are_marked_and_counted() -> None:
    [group] = groups("rule", entry(subject="a", known=True), entry(subject="b", count=2))
    assert [row.attrib.get("data-known") for row in group.findall("table/tbody/tr")] == ["", None]
    assert [row[0] for row in rows(group)] == ["a known", "b"]
    assert texts(group, "summary/span")[1] == "2 causes at 1 endpoint · seen 3× · 1 known"


def test_the_endpoints_of_a_cause_fold_and_say_what_differs_there() -> None:
    paths = [Endpoint("GET", "a.example", f"/{number}") for number in range(3)]
    usual, often, known = (entry(subject="sid", endpoint=path) for path in paths)
    often.count, known.known = 2000, True
    fact = next(iter(dict(usual.finding.facts)))
    often.finding = often.finding._replace(
        facts=tuple((each, "another" if each == fact else value) for each, value in often.finding.facts)
    )
    [group] = groups("rule", usual, often, known)
    [row] = group.findall("table/tbody/tr")
    assert texts(row, "td/details/summary") == ["GET /0 and 2 more"]
    assert texts(row, "td/details/ul/li") == ["GET /0", "GET /1 2,000× another", "GET /2 known"]
    assert [cell.attrib["data-value"] for cell in row.findall("td[@class='ends']")] == ["3"]


def test_very_many_endpoints_of_a_cause_are_counted() -> None:
    paths = [Endpoint("GET", "a.example", f"/{number}") for number in range(MAX_ENDPOINTS_OF_CAUSE + 3)]
    [group] = groups("rule", *(entry(subject="sid", endpoint=path) for path in paths))
    assert len(group.findall("table/tbody/tr/td/details/ul/li")) == MAX_ENDPOINTS_OF_CAUSE
    assert texts(group, "table/tbody/tr/td/details/p") == ["… and 3 more endpoints (all are in the JSON report)."]


def test_what_is_at_other_hosts_is_folded_in_both_views() -> None:
    root = tree(
        entry(subject="a"), entry(subject="b", endpoint=ELSEWHERE, own=False), entry("get-with-content", own=True)
    )
    for view, prefix in (("rule", "other-rule-cookie-lifetime-too-long"), ("endpoint", "endpoint-")):
        [fold] = root.findall(f"div[@data-view='{view}']/details")
        assert texts(fold, "summary")[0] == "Findings at 1 other host"
        [group] = fold.findall("details")
        assert group.attrib["id"].startswith(prefix)
    [link] = root.findall("div[@data-view='endpoint']/details/details/table/tbody/tr/th/a")
    assert link.attrib["href"] == "#other-rule-cookie-lifetime-too-long"
    assert [view.attrib["data-all"] for view in root.findall("div[@data-view]")] == ["2", "2"]


def test_both_views_hold_the_same_findings() -> None:
    entries = (
        entry("get-with-content", endpoint=LOGIN),
        entry(subject="sid", endpoint=LOGIN),
        entry(subject="sid", endpoint=HOME),
    )
    by_rule, by_endpoint = groups("rule", *entries), groups("endpoint", *entries)
    assert [len(rows(group)) for group in by_rule] == [1, 1]
    assert [len(rows(group)) for group in by_endpoint] == [2, 1]
    assert texts(by_endpoint[0], "summary/h4") == ["POST a.example/user/{id}/login"]
    assert texts(by_endpoint[0], "summary/span") == ["Error", "2 findings · seen 2×"]
    rule = BY_ID["get-with-content"]
    facts = [
        f"{heading}: {cell}"
        for (heading, _), cell in zip(LIFETIME.columns, LIFETIME.cells(entries[1].finding), strict=True)
    ]
    assert [row[:4] for row in rows(by_endpoint[0])] == [
        ["Error", rule.title, "–", say(entries[0].finding)],
        ["Error", LIFETIME.title, "sid", "; ".join(facts)],
    ]
    assert [link.attrib["href"] for link in by_endpoint[0].findall("table/tbody/tr/th/a")] == [
        "#rule-get-with-content",
        "#rule-cookie-lifetime-too-long",
    ]


def test_a_known_finding_is_marked_at_its_endpoint() -> None:
    [group] = groups("endpoint", entry(known=True))
    assert rows(group)[0][0] == "Error known"
    assert texts(group, "summary/span")[1] == "1 finding · seen 1× · 1 known"


def test_rows_and_groups_keep_their_ids_however_the_report_grows() -> None:
    before = tree(entry(subject="a"))
    after = tree(entry("get-with-content"), entry(subject="b", endpoint=LOGIN), entry(subject="a", count=5))

    def ids(root: Element) -> set[str]:
        return {element.attrib["id"] for element in root.iter() if "id" in element.attrib}

    assert ids(before) < ids(after)


def test_a_long_group_is_cut_and_says_so() -> None:
    [group] = groups("rule", *(entry(subject=str(number)) for number in range(MAX_ROWS + 5)))
    assert len(rows(group)) == MAX_ROWS
    assert texts(group, "p") == ["… and 5 more rows (all are in the JSON report)."]
    assert texts(group, "summary/span")[1] == f"{MAX_ROWS + 5} causes at 1 endpoint · seen {MAX_ROWS + 5}×"


def test_many_endpoints_are_cut_and_that_is_said() -> None:
    entries = [entry(endpoint=Endpoint("GET", "a.example", f"/{number}")) for number in range(MAX_ENDPOINTS + 3)]
    view = tree(*entries).find("div[@data-view='endpoint']/div")
    assert view is not None
    assert len(view.findall("details")) == MAX_ENDPOINTS
    assert texts(view, "p") == ["… and 3 more endpoints."]


def test_what_was_folded_is_said() -> None:
    view = tree(entry(), folded=7).find("div[@data-view='rule']/div")
    assert view is not None
    assert texts(view, "p") == ["… and 7 more findings at further endpoints, which are counted together."]


def test_the_controls_wait_for_the_script_and_infos_wait_to_be_asked_for() -> None:
    root = tree(entry(), entry(subject="a"))
    controls = root.find("form[@id='tools']")
    assert controls is not None
    assert "hidden" in controls.attrib
    boxes = {box.attrib.get("value") or box.attrib["id"]: "checked" in box.attrib for box in controls.iter("input")}
    assert boxes == {
        "filter-text": False,
        "error": True,
        "warning": True,
        "info": False,
        "show-known": True,
        "rule": True,
        "endpoint": False,
    }
    assert root.find("p[@role='status']") is not None
    assert [view.attrib["data-noun"] for view in root.findall("div[@data-view]")] == ["cause", "finding"]


def test_every_host_can_be_chosen() -> None:
    root = read(section(report(hosts=(host("a.example", ERROR), host("ads.example", None, own=False)))))
    options = root.findall("form/label/select/option")
    assert [(option.attrib["value"], option.text) for option in options] == [
        ("", "All, yours first"),
        ("a.example", "a.example"),
        ("ads.example", "ads.example"),
    ]


def test_the_parts_of_an_endpoint_can_be_told_apart_and_a_path_can_break() -> None:
    assert name(LOGIN) == (
        '<span class="endpoint"><b>POST</b> <span class="quiet">a.example</span>'
        "/<wbr>user/<wbr>{id}/<wbr>login<wbr></span>"
    )
    assert text(read(name(FOLDED))) == "all further endpoints"


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/list", "Try it:"),
        ("/list/{id}", "Try it, with a value of your own for each placeholder in braces:"),
    ],
)
def test_a_command_says_what_has_to_be_filled_in(path: str, how: str) -> None:
    [group] = groups("rule", entry("cookie-session", INFO, Endpoint("GET", "a.example", path), subject="sid"))
    assert texts(group, ".//p[@class='try']") == [how]
    assert path in text(group.find(".//pre"))
