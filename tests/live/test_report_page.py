"""The HTML report and the live page in a real browser: what a person can do there, and what they see."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import Headroom, SeenCookie, Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.html import page as html
from functions_runtime_proxy.dashboard import Dashboard
from tests.browser.chromium import options_for, require_installed, started
from tests.conftest import Start
from tests.functions_runtime.reports.sample import (
    ERROR,
    HOME,
    HOSTILE,
    INFO,
    LOGIN,
    VALIDATORS,
    WARNING,
    entry,
    host,
    hostile_report,
    judged,
    notice,
    report,
)
from tests.live.origin import Origin
from tests.requirements import require

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

TIMEOUT = 30
AXE = VALIDATORS / "axe-core" / "axe.min.js"
PHONE = {"width": 360, "height": 800, "deviceScaleFactor": 2, "mobile": True}
DESK = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}

FULL = report(
    entry("cookie-lifetime-too-long", subject="sid", endpoint=LOGIN, count=3, status=400),
    entry("cookie-read-by-script", subject="csrf", endpoint=LOGIN, known=True),
    entry("headers-near-limit", WARNING, HOME, count=20),
    entry("cookie-session", INFO, HOME, "theme", count=1),
    entry("cookie-session", INFO, LOGIN, "lang", count=10),
    entry("cookie-session", INFO, LOGIN, "zone", count=9),
    endpoints=(
        judged(LOGIN, Standing.BREAKS, "cookie-lifetime-too-long", request=Headroom(1200, 7, (("cookie", 1100),))),
        judged(HOME, Standing.CHANGES, "headers-near-limit", response=Headroom(700, 90, (("link", 600),))),
        judged(Endpoint("GET", "a.example", "/about"), exchanges=12),
    ),
    cookies=(
        SeenCookie("a.example", "sid", "Max-Age=999999; Path=/", None),
        SeenCookie("a.example", "theme", "Domain=example; Path=/", "Domain=a.example; Path=/; HttpOnly; Secure"),
    ),
    hosts=(host("a.example", ERROR, reasons=("cookie-lifetime-too-long", "headers-near-limit")),),
)
ELSEWHERE = Endpoint("GET", "ads.example", "/pixel")
TWO_HOSTS = report(
    *FULL.entries,
    entry("get-with-content", endpoint=ELSEWHERE, own=False),
    entry("cookie-session", INFO, ELSEWHERE, "id", own=False),
    endpoints=(*FULL.endpoints, judged(ELSEWHERE, Standing.BREAKS, "get-with-content", own=False)),
    cookies=(*FULL.cookies, SeenCookie("ads.example", "id", "", "HttpOnly; Secure", own=False)),
    hosts=(*FULL.hosts, host("ads.example", ERROR, own=False, exchanges=3, reasons=("get-with-content",))),
    notices=(notice("no-cookies", "There are no cookies."),),
)
ALL_SHOWN, NO_INFOS = "6 of 6 causes shown", "3 of 6 causes shown; infos are hidden"


class Page:
    """A page in the browser, as somebody sees and uses it."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str, *, screen: dict[str, Any] = DESK, theme: str = "light", script: bool = True) -> None:
        self.command("Emulation.setDeviceMetricsOverride", **screen)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        self.driver.get(url)

    def command(self, name: str, **parameters: Any) -> None:
        self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def click(self, selector: str) -> None:
        element = self.find(selector)
        self.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()

    def texts(self, selector: str) -> list[str]:
        """What is to be read in each of these elements that is shown."""
        found = self.driver.find_elements("css selector", selector)
        return [" ".join(element.text.split()) for element in found if element.is_displayed()]

    def wait_until(self, holds: Callable[[], object]) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, TIMEOUT, poll_frequency=0.05).until(lambda _: holds())

    def tick_infos(self) -> None:
        self.click("[value=info]")

    def shown(self) -> str:
        return str(self.find("#shown").text)

    def problems(self) -> list[str]:
        """What the browser complained about since it was last asked."""
        log: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(line["message"]) for line in log]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    require_installed()
    options = options_for(tmp_path_factory.mktemp("profile"))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = started(options)
    yield driver
    driver.quit()


