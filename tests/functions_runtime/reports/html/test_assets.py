"""The files that the page brings along. What they hold is tried in test_style.py, test_script.py and tests/live."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from functions_runtime.reports.html.assets import SCRIPT, STYLE, read

FILES = Path(__file__).parents[4] / "addon" / "functions_runtime" / "reports" / "html"


def test_they_are_files_that_editors_know() -> None:
    assert (FILES / "style.css").read_text("utf-8") == STYLE
    assert (FILES / "script.js").read_text("utf-8") == SCRIPT


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="nothing\\.css"):
        read("nothing.css")


def test_line_breaks_are_what_a_browser_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkgutil.get_data", lambda package, name: b"a\r\nb\n")
    assert read("style.css") == "a\nb\n"


def test_they_are_found_wherever_the_package_was_copied_to_and_whatever_the_folder(tmp_path: Path) -> None:
    shutil.copytree(FILES.parents[1], tmp_path / "elsewhere" / "functions_runtime")
    code = (
        "import sys; sys.path.insert(0, 'elsewhere'); from functions_runtime.reports.html import assets;"
        "print(assets.__file__, len(assets.STYLE), len(assets.SCRIPT))"
    )
    ended = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    file, *sizes = ended.stdout.split()
    assert Path(file).is_relative_to(tmp_path)
    assert sizes == [str(len(STYLE)), str(len(SCRIPT))]
