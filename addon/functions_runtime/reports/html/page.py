"""The HTML report: one file that needs nothing from elsewhere, for people to look at.

Here are the document and the verdict at its top. Each other part is a module of its own: `html_findings`, `html_site`,
how it looks in `html_style`, what moves in `html_script`. Text gets in through `markup`, which is the one escaping
point. The content security policy allows this style sheet, this script, and nothing else.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.html import findings as html_findings
from functions_runtime.reports.html import site as html_site
from functions_runtime.reports.html.markup import Content, Markup, element
from functions_runtime.reports.html.script import SCRIPT
from functions_runtime.reports.html.style import STYLE
from functions_runtime.reports.text import VERDICTS, counted, endpoints_seen, nothing_judged, standings_of_endpoints
from functions_runtime.ruling import Severity

SEVERITIES = tuple(reversed(Severity))
SECTIONS = ("Verdict", "Findings", "Cookies", "Headroom", "Endpoints")
CLASSES = {
    Standing.UNKNOWN: "nothing",
    Standing.RUNS: "runs",
    Standing.CHANGES: "changes",
    Standing.BREAKS: "breaks",
    None: "nothing",
}
NO_SIGN = "M7 12h.4M12 12h.4M17 12h.4"
SIGNS = {
    Standing.UNKNOWN: NO_SIGN,
    Standing.RUNS: "M7 12.5l3.5 3.5L17 8.5",
    Standing.CHANGES: "M12 6.5v7M12 17v.4",
    Standing.BREAKS: "M8 8l8 8M16 8l-8 8",
    None: NO_SIGN,
}
"""What is drawn in the circle beside the verdict: a tick, an exclamation mark, a cross, an ellipsis."""


def render(report: Report) -> str:
    """The whole report as one HTML document."""
    return page(content(report))


def page(main: Markup, *, live: bool = False) -> str:
    """A document around what `content` returned. A live one asks its server for news."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy(live=live)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", "Functions Runtime report"),
        element("style", Markup(STYLE)),
    )
    links = [element("li", element("a", name, href=f"#{name.lower()}")) for name in SECTIONS]
    banner = element(
        "header",
        element("a", "Skip to the report", href="#report", class_="skip"),
        element("p", "Functions Runtime", class_="brand"),
        element("nav", element("ul", links), aria_label="Sections"),
        element("p", "Connecting …", id="live", role="status") if live else "",
    )
    promise = "Values of cookies, Authorization, query strings and content are never in a report. Times are UTC."
    body = element(
        "body",
        banner,
        main,
        element("footer", element("p", promise)),
        element("script", Markup(SCRIPT)),
        data_live=live,
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def policy(*, live: bool) -> str:
    """The content security policy of the page."""
    directives = [
        "default-src 'none'",
        f"style-src '{_hash(STYLE)}'",
        f"script-src '{_hash(SCRIPT)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join([*directives, "connect-src 'self'"] if live else directives)


def _hash(source: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def content(report: Report) -> Markup:
    """All of the page that depends on the report."""
    return element(
        "main",
        _verdict(report),
        html_findings.section(report),
        html_site.cookies(report),
        html_site.headroom(report),
        html_site.endpoints(report),
        id="report",
        tabindex=-1,
        data_title=f"{_headline(report)} Functions Runtime report",
    )


def _verdict(report: Report) -> Markup:
    standing = report.standing
    sign = element("svg", element("path", d=SIGNS[standing]), viewBox="0 0 24 24", class_="sign", aria_hidden="true")
    limits = f"Limits on headers: {report.limits.size:,} bytes, {report.limits.count} fields and cookies."
    return element(
        "section",
        element(
            "div",
            sign,
            element("div", element("h1", _headline(report)), element("p", _lead(report), class_="lead")),
            class_="headline",
        ),
        _facts(report),
        _coverage(report),
        _obstacles(report),
        element("p", f"{_mode(report)} {limits}", class_="quiet"),
        id="verdict",
        class_=f"card {CLASSES[standing]}",
        aria_label="Verdict",
    )


def _headline(report: Report) -> str:
    verdict = VERDICTS[report.standing] if report.standing else "nothing has been judged yet."
    return verdict[0].upper() + verdict[1:]


def _lead(report: Report) -> str:
    endpoints = endpoints_seen(report)
    if report.standing is Standing.BREAKS:
        errors = counted(report.counted(Severity.ERROR), "error")
        return f"Found {errors}, at {report.endpoints_that(Standing.BREAKS):,} of {endpoints}."
    if report.standing is Standing.CHANGES:
        warnings = counted(report.counted(Severity.WARNING), "warning")
        return f"Found no error and {warnings}, at {report.endpoints_that(Standing.CHANGES):,} of {endpoints}."
    if report.standing is Standing.RUNS:
        return f"Found no error and no warning at {endpoints}."
    if report.standing is Standing.UNKNOWN:
        return f"Requests came for {endpoints}, and none of them answered."
    if report.outside_scope:
        return nothing_judged(report)
    return "Open the site through the proxy: what it does shows here."


def _mode(report: Report) -> str:
    recorded = report.judged - report.enforced
    if report.mode == "audit":
        return "Mode audit: nothing was changed; this is what the Runtime would do."
    if not recorded:
        return "Mode enforce: the exchanges went as they would under the Runtime."
    if not report.enforced:
        return "Mode enforce, but all of it was recorded or audited: this is what the Runtime would do."
    return (
        "Mode enforce: the exchanges went as they would under the Runtime. "
        f"Of them, {counted(recorded, 'exchange')} came from recordings or an audit: nothing was changed there."
    )


def _facts(report: Report) -> Markup:
    clean = f"{report.clean / report.judged:.0%} of them" if report.judged else ""
    facts = [
        ("Exchanges judged", report.judged, "", ""),
        ("Clean exchanges", report.clean, clean, ""),
        *((f"{severity}s".capitalize(), report.counted(severity), "", str(severity)) for severity in SEVERITIES),
        ("Known", report.known, "from the baseline", ""),
    ]
    return element(
        "dl",
        [
            element(
                "div",
                element("dt", name),
                element("dd", f"{count:,}", element("small", f" {note}") if note else ""),
                class_=f"fact {class_}" if count else "fact",
            )
            for name, count, note, class_ in facts
            if name != "Known" or report.compared
        ],
        class_="facts",
    )


def _coverage(report: Report) -> Content:
    """The share of endpoints by standing, as one bar and in words."""
    total, start, bars, legend = len(report.endpoints), 0.0, [], []
    if not total:
        return ""
    for standing, count in standings_of_endpoints(report):
        class_ = CLASSES[standing]
        width = 100 * count / total
        bars.append(element("rect", x=f"{start:.2f}", width=f"{width:.2f}", height=4, class_=class_))
        legend.append(
            element("li", f"{standing.value}: ", element("b", f"{count:,}"), f" ({count / total:.0%})", class_=class_)
        )
        start += width
    return element(
        "div",
        element("h2", f"Seen: {endpoints_seen(report)}"),
        element("svg", bars, viewBox="0 0 100 4", preserveAspectRatio="none", class_="share", aria_hidden="true"),
        element("ul", legend, class_="legend"),
        class_="coverage",
    )


def _obstacles(report: Report) -> Content:
    """What is behind the verdict: the rules with the gravest findings, the most widespread first."""
    gravest = max((entry.finding.severity for entry in report.entries), default=Severity.INFO)
    if gravest is Severity.INFO:
        return ""
    endpoints: dict[str, set[Endpoint]] = {}
    for entry in report.entries:
        if entry.finding.severity is gravest:
            endpoints.setdefault(entry.finding.rule, set()).add(entry.endpoint)
    items = [
        element(
            "li",
            element("a", BY_ID[rule].title, href=f"#rule-{rule}"),
            element("span", f" at {counted(len(where), 'endpoint')}", class_="quiet"),
            element("p", BY_ID[rule].fix),
        )
        for rule, where in sorted(endpoints.items(), key=lambda item: -len(item[1]))
    ]
    title = "What stands in the way" if gravest is Severity.ERROR else "What would be different"
    return element("div", element("h2", title), element("ol", items), class_="obstacles")
