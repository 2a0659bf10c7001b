"""A Django site behind a balancer that ends TLS: verdict, notice, experiment and browser agree.

The browser speaks TLS to the balancer, which passes requests on to the addon over plain HTTP, with `X-Forwarded-Proto`.
Under the Runtime Django does not see that header, and redirects every request to the address that it came from.
"""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Chromium, require_installed
from tests.conftest import Start
from tests.live.mitmdump import Mitmdump
from tests.live.wire import request
from tests.requirements import require

SITE = Path(__file__).with_name("django_site.py")
ASKING_ADDON = Path(__file__).parents[1] / "live" / "asking_addon.py"
HEADER = "x-forwarded-proto"


@contextlib.contextmanager
def django_site(hsts: int) -> Iterator[str]:
    require(importlib.util.find_spec("django"), "This takes the Python package django.")
    with subprocess.Popen([sys.executable, SITE, str(hsts)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def balanced(start: Start, site: str, mode: str) -> tuple[Mitmdump, Mitmdump]:
    """The addon in front of a site, and the balancer in front of the addon."""
    options = [f"runtime_mode={mode}", "keep_host_header=true"]
    addon = start(f"reverse:{site}", "-s", str(ASKING_ADDON), options=options)
    told = ["--modify-headers", "/~q/X-Forwarded-Proto/https"]
    return addon, start(f"reverse:http://127.0.0.1:{addon.port}", *told, options=["keep_host_header=true"], addon=False)


def opened(balancer: Mitmdump, folder: Path) -> str:
    with Chromium(folder / "profile", balancer.port) as browser:
        return browser.opened("https://app.site.test/")


def used(report: dict[str, Any]) -> list[str]:
    """What stands in for evidence of the dependence: the messages about it."""
    found = [each for each in report["findings"] if each["rule"] == "restricted-header-used"]
    return [each["message"] for each in found if each["subject"] == HEADER]


def untested(report: dict[str, Any]) -> list[str]:
    return [each["message"] for each in report["notices"] if each["id"] == "restricted-untested"]


@pytest.mark.parametrize("hsts", [3600, 0], ids=["hsts", "no-hsts"])
def test_the_browser_redirects_in_circles_under_the_runtime(hsts: int, start: Start, tmp_path: Path) -> None:
    require_installed()
    with django_site(hsts) as site:
        _, today = balanced(start, site, "audit")
        _, runtime = balanced(start, site, "enforce")
        assert opened(today, tmp_path / "today") == "in"
        assert opened(runtime, tmp_path / "runtime") == "ERR_TOO_MANY_REDIRECTS"


def test_strict_transport_security_is_evidence(start: Start) -> None:
    with django_site(3600) as site:
        addon, balancer = balanced(start, site, "audit")
        page = balancer.fetch(request(host=b"app.site.test"))
        addon.stop()
    assert page.status == 200
    [message] = used(addon.report())
    assert "over plain HTTP, and the site takes it for HTTPS" in message
    assert addon.report()["verdict"]["site"] == "runs with changes"
    assert not untested(addon.report())


def test_without_evidence_a_notice_says_so_and_an_experiment_finds_it(start: Start) -> None:
    with django_site(0) as site:
        addon, balancer = balanced(start, site, "audit")
        page = balancer.fetch(request(host=b"app.site.test"))
        addon.stop()
        assert page.status == 200
        assert not used(addon.report())
        assert addon.report()["verdict"]["site"] == "runs"
        [notice] = untested(addon.report())
        assert HEADER in notice.lower()
        assert "runtime.probe" in notice

        addon, balancer = balanced(start, site, "audit")
        balancer.fetch(request(host=b"app.site.test"))
        addon.fetch(request(target=b"/go"))
        addon.wait_for_log(rf"It tried .*{HEADER} \(1 request\)")
        addon.stop()
    [message] = used(addon.report())
    assert "status (200 becomes 301)" in message
    assert addon.report()["verdict"]["site"] == "breaks"
    assert not untested(addon.report())
