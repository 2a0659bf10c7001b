"""What `scripts/test` does once it is set up: every check that CI runs, one after the other."""

from __future__ import annotations

import subprocess
import sys
import time

from environment import ROOT

SCRIPTS_WITHOUT_SUFFIX = ["scripts/audit", "scripts/new_rule", "scripts/run", "scripts/test"]
WITHOUT_PYTEST = "--without-pytest"
TRIED = [sys.executable, "-m", "pytest", "--collect-only", "--quiet"]
USAGE_ERROR = 4
"""How pytest ends if its arguments make no sense."""
COVERAGE = ROOT / "scripts" / "coverage_by_module.py"


def checks(pytest_arguments: list[str]) -> dict[str, list[str]]:
    """The checks by name, each as arguments of Python. One of the arguments can be `--without-pytest`."""
    chosen = {
        "prose": ["scripts/prose.py"],
        "service files": ["scripts/service_files.py"],
        "ruff format": ["-m", "ruff", "format", "--check", ".", *SCRIPTS_WITHOUT_SUFFIX],
        "ruff check": ["-m", "ruff", "check", ".", *SCRIPTS_WITHOUT_SUFFIX],
        "mypy": ["-m", "mypy"],
    }
    if WITHOUT_PYTEST in pytest_arguments:
        return chosen
    chosen["pytest"] = ["-m", "pytest", *pytest_arguments]
    if COVERAGE.exists():
        chosen["coverage by module"] = [str(COVERAGE)]
    return chosen


def main(pytest_arguments: list[str]) -> None:
    """Run all checks, even if one fails. Pytest is asked first whether its arguments make sense."""
    given = [argument for argument in pytest_arguments if argument != WITHOUT_PYTEST]
    if {"-h", "--help"} & {*given}:
        print(
            f"scripts/test [{WITHOUT_PYTEST}] [ARGUMENT …] runs every check. The arguments are pytest's:\n", flush=True
        )
        sys.exit(subprocess.run([sys.executable, "-m", "pytest", "--help"], cwd=ROOT).returncode)
    tried = subprocess.run([*TRIED, *given], cwd=ROOT, capture_output=True, text=True) if given else None
    if tried and tried.returncode == USAGE_ERROR:
        sys.exit(tried.stderr.strip() or tried.stdout.strip())
    start = time.monotonic()
    chosen = checks(pytest_arguments)
    failed = []
    for name, arguments in chosen.items():
        print(f"\n===== {name}", flush=True)
        if subprocess.run([sys.executable, *arguments], cwd=ROOT).returncode:
            failed.append(name)
    seconds = time.monotonic() - start
    if failed:
        sys.exit(f"\nFAILED in {seconds:.0f} s: {', '.join(failed)} ({len(failed)} of {len(chosen)} checks)")
    print(f"\nAll {len(chosen)} checks passed in {seconds:.0f} s.")
