"""Findings gathered over a run: grouped, counted, bounded. Everything that is reported is read from here.

Memory is bounded by `MAX_ENTRIES`, whatever comes in: beyond it, findings of one rule and severity share an entry
whose method, host and path are `*`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from functions_runtime.endpoint import Endpoint
from functions_runtime.profile import Limits
from functions_runtime.verdict import Finding, Severity

MAX_ENTRIES = 10_000
FOLDED = Endpoint("*", "*", "*")


@dataclass(slots=True)
class Entry:
    """One distinct finding: what it is, where, how often, and when (seconds since 1970-01-01 UTC)."""

    finding: Finding
    endpoint: Endpoint
    count: int
    first_seen: float
    last_seen: float
    known: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A run at one moment, as reports show it: entries with the gravest first."""

    mode: str
    limits: Limits
    judged: int
    clean: int
    folded: int
    entries: tuple[Entry, ...]

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


class Journal:
    """The journal of one run."""

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}
        self.judged = 0
        self.clean = 0
        self.folded = 0

    def begin(self, endpoint: Endpoint, time: float) -> Record:
        """Count an exchange as judged."""
        self.judged += 1
        self.clean += 1
        return Record(endpoint, time)

    def add(self, record: Record, findings: Iterable[Finding]) -> list[Finding]:
        """Take down findings of an exchange. Returns those that nobody has seen before."""
        new = []
        for finding in findings:
            if record.clean and finding.severity >= Severity.WARNING:
                record.clean = False
                self.clean -= 1
            if self._count(record, finding):
                new.append(finding)
        return new

    def _count(self, record: Record, finding: Finding) -> bool:
        endpoint, subject = record.endpoint, finding.subject
        key = (finding.rule, finding.severity, endpoint, subject)
        entry = self._entries.get(key)
        if entry is None and len(self._entries) >= MAX_ENTRIES:
            self.folded += 1
            endpoint, subject = FOLDED, None
            key = (finding.rule, finding.severity, endpoint, subject)
            finding = finding._replace(subject=None, message="Further endpoints and subjects with this finding.")
            entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = Entry(finding, endpoint, 1, record.time, record.time)
            return True
        entry.count += 1
        entry.first_seen = min(entry.first_seen, record.time)
        entry.last_seen = max(entry.last_seen, record.time)
        return False

    def report(self, mode: str, limits: Limits) -> Report:
        """The journal as it stands."""
        entries = sorted(self._entries.values(), key=_rank)
        return Report(mode, limits, self.judged, self.clean, self.folded, tuple(entries))


def _rank(entry: Entry) -> tuple[int, str, str, str, str, str]:
    return (
        -entry.finding.severity,
        entry.finding.rule,
        entry.endpoint.host,
        entry.endpoint.path,
        entry.endpoint.method,
        entry.finding.subject or "",
    )
