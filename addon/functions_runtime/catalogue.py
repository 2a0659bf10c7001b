"""All rules, in the order in which the Runtime applies them.

Every module in `rules` has a tuple `RULES`, and this module collects them. A new rule needs no other entry.
"""

from __future__ import annotations

import importlib
import pkgutil
from difflib import get_close_matches

from functions_runtime import rules, version
from functions_runtime.rule import Rule
from functions_runtime.ruling import Finding


def _find() -> tuple[Rule, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    modules = [importlib.import_module(f"{rules.__name__}.{name}") for name in names]
    found = [rule for module in modules for rule in module.RULES]
    return tuple(sorted(found, key=lambda rule: rule.step))


RULES = _find()
BY_ID = {rule.id: rule for rule in RULES}


def advice(rule_id: str) -> str:
    """A sentence for somebody who named a rule that does not exist: the nearest one, or all of them."""
    near = get_close_matches(rule_id, BY_ID, n=1)
    return f"Did you mean {near[0]}?" if near else f"The rules are {', '.join(BY_ID)}."


def page(rule: Rule) -> tuple[str, str]:
    """The rule's page: its place in the project, and its URL, which is empty as long as nobody has published it."""
    return f"docs/rules.md#{rule.id}", f"{version.RULES_URL}#{rule.id}" if version.RULES_URL else ""


def say(finding: Finding) -> str:
    """The message of a finding, as its rule words it."""
    return BY_ID[finding.rule].say(finding)
