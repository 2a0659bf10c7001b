"""Judge one recording. A worker does this, in this process, in another one or on another machine.

What comes back is plain and can be merged with others. Evidence in one recording says nothing about another one.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from mitmproxy import flow, http
from mitmproxy.options import Options

from functions_runtime.case import Origin
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import Override
from functions_runtime.message import Exchange, Response
from functions_runtime.record.journal import Journal
from functions_runtime.record.notices import no_cookies
from functions_runtime.recordings.recorded import CutOff, Recorded, Skipped, UnreadableError
from functions_runtime.session import Overrides, Session
from functions_runtime.wire_text import printable
from functions_runtime_cli import opening
from functions_runtime_proxy import filters, options, read
from functions_runtime_proxy.registrable import registrable_domain

MOST_REASONS = 20
"""The most reasons for skipped entries that are counted apart."""
MANY_OBJECTS = 100_000
NEVER = 0
MOST_PLACES = 3
"""The most places that are remembered for a reason."""
OTHER_REASONS = "other reasons"


class Plan(NamedTuple):
    """How recordings are judged, as the user wrote it. `key` is the session's.

    Paths are relative to `folder`.
    """

    scope: str
    limits: str
    domain: str
    rules: tuple[str, ...]
    key: bytes
    folder: str


class Place(NamedTuple):
    """A recording and a position in it."""

    name: str
    position: int


@dataclass(slots=True)
class Skips:
    """How many entries were skipped for one reason, and the first places by name and position."""

    count: int = 0
    places: tuple[Place, ...] = ()

    def add(self, other: Skips) -> None:
        self.count += other.count
        self.places = tuple(sorted((*self.places, *other.places))[:MOST_PLACES])


@dataclass(slots=True)
class Judged:
    """The result of recordings: a journal, the names of those read, and those that could not be read, and why.

    `cut_off` are those that could be read only in part: the last entry that was read, and why there was no other.
    `unanswered` are the entries without a response. `timeless` are those that do not say when they were, although the
    lifetime of one of their cookies depends on it. `bare` are the recordings without a cookie or Authorization in which
    there should be one.
    """

    journal: Journal = field(default_factory=lambda: Journal(registrable=registrable_domain))
    names: tuple[str, ...] = ()
    skipped: dict[str, Skips] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    cut_off: dict[str, tuple[int, str]] = field(default_factory=dict)
    unanswered: Skips = field(default_factory=Skips)
    timeless: Skips = field(default_factory=Skips)
    bare: Skips = field(default_factory=Skips)

    def merge(self, other: Judged) -> None:
        """Take in the result of other recordings."""
        self.journal.merge(other.journal)
        self.names += other.names
        self.unreadable |= other.unreadable
        self.cut_off |= other.cut_off
        self.unanswered.add(other.unanswered)
        self.timeless.add(other.timeless)
        self.bare.add(other.bare)
        for reason, skips in other.skipped.items():
            self.skip(reason, skips)

    def note_lacks(self, response: Response | None, place: Place) -> None:
        """Record what an entry lacks that was judged all the same."""
        if response is None:
            self.unanswered.add(Skips(1, (place,)))
        elif response.has_unknown_lifetime:
            self.timeless.add(Skips(1, (place,)))

    def skip(self, reason: str, skips: Skips) -> None:
        """Record that entries were skipped. Reasons beyond the maximum share one, whatever the order."""
        self.skipped.setdefault(reason, Skips()).add(skips)
        named = sorted(self.skipped.keys() - {OTHER_REASONS})
        for further in named[MOST_REASONS:]:
            self.skipped.setdefault(OTHER_REASONS, Skips()).add(self.skipped.pop(further))


@lru_cache(maxsize=8)
def settings_of(
    scope: str = "",
    limits: str = "4kb/75",
    domain: str = "",
    rules: tuple[str, ...] = (),
    show: str = "warning",
    reports: tuple[str, ...] = (),
    baseline: str = "",
    fail_on: str = "never",
) -> options.Settings:
    """The settings that these values of the addon's options mean. Raises OptionsError if one makes no sense."""
    words = SimpleNamespace(
        runtime_mode=options.AUDIT,
        runtime_scope=scope,
        runtime_limits=limits,
        runtime_domain=domain,
        runtime_show=show,
        runtime_rules=list(rules),
        runtime_report=list(reports),
        runtime_baseline=baseline,
        runtime_fail_on=fail_on,
        runtime_dashboard="",
        keep_host_header=False,
    )
    return options.read(cast(Options, words))


class Judgement(NamedTuple):
    """A plan, ready for use. `scope` is None if everything is judged."""

    settings: options.Settings
    scope: filters.Filter | None

    @property
    def needs_flow(self) -> bool:
        """Whether a filter needs more than a reader of recordings keeps."""
        return any(each.needs_flow for each in (self.scope, *(each for each, _ in self.settings.overrides)) if each)


