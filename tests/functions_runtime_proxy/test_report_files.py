"""Report files: written in time, whole at any moment, and never in the way of the proxy."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request
from functions_runtime.profile import SEED_PAGE_LIMITS
from functions_runtime.record.journal import Journal
from functions_runtime.record.report import Report
from functions_runtime.ruling import FOLDED_FACTS, Basis, Finding, Severity
from functions_runtime_proxy import report_files as report_writer
from functions_runtime_proxy.report_files import ReportWriter, replace_file

PATIENCE = 30.0


class Run:
    """A journal that a writer reports."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.writer = ReportWriter(self.report)
        self.threads: list[int] = []

    def report(self) -> Report:
        self.threads.append(threading.get_ident())
        return self.journal.report("audit", SEED_PAGE_LIMITS)

    def find(self, rule: str = "cookie-session") -> None:
        receipt = self.journal.begin(Endpoint("GET", "a.test", "/"), Request(host="a.test"))
        _, new = self.journal.book(receipt, [Finding(rule, Severity.INFO, Basis.DOCUMENTED, facts=FOLDED_FACTS)])
        self.writer.log(new)
        self.writer.touch()


@pytest.fixture
def run() -> Run:
    return Run()


def _judged(path: Path) -> int:
    judged: int = json.loads(path.read_text(encoding="utf-8"))["exchanges"]["judged"]
    return judged


def test_report_is_written_at_the_end(run: Run, tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "B.JSON"]
    run.writer.write_to(paths)
    run.find()
    assert list(tmp_path.iterdir()) == []
    run.writer.finish(run.report())
    assert [_judged(path) for path in paths] == [1, 1]


def test_no_path_no_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run.find()
    run.writer.finish(run.report())
    assert list(tmp_path.iterdir()) == []
    assert len(run.threads) == 1  # nobody asked for another report


async def _until(condition: Callable[[], bool]) -> None:
    async def poll() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(poll(), PATIENCE)


def test_report_is_written_while_running(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_writer, "INTERVAL", 0.01)
    path = tmp_path / "report.json"

    async def scenario() -> None:
        run.writer.write_to([path])
        run.writer.start()
        await _until(path.exists)
        assert _judged(path) == 0
        run.find()
        await _until(lambda: _judged(path) == 1)
        other = tmp_path / "other.json"
        run.writer.write_to([other])
        await _until(other.exists)
        run.writer.finish(run.report())

    asyncio.run(scenario())


def test_nothing_is_written_where_nothing_changed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_writer, "INTERVAL", 0)
    path = tmp_path / "report.json"

    async def scenario() -> None:
        run.writer.write_to([path])
        run.writer.start()
        await _until(path.exists)
        snapshots = len(run.threads)
        for _ in range(100):  # each gives the writer a turn
            await asyncio.sleep(0)
        assert len(run.threads) == snapshots
        run.writer.finish(run.report())

    asyncio.run(scenario())


