"""The package as people get it: built, installed into an empty environment, and used from another folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from functions_runtime.version import VERSION
from tests.fields import lasting
from tests.processes import running
from tests.requirements import require

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"functions_runtime", "functions_runtime_proxy", "functions_runtime_cli"}
TIMEOUT = 300
CLEAN = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without what the tests' own environment would add."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=CLEAN,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def built(folder: Path, source: Path, target: str) -> Path:
    """The one file that the build of this target leaves in a folder."""
    done = run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    assert done.returncode == 0, done.stdout
    [file] = folder.iterdir()
    return file


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require(find_spec("hatchling"), "The package is built with hatchling. pip install hatchling brings it.")
    return built(tmp_path_factory.mktemp("wheel"), ROOT, "wheel")


@pytest.fixture(scope="session")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment that holds the wheel, what it depends on, and nothing else."""
    require(find_spec("uv"), "The environment is made with uv. pip install uv brings it.")
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin" / "python"
    install: list[str | Path] = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    made = run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, folder, cwd=folder)
    assert made.returncode == 0, made.stdout
    with zipfile.ZipFile(wheel) as opened:
        metadata = opened.read(f"functions_runtime_proxy-{VERSION}.dist-info/METADATA").decode()
    needed = re.findall(r"^Requires-Dist: ([^;\n]+)$", metadata, re.MULTILINE)
    assert any(requirement.startswith("mitmproxy") for requirement in needed)
    downloaded = run(*install, *needed, cwd=folder)
    require(downloaded.returncode == 0, f"uv could not install {', '.join(needed)}. Is the network there?")
    done = run(*install, "--no-deps", "--offline", wheel, cwd=folder)
    assert done.returncode == 0, done.stdout
    return folder / "bin"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A HAR file with a cookie that lives too long."""
    headers = [{"name": "Set-Cookie", "value": lasting(b"sid=1").decode()}]
    request = {"method": "GET", "url": "https://a.example/", "httpVersion": "HTTP/1.1", "cookies": [], "headers": []}
    response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": headers}
    response |= {"content": {"size": 0, "mimeType": "text/html", "text": ""}, "redirectURL": ""}
    entry = {"startedDateTime": "2026-11-23T08:00:00Z", "time": 1, "request": request | {"queryString": []}}
    entry |= {"response": response, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 0}}
    path = tmp_path / "site.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), encoding="utf-8")
    return path


def test_the_wheel_holds_the_packages_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == PACKAGES
    addon = ROOT / "addon"
    files = {
        str(path.relative_to(addon))
        for package in PACKAGES
        for path in (addon / package).rglob("*")
        if path.suffix in {".py", ".css", ".js", ".json"}
    }
    assert names == files


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    archive = built(tmp_path / "archive", ROOT, "sdist")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path)
    [source] = [path for path in tmp_path.iterdir() if path.name.startswith("functions_runtime_proxy-")]
    assert {path.name for path in source.iterdir() if path.is_dir()} == PACKAGES
    again = built(tmp_path / "again", source, "wheel")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert {name: first.read(name) for name in first.namelist()} == {
            name: second.read(name) for name in second.namelist()
        }


def test_the_commands_know_where_the_addon_is(bin_folder: Path, tmp_path: Path) -> None:
    printed = run(bin_folder / "functions-runtime", "path", cwd=tmp_path).stdout
    path = Path(printed.strip())
    assert path.is_file()
    assert bin_folder.parent in path.parents
    assert run(bin_folder / "python", "-m", "functions_runtime_proxy", cwd=tmp_path).stdout == printed
    code = (
        "from importlib.metadata import entry_points;"
        "[found] = entry_points(group='mitmproxy_addon_launcher.addon_script'); print(found.load().__file__)"
    )
    assert run(bin_folder / "python", "-c", code, cwd=tmp_path).stdout == printed
    assert run(bin_folder / "functions-runtime", "--version", cwd=tmp_path).stdout == f"functions-runtime {VERSION}\n"


def test_mitmdump_judges_a_recording(bin_folder: Path, recording: Path) -> None:
    folder = recording.parent
    script = run(bin_folder / "functions-runtime", "path", cwd=folder).stdout.strip()
    options = ["--set", "runtime_report=report.json", "--set", "runtime_fail_on=error", "--set", "confdir=conf"]
    done = run(bin_folder / "mitmdump", "-nr", recording.name, "-s", script, *options, cwd=folder)
    assert done.returncode == 2, done.stdout
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert "cookie-lifetime-too-long" in {finding["rule"] for finding in report["findings"]}


def test_a_mitmproxy_of_another_environment_loads_it(bin_folder: Path, recording: Path) -> None:
    mitmdump = Path(sys.executable).parent / "mitmdump"
    folder = recording.parent
    script = run(bin_folder / "functions-runtime", "path", cwd=folder).stdout.strip()
    options = ["--set", "runtime_report=report.json", "--set", "confdir=conf"]
    done = run(mitmdump, "-nr", recording.name, "-s", script, *options, cwd=folder)
    assert done.returncode == 0, done.stdout
    assert (folder / "report.json").exists()


def test_mitmweb_starts_with_the_addon(bin_folder: Path, tmp_path: Path) -> None:
    script = run(bin_folder / "functions-runtime", "path", cwd=tmp_path).stdout.strip()
    options = ["--set", "confdir=conf", "--set", "runtime_mode=audit", "--no-web-open-browser", "--web-port", "0"]
    command: list[str | Path] = [
        bin_folder / "mitmweb",
        "-s",
        script,
        "--listen-host",
        "127.0.0.1",
        "--listen-port",
        "0",
        *options,
    ]
    with running(command, "Web server listening", env=CLEAN | {"PYTHONUNBUFFERED": "1"}, cwd=tmp_path, timeout=TIMEOUT):
        pass


def test_audit_writes_its_report(bin_folder: Path, recording: Path) -> None:
    done = run(
        bin_folder / "functions-runtime", "audit", recording.name, "--report", "report.html", cwd=recording.parent
    )
    assert "Traceback" not in done.stdout
    assert done.returncode == 0, done.stdout
    page = (recording.parent / "report.html").read_text(encoding="utf-8")
    assert "cookie-lifetime-too-long" in page


def test_uv_installs_it_beside_mitmproxy(wheel: Path, bin_folder: Path, tmp_path: Path) -> None:
    tools = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    command = ["-m", "uv", "tool", "install", "--quiet", "--with", str(wheel)]
    command += ["--with-executables-from", "functions-runtime-proxy", "mitmproxy"]
    done = subprocess.run([sys.executable, *command], env=CLEAN | tools, capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"uv could not install mitmproxy: {done.stderr}")
    assert shutil.which("mitmdump", path=tmp_path / "bin")
    assert Path(run(tmp_path / "bin" / "functions-runtime", "path", cwd=tmp_path).stdout.strip()).is_file()


def action_step(name: str) -> dict[str, Any]:
    """A step of the GitHub action."""
    action = YAML(typ="safe").load(ROOT / ".github" / "actions" / "audit" / "action.yml")
    [step] = [step for step in action["runs"]["steps"] if step.get("name") == name]
    assert isinstance(step, dict)
    return step


def test_the_action_audits_a_recording_and_fails_on_what_is_new(bin_folder: Path, recording: Path) -> None:
    folder = recording.parent
    (folder / "functions-runtime").symlink_to(bin_folder.parent)
    files = {name: folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    variables = {name: str(path) for name, path in files.items()} | {"RUNNER_TEMP": str(folder)}
    step = action_step("Audit")
    inputs = {"RECORDINGS": f"\n{recording.name}\n", "FAIL_ON": "error", "BASELINE": "", "SCOPE": ""}
    assert set(step["env"]) == set(inputs)

    def audit(**changed: str) -> int:
        environment = CLEAN | variables | inputs | changed
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(command, cwd=folder, env=environment, timeout=TIMEOUT, check=False).returncode

    assert audit() == 2
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines())
    assert outputs["written"] == "true"
    assert json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert "cookie-lifetime-too-long" in files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    known = shutil.copy(outputs["json"], folder / "known.json")
    assert audit(BASELINE=str(known), SCOPE="~d a.example") == 0
    assert audit(FAIL_ON="never") == 0
    assert audit(RECORDINGS="missing.har") == 1
    for file in files.values():
        file.write_text("", encoding="utf-8")
    assert audit(RECORDINGS="missing*.har") == 1
    assert "written" not in files["GITHUB_OUTPUT"].read_text(encoding="utf-8")  # what was there is not from this run
    assert not files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def test_the_action_and_the_container_hold_what_the_build_needs(wheel: Path, tmp_path: Path) -> None:
    assert (ROOT / ".github/actions/audit/../../.." / "pyproject.toml").resolve() == ROOT / "pyproject.toml"
    assert action_step("Install")["run"].rstrip().endswith('"$GITHUB_ACTION_PATH/../../.."')
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1:] for line in lines if line.startswith("COPY")]
    for *sources, target in copied:
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / "source" / target)
            else:
                (tmp_path / "source").mkdir(exist_ok=True)
                shutil.copy(ROOT / source, tmp_path / "source" / target)
    again = built(tmp_path / "wheel", tmp_path / "source", "wheel")
    assert again.name == wheel.name
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert set(first.namelist()) == set(second.namelist())


def test_the_readme_s_settings_of_a_project_are_read(bin_folder: Path, recording: Path) -> None:
    folder = recording.parent
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = re.search(r"<<'END'\n(.*?)END\n", readme, re.DOTALL)
    assert settings
    (folder / ".mitmproxy").mkdir()
    (folder / ".mitmproxy" / "config.yaml").write_text(settings[1], encoding="utf-8")
    (folder / "addon").symlink_to(ROOT / "addon")
    done = run(bin_folder / "mitmdump", "--set", "confdir=.mitmproxy", "-nr", recording.name, cwd=folder)
    assert done.returncode == 0, done.stdout
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["mode"] == "audit"
    assert (folder / "report.html").exists()
