"""`functions-runtime audit`: what would happen to the exchanges in recordings under the Runtime."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mitmproxy.exceptions import OptionsError

from functions_runtime.record.journal import Journal
from functions_runtime.record.notices import (
    Notice,
    entries_skipped,
    lifetimes_unknown,
    some_without_cookies,
    unreadable,
)
from functions_runtime.record.report import Report
from functions_runtime.reports import FORMATS, terminal
from functions_runtime.reports.text import counted
from functions_runtime.wire_text import printable
from functions_runtime_cli import at_scale, judging, opening
from functions_runtime_cli.arguments import WRONG, Parser, print_anything, say
from functions_runtime_cli.judging import Judged, Plan, Skips
from functions_runtime_proxy import options
from functions_runtime_proxy.gate import EXIT_STATUS, why_it_fails
from functions_runtime_proxy.report_files import LOG_SUFFIX, SUFFIXES, ReportWriter, replace_file

SMALL = 32 << 20
"""Bytes of recordings that one process judges before several processes would have started."""

DESCRIPTION = """\
Judges recordings by the rules of the Twilio Functions Runtime: HAR files of browsers and tools, and flow files of
mitmproxy. No request is sent to the recorded site. Each recording is judged by itself: one is no evidence for
another."""

EPILOG = """\
exit status: 0 if the audit ran, whatever it found; 1 if the command line is wrong, no recording at all could be read,
or a report could not be written; 2 if --fail-on is set and there are new findings of that severity or above, no
response of your own hosts was checked, or a recording could not be read, or only in part.
Contents are read only if a filter asks for them, as ~b does."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `run` needs."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("recordings", nargs="+", metavar="RECORDING", help="a file, a glob, a folder, or a URL such as s3://…")
    add(
        "--report",
        action="append",
        default=[],
        metavar="PATH",
        help=f"write a report; repeat it for more reports; the suffix decides the format: {', '.join(SUFFIXES)}",
    )
    add("--scope", default="", metavar="FILTER", help="judge only what matches this flow filter, such as '~d example'")
    add("--limits", default="4kb/75", metavar="SIZE/COUNT", help="header limits, such as 15kb/90 (default: 4kb/75)")
    add("--domain", default="", metavar="HOST", help="the Function's host name in production")
    add(
        "--rules",
        action="append",
        default=[],
        metavar="PATTERN",
        help="change a rule, as [/flow-filter]/rule[:subject]/level with the level off, info, warning or error",
    )
    add("--baseline", default="", metavar="FILE", help="an earlier JSON report: its findings never fail the run")
    add(
        "--fail-on",
        default="never",
        metavar="LEVEL",
        help=f"end with 2 on a new finding of this severity or above: {', '.join(options.FAIL_ON)} (default: never)",
    )
    add("--show", default="warning", metavar="LEVEL", help="lowest severity to show in the terminal (default: warning)")
    add(
        "--workers",
        type=_count,
        metavar="N",
        help="number of processes (default: 1; one for each core if the recordings exceed 32 MB or one is a URL)",
    )
    add("--scheduler", default="", metavar="ADDRESS", help="judge on a Dask cluster, such as tcp://127.0.0.1:8786")
    add("-q", "--quiet", action="store_true", help="print no summary and no progress")


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 1000")
    return int(text)


@judging.collecting_after(judging.MANY_OBJECTS)
def run(arguments: argparse.Namespace) -> int:
    """Judge, report, and return the exit status."""
    try:
        settings = judging.settings_of(
            arguments.scope,
            arguments.limits,
            arguments.domain,
            tuple(arguments.rules),
            arguments.show,
            tuple(arguments.report),
            arguments.baseline,
            arguments.fail_on,
        )
        names = opening.names(arguments.recordings)
        _refuse_recordings(settings.reports, names)
    except (OptionsError, ValueError) as error:
        return _complain(_as_arguments(str(error)))
    plan = Plan(
        arguments.scope,
        arguments.limits,
        arguments.domain,
        tuple(arguments.rules),
        secrets.token_bytes(32),
        os.getcwd(),
    )
    try:
        with _progress(len(names), quiet=arguments.quiet) as progress:
            if arguments.scheduler:
                judged = at_scale.on_cluster(names, plan, arguments.scheduler, progress.advance)
            elif (workers := arguments.workers or _workers_for(names)) > 1 and len(names) > 1:
                judged = at_scale.on_this_machine(names, plan, workers, progress.advance)
            else:
                judged = _one_by_one(names, plan, progress)
    except at_scale.ClusterError as error:
        return _complain(str(error))
    judged.journal.compare_with(settings.baseline)
    report = judged.journal.report(
        options.AUDIT,
        settings.profile.limits,
        scoped=bool(arguments.scope.strip()),
        sources=judged.names,
        notices=_notices(judged, len(names)),
        is_over=True,
    )
    written = _write(report, settings.reports)
    if arguments.quiet or not judged.names:
        _complain_of(judged)
    if not judged.names:
        return WRONG
    if not (arguments.quiet and report.judged):
        summary = terminal.summary(report, written, arguments.scope, settings.show, "--")
        if arguments.quiet:
            _complain(summary.partition("\n")[0])
        else:
            say(summary)
    if reasons := why_it_fails(report, settings.fail_on, _unread(judged), "--fail-on"):
        _complain(*reasons)
        return EXIT_STATUS
    return 0 if len(written) == len(settings.reports) else WRONG


