"""The site itself in the HTML report: its hosts, its cookies today and under the Runtime, the headroom of its headers,
and how each endpoint does. Own hosts come first. Other owners' hosts are folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic

from functions_runtime.catalogue import BY_ID
from functions_runtime.profile import Limits
from functions_runtime.record.inventory import Headroom, SeenCookie, SeenEndpoint, Standing
from functions_runtime.record.report import JudgedEndpoint, JudgedHost, Report
from functions_runtime.reports.causes import Cause, by_host, gather, number_of
from functions_runtime.reports.html.findings import name
from functions_runtime.reports.html.markup import (
    DOWN,
    UP,
    Column,
    Content,
    Item,
    Markup,
    cell,
    element,
    head,
    identifier,
    more,
    table,
)
from functions_runtime.reports.html.verdict import facts_of_host
from functions_runtime.reports.text import counted, unmeasured
from functions_runtime.reports.wording import share
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import NAMELESS

SCALE = 1.25
"""The share of a limit that the whole length of a bar stands for: one can see what is over the limit."""

NEAR, VERY_NEAR = 0.6, 0.8
"""Shares of a limit from which on a bar warns, in two steps."""

BADGES = {Standing.UNKNOWN: "info", Standing.RUNS: "runs", Standing.CHANGES: "warning", Standing.BREAKS: "error"}
HOST_COLUMNS = (
    Column("Host", "host", UP),
    Column("Verdict", "verdict", DOWN),
    Column("Requests", "count", DOWN),
    Column("Errors", "count", DOWN),
    Column("Warnings", "count", DOWN),
    Column("Why", "reasons"),
)
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
    Column("Requests", "count", DOWN),
    Column("Why", "reasons"),
)


def hosts(report: Report) -> Markup:
    """Whose hosts were judged, one's own first, each with its own verdict."""
    own, others = _sides(report.hosts, lambda host: host.own)
    legend = element("p", "All hosts were checked. The verdict above covers only yours.", class_="quiet")
    causes = by_host(gather(report.entries))

    def row(host: JudgedHost) -> Markup:
        return _host(host, causes.get(host.host, ()))

    kind = Tables("all-hosts", "Hosts", HOST_COLUMNS, row, "host")
    rows = _tables(kind, own, others)
    return element("section", element("h2", "Hosts"), legend, rows, id="hosts", aria_label="Hosts")


def cookies(report: Report) -> Markup:
    """Each cookie as the site sets it beside the cookie that the Runtime would set."""
    missing = _missing(report)
    if not report.cookies:
        none = "It is unknown which cookies the site sets." if report.unmeasured else "No Set-Cookie field was seen."
        return _part("Cookies", "none seen", element("p", none, class_="quiet"), missing)
    legend = element(
        "p",
        "What the Runtime takes away is ",
        element("del", "struck out"),
        ", what it adds or changes is ",
        element("ins", "underlined"),
        ". Values are not kept.",
        class_="quiet",
    )
    own, others = _sides(report.cookies, lambda cookie: cookie.own)
    refused = sum(1 for cookie in own if cookie.runtime is None)
    caption = "Attributes of each cookie, today and under the Runtime"
    return _part(
        "Cookies",
        f"{len(own):,}, {refused:,} would be refused",
        legend,
        missing,
        _tables(Tables("all-cookies", caption, COOKIE_COLUMNS, _cookie, "cookie"), own, others),
        more(report.further_cookies, "that were too many to be kept"),
    )


