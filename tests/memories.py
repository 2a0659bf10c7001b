"""The memories that rules make, caught as they are made: a test can then see how large they grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from functions_runtime.record.bounded import Recent


@contextmanager
def caught_memories() -> Iterator[list[Recent[Any, Any]]]:
    """The list to which every memory adds itself that is made inside this block."""
    memories: list[Recent[Any, Any]] = []
    make = Recent.__init__

    def make_and_catch(memory: Recent[Any, Any], most: int) -> None:
        make(memory, most)
        memories.append(memory)

    with mock.patch.object(Recent, "__init__", make_and_catch):
        yield memories
