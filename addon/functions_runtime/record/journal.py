"""Findings gathered over a run: grouped, counted, bounded. Everything that is reported is read from here.

Memory is bounded by `MAX_ENTRIES`, whatever comes in: beyond it, findings of one rule and severity share an entry
whose method, host and path are `*`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request
from functions_runtime.profile import Limits
from functions_runtime.record.entry import Baseline, Entry, Known, is_known, without_severity
from functions_runtime.record.hosts import Hosts, Registrable, itself
from functions_runtime.record.inventory import FOLDED, CookieKey, Inventory, SeenCookie
from functions_runtime.record.notices import (
    Notice,
    changed_when_recorded,
    entries_skipped,
    no_cookies,
    restricted_untested,
    stale_baseline,
)
from functions_runtime.record.report import Report, judged_endpoints, judged_hosts, rank
from functions_runtime.ruling import FOLDED_FACTS, Finding, Severity
from functions_runtime.version import VERSION

DEPENDENCE = "restricted-header-used"
"""The rule of what shows that a site depends on a restricted header, in traffic or by an experiment."""

MAX_ENTRIES = 10_000


Key = tuple[str, Severity, Endpoint, str | None]


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

    def __init__(self, baseline: Baseline | None = None, registrable: Registrable = itself) -> None:
        self._entries: dict[Key, Entry] = {}
        self._baseline = baseline
        self._replacing: set[str] = set()  # rules of which some findings take the place of others
        self._outdated: set[Key] = set()  # entries whose facts are from before the settings changed
        self._emptied = 0  # entries that are about to go, unless what they are of is found again
        self._registrable = registrable
        self.inventory = Inventory()
        self.hosts = Hosts(registrable)
        self.judged = 0
        self.clean = 0
        self.folded = 0
        self.enforced = 0
        self.recorded = 0
        self.unanswered = 0
        self.began: float | None = None
        self.ended: float | None = None
        self.outside_scope = 0
        self.is_cleared = False

    def successor(self) -> Journal:
        """An empty journal with the same baseline."""
        journal = Journal(self._baseline, self._registrable)
        journal.is_cleared = True
        return journal

    def merge(self, other: Journal) -> None:
        """Take in what another journal holds, as if it had happened in this run. The order of merges does not matter.

        If there are too many entries, those that are kept are chosen by what they are, not by when they came. Receipts
        of either journal are worth nothing afterwards.
        """
        for key, entry in other._entries.items():
            mine = self._entries.get(key)
            if mine is None:
                self._entries[key] = replace(entry)
            else:
                _take_in(mine, entry)
        self._replacing |= other._replacing
        self.inventory.merge(other.inventory)
        self.hosts.merge(other.hosts)
        for name in ("judged", "clean", "folded", "enforced", "recorded", "unanswered", "outside_scope"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.began = min((time for time in (self.began, other.began) if time is not None), default=None)
        self.ended = max((time for time in (self.ended, other.ended) if time is not None), default=None)
        self._fold()
        if self._baseline or other._baseline:
            self.compare_with(self._baseline)

    def _fold(self) -> None:
        """Let entries beyond the maximum share one of their rule and severity."""
        single = [key for key in self._entries if key[2] != FOLDED]
        if len(single) <= MAX_ENTRIES:
            return
        single.sort(key=lambda key: (-key[1], key[0], key[2], key[3] or ""))
        for key in single[MAX_ENTRIES:]:
            entry = self._entries.pop(key)
            self.folded += entry.count
            shared = (key[0], key[1], FOLDED, None)
            folded = replace(entry, finding=_folded(entry.finding), endpoint=FOLDED)
            if shared in self._entries:
                _take_in(self._entries[shared], folded)
            else:
                self._entries[shared] = folded

    @property
    def found(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def begin(self, endpoint: Endpoint, request: Request, *, enforced: bool = False, recorded: bool = False) -> Receipt:
        """Count an exchange. `enforced` says that it goes as it would under the Runtime."""
        self.judged += 1
        self.clean += 1
        self.enforced += enforced
        self.recorded += recorded
        time = request.time
        if time and (self.began is None or time < self.began):  # nobody knows when it was if it is 0
            self.began = time
        if time and (self.ended is None or time > self.ended):
            self.ended = time
        self.inventory.saw_request(endpoint, request)
        self.hosts.saw_request(request)
        return Receipt(self, endpoint, time)

    def book(  # noqa: C901 (runs for every exchange: calls would take longer than what they do)
        self, receipt: Receipt, findings: Sequence[Finding], cookies: Sequence[CookieKey | None] = ()
    ) -> tuple[Receipt, Sequence[Entry]]:
        """Take down findings of an exchange. Returns what is booked now, and the entries that are new.

        `cookies` are those of its response, as the inventory saw them.
        """
        if not findings and not cookies:
            return receipt, ()
        _, endpoint, time, is_clean, booked, earlier = receipt
        keys: list[Key] = []
        new: list[Entry] = []
        for finding in findings:
            if is_clean and finding.severity >= Severity.WARNING:
                is_clean = False
                self.clean -= 1
                self.hosts.count_unclean(endpoint.host, 1)
            key: Key = (finding.rule, finding.severity, finding.endpoint or endpoint, finding.subject)
            entry = self._entries.get(key)
            if entry is None and len(self._entries) - self._emptied >= MAX_ENTRIES:
                self.folded += 1
                key = (finding.rule, finding.severity, FOLDED, None)
                entry = self._entries.get(key)
                finding = _folded(finding) if entry is None else entry.finding
            if entry is None:
                entry = self._open(key, finding, time)
                if not self._graver(entry):
                    new.append(entry)
            elif not entry.count:
                self._emptied -= 1
                entry.finding, entry.first_seen, entry.last_seen = finding, time, time
            entry.count += 1
            if self._outdated and key in self._outdated:
                self._outdated.discard(key)
                entry.finding = finding
            elif finding is not entry.finding:
                entry.finding = _further(finding, entry.finding)
            if time < entry.first_seen:
                entry.first_seen = time
            elif time > entry.last_seen:
                entry.last_seen = time
            keys.append(key)
        return Receipt(self, endpoint, time, is_clean, (*booked, *keys), (*earlier, *cookies)), new

    @contextlib.contextmanager
    def rebooking(self, receipt: Receipt) -> Iterator[Receipt]:
        """Take back the findings and cookies of an exchange. What is booked again meanwhile is not new."""
        if not receipt.is_clean:
            self.clean += 1
            self.hosts.count_unclean(receipt.endpoint.host, -1)
        for key in receipt.keys:
            entry = self._entries[key]
            entry.count -= 1
            self._emptied += not entry.count
            self.folded -= key[2] == FOLDED
        self.inventory.forget_cookies(receipt.cookies)
        try:
            yield Receipt(self, receipt.endpoint, receipt.time)
        finally:
            for key in dict.fromkeys(receipt.keys):
                if not self._entries[key].count:
                    self._emptied -= 1
                    del self._entries[key]
                    self._outdated.discard(key)

    def withdraw(self, receipt: Receipt, *, enforced: bool, recorded: bool, unmeasured: bool) -> None:
        """Take back all that was booked for an exchange, and count it as outside the scope.

        `enforced` and `recorded` are as in `begin`. `unmeasured` says that the exchange counts in `unmeasured`.
        """
        with self.rebooking(receipt):
            pass
        self.judged -= 1
        self.clean -= 1
        self.enforced -= enforced
        self.recorded -= recorded
        self.outside_scope += 1
        self.inventory.unmeasured -= unmeasured
        self.inventory.forget_exchange(receipt.endpoint)
        self.hosts.forget_exchange(receipt.endpoint.host)

    def _open(self, key: Key, finding: Finding, time: float) -> Entry:
        if finding.replaces:
            self._replacing.add(finding.rule)
        entry = self._entries[key] = Entry(finding, key[2], 0, time, time)
        entry.scheme, entry.port = self.hosts.addressed(key[2].host)
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
                entry = _counted_with(entry, other)
            yield entry

    def outdate(self) -> None:
        """The settings change: what entries quote gives way to the next finding of the same kind."""
        self._outdated.update(self._entries)

    def compare_with(self, baseline: Baseline | None) -> None:
        """From now on, what is in this baseline is known; None: there is none."""
        self._baseline = baseline
        for entry in self._entries.values():
            entry.known = self._is_known(entry)

    def _is_known(self, entry: Entry) -> bool:
        return self._baseline is not None and is_known(entry.identity, self._baseline)

    def _judged_entries(self, own: Callable[[str], bool]) -> tuple[Entry, ...]:
        entries = []
        for each in self._shown():
            scheme, port = self.hosts.addressed(each.endpoint.host)
            entries.append(replace(each, own=own(each.endpoint.host), scheme=scheme, port=port))
        return tuple(sorted(entries, key=rank))

    def _own(self, *, scoped: bool) -> Callable[[str], bool]:
        own = self.hosts.own(scoped=scoped)
        return lambda host: host == FOLDED.host or own(host)

    def report(
        self,
        mode: str,
        limits: Limits,
        *,
        scoped: bool = False,
        sources: Sequence[str] = (),
        notices: Iterable[Notice | None] = (),
        is_over: bool = False,
    ) -> Report:
        """The journal as it stands. `scoped` and `sources` are as in `Report`.

        `notices` are further ones. One of them takes the place of the journal's own with the same id: it knows more.

        `is_over` says that nothing more comes: what the baseline has and this run has not is stale then.
        """
        own = self._own(scoped=scoped)
        entries = self._judged_entries(own)
        endpoints = judged_endpoints(self.inventory.endpoints, entries, own)
        exchanges = {host: (seen.exchanges, seen.exchanges - seen.unclean) for host, seen in self.hosts.seen.items()}
        stale = stale_baseline(self._stale(entries)) if is_over else None
        by_id = {each.id: each for each in notices if each}
        by_id |= {each.id: each for each in (*self._notices(own, entries), stale) if each and each.id not in by_id}
        cookies = [replace(each, own=own(each.host)) for each in self.inventory.cookies]
        return Report(
            mode,
            limits,
            self.judged,
            self.clean,
            self.folded,
            entries,
            endpoints,
            tuple(sorted(cookies, key=_cookie_rank)),
            self.inventory.further_cookies,
            self.inventory.unmeasured,
            self.enforced,
            self.outside_scope,
            self._baseline is not None,
            judged_hosts(exchanges, endpoints, entries, self.hosts.site),
            tuple(by_id.values()),
            self.recorded,
            tuple(sources),
            scoped,
            VERSION,
            self.began,
            self.ended,
            self.is_cleared,
        )

    def _stale(self, entries: Iterable[Entry]) -> set[Known]:
        """What only the baseline has. Empty if entries are shared, because nobody knows then what is in them."""
        if not self._baseline or self.folded:
            return set()
        seen = {without_severity(entry.identity) for entry in entries}
        return {known for known, own in self._baseline.items() if own and without_severity(known) not in seen}

    def _notices(self, own: Callable[[str], bool], entries: Iterable[Entry]) -> Iterator[Notice | None]:
        if self.recorded and not self.hosts.has_credentials:
            yield no_cookies(self.recorded, has_login=self.hosts.has_login)
        shown = {(entry.endpoint.host, entry.finding.subject) for entry in entries if entry.finding.rule == DEPENDENCE}
        untested: Counter[str] = Counter()
        for host, seen in self.hosts.seen.items():
            if seen.untested and own(host):
                untested.update({name: count for name, count in seen.untested.items() if (host, name) not in shown})
        yield restricted_untested(untested)
        yield entries_skipped({}, unanswered=(self.unanswered, ()))
        yield changed_when_recorded(self.inventory.unmeasured)


def _folded(finding: Finding) -> Finding:
    """What findings of one rule and severity have in common, of which there are too many."""
    return finding._replace(subject=None, facts=FOLDED_FACTS, effect=None, endpoint=None, replaces=None, extent=0.0)


def _take_in(entry: Entry, other: Entry) -> None:
    """Let an entry stand for another one of the same finding as well."""
    entry.finding = _further(entry.finding, other.finding)
    entry.count += other.count
    if other.first_seen < entry.first_seen:
        entry.first_seen = other.first_seen
    if other.last_seen > entry.last_seen:
        entry.last_seen = other.last_seen


def _counted_with(entry: Entry, other: Entry) -> Entry:
    """The entry, with what was seen of the other one."""
    return replace(
        entry,
        count=entry.count + other.count,
        first_seen=min(entry.first_seen, other.first_seen),
        last_seen=max(entry.last_seen, other.last_seen),
    )


def _further(one: Finding, other: Finding) -> Finding:
    """The finding that goes further. Of two that go equally far, the choice does not depend on their order."""
    return one if one == other else max(one, other, key=_reach)


def _reach(finding: Finding) -> tuple[float, bool, str]:
    return finding.extent, finding.replaces is not None, repr(finding)


def _cookie_rank(cookie: SeenCookie) -> tuple[bool, str, str, str, str]:
    return not cookie.own, cookie.host, cookie.name, cookie.today, cookie.runtime or ""
