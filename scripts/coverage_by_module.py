"""Check that each module of the pure part is covered, every line and branch, by its own test file.

Coverage of the whole hides a module that only others' tests run through. Here a line counts for its module if the
module's own test file ran it, or its own import: not the import of another module that calls it, and not the tests of
another. Prints a line for each module that falls short and then exits with 1.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "addon"
PACKAGE = ADDON / "functions_runtime"
TESTS = ROOT / "tests" / "functions_runtime"


class Contexts:
    """Tells coverage on which file's account code runs. Also a plugin for pytest."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._current = "nobody"

    @contextlib.contextmanager
    def on_account_of(self, file: Path) -> Iterator[None]:
        outer, self._current = self._current, str(file)
        self._coverage.switch_context(self._current)
        try:
            yield
        finally:
            self._current = outer
            self._coverage.switch_context(outer)

    def import_all(self) -> None:
        """Import the package, each module on its own account, even if another module imports it."""

        def execute(loader: SourceFileLoader, module: ModuleType) -> None:
            with self.on_account_of(Path(loader.path)):
                original(loader, module)

        original = SourceFileLoader.exec_module
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SourceFileLoader, "exec_module", execute)
            for file in modules():
                name = ".".join(file.relative_to(ADDON).with_suffix("").parts)
                importlib.import_module(name.removesuffix(".__init__"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        with self.on_account_of(item.path):
            return (yield)


def main() -> int:
    os.chdir(ROOT)
    sys.path.insert(0, str(ADDON))
    coverage = Coverage(data_file=None)
    coverage.start()
    contexts = Contexts(coverage)
    contexts.import_all()
    status = pytest.main(["-q", str(TESTS)], [contexts])
    coverage.stop()
    if status:
        return 1
    short = [line for module in modules() for line in shortcomings(coverage, module)]
    print("\n".join(short) or f"Each of {len(modules())} modules is covered by its own tests.")
    return 1 if short else 0


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def shortcomings(coverage: Coverage, module: Path) -> Iterator[str]:
    """What the module's own import and tests do not cover, in words."""
    accounts = [module]
    if module.name != "__init__.py":
        test = TESTS / module.relative_to(PACKAGE).with_name(f"test_{module.name}")
        if not test.exists():
            yield f"{module.relative_to(ROOT)}: there is no {test.relative_to(ROOT)}"
            return
        accounts.append(test)
    report = measured(coverage, module, accounts)
    lines = report["missing_lines"]
    branches = [(line, to) for line, to in report["missing_branches"] if not {line, to} & set(lines)]
    if lines:
        yield f"{module.relative_to(ROOT)}: its tests do not run line {', '.join(map(str, lines))}"
    if branches:
        ways = ", ".join(f"{line} to {to if to > 0 else 'the end'}" for line, to in branches)
        yield f"{module.relative_to(ROOT)}: its tests do not go from line {ways}"


def measured(coverage: Coverage, module: Path, accounts: list[Path]) -> dict[str, Any]:
    """Coverage's report on one module. Only code that ran on these accounts counts."""
    patterns = [f"^{re.escape(str(account))}$" for account in accounts]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        coverage.json_report([str(module)], str(report), contexts=patterns)
        [file] = json.loads(report.read_text("utf-8"))["files"].values()
    found: dict[str, Any] = file
    return found


if __name__ == "__main__":
    sys.exit(main())
