"""Findings gathered over a run: grouped, counted, bounded. Everything that is reported is read from here.

Memory is bounded by `MAX_ENTRIES`, whatever comes in: beyond it, findings of one rule and severity share an entry
whose method, host and path are `*`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from functions_runtime.endpoint import Endpoint
from functions_runtime.profile import Limits
from functions_runtime.record.inventory import FOLDED, Headroom, SeenCookie, SeenEndpoint, Site, Standing, standing_of
from functions_runtime.ruling import Finding, Severity

MAX_ENTRIES = 10_000


@dataclass(slots=True)
class Entry:
    """One distinct finding: what it is, where, how often, and when (seconds since 1970-01-01 UTC)."""

    finding: Finding
    endpoint: Endpoint
    count: int
    first_seen: float
    last_seen: float
    known: bool = False

    def __str__(self) -> str:
        subject = f" [{self.finding.subject}]" if self.finding.subject else ""
        return f"{self.finding.rule}{subject} {self.endpoint}"


@dataclass(frozen=True, slots=True)
class JudgedEndpoint:
    """An endpoint in the light of its findings: how it does, because of which rules, and what was measured."""

    seen: SeenEndpoint
    standing: Standing
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A run at one moment, as reports show it: entries and endpoints with the gravest first.

    `folded` counts findings that share an entry because there were too many, `further_cookies` cookies that are not
    listed for that reason. `unmeasured` counts responses that were changed before they were recorded, so that neither
    their headers nor their cookies are known. `enforced` counts the exchanges that went as they would under the
    Runtime, `outside_scope` those that were not judged. `compared` says that there is a baseline.
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

    @property
    def folded_endpoints(self) -> bool:
        """Whether some endpoints share an entry because there were too many."""
        return any(each.seen.endpoint == FOLDED and each.seen.exchanges for each in self.endpoints)

    @property
    def standing(self) -> Standing | None:
        """How the site does as a whole; None where nothing was judged."""
        if not self.judged:
            return None
        gravest = self.entries[0].finding.severity if self.entries else None
        return standing_of(gravest, answered=any(each.seen.answered for each in self.endpoints))

    @property
    def known(self) -> int:
        """How many entries were in the baseline."""
        return sum(1 for entry in self.entries if entry.known)

    def endpoints_that(self, standing: Standing) -> int:
        """How many endpoints have this standing."""
        return sum(1 for endpoint in self.endpoints if endpoint.standing is standing)

    def counted(self, severity: Severity) -> int:
        """How many entries have this severity."""
        return sum(1 for entry in self.entries if entry.finding.severity is severity)


@dataclass(slots=True)
class Record:
    """One exchange in the journal. It is clean until it has a finding of warning or above."""

    endpoint: Endpoint
    time: float
    clean: bool = True


Key = tuple[str, Severity, Endpoint, str | None]

Known = tuple[str, str, str, str, str, str | None]
"""What makes a finding the same in two runs: rule, severity, method, host, path and subject."""


class Journal:
    """The journal of one run."""

    def __init__(self, baseline: Container[Known] | None = None) -> None:
        self._entries: dict[Key, Entry] = {}
        self._baseline = baseline
        self._replacing: set[str] = set()  # rules of which some findings take the place of others
        self._emptied = 0  # entries that are about to go, unless what they are of is found again
        self.site = Site()
        self.judged = 0
        self.clean = 0
        self.folded = 0
        self.enforced = 0
        self.outside_scope = 0

    def begin(self, endpoint: Endpoint, time: float, *, enforced: bool = False) -> Record:
        """Count an exchange as judged. `enforced` says that it goes as it would under the Runtime."""
        self.judged += 1
        self.clean += 1
        self.enforced += enforced
        return Record(endpoint, time)

    def add(self, record: Record, findings: Iterable[Finding]) -> list[Entry]:
        """Take down findings of an exchange. Returns the entries that are new."""
        new = []
        for finding in findings:
            if record.clean and finding.severity >= Severity.WARNING:
                record.clean = False
                self.clean -= 1
            if entry := self._count(record, finding):
                new.append(entry)
        return new

    @contextlib.contextmanager
    def judging_anew(self, record: Record, findings: Iterable[Finding]) -> Iterator[None]:
        """Take back what was added for an exchange. What is added again meanwhile is not new."""
        if not record.clean:
            record.clean = True
            self.clean += 1
        left = []
        for finding in findings:
            key = (finding.rule, finding.severity, finding.endpoint or record.endpoint, finding.subject)
            if key not in self._entries:
                key = (finding.rule, finding.severity, FOLDED, None)
                self.folded -= key in self._entries
            if entry := self._entries.get(key):
                entry.count -= 1
                self._emptied += not entry.count
                left.append(key)
        try:
            yield
        finally:
            for key in left:
                if key in self._entries and not self._entries[key].count:
                    self._emptied -= 1
                    del self._entries[key]

    def _count(self, record: Record, finding: Finding) -> Entry | None:
        endpoint, subject = finding.endpoint or record.endpoint, finding.subject
        key = (finding.rule, finding.severity, endpoint, subject)
        entry = self._entries.get(key)
        if finding.replaces:
            self._replacing.add(finding.rule)
        if entry is None and len(self._entries) - self._emptied >= MAX_ENTRIES:
            self.folded += 1
            endpoint, subject = FOLDED, None
            key = (finding.rule, finding.severity, endpoint, subject)
            message = "Further endpoints and subjects with this finding."
            finding = finding._replace(subject=None, message=message, extent=0.0)
            entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(finding, endpoint, 1, record.time, record.time)
            entry.known = self._is_known(entry)
            return None if self._graver(entry) else entry
        entry.count += 1
        if entry.count == 1:
            self._emptied -= 1
            entry.finding, entry.first_seen, entry.last_seen = finding, record.time, record.time
        if finding.extent > entry.finding.extent or (finding.replaces and not entry.finding.replaces):
            entry.finding = finding
        entry.first_seen = min(entry.first_seen, record.time)
        entry.last_seen = max(entry.last_seen, record.time)
        return None

    def _graver(self, entry: Entry) -> Entry | None:
        """The entry that takes the place of this one."""
        finding = entry.finding
        # Folded entries are of several endpoints, and nobody knows which.
        if finding.rule not in self._replacing or entry.endpoint == FOLDED:
            return None
        for severity in range(finding.severity + 1, Severity.ERROR + 1):
            graver = self._entries.get((finding.rule, Severity(severity), entry.endpoint, finding.subject))
            if graver and graver.finding.replaces is finding.severity:
                return graver
        return None

    def _shown(self) -> Iterator[Entry]:
        """The entries less those that a graver one takes the place of, which counts for both."""
        lesser = {id(graver): entry for entry in self._entries.values() if (graver := self._graver(entry))}
        hidden = {id(entry) for entry in lesser.values()}
        for entry in self._entries.values():
            if id(entry) in hidden:
                continue
            if other := lesser.get(id(entry)):
                first, last = min(entry.first_seen, other.first_seen), max(entry.last_seen, other.last_seen)
                entry = replace(entry, count=entry.count + other.count, first_seen=first, last_seen=last)
            yield entry

    def compare_with(self, baseline: Container[Known] | None) -> None:
        """From now on, what is in this baseline is known; None: there is none."""
        self._baseline = baseline
        for entry in self._entries.values():
            entry.known = self._is_known(entry)

    def _is_known(self, entry: Entry) -> bool:
        return self._baseline is not None and _known(entry) in self._baseline

    def new(self, severity: Severity) -> list[Entry]:
        """The entries of this severity or above that are not known, the gravest first."""
        return sorted(
            (each for each in self._shown() if each.finding.severity >= severity and not each.known), key=_rank
        )

    def report(self, mode: str, limits: Limits) -> Report:
        """The journal as it stands."""
        entries = tuple(sorted(self._shown(), key=_rank))
        return Report(
            mode,
            limits,
            self.judged,
            self.clean,
            self.folded,
            entries,
            _judged_endpoints(self.site, entries),
            tuple(sorted(self.site.cookies, key=lambda cookie: (cookie.host, cookie.name, cookie.today))),
            self.site.further_cookies,
            self.site.unmeasured,
            self.enforced,
            self.outside_scope,
            self._baseline is not None,
        )


def _known(entry: Entry) -> Known:
    method, host, path = entry.endpoint
    return entry.finding.rule, str(entry.finding.severity), method, host, path, entry.finding.subject


def _judged_endpoints(site: Site, entries: Iterable[Entry]) -> tuple[JudgedEndpoint, ...]:
    """The endpoints of the site, and those that findings speak of although no exchange was seen there.

    Where there were too many endpoints, nobody knows any more what was seen: there the findings are of all others.
    """
    seen = {endpoint.endpoint: endpoint for endpoint in site.endpoints}
    entries = [entry for entry in entries if entry.finding.severity >= Severity.WARNING]
    # Where findings share an entry, an endpoint without any may be one of theirs.
    hidden = any(entry.endpoint == FOLDED for entry in entries)
    gravest: dict[Endpoint, Severity] = {}
    reasons: dict[Endpoint, dict[str, None]] = {}
    for entry in entries:
        endpoint = entry.endpoint if entry.endpoint in seen or FOLDED not in seen else FOLDED
        gravest.setdefault(endpoint, entry.finding.severity)  # entries come with the gravest first
        reasons.setdefault(endpoint, {})[entry.finding.rule] = None
        seen.setdefault(endpoint, SeenEndpoint(endpoint, 0, Headroom(), Headroom()))
    judged = [
        JudgedEndpoint(
            each,
            standing_of(gravest.get(name), answered=each.answered and not hidden),
            tuple(reasons.get(name, ())),
        )
        for name, each in seen.items()
    ]
    order = list(reversed(Standing))
    return tuple(
        sorted(judged, key=lambda each: (order.index(each.standing), each.seen.endpoint[1:], each.seen.endpoint))
    )


def _rank(entry: Entry) -> tuple[int, str, str, str, str, str]:
    return (
        -entry.finding.severity,
        entry.finding.rule,
        entry.endpoint.host,
        entry.endpoint.path,
        entry.endpoint.method,
        entry.finding.subject or "",
    )
