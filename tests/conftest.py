"""What tests with a live proxy share: servers, and mitmdump processes that are ended and looked over afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin


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
