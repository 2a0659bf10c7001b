"""The command `audit`, from its arguments to its exit status and reports."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from functions_runtime_cli import audit, judging, opening
from functions_runtime_cli.audit import main
from functions_runtime_proxy import report_files
from functions_runtime_proxy.report_files import SUFFIXES
from tests.functions_runtime_cli.recordings import entry, write_flows, write_har

ADDON = Path(__file__).resolve().parents[2] / "addon"


def report(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def long_lived(path: Path) -> set[tuple[str, str]]:
    return {(each["path"], each["severity"]) for each in report(path)["findings"] if "lifetime" in each["rule"]}


def judged(out: Path, *arguments: object) -> dict[str, Any]:
    """The report on recordings that can be read."""
    assert main([*map(str, arguments), "--quiet", "--report", str(out)]) == 0
    return report(out)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


@pytest.fixture
def har(tmp_path: Path) -> Path:
    return write_har(tmp_path / "a.har", entry("/a"), entry("/b"))


def test_a_summary_is_printed_unless_it_is_to_be_quiet(har: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(har)]) == 0
    printed = capsys.readouterr()
    assert "[sid] GET" in printed.out
    assert "secret-value" not in printed.out
    assert printed.err == ""
    assert main([str(har), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_each_format_is_written(har: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"report{suffix}" for suffix in SUFFIXES]
    arguments = [word for path in paths for word in ("--report", str(path))]
    assert main([str(har), "--quiet", *arguments]) == 0
    for path in paths:
        assert "cookie-lifetime-too-long" in path.read_text(encoding="utf-8"), path


def test_har_and_flow_files_give_the_same_findings(tmp_path: Path, har: Path) -> None:
    write_flows(tmp_path / "b.flow", ["/a", "/b"])
    for name in ("a.har", "b.flow"):
        judged(tmp_path / f"{name}.json", tmp_path / name)
    assert (
        long_lived(tmp_path / "a.har.json")
        == long_lived(tmp_path / "b.flow.json")
        == {
            ("/a", "error"),
            ("/b", "error"),
        }
    )


def test_paths_globs_and_folders(tmp_path: Path, har: Path, out: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write_flows(inner / "c.flow", ["/c"])
    (inner / "d.har.gz").write_bytes(gzip.compress(write_har(tmp_path / "d", entry("/d")).read_bytes()))
    (inner / "notes.txt").write_text("no recording", encoding="utf-8")
    everything = judged(out, tmp_path, har)
    assert everything["exchanges"]["judged"] == 4
    assert everything["sources"] == [str(har), str(inner / "c.flow"), str(inner / "d.har.gz")]
    assert judged(out, f"{tmp_path}/**/*.flow", f"{tmp_path}/*.har")["exchanges"]["judged"] == 3


def test_urls(har: Path, out: Path) -> None:
    assert judged(out, har.as_uri())["exchanges"]["judged"] == 2
    assert judged(out, f"{har.parent.as_uri()}/*.har")["exchanges"]["judged"] == 2
    assert judged(out, f"{har.parent.as_uri()}/")["exchanges"]["judged"] == 2


def test_what_is_secret_in_a_url_is_not_shown(tmp_path: Path, har: Path, out: Path) -> None:
    secret = "memory://user:pw123@nowhere/b.har?sig=SECRET"
    found = judged(out, har, secret)
    (notice,) = found["notices"]
    assert notice["message"].startswith("1 recording could not be read: memory://nowhere/b.har (")
    assert "SECRET" not in out.read_text(encoding="utf-8")
    assert "pw123" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("folder/a?b@c.har", "folder/a?b@c.har"),
        ("https://u:p@a.example/b@c.har?sig=1#x", "https://a.example/b@c.har"),
        ("s3://bucket/*.har", "s3://bucket/*.har"),
        ("https://a.example?sig=1", "https://a.example"),
    ],
)
def test_names_as_they_are_shown(name: str, shown: str) -> None:
    assert opening.shown(name) == shown


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(har: Path, out: Path, encoding: str) -> None:
    har.write_bytes(har.read_text(encoding="utf-8").encode(encoding))
    assert judged(out, har)["exchanges"]["judged"] == 2


def test_a_damaged_archive_is_read_as_far_as_it_goes(tmp_path: Path, out: Path) -> None:
    packed = gzip.compress(write_har(tmp_path / "a", *[entry(f"/{i:x}") for i in range(3000)]).read_bytes())
    (tmp_path / "a.har.gz").write_bytes(packed[: len(packed) // 2])
    found = judged(out, tmp_path / "a.har.gz")
    assert 100 < found["exchanges"]["judged"] < 3000
    assert [notice["id"] for notice in found["notices"]] == ["entries-skipped"]


def test_one_unreadable_recording_is_a_notice(tmp_path: Path, har: Path, out: Path) -> None:
    (tmp_path / "bad.har").write_text("{}", encoding="utf-8")
    found = judged(out, har, tmp_path / "bad.har", tmp_path / "missing.har")
    assert found["exchanges"]["judged"] == 2
    (notice,) = found["notices"]
    assert (notice["id"], notice["count"]) == ("unreadable", 2)
    assert "no such file or directory" in notice["message"]
    assert "it is JSON, but not a HAR file" in notice["message"]


def test_a_recording_that_cannot_be_read_fails_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, missing = write_har(tmp_path / "good.har", entry(cookie="")), tmp_path / "missing.har"
    assert main([str(good), str(missing), "--quiet"]) == 0
    assert capsys.readouterr().err == f"{missing} cannot be read: no such file or directory.\n"
    assert main([str(good), str(missing), "--fail-on", "error"]) == 2
    printed = capsys.readouterr()
    assert printed.err == "Exit status 2, because 1 recording could not be read (--fail-on is set).\n"
    assert f"Note: 1 recording could not be read: {missing} (no such file or directory)." in printed.out


def test_a_recording_that_was_cut_off_fails_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = write_har(tmp_path / "a.har", *[entry(cookie="")] * 5).read_bytes()
    cut = tmp_path / "a.har"
    cut.write_bytes(whole[: len(whole) * 3 // 5])
    assert main([str(cut), "--quiet"]) == 0
    assert capsys.readouterr().err == f"{cut} could be read only up to entry 2: it ends early or is damaged.\n"
    assert main([str(cut), "--fail-on", "error"]) == 2
    printed = capsys.readouterr()
    assert printed.err == "Exit status 2, because 1 recording could be read only in part (--fail-on is set).\n"
    assert (
        f"Note: 1 recording could be read only in part: {cut} (up to entry 2: it ends early or is damaged)."
        in printed.out
    )


def test_cookies_whose_lifetime_nobody_knows_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dated, undated = entry(), entry()
    for each in (dated, undated):
        each["response"]["headers"] = ["Set-Cookie: sid=abcdefgh; Expires=Fri, 01 Jan 2100 00:00:00 GMT"]
    undated["startedDateTime"] = "on Monday"
    assert main([str(write_har(tmp_path / "a.har", undated))]) == 0
    assert "Note: 1 entry does not say when the response came (entry 1)." in capsys.readouterr().out
    assert main([str(write_har(tmp_path / "b.har", dated, undated))]) == 0  # it has the time of the one before
    assert "does not say when" not in capsys.readouterr().out


def test_a_run_without_a_response_fails_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unanswered = entry()
    unanswered["response"]["status"] = 0
    recording = write_har(tmp_path / "a.har", unanswered)
    assert main([str(recording)]) == 0
    assert "Note: 1 entry has no response: only its request was judged (entry 1)." in capsys.readouterr().out
    assert main([str(recording), "--quiet", "--fail-on", "error"]) == 2
    assert capsys.readouterr().err == (
        "Exit status 2, because no response of your own hosts was seen (--fail-on is set).\n"
    )


def test_a_recording_cut_off_in_its_first_entry_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = write_har(tmp_path / "a.har", entry()).read_bytes()
    (tmp_path / "a.har").write_bytes(whole[: len(whole) // 2])
    assert main([str(tmp_path / "a.har")]) == 1
    assert capsys.readouterr().err.endswith("it ends early, or is damaged, before the end of its first entry.\n")


def test_notices_are_shown_if_nothing_was_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(write_har(tmp_path / "a.har", entry(url="data:,a")))]) == 0
    assert capsys.readouterr().out == (
        "Runtime: nothing was judged. No HTTP request was recorded.\n"
        "  Note: 1 entry was not judged: not HTTP: data (entry 1).\n"
    )


def test_a_quiet_run_says_why_nothing_was_judged(har: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(har), "-q", "--scope", "~d other"]) == 0
    assert capsys.readouterr() == (
        "",
        "Runtime: nothing was judged. None of 2 requests matched --scope (~d other).\n",
    )


def test_skipped_entries_are_named(tmp_path: Path, har: Path, out: Path) -> None:
    data = entry(url="data:,a")
    write_har(tmp_path / "b.har", data, entry(), *[data] * 4)
    (notice,) = judged(out, tmp_path / "b.har")["notices"]
    assert notice["message"] == "5 entries were not judged: not HTTP: data (entries 1, 3, 4 and 2 more)."
    (notice,) = judged(out, tmp_path / "b.har", har)["notices"]
    name = tmp_path / "b.har"
    assert notice["message"] == (
        f"5 entries were not judged: not HTTP: data ({name} entry 1, {name} entry 3, {name} entry 4 and 2 more)."
    )


def test_a_recording_without_cookies_among_others_is_named(tmp_path: Path, har: Path, out: Path) -> None:
    bare = write_har(tmp_path / "bare.har", entry("/login", cookie=""))
    (notice,) = judged(out, bare)["notices"]
    assert notice["id"] == "no-cookies"
    (notice,) = judged(out, bare, har)["notices"]
    assert (notice["id"], notice["count"]) == ("no-cookies", 1)
    assert str(bare) in notice["message"]


def test_a_flow_of_an_addon_in_enforce_mode_keeps_its_findings(tmp_path: Path, out: Path) -> None:
    from mitmproxy.io import FlowReader, FlowWriter

    path = write_flows(tmp_path / "a.flow", ["/a"], cookie="a=b")
    with path.open("rb") as file:
        (flow,) = FlowReader(file).stream()
    flow.metadata["runtime"] = [
        {
            "rule": "cookie-session",
            "severity": "info",
            "basis": "documented",
            "subject": "a",
            "status": None,
            "facts": {},
            "endpoint": None,
            "replaces": None,
            "extent": 0.0,
            "enforced": True,
        }
    ]
    with path.open("wb") as file:
        FlowWriter(file).add(flow)
    found = judged(out, path)
    assert found["unmeasured"] == 1
    assert [each["rule"] for each in found["findings"]] == ["cookie-session"]


def test_scope(har: Path, out: Path) -> None:
    assert judged(out, har, "--scope", "~u /a$")["exchanges"]["judged"] == 1


def test_a_scope_that_needs_a_flow(tmp_path: Path, har: Path, out: Path) -> None:
    flows = write_flows(tmp_path / "b.flow", ["/a"], content=b"hello")
    assert judged(out, flows, "--scope", "~b hello")["exchanges"]["judged"] == 1
    assert judged(out, flows, "--scope", "~b other")["exchanges"]["judged"] == 0
    plain = entry()
    plain["response"]["content"] = {"text": "hello"}
    recording = write_har(tmp_path / "c.har", plain, entry())
    assert judged(out, recording, "--scope", "~b hello")["exchanges"]["judged"] == 1
    assert judged(out, recording, "--scope", "!~b hello")["exchanges"]["judged"] == 1


def test_rules(har: Path, out: Path) -> None:
    judged(out, har, "--rules", "/cookie-lifetime-too-long/info", "--rules", "|~u /a$|cookie-lifetime-too-long|off")
    assert long_lived(out) == {("/b", "info")}


def test_a_pattern_is_asked_about_the_endpoint_that_a_finding_is_about(tmp_path: Path, out: Path) -> None:
    wide = "sid=12345678; Domain=example.test; Max-Age=60"
    sent = [{"name": "Cookie", "value": "sid=12345678"}]
    recording = write_har(
        tmp_path / "a.har", entry("/a", cookie=wide), entry("/b", host="b.example.test", headers=sent)
    )
    assert "cookie-shared-across-hosts" in {each["rule"] for each in judged(out, recording)["findings"]}
    found = judged(out, recording, "--rules", ":~d .:cookie-shared-across-hosts:off")
    assert "cookie-shared-across-hosts" not in {each["rule"] for each in found["findings"]}


def test_limits_and_domain(har: Path, out: Path) -> None:
    found = judged(out, har, "--limits", "10b/1", "--domain", "FN.example.test")
    assert found["limits"] == {"bytes": 10, "count": 1}
    assert "response-headers-too-long" in {each["rule"] for each in found["findings"]}


def test_the_gate(har: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(har), "--quiet", "--fail-on", "error", "--report", str(out)]) == 2
    assert capsys.readouterr().err == (
        "Exit status 2, because there is 1 problem of severity error (--fail-on is set):\n"
        "  cookie-lifetime-too-long [sid] GET app.example.test/a and 1 more endpoint\n"
    )
    assert main([str(har), "--quiet", "--fail-on", "error", "--baseline", str(out)]) == 0
    assert main([str(har), "--quiet", "--fail-on", "error", "--scope", "~d other"]) == 2
    assert capsys.readouterr().err == (
        "Runtime: nothing was judged. None of 2 requests matched --scope (~d other).\n"
        "Exit status 2, because no request to the site was judged (--fail-on is set).\n"
    )
    many = write_har(tmp_path / "many.har", *[entry(cookie=f"{each}=1; Max-Age=99999") for each in "abcdefg"])
    assert main([str(many), "--quiet", "--fail-on", "error"]) == 2
    assert "  … and 2 more\n" in capsys.readouterr().err


def test_a_run_in_which_nothing_can_be_read_fails(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.flow"
    empty.touch()
    page, sarif = tmp_path / "report.md", tmp_path / "report.sarif"
    assert main([str(empty), "--report", str(out), "--report", str(page), "--report", str(sarif)]) == 1
    assert capsys.readouterr().err == f"{empty} cannot be read: it is empty.\n"
    assert report(out)["notices"][0]["id"] == "unreadable"
    said = page.read_text(encoding="utf-8")
    assert said.startswith("# Nothing was judged\n")
    assert "No recording could be read." in said
    assert report(sarif)["runs"][0]["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--limits", "x"], "--limits: 'x' is not a pair of limits."),
        (["--scope", "~nothing"], "--scope: '~nothing' is not a flow filter."),
        (["--rules", "/no-rule/off"], "--rules: there is no rule 'no-rule' ('/no-rule/off'). The rules are "),
        (
            ["--rules", "/cookie-sesion/off"],
            "--rules: there is no rule 'cookie-sesion' ('/cookie-sesion/off'). Did you ",
        ),
        (["--rules", "cookie-session/off"], "--rules: 'cookie-session/off' does not begin with a separator."),
        (["--domain", "http://a"], "--domain: 'http://a' is not a host name."),
        (["--report", "a.doc"], "--report: 'a.doc' does not end in a report's suffix."),
        (["--baseline", "/nowhere.json"], "Name a report that --report wrote"),
        (["--fail-on", "much"], "--fail-on: 'much' is not a valid value."),
        (["--show", "much"], "--show: 'much' is not a valid value."),
        ([""], "The name of a recording is empty."),
        (["*.nothing"], "No file matches '*.nothing'."),
        (["memory://nowhere/*.har"], "There is no recording at"),
        (["nowhere://a/*.har"], "'nowhere://a/*.har' cannot be listed:"),
    ],
)
def test_a_wrong_call_is_a_sentence(
    arguments: list[str], said: str, har: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(har), *arguments]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_an_empty_folder_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "There is no recording in the folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a.har", "--workers", "0"], ["a.har", "--workers", "x"], ["a", "--no"]])
def test_wrong_arguments_end_with_1(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 1
    assert "audit --help" in capsys.readouterr().err


def test_urls_that_cannot_be_read(har: Path, out: Path) -> None:
    found = judged(out, har, "nowhere://a/b.har", "memory://nowhere.har")
    assert [(notice["id"], notice["count"]) for notice in found["notices"]] == [("unreadable", 2)]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModuleNotFoundError("No module", name="fsspec"), "a URL of this kind needs fsspec, which comes with"),
        (OSError("403, url='https://a.example/b.har?sig=SECRET'."), "403, url='https://a.example/b.har'"),
        (ImportError("Please install s3fs to access S3"), "a URL of this kind needs s3fs, which is not installed"),
        (ImportError("HTTPFileSystem is not there."), "HTTPFileSystem is not there"),
        (FileNotFoundError("https://a.example/b"), "it was not found"),
        (FileNotFoundError(2, "No such file or directory"), "no such file or directory"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_reason_names_what_is_missing(error: Exception, reason: str) -> None:
    assert opening.reason_of(error).startswith(reason)


def test_the_reason_of_a_url_is_the_one_of_the_connection() -> None:
    error = FileNotFoundError("https://a.example/b")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert opening.reason_of(error) == "connection refused"


def test_a_report_that_cannot_be_written_is_said(
    har: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit, "replace_file", full)
    assert main([str(har), "--report", str(out)]) == 1
    said = capsys.readouterr()
    assert "could not be written: no space left on device." in said.err
    assert "Open" not in said.out
    monkeypatch.setattr(report_files, "_write_lines", lambda log, data: (data, OSError(28, "full")))
    assert main([str(har), "--quiet", "--report", str(out.with_suffix(".jsonl"))]) == 1


def test_a_person_sees_how_far_it_is(har: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    assert main([str(har)]) == 0
    assert "1/1" in terminal.getvalue()
    assert "2 exchanges" in terminal.getvalue()


def test_a_report_does_not_replace_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, other = tmp_path / "a.json", tmp_path / "b.json"
    write_har(recording, entry("/", cookie="sid=a"))
    before = recording.read_bytes()
    other.write_text("{}", encoding="utf-8")
    link = tmp_path / "c.json"
    link.symlink_to(recording)
    for target in (recording, link):
        assert main([str(recording), "--report", str(other), "--report", str(target)]) == 1
        assert capsys.readouterr().err == f"--report: {str(target)!r} is one of the recordings. Name another file.\n"
    assert recording.read_bytes() == before


def test_names_that_look_like_options_of_the_addon_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = tmp_path / "runtime_capture.har"
    write_har(recording, entry("/api/runtime_config", cookie="runtime_session=a; Max-Age=90000"))
    out = tmp_path / "runtime_report.json"
    assert main([str(recording), "--report", str(out), "--fail-on", "error"]) == 2
    said = capsys.readouterr()
    assert f"Open {out}" in said.out
    for text in said:
        assert "[runtime_session] GET app.example.test/api/runtime_config" in text
    assert "(--fail-on is set)" in said.err


@pytest.mark.parametrize("program", ["audit", "diff"])
def test_standard_output_escapes_what_it_cannot_encode(program: str, tmp_path: Path) -> None:
    recording, report = tmp_path / "a.har", tmp_path / "a.json"
    write_har(recording, entry("/\u65e5", cookie="sid=a; Max-Age=90000"))
    assert main([str(recording), "-q", "--report", str(report)]) == 0
    empty = tmp_path / "empty.json"
    empty.write_text('{"schema": "runtime-report/1", "findings": []}', encoding="utf-8")
    arguments = [str(recording), "--fail-on", "error"] if program == "audit" else [str(empty), str(report)]
    done = subprocess.run(
        [sys.executable, "-m", "functions_runtime_cli", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(ADDON), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"/\\u65e5" in done.stdout


@pytest.mark.parametrize("is_foreign", [True, False])
def test_what_another_addon_responded_to_is_judged_as_the_addon_judges_it(
    is_foreign: bool, tmp_path: Path, out: Path
) -> None:
    recording = tmp_path / "a.flow"
    flow = tflow.tflow(resp=True)
    flow.live, flow.metadata = False, {"runtime_foreign": True} if is_foreign else {}
    flow.request.method, flow.request.content = "POST", b"x" * 1_200_000
    with recording.open("wb") as file:
        FlowWriter(file).add(flow)
    found = judged(out, recording)
    assert [each["rule"] for each in found["findings"] if each["severity"] == "error"] == (
        [] if is_foreign else ["request-too-large"]
    )
    assert found["notices"] == []
    assert judged(out, recording, "--scope", "~c 200")["exchanges"]["judged"] == 1


def test_a_scope_does_not_make_cookies_of_others_disappear(tmp_path: Path, out: Path) -> None:
    recording = tmp_path / "a.har"
    others = [entry(f"/{letter}", host="static.example.test", cookie="") for letter in "abcdefghijklmnopqrstuvwxyz"]
    write_har(recording, entry("/", cookie="sid=a"), *others)
    assert main([str(recording), "-q", "--scope", "~d static", "--report", str(out)]) == 0
    assert "no-cookies" not in out.read_text(encoding="utf-8")


def test_ctrl_c_is_a_sentence(har: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judging, "judge", interrupt)
    assert main([str(har)]) == 1
    assert capsys.readouterr().err == "Interrupted.\n"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400) | st.binary(max_size=60).map(lambda tail: b'{"log": {"entries": [' + tail))
def test_no_file_leads_to_a_trace(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.har"
    path.write_bytes(data)
    assert main([str(path), "--quiet"]) in (0, 1)


SHARED = Path(__file__).resolve().parents[3] / "shared" / "recordings"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_real_recordings_give_the_cookies_that_another_library_finds(tmp_path: Path) -> None:
    """One response comes too late (504) and sets none of these cookies. So there is no exception to make."""
    expected = json.loads((SHARED / "expected.json").read_text(encoding="utf-8"))
    assert len(expected) == 18
    for name, wanted in expected.items():
        out = tmp_path / f"{name}.json"
        main([str(SHARED / name), "--quiet", "--limits", "1mb/10000", "--report", str(out)])
        found = report(out)
        cookies = {
            f"{each['host']} {each['subject']}"
            for each in found["findings"]
            if each["rule"] == "cookie-lifetime-too-long"
        }
        assert (name, cookies) == (name, set(wanted["over_a_day"]))
        assert (name, found["exchanges"]["judged"]) == (name, wanted["readable"])
