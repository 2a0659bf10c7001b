"""The Markdown report, for a pull request or the summary of a CI job: the verdict first, then tables.

`_text` is the one escaping point: in what it returns nothing is markup, neither in CommonMark nor in the dialect of
GitHub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from functions_runtime.catalogue import BY_ID
from functions_runtime.profile import Limits
from functions_runtime.record.inventory import Headroom, SeenCookie, Standing
from functions_runtime.record.entry import Entry
from functions_runtime.record.report import JudgedEndpoint, Report
from functions_runtime.reports.json import timestamp
from functions_runtime.reports.text import VERDICTS, counted, known, nothing_judged, unmeasured
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import printable

MAX_ROWS = 100
"""Rows of one table: a page of a CI server takes about a megabyte."""

# A colon or a full stop only where it would make a link or an emoji; what begins a formula or a list only in front.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&$]|:(?=[/a-z+-])|(?<=www)\.|^(?=[-+=@])", re.IGNORECASE)


def render(report: Report) -> str:
    """The whole report as one Markdown document."""
    blocks = [*_verdict(report), *_findings(report), *_cookies(report), *_endpoints(report)]
    return "\n\n".join(blocks) + "\n"


def _verdict(report: Report) -> Iterable[str]:
    verdict = VERDICTS[report.standing] if report.standing else "nothing was judged."
    yield f"# Functions Runtime: {verdict}"
    counts = ", ".join(counted(report.counted(severity), str(severity)) for severity in reversed(Severity))
    yield (
        f"{counted(report.judged, 'exchange')} judged, {report.clean} clean: {counts}{known(report)}. "
        f"Mode {_text(report.mode)}, limits {report.limits.size} bytes and {report.limits.count}."
    )
    if not report.judged:
        yield nothing_judged(report)
    if report.endpoints:
        shares = [
            (standing.value.capitalize(), str(count), f"{count / len(report.endpoints):.0%}")
            for standing in Standing
            if (count := report.endpoints_that(standing))
        ]
        yield _table(("Endpoints that", "Number", "Share"), shares)
    if report.folded_endpoints:
        yield "There were too many endpoints to tell all of them apart: further ones share the entry \\*."
    if report.unmeasured:
        yield unmeasured(report)
    if report.folded:
        yield f"Counted together, because there were too many: {counted(report.folded, 'finding')}."


def _findings(report: Report) -> Iterable[str]:
    by_rule: dict[str, list[Entry]] = {}
    for entry in report.entries:
        by_rule.setdefault(entry.finding.rule, []).append(entry)
    if by_rule:
        yield "## Findings"
    for rule_id, entries in by_rule.items():
        rule = BY_ID[rule_id]
        yield f"### {_text(rule.title)} ({entries[0].finding.severity})"
        yield f"`{rule_id}`, {rule.basis.value}. What to do: {_text(rule.fix)}"
        if rule.code:
            yield f"```js\n{rule.code}```"
        yield _table(
            ("Severity", "Endpoint", "About", "Finding", "Count", "First seen", "Last seen"),
            [_finding(entry) for entry in entries],
        )


def _finding(entry: Entry) -> Sequence[str]:
    found = entry.finding
    return (
        f"{found.severity}{', known' if entry.known else ''}",
        str(entry.endpoint),
        found.subject or "",
        found.message,
        str(entry.count),
        timestamp(entry.first_seen) or "",
        timestamp(entry.last_seen) or "",
    )


def _cookies(report: Report) -> Iterable[str]:
    if report.cookies:
        yield "## Cookies"
        yield _table(
            ("Host", "Cookie", "As the site sets it", "Under the Runtime"),
            [_cookie(cookie) for cookie in report.cookies],
        )
    if report.further_cookies:
        yield f"Not listed, because there were too many: {counted(report.further_cookies, 'cookie')}."


def _cookie(cookie: SeenCookie) -> Sequence[str]:
    if cookie.runtime is None:
        becomes = "refused with its response"
    else:
        becomes = "unchanged" if cookie.runtime == cookie.today else cookie.runtime
    return cookie.host, cookie.name, cookie.today or "no attributes", becomes


def _endpoints(report: Report) -> Iterable[str]:
    if report.endpoints:
        yield "## Endpoints"
        yield _table(
            ("Verdict", "Endpoint", "Exchanges", "Because of", "Largest request headers", "Largest response headers"),
            [_endpoint(judged, report.limits) for judged in report.endpoints],
        )


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
    size, count = headroom.size / limits.size, headroom.count / limits.count
    return f"{headroom.size} bytes ({size:.0%}), {headroom.count} fields ({count:.0%})"


def _table(columns: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of at most `MAX_ROWS` rows, and how many more there are."""
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *([_text(cell) for cell in row] for row in rows[:MAX_ROWS])]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if len(rows) > MAX_ROWS:
        table += f"\n\n… and {len(rows) - MAX_ROWS} more. The JSON report has them all."
    return table


def _text(text: str) -> str:
    """The text as it is to be read, with nothing in it that is markup."""
    escaped = _MARKUP.sub(lambda match: f"\\{match[0]}", printable(text, len(text)))
    return escaped.replace("@", "@&#8203;")  # GitHub finds people and addresses in the finished text
