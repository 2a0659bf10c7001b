"""Keeps the report files up to date: every few seconds while something changes, and at the end.

Each file is replaced as a whole, so a reader never sees half a report. Rendering and writing run in a thread, because
mitmproxy has one thread for all connections. A log is the exception. It grows by one line for each new finding, at
once and in one piece, so a killed process loses nothing.
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

from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.reports import FORMATS, jsonl

logger = logging.getLogger(__name__)

LOG_SUFFIX = ".jsonl"
SUFFIXES = (*FORMATS, LOG_SUFFIX)
"""What a report's path may end in. A log is not replaced: it grows by a line for each new finding."""

INTERVAL = 2.0
"""Seconds between two checks for changes."""


class ReportWriter:
    """Writes what `snapshot` returns to the paths that `write_to` was last given."""

    def __init__(self, snapshot: Callable[[], Report]) -> None:
        self._snapshot = snapshot
        self._paths: tuple[Path, ...] = ()
        self._logs: dict[Path, int] = {}
        self._unwritten: dict[Path, bytes] = {}
        self._failing: dict[Path, str] = {}  # paths that cannot be written now, and why
        self._changed = False
        self._task: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._taken = 0
        self._written = 0

    def write_to(self, paths: Iterable[Path]) -> None:
        """From now on, write to these paths. Raises OSError if a log cannot be opened."""
        paths = tuple(paths)
        logs = {path for path in paths if path.suffix.lower() == LOG_SUFFIX}
        for path in self._logs.keys() - logs:
            self._close(path)
        for path in sorted(logs - self._logs.keys()):
            self._open(path)
            self._append(path, "".join(map(jsonl.line, self._snapshot().entries)))
        self._paths = tuple(path for path in paths if path not in logs)
        self._changed = True

    def _open(self, path: Path) -> None:
        """Open a log and write the header of this run."""
        self._logs[path] = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        if _is_torn(self._logs[path]):
            self._append(path, "\n")
        self._append(path, jsonl.header(self._snapshot()))

    def log(self, entries: Iterable[Entry]) -> None:
        """Append new findings to the logs. If a log was moved away, it continues in a new file."""
        if self._logs and (lines := "".join(jsonl.line(entry) for entry in entries)):
            for path in [*self._logs]:
                self._append(path, lines)

    def _append(self, path: Path, text: str) -> None:
        """Append whole lines to a log. What cannot be written now is written before the next lines."""
        waiting = self._unwritten.pop(path, b"") + text.encode()
        if not waiting:
            return
        reason = self._follow(path)
        if not reason:
            waiting, reason = _write_lines(self._logs[path], waiting)
        if reason:
            self._unwritten[path] = waiting
            self._complain(path, reason)
        else:
            self._failing.pop(path, None)

    def _follow(self, path: Path) -> OSError | None:
        """Open a new log if this one was moved away. Returns why that is not possible."""
        log = self._logs[path]
        if not _is_moved(path, log):
            return None
        try:
            self._open(path)
        except OSError as error:
            return error
        os.close(log)
        return None

    def _complain(self, path: Path, error: OSError) -> None:
        """Log that a report could not be written: once, until it can be written again or the reason changes."""
        reason = str(error.strerror or error)
        if self._failing.get(path) != reason:
            self._failing[path] = reason
            logger.warning("Runtime: the report %s could not be written: %s.", path, reason)

    def write_now(self, path: Path) -> None:
        """Write one report once. Raises OSError if that fails, and ValueError if it is a log."""
        if path.suffix.lower() == LOG_SUFFIX:
            raise ValueError(f"A {LOG_SUFFIX} log grows while the proxy runs: set runtime_report to its path.")
        replace_file(path, FORMATS[path.suffix.lower()](self._snapshot()))

    def touch(self) -> None:
        """Something changed."""
        self._changed = True

    def start(self) -> None:
        """Begin to write periodically. Needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._keep_writing())

    def finish(self, report: Report) -> bool:
        """Write this report as the last one and stop. Returns whether all could be written."""
        if self._task:
            self._task.cancel()
            self._task = None
        self._write(*self._take(report))
        last = jsonl.footer(report)
        for path in [*self._logs]:
            self._append(path, last)
            self._close(path)
        return not self._failing

    def _close(self, path: Path) -> None:
        self._append(path, "")
        self._unwritten.pop(path, None)
        os.close(self._logs.pop(path))

    async def _keep_writing(self) -> None:
        while True:
            if self._changed and self._paths:
                self._changed = False
                await asyncio.to_thread(self._write, *self._take(self._snapshot()))
            await asyncio.sleep(INTERVAL)

    def _take(self, report: Report) -> tuple[int, Report, tuple[Path, ...]]:
        self._taken += 1
        return self._taken, report, self._paths

    def _write(self, number: int, report: Report, paths: Iterable[Path]) -> None:
        with self._lock:
            if number < self._written:  # a later report was written first
                return
            self._written = number
            for path in paths:
                try:
                    replace_file(path, FORMATS[path.suffix.lower()](report))
                except OSError as error:
                    self._complain(path, error)
                else:
                    self._failing.pop(path, None)


def _write_lines(log: int, data: bytes) -> tuple[bytes, OSError | None]:
    """Write as many whole lines as there is room for. Returns the rest, and the reason for it."""
    written = 0
    try:
        while written < len(data):
            written += os.write(log, data[written:])
    except OSError as error:
        whole = data.rfind(b"\n", 0, written) + 1
        with contextlib.suppress(OSError):
            os.ftruncate(log, os.fstat(log).st_size - written + whole)
        return data[whole:], error
    return b"", None


def _is_moved(path: Path, log: int) -> bool:
    """Whether the path no longer leads to this log because the file was rotated away or deleted."""
    try:
        there = os.stat(path)
    except OSError:
        return True
    return not os.path.samestat(there, os.fstat(log))


def _is_torn(log: int) -> bool:
    """Whether the last line of a log is incomplete, because the disk may have been full."""
    if not os.fstat(log).st_size:
        return False
    os.lseek(log, -1, os.SEEK_END)
    return os.read(log, 1) != b"\n"


def replace_file(path: Path, text: str) -> None:
    """Replace a file with this text at once. If the path is a link, its target is replaced.

    Raises OSError if that fails, and then leaves nothing behind.
    """
    path = Path(os.path.realpath(path))
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
