"""The command `functions-runtime`: what it prints, and what it says to a wrong call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.version import VERSION
from functions_runtime_cli.__main__ import COMMANDS, main
from tests.functions_runtime_cli.recordings import entry, write_har

ADDON = Path(__file__).parents[2] / "addon"
OLD = ("cookie-session", "info", "GET", "a.example", "/", "sid")
NEW = ("response-too-slow", "error", "GET", "a.example", "/slow", None)
KEYS = ("rule", "severity", "method", "host", "path", "subject")


def report(path: Path, *findings: tuple[str | None, ...]) -> str:
    document = {"schema": "runtime-report/1", "findings": [dict(zip(KEYS, known, strict=True)) for known in findings]}
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a module of the package in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ADDON)}
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, cwd=cwd, capture_output=True, text=True, timeout=60
    )


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence on standard error of a call that ends with 1."""
    with pytest.raises(SystemExit) as end:
        sys.exit(main(arguments))
    assert end.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_path_is_the_file_that_mitmproxy_loads(tmp_path: Path) -> None:
    done = run("functions_runtime_cli", "path", cwd=tmp_path)
    assert done.stdout == f"{ADDON / 'functions_runtime_proxy' / 'script.py'}\n"
    assert run("functions_runtime_proxy", cwd=tmp_path).stdout == done.stdout


def test_path_and_rules_need_no_mitmproxy() -> None:
    code = (
        "import sys; sys.modules['mitmproxy'] = None; from functions_runtime_cli.__main__ import main;"
        "raise SystemExit(main(['path']) or main(['rules']))"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ADDON)}, check=False)
    assert done.returncode == 0


def test_rules_lists_each_rule_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_explain_says_all_that_a_rule_has(rule: object, capsys: pytest.CaptureFixture[str]) -> None:
    [known] = [one for one in RULES if one is rule]
    assert main(["explain", known.id]) == 0
    said = capsys.readouterr().out
    words = " ".join(said.split())
    assert said.startswith(f"{known.id} ({known.severity}, {known.basis.words})\n{known.title}\n")
    assert " ".join(known.explanation.split()) in words
    assert f"Fix: {' '.join(known.fix.split())}" in words
    assert " ".join(known.code.split()) in words
    assert (" ".join(known.enforcement.split()) + "." in words) or not known.enforcement
    assert all(reference in said for reference in known.references)


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"functions-runtime {VERSION}\n"


def test_diff_tells_new_fixed_and_unchanged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = report(tmp_path / "old.json", OLD), report(tmp_path / "new.json", NEW)
    assert main(["diff", old, new]) == 2
    said = capsys.readouterr().out
    assert "New findings: 1 (each is about one endpoint)\n  error response-too-slow: GET a.example/slow\n" in said
    assert "Fixed, or not seen in the new report: 1\n  info cookie-session" in said
    assert main(["diff", old, old]) == 0
    assert "Unchanged, or less severe: 1" in capsys.readouterr().out


def test_diff_counts_own_hosts_from_a_severity_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, new = report(tmp_path / "empty.json"), report(tmp_path / "new.json", OLD, NEW)
    assert main(["diff", empty, new, "--show", "warning"]) == 2
    assert capsys.readouterr().out.startswith("New findings: 1 (each is about one endpoint)\n  error response-too-slow")
    document = json.loads(Path(new).read_text(encoding="utf-8"))
    for finding in document["findings"]:
        finding["own"] = finding["rule"] == OLD[0]
    Path(new).write_text(json.dumps(document), encoding="utf-8")
    assert main(["diff", empty, new, "--show", "warning"]) == 0
    assert main(["diff", empty, new]) == 2
    assert "New findings: 1 (each is about one endpoint)\n  info cookie-session" in capsys.readouterr().out
    assert main(["diff", report(tmp_path / "old.json", NEW), new]) == 2  # it was at an own host then
    assert "Unchanged, or less severe: 1\n" in capsys.readouterr().out


def test_wrong_calls_say_what_would_be_right(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "'dif' is not a command. Did you mean diff?" in refusal(capsys, "dif")
    assert f"Use one of {', '.join(COMMANDS)}." in refusal(capsys, "\x1b[31m")
    assert "'cookie-sesion' is not a rule. Did you mean cookie-session?" in refusal(capsys, "explain", "cookie-sesion")
    assert f"The rules are {', '.join(BY_ID)}." in refusal(capsys, "explain", "0")
    before = refusal(capsys, "-q", "audit", "a.har")
    assert before.startswith("functions-runtime audit: options belong after the command audit. Run ")
    assert refusal(capsys, "--fail-on", "error", "audit", "a.har") == before
    assert "required: RULE. Run functions-runtime explain --help to see" in refusal(capsys, "explain")
    assert "unknown arguments: x. Run functions-runtime rules --help to see" in refusal(capsys, "rules", "x")
    assert "unknown arguments: --nothing. Run functions-runtime --help to see" in refusal(capsys, "--nothing")
    assert "unknown arguments: --verson. Did you mean --version? Run functions-runtime" in refusal(capsys, "--verson")
    assert "unknown arguments: --hepl. Did you mean --help? Run functions-runtime" in refusal(capsys, "--hepl")
    assert "Run functions-runtime --help to see what is possible." in refusal(capsys, "--")
    assert "The rules are " in refusal(capsys, "explain", "nonsense")
    misspelt = refusal(capsys, "audit", "a.har", "--failon", "error")
    assert "unknown arguments: --failon error. Did you mean --fail-on? Run functions-runtime audit" in misspelt
    abbreviated = refusal(capsys, "audit", "a", "--rep", "r.html")
    assert "unknown arguments: --rep r.html. Did you mean --report? " in abbreviated
    good = report(tmp_path / "good.json")
    said = refusal(capsys, "diff", good, good, "--show", "eror")
    assert "argument --show: 'eror' is not a valid value. Use one of error, warning, info. Run" in said
    (tmp_path / "bad.json").write_bytes(b"\xff")
    for bad in ("missing.json", "bad.json", "."):
        said = refusal(capsys, "diff", good, str(tmp_path / bad))
        assert said.endswith("Give two reports that were written with the suffix .json.\n")


def test_a_call_without_a_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    said = capsys.readouterr().err
    assert said.endswith(f"functions-runtime: a command is missing. Use one of {', '.join(COMMANDS)}.\n")
    assert all(f"{command} " in said and purpose in said for command, purpose in COMMANDS.items())


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_is_no_wrong_call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: functions-runtime")


@pytest.mark.parametrize("redirection", ["", ">&-", "2>&1"], ids=["its reader has stopped", "closed", "with errors"])
@pytest.mark.parametrize(
    ("arguments", "status"), [("rules", 0), ("diff old.json new.json", 2), ("audit a.har --fail-on error", 2)]
)
def test_the_status_stays_if_nobody_reads_the_output(
    redirection: str, arguments: str, status: int, tmp_path: Path
) -> None:
    report(tmp_path / "old.json", OLD)
    report(tmp_path / "new.json", NEW)
    write_har(tmp_path / "a.har", entry("/", cookie="sid=a; Max-Age=90000"))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            ["bash", "-c", f'"{sys.executable}" -m functions_runtime_cli {arguments} {redirection}'],
            env={**os.environ, "PYTHONPATH": str(ADDON)},
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
    finally:
        os.close(writer)
    assert done.returncode == status
    says_why = arguments.startswith("audit") and redirection != "2>&1"
    assert ("Exit status 2" in done.stderr, "rror:" in done.stderr) == (says_why, False)
