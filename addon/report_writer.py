"""Keeps the report files up to date: every few seconds while something changes, and at the end.

Files are replaced as a whole, so that a reader never sees half a report. Rendering and writing happen in a thread:
mitmproxy has one thread for all connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from functions_runtime.journal import Report
from functions_runtime.reports import FORMATS

logger = logging.getLogger(__name__)

INTERVAL = 2.0
"""Seconds between two looks at whether something changed."""


class ReportWriter:
    """Writes what `snapshot` returns to the paths it was last given."""

    def __init__(self, snapshot: Callable[[], Report]) -> None:
        self._snapshot = snapshot
        self._paths: tuple[Path, ...] = ()
        self._changed = False
        self._task: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._taken = 0
        self._written = 0

    def write_to(self, paths: Iterable[Path]) -> None:
        """From now on, write to these paths."""
        self._paths = tuple(paths)
        self._changed = True

    def touch(self) -> None:
        """Something changed."""
        self._changed = True

    def start(self) -> None:
        """Begin to write by itself. Needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._keep_writing())

    def finish(self) -> None:
        """Write a last time and stop."""
        if self._task:
            self._task.cancel()
            self._task = None
        self._write(*self._take())

    async def _keep_writing(self) -> None:
        while True:
            if self._changed and self._paths:
                self._changed = False
                await asyncio.to_thread(self._write, *self._take())
            await asyncio.sleep(INTERVAL)

    def _take(self) -> tuple[int, Report, tuple[Path, ...]]:
        self._taken += 1
        return self._taken, self._snapshot(), self._paths

    def _write(self, number: int, report: Report, paths: Iterable[Path]) -> None:
        with self._lock:
            if number < self._written:  # a later one overtook it
                return
            self._written = number
            for path in paths:
                try:
                    replace_file(path, FORMATS[path.suffix.lower()](report))
                except OSError as error:
                    logger.warning("Runtime: the report %s could not be written: %s.", path, error.strerror or error)


def replace_file(path: Path, text: str) -> None:
    """Put a text in the place of a file at once. Raises OSError where that fails, and then leaves nothing behind."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
