"""What changed between two JSON reports: findings that are new, fixed or unchanged, and their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from functions_runtime.record.entry import Known, is_known, without_severity
from functions_runtime.wire_text import NAMELESS, printable


@dataclass(frozen=True, slots=True)
class Difference:
    """Findings of two reports.

    A finding that is less severe than it was is not new. `fixed` are the old ones that the new report has at no
    severity: in a baseline, stale entries.
    """

    new: tuple[Known, ...]
    fixed: tuple[Known, ...]
    unchanged: tuple[Known, ...]


def difference(old: Set[Known], new: Set[Known]) -> Difference:
    """Compare the findings of an earlier report with those of a later one. Each part is in order of rule and path."""
    unchanged = {each for each in new if is_known(each, old)}
    seen = {without_severity(each) for each in new}
    fixed = (each for each in old if without_severity(each) not in seen)
    return Difference(_ordered(new - unchanged), _ordered(fixed), _ordered(unchanged))


def render(found: Difference) -> str:
    """The difference as lines of text: new findings first, unchanged ones as a count."""
    return "\n".join(_lines(found))


def _ordered(findings: Iterable[Known]) -> tuple[Known, ...]:
    return tuple(sorted(findings, key=lambda known: (*known[:5], known[5] is not None, known[5] or "")))


def _lines(found: Difference) -> Iterator[str]:
    yield f"New findings: {len(found.new)} (each is about one endpoint)"
    yield from map(_line, found.new)
    yield f"Fixed, or not seen in the new report: {len(found.fixed)}"
    yield from map(_line, found.fixed)
    yield f"Unchanged, or less severe: {len(found.unchanged)}"
    if found.fixed:
        yield "If the old report is a baseline, the fixed entries in it are stale. Write a new baseline to drop them."


def _line(known: Known) -> str:
    rule, severity, method, host, path, subject = (None if part is None else printable(part) for part in known)
    about = "" if subject is None else f" ({subject or NAMELESS})"
    return f"  {severity} {rule}: {method} {host}{path}{about}"
