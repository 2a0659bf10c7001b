"""What tests share: how random examples are drawn, servers, and mitmdump processes.

The processes are ended and looked over afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin

# No test depends on how fast the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


class Start(Protocol):
    """Start a mitmdump that lives as long as the tests of the module."""

    def __call__(self, mode: str, *arguments: str, options: Sequence[str] = (), addon: bool = True) -> Mitmdump: ...


@pytest.fixture(scope="session")
def origin() -> Iterator[Origin]:
    server = Origin()
    yield server
    server.close()


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    running: list[Mitmdump] = []

    def start_one(mode: str, *arguments: str, options: Sequence[str] = (), addon: bool = True) -> Mitmdump:
        folder: Path = tmp_path_factory.mktemp("mitmdump")
        running.append(Mitmdump(folder, mode, *arguments, options=options, addon=addon))
        return running[-1]

    yield start_one
    statuses = [mitmdump.stop() for mitmdump in running]
    assert "Traceback" not in "".join(mitmdump.output for mitmdump in running)
    assert statuses == [0] * len(running)
