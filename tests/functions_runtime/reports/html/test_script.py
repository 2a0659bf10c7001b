"""What the script of the HTML report keeps its hands off. What it does is tried in a browser: tests/live."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from functions_runtime.reports.html.assets import SCRIPT
from tests.requirements import require


@pytest.mark.parametrize(
    "word", ["</script", "<!--", "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("]
)
def test_it_makes_no_markup_out_of_text(word: str) -> None:
    assert word.lower() not in SCRIPT.lower()


def test_it_is_a_script_without_mistakes_in_its_syntax() -> None:
    node = shutil.which("node")
    require(node, "This takes Node.")
    assert node
    assert not subprocess.run([node, "--check", "-"], input=SCRIPT.encode(), check=False).returncode
