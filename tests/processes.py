"""Programs for people, run until they have said something, and then interrupted as with Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], until: str, *, env: Mapping[str, str], cwd: Path, timeout: float
) -> Iterator[str]:
    """A program once it has said a line with these words: all that it said so far. Then it must end well.

    It is killed after `timeout` seconds.
    """
    process = subprocess.Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    watchdog = threading.Timer(timeout, process.kill)
    watchdog.start()
    said = ""
    try:
        for line in process.stdout:
            said += line
            if until in line:
                break
        assert until in said, said
        yield said
        process.send_signal(signal.SIGINT)
        said += process.stdout.read()
        assert process.wait() == 0, said
        assert "Traceback" not in said
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
