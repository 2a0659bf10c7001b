"""The documentation of the rules says what the rules say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest
from mitmproxy.addonmanager import Loader

from functions_runtime_proxy import options as runtime_options
from functions_runtime_proxy.addon import FunctionsRuntime

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def rules_page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rules_page", ROOT / "scripts" / "rules_page.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_and_the_table_are_up_to_date(rules_page: ModuleType) -> None:
    advice = "Run python scripts/rules_page.py."
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules_page.page(), advice
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert rules_page.with_table(readme) == readme, advice


@pytest.mark.parametrize("readme", ["", "{begin}", "{end}", "{end}{begin}", "{begin}{end}{begin}{end}"])
def test_a_readme_without_one_place_for_the_table_is_refused(rules_page: ModuleType, readme: str) -> None:
    with pytest.raises(ValueError, match=r"README.md needs one"):
        rules_page.with_table(readme.format(begin=rules_page.BEGIN, end=rules_page.END))


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
