"""What a release sets: the version of this program, and where its documentation is."""

VERSION = "0.2.0"

RULES_URL = ""
"""The URL of docs/rules.md as it is published, without a fragment. Empty as long as it is not."""
