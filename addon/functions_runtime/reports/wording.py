"""Sentences that all formats for people share: whose site was judged, its standing, and the traffic behind it."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.record.inventory import FOLDED, Standing
from functions_runtime.record.report import JudgedHost, Report
from functions_runtime.reports.causes import Cause, gather, number_known, number_of
from functions_runtime.reports.json import timestamp
from functions_runtime.reports.text import counted, nothing_judged
from functions_runtime.ruling import Basis, Severity

LITTLE = 10
"""Up to this number of requests, a verdict without a finding rests on too little to be good news."""


MAX_SITES_NAMED = 3
"""The most sites that a sentence names."""


HOW_SURE = {
    Basis.DOCUMENTED: "documented by the vendor",
    Basis.EMULATOR: "what the vendor's local emulator does",
    Basis.READING: "our interpretation of what the documentation leaves open",
}
"""How sure a statement about the Runtime is, in words."""


def share(part: int, whole: int) -> str:
    """A part in per cent. A little is never nothing, and almost all is never all. `whole` is above zero."""
    if 0 < part < whole / 100:
        return "< 1%"
    if whole * 99 / 100 < part < whole:
        return "> 99%"
    return f"{round(100 * part / whole)}%"


def sites(report: Report) -> list[tuple[str, int]]:
    """The own sites, the one with the most requests first: each with its domain and its number of hosts."""
    return [(site if len(hosts) > 1 else hosts[0].host, len(hosts)) for site, hosts in _own_by_site(report)]


def _own_by_site(report: Report) -> list[tuple[str, list[JudgedHost]]]:
    groups: dict[str, list[JudgedHost]] = {}
    for host in report.hosts:
        if host.own and host.host != FOLDED.host:
            groups.setdefault(host.site, []).append(host)
    return sorted(groups.items(), key=lambda group: -sum(host.exchanges for host in group[1]))


def own_causes(report: Report) -> list[Cause]:
    """The causes at own hosts: the gravest first, then those at the site with the most requests."""
    ranks = {host.host: rank for rank, (_, hosts) in enumerate(_own_by_site(report)) for host in hosts}
    causes = gather(report.own_entries)
    return sorted(causes, key=lambda cause: (-cause.severity, ranks.get(cause.host, len(ranks))))


def site_name(report: Report) -> str:
    """The name of the site, empty if there is no site."""
    return next((name for name, _ in sites(report)), "")


def requests_checked(report: Report) -> int:
    """How many requests went to own hosts."""
    return sum(host.exchanges for host in report.hosts if host.own)


def requests_clean(report: Report) -> int:
    """How many of these have no finding of warning or above."""
    return sum(host.clean for host in report.hosts if host.own)


def own_endpoints(report: Report) -> str:
    """How many endpoints of own hosts were seen, in words. Nobody knows how many share an entry."""
    more = "more than " if report.folded_endpoints else ""
    return more + counted(sum(1 for each in report.endpoints if each.own and each.seen.endpoint != FOLDED), "endpoint")


def is_little(report: Report, *, live: bool = False) -> bool:
    """Whether nothing was found, but in too little traffic to say much. A live run may always bring more."""
    return report.standing is Standing.RUNS and (live or requests_checked(report) <= LITTLE)


def headline(report: Report, *, live: bool = False) -> str:
    """The verdict in a few words, with the name of the site in front."""
    if report.standing is None:
        return "Nothing was judged" if report.sources or report.is_unread else "Nothing has been judged yet"
    causes = gather(report.own_entries)
    verdict = verdict_of(
        report.standing,
        number_of(causes, Severity.ERROR),
        number_of(causes, Severity.WARNING),
        little=is_little(report, live=live),
    )
    reservation = _reservation(report) if report.standing is Standing.RUNS else ""
    (site, _), *others = sites(report) or [("", 0)]
    more = f" and {counted(len(others), 'more site')}" if others else ""
    return f"{site}{more}: {verdict}{_news(causes) if report.compared else ''}{reservation}"


def _news(causes: Iterable[Cause]) -> str:
    """How many of the causes the baseline lacks, in words, if that is of interest."""
    grave = [cause for cause in causes if cause.severity >= Severity.WARNING]
    new = len(grave) - number_known(grave)
    return f", {new or 'none'} new" if grave else ""


def _reservation(report: Report) -> str:
    """What makes good news less good, in words."""
    for notice in report.notices:
        if notice.id == "no-cookies":  # about all exchanges, or about some recordings
            return (
                ", but no cookies were recorded"
                if notice.count == report.recorded
                else ", but some recordings have no cookies"
            )
    return ""


def verdict_of(standing: Standing, errors: int, warnings: int, *, little: bool = False) -> str:
    """The standing of a site or a host, in a few words. `errors` and `warnings` count causes."""
    if standing is Standing.BREAKS:
        return counted(errors, "blocking issue")
    if standing is Standing.CHANGES:
        return f"no blocking issues, {counted(warnings, 'warning')}"
    if standing is Standing.RUNS:
        return "no problems found yet" if little else "no problems found"
    return "no response was seen"


def title_of_gravest(severity: Severity) -> str:
    """The heading above the gravest rules, of this severity."""
    return "Blocking issues" if severity is Severity.ERROR else "What would be different"


def lead(report: Report, *, live: bool = False) -> str:
    """What the headline is based on."""
    endpoints = own_endpoints(report)
    seen = f"{counted(requests_checked(report), 'request')} to {endpoints}"
    if report.standing is Standing.BREAKS:
        return f"{report.endpoints_that(Standing.BREAKS):,} of {endpoints} would break under the Runtime."
    if report.standing is Standing.CHANGES:
        changed = report.endpoints_that(Standing.CHANGES)
        return f"The site runs under the Runtime; {changed:,} of {endpoints} would behave differently."
    if is_little(report, live=live):
        return f"Little was seen so far: {seen}. Sign in, submit forms and upload files to see more."
    if report.standing is Standing.RUNS:
        return f"No problems found in the traffic seen so far: {seen}."
    if report.standing is Standing.UNKNOWN:
        return f"Seen: {seen}, but no response."
    if report.outside_scope or report.sources or report.is_unread:
        return nothing_judged(report)
    return "Open the site through the proxy: what it does shows here."


def source(report: Report) -> str:
    """Where the traffic is from, when it was, and what judged it."""
    return " · ".join(filter(None, (_recordings(report), _when(report), f"Functions Runtime proxy {report.version}")))


def _recordings(report: Report) -> str:
    """The recording by its name without its folder, several by their number."""
    return report.source.rpartition("/")[2] if len(report.sources) == 1 else report.source


def _when(report: Report) -> str:
    """From when to when, with the day once if that is the same."""
    times = [timestamp(seconds) for seconds in (report.began, report.ended) if seconds is not None]
    shown = list(dict.fromkeys(time.replace("T", " ").removesuffix("Z") for time in times if time))
    if len(shown) == 2 and shown[0].partition(" ")[0] == shown[1].partition(" ")[0]:
        shown[1] = shown[1].partition(" ")[2]
    return f"{' to '.join(shown)} UTC" if shown else ""


def whose(report: Report) -> str:
    """Whose hosts the verdict is about. Empty if there are no own hosts."""
    own = sites(report)
    if not own:
        return ""
    others = sum(1 for host in report.hosts if not host.own)
    named = [f"{name} ({counted(hosts, 'host')})" if hosts > 1 else name for name, hosts in own[:MAX_SITES_NAMED]]
    if len(own) > MAX_SITES_NAMED:
        named.append(f"{len(own) - MAX_SITES_NAMED:,} more")
    *before, last = named
    chosen = ", all in your scope" if report.scoped else ""
    rest = f" It leaves out {counted(others, 'other host')}." if others else ""
    return f"The verdict is about {' and '.join(filter(None, (', '.join(before), last)))}{chosen}.{rest}"


def scope(report: Report) -> str:
    """A filter that selects this site."""
    return f"~d {site_name(report) or 'example.com'}"


def is_it_yours(report: Report) -> tuple[str, str] | None:
    """A question, and the option that corrects the choice of hosts. None if the user chose the scope."""
    option = "--scope '~d HOST'" if report.sources else "--set runtime_scope='~d HOST'"
    return None if report.scoped else ("Not your site? Name your host:", option)


def checked(report: Report) -> str:
    """How many requests to own hosts were checked, and how many causes were found there."""
    requests = requests_checked(report)
    elsewhere = f" ({report.judged - requests:,} more to other hosts)" if report.judged > requests else ""
    causes = gather(report.own_entries)
    counts = ", ".join(counted(number_of(causes, severity), str(severity)) for severity in reversed(Severity))
    known = f" ({number_known(causes):,} known from the baseline)" if report.compared else ""
    if report.standing is Standing.UNKNOWN:
        return f"{counted(requests, 'request')} seen{elsewhere}, but no response. Found: {counts}{known}."
    return (
        f"{counted(requests, 'request')} checked{elsewhere}, {requests_clean(report):,} without a problem. "
        f"Found: {counts}{known}."
    )


def limits(report: Report) -> str:
    """The limits that headers were held against."""
    return f"Limits on headers: {report.limits.size:,} bytes, {report.limits.count} fields and cookies."


def how_judged(report: Report) -> str:
    """Whether the traffic was changed."""
    unchanged = report.judged - report.enforced
    if report.enforced and report.recorded == report.judged:
        changed = counted(report.enforced, "exchange")
        return f"Based on recorded traffic; {changed} had been changed by the Runtime's rules before recording."
    if not report.enforced:
        basis = (
            "Based on recorded traffic; nothing" if report.recorded and report.recorded == report.judged else "Nothing"
        )
        return f"{basis} was modified."
    if not unchanged:
        return "Requests and responses were changed as the Runtime would change them."
    return (
        "Requests and responses were changed as the Runtime would change them. "
        f"{counted(unchanged, 'exchange')} came from recordings or an audit; nothing was modified there."
    )