@pytest.fixture
def any_page(browser: Chrome) -> Iterator[Page]:
    """A page that may give the browser something to complain about."""
    page = Page(browser)
    yield page
    browser.get("about:blank")
    page.problems()


@pytest.fixture
def page(any_page: Page) -> Iterator[Page]:
    """A page with which the browser, at the end of the test, must have had no problem."""
    yield any_page
    assert any_page.problems() == []


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Report], str]:
    """Writes a report into a file and says where that is."""

    def write(rendered: Report) -> str:
        path = tmp_path / "report.html"
        path.write_text(html.render(rendered), encoding="utf-8")
        return path.as_uri()

    return write


File = Callable[[Report], str]


# The file


def test_the_verdict_is_the_first_thing_to_be_seen(page: Page, file: File) -> None:
    page.open(file(FULL))
    assert page.driver.title.startswith("a.example: 2 blocking issues")
    assert page.texts("h1") == ["a.example: 2 blocking issues, 2 new"]
    assert page.run("return document.querySelector('h1').getBoundingClientRect().bottom") < DESK["height"] / 2
    assert page.shown() == NO_INFOS


def test_findings_are_filtered_by_text(page: Page, file: File) -> None:
    page.open(file(FULL))
    page.tick_infos()
    page.find("#filter-text").send_keys("LOGIN cookie-session")
    assert page.shown() == "2 of 6 causes shown"
    assert page.texts("#by-rule tbody th") == ["lang", "zone"]
    assert page.texts("#by-rule h4") == [BY_ID["cookie-session"].title]
    page.find("#filter-text").clear()
    page.find("#filter-text").send_keys("nothing like this")
    assert page.shown() == "0 of 6 causes shown"
    assert page.texts("#none-shown") == ["No finding fits the filter."]
    page.run(
        "arguments[0].value = ''; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        page.find("#filter-text"),
    )
    assert page.shown() == ALL_SHOWN
    assert not page.find("#rule-cookie-session").get_attribute("open"), "what the filter opened is folded again"


def test_findings_are_filtered_by_severity_and_by_whether_they_are_known(page: Page, file: File) -> None:
    page.open(file(FULL))
    for choice, shown in (
        ("[value=info]", "6 of 6 causes shown"),
        ("[value=info]", "3 of 6 causes shown; infos are hidden"),
        ("[value=warning]", "2 of 6 causes shown; infos are hidden"),
        ("#show-known", "1 of 6 causes shown; infos are hidden"),
        ("[value=error]", "0 of 6 causes shown; infos are hidden"),
        ("[value=info]", "3 of 6 causes shown"),
    ):
        page.click(choice)
        assert page.shown() == shown


def test_a_host_can_be_chosen_and_everything_follows(page: Page, file: File) -> None:
    page.open(file(TWO_HOSTS))
    assert page.shown() == "3 of 6 causes shown; 1 more at other hosts; infos are hidden"
    assert page.texts(".notices li") == ["There are no cookies."]
    page.click("#all-hosts-others-fold summary")
    page.click("[data-choose='ads.example'] button")
    assert page.texts("h1") == ["ads.example: 1 blocking issue"]
    assert page.texts(".lead") == ["This host does not count as yours: the verdict leaves it out."]
    assert page.texts(".facts dd")[0] == "3"
    assert page.shown() == "1 of 2 causes shown at ads.example; infos are hidden"
    assert page.texts("#by-rule h4") == [BY_ID["get-with-content"].title]
    assert page.texts("#cookies tbody th") == ["id"]
    assert page.texts("#endpoints tbody th") == ["GET ads.example/pixel"]
    assert page.texts(".obstacles") == []
    assert page.find("#host").get_attribute("value") == "ads.example"
    page.click("#all-again")
    assert page.texts("h1") == ["a.example: 2 blocking issues, 2 new"]
    assert len(page.texts(".obstacles > ol > li")) == 2
    assert page.texts("#cookies tbody th") == ["sid", "theme"]
    page.click("[data-choose='a.example'] button")
    assert page.texts("h1") == ["a.example: 2 blocking issues"]
    assert page.shown() == "3 of 6 causes shown at a.example; infos are hidden"
    assert page.texts("#by-rule .others") == []
    page.click("[data-choose='a.example'] button")
    assert page.find("#host").get_attribute("value") == "", "what was chosen twice is not chosen"


