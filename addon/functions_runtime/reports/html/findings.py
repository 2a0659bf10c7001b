"""The findings in the HTML report: by rule, with what to do about it, and by endpoint; and the controls to filter them.

Both views hold the same findings: those of own hosts first, the others folded. By rule, the findings of one cause are
one row. Without the script, both views are shown, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from functions_runtime.catalogue import BY_ID, page, say
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import FOLDED
from functions_runtime.record.report import Report
from functions_runtime.reports.causes import Cause, RuleCauses, by_rule, cells, columns, gather
from functions_runtime.reports.curl import curl
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
from functions_runtime.reports.wording import HOW_SURE, own_causes
from functions_runtime.rule import Subject
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import NAMELESS

MAX_ENDPOINTS = 200
"""Endpoints that are shown in the view by endpoint, of one's own hosts and of others."""

MAX_ENDPOINTS_OF_CAUSE = 100
"""Endpoints that are listed for one cause."""

SEGMENTS = re.compile("[^/]*/|[^/]+")
"""Pieces of a path after which a line may break."""

SUBJECTS = {Subject.MESSAGE: "About", Subject.HEADER: "Header", Subject.COOKIE: "Cookie"}
SEVERITY, SEEN, COUNT = (
    Column("Severity", "severity", DOWN),
    Column("When (UTC)", "time", UP),
    Column("Times seen", "count", DOWN),
)
COLUMNS_OF_ENDPOINT = (
    SEVERITY,
    Column("Rule", "rule", UP),
    Column("About", "subject", UP),
    Column("Finding", "what"),
    COUNT,
    SEEN,
)


def section(report: Report) -> Markup:
    """All findings, in both views."""
    own, others, causes = report.own_entries, report.other_entries, own_causes(report)
    folded = more(report.folded, "findings at further endpoints, which are counted together")
    return element(
        "section",
        element("h2", "Findings"),
        _tools(report),
        element("p", id="shown", role="status", class_="all"),
        element("p", "No finding fits the filter.", id="none-shown", class_="quiet", hidden=True),
        element(
            "div",
            element("h3", "By rule"),
            element("div", _rules(causes, "rule"), _none(own), folded, class_="own"),
            _others(others, "rule", _rules(gather(others), "other-rule")),
            id="by-rule",
            data_view="rule",
            data_all=len(causes),
            data_noun="cause",
        ),
        element(
            "div",
            element("h3", "By endpoint"),
            element("div", _endpoints(own, "here"), _none(own), class_="own"),
            _others(others, "endpoint", _endpoints(others, "there")),
            id="by-endpoint",
            data_view="endpoint",
            data_all=len(own),
            data_noun="finding",
        ),
        id="findings",
        aria_label="Findings",
    )


def name(endpoint: Endpoint, *, with_host: bool = True) -> Markup:
    """An endpoint such that its parts can be told apart."""
    if endpoint == FOLDED:
        return element("i", "all further endpoints")
    return element(
        "span",
        element("b", endpoint.method),
        " ",
        element("span", endpoint.host, class_="quiet") if with_host else "",
        [(step, Markup("<wbr>")) for step in SEGMENTS.findall(endpoint.path)],
        class_="endpoint",
    )


def badge(severity: Severity) -> Markup:
    """A severity as a word on its colour."""
    return element("span", _title(severity), class_=f"badge {severity}")


def _known(is_known: bool) -> Content:
    """A badge on what the baseline has."""
    return (" ", element("span", "known", class_="badge known")) if is_known else ""


def _none(own: Sequence[Entry]) -> Content:
    return "" if own else element("p", "There are none.", class_="quiet")


def _others(entries: Sequence[Entry], kind: str, groups: Content) -> Content:
    """What was found at other people's hosts, folded."""
    if not entries:
        return ""
    hosts = len({entry.endpoint.host for entry in entries})
    title = f"Findings at {counted(hosts, 'other host')}"
    return element("details", element("summary", title), groups, id=f"other-{kind}s-fold", class_="others fold")


