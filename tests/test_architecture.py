"""Who may import whom, held against the imports that are there, and what the pure part keeps its hands off."""

from __future__ import annotations

import ast
import graphlib
import importlib
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from radon.complexity import cc_visit
from radon.metrics import mi_rank, mi_visit

from tests.documented import rules_of_the_limitations_page

ROOT = Path(__file__).parent.parent
ADDON = ROOT / "addon"
PURE = "functions_runtime"

PARTS: dict[str, set[str]] = {
    "wire_text": set(),
    "version": set(),
    "record.bounded": set(),
    "record": set(),
    "syntax": {"syntax"},  # one specification builds on another
    "experiment": {"wire_text", "syntax"},
    "random_text": set(),
    "endpoint": {"wire_text", "random_text"},
    "profile": {"syntax"},
    "message": {"syntax", "endpoint"},
    "ruling": {"syntax", "endpoint"},
    "rule": {"wire_text", "endpoint", "message", "profile", "ruling"},
    "rules": {"wire_text", "record.bounded", "syntax", "endpoint", "message", "profile", "ruling", "rule"},
    "catalogue": {"rule", "rules", "ruling", "version"},
    "engine": {"message", "profile", "rule", "ruling"},
    "untested": {"wire_text", "message", "profile"},
    "record.entry": {"endpoint", "ruling"},
    "record.notices": {"wire_text", "record.entry"},
    "record.hosts": {"message"},
    "record.inventory": {"wire_text", "syntax", "endpoint", "message", "ruling"},
    "record.report": {"endpoint", "profile", "ruling", "record.entry", "record.inventory", "record.notices"},
    "record.journal": {
        "endpoint",
        "message",
        "profile",
        "ruling",
        "version",
        "record.entry",
        "record.hosts",
        "record.inventory",
        "record.notices",
        "record.report",
    },
    "case": {"endpoint", "message", "ruling", "record.entry", "record.journal"},
    "session": {
        "case",
        "catalogue",
        "endpoint",
        "engine",
        "message",
        "profile",
        "record.entry",
        "record.hosts",
        "record.inventory",
        "record.journal",
        "record.report",
        "rule",
        "ruling",
        "untested",
    },
    "recordings": {"wire_text", "syntax", "endpoint", "message", "recordings"},
    "reports": {
        "wire_text",
        "syntax",
        "endpoint",
        "profile",
        "rule",
        "ruling",
        "catalogue",  # for what a rule says of itself
        "record.entry",
        "record.inventory",
        "record.notices",
        "record.report",
        "reports",
    },
}
"""Part of the pure package: what of the package it may import. A rule never imports another rule."""

OUTSIDE: dict[str, set[str]] = {
    "functions_runtime_proxy.internals": {"mitmproxy"},
    "functions_runtime_proxy.registrable": {"publicsuffix2"},
}
"""Modules of the shell that may not import everything."""

LIBRARIES = {"mitmproxy", "tornado", "publicsuffix2"}
"""What is there besides the standard library: mitmproxy, and what it brings along."""

DOCUMENTED = (
    "mitmproxy.addonmanager",
    "mitmproxy.command",
    "mitmproxy.connection",
    "mitmproxy.ctx",
    "mitmproxy.exceptions",
    "mitmproxy.flow",
    "mitmproxy.flowfilter",
    "mitmproxy.hooks",
    "mitmproxy.http",
    "mitmproxy.options",
    "mitmproxy.proxy.mode_specs",
    "mitmproxy.types",
    "mitmproxy.version",
)
"""Modules of mitmproxy that its reference or its examples of addons use."""

COMPUTING = {
    "__future__",
    "base64",
    "bisect",
    "calendar",
    "collections",
    "collections.abc",
    "contextlib",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "html",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "pathlib.PurePath",
    "re",
    "shlex",
    "string",
    "textwrap",
    "traceback",
    "typing",
    "urllib.parse",
    "xml.etree",
    "xml.etree.ElementTree",
    "xml.sax.saxutils",
}
"""Of the standard library, what the pure part may use: nothing that reaches a file, a socket, a clock or chance."""

FINDING_MODULES = {"importlib", "pkgutil"}
"""What the catalogue needs besides, to find the rules."""

BESIDES = {f"{PURE}.reports.html.assets": {"pkgutil"}, f"{PURE}.recordings.har": {"msgspec"}}
"""What single modules need besides: to read files of the package when they are imported, and to decode HAR."""

WITHOUT_A_PROXY = {"filters", "gate", "internals", "options", "read", "registrable", "report_files"}
"""What of the shell the command may use."""

MOST_COMPLEX = 10
"""The highest cyclomatic complexity of a function of the shell or the session."""

FORBIDDEN_CALLS = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}
CLOCKS = {"now", "utcnow", "today"}


@lru_cache
def modules() -> tuple[str, ...]:
    files = (path.relative_to(ADDON).with_suffix("") for path in ADDON.rglob("*.py"))
    return tuple(sorted(".".join(file.parts).removesuffix(".__init__") for file in files))


def source_of(module: str) -> str:
    path = ADDON.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text("utf-8")


@lru_cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(source_of(module))


