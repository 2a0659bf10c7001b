"""Memory of bounded size, which forgets the least recently used values first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """At most `most` values by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value under the key, which becomes the most recently used. None if there is no value."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Remember a value. If there are too many, forget the least recently used one."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)


def remember(recent: Recent[Key, dict[Value, None]], key: Key, value: Value, most: int) -> bool:
    """Add a value to the set under the key, which keeps the `most` latest values. Returns whether the value is new.

    A dict serves as the set because it keeps its order.
    """
    values = recent.get(key)
    if values is None:
        recent.put(key, {value: None})
    elif value in values:
        return False
    else:
        keep(values, value, None, most)
    return True


def keep(values: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Put a value into a dict. If there are too many, drop the oldest one."""
    values[key] = value
    if len(values) > most:
        del values[next(iter(values))]


Digest = int
"""What stands for a value that must be compared and not kept."""


def keyed_digest(key: bytes) -> Callable[[bytes], Digest]:
    """A function for digests under the key, by which values can be compared without being kept.

    A digest is a keyed hash of 64 bits (SipHash, https://peps.python.org/pep-0456/), and the same in this process only.
    """

    def digest(value: bytes) -> Digest:
        return hash(key + value)

    return digest