def _tools(report: Report) -> Markup:
    """The controls. They work with the script only, which shows them. Infos are many: they wait to be asked for."""
    severities = [
        element(
            "label",
            element(
                "input",
                type="checkbox",
                name="severity",
                value=str(severity),
                checked=severity is not Severity.INFO,
            ),
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
            "label",
            element("span", "Host"),
            element(
                "select",
                element("option", "All, yours first", value="", id="option-all"),
                [
                    element("option", host.host, value=host.host, id=f"option-{identifier(host.host)}")
                    for host in report.hosts
                ],
                id="host",
                autocomplete="off",
            ),
            class_="of-host",
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


def _rules(causes: Iterable[Cause], prefix: str) -> Content:
    return [_rule(found, prefix, first=not number) for number, found in enumerate(by_rule(causes))]


def _rule(found: RuleCauses, prefix: str, *, first: bool) -> Markup:
    rule, causes = found
    place, url = page(rule)
    sources = [element("li", element("a", url, href=url, rel="noopener noreferrer")) for url in rule.references]
    about = element(
        "div",
        element("p", element("b", "What happens: " if len(causes) == 1 else "For example: "), say(causes[0].finding)),
        element("p", element("b", "Fix: "), rule.fix, class_="fix"),
        element("pre", element("code", lines(rule.code)), role="group", tabindex=0, aria_label="Example")
        if rule.code
        else "",
        element("p", " ".join(rule.explanation.split())),
        _try_it(causes[0].entries[0]),
        element(
            "p",
            element("b", "How sure: "),
            f"{HOW_SURE[rule.basis]}. Described in the project's ",
            element("a", element("code", place), href=url, rel="noopener noreferrer")
            if url
            else element("code", place),
            ". Sources:",
        ),
        element("ul", sources, class_="sources"),
        class_="about",
    )
    headings = columns(rule, [entry.finding for cause in causes for entry in cause.entries])
    has_subjects = any(cause.finding.subject is not None for cause in causes)
    subject = Column(SUBJECTS[rule.subject], "subject", UP)
    shown = (
        *((SEVERITY,) if len({cause.severity for cause in causes}) > 1 else ()),
        *((subject,) if has_subjects else ()),
        Column("Host", "host", UP),
        *(Column(heading, "what" if heading == "Finding" else "detail", UP) for heading in headings),
        Column("Endpoints", "ends", DOWN),
        COUNT,
        SEEN,
    )
    row = partial(_cause, shown=shown, headings=headings)
    return element(
        "details",
        element("summary", badge(found.severity), element("h4", rule.title), element("code", rule.id), _tally(found)),
        about,
        table(f"Findings of {rule.id}", f"findings-of-{prefix}-{rule.id}", shown, causes, row),
        id=f"{prefix}-{rule.id}",
        class_="card",
        data_wide=prefix == "rule" and first and found.severity is Severity.ERROR,
    )


def _try_it(entry: Entry) -> Content:
    """How to see the finding with curl, if that is possible."""
    command = curl(entry)
    if command is None:
        return ""
    shell = element("pre", element("code", command), role="group", tabindex=0, aria_label="Command")
    how = "Try it, with a value of your own for each placeholder in braces:" if "{" in command else "Try it:"
    return [element("p", element("b", how), class_="try"), shell]


def _cause(cause: Cause, shown: Sequence[Column], headings: Sequence[str]) -> Markup:
    """The row of a cause. Its id is the same however the report grows."""
    found, rule = cause.finding, BY_ID[cause.finding.rule]
    known = _known(cause.is_known)
    subject = element("code", found.subject) if found.subject else element("i", NAMELESS)
    named = any(column.class_ == "subject" for column in shown)
    kinds = {column.class_ for column in shown}
    return element(
        "tr",
        cell("severity", badge(found.severity), value=int(found.severity)) if "severity" in kinds else "",
        head("subject", subject, known) if named else head("host", cause.host, known),
        cell("host", cause.host, label="Host") if named else "",
        [
            cell("what" if heading == "Finding" else "detail", text, label=heading)
            for heading, text in zip(headings, cells(rule, found, headings), strict=True)
        ],
        cell("ends", _ends(cause, headings), value=len(cause.entries)),
        cell("count", f"{cause.count:,}", value=cause.count, label="Times seen"),
        _seen(cause.first_seen, cause.last_seen),
        id=f"cause-{_key(cause)}",
        data_severity=str(found.severity),
        data_known=cause.is_known,
        data_host=cause.host,
    )


def _ends(cause: Cause, headings: Sequence[str]) -> Content:
    """The endpoints of a cause: one as it is, several folded, each with what differs there."""
    first, *others = cause.entries
    if not others:
        return name(first.endpoint, with_host=False)
    shared = cells(BY_ID[cause.finding.rule], cause.finding, headings)
    items = [_end(entry, headings, shared) for entry in cause.entries[:MAX_ENDPOINTS_OF_CAUSE]]
    summary = (name(first.endpoint, with_host=False), f" and {len(others):,} more")
    return element(
        "details",
        element("summary", summary),
        element("ul", items),
        more(len(cause.entries) - MAX_ENDPOINTS_OF_CAUSE, "endpoints (all are in the JSON report)"),
        id=f"ends-{_key(cause)}",
    )


def _end(entry: Entry, headings: Sequence[str], shared: Sequence[str]) -> Markup:
    own = cells(BY_ID[entry.finding.rule], entry.finding, headings)
    differs = "; ".join(text for text, usual in zip(own, shared, strict=True) if text != usual)
    times = f" {entry.count:,}×" if entry.count > 1 else ""
    return element(
        "li",
        name(entry.endpoint, with_host=False),
        element("span", times, f" {differs}" if differs else "", class_="quiet") if times or differs else "",
        _known(entry.known),
    )


def _key(cause: Cause) -> str:
    found = cause.finding
    return identifier(found.rule, str(found.severity), cause.host, found.subject or "")


def _endpoints(entries: Sequence[Entry], kind: str) -> Content:
    by_endpoint: dict[Endpoint, list[Entry]] = {}
    for entry in entries:
        by_endpoint.setdefault(entry.endpoint, []).append(entry)
    shown = list(by_endpoint.items())[:MAX_ENDPOINTS]
    return [
        *(_endpoint(endpoint, found, kind) for endpoint, found in shown),
        more(len(by_endpoint) - MAX_ENDPOINTS, "endpoints"),
    ]


def _endpoint(endpoint: Endpoint, entries: Sequence[Entry], kind: str) -> Markup:
    id_ = identifier(*endpoint)
    tally = element("span", _counts(len(entries), "finding", 0, entries), class_="tally")
    return element(
        "details",
        element("summary", badge(entries[0].finding.severity), element("h4", name(endpoint)), tally),
        table(
            f"Findings at {endpoint}",
            f"findings-at-{id_}",
            COLUMNS_OF_ENDPOINT,
            entries,
            partial(_entry, prefix="rule" if kind == "here" else "other-rule"),
        ),
        id=f"endpoint-{id_}",
        class_="card",
    )


def _entry(entry: Entry, prefix: str) -> Markup:
    """The row of a finding. Its id is the same however the report grows."""
    found, rule = entry.finding, BY_ID[entry.finding.rule]
    facts = [f"{heading}: {text}" for (heading, _), text in zip(rule.columns, rule.cells(found), strict=True)]
    return element(
        "tr",
        cell("severity", badge(found.severity), _known(entry.known), value=int(found.severity)),
        head("rule", element("a", rule.title, href=f"#{prefix}-{rule.id}")),
        cell("subject", element("code", found.subject) if found.subject else "–", label="About"),
        cell("what", "; ".join(facts) or say(found)),
        cell("count", f"{entry.count:,}", value=entry.count, label="Times seen"),
        _seen(entry.first_seen, entry.last_seen),
        id=f"here-{identifier(found.rule, str(found.severity), *entry.endpoint, found.subject or '')}",
        data_severity=str(found.severity),
        data_known=entry.known,
        data_host=entry.endpoint.host,
    )


def _seen(first: float, last: float) -> Markup:
    """When it was seen first and last: as one time if that is the same, with one day if that is the same."""
    times = [time for time in dict.fromkeys((timestamp(first), timestamp(last))) if time is not None]
    days = {time.partition("T")[0] for time in times}
    shown: list[Content] = []
    for time in times:
        day, _, clock = time.removesuffix("Z").partition("T")
        text = clock if shown and len(days) == 1 else f"{day} {clock}"
        shown.append((" – " if shown else "", element("time", text, datetime=time)))
    return cell("time", shown or "unknown", label="Seen")


def _title(severity: Severity) -> str:
    return str(severity).capitalize()


def _tally(found: RuleCauses) -> Markup:
    entries = [entry for cause in found.causes for entry in cause.entries]
    return element("span", _counts(len(found.causes), "cause", found.endpoints, entries), class_="tally")


def _counts(number: int, noun: str, endpoints: int, entries: Iterable[Entry]) -> str:
    entries = list(entries)
    known = sum(1 for entry in entries if entry.known)
    where = f" at {counted(endpoints, 'endpoint')}" if endpoints else ""
    parts = [f"{counted(number, noun)}{where}", f"seen {sum(entry.count for entry in entries):,}×"]
    return " · ".join([*parts, f"{known:,} known"] if known else parts)
