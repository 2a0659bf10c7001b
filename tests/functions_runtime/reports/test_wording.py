"""What the formats for people say in the same words."""

from __future__ import annotations

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import FOLDED, Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.wording import (
    LITTLE,
    checked,
    headline,
    how_judged,
    is_it_yours,
    lead,
    limits,
    own_causes,
    own_endpoints,
    requests_checked,
    requests_clean,
    scope,
    share,
    site_name,
    sites,
    source,
    title_of_gravest,
    verdict_of,
    whose,
)
from functions_runtime.ruling import Severity
from tests.functions_runtime.reports.sample import (
    EIGHT,
    ERROR,
    HOME,
    INFO,
    LOGIN,
    NEVER,
    WARNING,
    entry,
    host,
    judged,
    notice,
    report,
)

SEEN = (judged(HOME), judged(LOGIN))


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 7, "0%"),
        (1, 1000, "< 1%"),
        (1, 100, "1%"),
        (1, 2, "50%"),
        (99, 100, "99%"),
        (999, 1000, "> 99%"),
        (7, 7, "100%"),
        (5056, 4096, "123%"),
    ],
)
def test_a_little_is_not_nothing_and_almost_all_is_not_all(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


@pytest.mark.parametrize(
    ("rendered", "head", "below"),
    [
        (
            report(exchanges=0, clean=0),
            "Nothing has been judged yet",
            "Open the site through the proxy: what it does shows here.",
        ),
        (
            report(exchanges=0, clean=0, outside_scope=2),
            "Nothing has been judged yet",
            "None of 2 requests matched the scope.",
        ),
        (
            report(exchanges=0, clean=0, sources=("site.har",)),
            "Nothing was judged",
            "No HTTP request was recorded.",
        ),
        (
            report(endpoints=(judged(standing=Standing.UNKNOWN),), hosts=(host(exchanges=3),)),
            "a.example: no response was seen",
            "Seen: 3 requests to 1 endpoint, but no response.",
        ),
        (
            report(entry("cookie-session", INFO), endpoints=SEEN, hosts=(host(exchanges=1),)),
            "a.example: no problems found yet",
            "Little was seen so far: 1 request to 2 endpoints. Sign in, submit forms and upload files to see more.",
        ),
        (
            report(entry("cookie-session", INFO), endpoints=SEEN, hosts=(host(exchanges=LITTLE + 1),)),
            "a.example: no problems found",
            "No problems found in the traffic seen so far: 11 requests to 2 endpoints.",
        ),
        (
            report(entry("cors-opened", WARNING), endpoints=(judged(HOME, Standing.CHANGES), judged(LOGIN))),
            "a.example: no blocking issues, 1 warning",
            "The site runs under the Runtime; 1 of 2 endpoints would behave differently.",
        ),
        (
            report(
                entry("cookie-read-by-script", ERROR, HOME, "csrf"),
                entry("cookie-read-by-script", ERROR, LOGIN, "csrf"),
                entry("cookie-read-by-script", ERROR, LOGIN, "other"),
                entry("cookie-read-by-script", ERROR, HOME._replace(host="ads.example"), "other", own=False),
                entry("cors-opened", WARNING),
                endpoints=(judged(HOME, Standing.BREAKS), judged(LOGIN, Standing.BREAKS)),
            ),
            "a.example: 2 blocking issues",
            "2 of 2 endpoints would break under the Runtime.",
        ),
    ],
)
def test_the_headline_names_the_site_and_counts_causes(rendered: Report, head: str, below: str) -> None:
    assert (headline(rendered), lead(rendered)) == (head, below)


def test_on_a_live_page_there_may_always_be_more() -> None:
    seen = report(endpoints=SEEN, hosts=(host(exchanges=1000),))
    assert headline(seen, live=True) == "a.example: no problems found yet"
    assert lead(seen, live=True).startswith("Little was seen so far: 1,000 requests to 2 endpoints.")


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing.UNKNOWN, "no response was seen"),
        (Standing.RUNS, "no problems found"),
        (Standing.CHANGES, "no blocking issues, 3 warnings"),
        (Standing.BREAKS, "2 blocking issues"),
    ],
)
def test_a_host_has_a_verdict_in_the_same_words(standing: Standing, said: str) -> None:
    assert verdict_of(standing, 2, 3) == said


