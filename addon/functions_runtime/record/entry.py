"""One distinct finding in the journal."""

from __future__ import annotations

from dataclasses import dataclass

from functions_runtime.endpoint import Endpoint
from functions_runtime.ruling import Finding

Known = tuple[str, str, str, str, str, str | None]
"""What makes a finding the same in two runs: rule, severity, method, host, path and subject."""


@dataclass(slots=True)
class Entry:
    """A finding: what it is, where, how often, and when (seconds since 1970-01-01 UTC).

    `known` says that the baseline has it, `own` that it is about a host of the user's.
    """

    finding: Finding
    endpoint: Endpoint
    count: int
    first_seen: float
    last_seen: float
    known: bool = False
    own: bool = True

    def __str__(self) -> str:
        subject = f" [{self.finding.subject}]" if self.finding.subject else ""
        return f"{self.finding.rule}{subject} {self.endpoint}"

    @property
    def identity(self) -> Known:
        """What it is known by."""
        method, host, path = self.endpoint
        return self.finding.rule, str(self.finding.severity), method, host, path, self.finding.subject
