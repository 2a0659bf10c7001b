"""What the shell remembers of a flow between its hooks: its case, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

from functions_runtime.case import Case
from functions_runtime.ruling import Finding
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime_proxy.enforce import StandIn


@dataclass(slots=True)
class Passage:
    """A flow on its way.

    `request_before` are the fields of the request as they came, None if nothing can have changed them;
    `request_after` and `response_after` are what the Runtime made of the two messages, None if it left them alone.
    `removed` are the names, in lower case, of the request's fields that the server did not get.
    `stand_in` stands in the place of a response whose content is still arriving. `is_changed` says that the flow is not
    as it came, and `enforced` is what was found in it by then. `is_published` says that the flow shows what was found,
    `is_streamed` that mitmproxy will not hold the response's content.
    """

    case: Case
    request_before: Fields | None = None
    request_after: Fields | None = None
    removed: frozenset[bytes] = frozenset()
    response_after: tuple[int, Fields] | None = None
    stand_in: StandIn | None = None
    is_changed: bool = False
    enforced: tuple[Finding, ...] = ()
    is_published: bool = False
    is_streamed: bool = False

    def changed(self) -> None:
        """What was ruled happens to the flow."""
        self.is_changed, self.enforced = True, self.case.findings

    @property
    def silenced(self) -> tuple[Finding, ...]:
        """What the user turned off since the flow was changed. A recording of the flow must still say it."""
        case = self.case
        if case.findings[: len(self.enforced)] == self.enforced:  # as long as nobody has judged it again
            return case.silenced
        said = {each.place for each in case.findings}
        return (*case.silenced, *[each for each in self.enforced if each.place not in said])
