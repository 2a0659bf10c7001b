"""Many recordings on several processes: the report is the one of a single process, whatever happens to them."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from functions_runtime.profile import SEED_PAGE_LIMITS as LIMITS
from functions_runtime.reports.json import render
from functions_runtime_cli import at_scale, audit
from functions_runtime_cli.audit import main
from functions_runtime_cli.judging import Judged, Plan, judge_each
from tests.functions_runtime_cli.recordings import entry, write_flows, write_har

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "addon"
IMPORTABLE = f"import sys; sys.path.insert(0, {str(ADDON)!r})"
"""The beginning of a program that imports the packages from here."""
PATIENCE = 60
"""Seconds within which a cluster has to be there."""


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Recordings that have something in common, and one that cannot be read."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(12):
        cookie = f"sid=a; Max-Age={90_000 + number}"
        write_har(folder / f"{number}.har", entry("/a", cookie=cookie), entry(f"/{number:b}x", cookie=cookie))
        write_flows(folder / f"{number}.flow", ["/a", f"/{number:b}y"], cookie=cookie)
    (folder / "bad.har").write_text("{}", encoding="utf-8")
    return folder


def report_on(recordings: Path, out: Path, *arguments: str) -> str:
    assert main([str(recordings), "--quiet", "--report", str(out), *arguments]) == 0
    return out.read_text(encoding="utf-8")


@pytest.fixture
def expected(recordings: Path, tmp_path: Path) -> str:
    """The report of a single process."""
    text = report_on(recordings, tmp_path / "one.json", "--workers", "1")
    assert '"judged": 48' in text
    assert "1 recording could not be read" in text
    return text


class Cluster:
    """A scheduler on this machine, and its workers."""

    def __init__(self, folder: Path, *, scheduler_has_it: bool = True) -> None:
        self._folder = folder
        self._processes = contextlib.ExitStack()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        where = ("--host", "127.0.0.1", "--port", str(port), "--no-show", "--no-dashboard")
        self._start("scheduler", *where, has_it=scheduler_has_it)
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, *arguments: str, has_it: bool = True) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": f"{ADDON}{os.pathsep}{ROOT}" if has_it else ""}
        log = (self._folder / f"{arguments[0]}-{time.monotonic_ns()}.log").open("wb")
        command = [sys.executable, "-m", "dask", *arguments]
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, cwd=self._folder, start_new_session=True
        )
        self._processes.callback(_end, process)
        return process

    def add_worker(self) -> subprocess.Popen[bytes]:
        worker = self._start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        self._processes.close()

    def wait_for(self, workers: int) -> None:
        from distributed import Client

        end = time.monotonic() + PATIENCE
        while True:
            try:
                at_scale._knock(self.address)
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.1)
        if workers:
            with Client(self.address, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=PATIENCE)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


def test_local_processes_give_the_same_report(recordings: Path, tmp_path: Path, expected: str) -> None:
    assert report_on(recordings, tmp_path / "two.json", "--workers", "2") == expected


def test_a_cluster_gives_the_same_report(recordings: Path, tmp_path: Path, expected: str, cluster: Cluster) -> None:
    for _ in range(2):
        cluster.add_worker()
    cluster.wait_for(2)
    assert report_on(recordings, tmp_path / "two.json", "--scheduler", cluster.address) == expected


def test_paths_are_those_of_the_caller(
    recordings: Path, tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add_worker()
    cluster.wait_for(1)
    monkeypatch.chdir(recordings)
    text = report_on(Path(), tmp_path / "out.json", "--scheduler", cluster.address)
    assert '"judged": 48' in text
    assert '"0.flow"' in text


SLOW = """
import os, time
from functions_runtime_cli import judging

def slowed(judge):
    def slowly(name, plan, saw=None):
        time.sleep(0.3)
        with open(os.environ["JUDGED_LOG"], "a") as log:
            log.write(f"{os.getpid()}\\n")
        return judge(name, plan, saw)
    return slowly

if judging.judge.__name__ == "judge":  # Dask loads this more than once
    judging.judge = slowed(judging.judge)
"""
"""Makes a worker slow, so that one can be killed while it is at work."""


def test_a_worker_that_is_killed_costs_nothing(
    recordings: Path, tmp_path: Path, expected: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "judged.log"
    log.touch()
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    monkeypatch.setenv("JUDGED_LOG", str(log))
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__PRELOAD", str(tmp_path / "slow.py"))
    doomed, _ = cluster.add_worker(), cluster.add_worker()
    cluster.wait_for(2)

    def kill_when_it_has_judged() -> None:
        end = time.monotonic() + PATIENCE
        while log.read_text(encoding="utf-8").split().count(str(doomed.pid)) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        os.kill(doomed.pid, signal.SIGKILL)

    with _beside(kill_when_it_has_judged):
        assert report_on(recordings, tmp_path / "two.json", "--scheduler", cluster.address) == expected
    doomed.wait(PATIENCE)
    assert len(log.read_text(encoding="utf-8").split()) > 25  # what the lost worker had judged was judged once more


@contextlib.contextmanager
def _beside(action: Callable[[], None]) -> Iterator[None]:
    """Do something in a thread meanwhile. What it raises is raised in the end."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(action)
        yield
        future.result()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://a:b"])