def test_on_a_phone_rules_and_endpoints_are_folded(page: Page, file: File) -> None:
    opened = "return [...document.querySelectorAll('details[open]')].map((each) => each.id)"
    page.open(file(FULL), screen=PHONE)
    assert page.run(opened) == []
    page.open(file(FULL))
    wide = ["rule-cookie-lifetime-too-long", "part-cookies", "part-headroom", "part-endpoints"]
    assert page.run(opened) == wide


def test_there_is_a_view_by_rule_and_one_by_endpoint(page: Page, file: File) -> None:
    page.open(file(FULL))
    assert page.texts("#findings h3") == ["By rule"]
    page.click("#view-endpoint")
    assert page.texts("#findings h3") == ["By endpoint"]
    assert page.texts("#findings h4") == ["POST a.example/user/{id}/login", "GET a.example/"]
    page.click("#by-endpoint summary")
    page.click("#by-endpoint tbody a")
    assert page.texts("#findings h3") == ["By rule"]
    assert page.find("#rule-cookie-lifetime-too-long").get_attribute("open")


def test_all_groups_are_opened_and_folded_at_once(page: Page, file: File) -> None:
    page.open(file(FULL))
    page.tick_infos()
    page.click("[data-fold=open]")
    assert len(page.texts("#by-rule tbody tr")) == 6
    page.click("[data-fold=fold]")
    assert page.texts("#by-rule tbody tr") == []


def test_a_table_is_sorted_by_the_keyboard_as_well(page: Page, file: File) -> None:
    from selenium.webdriver.common.keys import Keys

    page.open(file(FULL))
    page.tick_infos()
    page.click("[data-fold=open]")
    table = "#findings-of-rule-cookie-session"
    button = page.find(f"{table} th.count button")
    headings = f"return [...document.querySelectorAll('{table} thead th')].map((each) => each.ariaSort)"
    assert page.run(headings) == ["none"] * 5
    button.click()
    assert page.texts(f"{table} td.count") == ["10", "9", "1"]
    assert page.run(headings)[3] == "descending"
    button.send_keys(Keys.ENTER)
    assert page.texts(f"{table} td.count") == ["1", "9", "10"]
    assert page.run(headings)[3] == "ascending"
    page.find(f"{table} th.subject button").send_keys(Keys.SPACE)
    assert page.texts(f"{table} tbody th") == ["lang", "theme", "zone"]
    assert page.run(headings)[:2] == ["ascending", "none"]