def imports(module: str) -> Iterator[str]:
    """Everything that a module imports, as `module` or `module.name`, wherever in it the statement stands."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def attributes(module: str, of: str = "") -> set[str]:
    """The attributes that a module uses, of anything or of a name."""
    return {
        node.attr
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and (not of or (isinstance(node.value, ast.Name) and node.value.id == of))
    }


def project_module(name: str) -> str | None:
    """The module of this project in which an imported name is, None if it is from elsewhere."""
    while name:
        if name in modules():
            return name
        name = name.rpartition(".")[0]
    return None


def part_of(module: str) -> str:
    """The row of the table that a module of the pure package, or an import of one, belongs to."""
    if not module.startswith(f"{PURE}."):
        return module
    parts = module.split(".")[1:]
    return ".".join(parts[:2]) if parts[0] == "record" else parts[0]


def pure() -> list[str]:
    return [module for module in modules() if module.startswith(f"{PURE}.")]


@pytest.mark.parametrize("module", pure())
def test_a_module_of_the_pure_part_imports_what_the_table_allows(module: str) -> None:
    part = part_of(module)
    assert part in PARTS, f"{part} is new: give it a row in the table"
    own = {part_of(found) for name in imports(module) if (found := project_module(name))}
    assert own - PARTS[part] == set()


@pytest.mark.parametrize("module", pure())
def test_the_pure_part_knows_nothing_of_mitmproxy_files_sockets_or_chance(module: str) -> None:
    allowed = COMPUTING | (FINDING_MODULES if part_of(module) == "catalogue" else set()) | BESIDES.get(module, set())
    foreign = [name for name in imports(module) if not project_module(name)]
    assert [name for name in foreign if name not in allowed and name.rpartition(".")[0] not in allowed] == []


@pytest.mark.parametrize("module", [PURE, *pure()])
def test_the_pure_part_opens_nothing_and_reads_no_clock(module: str) -> None:
    calls = [node.func for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    names = [call.id for call in calls if isinstance(call, ast.Name)]
    methods = [call.attr for call in calls if isinstance(call, ast.Attribute)]
    assert FORBIDDEN_CALLS.isdisjoint(names)
    assert CLOCKS.isdisjoint(methods)


def shell() -> list[str]:
    return [module for module in modules() if module.startswith("functions_runtime_proxy")]


@pytest.mark.parametrize("module", shell())
def test_a_module_of_the_shell_imports_what_it_may(module: str) -> None:
    imported = set(imports(module))
    found = {own for name in imported if (own := project_module(name))}
    libraries = {name.partition(".")[0] for name in imported if not project_module(name)} - sys.stdlib_module_names
    assert libraries - LIBRARIES == set()
    assert not any(name.startswith(("functions_runtime_cli", "functions_runtime.recordings")) for name in found)
    if module in OUTSIDE:
        assert (found | libraries) - OUTSIDE[module] == set()


@pytest.mark.parametrize("module", shell())
def test_a_module_of_the_shell_is_easy_to_maintain(module: str) -> None:
    assert mi_rank(mi_visit(source_of(module), multi=True)) == "A"


@pytest.mark.parametrize("module", [*shell(), f"{PURE}.session"])
def test_no_function_of_the_shell_or_the_session_is_complex(module: str) -> None:
    functions = [block for block in cc_visit(source_of(module)) if block.letter != "C"]
    assert {block.fullname: block.complexity for block in functions if block.complexity > MOST_COMPLEX} == {}


def test_only_one_module_knows_what_mitmproxy_does_not_document() -> None:
    knowing = {
        module
        for module in modules()
        if any(name.startswith("mitmproxy.") and not name.startswith(DOCUMENTED) for name in imports(module))
        or any(name[:1] == "F" and name[1:2].isupper() for name in attributes(module, of="flowfilter"))
    }
    assert knowing == {"functions_runtime_proxy.internals"}


def test_the_addon_knows_no_more_of_the_pure_part_than_its_door() -> None:
    for module in shell():
        assert "journal" not in attributes(module), module


def test_the_command_needs_no_addon() -> None:
    for module in modules():
        if module.startswith("functions_runtime_cli"):
            used = {name.split(".")[1] for name in imports(module) if name.startswith("functions_runtime_proxy.")}
            assert used <= WITHOUT_A_PROXY, module


def test_no_row_of_the_table_is_left_over() -> None:
    assert {part_of(module) for module in pure()} == set(PARTS)
    assert set(OUTSIDE) <= set(modules())


def test_no_list_of_rules_is_kept_by_hand() -> None:
    """Such a list would have to be remembered whenever a rule is added."""
    for file in [*ADDON.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
                named = {each.value for each in node.elts if isinstance(each, ast.Constant)}
                assert not named >= rules_of_the_limitations_page(), f"{file}, line {node.lineno}"


def test_imports_make_no_circle() -> None:
    # A package that imports its own modules does so to name them, which is no circle.
    graph = {
        module: {found for name in imports(module) if (found := project_module(name)) and found != module}
        for module in modules()
    }
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize("module", [module for module in pure() if module.startswith(f"{PURE}.rules.")])
def test_a_rule_is_called_as_its_module_is(module: str) -> None:
    name = module.rpartition(".")[2].replace("_", "-")
    ids = [rule.id for rule in importlib.import_module(module).RULES]
    if len(ids) == 1:
        assert ids == [name]
    else:  # rules that are one idea share the end of their names
        assert ids
        assert [rule_id for rule_id in ids if not rule_id.endswith(f"-{name}")] == []


@pytest.mark.parametrize("module", modules())
def test_a_module_begins_with_what_may_live_there(module: str) -> None:
    assert ast.get_docstring(tree_of(module))
