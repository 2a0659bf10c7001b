"""The documentation of the rules says what the rules say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import cast

from mitmproxy.addonmanager import Loader

from functions_runtime_proxy import options as runtime_options
from functions_runtime_proxy.addon import FunctionsRuntime

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


class OptionNames(list[str]):
    """Takes the place of mitmproxy's loader."""

    def add_option(self, name: str, *rest: object) -> None:
        self.append(name)


def test_every_option_and_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    options = OptionNames()
    runtime_options.declare(cast(Loader, options))
    commands = [method.command_name for method in vars(FunctionsRuntime).values() if hasattr(method, "command_name")]
    assert len(options) == 10
    assert len(commands) == 6
    assert [name for name in (*options, *commands) if f"`{name}" not in readme] == []
