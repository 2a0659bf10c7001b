"""The findings in the HTML report: by rule, with what to do about it, and by endpoint; and the controls to filter them.

Both views hold the same findings. Without the script both are there to be read, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import FOLDED
from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.reports.html.markup import (
    DOWN,
    UP,
    Column,
    Content,
    Markup,
    cell,
    element,
    head,
    identifier,
    lines,
    more,
    table,
)
from functions_runtime.reports.json import timestamp
from functions_runtime.reports.text import counted
from functions_runtime.rule import Rule
from functions_runtime.ruling import Basis, Severity

MAX_ENDPOINTS = 200
"""Endpoints that are shown in the view by endpoint."""

SEGMENTS = re.compile("[^/]*/|[^/]+")
"""Pieces of a path after which a line may break."""

BASES = {
    Basis.DOCUMENTED: "the vendor's documentation says so",
    Basis.EMULATOR: "the vendor's local emulator does so",
    Basis.READING: "our reading of what the documentation leaves open",
}
SEVERITY, ABOUT = Column("Severity", "severity", DOWN), Column("About", "subject", UP)
WHAT, COUNT = Column("Finding", "what"), Column("Count", "count", DOWN)
FIRST, LAST = Column("First seen", "time first", UP), Column("Last seen", "time last", DOWN)
COLUMNS_OF_RULE = (SEVERITY, Column("Endpoint", "where", UP), ABOUT, WHAT, COUNT, FIRST, LAST)
COLUMNS_OF_ENDPOINT = (SEVERITY, Column("Rule", "rule", UP), ABOUT, WHAT, COUNT, FIRST, LAST)


def section(report: Report) -> Markup:
    """All findings, in both views."""
    by_rule: dict[str, list[Entry]] = {}
    by_endpoint: dict[Endpoint, list[Entry]] = {}
    for entry in report.entries:
        by_rule.setdefault(entry.finding.rule, []).append(entry)
        by_endpoint.setdefault(entry.endpoint, []).append(entry)
    rules = [_rule(BY_ID[rule], entries, first=not number) for number, (rule, entries) in enumerate(by_rule.items())]
    endpoints = [_endpoint(endpoint, entries) for endpoint, entries in list(by_endpoint.items())[:MAX_ENDPOINTS]]
    nothing = "" if report.entries else element("p", "There are none.", class_="quiet")
    folded = more(report.folded, "findings at further endpoints, which are counted together")
    return element(
        "section",
        element("h2", "Findings"),
        _tools(),
        element("p", id="shown", role="status", class_="all", data_all=len(report.entries)),
        element("p", "No finding fits the filter.", id="none-shown", class_="quiet", hidden=True),
        element("div", element("h3", "By rule"), rules, nothing, folded, id="by-rule", data_view="rule"),
        element(
            "div",
            element("h3", "By endpoint"),
            endpoints,
            nothing,
            more(len(by_endpoint) - MAX_ENDPOINTS, "endpoints"),
            id="by-endpoint",
            data_view="endpoint",
        ),
        id="findings",
        aria_label="Findings",
    )


def name(endpoint: Endpoint) -> Markup:
    """An endpoint such that its parts can be told apart."""
    if endpoint == FOLDED:
        return element("i", "all further endpoints")
    return element(
        "span",
        element("b", endpoint.method),
        " ",
        element("span", endpoint.host, class_="quiet"),
        [(step, Markup("<wbr>")) for step in SEGMENTS.findall(endpoint.path)],
        class_="endpoint",
    )


def _tools() -> Markup:
    """The controls. They work with the script only, which shows them."""
    severities = [
        element(
            "label",
            element("input", type="checkbox", name="severity", value=str(severity), checked=True),
            _title(severity),
        )
        for severity in reversed(Severity)
    ]
    views = [
        element(
            "label", element("input", type="radio", name="view", value=view, id=f"view-{view}", checked=first), text
        )
        for view, text, first in (("rule", "By rule", True), ("endpoint", "By endpoint", False))
    ]
    return element(
        "form",
        element(
            "label",
            element("span", "Filter"),
            element("input", type="search", id="filter-text", placeholder="cookie, path, rule …", autocomplete="off"),
            class_="search",
        ),
        element(
            "fieldset",
            element("legend", "Show"),
            severities,
            element("label", element("input", type="checkbox", id="show-known", checked=True), "Known"),
        ),
        element("fieldset", element("legend", "View"), views),
        element(
            "div",
            element("button", "Open all", type="button", data_fold="open"),
            element("button", "Fold all", type="button", data_fold="fold"),
            class_="folds",
        ),
        id="tools",
        role="search",
        aria_label="Filter the findings",
        hidden=True,
    )


def _rule(rule: Rule, entries: Sequence[Entry], *, first: bool) -> Markup:
    gravest = entries[0].finding.severity
    sources = [element("li", element("a", url, href=url, rel="noopener noreferrer")) for url in rule.references]
    about = element(
        "div",
        element("p", " ".join(rule.explanation.split())),
        element("p", element("b", "What to do: "), rule.fix, class_="fix"),
        element("pre", element("code", lines(rule.code)), role="group", tabindex=0, aria_label="Example")
        if rule.code
        else "",
        element("p", element("b", "How sure: "), f"{rule.basis.value} ({BASES[rule.basis]}). Sources:"),
        element("ul", sources, class_="sources"),
        class_="about",
    )
    return element(
        "details",
        element("summary", _badge(gravest), element("h4", rule.title), element("code", rule.id), _tally(entries)),
        about,
        table(f"Findings of {rule.id}", f"findings-of-{rule.id}", COLUMNS_OF_RULE, entries, _row_of_rule),
        id=f"rule-{rule.id}",
        class_="card",
        open=first and gravest is Severity.ERROR,
    )


def _endpoint(endpoint: Endpoint, entries: Sequence[Entry]) -> Markup:
    id_ = identifier(*endpoint)
    return element(
        "details",
        element("summary", _badge(entries[0].finding.severity), element("h4", name(endpoint)), _tally(entries)),
        table(f"Findings at {endpoint}", f"findings-at-{id_}", COLUMNS_OF_ENDPOINT, entries, _row_of_endpoint),
        id=f"endpoint-{id_}",
        class_="card",
    )


def _row_of_rule(entry: Entry) -> Markup:
    return _row(entry, "finding", head("where", name(entry.endpoint)), entry.finding.message)


def _row_of_endpoint(entry: Entry) -> Markup:
    found, rule = entry.finding, BY_ID[entry.finding.rule]
    what = (found.message, element("p", element("b", "What to do: "), found.fix, class_="fix"))
    return _row(entry, "here", head("rule", element("a", rule.title, href=f"#rule-{rule.id}")), what)


def _row(entry: Entry, kind: str, heading: Markup, what: Content) -> Markup:
    """The row of a finding. Its id is the same however the report grows."""
    found = entry.finding
    known = (" ", element("span", "known", class_="badge known")) if entry.known else ""
    return element(
        "tr",
        cell(
            "severity",
            _badge(found.severity),
            known,
            element("p", found.basis.value, class_="quiet"),
            value=int(found.severity),
        ),
        heading,
        cell("subject", element("code", found.subject) if found.subject else "–"),
        cell("what", what),
        cell("count", f"{entry.count:,}", value=entry.count),
        _time("time first", entry.first_seen),
        _time("time last", entry.last_seen),
        id=f"{kind}-{identifier(found.rule, str(found.severity), *entry.endpoint, found.subject or '')}",
        data_severity=str(found.severity),
        data_known=entry.known,
    )


def _time(class_: str, seconds: float) -> Markup:
    time = timestamp(seconds)
    if time is None:
        return cell(class_, "unknown")
    return cell(class_, element("time", time.replace("T", " ").removesuffix("Z"), datetime=time))


def _badge(severity: Severity) -> Markup:
    return element("span", _title(severity), class_=f"badge {severity}")


def _title(severity: Severity) -> str:
    return str(severity).capitalize()


def _tally(entries: Sequence[Entry]) -> Markup:
    known = sum(1 for entry in entries if entry.known)
    parts = [counted(len(entries), "finding"), f"seen {sum(entry.count for entry in entries):,}×"]
    return element("span", " · ".join([*parts, f"{known:,} known"] if known else parts), class_="tally")
