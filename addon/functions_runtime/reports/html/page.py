"""The HTML report: one file that needs nothing from elsewhere, for people to look at.

This module builds the document. Each part has a module of its own: `verdict`, `findings`, `site`. The look is in
`style.css`, the behaviour in `script.js`. Text gets in through `markup`, which is the one escaping point. The content
security policy allows this style sheet, this script, and nothing else.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode

from functions_runtime.record.report import Report
from functions_runtime.reports.html import findings, site, verdict
from functions_runtime.reports.html.assets import SCRIPT, STYLE
from functions_runtime.reports.html.markup import Markup, element
from functions_runtime.reports.wording import headline

SECTIONS = ("Verdict", "Hosts", "Findings", "Cookies", "Headroom", "Endpoints")


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


def content(report: Report, *, live: bool = False) -> Markup:
    """All of the page that depends on the report."""
    return element(
        "main",
        verdict.section(report, live=live),
        site.hosts(report),
        findings.section(report),
        site.cookies(report),
        site.headroom(report),
        site.endpoints(report),
        id="report",
        tabindex=-1,
        data_title=f"{headline(report, live=live)} – Functions Runtime report",
    )
