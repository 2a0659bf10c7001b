"""The version of this program."""

import re

from functions_runtime.version import VERSION


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", VERSION)
