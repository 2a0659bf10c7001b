"""The caches of the pure part: what they hold would hide what a test wants to see."""

from __future__ import annotations

import sys


def clear_caches() -> None:
    """Empty every cache of a function in `functions_runtime`."""
    for name, module in list(sys.modules.items()):
        if name.startswith("functions_runtime"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
