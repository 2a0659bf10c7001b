"""The Markdown report, for a pull request or the summary of a CI job: the verdict first, then tables.

`_text` is the one escaping point: in what it returns nothing is markup, neither in CommonMark nor in the dialect of
GitHub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from functions_runtime.catalogue import BY_ID, page, say
from functions_runtime.profile import Limits
from functions_runtime.record.inventory import Headroom, SeenCookie, Standing
from functions_runtime.record.report import JudgedEndpoint, JudgedHost, Report
from functions_runtime.reports.causes import Cause, RuleCauses, by_host, by_rule, cells, columns, gather, number_of
from functions_runtime.reports.json import timestamp
from functions_runtime.reports.text import counted, nothing_judged
from functions_runtime.reports.wording import (
    checked,
    headline,
    how_judged,
    is_it_yours,
    limits,
    own_causes,
    share,
    source,
    title_of_gravest,
    whose,
)
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import printable

MAX_ROWS = 100
"""The most rows of one table: a page of a CI server takes about a megabyte."""

MAX_OTHER_HOSTS = 20
"""The most hosts of others that are listed."""

MAX_ENDPOINTS_NAMED = 3
"""The most endpoints of one cause that are named."""

HOST_COLUMNS = ("Host", "Verdict", "Requests", "Errors", "Warnings", "Why")

# A colon or a full stop is escaped only if it would make a link or an emoji, and what begins a formula or a list only
# at the beginning.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&$]|:(?=[/a-z+-])|(?<=www)\.|^(?=[-+=@])", re.IGNORECASE)


def render(report: Report) -> str:
    """The whole report as one Markdown document."""
    own = own_causes(report)
    grave = by_rule(cause for cause in own if cause.severity >= Severity.WARNING)
    infos = by_rule(cause for cause in own if cause.severity is Severity.INFO)
    blocks = [
        *_verdict(report, grave),
        *_hosts(report),
        *_findings(grave, report),
        *_infos(infos),
        *_cookies(report),
        *_endpoints(report),
        *_other_hosts(report),
    ]
    return "\n\n".join(blocks) + "\n"


def _verdict(report: Report, grave: Sequence[RuleCauses]) -> Iterable[str]:
    yield f"# {_text(headline(report))}"
    yield _text(source(report))
    if report.notices:
        yield "\n".join(f"> - {_text(notice.message)}" for notice in report.notices)
    if not report.judged:
        yield nothing_judged(report)
    if said := whose(report):
        yield _text(" ".join((said, *(is_it_yours(report) or ()))))
    blocking = [each for each in grave if each.severity is (grave[0].severity)]
    if blocking:
        yield f"## {title_of_gravest(grave[0].severity)}"
        yield "\n".join(f"{number}. {_obstacle(each)}" for number, each in enumerate(blocking, 1))
    yield f"{checked(report)} {how_judged(report)} {limits(report)}"
    if number := sum(1 for judged in report.endpoints if judged.own):
        shares = [
            (standing.value.capitalize(), str(count), share(count, number))
            for standing in Standing
            if (count := report.endpoints_that(standing))
        ]
        yield _table(("Verdict", "Endpoints", "Share"), shares)
    if report.folded_endpoints:
        yield "There were too many endpoints to list: the rest are counted together, under \\*."
    if report.folded:
        yield f"Counted together, because there were too many: {counted(report.folded, 'finding')}."


def _obstacle(found: RuleCauses) -> str:
    rule, causes = found
    number = f"{counted(len(causes), 'cause')} at {counted(found.endpoints, 'endpoint')}"
    return f"**{_text(rule.title)}**: {number}. Fix: {_text(rule.fix)}"


def _hosts(report: Report) -> Iterable[str]:
    own = [host for host in report.hosts if host.own]
    if own:
        yield "## Hosts"
        causes = by_host(gather(report.own_entries))
        yield _table(HOST_COLUMNS, [_host(host, causes.get(host.host, ())) for host in own])


def _other_hosts(report: Report) -> Iterable[str]:
    others = [host for host in report.hosts if not host.own]
    if others:
        yield "## Other hosts"
        count = counted(len(others), "other host")
        yield f"The verdict leaves out {count}. The JSON report has what was found there."
        causes = by_host(gather(report.other_entries))
        yield _table(HOST_COLUMNS, [_host(host, causes.get(host.host, ())) for host in others], MAX_OTHER_HOSTS)


def _host(host: JudgedHost, causes: Sequence[Cause]) -> Sequence[str]:
    return (
        host.host,
        host.standing.value,
        str(host.exchanges),
        str(number_of(causes, Severity.ERROR)),
        str(number_of(causes, Severity.WARNING)),
        ", ".join(host.reasons),
    )


def _findings(found: Sequence[RuleCauses], report: Report) -> Iterable[str]:
    if found:
        yield "## Findings"
    for each in found:
        rule, causes = each
        yield f"### {_text(rule.title)} ({each.severity})"
        lead = "For example: " if len(causes) > 1 else ""
        yield f"{lead}{_text(say(causes[0].finding))}"
        place, url = page(rule)
        yield f"Fix: {_text(rule.fix)} (`{rule.id}`, {rule.basis.words}; {f'[{place}]({url})' if url else place})"
        if rule.code:
            yield f"```js\n{rule.code}```"
        headings = columns(rule, [entry.finding for cause in causes for entry in cause.entries])
        severities = len({cause.severity for cause in causes}) > 1
        yield _table(
            (*(("Severity",) if severities else ()), "About", "Host", *headings, "Endpoints", "Count", "Seen"),
            [_cause(cause, headings, with_severity=severities) for cause in causes],
        )


def _cause(cause: Cause, headings: Sequence[str], *, with_severity: bool) -> Sequence[str]:
    found = cause.finding
    return (
        *((str(found.severity),) if with_severity else ()),
        f"{found.subject or ''}{' (known)' if cause.is_known else ''}".strip(),
        cause.host,
        *cells(BY_ID[found.rule], found, headings),
        _ends(cause),
        str(cause.count),
        _seen(cause),
    )


def _ends(cause: Cause) -> str:
    """The first endpoints of a cause by name, and the number of the others."""
    shown = ", ".join(f"{entry.endpoint.method} {entry.endpoint.path}" for entry in cause.entries[:MAX_ENDPOINTS_NAMED])
    others = len(cause.entries) - MAX_ENDPOINTS_NAMED
    return f"{shown} and {others:,} more" if others > 0 else shown


def _seen(cause: Cause) -> str:
    times = dict.fromkeys(timestamp(seconds) or "" for seconds in (cause.first_seen, cause.last_seen))
    return " to ".join(filter(None, times))


def _infos(found: Sequence[RuleCauses]) -> Iterable[str]:
    if found:
        yield "## Infos"
        yield "Changes that probably nobody notices, and facts that are good to know."
        yield _table(
            ("Rule", "About", "Host", "Endpoints", "Count"),
            [
                (each.rule.title, cause.finding.subject or "", cause.host, _ends(cause), str(cause.count))
                for each in found
                for cause in each.causes
            ],
        )


def _cookies(report: Report) -> Iterable[str]:
    own = [cookie for cookie in report.cookies if cookie.own]
    if own:
        yield "## Cookies"
        yield _table(
            ("Host", "Cookie", "As the site sets it", "Under the Runtime"),
            [_cookie(cookie) for cookie in own],
        )
    if report.further_cookies:
        yield f"Not listed, because there were too many: {counted(report.further_cookies, 'cookie')}."


def _cookie(cookie: SeenCookie) -> Sequence[str]:
    if cookie.runtime is None:
        becomes = "not set: the client gets an error instead of the response"
    else:
        becomes = "unchanged" if cookie.runtime == cookie.today else cookie.runtime
    return cookie.host, cookie.name, cookie.today or "no attributes", becomes


def _endpoints(report: Report) -> Iterable[str]:
    own = [judged for judged in report.endpoints if judged.own]
    shown = [judged for judged in own if judged.standing in (Standing.BREAKS, Standing.CHANGES)]
    if own:
        yield "## Endpoints"
    if shown:
        yield _table(
            ("Verdict", "Endpoint", "Requests", "Why", "Largest request headers", "Largest response headers"),
            [_endpoint(judged, report.limits) for judged in shown],
        )
    for standing, what in ((Standing.RUNS, "without a problem"), (Standing.UNKNOWN, "without a response")):
        if number := report.endpoints_that(standing):
            yield f"Not listed: {counted(number, 'endpoint')} {what}."


def _endpoint(judged: JudgedEndpoint, limits: Limits) -> Sequence[str]:
    return (
        judged.standing.value,
        str(judged.seen.endpoint),
        str(judged.seen.exchanges),
        ", ".join(judged.reasons),
        _headroom(judged.seen.request, limits),
        _headroom(judged.seen.response, limits),
    )


def _headroom(headroom: Headroom, limits: Limits) -> str:
    if not headroom.size:
        return "not seen"
    size, count = share(headroom.size, limits.size), share(headroom.count, limits.count)
    return f"{counted(headroom.size, 'byte')} ({size}), {counted(headroom.count, 'field')} ({count})"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], most: int = MAX_ROWS) -> str:
    """A table of at most `most` rows, and the number of further rows."""
    lines = [columns, ["---"] * len(columns), *([_text(cell) for cell in row] for row in rows[:most])]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if len(rows) > most:
        table += f"\n\n… and {len(rows) - most} more. The JSON report has them all."
    return table


def _text(text: str) -> str:
    """The text with all markup escaped."""
    escaped = _MARKUP.sub(lambda match: f"\\{match[0]}", printable(text, len(text)))
    return escaped.replace("@", "@&#8203;")  # GitHub finds people and addresses in the finished text
