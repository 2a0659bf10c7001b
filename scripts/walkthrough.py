"""`scripts/run --once`: sends every case of the demo site through mitmdump with the addon, and prints the result."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import sys
import tempfile
import textwrap
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo_site import CASES, Case, DemoSite, Fields, Received, shortened
from environment import ADDON
from mitmdump_process import HOST, Mitmdump, mitmdump

ADDRESSED = "localhost"
"""The host that the requests name."""
TIMEOUT = 30
MAX_WIDTH = 120
LABEL_WIDTH = 12


@dataclass(frozen=True)
class Answer:
    """What the client got."""

    status: int
    reason: str
    fields: Fields
    content: str

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for other, value in self.fields if other.lower() == name.lower())


@dataclass(frozen=True)
class Walked:
    """A case that was sent: what the Function received, if anything, and what the client got."""

    case: Case
    received: Received | None
    answer: Answer


def main() -> None:
    """Send all cases, print each result and the addon's summary, and end with 1 if a rule fell short."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory() as folder, DemoSite(0) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        report = Path(folder, "report.json")
        with mitmdump(site.server_port, "-s", str(ADDON), "--set", f"runtime_report={report}") as proxy:
            walked = [walk(case, proxy.port, site) for case in CASES]
            proxy.stop()
            summary = _summary(proxy)
            if not report.exists():
                sys.exit(f"The addon wrote no report. mitmdump's output:\n{proxy.printed}")
        findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader of the output may stop early, as `head` does
    fell_short = [step.case.rule for step in walked if _show(step, findings)]
    print(summary)
    if fell_short:
        sys.exit(f"\n{len(fell_short)} of {len(CASES)} rules did not do what they should: {', '.join(fell_short)}")
    print(f"\nAll {len(CASES)} rules did what they should.")


def walk(case: Case, port: int, site: DemoSite) -> Walked:
    """Send a case through this port to the site behind it, and take down the result."""
    site.received.clear()
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)
    try:
        connection.request(case.method, case.path, headers={"Host": ADDRESSED, **dict(case.request)})
        response = connection.getresponse()
        content = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"{case.method} {case.path} got no response through mitmdump: {error!r}")
    finally:
        connection.close()
    answer = Answer(response.status, response.reason, tuple(response.getheaders()), content)
    return Walked(case, site.received[-1] if site.received else None, answer)


def _summary(proxy: Mitmdump) -> str:
    """The addon's summary: from its headline to the end of mitmdump's output."""
    start = re.search(r"Runtime: \S+: (?:\d+|no) blocking issue", proxy.printed)
    if not start:
        return "The addon printed no summary."
    lines = proxy.printed[start.start() :].rstrip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("  Open "))  # that report is deleted already


def _show(walked: Walked, findings: list[dict[str, Any]]) -> list[str]:
    """Print the result of a case. Returns what fell short."""
    case, received, answer = walked.case, walked.received, walked.answer
    found = [finding for finding in findings if (finding["rule"], finding["path"]) == (case.rule, case.path)]
    wrong = shortcomings(case, received, answer)
    if not found:
        wrong.append("there is no finding of this rule in the report")
    print(case.rule)
    _line("sent", f"{case.method} {case.path}", *_shown(case.request))
    if received is None:
        _line("Function", "was not called")
    elif case.outcome.hidden:
        _line("Function", f"saw {', '.join(received.names)}")
    else:
        _line("Function", f"responded with {case.status}", *_shown(case.response))
    _line("client got", f"{answer.status} {answer.reason}", *_shown(answer.fields), answer.content)
    for finding in found:
        _line(finding["severity"], finding["message"])
    for sentence in wrong:
        _line("WRONG", sentence)
    print()
    return wrong


def _shown(fields: Fields) -> list[str]:
    dull = ("content-type", "content-length")
    return [f"{name}: {shortened(value)}" for name, value in fields if name.lower() not in dull]


def _line(label: str, *parts: str) -> None:
    width = min(shutil.get_terminal_size().columns, MAX_WIDTH)
    text = " | ".join(part for part in parts if part)
    first = f"  {label:{LABEL_WIDTH}}"
    print(
        textwrap.fill(
            text, width, initial_indent=first, subsequent_indent=" " * (LABEL_WIDTH + 2), break_on_hyphens=False
        )
    )


def shortcomings(case: Case, received: Received | None, answer: Answer) -> list[str]:
    """Each difference from what the case expects, as a sentence without a full stop."""
    outcome = case.outcome
    wrong = []
    if answer.status != outcome.status:
        wrong.append(f"the status should be {outcome.status}")
    if outcome.content is not None and answer.content != outcome.content:
        wrong.append(f"the content should be “{outcome.content}”")
    for name, value in outcome.fields:
        if answer.all(name) != (value,):
            wrong.append(f"{name} should be {value}")
    if outcome.cookies is not None:
        cookies = tuple(cookie.replace("{host}", ADDRESSED) for cookie in outcome.cookies)
        if answer.all("Set-Cookie") != cookies:
            wrong.append(f"Set-Cookie should be {' and '.join(cookies) or 'gone'}")
    if outcome.calls_function != (received is not None):
        wrong.append(f"the Function should {'' if outcome.calls_function else 'not '}be called")
    names = {name.lower() for name in received.names} if received else set()
    for name, _ in case.request:
        hidden = name in outcome.hidden
        if received and hidden == (name.lower() in names):
            wrong.append(f"the Function should {'not ' if hidden else ''}see {name}")
    return wrong
