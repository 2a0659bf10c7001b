"""What a test needs besides Python. If it is missing, the test is skipped, or fails in CI."""

from __future__ import annotations

import os

import pytest


def require(available: object, reason: str) -> None:
    """Go on if `available` is true. Otherwise skip with the reason, or fail if the variable CI is "true"."""
    if available:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have what this test needs. {reason}")
    pytest.skip(reason)
