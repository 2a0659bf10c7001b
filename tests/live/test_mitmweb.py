"""mitmweb, in a real browser: a person finds the mark, the comment and the content view, and uses the command bar."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import options_for, require_installed, started
from tests.live import wire
from tests.live.mitmdump import ADDON
from tests.live.origin import Origin
from tests.live.wire import request, response

PATIENCE = 30
MITMWEB = Path(sys.executable).parent / "mitmweb"
SECRET = b"<b id=injected>x</b>"


@pytest.fixture(scope="module")
def web(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a mitmweb that has seen two exchanges."""
    require_installed()
    folder = tmp_path_factory.mktemp("mitmweb")
    with socket.create_server(("127.0.0.1", 0)) as free:  # mitmweb does not say which port it got if asked for any
        web_port = free.getsockname()[1]
    options = [f"confdir={folder}", "web_open_browser=false", f"web_port={web_port}", "keep_host_header=true"]
    arguments = ["-s", str(ADDON), "--mode", f"reverse:{origin.url}", "--listen-host", "127.0.0.1"]
    process = subprocess.Popen(
        [MITMWEB, *arguments, "--listen-port", "0", *(word for option in options for word in ("--set", option))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        printed = ""
        while not (
            (proxy := re.search(r"listening at (?:\w+://)?127\.0\.0\.1:(\d+)\.", printed))
            and (address := re.search(r"Web server listening at (http://\S+)", printed))
        ):
            line = process.stdout.readline()
            assert line, printed
            printed += line
        cookie = b"Set-Cookie: name" + SECRET + b"=1; Domain=example.test; Path=/"
        origin.serve(response(cookie, b"Content-Type: application/json", content=b'{"greeting":"hello"}'), b"/sign-in")
        gone = b"Set-Cookie: gone=1; Domain=example.test; Path=/"
        origin.serve(b"HTTP/1.1 204 No Content\r\n" + gone + b"\r\n\r\n", b"/sign-out")
        for path, status in ((b"/sign-in", 200), (b"/sign-out", 204)):
            answer = wire.fetch(int(proxy[1]), request(b"Referer: http://before.test/", target=path))
            assert answer.status == status
        yield address[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def page(web: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """mitmweb in a browser, with the flow selected."""
    options = options_for(tmp_path_factory.mktemp("profile"), "window-size=1400,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = started(options)
    try:
        browser.get(web)
        click(browser, "//td[contains(., '/sign-in')]")
        yield browser
    finally:
        browser.quit()


def click(page: Any, target: str) -> None:
    find(page, target).click()


def find(page: Any, target: str) -> Any:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.expected_conditions import presence_of_element_located
    from selenium.webdriver.support.wait import WebDriverWait

    return WebDriverWait(page, PATIENCE).until(presence_of_element_located((By.XPATH, target)))


def choose_view(page: Any, path: str, tab: str) -> None:
    """Go to a message and choose our content view for it."""
    click(page, f"//td[contains(., '{path}')]")
    click(page, f"//a[normalize-space()='{tab}']")
    click(page, "//*[contains(text(), 'View:')]")
    click(page, "//li//a[normalize-space()='runtime']")


def result_of(page: Any, command: str) -> str:
    """What the command bar shows below a command that was typed into it."""
    return str(find(page, f"//*[@class='command-result']/div[starts-with(., '$ {command}')]").text)


@pytest.fixture(scope="module")
def command_bar(page: Any) -> Any:
    """Where commands are typed, once it knows them."""
    click(page, "//a[normalize-space()='Options']")
    click(page, "//label[contains(., 'Display Command Bar')]")
    find(page, "//*[@class='available-commands'][contains(., 'runtime.rules')]")
    return find(page, "//input[@placeholder='Enter command']")


def test_the_flow_is_marked(page: Any) -> None:
    assert "🟡" in find(page, "//tr[contains(., '/sign-in')]").text


def test_the_comment_says_what_happens_and_what_to_do(page: Any) -> None:
    click(page, "//a[normalize-space()='Comment']")
    comment = find(page, "//*[contains(text(), 'Under the Runtime it becomes app.example.test')]").text
    assert "Fix: Leave Domain out" in comment


def test_the_view_shows_the_cookie_before_and_after_once_it_is_chosen(page: Any) -> None:
    click(page, "//a[normalize-space()='Response']")
    find(page, "//*[normalize-space()='JSON']")
    find(page, "//*[contains(., 'View: auto') and contains(., '\"greeting\": \"hello\"')]")
    choose_view(page, "/sign-in", "Response")
    find(page, "//*[contains(., 'changed this response: before (-) and after (+)')]")
    text = find(page, "//body").text
    assert "- Set-Cookie:" in text
    assert "+ Set-Cookie:" in text
    assert "greeting" not in text


def test_the_view_of_a_request_shows_the_header_that_was_removed(page: Any) -> None:
    choose_view(page, "/sign-in", "Request")
    find(page, "//*[contains(., 'changed this request: before (-) and after (+)')]")
    assert "- Referer: http://before.test/" in find(page, "//body").text


def test_the_view_is_there_for_a_response_without_content(page: Any) -> None:
    choose_view(page, "/sign-out", "Response")
    find(page, "//*[contains(., 'The Domain of the cookie gone is example.test')]")
    assert "- Set-Cookie: gone=1; Domain=example.test; Path=/" in find(page, "//body").text


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("runtime.rules", '"cookie-session"'),
        ("runtime.explain cookie-session", "Fix: Do nothing."),
        ("runtime.explain nonsense", "There is no rule 'nonsense'. The rules are"),
        ("runtime.report findings.txt", "Use one of .json"),
    ],
)
def test_the_command_bar_shows_a_result_or_says_what_is_wrong(
    page: Any, command_bar: Any, command: str, shown: str
) -> None:
    command_bar.send_keys(f"{command}\n")
    assert shown in result_of(page, command)


def test_flows_are_judged_again_after_an_option_was_changed(page: Any, command_bar: Any) -> None:
    for command in ("set runtime_rules=/cookie-domain-replaced/error", "runtime.judge @all"):
        command_bar.send_keys(f"{command}\n")
        result_of(page, command)
    find(page, "//tr[contains(., '/sign-in') and contains(., '🔴')]")
    find(page, "//tr[contains(., '/sign-out') and contains(., '🔴')]")


def test_the_command_bar_completes_commands(page: Any, command_bar: Any) -> None:
    command_bar.send_keys("runtime.exp")
    find(page, "//*[@class='available-commands'][.='[\"runtime.explain\"]']")
    command_bar.send_keys("\t headers-near-limit\n")
    assert "Fix:" in result_of(page, "runtime.explain headers-near-limit")


def test_nothing_from_the_wire_became_markup_and_no_script_failed(page: Any) -> None:
    from selenium.webdriver.common.by import By

    assert page.find_elements(By.ID, "injected") == []
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
