"""End the process with another exit status without losing anything.

`SystemExit` in an addon's `done` would keep later addons from theirs, where flows and HAR files are saved. Here it is
raised after the task that runs mitmproxy has ended: every addon is done by then.
"""

from __future__ import annotations

import asyncio
from typing import Any


def exit_afterwards(status: int) -> None:
    """Let the running process end with this status once the current task, which is mitmproxy's main one, is over."""

    def leave(task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception() is None:
            raise SystemExit(status)

    task = asyncio.current_task()
    assert task
    task.add_done_callback(leave)
