"""What the shell remembers of a flow between its hooks: its case and what was done to it. A run remembers them all."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from mitmproxy import http

from functions_runtime.case import Case
from functions_runtime.session import Session
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime_proxy.enforce import StandIn
from functions_runtime_proxy.options import Settings


@dataclass(slots=True)
class Passage:
    """A flow on its way.

    `request_before` are the fields of the request as they came, None if nothing can have changed them;
    `request_after` and `response_after` are what the Runtime made of the two messages, None if it left them alone.
    `removed` are the names, in lower case, of the request's fields that the server did not get.
    `stand_in` stands in the place of a response whose content is still arriving. `is_changed` says that the flow is not
    as it came. `is_published` says that the flow shows what was found, `is_streamed` that mitmproxy will not hold the
    response's content.
    """

    case: Case
    request_before: Fields | None = None
    request_after: Fields | None = None
    removed: frozenset[bytes] = frozenset()
    response_after: tuple[int, Fields] | None = None
    stand_in: StandIn | None = None
    is_changed: bool = False
    is_published: bool = False
    is_streamed: bool = False


Passages = WeakKeyDictionary[http.HTTPFlow, Passage]


@dataclass(slots=True)
class Run:
    """What is remembered as long as mitmproxy runs, with the settings as they were read last."""

    session: Session
    passages: Passages
    settings: Settings


_RUNS: WeakKeyDictionary[object, Run] = WeakKeyDictionary()


def run_of(master: object, begun: Run) -> Run:
    """The run to go on with: what has just begun, or that of the addon before if mitmproxy loads the script again."""
    return _RUNS.setdefault(master, begun)
