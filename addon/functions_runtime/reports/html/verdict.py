"""The verdict in the HTML report: whose site was judged, what blocks it, and how much traffic that is based on.

The user can choose a host in the page. Elements that follow the choice have `data_fill`, which names their content. The
section has that content for the site as a whole, and each row in the table of hosts has it for its host.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import JudgedHost, Report
from functions_runtime.reports.causes import Cause, RuleCauses, by_rule, gather, number_known, number_of
from functions_runtime.reports.html.markup import Attribute, Content, Markup, element, more
from functions_runtime.reports.text import counted, standings_of_endpoints
from functions_runtime.reports.wording import (
    headline,
    how_judged,
    is_it_yours,
    is_little,
    lead,
    limits,
    own_causes,
    own_endpoints,
    requests_checked,
    requests_clean,
    share,
    source,
    title_of_gravest,
    verdict_of,
    whose,
)
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import NAMELESS

MAX_CAUSES = 3
"""Causes of one rule that are named at the top; the others are folded."""

MAX_FOLDED = 100
"""Causes of one rule that are folded there. The findings have them all."""

CLASSES = {
    Standing.UNKNOWN: "nothing",
    Standing.RUNS: "runs",
    Standing.CHANGES: "changes",
    Standing.BREAKS: "breaks",
    None: "nothing",
}
SIGNS = {
    "nothing": "M7 12h.4M12 12h.4M17 12h.4",
    "runs": "M7 12.5l3.5 3.5L17 8.5",
    "changes": "M12 6.5v7M12 17v.4",
    "breaks": "M8 8l8 8M16 8l-8 8",
}
"""What is drawn in the circle beside the verdict: an ellipsis, a tick, an exclamation mark, a cross."""


def section(report: Report, *, live: bool = False) -> Markup:
    """The verdict. A live page never calls a site good: there may always be more to see."""
    facts = facts_of_site(report, live=live)
    return element(
        "section",
        element(
            "div",
            _sign(),
            element(
                "div",
                element("h1", facts["headline"] or "", data_fill="headline"),
                element("p", facts["lead"] or "", class_="lead", data_fill="lead"),
            ),
            class_="headline",
        ),
        element("p", source(report), class_="source"),
        element("button", "Show all hosts again", type="button", id="all-again", hidden=True),
        _notices(report),
        _whose(report),
        _obstacles(report),
        _tiles(report, facts),
        _coverage(report),
        element("p", f"{how_judged(report)} {limits(report)}", class_="quiet"),
        id="verdict",
        class_=f"card {facts['standing']}",
        aria_label="Verdict",
        **_data(facts),
    )


def facts_of_site(report: Report, *, live: bool = False) -> dict[str, str]:
    """What the verdict says of the site as a whole, which is of its own hosts."""
    little = is_little(report, live=live)
    return {
        "standing": "nothing" if little else CLASSES[report.standing],
        "headline": headline(report, live=live),
        "lead": lead(report, live=live),
        **_figures(requests_checked(report), requests_clean(report), gather(report.own_entries)),
    }


def facts_of_host(host: JudgedHost, causes: Sequence[Cause]) -> dict[str, Attribute]:
    """The same of one host, as attributes of an element. `causes` are those at the host."""
    figures = _figures(host.exchanges, host.clean, causes)
    errors, warnings = (number_of(causes, severity) for severity in (Severity.ERROR, Severity.WARNING))
    return _data(
        {
            "standing": CLASSES[host.standing],
            "headline": f"{host.host}: {verdict_of(host.standing, errors, warnings)}",
            "lead": "One of your hosts."
            if host.own
            else "This host does not count as yours: the verdict leaves it out.",
            **figures,
        }
    )


def _figures(requests: int, clean: int, causes: Sequence[Cause]) -> dict[str, str]:
    figures = {
        "requests": f"{requests:,}",
        "clean": f"{clean:,}",
        "part": share(clean, requests) if requests else "",
    }
    for severity in reversed(Severity):
        entries = sum(len(cause.entries) for cause in causes if cause.severity is severity)
        figures[f"{severity}s"] = f"{number_of(causes, severity):,}"
        figures[f"{severity}s-at"] = counted(entries, "finding")
    return figures


def _data(facts: dict[str, str]) -> dict[str, Attribute]:
    return {f"data_{name.replace('-', '_')}": fact for name, fact in facts.items()}


def _sign() -> Markup:
    """All signs, of which the style sheet shows the one that fits."""
    paths = [element("path", d=d, class_=f"sign-{class_}") for class_, d in SIGNS.items()]
    return element("svg", paths, viewBox="0 0 24 24", class_="sign", aria_hidden="true")


def _notices(report: Report) -> Content:
    """What could make the report better news than it is."""
    notices = [element("li", notice.message) for notice in report.notices]
    return element("ul", notices, class_="notices", aria_label="Notices") if notices else ""


def _whose(report: Report) -> Content:
    """Whose site was judged, and how to change that."""
    if not (said := whose(report)):
        return ""
    how: Content = ""
    if ways := is_it_yours(report):
        question, option = ways
        how = (" ", question, " ", element("code", option))
    return element("p", said, how, class_="whose", data_whole=True)


def _tiles(report: Report, facts: dict[str, str]) -> Markup:
    tiles = [
        _tile("Requests checked", facts, "requests"),
        _tile("Without a problem", facts, "clean", "part"),
        *(
            _tile(f"{severity}s".capitalize(), facts, f"{severity}s", f"{severity}s-at")
            for severity in reversed(Severity)
        ),
    ]
    if report.compared:
        number = number_known(gather(report.own_entries))
        known = element("dd", f"{number:,}", element("small", " in the baseline"))
        tiles.append(element("div", element("dt", "Known"), known, class_="fact", data_whole=True))
    return element("dl", tiles, class_="facts")


def _tile(title: str, facts: dict[str, str], what: str, note: str = "") -> Markup:
    small = element("small", " ", element("span", facts[note], data_fill=note)) if note else ""
    figure = element("dd", element("span", facts[what], data_fill=what), small)
    none = " none" if facts[what] == "0" else ""
    return element("div", element("dt", title), figure, class_=f"fact {what}{none}", data_fact=what)


def _coverage(report: Report) -> Content:
    """The share of endpoints by standing, as one bar and in words."""
    standings = standings_of_endpoints(report)
    total, start, bars, legend = sum(count for _, count in standings), 0.0, [], []
    if not total:
        return ""
    for standing, count in standings:
        class_ = CLASSES[standing]
        width = 100 * count / total
        bars.append(element("rect", x=f"{start:.2f}", width=f"{width:.2f}", height=4, class_=class_))
        legend.append(
            element("li", f"{standing.value}: ", element("b", f"{count:,}"), f" ({share(count, total)})", class_=class_)
        )
        start += width
    return element(
        "div",
        element("h2", f"Seen: {own_endpoints(report)}"),
        element("svg", bars, viewBox="0 0 100 4", preserveAspectRatio="none", class_="share", aria_hidden="true"),
        element("ul", legend, class_="legend"),
        class_="coverage",
        data_whole=True,
    )


def _obstacles(report: Report) -> Content:
    """What is behind the verdict, in the order in which the findings come: the gravest rules, and where they apply."""
    found = by_rule(own_causes(report))
    if not found or found[0].severity is Severity.INFO:
        return ""
    gravest = found[0].severity
    items = [_obstacle(each, gravest) for each in found if each.severity is gravest]
    return element("div", element("h2", title_of_gravest(gravest)), element("ol", items), class_="obstacles")


def _obstacle(found: RuleCauses, gravest: Severity) -> Markup:
    rule = found.rule
    causes = [cause for cause in found.causes if cause.severity is gravest]
    named = [_named(cause) for cause in causes[:MAX_CAUSES]]
    folded = [_named(cause) for cause in causes[MAX_CAUSES : MAX_CAUSES + MAX_FOLDED]]
    further = len(causes) - MAX_CAUSES
    return element(
        "li",
        element("a", rule.title, href=f"#rule-{rule.id}"),
        element("span", f" at {counted(found.endpoints, 'endpoint')}", class_="quiet", data_whole=True),
        element("p", element("b", "Fix: "), rule.fix),
        element("ul", named),
        element(
            "details",
            element("summary", f"{further:,} more"),
            element("ul", folded),
            more(further - MAX_FOLDED, "in the findings below"),
            id=f"further-{rule.id}",
        )
        if folded
        else "",
    )


def _named(cause: Cause) -> Markup:
    subject = (element("code", cause.finding.subject or NAMELESS), " at ") if cause.finding.subject is not None else ""
    known = " (known)" if cause.is_known else ""
    at = (
        f" ({counted(len(cause.entries), 'endpoint')})"
        if len(cause.entries) > 1
        else f"{cause.entries[0].endpoint.path}"
    )
    return element("li", subject, cause.host, at, known, data_host=cause.host)
