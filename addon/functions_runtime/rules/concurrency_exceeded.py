"""`concurrency-exceeded`: more requests at one time than the Runtime takes."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import itemgetter

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import CONCURRENT_REQUESTS_LIMIT, CONCURRENT_REQUESTS_STATUS, Profile
from functions_runtime.record.bounded import Recent
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Fact, Finding, Severity

MOST_HOSTS = 64
"""The most hosts that are remembered."""

MOST = 256
"""The most exchanges that are remembered for a host, those that ended last. No greater number can be found."""

_Interval = tuple[float, float, Endpoint]

_end = itemgetter(0)


class RequestsInFlight:
    """When exchanges began and ended, host by host.

    An exchange is in flight from the beginning of its request up to, and without, the end of its response. The findings
    depend on these times, not on the order in which exchanges are reported, as long as `MOST` is enough. There is one
    for each exchange that was one too many when it began. It says how many were in flight at one time, as far as known.
    """

    def __init__(self, key: bytes) -> None:
        self._hosts: Recent[str, list[_Interval]] = Recent(MOST_HOSTS)

    def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        began, ended = exchange.request.time, exchange.ended
        if ended is None or not began < ended:
            return ()
        endpoint = exchange.request.endpoint
        kept = self._hosts.get(endpoint.host)
        if kept is None:
            kept = []
            self._hosts.put(endpoint.host, kept)
        interval = (ended, began, endpoint)
        if kept and kept[-1] > interval:
            insort(kept, interval)
        else:
            kept.append(interval)
        if len(kept) > MOST and kept.pop(0) is interval:
            return ()
        # At least the limit of other exchanges must have ended after this one began.
        if len(kept) <= CONCURRENT_REQUESTS_LIMIT or kept[-1 - CONCURRENT_REQUESTS_LIMIT][0] <= began:
            return ()
        return _too_many(kept, interval)


def _too_many(kept: list[_Interval], newest: _Interval) -> list[Finding]:
    """A finding for each exchange that is now known to be one too many. Takes O(n log n) for n exchanges kept."""
    ended, began, endpoint = newest
    overlapping = sorted(
        (other_began, other_ended, other)
        for other_ended, other_began, other in kept[bisect_right(kept, began, key=_end) :]
        if other_began < ended
    )
    ends = sorted([other_ended for _, other_ended, _ in overlapping])
    own = bisect_right(overlapping, (began, ended, endpoint)) - 1
    endpoints = []
    most = 0
    for position in range(own, len(overlapping)):
        other_began, _, other = overlapping[position]
        count = position + 1 - bisect_right(ends, other_began)
        most = max(most, count)
        # The newest exchange adds one to each count: a greater count of another was too great before.
        if count == CONCURRENT_REQUESTS_LIMIT + 1 or (position == own and count > CONCURRENT_REQUESTS_LIMIT):
            endpoints.append(other)
    return [RULE.finding(endpoint=each, extent=most, count=most, host=each.host) for each in endpoints]


def _sentence(facts: Mapping[str, Fact]) -> str:
    at_least = "at least " if float(facts["count"]) >= MOST else ""
    return (
        f"This request began while {CONCURRENT_REQUESTS_LIMIT} or more others to {{host}} were in flight; at the peak "
        f"there were {at_least}{{count}}. The Runtime allows {CONCURRENT_REQUESTS_LIMIT} and responds with "
        f"{CONCURRENT_REQUESTS_STATUS} to the rest."
    )


def _burst(count: int) -> tuple[Exchange, ...]:
    """So many exchanges with one host, which begin one after another and end together."""
    requests = [Request(host="api.example.com", path="/items", time=100.0 + number / 1024) for number in range(count)]
    return tuple([Exchange(request, Response(), ended=102.0) for request in requests])


_LATER = Exchange(Request(host="api.example.com", path="/last", time=101.0), Response(), ended=103.0)

RULE = Rule(
    id="concurrency-exceeded",
    title="Too many requests at one time",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.ENDING,
    message=_sentence,
    columns=(("In flight", "{count}"),),
    explanation="""\
The Runtime takes 30 requests at one time and responds with 429 to more (documented in the FAQ). Our interpretation: the
limit applies to one host. A request is in flight until its response has ended, so a long-lived response counts all the
time. This rule reports the requests that began while 30 others were in flight. It remembers the latest 256 requests of
a host, so it cannot find a greater number. Nothing is enforced, because one recording does not hold all the traffic of
a site.""",
    fix="Send fewer requests at one time: combine several into one, and put the others in a queue. Try again later "
    "after a 429.",
    code="""\
// In the page: six workers share one queue of requests.
const worker = async () => { for (let next; (next = queue.shift()); ) await fetch(next); };
await Promise.all(Array.from({ length: 6 }, worker));
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/faq",),
    examples=(
        Example("The 31st request at one time", _LATER, ((Severity.ERROR, None),), before=_burst(30)),
        Example("The 30th request at one time", _LATER, before=_burst(29)),
        Example(
            "A request to another host",
            replace(_LATER, request=Request(host="www.example.com", time=101.0)),
            before=_burst(30),
        ),
        Example(
            "A request that begins when the others end",
            replace(_LATER, request=Request(host="api.example.com", time=102.0)),
            before=_burst(30),
        ),
    ),
    memory=RequestsInFlight,
    curl=None,
)

RULES = (RULE,)
