"""Takes the pictures in docs/: mitmweb, the HTML report and the live page, of the demo site after a visit.

    python3 scripts/screenshots.py

Needs Chromium with its driver, and a font with emoji for mitmweb's marks.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import minimum_python  # noqa: F401 (first, as in `run`)

# isort: split
import environment

environment.enter("test")

from selenium import webdriver  # noqa: E402 (needs the environment)
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.expected_conditions import presence_of_element_located  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

import demo_site  # noqa: E402

DOCS = environment.ROOT / "docs"
SIZE = "1280,800"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PATIENCE = 20
SHOWN = "cookie-domain-replaced"


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder) / "report.html") as (site, web, live, report):
        for case in demo_site.CASES:
            _visit(site + case.path, case)
        with _browser() as browser:
            _picture_mitmweb(browser, web)
            _picture(browser, live, "live-page.png")
            last = demo_site.CASES[-1].path
            WebDriverWait(browser, PATIENCE).until(lambda _: last in report.read_text(encoding="utf-8"))
            _picture(browser, report.as_uri(), "report.png")


@contextmanager
def _running(report: Path) -> Iterator[tuple[str, str, str, Path]]:
    """`scripts/run` on ports of its own, with the addresses that it prints."""
    command = [sys.executable, str(environment.ROOT / "scripts" / "run"), "--listen-port", "8480", "--web-port", "8481"]
    report.touch()
    options = ["--set", f"runtime_report={report}", "--set", f"confdir={report.parent}"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            if not line:
                sys.exit(f"scripts/run has ended: {printed}")
            printed += line
        site, _, web, live = re.findall(r"   (http://\S+)", printed)
        yield site.rstrip("/"), web, live, report
    finally:
        process.terminate()
        process.wait()


def _visit(url: str, case: demo_site.Case) -> None:
    request = urllib.request.Request(url, method=case.method, headers=dict(case.request))
    with suppress(urllib.error.HTTPError):  # that is what the demo is about
        urllib.request.urlopen(request, timeout=PATIENCE).close()


@contextmanager
def _browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--window-size={SIZE}"):
        options.add_argument(flag)
    options.binary_location = "/usr/bin/chromium"
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield browser
    finally:
        browser.quit()


def _picture_mitmweb(browser: webdriver.Chrome, web: str) -> None:
    """A flow with its mark, and its response in the view `Runtime`."""
    browser.get(web)
    wait = WebDriverWait(browser, PATIENCE)
    for target in (
        f"//td[contains(., '{SHOWN}')]",
        "//a[text()='Response']",
        "//*[contains(text(), 'View:')]",
        "//li//a[normalize-space()='runtime']",
    ):
        wait.until(presence_of_element_located((By.XPATH, target))).click()
    wait.until(presence_of_element_located((By.XPATH, "//*[contains(text(), 'Fix:')]")))
    browser.save_screenshot(str(DOCS / "mitmweb.png"))


def _picture(browser: webdriver.Chrome, url: str, name: str) -> None:
    browser.get(url)
    browser.save_screenshot(str(DOCS / name))


if __name__ == "__main__":
    main()