def _refuse_recordings(reports: Sequence[Path], names: Sequence[str]) -> None:
    """Raise ValueError if a report would replace a recording."""
    for report in filter(os.path.exists, reports):
        if any(os.path.exists(name) and os.path.samefile(name, report) for name in names):
            raise ValueError(f"--report: {str(report)!r} is one of the recordings. Name another file.")


def _complain_of(judged: Judged) -> None:
    """Name the recordings that could not be read, or only in part. The summary names them, too."""
    for name, reason in sorted(judged.unreadable.items()):
        _complain(f"{name} cannot be read: {reason}.")
    for name, (last, reason) in sorted(judged.cut_off.items()):
        _complain(f"{name} could be read only up to entry {last:,}: {reason}.")


def _complain(*sentences: str) -> int:
    for sentence in sentences:
        say(printable(sentence, 2000), sys.stderr)
    return WRONG


def _as_arguments(sentence: str) -> str:
    """A sentence about the addon's options, with the names of this command's options instead."""
    return re.sub(r"\bruntime_([a-z_]+)", lambda name: "--" + name[1].replace("_", "-"), sentence)


def _workers_for(names: Sequence[str]) -> int:
    """How many processes are worthwhile. Starting several takes as long as judging megabytes."""
    is_small = not any(map(opening.is_url, names)) and sum(map(_size, names)) < SMALL
    if is_small or not at_scale.is_installed():
        return 1
    return min(os.cpu_count() or 1, len(names))


def _size(path: str) -> int:
    """The size of a file in bytes, 0 if it cannot be read."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _one_by_one(names: Sequence[str], plan: Plan, progress: _Progress) -> Judged:
    def each() -> Iterator[Judged]:
        progress.advance(0)
        for name in names:
            judged = judging.judge(name, plan, progress.saw)
            progress.finished(judged)
            yield judged

    return judging.merged(each())


def _notices(judged: Judged, recordings: int) -> list[Notice | None]:
    """What the recordings lack and what could not be judged. If none has cookies, the report says so itself."""
    bare = judged.bare.count if judged.journal.hosts.has_credentials else 0
    skipped = {reason: (skips.count, _places(skips, recordings)) for reason, skips in judged.skipped.items()}
    return [
        some_without_cookies(bare, [place.name for place in judged.bare.places]),
        entries_skipped(skipped, judged.cut_off, (judged.unanswered.count, _places(judged.unanswered, recordings))),
        lifetimes_unknown((judged.timeless.count, _places(judged.timeless, recordings))),
        unreadable(judged.unreadable),
    ]


def _places(skips: Skips, recordings: int) -> list[str]:
    """The places in words: the positions, with the names of the recordings if there are several."""
    return [f"{place.name} entry {place.position}" if recordings > 1 else str(place.position) for place in skips.places]


def _write(report: Report, paths: Sequence[Path]) -> list[Path]:
    """Write the reports. Returns the paths of those that could be written."""
    return [path for path in paths if _could_write(report, path)]


def _could_write(report: Report, path: Path) -> bool:
    """Write a report. Returns whether it could be written."""
    try:
        if path.suffix.lower() == LOG_SUFFIX:
            log = ReportWriter(lambda: report)
            log.write_to([path])
            return log.finish(report)
        replace_file(path, FORMATS[path.suffix.lower()](report))
    except OSError as error:
        _complain(f"The report {path} could not be written: {opening.reason_of(error)}.")
        return False
    return True


def _unread(judged: Judged) -> str:
    """Which recordings could not be read as a whole, in words. Empty if all could."""
    if judged.unreadable:
        return f"{counted(len(judged.unreadable), 'recording')} could not be read"
    if judged.cut_off:
        return f"{counted(len(judged.cut_off), 'recording')} could be read only in part"
    return ""


class _Progress(NamedTuple):
    """Callbacks for progress: after each exchange, after each recording, and after several recordings elsewhere.

    The last is called with 0 before the first recording.
    """

    saw: Callable[[Journal], None] | None
    finished: Callable[[Judged], None]
    advance: Callable[[int], None]


@contextlib.contextmanager
def _progress(recordings: int, *, quiet: bool) -> Iterator[_Progress]:
    """Show a bar if a person is watching."""
    if quiet or not sys.stderr.isatty():
        yield _Progress(None, lambda judged: None, lambda recordings: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("Recordings"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[exchanges]:,} exchanges, {task.fields[findings]:,} findings"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=recordings, exchanges=0, findings=0)
    before = [0, 0]

    def saw(journal: Journal) -> None:
        if journal.judged % 64 == 0:
            bar.update(task, exchanges=before[0] + journal.judged, findings=before[1] + journal.found)

    def finished(judged: Judged) -> None:
        before[0] += judged.journal.judged
        before[1] += judged.journal.found
        bar.update(task, advance=1, exchanges=before[0], findings=before[1])

    with contextlib.ExitStack() as shown:

        def advance(recordings: int) -> None:
            if not recordings:  # not before: the bar has a thread, and a process with a thread cannot be copied
                shown.enter_context(bar)
            bar.update(task, advance=recordings)

        yield _Progress(saw, finished, advance)


def main(arguments: Sequence[str] | None = None) -> int:
    """What `scripts/audit` does. Returns the exit status."""
    print_anything()
    parser = Parser(prog="scripts/audit", allow_abbrev=False)
    add_arguments(parser)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        parsed, unknown = parser.parse_known_args(arguments)
        if unknown:
            parser.refuse(unknown)
        return run(parsed)
    except KeyboardInterrupt:
        return _complain("Interrupted.")
