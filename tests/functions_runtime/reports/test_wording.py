"""What the formats for people say in the same words."""

from __future__ import annotations

import pytest

from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.reports.wording import LITTLE, headline, how_judged, lead, share, verdict_of
from tests.functions_runtime.reports.sample import ERROR, HOME, INFO, LOGIN, WARNING, entry, judged, report

SEEN = (judged(HOME), judged(LOGIN))


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 7, "0 %"),
        (1, 1000, "< 1 %"),
        (1, 100, "1 %"),
        (1, 2, "50 %"),
        (99, 100, "99 %"),
        (999, 1000, "> 99 %"),
        (7, 7, "100 %"),
        (5056, 4096, "123 %"),
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
            "None of 2 requests matched runtime_scope.",
        ),
        (
            report(endpoints=(judged(standing=Standing.UNKNOWN),), exchanges=3),
            "a.example: no response was seen",
            "3 requests to 1 endpoint were seen, but no response.",
        ),
        (
            report(entry("cookie-session", INFO), endpoints=SEEN, exchanges=1),
            "a.example: no problems found yet",
            "Little was seen so far: 1 request to 2 endpoints. Sign in, submit forms and upload files to see more.",
        ),
        (
            report(entry("cookie-session", INFO), endpoints=SEEN, exchanges=LITTLE + 1),
            "a.example: no problems found",
            "No problems found in the traffic seen so far: 11 requests to 2 endpoints.",
        ),
        (
            report(
                entry("cors-opened", WARNING), endpoints=(judged(HOME, Standing.CHANGES), judged(LOGIN)), exchanges=11
            ),
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
    seen = report(endpoints=SEEN, exchanges=1000)
    assert headline(seen, live=True) == "a.example: no problems found yet"
    assert lead(seen, live=True).startswith("Little was seen so far: 1,000 requests to 2 endpoints.")


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing.UNKNOWN, "no response was seen"),
        (Standing.RUNS, "no problems found"),
        (Standing.CHANGES, "no blocking issues, 2 warnings"),
        (Standing.BREAKS, "2 blocking issues"),
    ],
)
def test_a_host_has_a_verdict_in_the_same_words(standing: Standing, said: str) -> None:
    assert verdict_of(standing, 2) == said


@pytest.mark.parametrize(
    ("mode", "enforced", "said"),
    [
        ("audit", 0, "Nothing was modified: this is what the Runtime would do."),
        ("enforce", 10, "The requests and responses were changed as the Runtime would change them."),
        ("enforce", 0, "Based on recorded traffic; nothing was modified."),
        (
            "enforce",
            9,
            "The requests and responses were changed as the Runtime would change them. "
            "1 exchange came from recordings or an audit; nothing was modified there.",
        ),
    ],
)
def test_it_says_whether_the_traffic_was_changed(mode: str, enforced: int, said: str) -> None:
    assert how_judged(report(mode=mode, enforced=enforced)) == said
