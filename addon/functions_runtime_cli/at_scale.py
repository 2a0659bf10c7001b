"""Many recordings at once, by Dask: on this machine's cores, or on an existing cluster.

The unit is a recording. Each part of the work can be repeated without being counted twice, because the parts pass as
bytes: whoever merges them makes values of its own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, get_context
from typing import Any
from urllib.parse import urlsplit

from mitmproxy.version import VERSION as MITMPROXY_VERSION

from functions_runtime.version import VERSION
from functions_runtime_cli.judging import MANY_OBJECTS, NEVER, Judged, Plan, collecting_after, judge_each, merged
from functions_runtime_cli.opening import FROM_EXTRA, reason_of

PARTS_PER_WORKER = 3
MOST_IN_A_PART = 50
"""The most recordings that are judged again if a worker is lost."""
MERGED_AT_ONCE = 8
ATTEMPTS = 3
"""How often recordings are judged in processes of this machine if one of them is killed."""
SECONDS_TO_CONNECT = 10
ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
SHELL_SIGNAL = 128
"""What shells add to the number of a signal to get an exit status."""
SAFE_PATH = "PYTHONSAFEPATH"
"""The variable that keeps Python from importing what is in the working directory."""


class ClusterError(Exception):
    """The cluster cannot do the work. The text says why, and what to do."""


Advance = Callable[[int], None]
"""Called with the number of recordings that were finished since the last call. The first number is 0."""


def is_installed() -> bool:
    """Whether Dask is there. It comes with the package's extra `audit`."""
    return all(importlib.util.find_spec(name) for name in ("dask", "distributed"))


def _require(what: str, otherwise: str) -> None:
    if not is_installed():
        raise ClusterError(f"{what} needs Dask, which {FROM_EXTRA}. {otherwise}")


def on_this_machine(names: Sequence[str], plan: Plan, workers: int, advance: Advance) -> Judged:
    """Judge recordings in at most this many processes.

    Raises ClusterError if Dask is missing, or if processes cannot start or die repeatedly.
    """
    _require("Judging in several processes", "Or use --workers 1.")
    workers = min(workers, len(names))
    for _ in range(ATTEMPTS):
        finished: list[int] = []

        def count(recordings: int, finished: list[int] = finished) -> None:
            finished.append(recordings)
            advance(recordings)

        try:
            return _in_processes(names, plan, workers, count)
        except (BrokenProcessPool, EOFError, ConnectionError):  # all of it is judged again, and counted once
            advance(-sum(finished))
        except OSError as error:
            raise ClusterError(f"Processes cannot start: {reason_of(error)}. Try fewer with --workers.") from error
    raise ClusterError(
        "Processes that judged recordings were killed again and again, perhaps because memory ran out. Try fewer with "
        "--workers."
    )


def _in_processes(names: Sequence[str], plan: Plan, workers: int, advance: Advance) -> Judged:
    """Raises BrokenProcessPool, EOFError or ConnectionError if one of the processes dies."""
    import dask.bag
    import dask.multiprocessing
    from dask.callbacks import Callback

    size, parts = _part_size(len(names), workers), set[tuple[str, int]]()

    class Watch(Callback):
        def _posttask(self, key: Any, result: Any, dsk: Any, state: Any, worker_id: Any) -> None:
            # Dask may join the names of several steps, and name the result of one step again.
            step = key[0].replace("from_sequence-", "").lstrip("_") if isinstance(key, tuple) else ""
            if step.startswith("judged_part") and (step, key[1]) not in parts:
                parts.add((step, key[1]))
                advance(size)

    with _processes(workers) as pool, Watch():  # type: ignore[no-untyped-call]
        advance(0)
        # If a word names the scheduler, Dask imports all of `distributed` first. Without `chunksize`, it gives six
        # parts at a time to one process.
        by_processes = partial(dask.multiprocessing.get, pool=pool, chunksize=1)
        return _together(_judged(_bag(names, size), plan).compute(scheduler=by_processes))


