"""The virtual environment in which the project's commands run: made on first use, and made anew if it no longer fits.

A command calls `enter()` before it imports anything from outside the standard library. The virtual environment is
`.venv` in the checkout, unless the variable RUNTIME_VENV names another one, which is then used as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
ADDON = ROOT / "addon" / "runtime.py"
PIP_LINES_SHOWN = 15

_GIVEN = os.environ.get("RUNTIME_VENV", "")
_VENV = Path(_GIVEN or ROOT / ".venv").resolve()
_PYTHON = _VENV / "bin" / "python"
_INSTALLED = _VENV / "installed-requirements.txt"


def enter(*groups: str) -> None:
    """Continue in the virtual environment, with the project's dependencies and these extras or groups installed.

    From here on, Ctrl-C ends the command without a stack trace, and SIGTERM ends what it started too.
    """
    sys.excepthook = _report
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if Path(sys.prefix).resolve() != _VENV:
        if not _GIVEN and not _is_whole():
            _make()
        if not _PYTHON.exists():
            sys.exit(f"There is no virtual environment in {_VENV}, which RUNTIME_VENV names.")
        sys.stdout.flush()
        os.execv(_PYTHON, [str(_PYTHON), *sys.argv])
    if not _GIVEN:
        _install(_requirements(groups))


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("\nInterrupted.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _is_whole() -> bool:
    """Whether the virtual environment was made here, is complete, and its Python is still there."""
    try:
        made_here = str(_VENV) in (_VENV / "bin" / "pip").read_text(encoding="utf-8", errors="replace")
        return made_here and not subprocess.run([_PYTHON, "-c", "import pip"], capture_output=True).returncode
    except OSError:
        return False


def _make() -> None:
    _say(f"Making a virtual environment in {_VENV} …")
    venv = [sys.executable, "-m", "venv", "--clear"]
    advice = (
        "Python could not make a virtual environment. On Debian and Ubuntu it needs a package for that: "
        "apt install python3-venv"
    )
    if importlib.util.find_spec("ensurepip"):
        _run([*venv, str(_VENV)], advice)
    else:  # Debian without python3-venv: the pip that is there installs one
        _run([*venv, "--without-pip", str(_VENV)], advice)
        _run([sys.executable, "-m", "pip", "--python", str(_PYTHON), "install", "--quiet", "pip"], advice)


def _requirements(groups: tuple[str, ...]) -> list[str]:
    """What pyproject.toml asks for. Python 3.10 has no TOML parser, and pip brings one along."""
    parser = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "pip._vendor.tomli")
    settings = parser.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements: list[str] = list(settings["project"]["dependencies"])
    extras: dict[str, list[str]] = settings["project"].get("optional-dependencies", {})
    for group in groups:
        requirements += extras[group] if group in extras else settings["dependency-groups"][group]
    return list(dict.fromkeys(requirements))


def _install(requirements: list[str]) -> None:
    installed = _INSTALLED.read_text(encoding="utf-8").splitlines() if _INSTALLED.exists() else []
    if set(requirements) <= set(installed):
        return
    _say(f"Installing {', '.join(requirements)} in {_VENV}. This is done once and takes a minute …")
    _run(
        [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *requirements],
        "pip could not install what the project needs. The lines above are the end of its output. Check the network. "
        "The next start tries again.",
    )
    _INSTALLED.write_text("".join(f"{requirement}\n" for requirement in requirements), encoding="utf-8")
    importlib.invalidate_caches()


def _run(command: list[str], advice: str) -> None:
    """Run a step of the setup. If it fails, end with the last lines of its output and the advice."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        sys.exit("\n".join([*done.stdout.splitlines()[-PIP_LINES_SHOWN:], advice]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
