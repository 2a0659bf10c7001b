"""One distinct finding in the journal."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from functions_runtime.endpoint import Endpoint
from functions_runtime.ruling import SEVERITIES, Finding

Known = tuple[str, str, str, str, str, str | None]
"""The identity of a finding across runs: rule, severity, method, host, path and subject."""

Baseline = Mapping[Known, bool]
"""The findings of an earlier report, and whether each was at an own host."""


def is_known(finding: Known, earlier: Container[Known]) -> bool:
    """Whether the earlier findings hold this one, or the same at a graver severity."""
    rule, severity, *place = finding
    graver = takewhile(lambda name: name != severity, SEVERITIES)
    return finding in earlier or any((rule, name, *place) in earlier for name in graver)


def without_severity(finding: Known) -> tuple[str | None, ...]:
    """What a finding is about, at any severity."""
    return finding[0], *finding[2:]


@dataclass(slots=True)
class Entry:
    """A finding, its endpoint, how often it occurred, and when (in seconds since 1970-01-01 UTC).

    `known` says that the baseline has it, perhaps at a graver severity. `own` says that it is about one of the user's
    own hosts. `scheme` and `port` are the host's, empty and 0 if unknown.
    """

    finding: Finding
    endpoint: Endpoint
    count: int
    first_seen: float
    last_seen: float
    known: bool = False
    own: bool = True
    scheme: str = ""
    port: int = 0

    # Journals pass between processes, and entries are most of them. What Python would do takes three times as long.
    def __reduce__(self) -> tuple[Any, ...]:
        seen = self.count, self.first_seen, self.last_seen
        return Entry, (self.finding, self.endpoint, *seen, self.known, self.own, self.scheme, self.port)

    def __str__(self) -> str:
        subject = f" [{self.finding.subject}]" if self.finding.subject else ""
        return f"{self.finding.rule}{subject} {self.endpoint}"

    @property
    def identity(self) -> Known:
        """The finding's identity, as a baseline holds it."""
        method, host, path = self.endpoint
        return self.finding.rule, str(self.finding.severity), method, host, path, self.finding.subject
