"""The command `functions-runtime`: it finds the module of a command, and refuses a wrong call in a sentence."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

from functions_runtime.version import VERSION
from functions_runtime.wire_text import printable
from functions_runtime_cli.arguments import Parser, did_you_mean, print_anything

NAME = "functions-runtime"
COMMANDS = {
    "path": "print the file that mitmproxy loads with -s",
    "rules": "list all rules",
    "explain": "explain a rule and how to fix its findings",
    "audit": "audit recordings without a proxy",
    "diff": "compare two JSON reports",
}
"""Commands with what they do. Each has a module of the same name with `add_arguments(parser)` and `run(arguments)`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that these arguments name, or those of the command line. Returns the exit status."""
    print_anything()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = Parser(prog=NAME, description="The HTTP rules of the Twilio Functions Runtime, without a proxy.")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    name = _command_in(given)
    if name is not None and name not in COMMANDS:
        return _refuse(name)
    chosen, run = parser, None
    for command, purpose in COMMANDS.items():
        subparser = commands.add_parser(
            command, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.", allow_abbrev=False
        )
        if command == name:  # the others are not imported, because an audit brings many libraries
            module = importlib.import_module(f"functions_runtime_cli.{command}")
            module.add_arguments(subparser)
            chosen, run = subparser, module.run
    if not given:
        parser.print_help(sys.stderr)
        print(f"\n{NAME}: a command is missing. Use one of {', '.join(COMMANDS)}.", file=sys.stderr)
        return 1
    if run is not None and given[0] != name:
        chosen.error(f"options belong after the command {name}")
    parsed, unknown = parser.parse_known_args(given)
    if unknown:
        chosen.refuse(unknown)
    if run is None:
        parser.error("a command is missing")
    return _run(run, parsed)


def _command_in(given: Sequence[str]) -> str | None:
    """The command. If options stand in front of it, it is the first word that is one, because they can have values."""
    words = [argument for argument in given if not argument.startswith("-")]
    commands = [] if given[:1] == words[:1] else [word for word in words if word in COMMANDS]
    return next(iter(commands + words), None)


def _run(run: Callable[[argparse.Namespace], int], parsed: argparse.Namespace) -> int:
    try:
        return run(parsed)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _refuse(name: str) -> int:
    advice = did_you_mean(name, COMMANDS) or f" Use one of {', '.join(COMMANDS)}."
    print(f"{NAME}: '{printable(name, 80)}' is not a command.{advice}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
