"""Which rules the vendor's pages document, as the rules themselves say."""

from __future__ import annotations

from functions_runtime.catalogue import RULES
from functions_runtime.rule import Step

LIMITATIONS = "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations"


def rules_of_the_limitations_page() -> set[str]:
    """The ids of the rules about one message for which the limitations page is the source."""
    return {rule.id for rule in RULES if rule.step < Step.CONSEQUENCES and LIMITATIONS in rule.references}
