"""`functions-runtime path`: the file that mitmproxy loads."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from functions_runtime_cli.arguments import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print the path of the script. mitmproxy itself is not imported."""
    found = find_spec("functions_runtime_proxy.script")
    assert found, "the package has its script"
    assert found.origin, "the script is a file"
    say(found.origin)
    return 0
