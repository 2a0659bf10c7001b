"""mitmdump as a child process in front of a server on this machine, for scripts that send requests through it."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HOST = "127.0.0.1"
LISTENING = re.compile(r"listening at \S*:(\d+)")
START_TIMEOUT = 60
STOP_TIMEOUT = 30
LOG_SHOWN = 2000


class Mitmdump:
    """A mitmdump that runs: where it listens, its process, and what it printed."""

    port: int

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def seconds_taken(self) -> float:
        """The processor time used so far. If the system does not tell, the time that has passed."""
        if sys.platform != "linux":
            return time.perf_counter()
        return time.clock_gettime((~self.process.pid << 3) | 2)  # what clock_getcpuclockid(3) computes

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not (listening := LISTENING.search(self.printed)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"mitmdump did not start. The end of its output:\n{self.printed[-LOG_SHOWN:]}")
            time.sleep(0.02)
        self.port = int(listening[1])

    def stop(self) -> None:
        """End it as Ctrl-C would, so that it prints its summary."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def mitmdump(server_port: int, *arguments: str) -> Iterator[Mitmdump]:
    """A mitmdump in reverse mode with these settings only, until the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.txt")
        command = [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()"]
        command += ["--mode", f"reverse:http://{HOST}:{server_port}", "--set", "keep_host_header=true"]
        command += ["--listen-host", HOST, "--listen-port", "0", "--set", f"confdir={folder}", *arguments]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        running = Mitmdump(process, log)
        try:
            running.wait_until_it_listens()
            yield running
        finally:
            running.stop()
