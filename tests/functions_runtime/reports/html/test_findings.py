"""The findings in the HTML report."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import FOLDED
from functions_runtime.reports.html.findings import MAX_ENDPOINTS, name, section
from functions_runtime.reports.html.markup import MAX_ROWS
from functions_runtime.ruling import Basis
from tests.functions_runtime.reports.html_tree import read, text, texts
from tests.functions_runtime.reports.sample import ERROR, HOME, INFO, LOGIN, NEVER, WARNING, entry, report


def tree(*entries: Entry, folded: int = 0) -> Element:
    return read(section(report(*entries, folded=folded)))


def groups(view: str, *entries: Entry) -> list[Element]:
    return tree(*entries).findall(f"div[@data-view='{view}']/details")


def rows(group: Element) -> list[list[str]]:
    return [[text(cell) for cell in row] for row in group.findall("table/tbody/tr")]


def test_findings_are_there_by_rule_with_the_gravest_first() -> None:
    found = groups(
        "rule", entry("cookie-session", INFO), entry("cors-opened", WARNING), entry("cors-opened", WARNING, LOGIN)
    )
    assert [group.attrib["id"] for group in found] == ["rule-cors-opened", "rule-cookie-session"]
    assert texts(found[0], "summary/h4") == [BY_ID["cors-opened"].title]
    assert texts(found[0], "summary/span") == ["Warning", "2 findings · seen 2×"]
    assert ["open" in group.attrib for group in found] == [False, False]


def test_that_there_are_no_findings_is_said_in_both_views() -> None:
    assert texts(tree(), "div/p") == ["There are none.", "There are none."]
    assert texts(tree(entry()), "div/p") == []


def test_only_the_first_of_the_errors_is_open() -> None:
    found = groups("rule", entry("get-with-content"), entry("cookie-lifetime-too-long"), entry("cookie-session", INFO))
    assert ["open" in group.attrib for group in found] == [True, False, False]


def test_a_rule_says_what_to_do_and_how_sure_that_is() -> None:
    rule = BY_ID["cookie-read-by-script"]
    [group] = groups("rule", entry(rule.id))
    about = group.find("div[@class='about']")
    assert about is not None
    explanation, fix, sure = texts(about, "p")
    assert explanation == " ".join(rule.explanation.split())
    assert fix == f"What to do: {rule.fix}"
    assert sure == "How sure: reading (our reading of what the documentation leaves open). Sources:"
    [code] = about.findall("pre/code")
    assert code.text == rule.code.rstrip("\n")
    assert [link.attrib["href"] for link in about.findall("ul/li/a")] == list(rule.references)


def test_a_rule_without_code_shows_none() -> None:
    assert not BY_ID["request-headers-too-long"].code
    [group] = groups("rule", entry("request-headers-too-long"))
    assert group.find("div/pre") is None


@pytest.mark.parametrize("basis", Basis)
def test_every_basis_is_explained(basis: Basis) -> None:
    rule = next(rule for rule in BY_ID.values() if rule.basis is basis)
    [group] = groups("rule", entry(rule.id))
    assert f"How sure: {basis.value} (" in text(group.find("div[@class='about']"))


def test_a_finding_is_a_row_under_its_rule() -> None:
    [group] = groups("rule", entry(subject="sid", endpoint=LOGIN, count=1234, basis=Basis.EMULATOR))
    assert texts(group, "table/thead/tr/th") == [
        "Severity",
        "Endpoint",
        "About",
        "Finding",
        "Count",
        "First seen",
        "Last seen",
    ]
    assert rows(group) == [
        [
            "Erroremulator",
            "POST a.example/user/{id}/login",
            "sid",
            "A message.",
            "1,234",
            "2026-11-23 08:00:00",
            "2026-11-23 08:01:30",
        ]
    ]
    [row] = group.findall("table/tbody/tr")
    assert row.attrib["data-severity"] == "error"
    assert [cell.attrib.get("data-value") for cell in row] == ["3", None, None, None, "1234", None, None]


def test_what_is_not_there_is_not_made_up() -> None:
    [group] = groups("rule", entry(subject=None, first_seen=NEVER, last_seen=NEVER))
    [[_, _, subject, _, _, first, last]] = rows(group)
    assert (subject, first, last) == ("–", "unknown", "unknown")


def test_known_findings_are_marked_and_counted() -> None:
    [group] = groups("rule", entry(subject="a", known=True), entry(subject="b", count=2))
    assert [row.attrib.get("data-known") for row in group.findall("table/tbody/tr")] == ["", None]
    assert [severity for severity, *_ in rows(group)] == ["Error knowndocumented", "Errordocumented"]
    assert texts(group, "summary/span")[1] == "2 findings · seen 3× · 1 known"


def test_both_views_hold_the_same_findings() -> None:
    entries = (
        entry("get-with-content", endpoint=LOGIN, message="One."),
        entry("cookie-session", INFO, LOGIN, "sid", message="Two."),
        entry("cookie-session", INFO, HOME, "sid", message="Three."),
    )
    by_rule, by_endpoint = groups("rule", *entries), groups("endpoint", *entries)
    assert [len(rows(group)) for group in by_rule] == [1, 2]
    assert [len(rows(group)) for group in by_endpoint] == [2, 1]
    assert texts(by_endpoint[0], "summary/h4") == ["POST a.example/user/{id}/login"]
    assert texts(by_endpoint[0], "summary/span") == ["Error", "2 findings · seen 2×"]
    fix = BY_ID["cookie-session"].fix
    assert [row[1:4] for row in rows(by_endpoint[0])] == [
        [BY_ID["get-with-content"].title, "–", f"One.What to do: {BY_ID['get-with-content'].fix}"],
        [BY_ID["cookie-session"].title, "sid", f"Two.What to do: {fix}"],
    ]
    assert [link.attrib["href"] for link in by_endpoint[0].findall("table/tbody/tr/th/a")] == [
        "#rule-get-with-content",
        "#rule-cookie-session",
    ]


def test_rows_and_groups_keep_their_ids_however_the_report_grows() -> None:
    before = tree(entry(subject="a"))
    after = tree(entry("get-with-content"), entry(subject="b", endpoint=LOGIN), entry(subject="a", count=5))

    def ids(root: Element) -> set[str]:
        return {element.attrib["id"] for element in root.iter() if "id" in element.attrib}

    assert ids(before) < ids(after)


def test_a_long_group_is_cut_and_says_so() -> None:
    [group] = groups("rule", *(entry(subject=str(number)) for number in range(MAX_ROWS + 5)))
    assert len(rows(group)) == MAX_ROWS
    assert texts(group, "p") == ["… and 5 more rows, which the JSON report has."]
    assert texts(group, "summary/span")[1] == f"{MAX_ROWS + 5} findings · seen {MAX_ROWS + 5}×"


def test_many_endpoints_are_cut_and_that_is_said() -> None:
    entries = [entry(endpoint=Endpoint("GET", "a.example", f"/{number}")) for number in range(MAX_ENDPOINTS + 3)]
    view = tree(*entries).find("div[@data-view='endpoint']")
    assert view is not None
    assert len(view.findall("details")) == MAX_ENDPOINTS
    assert texts(view, "p") == ["… and 3 more endpoints."]


def test_what_was_folded_is_said() -> None:
    view = tree(entry(), folded=7).find("div[@data-view='rule']")
    assert view is not None
    assert texts(view, "p") == ["… and 7 more findings at further endpoints, which are counted together."]


def test_the_controls_wait_for_the_script() -> None:
    root = tree(entry(), entry(subject="a"))
    controls = root.find("form[@id='tools']")
    assert controls is not None
    assert "hidden" in controls.attrib
    boxes = {box.attrib.get("value") or box.attrib["id"]: "checked" in box.attrib for box in controls.iter("input")}
    assert boxes == {
        "filter-text": False,
        "error": True,
        "warning": True,
        "info": True,
        "show-known": True,
        "rule": True,
        "endpoint": False,
    }
    status = root.find("p[@role='status']")
    assert status is not None
    assert status.attrib["data-all"] == "2"


def test_the_parts_of_an_endpoint_can_be_told_apart_and_a_path_can_break() -> None:
    assert name(LOGIN) == (
        '<span class="endpoint"><b>POST</b> <span class="quiet">a.example</span>'
        "/<wbr>user/<wbr>{id}/<wbr>login<wbr></span>"
    )
    assert text(read(name(FOLDED))) == "all further endpoints"


def test_severities_are_sorted_by_weight() -> None:
    found = [
        groups("rule", entry(severity=severity))[0].find("table/tbody/tr/td") for severity in (ERROR, WARNING, INFO)
    ]
    assert [cell.attrib["data-value"] for cell in found if cell is not None] == ["3", "2", "1"]
