"""The documentation of the rules says what the rules say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from functions_runtime.catalogue import RULES

ROOT = Path(__file__).parents[1]


def test_the_page_and_the_table_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("rules_page", ROOT / "scripts" / "rules_page.py")
    assert spec
    assert spec.loader
    rules_page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rules_page)
    advice = "Run python scripts/rules_page.py, and put its table into the README."
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules_page.page(), advice
    assert rules_page.table() in (ROOT / "README.md").read_text(encoding="utf-8"), advice


def test_every_option_and_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shell = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "addon").glob("*.py"))
    named = {word.strip("\"'(,") for word in shell.split() if word.strip("\"'(,").startswith(("runtime_", "runtime."))}
    options = {"runtime_mode", "runtime_scope", "runtime_limits", "runtime_domain", "runtime_show", "runtime_rules"}
    options |= {"runtime_report", "runtime_baseline", "runtime_fail_on", "runtime_dashboard"}
    commands = {"runtime.judge", "runtime.report", "runtime.explain", "runtime.rules", "runtime.clear", "runtime.probe"}
    assert options <= named
    assert all(f"`{name}" in readme for name in options | commands)
    assert all(rule.id in readme for rule in RULES)
