"""The id of a rule as the argument of a command: completed, and refused with the nearest one if it is wrong.

mitmproxy's own type for a choice does the first but says only that a choice is invalid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functions_runtime.catalogue import BY_ID, advice
from functions_runtime.wire_text import printable
from functions_runtime_proxy.internals import register_argument_type


class RuleId(str):
    """The id of a rule, in the signature of a command."""

    __slots__ = ()


class _RuleIdType:
    """What mitmproxy asks of the type of an argument."""

    typ = RuleId
    display = "rule"

    def completion(self, manager: Any, t: Any, s: str) -> Sequence[str]:
        return list(BY_ID)

    def parse(self, manager: Any, t: Any, s: str) -> RuleId:
        if s not in BY_ID:
            raise ValueError(f"There is no rule {printable(s)!r}. {advice(s)}")
        return RuleId(s)

    def is_valid(self, manager: Any, typ: Any, val: object) -> bool:
        return val in BY_ID


def register_rule_argument() -> None:
    """Register the type. Do so before you register a command with such an argument."""
    register_argument_type(RuleId, _RuleIdType())
