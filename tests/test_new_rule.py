"""`scripts/new_rule`: a rule is made in a copy of the repository and checked there as every rule is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("addon", "docs", "scripts", "tests", "README.md", "pyproject.toml")
ID, MODULE = "x-made-by-a-test", "x_made_by_a_test"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "*.png")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part, ignore=LEFT_OUT)
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=300
    )


def refusal(checkout: Path, *arguments: str) -> str:
    """What `scripts/new_rule` says to a wrong call, which changes nothing."""
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    done = run(checkout, "-B", "scripts/new_rule", *arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before
    return done.stderr


def test_a_new_rule_passes_what_every_rule_must(checkout: Path) -> None:
    done = run(checkout, "scripts/new_rule", ID)
    assert done.returncode == 0, done.stderr
    written = [
        f"addon/functions_runtime/rules/{MODULE}.py",
        f"tests/functions_runtime/rules/test_{MODULE}.py",
        f"tests/exchanges/breaking/{ID}.txt",
    ]
    assert [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")] == written
    assert f"[`{ID}`](docs/rules.md#{ID}) | info |" in (checkout / "README.md").read_text("utf-8")
    assert f"### {ID}\n" in (checkout / "docs" / "rules.md").read_text("utf-8")
    for check in (["ruff", "format", "--check"], ["ruff", "check"]):
        checked = run(checkout, "-m", *check, *written[:2])
        assert checked.returncode == 0, checked.stdout
    others = ("tests/functions_runtime/test_catalogue.py", "tests/test_rules_page.py", "tests/test_consequences.py")
    tested = run(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", written[1], *others)
    assert tested.returncode == 0, tested.stdout
    # All of it is run by its own test.
    report = ["--include", written[0], "--fail-under", "100", "--show-missing"]
    assert run(checkout, "-m", "coverage", "run", "-m", "pytest", "-q", written[1]).returncode == 0
    covered = run(checkout, "-m", "coverage", "report", *report)
    assert covered.returncode == 0, covered.stdout


def test_a_wrong_id_is_refused_in_a_sentence(checkout: Path) -> None:
    assert "scripts/new_rule cookie-too-large" in refusal(checkout)
    assert "scripts/new_rule cookie-too-large" in refusal(checkout, "--help")
    for bad in ("Cookie", "a--b", "a_b", "../a", "class", ""):
        assert "An id is made of lower-case words" in refusal(checkout, bad)
    assert "at most 40 characters" in refusal(checkout, "a" * 41)
    assert "cookie_session.py is there already" in refusal(checkout, "cookie-session")
    (checkout / "tests" / "exchanges" / "breaking" / f"{ID}.txt").write_text("somebody's own", encoding="utf-8")
    assert f"{ID}.txt is there already" in refusal(checkout, ID)
    assert "headers_too_long.py has a rule of this id" in refusal(checkout, "request-headers-too-long")


def test_a_readme_without_a_place_for_the_table_leaves_no_rule_behind(checkout: Path) -> None:
    (checkout / "README.md").write_text("# Nothing\n", encoding="utf-8")
    done = run(checkout, "scripts/new_rule", ID)
    assert done.returncode == 1
    assert "README.md needs one" in done.stderr
    assert [*checkout.rglob(f"*{MODULE}.py"), *checkout.rglob(f"{ID}.txt")] == []