@pytest.mark.parametrize(
    ("enforced", "recorded", "said"),
    [
        (0, 0, "Nothing was modified."),
        (0, 10, "Based on recorded traffic; nothing was modified."),
        (10, 0, "Requests and responses were changed as the Runtime would change them."),
        (
            9,
            1,
            "Requests and responses were changed as the Runtime would change them. "
            "1 exchange came from recordings or an audit; nothing was modified there.",
        ),
    ],
)
def test_it_says_whether_the_traffic_was_changed(enforced: int, recorded: int, said: str) -> None:
    assert how_judged(report(enforced=enforced, recorded=recorded)) == said


def test_causes_that_the_baseline_has_are_counted() -> None:
    two = (entry(known=True), entry(known=True, endpoint=LOGIN), entry("get-with-content"))
    assert checked(report(*two)).endswith(": 2 errors, 0 warnings, 0 infos (1 known from the baseline).")


def test_the_limits_are_those_on_headers() -> None:
    assert limits(report()) == "Limits on headers: 1,000 bytes, 100 fields and cookies."


def test_the_site_with_the_most_requests_comes_first_among_causes_of_one_severity() -> None:
    small, large = Endpoint("GET", "www.frame.test", "/"), Endpoint("GET", "www.shop.example", "/")
    entries = [entry(endpoint=small), entry(endpoint=large), entry(severity=WARNING, endpoint=large)]
    hosts = (host("www.frame.test", exchanges=1), host("www.shop.example", exchanges=9))
    causes = own_causes(report(*entries, entry(endpoint=Endpoint("GET", "*", "*")), hosts=hosts))
    assert [(cause.severity, cause.host) for cause in causes] == [
        (ERROR, "www.shop.example"),
        (ERROR, "www.frame.test"),
        (ERROR, "*"),
        (WARNING, "www.shop.example"),
    ]


def test_a_live_run_that_has_just_begun_is_no_recording() -> None:
    assert how_judged(report(exchanges=0, recorded=0, enforced=0)) == "Nothing was modified."


def test_what_was_changed_before_recording_was_not_changed_by_this_run() -> None:
    said = how_judged(report(exchanges=17, recorded=17, enforced=7))
    assert said == "Based on recorded traffic; 7 exchanges had been changed by the Runtime's rules before recording."


def test_the_endpoints_beyond_the_maximum_are_no_site() -> None:
    hosts = (host("www.shop.example"), host("*"))
    assert sites(report(endpoints=SEEN, hosts=hosts)) == [("www.shop.example", 1)]


def test_no_site_is_praised_without_a_reservation_if_no_cookies_were_recorded() -> None:
    without = (notice("no-cookies", count=10),)
    one = report(endpoints=SEEN, notices=without, recorded=10)
    assert headline(one).endswith("found yet, but no cookies were recorded")
    some = report(endpoints=SEEN, notices=(notice("no-cookies", count=1),), recorded=10)
    assert headline(some).endswith("found yet, but some recordings have no cookies")
    assert "recorded" not in headline(report(endpoints=SEEN, notices=(notice("unreadable"),)))
    assert "recorded" not in headline(report(entry(), endpoints=SEEN, notices=without))


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ({"www.shop.example": "shop.example"}, "www.shop.example"),
        ({"www.shop.example": "shop.example", "api.shop.example": "shop.example"}, "shop.example"),
        ({"www.cnn.com": "cnn.com", "cdn.cnn.com": "cnn.com"}, "cnn.com"),
        ({"one.example": "one.example", "two.example": "two.example"}, "one.example"),
        ({}, ""),
    ],
)
def test_a_site_is_called_by_the_domain_of_its_hosts(own: dict[str, str], name: str) -> None:
    hosts = tuple(host(each, site=site) for each, site in own.items())
    assert site_name(report(hosts=(*hosts, host("ads.test", own=False)))) == name
    assert scope(report(hosts=hosts)) == f"~d {name or 'example.com'}"


