"""A run at one moment: what follows from entries, endpoints and hosts."""

from __future__ import annotations

from functions_runtime.endpoint import Endpoint
from functions_runtime.profile import Limits
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import FOLDED, Headroom, SeenEndpoint, Standing
from functions_runtime.record.notices import Notice
from functions_runtime.record.report import JudgedHost, Report, judged_endpoints, judged_hosts, rank
from functions_runtime.ruling import Basis, Finding, Severity

INFO, WARNING, ERROR = Severity
HOME = Endpoint("GET", "a.example", "/")
ADS = Endpoint("GET", "ads.example", "/")


def entry(
    severity: Severity, endpoint: Endpoint = HOME, rule: str = "rule", *, own: bool = True, known: bool = False
) -> Entry:
    return Entry(Finding(rule, severity, Basis.READING), endpoint, 1, 0.0, 0.0, known, own)


def seen(endpoint: Endpoint, exchanges: int = 1, *, answered: bool = True) -> SeenEndpoint:
    return SeenEndpoint(endpoint, exchanges, Headroom(), Headroom(), answered)


def is_own(host: str) -> bool:
    return host == "a.example"


def report(*entries: Entry, endpoints: tuple[SeenEndpoint, ...] = (), judged: int = 1) -> Report:
    found = judged_endpoints(endpoints, entries, is_own)
    return Report("audit", Limits(1, 1), judged, 0, 0, entries, found, hosts=judged_hosts({}, found, entries, str))


def test_the_verdict_speaks_of_own_hosts() -> None:
    ads = entry(ERROR, ADS, own=False)
    assert report(ads, endpoints=(seen(HOME), seen(ADS))).standing is Standing.RUNS
    assert report(ads, endpoints=(seen(ADS),)).standing is None
    assert report(entry(WARNING), ads, endpoints=(seen(HOME), seen(ADS))).standing is Standing.CHANGES
    assert report(endpoints=(seen(HOME, answered=False),)).standing is Standing.UNKNOWN
    assert report(endpoints=(seen(HOME),), judged=0).standing is None


def test_entries_are_told_apart_by_owner() -> None:
    mine, theirs = entry(ERROR, known=True), entry(ERROR, ADS, own=False, known=True)
    whole = report(mine, theirs, endpoints=(seen(HOME), seen(ADS)))
    assert (whole.own_entries, whole.other_entries) == ((mine,), (theirs,))
    assert (whole.counted(ERROR), whole.counted(ERROR, own=False)) == (1, 1)
    assert [whole.endpoints_that(standing) for standing in Standing] == [0, 0, 0, 1]
    assert sorted([theirs, mine], key=rank) == [mine, theirs]


def test_a_run_is_unread_if_no_recording_could_be_read() -> None:
    notices = (Notice("no-cookies", "", 1), Notice("unreadable", "", 1))
    shown = [
        Report("audit", Limits(1, 1), 0, 0, 0, (), sources=sources, notices=found).is_unread
        for sources, found in (((), notices), ((), notices[:1]), (("a.har",), notices))
    ]
    assert shown == [True, False, False]


def test_sources_are_named_or_counted() -> None:
    whole = report()
    assert [
        Report("audit", Limits(1, 1), 1, 1, 0, (), sources=sources).source
        for sources in ((), ("a.har",), ("a.har", "b.har"))
    ] == ["", "a.har", "2 recordings"]
    assert whole.source == ""


def test_a_host_stands_as_its_gravest_endpoint() -> None:
    login = Endpoint("POST", "a.example", "/login")
    entries = (
        entry(INFO),
        entry(WARNING, rule="b"),
        entry(ERROR, login, "a"),
        entry(ERROR, Endpoint("GET", "x.example", "/")),
    )
    endpoints = judged_endpoints((seen(HOME), seen(login), seen(ADS)), entries[:3], is_own)
    assert judged_hosts({"a.example": (3, 1)}, endpoints, entries, str.upper) == (
        JudgedHost("a.example", True, Standing.BREAKS, 3, 1, 1, 1, 1, ("a", "b"), "A.EXAMPLE"),
        JudgedHost("ads.example", False, Standing.RUNS, 0, 0, 0, 0, 0, (), "ADS.EXAMPLE"),
    )


def test_endpoints_that_share_an_entry_stand_as_the_gravest() -> None:
    folded = seen(FOLDED, 3)
    [judged] = judged_endpoints((folded,), (entry(ERROR),), is_own)
    assert (judged.seen, judged.standing, judged.own) == (folded, Standing.BREAKS, False)
    whole = Report("audit", Limits(1, 1), 1, 1, 0, (), (judged,))
    assert whole.folded_endpoints
    hidden = judged_endpoints((seen(HOME),), (entry(ERROR, FOLDED),), is_own)
    assert [each.standing for each in hidden] == [Standing.UNKNOWN, Standing.BREAKS]


def test_what_is_new_is_at_own_hosts_grave_enough_and_not_known() -> None:
    grave, mild = entry(ERROR), entry(INFO, rule="other")
    whole = report(grave, mild, entry(WARNING, known=True), entry(ERROR, ADS, own=False))
    assert whole.new(WARNING) == [grave]
    assert whole.new(INFO) == [grave, mild]
