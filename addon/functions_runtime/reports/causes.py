"""Causes: findings that one fix removes, gathered for the formats that people read, and for SARIF.

Findings of one rule, severity and subject on one host are one cause, whatever the number of endpoints. A cause has at
least one entry, the gravest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from functions_runtime.catalogue import BY_ID, say
from functions_runtime.record.entry import Entry
from functions_runtime.reports.text import counted
from functions_runtime.rule import Rule
from functions_runtime.ruling import Finding, Severity


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: the findings of one rule, severity and subject on one host."""

    entries: tuple[Entry, ...]

    @property
    def finding(self) -> Finding:
        """The finding that represents the others: the one with the greatest extent."""
        return max((entry.finding for entry in self.entries), key=lambda finding: finding.extent)

    @property
    def where(self) -> str:
        """The first endpoint, and the number of the others."""
        others = len(self.entries) - 1
        more = f" and {counted(others, 'more endpoint')}" if others else ""
        return f"{self.entries[0].endpoint}{more}"

    def __str__(self) -> str:
        subject = f"[{self.finding.subject}] " if self.finding.subject else ""
        return f"{subject}{self.where}"

    @property
    def host(self) -> str:
        return self.entries[0].endpoint.host

    @property
    def is_own(self) -> bool:
        return self.entries[0].own

    @property
    def severity(self) -> Severity:
        return self.entries[0].finding.severity

    @property
    def count(self) -> int:
        """How often it was seen."""
        return sum(entry.count for entry in self.entries)

    @property
    def is_known(self) -> bool:
        """Whether the baseline has all its findings."""
        return all(entry.known for entry in self.entries)

    @property
    def first_seen(self) -> float:
        return min(entry.first_seen for entry in self.entries)

    @property
    def last_seen(self) -> float:
        return max(entry.last_seen for entry in self.entries)


class RuleCauses(NamedTuple):
    """The causes of one rule."""

    rule: Rule
    causes: tuple[Cause, ...]

    @property
    def severity(self) -> Severity:
        """The severity of the gravest cause."""
        return max(cause.severity for cause in self.causes)

    @property
    def endpoints(self) -> int:
        """The number of endpoints."""
        return len({entry.endpoint for cause in self.causes for entry in cause.entries})


def gather(entries: Iterable[Entry]) -> tuple[Cause, ...]:
    """The causes behind these entries, in the order of their first entries."""
    gathered: dict[tuple[str, Severity, str | None, str], list[Entry]] = {}
    for entry in entries:
        found = entry.finding
        gathered.setdefault((found.rule, found.severity, found.subject, entry.endpoint.host), []).append(entry)
    return tuple(Cause(tuple(each)) for each in gathered.values())


def number_of(causes: Iterable[Cause], severity: Severity) -> int:
    """How many of the causes have this severity."""
    return sum(1 for cause in causes if cause.severity is severity)


def number_known(causes: Iterable[Cause]) -> int:
    """How many of the causes the baseline has."""
    return sum(1 for cause in causes if cause.is_known)


def by_host(causes: Iterable[Cause]) -> dict[str, list[Cause]]:
    """Causes by host."""
    hosts: dict[str, list[Cause]] = {}
    for cause in causes:
        hosts.setdefault(cause.host, []).append(cause)
    return hosts


def by_rule(causes: Iterable[Cause]) -> tuple[RuleCauses, ...]:
    """Causes by rule: the gravest rules first, then those at the most endpoints."""
    rules: dict[str, list[Cause]] = {}
    for cause in causes:
        rules.setdefault(cause.finding.rule, []).append(cause)
    found = (RuleCauses(BY_ID[rule], tuple(each)) for rule, each in rules.items())
    return tuple(sorted(found, key=lambda each: (-each.severity, -each.endpoints, each.rule.id)))


def columns(rule: Rule, findings: Sequence[Finding]) -> tuple[str, ...]:
    """The headings under which `cells` puts what differs among findings of one rule.

    A rule without columns of its own whose findings do not all have the same facts has one for its sentence.
    """
    if rule.columns:
        return tuple(heading for heading, _ in rule.columns)
    return ("Finding",) if len({finding.facts for finding in findings}) > 1 else ()


def cells(rule: Rule, finding: Finding, headings: Sequence[str]) -> tuple[str, ...]:
    """The text of one finding under each of `headings`."""
    if rule.columns:
        return rule.cells(finding)
    return (say(finding),) if headings else ()
