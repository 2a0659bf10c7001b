"""Notices: what a report must say at its top, because readers could take it for better news than it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from functions_runtime.record.entry import Known
from functions_runtime.wire_text import printable

FEW_EXCHANGES = 20
"""Up to this number of exchanges, nobody expects a cookie (rulebook)."""
MOST_NAMED = 3
"""The most examples that a notice names."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: its permanent id, a sentence or two that are safe to show, and how many things it covers."""

    id: str
    message: str
    count: int


def no_cookies(exchanges: int, *, has_login: bool) -> Notice | None:
    """A recording without cookies and Authorization, if that is strange. `exchanges` is the number of exchanges."""
    if not has_login and exchanges <= FEW_EXCHANGES:
        return None
    return Notice(
        "no-cookies",
        "The recording holds no Cookie, Set-Cookie or Authorization field. Browsers leave them out of an export unless "
        "you ask for sensitive data. Nothing can be said about cookies and sessions.",
        exchanges,
    )


def some_without_cookies(recordings: int, named: Sequence[str]) -> Notice | None:
    """Recordings without cookies and Authorization, although others have some. `named` are the first ones' names."""
    if not recordings:
        return None
    noun = "recording" if recordings == 1 else "recordings"
    return Notice(
        "no-cookies",
        f"{recordings:,} {noun} without a Cookie, Set-Cookie or Authorization field: {_named(named, recordings)}. "
        "Browsers leave them out of an export unless you ask for sensitive data. Nothing can be said about cookies and "
        "sessions there.",
        recordings,
    )


Places = tuple[int, Sequence[str]]
"""How many entries there are of a kind, and the places of the first ones in words."""


def entries_skipped(
    skipped: Mapping[str, Places],
    cut_off: Mapping[str, tuple[int, str]] | None = None,
    unanswered: Places = (0, ()),
) -> Notice | None:
    """Entries of recordings that could not be judged, by reason, or only in part.

    `cut_off` maps the names of recordings that could be read only in part to the last entry that was read, and why.
    `unanswered` are the entries without a response, whose places nobody may know.
    """
    cut_off = cut_off or {}
    count = sum(number for number, _ in skipped.values())
    sentences = []
    if cut_off:
        named = [f"{name} (up to entry {last:,}: {reason})" for name, (last, reason) in sorted(cut_off.items())]
        recordings = "recording" if len(named) == 1 else "recordings"
        examples = _named(named[:MOST_NAMED], len(named), "; ")
        sentences.append(f"{len(named):,} {recordings} could be read only in part: {examples}.")
    if count:
        reasons = "; ".join(f"{reason} ({_entries(places)})" for reason, places in sorted(skipped.items()))
        verb = "entry was" if count == 1 else "entries were"
        sentences.append(f"{count:,} {verb} not judged: {reasons}.")
    if unanswered[0]:
        have, were = ("entry has", "its request was") if unanswered[0] == 1 else ("entries have", "their requests were")
        places = f" ({_entries(unanswered)})" if unanswered[1] else ""
        sentences.append(f"{unanswered[0]:,} {have} no response: only {were} judged{places}.")
    return Notice("entries-skipped", " ".join(sentences), count + len(cut_off) + unanswered[0]) if sentences else None


def lifetimes_unknown(places: Places) -> Notice | None:
    """Entries that do not say when they were, although the lifetime of a cookie depends on it."""
    if not places[0]:
        return None
    entries, their = ("entry does", "its") if places[0] == 1 else ("entries do", "their")
    return Notice(
        "lifetimes-unknown",
        f"{places[0]:,} {entries} not say when the response came ({_entries(places)}). It is unknown whether {their} "
        "cookies with Expires live longer than a day.",
        places[0],
    )


def _entries(places: Places) -> str:
    number, first = places
    named = _named(first, number)
    if not first[0].isdecimal():  # it names the recording, too
        return named
    return f"{'entry' if number == 1 else 'entries'} {named}"


def _named(first: Sequence[str], count: int, separator: str = ", ") -> str:
    """The first of so many things by name, and the number of the others."""
    more = f" and {count - len(first):,} more" if count > len(first) else ""
    return f"{separator.join(first)}{more}"


def unreadable(recordings: Mapping[str, str]) -> Notice | None:
    """Recordings that could not be read at all. `recordings` maps names to reasons, both safe to show."""
    if not recordings:
        return None
    named = [f"{name} ({reason})" for name, reason in sorted(recordings.items())]
    verb = "recording could" if len(named) == 1 else "recordings could"
    examples = _named(named[:MOST_NAMED], len(named), "; ")
    return Notice("unreadable", f"{len(named):,} {verb} not be read: {examples}.", len(named))


def stale_baseline(stale: Collection[Known]) -> Notice | None:
    """Findings of the baseline that a run, now over, did not come to."""
    if not stale:
        return None
    named = [
        f"{rule} {f'[{subject}] ' if subject else ''}{method} {host}{path}"
        for rule, _, method, host, path, subject in sorted(stale, key=repr)[:MOST_NAMED]
    ]
    verb = "finding of the baseline was" if len(stale) == 1 else "findings of the baseline were"
    return Notice(
        "baseline-stale",
        f"{len(stale):,} {verb} not seen again: {printable(_named(named, len(stale), '; '), 1000)}. If that is because "
        "of a fix, write a new baseline.",
        len(stale),
    )


def restricted_untested(requests: Mapping[str, int]) -> Notice | None:
    """Restricted headers that reached own hosts and left no trace. `requests` counts requests by header name."""
    if not requests:
        return None
    named = ", ".join(
        f"{name} ({count:,})" for name, count in sorted(requests.items(), key=lambda each: (-each[1], each[0]))
    )
    loop = ""
    if "x-forwarded-proto" in requests:
        loop = " A site behind a load balancer that ends TLS can end up in a redirect loop without X-Forwarded-Proto."
    headers, them = ("header", "it") if len(requests) == 1 else ("headers", "them")
    return Notice(
        "restricted-untested",
        f"Requests with the restricted {headers} {named} reached the site. Nothing shows whether the site depends on "
        f"{them}. To find out, select the flows in mitmproxy and run the command runtime.probe.{loop}",
        sum(requests.values()),
    )


def changed_when_recorded(responses: int) -> Notice | None:
    """Responses that are known only as the Runtime's rules changed them."""
    if not responses:
        return None
    verb = "response was" if responses == 1 else "responses were"
    return Notice(
        "changed-when-recorded",
        f"{responses:,} {verb} recorded after the Runtime's rules had changed them. The headers and cookies that the "
        "site itself sent are unknown.",
        responses,
    )
