"""A run at one moment, as reports show it: plain, sorted values. Nothing is left to decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from functions_runtime.endpoint import Endpoint
from functions_runtime.profile import Limits
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import FOLDED, Headroom, SeenCookie, SeenEndpoint, Standing, standing_of
from functions_runtime.record.notices import Notice
from functions_runtime.ruling import Severity


@dataclass(frozen=True, slots=True)
class JudgedEndpoint:
    """An endpoint with the result of its findings: its standing, the rules behind it, and what was measured."""

    seen: SeenEndpoint
    standing: Standing
    reasons: tuple[str, ...]
    own: bool = True


@dataclass(frozen=True, slots=True)
class JudgedHost:
    """A host with the result of its findings.

    `site` is the registrable domain, or the host itself if it has no such domain.
    `exchanges` and `clean` are as in `Report`. `errors`, `warnings` and `infos` count entries. `reasons` are ids of
    rules with a finding of warning or above, the gravest first.
    """

    host: str
    own: bool
    standing: Standing
    exchanges: int
    clean: int
    errors: int
    warnings: int
    infos: int
    reasons: tuple[str, ...]
    site: str


@dataclass(frozen=True, slots=True)
class Report:
    """A run at one moment. Entries, endpoints and hosts are sorted: own ones first, then the gravest first.

    `judged` counts exchanges, and `clean` those without a finding of warning or above. `folded` counts findings that
    share an entry because there were too many, `further_cookies` cookies that are not listed for that reason.
    `unmeasured` counts responses that were changed before they were recorded, so that neither their headers nor their
    cookies are known. `enforced` counts the exchanges that went as they would under the Runtime, `recorded` those that
    came from recordings, `outside_scope` those that were not judged. `compared` says that there is a baseline, `scoped`
    that the user chose the scope. `sources` are names of recordings. `version` is this program's version. `began` and
    `ended` are the times of the first and the last exchange, in seconds since 1970-01-01 UTC. `is_cleared` says that
    the user had what was before forgotten.

    The verdict and its counts are about own hosts. `judged` and `clean` count all hosts.
    """

    mode: str
    limits: Limits
    judged: int
    clean: int
    folded: int
    entries: tuple[Entry, ...]
    endpoints: tuple[JudgedEndpoint, ...] = ()
    cookies: tuple[SeenCookie, ...] = ()
    further_cookies: int = 0
    unmeasured: int = 0
    enforced: int = 0
    outside_scope: int = 0
    compared: bool = False
    hosts: tuple[JudgedHost, ...] = ()
    notices: tuple[Notice, ...] = ()
    recorded: int = 0
    sources: tuple[str, ...] = ()
    scoped: bool = False
    version: str = ""
    began: float | None = None
    ended: float | None = None
    is_cleared: bool = False

    @property
    def source(self) -> str:
        """Where the exchanges come from, in words; empty if they were live."""
        if len(self.sources) == 1:
            return self.sources[0]
        return f"{len(self.sources):,} recordings" if self.sources else ""

    @property
    def is_unread(self) -> bool:
        """Whether there were recordings, and none of them could be read."""
        return not self.sources and any(notice.id == "unreadable" for notice in self.notices)

    @property
    def own_entries(self) -> tuple[Entry, ...]:
        """The entries of own hosts."""
        return tuple(entry for entry in self.entries if entry.own)

    def new(self, severity: Severity) -> list[Entry]:
        """The entries of own hosts, of this severity or above, that are not known, the gravest first."""
        return [entry for entry in self.own_entries if entry.finding.severity >= severity and not entry.known]

    @property
    def other_entries(self) -> tuple[Entry, ...]:
        """The entries of other hosts."""
        return tuple(entry for entry in self.entries if not entry.own)

    @property
    def folded_endpoints(self) -> bool:
        """Whether some endpoints share an entry because there were too many."""
        return any(each.seen.endpoint == FOLDED and each.seen.exchanges for each in self.endpoints)

    @property
    def standing(self) -> Standing | None:
        """The standing of the site as a whole. None if nothing was judged, or nothing of an own host."""
        if not self.judged or not any(each.own for each in self.endpoints):
            return None
        gravest = max((entry.finding.severity for entry in self.own_entries), default=None)
        return standing_of(gravest, answered=any(each.seen.answered for each in self.endpoints if each.own))

    def endpoints_that(self, standing: Standing) -> int:
        """How many endpoints of own hosts have this standing."""
        return sum(1 for endpoint in self.endpoints if endpoint.own and endpoint.standing is standing)

    def counted(self, severity: Severity, *, own: bool = True) -> int:
        """How many entries have this severity, of own hosts or of others."""
        return sum(1 for entry in self.entries if entry.finding.severity is severity and entry.own is own)


def rank(entry: Entry) -> tuple[bool, int, str, str, str, str, str]:
    """The sort key of entries: own hosts first, then the gravest."""
    return (
        not entry.own,
        -entry.finding.severity,
        entry.finding.rule,
        entry.endpoint.host,
        entry.endpoint.path,
        entry.endpoint.method,
        entry.finding.subject or "",
    )


def judged_endpoints(
    seen: Iterable[SeenEndpoint], entries: Iterable[Entry], own: Callable[[str], bool]
) -> tuple[JudgedEndpoint, ...]:
    """The endpoints that were seen, and those that have findings although no exchange was seen there.

    If there were too many endpoints, nobody knows which were seen. Findings elsewhere then belong to the shared
    endpoint.
    """
    by_name = {endpoint.endpoint: endpoint for endpoint in seen}
    entries = [entry for entry in entries if entry.finding.severity >= Severity.WARNING]
    # If findings share an entry, an endpoint without any may be one of theirs.
    hidden = any(entry.endpoint == FOLDED for entry in entries)
    gravest: dict[Endpoint, Severity] = {}
    reasons: dict[Endpoint, dict[str, None]] = {}
    for entry in sorted(entries, key=lambda entry: -entry.finding.severity):
        endpoint = entry.endpoint if entry.endpoint in by_name or FOLDED not in by_name else FOLDED
        gravest.setdefault(endpoint, entry.finding.severity)
        reasons.setdefault(endpoint, {})[entry.finding.rule] = None
        by_name.setdefault(endpoint, SeenEndpoint(endpoint, 0, Headroom(), Headroom()))
    judged = [
        JudgedEndpoint(
            each,
            standing_of(gravest.get(name), answered=each.answered and not hidden),
            tuple(reasons.get(name, ())),
            own(name.host),
        )
        for name, each in by_name.items()
    ]
    order = list(reversed(Standing))
    return tuple(
        sorted(
            judged,
            key=lambda each: (not each.own, order.index(each.standing), each.seen.endpoint[1:], each.seen.endpoint),
        )
    )


def judged_hosts(
    exchanges: dict[str, tuple[int, int]],
    endpoints: Iterable[JudgedEndpoint],
    entries: Iterable[Entry],
    site: Callable[[str], str],
) -> tuple[JudgedHost, ...]:
    """The hosts of these endpoints. `exchanges` holds, for each host, the numbers of exchanges and of clean ones.

    `site` maps a host to its registrable domain.
    """
    standings: dict[str, Standing] = {}
    own: dict[str, bool] = {}
    order = list(Standing)
    for endpoint in endpoints:
        host = endpoint.seen.endpoint.host
        own[host] = endpoint.own
        standings[host] = max(standings.get(host, Standing.UNKNOWN), endpoint.standing, key=order.index)
    counts: dict[str, dict[Severity, int]] = {host: dict.fromkeys(Severity, 0) for host in own}
    reasons: dict[str, dict[str, None]] = {host: {} for host in own}
    for entry in sorted(entries, key=lambda entry: -entry.finding.severity):
        host, severity = entry.endpoint.host, entry.finding.severity
        if host in counts:
            counts[host][severity] += 1
            if severity >= Severity.WARNING:
                reasons[host][entry.finding.rule] = None
    hosts = [
        JudgedHost(
            host,
            own[host],
            standings[host],
            *exchanges.get(host, (0, 0)),
            counts[host][Severity.ERROR],
            counts[host][Severity.WARNING],
            counts[host][Severity.INFO],
            tuple(reasons[host]),
            site(host),
        )
        for host in own
    ]
    return tuple(
        sorted(hosts, key=lambda host: (not host.own, -order.index(host.standing), -host.exchanges, host.host))
    )
