"""Findings gathered over a run: grouped, counted, bounded. Everything that is reported is read from here.

Memory is bounded by `MAX_ENTRIES`, whatever comes in: beyond it, findings of one rule and severity share an entry
whose method, host and path are `*`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request, Response
from functions_runtime.profile import Limits
from functions_runtime.record.inventory import (
    FOLDED,
    CookieKey,
    Headroom,
    SeenCookie,
    SeenEndpoint,
    Site,
    Standing,
    standing_of,
)
from functions_runtime.ruling import FOLDED_FACTS, Action, Finding, Severity

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


Key = tuple[str, Severity, Endpoint, str | None]

Known = tuple[str, str, str, str, str, str | None]
"""What makes a finding the same in two runs: rule, severity, method, host, path and subject."""


class Receipt(NamedTuple):
    """What a journal booked for one exchange, so that it can be taken back.

    `is_clean` says that none of its findings is a warning or an error.
    """

    journal: Journal
    endpoint: Endpoint
    time: float
    is_clean: bool = True
    keys: tuple[Key, ...] = ()
    cookies: tuple[CookieKey | None, ...] = ()


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

    def successor(self) -> Journal:
        """An empty journal with the same baseline."""
        return Journal(self._baseline)

    def begin(self, endpoint: Endpoint, request: Request, *, enforced: bool = False) -> Receipt:
        """Count an exchange. `enforced` says that it goes as it would under the Runtime."""
        self.judged += 1
        self.clean += 1
        self.enforced += enforced
        self.site.saw_request(endpoint, request)
        return Receipt(self, endpoint, request.time)

    def book(self, receipt: Receipt, findings: Sequence[Finding]) -> tuple[Receipt, Sequence[Entry]]:
        """Take down findings of an exchange. Returns what is booked now, and the entries that are new."""
        if not findings:
            return receipt, ()
        endpoint, time, is_clean = receipt.endpoint, receipt.time, receipt.is_clean
        keys: list[Key] = []
        new: list[Entry] = []
        for finding in findings:
            if is_clean and finding.severity >= Severity.WARNING:
                is_clean = False
                self.clean -= 1
            key: Key = (finding.rule, finding.severity, finding.endpoint or endpoint, finding.subject)
            entry = self._entries.get(key)
            if entry is None and len(self._entries) - self._emptied >= MAX_ENTRIES:
                self.folded += 1
                finding = finding._replace(subject=None, facts=FOLDED_FACTS, endpoint=None, extent=0.0)
                key = (finding.rule, finding.severity, FOLDED, None)
                entry = self._entries.get(key)
            if entry is None:
                entry = self._open(key, finding, time)
                if not self._graver(entry):
                    new.append(entry)
            elif not entry.count:
                self._emptied -= 1
                entry.finding, entry.first_seen, entry.last_seen = finding, time, time
            entry.count += 1
            if finding.extent > entry.finding.extent or (finding.replaces and not entry.finding.replaces):
                entry.finding = finding
            if time < entry.first_seen:
                entry.first_seen = time
            elif time > entry.last_seen:
                entry.last_seen = time
            keys.append(key)
        return receipt._replace(is_clean=is_clean, keys=(*receipt.keys, *keys)), new

    def book_cookies(self, receipt: Receipt, host: str, response: Response, action: Action) -> Receipt:
        """Take down the cookies of a response, and what the Runtime makes of them."""
        cookies = self.site.saw_cookies(host, response, action)
        return receipt._replace(cookies=(*receipt.cookies, *cookies))

    @contextlib.contextmanager
    def rebooking(self, receipt: Receipt) -> Iterator[Receipt]:
        """Take back the findings and cookies of an exchange. What is booked again meanwhile is not new."""
        if not receipt.is_clean:
            self.clean += 1
        for key in receipt.keys:
            entry = self._entries[key]
            entry.count -= 1
            self._emptied += not entry.count
            self.folded -= key[2] == FOLDED
        self.site.forget_cookies(receipt.cookies)
        try:
            yield Receipt(self, receipt.endpoint, receipt.time)
        finally:
            for key in dict.fromkeys(receipt.keys):
                if not self._entries[key].count:
                    self._emptied -= 1
                    del self._entries[key]

    def _open(self, key: Key, finding: Finding, time: float) -> Entry:
        if finding.replaces:
            self._replacing.add(finding.rule)
        entry = self._entries[key] = Entry(finding, key[2], 0, time, time)
        entry.known = self._is_known(entry)
        return entry

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