def _cookie(cookie: SeenCookie) -> Markup:
    today = _attributes(cookie.today)
    runtime = today if cookie.runtime is None else _attributes(cookie.runtime)
    becomes: Content
    if cookie.runtime is None:
        becomes = element("p", "Not set: the client gets an error instead of the response.")
        effect, badge = "refused", "error"
    else:
        becomes = _chips(runtime, today, "ins")
        effect, badge = ("the same", "runs") if runtime == today else ("changed", "warning")
    return element(
        "tr",
        head("cookie", element("code", cookie.name) if cookie.name else element("i", NAMELESS)),
        cell("host", cookie.host, label="Host"),
        cell("attributes today", _chips(today, runtime, "del"), label="As the site sets it"),
        cell("attributes runtime", becomes, label="Under the Runtime"),
        cell("effect", element("span", effect, class_=f"badge {badge}")),
        data_host=cookie.host,
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
    """How near the largest headers of each endpoint come to both limits, the nearest first. Those far off fold."""
    limits = report.limits
    seen = [judged for judged in report.endpoints if judged.seen.exchanges]
    if not seen:
        return _part("Headroom", "none seen", element("p", "No headers have been seen.", class_="quiet"))
    seen.sort(key=lambda judged: _fullest(judged.seen, limits), reverse=True)
    legend = element(
        "p",
        f"The largest headers seen at each endpoint, against the limits of {limits.size:,} bytes and "
        f"{limits.count} fields and cookies. The line in a bar is the limit.",
        class_="quiet",
    )
    own, others = _sides(seen, lambda judged: judged.own)
    near = [judged for judged in own if _fullest(judged.seen, limits) >= NEAR]
    far = own[len(near) :]
    kind = Tables("all-headroom", "Largest headers", HEADROOM_COLUMNS, partial(_measured, limits=limits), "endpoint")
    return _part(
        "Headroom",
        f"{counted(len(near), 'endpoint')} above {NEAR:.0%} of a limit",
        legend,
        _missing(report),
        _tables(kind, near, others, far, f"below {NEAR:.0%} of both limits"),
    )


def _missing(report: Report) -> Content:
    """What is not known of headers and cookies; nothing if all is."""
    return element("p", unmeasured(report), class_="quiet") if report.unmeasured else ""


def _fullest(endpoint: SeenEndpoint, limits: Limits) -> float:
    return max(
        max(measured.size / limits.size, measured.count / limits.count)
        for measured in (endpoint.request, endpoint.response)
    )


def _measured(judged: JudgedEndpoint, limits: Limits) -> Markup:
    endpoint = judged.seen
    return element(
        "tr",
        head("where", name(endpoint.endpoint)),
        _measure("Request size", endpoint.request.size, limits.size, "B"),
        _measure("Request count", endpoint.request.count, limits.count, ""),
        _measure("Response size", endpoint.response.size, limits.size, "B"),
        _measure("Response count", endpoint.response.count, limits.count, ""),
        cell("parts", _parts("Request", endpoint, endpoint.request), _parts("Response", endpoint, endpoint.response)),
        id=f"headroom-{identifier(*endpoint.endpoint)}",
        data_host=endpoint.endpoint.host,
    )


def _measure(label: str, number: int, limit: int, unit: str) -> Markup:
    used = number / limit
    if not number:
        return cell("measure", element("span", "none seen", class_="quiet"), value=0, label=label)
    if used > 1:
        level = "over"
    elif used > VERY_NEAR:
        level = "very-near"
    else:
        level = "near" if used >= NEAR else "far"
    bar = element(
        "svg",
        element("rect", width=100, height=8, class_="track"),
        element("rect", width=f"{100 * min(used / SCALE, 1):.1f}", height=8, class_="fill"),
        element("rect", x=f"{100 / SCALE:.1f}", width=1, height=8, class_="limit"),
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        class_=f"bar {level}",
        aria_hidden="true",
    )
    over = element("b", " over the limit") if used > 1 else ""
    text = element(
        "span", f"{number:,} {unit} ".replace("  ", " "), element("span", share(number, limit), class_="quiet"), over
    )
    return cell("measure", bar, text, value=number, label=label)


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
    """Which endpoints were exercised, and how each of them does. Those that run are folded."""
    if not report.endpoints:
        return _part("Endpoints", "none seen", element("p", "No endpoint has been seen.", class_="quiet"))
    own, others = _sides(report.endpoints, lambda judged: judged.own)
    exercised = sum(1 for judged in own if judged.seen.answered)
    clean = sum(1 for judged in own if judged.seen.answered and judged.standing is Standing.RUNS)
    part = f" ({share(clean, exercised)})" if exercised else ""
    legend = element(
        "p",
        f"Endpoints that responded: {exercised:,} of {len(own):,}. Without a problem: {clean:,}{part}. "
        "Endpoints that were never requested cannot be judged.",
        class_="quiet",
    )
    broken = [judged for judged in own if judged.standing in (Standing.BREAKS, Standing.CHANGES)]
    rest = [judged for judged in own if judged.standing not in (Standing.BREAKS, Standing.CHANGES)]
    kind = Tables("all-endpoints", "How each endpoint does", ENDPOINT_COLUMNS, _endpoint, "endpoint")
    breaking = sum(1 for judged in own if judged.standing is Standing.BREAKS)
    return _part(
        "Endpoints",
        f"{len(own):,}, {breaking:,} would break",
        legend,
        _tables(kind, broken, others, rest, "with no problem seen"),
    )


def _host(host: JudgedHost, causes: Sequence[Cause]) -> Markup:
    errors, warnings = (number_of(causes, severity) for severity in (Severity.ERROR, Severity.WARNING))
    prefix = "rule" if host.own else "other-rule"
    return element(
        "tr",
        head("host", element("span", host.host, data_choose=host.host)),
        _standing(host.standing),
        cell("count", f"{host.exchanges:,}", value=host.exchanges, label="Requests"),
        cell("count", f"{errors:,}", value=errors, label="Errors"),
        cell("count", f"{warnings:,}", value=warnings, label="Warnings"),
        cell("reasons", _reasons(host.reasons, prefix)),
        id=f"host-{identifier(host.host)}",
        data_host=host.host,
        **facts_of_host(host, causes),
    )


def _endpoint(judged: JudgedEndpoint) -> Markup:
    exchanges = judged.seen.exchanges
    return element(
        "tr",
        _standing(judged.standing),
        head("where", name(judged.seen.endpoint)),
        cell("count", f"{exchanges:,}", value=exchanges, label="Requests"),
        cell("reasons", _reasons(judged.reasons, "rule" if judged.own else "other-rule")),
        id=f"verdict-{identifier(*judged.seen.endpoint)}",
        data_host=judged.seen.endpoint.host,
    )


def _standing(standing: Standing) -> Markup:
    badge = element("span", standing.value, class_=f"badge {BADGES[standing]}")
    return cell("verdict", badge, value=list(Standing).index(standing))


def _reasons(rules: Iterable[str], prefix: str) -> Content:
    reasons = [element("li", element("a", BY_ID[rule].title, href=f"#{prefix}-{rule}")) for rule in rules]
    return element("ul", reasons) if reasons else ""


@dataclass(frozen=True, slots=True)
class Tables(Generic[Item]):
    """A kind of table, of which there is one for one's own hosts and others that are folded."""

    id_: str
    caption: str
    columns: tuple[Column, ...]
    row: Callable[[Item], Markup]
    noun: str


def _tables(
    kind: Tables[Item], own: Sequence[Item], others: Sequence[Item], rest: Sequence[Item] = (), beside: str = ""
) -> Content:
    """What is one's own as a table, then folded the `rest` of it, which is `beside` what matters, then the others."""
    return [
        table(kind.caption, kind.id_, kind.columns, own, kind.row) if own else "",
        _fold(kind, "rest", f"{counted(len(rest), kind.noun)} {beside}", rest),
        _fold(kind, "others", f"Other hosts: {counted(len(others), kind.noun)}", others),
    ]


def _fold(kind: Tables[Item], class_: str, title: str, items: Sequence[Item]) -> Content:
    if not items:
        return ""
    rows = table(f"{kind.caption}. {title}", f"{kind.id_}-{class_}", kind.columns, items, kind.row)
    return element("details", element("summary", title), rows, id=f"{kind.id_}-{class_}-fold", class_=f"{class_} fold")


def _sides(items: Iterable[Item], is_own: Callable[[Item], bool]) -> tuple[list[Item], list[Item]]:
    """One's own among the items, and those of others."""
    sides: tuple[list[Item], list[Item]] = ([], [])
    for item in items:
        sides[not is_own(item)].append(item)
    return sides


def _part(title: str, summary: str, *content: Content) -> Markup:
    """A section that is folded on a phone."""
    id_ = title.lower()
    return element(
        "section",
        element(
            "details",
            element("summary", element("h2", title), " ", element("span", summary, class_="quiet")),
            *content,
            id=f"part-{id_}",
            class_="part",
            data_wide=True,
        ),
        id=id_,
        aria_label=title,
    )
