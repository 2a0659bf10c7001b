"""What all tests of the pure part share."""

from __future__ import annotations

import pytest

from tests.caches import clear_caches


@pytest.fixture(autouse=True, scope="module")
def cold_caches() -> None:
    """Each test file starts without what others left in caches, so that what it covers is its own doing."""
    clear_caches()
