"""A mitmdump process, the one that belongs to the interpreter that runs the tests."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.live import wire
from tests.live.wire import TIMEOUT, Connection, Message

EXECUTABLE = Path(sys.executable).parent / "mitmdump"
ADDON = Path(__file__).parents[2] / "addon" / "runtime.py"
LISTENING = re.compile(r"listening at (?:\w+://)?127\.0\.0\.1:(\d+)")


def command(folder: Path, arguments: Iterable[str], options: Iterable[str], *, addon: bool = True) -> list[str]:
    """The command line of a mitmdump that keeps its files in `folder`. It prints its log and no flows.

    Scripts among the arguments are loaded before the addon.
    """
    script = ["-s", str(ADDON)] if addon else []
    settings = [f"confdir={folder / 'conf'}", "flow_detail=0", *options]
    return [str(EXECUTABLE), *arguments, *script, *(word for setting in settings for word in ("--set", setting))]


def run(
    folder: Path, *arguments: str, options: Iterable[str] = (), addon: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run mitmdump to its end, without a port."""
    return subprocess.run(
        command(folder, ["-n", *arguments], options, addon=addon),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=2 * TIMEOUT,
        check=False,
    )


class Mitmdump:
    """mitmdump on a port of its own."""

    def __init__(
        self, folder: Path, mode: str, *arguments: str, options: Iterable[str] = (), addon: bool = True
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.report_path = folder / "report.json"
        self._log = folder / "log.txt"
        report = [f"runtime_report={self.report_path}"] if addon else []
        words = ["--mode", mode, "--listen-host", "127.0.0.1", "--listen-port", "0", *arguments]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command(folder, words, [*report, *options], addon=addon),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        try:
            self.port = int(self.wait_for_log(LISTENING)[1])
        except BaseException:
            self.kill()
            raise

    @property
    def output(self) -> str:
        """Everything that it printed so far, byte for byte."""
        return self._log.read_bytes().decode("utf-8", "backslashreplace")

    def wait_for_log(self, pattern: str | re.Pattern[str]) -> re.Match[str]:
        """Wait until it has printed something."""
        end = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, self.output)):
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"mitmdump did not print {pattern!r}: {self.output}")
            time.sleep(0.02)
        return match

    def wait_until_idle(self) -> None:
        """Wait until every connection is closed.

        mitmproxy wakes its event loop for each line that it logs. While it logs hundreds at once, the socket for that
        is full, and a signal, which comes through the same one, is lost.
        """
        end = time.monotonic() + TIMEOUT
        while (output := self.output) and any(
            output.count(f"] {side} connect") > output.count(f"] {side} disconnect") for side in ("client", "server")
        ):
            assert time.monotonic() < end, output
            time.sleep(0.05)

    def connect(self, timeout: float = TIMEOUT) -> Connection:
        return wire.connect(self.port, timeout)

    def fetch(self, data: bytes) -> Message:
        """Send a request on a connection of its own and read the response."""
        return wire.fetch(self.port, data)

    def report(self) -> dict[str, Any]:
        """The JSON report as it is now."""
        loaded: dict[str, Any] = json.loads(self.report_path.read_text(encoding="utf-8"))
        return loaded

    def findings(self, path: bytes) -> list[dict[str, Any]]:
        """What the report says of a path. Only complete once mitmdump has ended."""
        return [finding for finding in self.report()["findings"] if finding["path"] == path.decode()]

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """End it as a person would, and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(by)
        try:
            return self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
