"""Checks files that run on a service: workflows, the action, issue forms and the container.

    python scripts/service_files.py

Runs yamllint, zizmor and hadolint, which the dependency group `test` brings. Nothing is fetched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
EXAMPLE = "docs/audit-workflow.yml"
YAML_STYLE = {
    "extends": "default",
    "rules": {
        "line-length": {"max": 120},
        "document-start": "disable",
        "comments": {"min-spaces-from-content": 1},
        "truthy": {"check-keys": False},
    },
}

COMMANDS = {
    "yamllint": ["--strict", "-d", json.dumps(YAML_STYLE), ".github", ".pre-commit-config.yaml", EXAMPLE],
    "zizmor": ["--quiet", "--offline", "--persona", "pedantic", ".github", EXAMPLE],
    "hadolint": ["Containerfile"],
}
"""Programs with their arguments, run from the project's root."""


def main() -> None:
    """Run all three, whether one fails or not. Ends with 1 if one fails or is missing."""
    failed = []
    for name, arguments in COMMANDS.items():
        program = PROGRAMS / name
        if not program.exists():
            print(f"{name} is missing. Install it: pip install --group test")
            failed.append(name)
        elif subprocess.run([program, *arguments], cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"{', '.join(failed)}: see above.")


if __name__ == "__main__":
    main()