@lru_cache(maxsize=8)
def _judgement(plan: Plan) -> Judgement:
    settings = settings_of(plan.scope, plan.limits, plan.domain, plan.rules)
    return Judgement(settings, filters.filter_of(settings.scope) if plan.scope.strip() else None)


@contextlib.contextmanager
def collecting_after(objects: int) -> Iterator[None]:
    """Look for garbage in circles after so many new objects, NEVER if they all stay.

    Exchanges and reports leave no such garbage, and looking takes longer than they.
    """
    before = gc.get_threshold()
    gc.set_threshold(objects, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def judge(name: str, plan: Plan, saw: Callable[[Journal], None] | None = None) -> Judged:
    """Judge one recording. `saw` is told of progress."""
    judgement = _judgement(plan)
    session = Session(judgement.settings.profile, plan.key, registrable=registrable_domain)
    journal = session.journal
    judged = Judged(journal)
    shown, position = printable(opening.shown(name), 300), 0
    try:
        for each in opening.read(
            opening.absolute(name, plan.folder), judgement.settings.domain, with_state=judgement.needs_flow
        ):
            if isinstance(each, CutOff):
                judged.cut_off[shown] = position, each.reason
                break
            position = each.position
            if isinstance(each, Skipped):
                judged.skip(each.reason, Skips(1, (Place(shown, each.position),)))
            else:
                if _judge_one(session, judgement, each) and not each.is_foreign:
                    judged.note_lacks(each.response, Place(shown, position))
            if saw:
                saw(journal)
    except UnreadableError as error:
        reason = printable(str(error), 200)
        if not position:
            judged.unreadable[shown] = reason
            return judged
        judged.cut_off[shown] = position, reason
    judged.names = (shown,)
    if not journal.hosts.has_credentials and no_cookies(journal.judged, has_login=journal.hosts.has_login):
        judged.bare.add(Skips(1, (Place(shown, 0),)))
    return judged


def _judge_one(session: Session, judgement: Judgement, recorded: Recorded) -> bool:
    """Judge one exchange, as the addon does with a flow that it reads. Returns whether it is in scope."""
    settings = judgement.settings
    subject = _subject(recorded) if judgement.scope or settings.overrides else None
    if judgement.scope and subject and not judgement.scope.matches(subject):
        session.left_out(recorded.names)
        return False
    request, response = recorded.request, None if recorded.is_foreign else recorded.response
    overrides = _overrides(settings, subject, request.endpoint) if subject and settings.overrides else None
    told, is_changed = read.findings_from_plain(recorded.stored) if recorded.stored else ((), False)
    sent, received, ended, over_tls = recorded.sent, recorded.received, recorded.ended, recorded.over_tls
    if is_changed or recorded.is_foreign:
        unmeasured = response is not None
        session.request(
            request,
            Origin.CHANGED if is_changed else Origin.RECORDED,
            overrides,
            told=told,
            unmeasured=unmeasured,
            names=recorded.names,
            sent=sent,
            over_tls=over_tls,
        )
    else:
        exchange = Exchange.whole(request, response, sent, received, ended, over_tls)
        session.whole(exchange, Origin.RECORDED, overrides, told=told)
    return True


def _overrides(settings: options.Settings, subject: filters.Subject, here: Endpoint) -> Overrides:
    def at(where: Endpoint) -> Sequence[Override]:
        asked = subject if where == here else filters.subject_at(where, subject.scheme, subject.port)
        return settings.overrides_at(asked)

    return at


def _subject(recorded: Recorded) -> filters.Subject:
    request, response = recorded.request, recorded.response
    query = recorded.request.query.decode("utf-8", "surrogateescape")
    return filters.Subject(
        request.method.encode("utf-8", "surrogateescape"),
        recorded.scheme,
        request.host,
        recorded.port,
        f"{request.path}?{query}" if query else request.path,
        request.fields,
        response.status if response else None,
        response.fields if response else (),
        request.host,
        _flow(recorded.state) if recorded.state else None,
        recorded.contents,
    )


def _flow(state: Any) -> http.HTTPFlow | None:
    made = flow.Flow.from_state(state)
    return made if isinstance(made, http.HTTPFlow) else None


def judge_each(names: Iterable[str], plan: Plan) -> Judged:
    """Judge recordings one after another."""
    return merged(judge(name, plan) for name in names)


def merged(parts: Iterable[Judged]) -> Judged:
    """The combined result, whatever the order. The first part becomes it, and the others stay as they are."""
    rest = iter(parts)
    together = next(rest, None) or Judged()
    for part in rest:
        together.merge(part)
    together.names = tuple(sorted(together.names))
    return together
