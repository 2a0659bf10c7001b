"""mitmproxy's console, in a pseudo terminal: a person finds the mark and the content view, and uses the commands."""

from __future__ import annotations

import json
import os
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.live import wire
from tests.live.mitmdump import ADDON
from tests.live.origin import Origin
from tests.live.wire import TIMEOUT, request, response
from tests.requirements import require

MITMPROXY = Path(sys.executable).parent / "mitmproxy"
README = Path(__file__).parents[2] / "README.md"
COLUMNS, ROWS = 150, 120
"""A terminal so high that nothing has to be scrolled."""

COOKIE = "Set-Cookie: sid=1; Domain=example.test; Path=/"
COOKIE_AFTER = "Set-Cookie: sid=1; Domain=app.example.test; Path=/; HttpOnly; Secure"
ANSWER = response(COOKIE.encode(), b"Content-Type: application/json", content=b'{"greeting":"hello"}')


class Console:
    """A mitmproxy with the addon in front of a server, in a terminal of its own; its event log is always in sight."""

    def __init__(self, confdir: Path, url: str) -> None:
        import fcntl
        import pty
        import termios

        from pyte import ByteStream, Screen

        self.output = b""
        self._screen = Screen(COLUMNS, ROWS)
        self._stream = ByteStream(self._screen)
        options = [f"confdir={confdir}", "console_layout=vertical", "keep_host_header=true"]
        arguments = ["-s", str(ADDON), "--mode", f"reverse:{url}", "--listen-host", "127.0.0.1", "--listen-port", "0"]
        self._terminal, its_end = pty.openpty()
        fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            [MITMPROXY, *arguments, *(word for option in options for word in ("--set", option))],
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        )
        os.close(its_end)

    @property
    def text(self) -> str:
        """What the screen shows, with one space in place of line breaks, frames and empty parts."""
        lines = ("".join(self._screen.buffer[y][x].data for x in range(COLUMNS)) for y in range(ROWS))
        return re.sub(r"[\s│┌─┐└┘]+", " ", " ".join(lines))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the screen shows something."""
        end = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, self.text)):
            left = end - time.monotonic()
            if left < 0 or not select.select([self._terminal], [], [], left)[0]:
                raise AssertionError(f"The console did not show {pattern!r}: {self.text}")
            data = os.read(self._terminal, 65536)
            self.output += data
            self._stream.feed(data)
        return match

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def fetch(self, data: bytes) -> None:
        """Send a request through it, and wait until the flow is in the list."""
        wire.fetch(int(self.wait_for(r"listening at 127\.0\.0\.1:(\d+)")[1]), data)
        self.wait_for(r" GET \S+ \S+ 200 ")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


def can_be_shown() -> bool:
    """Whether there are terminals that programs can play, and what reads them."""
    if not all(map(find_spec, ("pyte", "termios"))):
        return False
    import pty

    try:
        ends = pty.openpty()
    except OSError:
        return False
    for end in ends:
        os.close(end)
    return True


@pytest.fixture
def console(origin: Origin, tmp_path: Path) -> Iterator[Console]:
    """The console with the key bindings of the README, after one exchange."""
    require(can_be_shown(), "This takes pseudo terminals and the Python package pyte.")
    bindings = re.search(r"```yaml\n(.+?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert bindings
    (tmp_path / "keys.yaml").write_text(bindings[1], encoding="utf-8")
    origin.serve(ANSWER, b"/sign-in")
    console = Console(tmp_path, origin.url)
    try:
        console.fetch(request(b"Referer: http://before.test/", target=b"/sign-in?next=home"))
        yield console
    finally:
        console.close()


def test_the_flow_is_marked(console: Console) -> None:
    console.wait_for(r">>.* GET \S+ /sign-in\?next=home 200 .*🟡")


@pytest.mark.parametrize(
    ("tab", "normal", "change", "to_do"),
    [
        ("", "next: home", "- Referer: http://before.test/", "Send what the Function needs in a header of your own"),
        ("\t", '{ "greeting": "hello" }', f"- {COOKIE} + {COOKIE_AFTER}", "Leave Domain out. Give other hosts"),
    ],
    ids=["request", "response"],
)
def test_the_view_shows_findings_in_full_once_it_is_chosen(
    console: Console, tab: str, normal: str, change: str, to_do: str
) -> None:
    console.type("\r")
    console.wait_for("Request Response Detail Host:")
    console.type(tab)
    console.wait_for(r"\[m:auto\] " + re.escape(normal))
    console.type("m")
    console.type(console.wait_for(r"(\w)\) runtime ")[1])
    console.wait_for(r"\[m:runtime\]")
    console.wait_for(re.escape(f": before (-) and after (+). {change}"))
    console.wait_for(
        r"WARNING The Runtime replaces a cookie's Domain \[sid\] The Domain of the cookie sid is example\.test\."
    )
    console.wait_for(f"Fix: {to_do}")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("rules", "request-headers-too-long .* cookie-session .* websocket-unavailable"),
        ("explain nonsense", r"error: .*There is no rule 'nonsense'\. The rules are .*cookie-session"),
        ("explain cookie-session", r"Session cookie: info, documented by the vendor\. .* Fix: Do nothing\."),
        ("judge @focus", r"judged 1 of 1 flows\."),
        ("probe @focus", "experimenting with 1 of 1 flows"),
        ("report findings.txt", r"error: .*'findings\.txt' does not end in a report's suffix\. Use one of \.json"),
    ],
)
def test_a_command_shows_its_result_or_says_what_is_wrong(console: Console, command: str, shown: str) -> None:
    console.type(f":runtime.{command}\r")
    console.wait_for(shown)


def test_a_report_has_what_was_found_until_it_is_cleared(console: Console, tmp_path: Path) -> None:
    found = []
    for name in ("before", "after"):
        path = tmp_path / f"{name}.json"
        console.type(f":runtime.report {path}\r")
        console.wait_for(rf"wrote \S+{name}\.json")
        report = json.loads(path.read_text(encoding="utf-8"))
        assert report["schema"] == "runtime-report/1"
        found.append({finding["rule"] for finding in report["findings"]})
        console.type(":runtime.clear\r")
        console.wait_for("forgot all findings")
    assert {"cookie-domain-replaced", "restricted-request-header"} < found[0]
    assert found[1] == set()


def test_commands_and_rules_are_completed(console: Console) -> None:
    console.type(":runtime.exp\t")
    console.wait_for(r": runtime\.explain rule")
    console.type(" cookie-se\t")
    console.wait_for(r": runtime\.explain cookie-session")
    console.type("\r")
    console.wait_for("Session cookie: info")


@pytest.mark.parametrize(("keys", "shown"), [("J", "judged 1 of 1"), ("\rJ", "judged 1 of 1"), ("P", "experimenting")])
def test_the_keys_of_the_readme_do_what_it_says(console: Console, keys: str, shown: str) -> None:
    console.type(keys)
    console.wait_for(shown)


def test_an_escape_sequence_from_the_wire_is_shown_and_not_sent(console: Console, origin: Origin) -> None:
    origin.serve(ANSWER, b"/\x1b[2J")
    console.type(":set console_default_contentview=runtime\r")
    console.fetch(request(b"Referer: http://before.test/\x1b[2J", target=b"/\x1b[2J?a=b"))
    console.wait_for(re.escape(r"Runtime warning in GET app.example.test/\x1b[2J: The Domain of the cookie sid"))
    console.type("G\r")
    console.wait_for(re.escape(r"- Referer: http://before.test/\x1b[2J "))
    assert b"\x1b[2J" not in console.output


def test_each_flow_has_its_own_text(console: Console, origin: Origin) -> None:
    """The console keeps texts of views by what a message looks like, and two requests can look the same."""
    console.type(":set console_default_contentview=runtime\r")
    console.type("\r")
    console.wait_for(r"The Runtime replaces a cookie's Domain \[sid\]")
    console.type("q")
    origin.serve(ANSWER.replace(b"sid=", b"other="), b"/sign-in")
    console.fetch(request(b"Referer: http://before.test/", target=b"/sign-in?next=home"))
    console.wait_for("The Domain of the cookie other")
    console.type("G\r")
    console.wait_for(r"The Runtime replaces a cookie's Domain \[other\]")
    console.type(":set runtime_rules=/cookie-domain-replaced/error\r")
    console.type(":runtime.judge @focus\r")
    console.wait_for(r"ERROR The Runtime replaces a cookie's Domain \[other\]")
