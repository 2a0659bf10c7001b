"""The commands for people, run as people run them: scripts/run, scripts/test, the demo site and the bench."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
sys.path.append(str(SCRIPTS))

import checks  # noqa: E402
from demo_site import CASES, Case, DemoSite  # noqa: E402
from tests.documented import rules_of_the_limitations_page  # noqa: E402
from tests.processes import running  # noqa: E402
from tests.requirements import require  # noqa: E402
from walkthrough import shortcomings, walk  # noqa: E402

TIMEOUT = 120
UNCHANGED = {"cookie-session", "cookie-max-age-precedence"}
"""Rules that change nothing."""
HERE = {**os.environ, "RUNTIME_VENV": sys.prefix}
"""Scripts take the environment that runs the tests, and make none of their own."""
OWN = {name: value for name, value in os.environ.items() if name != "RUNTIME_VENV"}
"""Scripts make an environment of their own."""


def run(*command: str | Path, env: dict[str, str] = HERE, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a Python script to its end."""
    return subprocess.run(
        [sys.executable, *command], env=env, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def refusal(*command: str | Path, env: dict[str, str] = HERE, cwd: Path = ROOT) -> str:
    """What a command says that must fail, and must say so without a stack trace."""
    done = run(*command, env=env, cwd=cwd)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(address: str) -> tuple[int, str]:
    """Status and content of what a browser finds at an address."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(), IgnoreErrors()
    )
    with opener.open(address, timeout=TIMEOUT) as response:
        return response.status, response.read().decode()


def get_as_soon_as_it_listens(address: str) -> tuple[int, str]:
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            return get(address)
        except urllib.error.URLError:
            assert time.monotonic() < end
            time.sleep(0.05)


class IgnoreErrors(urllib.request.HTTPErrorProcessor):
    """Hands on a response with any status, as it is."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response if response.status >= 400 else super().http_response(request, response)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with DemoSite(0) as site:
        threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
        yield site
        site.shutdown()


# scripts/run --once


def test_once_shows_every_rule_and_the_summary() -> None:
    done = run(SCRIPTS / "run", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    headings = {line for line in done.stdout.splitlines() if re.fullmatch("[a-z-]+", line)}
    assert headings == {case.rule for case in CASES}
    assert "WRONG" not in done.stdout
    assert re.search(r"Runtime: \S+: [0-9]+ blocking issues", done.stdout)
    assert f"{len(CASES)} requests checked" in done.stdout
    assert "Open " not in done.stdout


def test_once_fails_where_a_rule_does_nothing(tmp_path: Path) -> None:
    for folder in ("addon", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "addon/functions_runtime/rules/cookie_lifetime_too_long.py").write_text("RULES = ()")
    done = run(tmp_path / "scripts/run", "--once")
    assert done.returncode == 1
    assert done.stderr.strip() == f"1 of {len(CASES)} rules did not do what they should: cookie-lifetime-too-long"
    assert "the status should be 400" in done.stdout


def test_once_takes_nothing_else() -> None:
    assert "takes no other arguments" in refusal(SCRIPTS / "run", "--once", "--web-port", "8081")


# scripts/run


def running_script(*arguments: str) -> contextlib.AbstractContextManager[str]:
    """`scripts/run` with these arguments, once it has said where to look."""
    command: list[str | Path] = [sys.executable, "-u", SCRIPTS / "run", *arguments]
    return running(command, "Ctrl-C", env=HERE, cwd=ROOT, timeout=TIMEOUT)


def address(said: str, before: str) -> str:
    """The address in what was said, after these words."""
    found = re.search(rf"{before} +(http://\S+)", said)
    assert found, said
    return found[1]


def test_run_starts_site_and_mitmweb() -> None:
    with running_script("--listen-port", str(free_port()), "--web-port", str(free_port())) as said:
        proxied = address(said, "with the Runtime in front of it")
        direct = address(said, "without it, to compare")
        assert get(f"{proxied}cookie-lifetime-too-long")[0] == 400
        assert get(f"{direct}cookie-lifetime-too-long")[0] == 200
        for base in (proxied, direct):
            status, page = get(base)
            assert status == 200
            assert all(f'id="{case.rule}"' in page for case in CASES)
        status, page = get(address(said, "its findings"))
        assert status == 200
        assert "mitmproxy" in page


def test_run_passes_its_arguments_on(site: DemoSite) -> None:
    port = free_port()
    mode = f"reverse:http://127.0.0.1:{site.server_port}@127.0.0.1:{port}"
    arguments = ["--mode", mode, "--web-port", str(free_port()), "--set", "runtime_mode=audit"]
    with running_script(*arguments) as said:
        assert "demo site" not in said
        assert f"127.0.0.1:{port}" in said
        assert get(f"http://127.0.0.1:{port}/cookie-lifetime-too-long")[0] == 200  # in audit nothing changes
        assert [received.path for received in site.received] == ["/cookie-lifetime-too-long"]


def test_options_of_the_command_line_take_the_place_of_what_run_sets(tmp_path: Path) -> None:
    live_page = f"127.0.0.1:{free_port()}"
    ports = ["--listen-port", str(free_port()), "--web-port", str(free_port())]
    options = ["--set", f"runtime_dashboard={live_page}", "--set=web_open_browser=false", "--listen-host", "127.0.0.1"]
    with running_script(*ports, *options) as said:
        assert address(said, "and what they mean") == f"http://{live_page}/"
        assert get_as_soon_as_it_listens(f"http://{live_page}/")[0] == 200
    with running_script(*ports, "--set", "runtime_dashboard=") as said:
        assert "off (runtime_dashboard)" in said
    refused = run(SCRIPTS / "run", *ports, "--set", "runtime_show=bogus")
    assert refused.returncode == 1
    assert "runtime_show: 'bogus' is not a valid value. Use one of error, warning, info." in refused.stdout


@pytest.mark.parametrize("option", ["--listen-port ", "--web-port ", "--mode regular@"])
def test_a_taken_port_is_named_with_a_way_out(option: str, taken_port: int) -> None:
    # What would be advised is the other port of this program.
    ports = {"--listen-port ": taken_port + 2, "--web-port ": taken_port + 2, option: taken_port}
    said = refusal(SCRIPTS / "run", *"".join(f"{name}{port} " for name, port in ports.items()).split())
    sentence = re.search(rf"Port {taken_port} is taken.* Choose another one: {option}(\d+)$", said.strip())
    assert sentence, said
    assert int(sentence[1]) not in ports.values()
    with socket.create_server(("127.0.0.1", int(sentence[1]))):
        pass


def test_a_mode_that_makes_no_sense_is_refused() -> None:
    assert "nonsense" in refusal(SCRIPTS / "run", "--mode", "nonsense")


def test_help_says_what_is_possible() -> None:
    done = run(SCRIPTS / "run", "--help")
    assert done.returncode == 0
    assert "--once" in done.stdout
    assert "--web-port" in done.stdout  # mitmweb's own help


# The demo site


def test_demo_site_has_a_case_for_each_rule_that_the_limitations_page_documents() -> None:
    assert sorted(case.rule for case in CASES) == sorted(rules_of_the_limitations_page())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_demo_site_answers_as_its_cases_say(case: Case, site: DemoSite) -> None:
    walked = walk(case, site.server_port, site)
    assert walked.answer.status == case.status
    assert set(case.response) <= set(walked.answer.fields)
    # Without the Runtime, what the walk looks for is not there.
    assert bool(shortcomings(case, walked.received, walked.answer)) == (case.rule not in UNCHANGED)


def test_demo_site_by_itself() -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-u", SCRIPTS / "demo_site.py", str(port)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        try:
            assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
            assert get(f"http://127.0.0.1:{port}/nowhere")[0] == 404
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0


def test_demo_site_names_a_taken_port(taken_port: int) -> None:
    assert f"Port {taken_port} cannot be used" in refusal(SCRIPTS / "demo_site.py", str(taken_port))
    assert "'x' is not a port" in refusal(SCRIPTS / "demo_site.py", "x")


# Setting up


@pytest.mark.parametrize("name", ["run", "test"])
def test_an_old_python_gets_a_sentence(name: str) -> None:
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 18, 'final', 0); sys.argv = ['scripts/' + sys.argv[1]];"
        "sys.path.insert(0, 'scripts'); runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    said = refusal("-c", code, name)
    assert said.startswith(f"scripts/{name} needs Python 3.10 or later, and this is Python 3.9 ")


@pytest.mark.parametrize("name", ["run", "test", "minimum_python.py"])
def test_an_old_python_can_read_that_far(name: str) -> None:
    ast.parse((SCRIPTS / name).read_text(encoding="utf-8"), feature_version=(3, 4))


MAKING = "Making a virtual environment"


class Checkout:
    """A checkout with nothing in it but a command that says in which environment it runs, and these dependencies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        self.python = self.venv / "bin" / "python"
        self.pyproject = folder / "pyproject.toml"
        (folder / "scripts").mkdir()
        for name in ("environment.py", "minimum_python.py"):
            shutil.copy(SCRIPTS / name, folder / "scripts")
        self.command = folder / "scripts" / "command.py"
        self.command.write_text("import environment, sys; environment.enter('test'); print(sys.prefix, sys.argv[1:])")
        self.depend_on()

    def depend_on(self, *requirements: str) -> None:
        listed = ", ".join(f'"{requirement}"' for requirement in requirements)
        text = f"[project]\ndependencies = [{listed}]\n[dependency-groups]\ntest = []\n"
        self.pyproject.write_text(text)

    def wheel(self, name: str) -> str:
        """A requirement that needs no network: a package with a module of the same name."""
        path = self.folder / f"{name}-1-py3-none-any.whl"
        metadata = f"{name}-1.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
            wheel.writestr(f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{metadata}/RECORD", "")
        return f"{name} @ {path.as_uri()}"

    def start(self, *arguments: str) -> str:
        """Run the command, which must do its work in the environment of the checkout. What it says besides."""
        done = run(self.command, *arguments, env=OWN, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.strip() == f"{self.venv} {list(arguments)}"
        return done.stderr

    def refuse(self, **variables: str) -> str:
        """What the command says if it must fail."""
        return refusal(self.command, env=OWN | variables, cwd=self.folder)

    def has(self, module: str) -> bool:
        """Whether the environment has a module."""
        return subprocess.run([self.python, "-c", f"import {module}"], timeout=TIMEOUT, check=False).returncode == 0


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that was set up: that takes seconds, so tests share it and leave it whole."""
    require(importlib.util.find_spec("ensurepip"), "Python cannot make virtual environments: ensurepip is missing.")
    checkout = Checkout(tmp_path_factory.mktemp("checkout").resolve())
    checkout.depend_on(checkout.wheel("first"))
    assert MAKING in checkout.start("--once", "a b")
    return checkout


@pytest.fixture
def no_venv(tmp_path: Path) -> dict[str, str]:
    """Variables under which Python makes no virtual environments, as on Debian without python3-venv."""
    (tmp_path / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    return {"PYTHONPATH": str(tmp_path)}


def test_first_use_installs_and_later_uses_need_not(checkout: Checkout) -> None:
    assert checkout.has("first")
    assert checkout.start() == ""


def test_a_changed_dependency_is_installed(checkout: Checkout) -> None:
    before = checkout.pyproject.read_text()
    checkout.depend_on(checkout.wheel("second"))
    said = checkout.start()
    assert "Installing second @" in said
    assert MAKING not in said
    assert checkout.has("second")
    checkout.pyproject.write_text(before)
    checkout.start()


def test_what_pip_says_is_passed_on(checkout: Checkout) -> None:
    before = checkout.pyproject.read_text()
    checkout.depend_on("missing @ file:///nowhere/missing-1-py3-none-any.whl")
    for _ in range(2):  # the second start tries again
        said = checkout.refuse()
        assert "/nowhere/missing-1-py3-none-any.whl" in said
        assert said.strip().endswith("The next start tries again.")
    checkout.pyproject.write_text(before)


def test_an_environment_without_its_python_is_made_anew(checkout: Checkout) -> None:
    checkout.python.unlink()
    checkout.python.symlink_to("/nowhere/python3")
    assert MAKING in checkout.start()
    assert checkout.has("first")


def test_a_moved_environment_is_made_anew(checkout: Checkout, no_venv: dict[str, str]) -> None:
    pip = checkout.venv / "bin" / "pip"
    before = pip.read_text()
    pip.write_text(before.replace(str(checkout.venv), "/elsewhere/.venv"))
    assert MAKING in checkout.refuse(**no_venv)
    pip.write_text(before)


def test_a_python_that_makes_no_environments_gets_advice(tmp_path: Path, no_venv: dict[str, str]) -> None:
    (tmp_path / "checkout").mkdir()
    said = Checkout(tmp_path / "checkout").refuse(**no_venv)
    assert "ensurepip is not available" in said
    assert "apt install python3-venv" in said


def test_an_environment_that_is_not_there(checkout: Checkout) -> None:
    assert "no virtual environment in /nowhere" in checkout.refuse(RUNTIME_VENV="/nowhere")


# scripts/test


def test_all_checks_run_although_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    chosen = {"good": ["-c", ""], "bad": ["-c", "raise SystemExit(3)"], "last": ["-c", "print('the last one ran')"]}
    monkeypatch.setattr(checks, "checks", lambda arguments: chosen)
    with pytest.raises(SystemExit, match=r"FAILED in \d+ s: bad \(1 of 3 checks\)"):
        checks.main([])
    said = capfd.readouterr().out
    assert re.findall("^===== (.*)$", said, re.MULTILINE) == list(chosen)
    assert "the last one ran" in said
    del chosen["bad"]
    checks.main([])
    assert "All 2 checks passed" in capfd.readouterr().out


@pytest.mark.parametrize("argument", ["--nonsense", "tests/nowhere.py"])
def test_wrong_arguments_end_before_any_check(argument: str) -> None:
    said = refusal(SCRIPTS / "test", argument)
    assert argument in said
    assert "=====" not in said


def test_help_of_test_says_whose_arguments_it_takes() -> None:
    done = run(SCRIPTS / "test", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("scripts/test [--without-pytest] [ARGUMENT …] runs every check.")
    assert "usage: python -m pytest" in done.stdout


def test_arguments_of_test_go_to_pytest() -> None:
    assert checks.checks(["-k", "cookie"])["pytest"] == ["-m", "pytest", "-k", "cookie"]
    assert {"ruff format", "ruff check", "mypy", "pytest", "prose", "service files"} <= set(checks.checks([]))
    assert set(checks.checks([])) - set(checks.checks(["--without-pytest"])) == {"pytest", "coverage by module"}


# scripts/bench.py


def test_bench_measures_everything() -> None:
    small = ("--runs", "1", "--exchanges", "2", "--counts", "1,10", "--recorded", "20", "--seconds", "1")
    done = run(SCRIPTS / "bench.py", *small, "--megabytes", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    number = r"[\d,.]+"
    cost = rf"{number} µs, {number} µs in the fastest run"
    found = [
        rf"\(18 fields, 3 cookies\), with its consequences: {cost} \(target: at most 28 µs\)",
        rf"Parsing and judging it, without its consequences: {cost}",
        rf"All hooks of a typical exchange, audit: {cost}",
        rf"All hooks of a typical exchange, enforce: {cost} \(target: at most 80 µs\)",
        *(rf"  {name} +{number} µs +-?{number}\n" for name in ("without the addon", "audit", "enforce")),
        rf"  one endpoint +{number} without the addon +{number} with it +{number}",
        rf"  all endpoints distinct +{number} without the addon +{number} with it +{number}",
        *(rf"  {name} +-?{number} µs +-?{number} times as fast" for name in ("audit, flow file", "audit, HAR")),
        rf"  24 recordings of 4 exchanges: {number} s with one worker, {number} s with two",
        *(rf"  1 MB in .{kind}: {number} MB of memory at the peak" for kind in ("har", "flow")),
    ]
    assert [pattern for pattern in found if not re.search(pattern, done.stdout)] == [], done.stdout
    assert len(re.findall(rf"{number}× \(linear: at most 10×\)", done.stdout)) == 4
    if shutil.which("wrk") and shutil.which("nginx"):
        assert len(re.findall(rf"{number} in a second +{number} +{number} ms +{number}", done.stdout)) == 3
    else:
        assert "  not measured: " in done.stdout