def test_every_sortable_table_is_sorted_by_what_it_shows(page: Page, file: File) -> None:
    page.open(file(FULL))
    page.click("#all-endpoints th.verdict button")
    assert page.texts("#all-endpoints td.verdict") == ["breaks", "runs with changes"]
    page.click("#all-endpoints th.verdict button")
    assert page.texts("#all-endpoints td.verdict") == ["runs with changes", "breaks"]
    page.click("#all-headroom th:nth-child(5) button")
    assert page.texts("#all-headroom tbody th") == ["GET a.example/", "POST a.example/user/{id}/login"]
    page.click("#all-cookies th.effect button")
    assert page.texts("#all-cookies td.effect") == ["changed", "refused"]


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Page, file: File) -> None:
    from selenium.webdriver.common.keys import Keys

    page.open(file(FULL))
    reached = []
    for _ in range(24):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.driver.switch_to.active_element
        outline = page.run("return [...getComputedStyle(arguments[0]).outline.matchAll(/solid|2px/g)].length", focused)
        assert outline == 2
        reached.append(focused.get_attribute("href") or focused.get_attribute("id") or focused.get_attribute("value"))
    assert str(reached[0]).endswith("#report")
    links = [str(link).partition("#")[2] for link in reached if "#" in str(link)]
    assert links[1:7] == ["verdict", "hosts", "findings", "cookies", "headroom", "endpoints"]
    controls = ["filter-text", "host", "error", "warning", "info", "show-known", "view-rule"]
    start = reached.index("filter-text")
    assert reached[start : start + len(controls)] == controls


def test_markup_off_the_wire_is_shown_and_not_run(page: Page, file: File) -> None:
    page.open(file(hostile_report()))
    page.click("[data-fold=open]")
    assert page.run("return document.images.length + document.scripts.length") == 1
    assert any(HOSTILE in heading for heading in page.texts("tbody th"))
    assert any(HOSTILE in text for text in page.texts("#all-cookies code"))


def test_the_policy_stops_what_would_have_got_through_all_the_same(any_page: Page, file: File) -> None:
    page = any_page
    page.open(file(FULL))
    smuggled = '<p id=in style="color: red"><img src=x onerror="document.title = 1">'
    page.run("document.body.insertAdjacentHTML('beforeend', arguments[0])", smuggled)
    page.wait_until(lambda: "Content Security Policy" in "".join(page.problems()))
    assert page.driver.title != "1"
    assert page.run("return getComputedStyle(document.getElementById('in')).color") != "rgb(255, 0, 0)"


@pytest.mark.parametrize("rendered", [FULL, hostile_report(), report(exchanges=0)])
def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, file: File, rendered: Report) -> None:
    page.open(file(rendered), screen=PHONE)
    for view in ("rule", "endpoint"):
        page.click(f"#view-{view}")
        page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert page.run("return document.documentElement.scrollWidth") == PHONE["width"]
        for width in page.run(
            "return [...document.querySelectorAll('td.what, td.attributes')].map((each) => each.clientWidth)"
        ):
            assert width == 0 or width > 0.75 * PHONE["width"], "each has the width of the screen, or is not shown"


def test_dark_and_light_are_as_the_system_has_it(page: Page, file: File) -> None:
    def brightness() -> float:
        red, green, blue = page.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        return float(red + green + blue) / 3

    page.open(file(FULL), theme="light")
    assert brightness() > 200
    page.open(file(FULL), theme="dark")
    assert brightness() < 50


def test_in_print_everything_is_open_and_no_control_is_left(page: Page, file: File) -> None:
    page.open(file(FULL), theme="dark")
    page.tick_infos()
    page.command("Emulation.setEmulatedMedia", media="print")
    assert not page.find("#rule-cookie-session").get_attribute("open")
    assert page.run("return document.querySelector('#findings-of-rule-cookie-session tbody td').checkVisibility()")
    assert page.texts("#tools") == []
    assert page.run("return getComputedStyle(document.documentElement).colorScheme") == "light"