def test_the_headline_says_what_is_new_if_there_is_a_baseline() -> None:
    old, info = entry(known=True), entry("cookie-session", severity=Severity.INFO, subject="a")
    assert headline(report(old, endpoints=(judged(HOME, Standing.BREAKS),))).endswith(": 1 blocking issue, none new")
    new = entry("get-with-content")
    assert headline(report(old, new, endpoints=(judged(HOME, Standing.BREAKS),))).endswith(": 2 blocking issues, 1 new")
    assert headline(report(new, endpoints=(judged(HOME, Standing.BREAKS),))).endswith(": 1 blocking issue")
    assert headline(report(info, endpoints=SEEN, compared=True)).endswith(": no problems found yet")


def test_the_headline_says_if_it_is_about_several_sites() -> None:
    own = tuple(host(f"{name}.example", exchanges=number) for number, name in enumerate("abc"))
    assert headline(report(endpoints=SEEN, hosts=own)) == "c.example and 2 more sites: no problems found yet"
    assert headline(report(endpoints=SEEN, hosts=own[:2])) == "b.example and 1 more site: no problems found yet"


def test_the_site_that_most_requests_went_to_comes_first() -> None:
    shop = [host(f"{each}.shop.test", exchanges=5, site="shop.test") for each in "xy"]
    hosts = (host("a.example", exchanges=9), *shop)
    assert sites(report(hosts=hosts)) == [("shop.test", 2), ("a.example", 1)]


def test_it_says_where_the_traffic_is_from_when_it_was_and_what_judged_it() -> None:
    tool = "Functions Runtime proxy 1.2.3"
    for rendered, said in (
        (report(sources=("folder/a.har",)), f"a.har · 2026-11-23 08:00:00 to 08:01:30 UTC · {tool}"),
        (report(sources=("a.har", "b.har"), ended=EIGHT), f"2 recordings · 2026-11-23 08:00:00 UTC · {tool}"),
        (report(ended=EIGHT + 86400), f"2026-11-23 08:00:00 to 2026-11-24 08:00:00 UTC · {tool}"),
        (report(began=NEVER, ended=None), tool),
    ):
        assert source(rendered) == said


def test_it_says_whose_hosts_the_verdict_is_about() -> None:
    own = tuple(host(f"{number}.example", exchanges=number) for number in range(1, 6))
    other = host("ads.test", own=False)
    assert whose(report(hosts=(*own, other))) == (
        "The verdict is about 5.example, 4.example, 3.example and 2 more. It leaves out 1 other host."
    )
    shop = tuple(host(f"{each}.shop.example", site="shop.example") for each in "ab")
    assert whose(report(hosts=shop, scoped=True)) == ("The verdict is about shop.example (2 hosts), all in your scope.")
    assert whose(report(hosts=(other,))) == ""


def test_only_own_endpoints_are_counted() -> None:
    assert own_endpoints(report(endpoints=(judged(), judged(own=False)))) == "1 endpoint"
    assert own_endpoints(report(endpoints=(judged(), judged(FOLDED)))) == "more than 1 endpoint"


def test_only_requests_to_own_hosts_are_counted() -> None:
    rendered = report(hosts=(host(exchanges=7, clean=3), host("b.example", exchanges=2, clean=1), host("c", own=False)))
    assert (requests_checked(rendered), requests_clean(rendered)) == (9, 4)


def test_the_gravest_rules_have_a_title() -> None:
    assert [title_of_gravest(severity) for severity in (Severity.ERROR, Severity.WARNING)] == [
        "Blocking issues",
        "What would be different",
    ]


def test_requests_and_causes_are_those_of_own_hosts() -> None:
    assert checked(report(entry(), entry(endpoint=LOGIN), exchanges=10)) == (
        "10 requests checked, 5 without a problem. Found: 1 error, 0 warnings, 0 infos."
    )
    assert checked(report(exchanges=17)).startswith("10 requests checked (7 more to other hosts), 5 without")
    unanswered = report(endpoints=(judged(HOME, Standing.UNKNOWN),))
    assert checked(unanswered) == "10 requests seen, but no response. Found: 0 errors, 0 warnings, 0 infos."


def test_who_chose_the_scope_is_not_asked() -> None:
    question = "Not your site? Name your host:"
    assert is_it_yours(report()) == (question, "--set runtime_scope='~d HOST'")
    assert is_it_yours(report(sources=("a.har",))) == (question, "--scope '~d HOST'")
    assert is_it_yours(report(scoped=True)) is None
