"""A headless Chromium that knows the demo sites and nothing else, driven through WebDriver."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tests.requirements import require

if TYPE_CHECKING:
    from selenium.webdriver import Chrome, ChromeOptions

TIMEOUT = 60
"""Seconds after which a page or a script that has not come to its end fails the tests."""

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

PRELUDE = """\
const json = { "Content-Type": "application/json" };
const show = async (pending) => { const answer = await pending; return `${answer.status} ${await answer.text()}`; };
const cookie = (name) => decodeURIComponent((document.cookie.match(`(?:^|; )${name}=([^;]*)`) ?? ["", ""])[1]);
const heard = (source) => new Promise((resolve, reject) => {
  source.onmessage = (event) => resolve(event.data);
  source.onerror = () => reject(new DOMException("", "NetworkError"));
}).finally(() => source.close());
const heardBack = (socket, said) => { socket.onopen = () => socket.send(said); return heard(socket); };
"""
"""What the script of every case can use: how a request ended, a cookie, what an EventSource or a WebSocket said."""


SHOWN = "return document.querySelector('.neterror .error-code')?.textContent ?? document.title"
"""The title of a page, or what the browser's own page about an error says."""


def require_installed() -> None:
    selenium = importlib.util.find_spec("selenium")
    require(
        BROWSER and DRIVER and selenium,
        "This takes Chromium, the chromedriver that belongs to it, and the Python package selenium.",
    )


def options_for(folder: Path, *switches: str) -> ChromeOptions:
    """For a browser with an empty profile in `folder`, which asks nobody on the net for anything."""
    from selenium.webdriver import ChromeOptions

    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    for switch in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-proxy-server",
        f"user-data-dir={folder}",
        *switches,
    ):
        options.add_argument(f"--{switch}")
    return options


def started(options: ChromeOptions) -> Chrome:
    """A browser that runs."""
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.service import Service

    return Chrome(options, Service(DRIVER))


class Chromium:
    """A browser with an empty profile in `folder`. To it all of `.test` is behind one port, whatever its TLS."""

    def __init__(self, folder: Path, port: int) -> None:
        options = options_for(folder, "disable-quic", "ignore-certificate-errors")
        options.page_load_strategy = "eager"
        options.add_argument(f"--host-resolver-rules=MAP *.test 127.0.0.1:{port}, MAP * ~NOTFOUND")
        self._folder = folder
        # Distributions differ in whether they block third-party cookies, which is not what is tried here.
        options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 0})
        self._driver = started(options)
        self._driver.set_page_load_timeout(TIMEOUT)
        self._driver.set_script_timeout(TIMEOUT)

    def outcome(self, pages: Iterable[str], script: str) -> str:
        """Go to the pages in order and run the body of an asynchronous function on the last one.

        Returns what it returns, or the name of the error that it ends with.
        """
        for url in pages:
            self._driver.get(url)
        ended = self._driver.execute_async_script(
            f"const end = arguments[0];\n{PRELUDE}"
            f"(async () => {{\n{script}\n}})().then(end, (error) => end(`error: ${{error.name}}`));"
        )
        return str(ended)

    def opened(self, url: str) -> str:
        """Go to a page. Returns its title if the browser shows it, or "downloaded" if it keeps the page as a file.

        If the browser gives up, this returns the name of its error.
        """
        downloads = Path(tempfile.mkdtemp(dir=self._folder))
        where = {"behavior": "allow", "downloadPath": str(downloads)}
        self._driver.execute_cdp_cmd("Browser.setDownloadBehavior", where)
        self._driver.get(url)
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if self._driver.current_url == url:
                return str(self._driver.execute_script(SHOWN))
            if any(downloads.iterdir()):
                return "downloaded"
            time.sleep(0.05)
        raise AssertionError(f"The browser neither shows nor downloads {url}.")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._driver.quit()
