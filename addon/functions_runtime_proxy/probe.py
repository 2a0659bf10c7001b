"""The experiment behind `runtime.probe`: does the response depend on headers that a Function cannot see?

Each chosen request is replayed by mitmproxy's own client replay: twice as recorded, then once without each restricted
header. If the response differs then, both are replayed again, several times in turns: a response that varies by itself,
with the time or by chance, proves nothing. Only GET and HEAD requests are replayed, only if the user asks for it, one
at a time and at a limited rate. The replays are neither judged nor changed. mitmproxy shows them as replays.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from mitmproxy import ctx, http

from functions_runtime.endpoint import endpoint
from functions_runtime.experiment import Answer, breaks, differences
from functions_runtime.profile import is_removed
from functions_runtime.reports.text import counted
from functions_runtime.rules.restricted_header_used import by_experiment
from functions_runtime.ruling import Finding
from functions_runtime.syntax.rfc9110 import Fields, without_fields
from functions_runtime.wire_text import printable
from functions_runtime_proxy.read import is_stream

logger = logging.getLogger(__name__)

SAFE_METHODS = ("GET", "HEAD")
INTERVAL = 0.25
"""Seconds between two replays, at least."""
PATIENCE = 30.0
"""Seconds that a replay may take. mitmproxy replays one flow at a time: behind one without an end, all others wait."""

CONFIRMATIONS = 3
"""How often a difference must show again. Of two values that come at random, one in 256 headers would pass."""

OTHERS = (
    " The others have no restricted header, are not GET or HEAD, are streams or replays, are not over yet, or are "
    "outside runtime_scope."
)
"""Why not all flows are experimented with, for the log."""

REPLAY_KEY = "runtime_probe"
"""Metadata: the flow is a replay of an experiment, no exchange of the site's users."""

Shown = Callable[[http.HTTPFlow, str, Finding | None], None]
"""Told a flow, the header, printable in lower case, and what an experiment without it showed, None if nothing."""
OriginalFields = Callable[[http.HTTPFlow], Fields]


class Probe:
    """Runs experiments one after the other.

    `shown` is told what comes out, `original` says what a request was.
    """

    def __init__(self, shown: Shown, original: OriginalFields) -> None:
        self._shown = shown
        self._original = original
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}
        self._task: asyncio.Task[None] | None = None

    def owns(self, flow: http.HTTPFlow) -> bool:
        """Whether the flow is a replay of an experiment, this one or an earlier one."""
        return REPLAY_KEY in flow.metadata

    def start(self, flows: Iterable[http.HTTPFlow], number: int) -> None:
        """Begin to experiment with those flows that can be, and log how many of this number those are.

        Raises ValueError if an experiment is running already.
        """
        if self._task and not self._task.done():
            raise ValueError("An experiment is running already. Wait for its end.")
        chosen = [flow for flow in flows if self._restricted(flow)]
        if chosen:
            self._task = asyncio.get_running_loop().create_task(self._run(chosen))
        others = "" if len(chosen) == number else OTHERS
        logger.info("Runtime: experimenting with %d of %d flows.%s", len(chosen), number, others)

    def stop(self) -> None:
        """Give up whatever is running."""
        if self._task:
            self._task.cancel()

    def take(self, flow: http.HTTPFlow) -> None:
        """A replay has ended, with a response or without."""
        future = self._waiting.get(flow.id)
        if future and not future.done():
            response = flow.response
            future.set_result(
                Answer(response.status_code, response.headers.fields, response.raw_content) if response else None
            )

    def _restricted(self, flow: http.HTTPFlow) -> list[bytes]:
        """The headers to leave out one by one. There are none if the request must not be replayed, or has no end."""
        if flow.request.method not in SAFE_METHODS or flow.live or flow.request.raw_content is None or self.owns(flow):
            return []
        names = {name.lower() for name, _ in self._original(flow)}
        if flow.websocket or b"sec-websocket-key" in names or (flow.response and is_stream(flow.response)):
            return []
        return sorted(filter(is_removed, names))

    async def _run(self, flows: Iterable[http.HTTPFlow]) -> None:
        self._asked = self._differed = 0
        self._tried: Counter[str] = Counter()
        for flow in flows:
            try:
                await self._experiment(flow)
            except asyncio.TimeoutError:
                logger.warning(
                    "Runtime: the experiment stopped early: a replay of %s had no end within %d seconds. "
                    "mitmproxy replays nothing else before it ends.",
                    endpoint(flow.request.method, flow.request.host, flow.request.path),
                    PATIENCE,
                )
                break
        logger.info(
            "Runtime: the experiment left out %s, and the response differed %s. %s",
            counted(self._asked, "header"),
            counted(self._differed, "time"),
            _tried(self._tried),
        )

    async def _experiment(self, flow: http.HTTPFlow) -> None:
        """Leave out the headers of one flow. Raises asyncio.TimeoutError if a response has no end."""
        fields = self._original(flow)
        recorded = [await self._ask(flow, fields), await self._ask(flow, fields)]
        for name in self._restricted(flow):
            fewer = without_fields(fields, (name,))
            without = [await self._ask(flow, fewer)]
            self._asked += 1
            while (differs := differences(recorded, without)) and len(without) <= CONFIRMATIONS:
                recorded.append(await self._ask(flow, fields))
                without.append(await self._ask(flow, fewer))
            shown = printable(name)
            if None in recorded or None in without:  # without a response, nobody knows
                continue
            self._tried[shown] += 1
            self._differed += bool(differs)
            found = by_experiment(shown, differs, breaks=breaks(recorded, without)) if differs else None
            self._shown(flow, shown, found)

    async def _ask(self, flow: http.HTTPFlow, fields: Fields) -> Answer | None:
        replay = cast(http.HTTPFlow, flow.copy())
        replay.request.headers = http.Headers(fields)
        replay.marked = replay.comment = ""
        replay.metadata = {REPLAY_KEY: True}
        future = self._waiting[replay.id] = asyncio.get_running_loop().create_future()
        try:
            ctx.master.commands.call("replay.client", [replay])
            return await asyncio.wait_for(future, PATIENCE)
        finally:
            del self._waiting[replay.id]
            await asyncio.sleep(INTERVAL)


def _tried(tried: Mapping[str, int]) -> str:
    """Which headers an experiment tried, and for how many requests, as a sentence."""
    if not tried:
        return "It tried no header to the end."
    counts = (f"{name} ({counted(number, 'request')})" for name, number in sorted(tried.items()))
    return f"It tried {', '.join(counts)}."