@contextlib.contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes: copies of this one, or new ones if copies would not be safe (decision 84).

    New ones import nothing that is in the working directory.
    """
    can_copy = sys.platform == "linux" and threading.active_count() == 1
    others, before = active_children(), os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        with (
            _ending_in_order(),
            ProcessPoolExecutor(workers, get_context("fork" if can_copy else "spawn"), _die_of_signals) as pool,
        ):
            try:
                pool.submit(int)  # makes all copies now, before the pool has threads
                yield pool
            except BaseException:  # nobody waits for them any more
                for process in set(active_children()) - set(others):
                    process.terminate()
                raise
    finally:
        del os.environ[SAFE_PATH]
        if before is not None:
            os.environ[SAFE_PATH] = before


def _die_of_signals() -> None:
    """Let this process end at once. The one that started it says what happened."""
    for number in (signal.SIGINT, *ENDING_SIGNALS):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let signals raise SystemExit, so that no process stays behind. Only the main thread can ask for that."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in ENDING_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, lambda number, frame: sys.exit(SHELL_SIGNAL + number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def on_cluster(names: Sequence[str], plan: Plan, scheduler: str, advance: Advance) -> Judged:
    """Judge recordings on the Dask cluster with this scheduler. Raises ClusterError if that is not possible."""
    _require("Judging on a cluster", "Or leave out --scheduler.")
    with _client(scheduler) as client:
        workers = len(client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.workers)))
        if not workers:
            raise ClusterError(f"The cluster at {scheduler} has no workers. Start one: dask worker {scheduler}")
        _check_versions(client)
        size = _part_size(len(names), workers)
        advance(0)
        result = client.compute(_judged(_bag(names, size), plan), retries=3)
        judged = _together(result.result())
        advance(len(names))
        return judged


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    from distributed import Client

    try:
        _knock(scheduler)  # a client that finds nobody takes half a minute to say so, and prints traces
        client = Client(scheduler, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"There is no Dask scheduler at {scheduler!r}. Start one with dask scheduler, and name its address such as "
            "tcp://127.0.0.1:8786."
        ) from error
    try:
        yield client
    finally:
        client.close()


def _knock(scheduler: str) -> None:
    """Raises OSError or ValueError if nobody listens at a TCP address."""
    address = urlsplit(scheduler)
    if address.scheme in ("tcp", "tls"):
        socket.create_connection((address.hostname or "", address.port or 0), SECONDS_TO_CONNECT).close()
    elif not address.netloc:
        raise ValueError("no address")


def _check_versions(client: Any) -> None:
    try:
        found = {client.run_on_scheduler(versions), *client.run(versions).values()}
    except ImportError as error:
        raise ClusterError(
            "The scheduler or a worker of the cluster lacks this program or what it needs. Install it there, with its "
            f"extra audit, in version {VERSION}."
        ) from error
    if others := found - {versions()}:
        raise ClusterError(
            f"The cluster has {', '.join(sorted(others))}, but this machine has {versions()}. Install the same "
            "versions."
        )


def versions() -> str:
    """The versions that must be the same everywhere, so that reports are the same."""
    return f"functions-runtime {VERSION} with mitmproxy {MITMPROXY_VERSION}"


def _part_size(recordings: int, workers: int) -> int:
    return max(1, min(MOST_IN_A_PART, recordings // (PARTS_PER_WORKER * workers)))


def _bag(names: Sequence[str], size: int) -> Any:
    import dask.bag

    return dask.bag.from_sequence(names, partition_size=size)


def _judged(bag: Any, plan: Plan) -> Any:
    """The result of a bag of names, yet to be computed: packed, and perhaps in a few parts."""
    parts = bag.map_partitions(_judged_part, plan)
    if parts.npartitions <= MERGED_AT_ONCE:  # whoever gets them merges them sooner
        return parts
    return parts.reduction(_only, _merged, split_every=MERGED_AT_ONCE)


@collecting_after(MANY_OBJECTS)
def _judged_part(names: Sequence[str], plan: Plan) -> list[bytes]:
    return [_packed(judge_each(names, plan))]


def _only(parts: Iterable[bytes]) -> bytes:
    (part,) = parts
    return part


@collecting_after(NEVER)
def _merged(parts: Iterable[bytes]) -> bytes:
    return _packed(merged(map(_unpacked, parts)))


@collecting_after(NEVER)
def _together(packed: bytes | Sequence[bytes]) -> Judged:
    return merged(map(_unpacked, [packed] if isinstance(packed, bytes) else packed))


# Packed once, it passes through the process that hands out the work without being taken apart there.
def _packed(judged: Judged) -> bytes:
    return pickle.dumps(judged, pickle.HIGHEST_PROTOCOL)


def _unpacked(packed: bytes) -> Judged:
    return pickle.loads(packed)  # type: ignore[no-any-return]
