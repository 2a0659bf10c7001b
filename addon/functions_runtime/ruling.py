"""What a judgement says: findings, and the one action that follows from them. Plain values, no decisions."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

from functions_runtime.endpoint import Endpoint
from functions_runtime.syntax import rfc6265
from functions_runtime.syntax.rfc9110 import Fields, without_fields


class Severity(enum.IntEnum):
    """How much a finding matters, in rising order."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Basis(enum.Enum):
    """What a statement about the Runtime stands on."""

    DOCUMENTED = "documented"
    EMULATOR = "emulator"
    READING = "reading"


class RemoveField(NamedTuple):
    """Every field of this name, in lower case, goes."""

    name: bytes


class ReplaceDomain(NamedTuple):
    """The Set-Cookie field at this position gets this Domain and no other; None: no Domain at all."""

    position: int
    domain: bytes | None

    def rewrite(self, line: bytes) -> bytes:
        return rfc6265.replace_domain(line, self.domain)


class AppendAttributes(NamedTuple):
    """The Set-Cookie field at this position gets these attributes at its end."""

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


class Finding(NamedTuple):
    """One statement about one exchange.

    `subject` is the name of the cookie or, in lower case, of the header that it is about. `status` is the status
    code that the Runtime answers with instead, `twilio_error` the Twilio Error that it records. `effect` is what
    follows for the exchange, if anything. `endpoint` is where it belongs, if not to the exchange in which it was
    found. `replaces` is the severity that the same finding had as long as less was known. `extent` is how far it goes,
    in a measure of its rule: of findings that are reported as one, the one that goes furthest is shown.
    """

    rule: str
    severity: Severity
    basis: Basis
    message: str
    fix: str
    subject: str | None = None
    twilio_error: int | None = None
    effect: Edit | Reply | None = None
    endpoint: Endpoint | None = None
    replaces: Severity | None = None
    extent: float = 0.0

    @property
    def status(self) -> int | None:
        return self.effect.status if isinstance(self.effect, Reply) else None


class Forward(NamedTuple):
    """The message goes on as it is."""


class Rewrite(NamedTuple):
    """The message goes on with these edits."""

    edits: tuple[Edit, ...]


class Respond(NamedTuple):
    """The client gets this reply, and nothing of what the Function would say or has said."""

    reply: Reply


Action = Forward | Rewrite | Respond


class Failure(NamedTuple):
    """A check that broke: the rule's id and where, without anything that the exchange held."""

    rule: str
    where: str


class Ruling(NamedTuple):
    """All that was found in a message, what the Runtime does with it, and which checks could not say."""

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
    return without_fields(tuple(lines), gone)