def test_journal_is_read_by_the_thread_that_writes_it_and_files_by_another(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing: list[int] = []

    def spy(path: Path, text: str) -> None:
        writing.append(threading.get_ident())

    monkeypatch.setattr(report_writer, "replace_file", spy)

    async def scenario() -> None:
        run.writer.write_to([tmp_path / "report.json"])
        run.writer.start()
        await _until(lambda: bool(writing))

    asyncio.run(scenario())
    assert set(run.threads) == {threading.get_ident()}
    assert threading.get_ident() not in writing


def test_late_writer_does_not_put_an_old_report_in_the_place_of_a_new_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    run.writer.write_to([path])
    old = run.writer._take(run.report())
    run.find()
    run.writer._write(*run.writer._take(run.report()))
    run.writer._write(*old)
    assert _judged(path) == 1


def test_file_that_cannot_be_written_is_complained_of_and_the_others_are_written(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    run.writer.write_to([folder / "a.json", tmp_path / "b.json"])
    folder.rmdir()
    run.find()
    run.writer.finish(run.report())
    assert _judged(tmp_path / "b.json") == 1
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"Runtime: the report {folder / 'a.json'} could not be written: No such file or directory."
    )


def test_one_report_can_be_written_now(run: Run, tmp_path: Path) -> None:
    run.find()
    run.writer.write_now(tmp_path / "now.json")
    assert _judged(tmp_path / "now.json") == 1
    with pytest.raises(OSError, match="No such file"):
        run.writer.write_now(tmp_path / "nowhere" / "now.json")


# Logs


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_log_has_each_new_finding_at_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    run.writer.write_to([path])
    assert [line.get("schema") for line in _lines(path)] == ["runtime-report/1"]
    run.find("cookie-session")
    run.find("cookie-session")
    run.find("preflight-answered")
    assert [line.get("rule") for line in _lines(path)] == [None, "cookie-session", "preflight-answered"]
    before = path.read_bytes()
    run.writer.finish(run.report())
    assert path.read_bytes() == before


def test_log_that_is_there_is_continued(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"from": "before"}\n', encoding="utf-8")
    run.find()
    run.writer.write_to([path])
    run.writer.write_to([path])
    assert [next(iter(line)) for line in _lines(path)] == ["from", "schema", "rule"]


def test_log_whose_last_line_is_torn_begins_a_new_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"schema": "runt', encoding="utf-8")
    run.writer.write_to([path])
    torn, header = path.read_text(encoding="utf-8").splitlines()
    assert torn == '{"schema": "runt'
    assert json.loads(header)["schema"] == "runtime-report/1"


def test_log_that_is_no_longer_wanted_is_closed(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.JSONL"
    run.writer.write_to([first])
    run.writer.write_to([second, tmp_path / "report.json"])
    run.find()
    run.writer.finish(run.report())
    run.find("preflight-answered")
    assert len(_lines(first)) == 1
    assert len(_lines(second)) == 2
    assert _judged(tmp_path / "report.json") == 1


def test_log_that_cannot_be_opened_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        run.writer.write_to([tmp_path / "nowhere" / "log.jsonl"])


def test_log_whose_folder_is_gone_is_complained_of_once_and_later_has_all_lines(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "log.jsonl"
    run.writer.write_to([path])
    path.unlink()
    folder.rmdir()
    run.find("cookie-session")
    run.find("preflight-answered")
    assert [record.getMessage() for record in caplog.records] == [
        f"Runtime: the report {path} could not be written: No such file or directory."
    ]
    folder.mkdir()
    run.writer.finish(run.report())
    assert [line.get("rule") for line in _lines(path)] == [None, "cookie-session", "preflight-answered"]


def test_log_on_a_full_disk_is_complained_of(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run.writer.write_to([tmp_path / "log.jsonl"])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    run.find()
    assert "could not be written: No space left on device." in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_log_on_a_disk_that_fills_up_has_whole_lines_and_later_all_of_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path, write = tmp_path / "log.jsonl", os.write
    run.writer.write_to([path])
    room = 0

    def until_full(file: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        written = write(file, data[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", until_full)
    rules = ["cookie-session", "preflight-answered", "options-lost", "get-with-content", "cors-opened"]
    for rule, left in zip(rules, (700, 60, 0, 30), strict=False):
        room = left
        run.find(rule)
        assert path.read_bytes().endswith(b"\n")
        assert [line.get("rule") for line in _lines(path)] == [None, "cookie-session"]
    assert caplog.text.count("could not be written: No space left on device.") == 1
    room = 10_000
    run.find(rules[-1])
    assert [line.get("rule") for line in _lines(path)] == [None, *rules]
    room = 500
    run.find("response-too-slow")
    run.find("cors-method-blocked")
    monkeypatch.undo()
    run.writer.finish(run.report())
    assert [line.get("rule") for line in _lines(path)] == [None, *rules, "response-too-slow", "cors-method-blocked"]
    assert caplog.text.count("could not be written: No space left on device.") == 2


# Files are replaced at once


def test_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    replace_file(path, "neu ü\n")
    assert path.read_bytes() == "neu ü\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_itself_is_replaced(tmp_path: Path) -> None:
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    replace_file(loop, "new")
    assert loop.read_text(encoding="utf-8") == "new"


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    replace_file(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


def test_new_file_has_the_permissions_that_any_new_file_has(tmp_path: Path) -> None:
    replace_file(tmp_path / "ours.json", "")
    (tmp_path / "any.json").touch()
    assert (tmp_path / "ours.json").stat().st_mode == (tmp_path / "any.json").stat().st_mode


def test_reader_never_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    replace, seen = os.replace, []

    def spy(source: str, target: Path) -> None:
        seen.append((path.read_text(encoding="utf-8"), Path(source).read_text(encoding="utf-8")))
        replace(source, target)

    monkeypatch.setattr(os, "replace", spy)
    replace_file(path, "new")
    assert seen == [("old", "new")]
    assert path.read_text(encoding="utf-8") == "new"


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PermissionError):
        replace_file(path, "new")
    assert [(each.name, each.read_text(encoding="utf-8")) for each in tmp_path.iterdir()] == [("report.json", "old")]
