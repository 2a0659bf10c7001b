"""The result of judging one message: findings, and the one action that follows. Plain values, no decisions.

The word "verdict" is the reports': it is about an endpoint or a site.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.syntax import rfc6265
from functions_runtime.syntax.rfc9110 import Fields, without_fields

Fact = str | int | float
"""A value for a sentence. Text has passed through `wire_text`: it is printable and holds no secret."""

Facts = tuple[tuple[str, Fact], ...]
"""Facts by name, sorted by name. A tuple of pairs, so that a finding can be a key."""


FOLDED_FACTS: Facts = (("folded", 1),)
"""The facts of a finding that represents many whose own facts were not kept."""


class Severity(enum.IntEnum):
    """How much a finding matters, in rising order."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


SEVERITIES = {str(severity): severity for severity in reversed(Severity)}
"""Severities by name, the gravest first."""


class Basis(str, enum.Enum):  # findings are keys, and a member that is no text computes its hash each time
    """The source of a statement about the Runtime."""

    DOCUMENTED = "documented"
    EMULATOR = "emulator"
    READING = "reading"

    @property
    def words(self) -> str:
        """The source as people read it. Its value is for programs."""
        return "our interpretation" if self is Basis.READING else self.value


class RemoveField(NamedTuple):
    """Removes every field of this name, in lower case."""

    name: bytes


class ReplaceDomain(NamedTuple):
    """Gives the Set-Cookie field at this position this Domain and no other. If it is None, removes the Domain."""

    position: int
    domain: bytes | None

    def rewrite(self, line: bytes) -> bytes:
        return rfc6265.replace_domain(line, self.domain)


class AppendAttributes(NamedTuple):
    """Appends these attributes to the Set-Cookie field at this position."""

    position: int
    attributes: tuple[bytes, ...]

    def rewrite(self, line: bytes) -> bytes:
        for attribute in self.attributes:
            line = rfc6265.append_attribute(line, attribute)
        return line


Edit = RemoveField | ReplaceDomain | AppendAttributes


class Reply(NamedTuple):
    """A response that the Runtime makes itself."""

    status: int
    reason: str
    fields: Fields = ()
    content: bytes = b""


Place = tuple[str, str | None, Endpoint | None]
"""What a finding is about: its rule, its subject and its endpoint."""


class Finding(NamedTuple):
    """One statement about one exchange, as facts. Its rule makes a sentence from them (`Rule.say`).

    `subject` is the name of the cookie, or of the header in lower case, that the finding is about. `effect` is what
    the Runtime does because of it. `endpoint` is where the finding belongs if that is not the exchange that showed it.
    `replaces` is the severity that the same finding had while less was known. `extent` is how far it goes, in a
    measure of its rule: of findings that are reported as one, the one that goes furthest is shown.
    """

    rule: str
    severity: Severity
    basis: Basis
    subject: str | None = None
    facts: Facts = ()
    effect: Edit | Reply | None = None
    endpoint: Endpoint | None = None
    replaces: Severity | None = None
    extent: float = 0.0

    @property
    def status(self) -> int | None:
        """The status code of the Runtime's own reply, None if it does not reply."""
        return self.effect.status if isinstance(self.effect, Reply) else None

    @property
    def place(self) -> Place:
        """What the finding is about. Of two about the same, the one that goes further is said."""
        return self.rule, self.subject, self.endpoint


class Forward(NamedTuple):
    """The message goes on as it is."""


class Rewrite(NamedTuple):
    """The message goes on with these edits."""

    edits: tuple[Edit, ...]


class Respond(NamedTuple):
    """The client gets this reply and nothing of the Function's response."""

    reply: Reply


Action = Forward | Rewrite | Respond


class Failure(NamedTuple):
    """A check that failed with an error: the rule's id and the place, without anything from the exchange."""

    rule: str
    where: str


class Ruling(NamedTuple):
    """The findings in a message, what the Runtime does with it, and the checks that failed."""

    findings: tuple[Finding, ...] = ()
    action: Action = Forward()
    failures: tuple[Failure, ...] = ()


def apply_edits(fields: Fields, edits: Iterable[Edit]) -> Fields:
    """The field section after the edits. Takes time in proportion to fields plus edits."""
    lines = list(fields)
    gone = set()
    for edit in edits:
        if isinstance(edit, RemoveField):
            gone.add(edit.name)
        else:
            name, line = lines[edit.position]
            lines[edit.position] = (name, edit.rewrite(line))
    return without_fields(lines, gone) if gone else tuple(lines)