def test_in_print_is_what_was_chosen_and_it_says_so_where_that_is_not_all(page: Page, file: File) -> None:
    page.open(file(FULL))
    page.tick_infos()
    page.command("Emulation.setEmulatedMedia", media="print")
    assert page.texts("#findings h3") == ["By rule"]
    assert page.texts("#shown") == []
    page.command("Emulation.setEmulatedMedia", media="screen")
    page.click("#view-endpoint")
    page.click("[name=severity][value=error]")
    page.command("Emulation.setEmulatedMedia", media="print")
    assert page.texts("#findings h3") == ["By endpoint"]
    assert page.texts("#shown") == ["4 of 6 findings shown"]
    assert page.run("return document.querySelector('#by-endpoint tbody tr:not([hidden]) td').checkVisibility()")
    page.command("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("view", ["rule", "endpoint"])
def test_a_link_leads_to_what_the_filter_hides(page: Page, file: File, view: str) -> None:
    page.open(file(FULL))
    page.click("[name=severity][value=error]")
    page.click(f"#view-{view}")
    page.click("#verdict .obstacles a[href='#rule-cookie-lifetime-too-long']")
    assert page.find("#rule-cookie-lifetime-too-long").is_displayed()
    assert page.shown() == ALL_SHOWN
    assert page.find("[name=severity][value=error]").is_selected()


def test_a_link_leaves_a_filter_alone_that_hides_nothing_of_it(page: Page, file: File) -> None:
    page.open(file(FULL))
    page.click("#view-endpoint")
    page.click("#verdict .obstacles a[href='#rule-cookie-lifetime-too-long']")
    assert page.find("#rule-cookie-lifetime-too-long").is_displayed()
    assert page.shown() == NO_INFOS


def test_without_the_script_everything_can_be_read(page: Page, file: File) -> None:
    page.open(file(FULL), script=False)
    shown = "return [...document.querySelectorAll(arguments[0])].map((each) => each.checkVisibility())"
    page.command("Emulation.setScriptExecutionDisabled", value=False)  # for this question only: the page has no script
    assert page.run(shown, "[data-view], #hosts table, .part > summary, .obstacles li") == [True] * 10
    assert page.run(shown, "#tools, #all-again") == [False, False]
    assert page.run("return document.querySelectorAll('th button').length") == 0
    assert page.run("return document.querySelectorAll('details[open]').length") == 0
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert set(page.run(shown, "tbody tr")) == {True}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_the_rules_of_accessibility_hold(page: Page, file: File, screen: dict[str, Any], theme: str) -> None:
    require(AXE.exists(), "This takes the checker that `npm ci --prefix tests/validators` installs.")
    page.open(file(FULL), screen=screen, theme=theme)
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.run(AXE.read_text(encoding="utf-8"))
    for view in ("rule", "endpoint"):
        page.click(f"#view-{view}")
        found = page.driver.execute_async_script(
            "axe.run().then((found) => arguments[0](found.violations.map((each) => [each.id, each.nodes[0].html])))"
        )
        assert found == []


def test_ten_thousand_findings_can_still_be_used(page: Page, file: File) -> None:
    rules = list(BY_ID)
    entries = [
        entry(rules[number % 20], ERROR, Endpoint("GET", "a.example", f"/{number // 4}"), str(number))
        for number in range(10_000)
    ]
    page.open(file(report(*entries)))
    elsewhere = "; the JSON report has 4,000 more"
    assert page.shown() == f"6,000 of 10,000 causes shown{elsewhere}"
    page.click("[data-fold=open]")
    assert page.texts("#by-rule > .own > details > .more")[:1] == ["… and 200 more rows (all are in the JSON report)."]
    page.find("#filter-text").send_keys("/1499")
    page.wait_until(lambda: page.shown() == f"4 of 10,000 causes shown{elsewhere}")


# The live page


class Live:
    """A dashboard on an event loop of its own, in a thread, as mitmproxy would have it."""

    def __init__(self) -> None:
        self.report = report(exchanges=0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._dashboard: Future[Dashboard] = Future()
        self._loop.call_soon_threadsafe(lambda: self._dashboard.set_result(Dashboard(lambda: self.report)))
        self.dashboard = self._dashboard.result(TIMEOUT)

    def listen(self, port: int = 0) -> str:
        return asyncio.run_coroutine_threadsafe(self.dashboard.listen("127.0.0.1", port), self._loop).result(TIMEOUT)

    def show(self, rendered: Report) -> None:
        self.report = rendered
        self._loop.call_soon_threadsafe(self.dashboard.changed)

    def close(self) -> None:
        async def close() -> None:
            if ending := self.dashboard.close():
                await ending

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(TIMEOUT)

    def end(self) -> None:
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


@pytest.fixture
def live() -> Iterator[Live]:
    server = Live()
    yield server
    server.end()


def test_a_new_finding_arrives_by_itself(live: Live, page: Page) -> None:
    page.open(live.listen())
    page.wait_until(lambda: page.texts("#live") == ["Live"])
    assert page.texts("h1") == ["Nothing has been judged yet"]
    live.show(
        report(entry("cookie-session", INFO, subject="theme"), endpoints=(judged(),), hosts=(host(exchanges=99),))
    )
    page.wait_until(lambda: page.shown() == "0 of 1 cause shown; infos are hidden")
    assert page.texts("h1") == ["a.example: no problems found yet"]
    assert page.texts(".lead")[0].startswith("Little was seen so far: 99 requests to 1 endpoint.")
    assert "nothing" in page.find("#verdict").get_attribute("class"), "no tick, however much was seen"
    live.show(FULL)
    page.wait_until(lambda: page.texts("h1") == ["a.example: 2 blocking issues, 2 new"])
    assert page.driver.title.startswith("a.example: 2 blocking issues")
    assert page.shown() == NO_INFOS


def test_what_a_person_has_set_stays_when_findings_arrive(live: Live, page: Page) -> None:
    live.show(report(*FULL.entries[1:], endpoints=FULL.endpoints, hosts=FULL.hosts))
    page.open(live.listen())
    page.wait_until(lambda: page.texts("#live") == ["Live"])
    page.tick_infos()
    page.click("#rule-cookie-session summary")
    page.click("#findings-of-rule-cookie-session th.count button")
    page.click("#all-endpoints th.verdict button")
    page.click("#all-endpoints th.verdict button")
    page.click("[value=warning]")
    page.find("#filter-text").send_keys("cookie")
    page.run("arguments[0].setSelectionRange(1, 3); scrollBy(0, 100)", page.find("#filter-text"))
    row = page.find("#findings-of-rule-cookie-session tbody tr")
    before = page.run("return scrollY")
    live.show(FULL)
    page.wait_until(lambda: page.shown() == "5 of 6 causes shown")
    field = page.find("#filter-text")
    assert page.driver.switch_to.active_element == field
    assert page.run("return [arguments[0].value, arguments[0].selectionStart, arguments[0].selectionEnd]", field) == [
        "cookie",
        1,
        3,
    ]
    assert page.texts("#findings-of-rule-cookie-session td.count") == ["10", "9", "1"]
    assert page.texts("#all-endpoints td.verdict") == ["runs with changes", "breaks"]
    assert not page.find("[value=warning]").is_selected()
    assert page.find("#findings-of-rule-cookie-session tbody tr") == row, "the row is still the same element"
    assert page.run("return scrollY") >= before
    assert "arrived" in page.find("#rule-cookie-lifetime-too-long").get_attribute("class")


def test_what_was_opened_stays_open_and_what_was_folded_stays_folded(live: Live, page: Page) -> None:
    live.show(report(*FULL.entries[:-1]))
    page.open(live.listen())
    page.tick_infos()
    page.wait_until(lambda: page.shown() == "5 of 5 causes shown")
    first, other = "#rule-cookie-lifetime-too-long", "#rule-cookie-session"
    assert page.find(first).get_attribute("open")
    page.click(f"{first} summary")
    page.click(f"{other} summary")
    live.show(FULL)
    page.wait_until(lambda: page.shown() == "6 of 6 causes shown")
    assert not page.find(first).get_attribute("open")
    assert page.find(other).get_attribute("open")


def test_the_largest_parts_of_an_endpoint_stay_open_wherever_its_row_goes(live: Live, page: Page) -> None:
    live.show(report(FULL.entries[0], endpoints=FULL.endpoints[:1]))
    page.open(live.listen())
    page.tick_infos()
    page.wait_until(lambda: page.shown() == "1 of 1 cause shown")
    page.click("#headroom .parts summary")
    fuller = judged(Endpoint("GET", "a.example", "/full"), request=Headroom(4000, 70, (("cookie", 3000),)))
    live.show(report(*FULL.entries, endpoints=(fuller, *FULL.endpoints)))
    page.wait_until(lambda: page.shown() == "6 of 6 causes shown")
    rows = page.run(
        "return [...document.querySelectorAll('#headroom tbody tr')]"
        ".map((row) => [row.querySelector('th').textContent, Boolean(row.querySelector('details[open]'))])"
    )
    assert [endpoint for endpoint, is_open in rows if is_open] == ["POST a.example/user/{id}/login"]
    assert rows[0][0] == "GET a.example/full"


def test_a_finding_that_is_gone_leaves_and_a_count_goes_up_in_its_place(live: Live, page: Page) -> None:
    live.show(report(entry("cookie-session", INFO, subject="a"), entry("cookie-session", INFO, subject="b")))
    page.open(live.listen())
    page.tick_infos()
    page.wait_until(lambda: page.shown() == "2 of 2 causes shown")
    page.click("#rule-cookie-session summary")
    row = page.find("#findings-of-rule-cookie-session tbody tr:last-child")
    live.show(report(entry("cookie-session", INFO, subject="b", count=2)))
    page.wait_until(lambda: page.shown() == "1 of 1 cause shown")
    assert page.texts("#findings-of-rule-cookie-session tbody th") == ["b"]
    assert page.texts("#findings-of-rule-cookie-session td.count") == ["2"]
    assert page.find("#findings-of-rule-cookie-session tbody tr") == row


def test_markup_that_arrives_is_shown_and_not_run(live: Live, page: Page) -> None:
    page.open(live.listen())
    page.wait_until(lambda: page.texts("#live") == ["Live"])
    live.show(hostile_report())
    page.tick_infos()
    page.wait_until(lambda: page.shown().startswith(f"{len(BY_ID) + 1} of"))
    assert page.run("return document.images.length + document.scripts.length") == 1
    page.click("[data-fold=open]")
    assert any(HOSTILE in heading for heading in page.texts("tbody th"))


def test_it_says_when_the_proxy_is_gone_and_goes_on_when_it_is_back(live: Live, any_page: Page) -> None:
    page = any_page
    url = live.listen()
    page.open(url)
    page.wait_until(lambda: page.texts("#live") == ["Live"])
    live.close()
    page.wait_until(lambda: "Not connected" in page.find("#live").text)
    live.show(FULL)
    live.listen(int(url.rsplit(":", 1)[1].rstrip("/")))
    page.wait_until(lambda: page.texts("h1") == ["a.example: 2 blocking issues, 2 new"])
    page.wait_until(lambda: page.texts("#live") == ["Live"])


def test_mitmdump_serves_it_and_a_finding_arrives(start: Start, origin: Origin, page: Page) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = origin.serve(b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=secret; Max-Age=999999\r\nContent-Length: 0\r\n\r\n")
    proxy = start(f"reverse:{origin.url}", options=(f"runtime_dashboard=127.0.0.1:{port}", "runtime_mode=audit"))
    [url] = proxy.wait_for_log(rf"live page is at (http://127\.0\.0\.1:{port}/)").groups()
    page.open(url)
    page.wait_until(lambda: page.texts("#live") == ["Live"])
    assert page.texts("h1") == ["Nothing has been judged yet"]
    proxy.fetch(b"GET %s HTTP/1.1\r\nHost: a.example\r\n\r\n" % path)
    page.wait_until(lambda: page.texts("#findings-of-rule-cookie-lifetime-too-long tbody th") == ["sid"])
    assert page.texts("h1") == ["127.0.0.1: 1 blocking issue"]
