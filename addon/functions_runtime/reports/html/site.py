"""The site itself in the HTML report: its cookies today and under the Runtime, the headroom of its headers, and how
each endpoint does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from functions_runtime.catalogue import BY_ID
from functions_runtime.profile import Limits
from functions_runtime.record.inventory import Headroom, SeenCookie, SeenEndpoint, Standing
from functions_runtime.record.report import JudgedEndpoint, Report
from functions_runtime.reports.html.findings import name
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
    more,
    table,
)
from functions_runtime.reports.text import endpoints_seen, unmeasured
from functions_runtime.wire_text import NAMELESS

SCALE = 1.25
"""The share of a limit that the whole length of a bar stands for: one can see what is over the limit."""

NEAR, VERY_NEAR = 0.6, 0.8
"""Shares of a limit from which on a bar warns, in two steps."""

BADGES = {Standing.UNKNOWN: "info", Standing.RUNS: "runs", Standing.CHANGES: "warning", Standing.BREAKS: "error"}
COOKIE_COLUMNS = (
    Column("Cookie", "cookie", UP),
    Column("Host", "host", UP),
    Column("As the site sets it", "attributes"),
    Column("Under the Runtime", "attributes"),
    Column("Effect", "effect", UP),
)
HEADROOM_COLUMNS = (
    Column("Endpoint", "where", UP),
    Column("Request size", "measure", DOWN),
    Column("Request count", "measure", DOWN),
    Column("Response size", "measure", DOWN),
    Column("Response count", "measure", DOWN),
    Column("Largest parts", "parts"),
)
ENDPOINT_COLUMNS = (
    Column("Verdict", "verdict", DOWN),
    Column("Endpoint", "where", UP),
    Column("Exchanges", "count", DOWN),
    Column("Because of", "reasons"),
)


def cookies(report: Report) -> Markup:
    """Each cookie as the site sets it beside the cookie that the Runtime would set."""
    missing = _missing(report)
    if not report.cookies:
        none = "Whether the site has set a cookie is not known." if report.unmeasured else "The site has set no cookie."
        return _section("Cookies", element("p", none, class_="quiet"), missing)
    legend = element(
        "p",
        "What the Runtime takes away is ",
        element("del", "struck out"),
        ", what it adds or changes is ",
        element("ins", "underlined"),
        ". Values are not kept.",
        class_="quiet",
    )
    caption = "Attributes of each cookie, today and under the Runtime"
    unlisted = more(report.further_cookies, "that were too many to be kept")
    rows = table(caption, "all-cookies", COOKIE_COLUMNS, report.cookies, _cookie)
    return _section("Cookies", legend, missing, rows, unlisted)


def _cookie(cookie: SeenCookie) -> Markup:
    today = _attributes(cookie.today)
    runtime = today if cookie.runtime is None else _attributes(cookie.runtime)
    becomes: Content
    if cookie.runtime is None:
        becomes, effect, badge = element("p", "Not set: an error takes the place of the response."), "refused", "error"
    else:
        becomes = _chips(runtime, today, "ins")
        effect, badge = ("the same", "runs") if runtime == today else ("changed", "warning")
    return element(
        "tr",
        head("cookie", element("code", cookie.name) if cookie.name else element("i", NAMELESS)),
        cell("host", cookie.host),
        cell("attributes today", _chips(today, runtime, "del")),
        cell("attributes runtime", becomes),
        cell("effect", element("span", effect, class_=f"badge {badge}")),
    )


def _attributes(text: str) -> list[str]:
    return [part for attribute in text.split(";") if (part := attribute.strip())]


def _chips(attributes: Sequence[str], others: Sequence[str], mark: str) -> Content:
    """Attributes, and those marked that are not among the others."""
    chips = [
        element("li", element("code", attribute) if attribute in others else element(mark, element("code", attribute)))
        for attribute in attributes
    ]
    return element("ul", chips) if chips else element("span", "no attributes", class_="quiet")


def headroom(report: Report) -> Markup:
    """How near the largest headers of each endpoint come to both limits, the nearest first."""
    seen = [judged.seen for judged in report.endpoints if judged.seen.exchanges]
    if not seen:
        return _section("Headroom", element("p", "No headers have been seen.", class_="quiet"))
    seen.sort(key=lambda endpoint: _fullest(endpoint, report.limits), reverse=True)
    legend = element(
        "p",
        f"The largest headers seen at each endpoint, against the limits of {report.limits.size:,} bytes and "
        f"{report.limits.count} fields and cookies. The line in a bar is the limit.",
        class_="quiet",
    )
    row = partial(_measured, limits=report.limits)
    rows = table("Largest headers", "all-headroom", HEADROOM_COLUMNS, seen, row)
    return _section("Headroom", legend, _missing(report), rows)


def _missing(report: Report) -> Content:
    """What is not known of headers and cookies; nothing where all is."""
    return element("p", unmeasured(report), class_="quiet") if report.unmeasured else ""


def _fullest(endpoint: SeenEndpoint, limits: Limits) -> float:
    return max(
        max(measured.size / limits.size, measured.count / limits.count)
        for measured in (endpoint.request, endpoint.response)
    )


def _measured(endpoint: SeenEndpoint, limits: Limits) -> Markup:
    return element(
        "tr",
        head("where", name(endpoint.endpoint)),
        _measure("request-size", endpoint.request.size, limits.size, "B"),
        _measure("request-count", endpoint.request.count, limits.count, ""),
        _measure("response-size", endpoint.response.size, limits.size, "B"),
        _measure("response-count", endpoint.response.count, limits.count, ""),
        cell("parts", _parts("Request", endpoint, endpoint.request), _parts("Response", endpoint, endpoint.response)),
        id=f"headroom-{identifier(*endpoint.endpoint)}",
    )


def _measure(class_: str, number: int, limit: int, unit: str) -> Markup:
    share = number / limit
    if not number:
        return cell(f"measure {class_}", element("span", "none seen", class_="quiet"), value=0)
    if share > 1:
        level = "over"
    elif share > VERY_NEAR:
        level = "very-near"
    else:
        level = "near" if share >= NEAR else "far"
    bar = element(
        "svg",
        element("rect", width=100, height=8, class_="track"),
        element("rect", width=f"{100 * min(share / SCALE, 1):.1f}", height=8, class_="fill"),
        element("rect", x=f"{100 / SCALE:.1f}", width=1, height=8, class_="limit"),
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        class_=f"bar {level}",
        aria_hidden="true",
    )
    over = element("b", " over the limit") if share > 1 else ""
    text = element(
        "span", f"{number:,} {unit} ".replace("  ", " "), element("span", f"{share:.0%}", class_="quiet"), over
    )
    return cell(f"measure {class_}", bar, text, value=number)


def _parts(title: str, endpoint: SeenEndpoint, measured: Headroom) -> Content:
    if not measured.largest:
        return ""
    parts = [element("li", element("code", part), f" {size:,} B") for part, size in measured.largest]
    return element(
        "details",
        element("summary", f"{title}: {measured.largest[0][0]}"),
        element("ul", parts),
        id=f"parts-{identifier(title, *endpoint.endpoint)}",
    )


def endpoints(report: Report) -> Markup:
    """Which endpoints were exercised, and how each of them does."""
    if not report.endpoints:
        return _section("Endpoints", element("p", "No endpoint has been seen.", class_="quiet"))
    exercised = sum(1 for judged in report.endpoints if judged.seen.answered)
    clean = sum(1 for judged in report.endpoints if judged.seen.answered and judged.standing is Standing.RUNS)
    share = element(
        "p",
        f"Of {endpoints_seen(report)}, {exercised:,} were exercised and answered, and {clean:,} "
        f"of these ({clean / max(exercised, 1):.0%}) are clean. What nobody asked for cannot be judged.",
        class_="quiet",
    )
    caption = "How each endpoint does"
    return _section("Endpoints", share, table(caption, "all-endpoints", ENDPOINT_COLUMNS, report.endpoints, _endpoint))


def _endpoint(judged: JudgedEndpoint) -> Markup:
    reasons = [element("li", element("a", BY_ID[rule].title, href=f"#rule-{rule}")) for rule in judged.reasons]
    rank = list(Standing).index(judged.standing)
    return element(
        "tr",
        cell("verdict", element("span", judged.standing.value, class_=f"badge {BADGES[judged.standing]}"), value=rank),
        head("where", name(judged.seen.endpoint)),
        cell("count", f"{judged.seen.exchanges:,}", value=judged.seen.exchanges),
        cell("reasons", element("ul", reasons) if reasons else ""),
        id=f"verdict-{identifier(*judged.seen.endpoint)}",
    )


def _section(title: str, *content: Content) -> Markup:
    return element("section", element("h2", title), *content, id=title.lower(), aria_label=title)
