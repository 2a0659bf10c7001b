"""What `scripts/test` does once it is set up: every check that CI runs, one after the other."""

from __future__ import annotations

import subprocess
import sys
import time

from environment import ROOT

SCRIPTS_WITHOUT_SUFFIX = ["scripts/audit", "scripts/new_rule", "scripts/run", "scripts/test"]
WITHOUT_PYTEST = "--without-pytest"
TRIED = [sys.executable, "-m", "pytest", "--collect-only", "--quiet"]
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


def main() -> None:
    """Run all checks, even if one fails. The arguments are for pytest, which is asked first whether they make sense."""
    given = [argument for argument in sys.argv[1:] if argument != WITHOUT_PYTEST]
    if {"-h", "--help"} & {*given}:
        print(
            f"scripts/test [{WITHOUT_PYTEST}] [ARGUMENT …]: runs every check. The arguments are for pytest:\n",
            flush=True,
        )
        sys.exit(subprocess.run([sys.executable, "-m", "pytest", "--help"], cwd=ROOT).returncode)
    if given and (understood := subprocess.run(TRIED + given, cwd=ROOT, capture_output=True, text=True)).returncode:
        sys.exit(understood.stderr or understood.stdout)
    start = time.monotonic()
    chosen = checks(sys.argv[1:])
    failed = []
    for name, arguments in chosen.items():
        print(f"\n===== {name}", flush=True)
        if subprocess.run([sys.executable, *arguments], cwd=ROOT).returncode:
            failed.append(name)
    seconds = time.monotonic() - start
    if failed:
        sys.exit(f"\nFAILED in {seconds:.0f} s: {', '.join(failed)} ({len(failed)} of {len(chosen)} checks)")
    print(f"\nAll {len(chosen)} checks passed in {seconds:.0f} s.")