def test_a_scheduler_that_is_not_there_is_a_sentence(
    recordings: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(recordings), "--scheduler", address]) == 1
    assert capsys.readouterr().err.startswith(f"There is no Dask scheduler at '{address}'. Start one")


def test_a_cluster_without_workers_is_a_sentence(
    recordings: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.wait_for(0)
    assert main([str(recordings), "--scheduler", cluster.address]) == 1
    assert "has no workers. Start one: dask worker" in capsys.readouterr().err


def test_a_scheduler_without_this_program_is_a_sentence(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(Cluster(tmp_path, scheduler_has_it=False)) as cluster:
        cluster.add_worker()
        cluster.wait_for(1)
        assert main([str(recordings), "--scheduler", cluster.address]) == 1
    assert capsys.readouterr().err.startswith("The scheduler or a worker of the cluster lacks this program")


def test_workers_of_another_version_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def run(self, function: Callable[[], str]) -> dict[str, str]:
            return {"a": function(), "b": "functions-runtime 0.0.1 with mitmproxy 1"}

        def run_on_scheduler(self, function: Callable[[], str]) -> str:
            return function()

    class Bare(Client):
        def run(self, function: Callable[[], str]) -> dict[str, str]:
            raise ModuleNotFoundError

    with pytest.raises(
        at_scale.ClusterError, match=r"has functions-runtime 0\.0\.1 with mitmproxy 1, but this machine has"
    ):
        at_scale._check_versions(Client())
    with pytest.raises(at_scale.ClusterError, match="lacks this program"):
        at_scale._check_versions(Bare())


@pytest.mark.parametrize("at_once", [2, at_scale.MERGED_AT_ONCE])
def test_local_processes_say_how_far_they_are(at_once: int, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_scale, "MERGED_AT_ONCE", at_once)
    advanced: list[int] = []
    names, plan = sorted(map(str, recordings.iterdir())), Plan("", "4kb/75", "", (), b"k" * 32, "")
    judged = at_scale.on_this_machine(names, plan, 2, advanced.append)
    assert advanced[0] == 0
    assert len(names) <= sum(advanced) < len(names) + max(advanced)
    alone = judge_each(names, plan)
    assert render(judged.journal.report("audit", LIMITS)) == render(alone.journal.report("audit", LIMITS))


WAITING = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
"""A thread, whose locks would stay in a copy of its process."""


@pytest.mark.parametrize("thread", ["", WAITING], ids=["copied", "started"])
def test_nothing_in_the_working_directory_is_run(thread: str, recordings: Path, expected: str, tmp_path: Path) -> None:
    folder = tmp_path / "anybodys"
    folder.mkdir()
    for name in ("dask.py", "statistics.py", "multiprocessing.py", "functions_runtime.py"):
        (folder / name).write_text("open('was-run', 'w')", encoding="utf-8")
    out = tmp_path / "out.json"
    driver = tmp_path / "driver.py"
    driver.write_text(
        f"{IMPORTABLE}\nimport threading\n"
        "from functions_runtime_cli.audit import main\n"
        f"if __name__ == '__main__':\n    {thread}\n    sys.exit(main())",
        encoding="utf-8",
    )
    call = [sys.executable, str(driver), str(recordings), "-q", "--workers", "2", "--report", str(out)]
    subprocess.run(call, cwd=folder, check=True, timeout=PATIENCE)
    assert not (folder / "was-run").exists()
    assert out.read_text(encoding="utf-8") == expected


@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")
@pytest.mark.parametrize(("thread", "method"), [("", "Fork"), (WAITING, "Spawn")])
def test_a_process_with_threads_is_not_copied(thread: str, method: str) -> None:
    code = (
        f"{IMPORTABLE}\nimport multiprocessing, threading\nfrom functions_runtime_cli import at_scale\n{thread}\n"
        "with at_scale._processes(2) as pool:\n"
        "    print([type(each).__name__ for each in multiprocessing.active_children()], pool.submit(abs, -1).result())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert f"{method}Process" in said.stdout
    assert said.stdout.endswith("] 1\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that blocks whoever reads it")
@pytest.mark.parametrize("to_all", [False, True])
@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 1, "Interrupted.\n"),
        (signal.SIGTERM, 128 + signal.SIGTERM, ""),
        (signal.SIGHUP, 128 + signal.SIGHUP, ""),
    ],
)
def test_a_signal_ends_all_processes(
    number: signal.Signals, status: int, said: str, to_all: bool, recordings: Path, tmp_path: Path
) -> None:
    endless = tmp_path / "endless.har"
    os.mkfifo(endless)
    code = f"{IMPORTABLE}; from functions_runtime_cli.audit import main; sys.exit(main())"
    call = [sys.executable, "-c", code, str(endless), str(recordings), "--workers", "2"]
    with (
        subprocess.Popen(
            call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as run,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(os.close, _written_to(endless))
        (os.killpg if to_all else os.kill)(run.pid, number)
        _, complaint = run.communicate(timeout=PATIENCE)  # until no process has its end of the pipes
    assert (run.returncode, complaint) == (status, said)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that blocks whoever reads it")
def test_a_signal_that_is_ignored_ends_no_process(recordings: Path, expected: str, tmp_path: Path) -> None:
    waiting, out = tmp_path / "waiting.har", tmp_path / "out.json"
    os.mkfifo(waiting)
    code = (
        f"{IMPORTABLE}; import signal; [signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)]; "
        "from functions_runtime_cli.audit import main; sys.exit(main())"
    )
    call = [sys.executable, "-c", code, str(waiting), str(recordings), "-q", "--workers", "2", "--report", str(out)]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        end = _written_to(waiting)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.killpg(run.pid, number)
        os.close(end)
        _, complaint = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0
    assert "waiting.har cannot be read: " in complaint
    assert json.loads(out.read_text(encoding="utf-8"))["findings"] == json.loads(expected)["findings"]


def test_no_more_processes_start_than_there_are_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def count(names: Sequence[str], plan: Plan, workers: int, advance: Callable[[int], None]) -> Judged:
        asked.append(workers)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(at_scale, "_in_processes", count)
    with pytest.raises(at_scale.ClusterError, match=r"cannot start: too many open files\. Try fewer with --workers\."):
        at_scale.on_this_machine(["a", "b", "c"], Plan("", "4kb/75", "", (), b"k", ""), 80, lambda number: None)
    assert asked == [3]


def _written_to(fifo: Path) -> int:
    """A descriptor of the file's end for writing, once somebody reads it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.02)
    pytest.fail("nobody reads it")


def test_the_environment_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (None, "0"):
        if before:
            monkeypatch.setenv(at_scale.SAFE_PATH, before)
        else:
            monkeypatch.delenv(at_scale.SAFE_PATH, raising=False)
        with at_scale._processes(1) as pool:
            assert pool.submit(os.getenv, at_scale.SAFE_PATH).result() == "1"
        assert os.environ.get(at_scale.SAFE_PATH) == before


def test_a_process_that_is_killed_costs_nothing(recordings: Path) -> None:
    plan = Plan("", "4kb/75", "", (), b"k" * 32, "")
    names = sorted(map(str, recordings.iterdir()))
    advanced: list[int] = []

    def kill_one_at_the_first_step(number: int) -> None:
        if number and not any(advanced):
            multiprocessing.active_children()[0].kill()
        advanced.append(number)

    judged = at_scale.on_this_machine(names, plan, 2, kill_one_at_the_first_step)
    assert advanced[0] == 0
    assert min(advanced) < 0 < sum(advanced)
    assert render(judged.journal.report("audit", LIMITS)) == render(
        judge_each(names, plan).journal.report("audit", LIMITS)
    )


def test_processes_that_are_killed_again_and_again_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures.process import BrokenProcessPool

    advanced: list[int] = []

    def break_off(names: Sequence[str], plan: Plan, workers: int, advance: Callable[[int], None]) -> Judged:
        advance(1)
        raise EOFError if len(advanced) == 1 else BrokenProcessPool

    monkeypatch.setattr(at_scale, "_in_processes", break_off)
    plan = Plan("", "4kb/75", "", (), b"k", "")
    with pytest.raises(at_scale.ClusterError, match="were killed again and again"):
        at_scale.on_this_machine(["a"], plan, 2, advanced.append)
    assert advanced == [1, -1] * at_scale.ATTEMPTS


def test_without_dask_one_process_does_it_and_several_are_refused(
    recordings: Path,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setattr(audit, "SMALL", 0)
    assert report_on(recordings, tmp_path / "two.json") == expected
    capsys.readouterr()
    for arguments, advice in (
        (["--workers", "2"], "Or use --workers 1."),
        (["--scheduler", "tcp://127.0.0.1:1"], "Or leave out --scheduler."),
    ):
        assert main([str(recordings), *arguments]) == 1
        said = capsys.readouterr().err
        assert "needs Dask, which comes with the package's extra audit: pip install '.[audit]'." in said
        assert said.endswith(f"{advice}\n")
