"""Notices: what a report must say at its top, because it could be taken for better news than it is (rulebook)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FEW_EXCHANGES = 20
"""Exchanges up to which nobody wonders that there is no cookie (rulebook)."""
MOST_NAMED = 3
"""Examples that a notice names."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: its id, which is permanent; a sentence or two, fit to be shown; and how many things it speaks of."""

    id: str
    message: str
    count: int


def no_cookies(exchanges: int, *, has_login: bool) -> Notice | None:
    """That a recording holds no cookie and no Authorization, if that is strange. `exchanges` is their number."""
    if not has_login and exchanges <= FEW_EXCHANGES:
        return None
    return Notice(
        "no-cookies",
        "The recording holds no Cookie, Set-Cookie or Authorization field. Browsers leave them out of an export unless "
        "you ask for sensitive data. Nothing can be said about cookies and sessions.",
        exchanges,
    )


def entries_skipped(skipped: Mapping[str, Sequence[int]]) -> Notice | None:
    """Entries of recordings that could not be judged: their positions, counted from 1, by reason."""
    count = sum(map(len, skipped.values()))
    if not count:
        return None
    reasons = "; ".join(f"{reason} ({_positions(positions)})" for reason, positions in sorted(skipped.items()))
    verb = "entry was" if count == 1 else "entries were"
    return Notice("entries-skipped", f"{count:,} {verb} not judged: {reasons}.", count)


def _positions(positions: Sequence[int]) -> str:
    first = ", ".join(map(str, sorted(positions)[:MOST_NAMED]))
    more = f" and {len(positions) - MOST_NAMED:,} more" if len(positions) > MOST_NAMED else ""
    return f"entry {first}{more}" if len(positions) == 1 else f"entries {first}{more}"


def unreadable(recordings: Mapping[str, str]) -> Notice | None:
    """Recordings that could not be read at all: the reason of each by its name, both fit to be shown."""
    if not recordings:
        return None
    named = [f"{name} ({reason})" for name, reason in sorted(recordings.items())]
    more = f" and {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
    verb = "recording could" if len(named) == 1 else "recordings could"
    return Notice(
        "unreadable", f"{len(named):,} {verb} not be read: {'; '.join(named[:MOST_NAMED])}{more}.", len(named)
    )


def restricted_untested(requests: Mapping[str, int]) -> Notice | None:
    """Restricted headers that reached own hosts without a trace: by name, how many requests had them."""
    if not requests:
        return None
    named = ", ".join(
        f"{name} ({count:,})" for name, count in sorted(requests.items(), key=lambda each: (-each[1], each[0]))
    )
    verb = "header" if len(requests) == 1 else "headers"
    return Notice(
        "restricted-untested",
        f"The restricted {verb} {named} reached the site, and nothing shows whether it depends on them. To find out, "
        "select the flows in mitmproxy and run the command runtime.probe. A site behind a load balancer that ends TLS "
        "can redirect in circles without X-Forwarded-Proto.",
        sum(requests.values()),
    )


def changed_when_recorded(responses: int) -> Notice | None:
    """Responses of which only what the Runtime's rules made of them is known."""
    if not responses:
        return None
    verb = "response was" if responses == 1 else "responses were"
    return Notice(
        "changed-when-recorded",
        f"{responses:,} {verb} recorded after the Runtime's rules had changed them. The headers and cookies that the "
        "site itself sent are unknown.",
        responses,
    )
