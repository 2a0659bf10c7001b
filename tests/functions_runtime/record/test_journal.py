"""Findings gathered over a run: grouping, counts, clean exchanges, the baseline, bounded memory."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request, Response
from functions_runtime.profile import SEED_PAGE_LIMITS, Limits
from functions_runtime.record import inventory as site_module
from functions_runtime.record import journal as journal_module
from functions_runtime.record.entry import Baseline, Entry
from functions_runtime.record.inventory import FOLDED, Headroom, SeenEndpoint, Standing
from functions_runtime.record.journal import Journal
from functions_runtime.record.notices import entries_skipped
from functions_runtime.record.report import JudgedEndpoint, Report
from functions_runtime.ruling import FOLDED_FACTS, Basis, Finding, Forward, Severity
from functions_runtime.version import VERSION

INFO, WARNING, ERROR = Severity
HOME = Endpoint("GET", "a.example", "/")
LOGIN = Endpoint("POST", "a.example", "/login")


def finding(
    rule: str = "rule",
    severity: Severity = WARNING,
    subject: str | None = None,
    *,
    endpoint: Endpoint | None = None,
    replaces: Severity | None = None,
    message: str = "message",
    extent: float = 0.0,
) -> Finding:
    facts = (("said", message),)
    return Finding(rule, severity, Basis.READING, subject, facts, None, endpoint, replaces, extent)


def said(entry: Entry) -> object:
    return dict(entry.finding.facts)["said"]


class Booked:
    """An exchange, and what is booked of it now."""

    def __init__(self, journal: Journal, endpoint: Endpoint, time: float, *, enforced: bool = False) -> None:
        self._journal = journal
        self.receipt = journal.begin(endpoint, Request(host=endpoint.host, time=time), enforced=enforced)

    def add(self, findings: Sequence[Finding]) -> list[Entry]:
        self.receipt, new = self._journal.book(self.receipt, findings)
        return list(new)

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        with self._journal.rebooking(self.receipt) as self.receipt:
            yield


def report(journal: Journal) -> Report:
    return journal.report("audit", SEED_PAGE_LIMITS)


def known(journal: Journal) -> int:
    return sum(1 for entry in report(journal).entries if entry.known)


def counts(journal: Journal) -> list[tuple[str, Severity, Endpoint, str | None, int]]:
    return [
        (entry.finding.rule, entry.finding.severity, entry.endpoint, entry.finding.subject, entry.count)
        for entry in report(journal).entries
    ]


def test_a_journal_begins_empty() -> None:
    empty = Journal().report("enforce", Limits(1, 2))
    assert empty == Report("enforce", Limits(1, 2), 0, 0, 0, (), version=VERSION)
    assert empty.standing is None


def test_the_same_finding_is_one_entry_with_a_count_and_the_times() -> None:
    journal = Journal()
    new = [Booked(journal, HOME, time).add([finding(subject="sid")]) for time in (20.0, 10.0, 30.0)]
    [entry] = report(journal).entries
    assert entry == Entry(finding(subject="sid"), HOME, 3, 10.0, 30.0)
    assert new == [[entry], [], []]


def test_what_differs_in_rule_severity_endpoint_or_subject_is_another_entry() -> None:
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    different = [finding(), finding("other"), finding(severity=INFO), finding(subject="sid"), finding(subject="")]
    assert len(record.add(different)) == 5
    assert len(Booked(journal, LOGIN, 0.0).add([finding()])) == 1
    assert record.add([finding(message="said in other words")]) == []
    assert len(report(journal).entries) == 6


def test_an_exchange_is_clean_until_it_has_a_finding_of_warning_or_above() -> None:
    journal = Journal()
    records = [Booked(journal, HOME, 0.0) for _ in range(4)]
    records[0].add([finding(severity=INFO)])
    records[1].add([finding(), finding("other", ERROR)])
    records[2].add([finding(severity=INFO)])
    records[2].add([finding(severity=ERROR)])
    records[2].add([finding(severity=ERROR)])
    assert (report(journal).judged, report(journal).clean) == (4, 2)
    assert [record.receipt.is_clean for record in records] == [True, False, False, True]


def test_the_gravest_come_first() -> None:
    journal = Journal()
    Booked(journal, LOGIN, 0.0).add([finding("b"), finding("a", INFO), finding("a", ERROR), finding("a")])
    Booked(journal, HOME, 0.0).add([finding("b", subject="y"), finding("b"), finding("b", subject="x")])
    assert counts(journal) == [
        ("a", ERROR, LOGIN, None, 1),
        ("a", WARNING, LOGIN, None, 1),
        ("b", WARNING, HOME, None, 1),
        ("b", WARNING, HOME, "x", 1),
        ("b", WARNING, HOME, "y", 1),
        ("b", WARNING, LOGIN, None, 1),
        ("a", INFO, LOGIN, None, 1),
    ]
    assert [report(journal).counted(severity) for severity in Severity] == [1, 5, 1]


def test_a_finding_may_belong_to_another_endpoint() -> None:
    journal = Journal()
    Booked(journal, HOME, 0.0).add([finding(endpoint=LOGIN), finding()])
    assert counts(journal) == [("rule", WARNING, HOME, None, 1), ("rule", WARNING, LOGIN, None, 1)]


def test_a_finding_takes_the_place_of_what_was_said_when_less_was_known() -> None:
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(), finding(subject="sid"), finding(severity=INFO)])
    record.add([finding(severity=ERROR, replaces=WARNING)])
    expected = [
        ("rule", ERROR, HOME, None, 2),
        ("rule", WARNING, HOME, "sid", 1),
        ("rule", INFO, HOME, None, 1),
    ]
    assert counts(journal) == expected
    record.add([finding(severity=ERROR, replaces=WARNING)])
    assert counts(journal)[0] == ("rule", ERROR, HOME, None, 3)


def test_what_was_said_when_less_was_known_does_not_come_back() -> None:
    journal = Journal()
    assert Booked(journal, HOME, 20.0).add([finding(severity=ERROR, replaces=WARNING)])
    assert Booked(journal, HOME, 10.0).add([finding()]) == []
    assert Booked(journal, HOME, 30.0).add([finding()]) == []
    assert report(journal).clean == 0


def test_it_counts_for_both_in_whatever_order_they_come() -> None:
    graver = finding(severity=ERROR, replaces=WARNING)
    for order in set(itertools.permutations((finding(), finding(), graver))):
        journal = Journal()
        for time, found in enumerate(order):
            Booked(journal, HOME, float(time)).add([found])
        [entry] = report(journal).entries
        assert (entry.finding, entry.count, entry.first_seen, entry.last_seen) == (graver, 3, 0.0, 2.0)
        assert report(journal).new(ERROR)


def test_what_it_took_the_place_of_is_back_once_it_is_gone() -> None:
    journal = Journal({("rule", "warning", *HOME, None): True})
    first, second = Booked(journal, HOME, 0.0), Booked(journal, HOME, 1.0)
    graver = finding(severity=ERROR, replaces=WARNING)
    first.add([finding()])
    second.add([graver])
    assert report(journal).new(WARNING)
    with first.anew():
        pass
    assert counts(journal) == [("rule", ERROR, HOME, None, 1)]
    with first.anew():
        first.add([finding()])
    with second.anew():
        pass
    assert counts(journal) == [("rule", WARNING, HOME, None, 1)]
    assert not report(journal).new(WARNING)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(finding("other"), id="another rule"),
        pytest.param(finding(severity=INFO), id="a severity that was not replaced"),
        pytest.param(finding(subject="sid"), id="another subject"),
        pytest.param(finding(endpoint=LOGIN), id="another endpoint"),
    ],
)
def test_what_was_not_replaced_is_said_beside_it(other: Finding) -> None:
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(severity=ERROR, replaces=WARNING)])
    assert len(record.add([other])) == 1
    assert len(report(journal).entries) == 2


def test_a_graver_finding_that_replaces_nothing_stands_beside_the_other() -> None:
    journal = Journal()
    assert len(Booked(journal, HOME, 0.0).add([finding(severity=ERROR), finding()])) == 2


def test_only_a_graver_finding_keeps_the_place_of_another() -> None:
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(severity=INFO, replaces=WARNING)])
    assert len(record.add([finding()])) == 1


def test_a_finding_does_not_take_its_own_place() -> None:
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(replaces=WARNING)])
    assert record.add([finding(replaces=WARNING)]) == []
    assert counts(journal) == [("rule", WARNING, HOME, None, 2)]


# Bounded memory


def test_beyond_the_maximum_findings_of_a_rule_and_severity_share_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 3)
    journal = Journal()
    for number in range(100):
        endpoint = Endpoint("GET", "a.example", f"/{number}")
        record = Booked(journal, endpoint, float(number))
        record.add([finding(subject=f"s{number}"), finding("other", INFO, message=f"of {number}")])
    everything = Endpoint("*", "*", "*")
    assert counts(journal) == [
        ("rule", WARNING, everything, None, 98),
        ("rule", WARNING, Endpoint("GET", "a.example", "/0"), "s0", 1),
        ("rule", WARNING, Endpoint("GET", "a.example", "/1"), "s1", 1),
        ("other", INFO, everything, None, 99),
        ("other", INFO, Endpoint("GET", "a.example", "/0"), None, 1),
    ]
    assert report(journal).folded == 197
    folded = report(journal).entries[0]
    assert folded.finding.facts == FOLDED_FACTS
    assert (folded.first_seen, folded.last_seen) == (2.0, 99.0)
    assert (report(journal).judged, report(journal).clean) == (100, 0)


def test_what_was_there_before_the_maximum_goes_on_being_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 1)
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(), finding("other"), finding()])
    assert ("rule", WARNING, HOME, None, 2) in counts(journal)
    assert report(journal).folded == 1


def test_an_exchange_can_be_left_out_later() -> None:
    journal, undisturbed = Journal(), Journal()
    for each in (journal, undisturbed):
        Booked(each, HOME, 1.0).add([finding()])
    left = [
        (Booked(journal, LOGIN, 1.0, enforced=True), True, False),
        (Booked(journal, HOME, 1.0), False, True),
    ]
    journal.recorded += 1
    journal.inventory.unmeasured += 1
    left[0][0].add([finding(severity=ERROR), finding("other", INFO)])
    for booked, enforced, recorded in left:
        journal.withdraw(booked.receipt, enforced=enforced, recorded=recorded, unmeasured=recorded)
    assert journal.outside_scope == 2
    journal.outside_scope = 0
    assert report(journal) == report(undisturbed)


# Baseline


def test_what_is_in_the_baseline_is_known() -> None:
    baseline: Baseline = {("rule", "warning", *HOME, "sid"): True}
    journal = Journal(baseline)
    found = [finding(subject="sid"), finding(), finding(severity=ERROR, subject="sid"), finding("other", subject="sid")]
    new = Booked(journal, HOME, 0.0).add(found)
    assert [entry.known for entry in new] == [True, False, False, False]
    Booked(journal, LOGIN, 0.0).add([finding(subject="sid")])
    assert known(journal) == 1


def test_what_the_baseline_has_at_another_severity_is_known_if_that_was_graver_and_never_stale() -> None:
    for then, now, expected in (("error", WARNING, 1), ("warning", INFO, 1), ("warning", ERROR, 0), ("info", ERROR, 0)):
        journal = Journal({("rule", then, *HOME, None): True})
        Booked(journal, HOME, 0.0).add([finding(severity=now)])
        over = journal.report("audit", SEED_PAGE_LIMITS, is_over=True)
        assert (known(journal), over.notices) == (expected, ())


def test_what_only_the_baseline_has_is_stale_once_the_run_is_over() -> None:
    baseline: Baseline = {("rule", "warning", *HOME, "sid"): True, ("gone", "info", *HOME, None): True}
    journal = Journal({**baseline, ("other", "info", "GET", "ads.example", "/", None): False})
    Booked(journal, HOME, 0.0).add([finding(subject="sid")])
    assert [notice.id for notice in report(journal).notices] == []
    over = journal.report("audit", SEED_PAGE_LIMITS, is_over=True)
    assert [(notice.id, notice.count) for notice in over.notices] == [("baseline-stale", 1)]
    journal.folded = 1
    assert journal.report("audit", SEED_PAGE_LIMITS, is_over=True).notices == ()


def test_entries_have_the_scheme_and_the_port_of_the_first_request() -> None:
    journal, other = Journal(), Journal()
    for each, scheme, port in ((journal, "http", 9110), (journal, "https", 443), (other, "http", 80)):
        receipt = each.begin(HOME, Request(host=HOME.host, scheme=scheme, port=port))
        _, new = each.book(receipt, [finding(subject=scheme)])
        assert [(entry.scheme, entry.port) for entry in new] in ([(scheme, port)], [("http", 9110)])
    assert {(entry.scheme, entry.port) for entry in report(journal).entries} == {("http", 9110)}
    other.merge(journal)
    assert {(entry.scheme, entry.port) for entry in report(other).entries} == {("http", 9110)}


def test_what_is_taken_in_is_compared_with_the_baseline() -> None:
    baseline: Baseline = {("rule", "warning", *HOME, "sid"): True}
    for mine, others, expected in ((baseline, None, 1), (None, baseline, 0)):
        journal, other = Journal(mine), Journal(others)
        Booked(other, HOME, 0.0).add([finding(subject="sid")])
        journal.merge(other)
        assert known(journal) == expected


def test_a_baseline_may_come_later_and_go_again() -> None:
    journal = Journal()
    Booked(journal, HOME, 0.0).add([finding()])
    assert known(journal) == 0
    journal.compare_with({("rule", "warning", *HOME, None): True, ("late", "info", *HOME, None): True})
    Booked(journal, HOME, 0.0).add([finding("late", INFO)])
    assert known(journal) == 2
    journal.compare_with({})
    assert known(journal) == 0


def test_where_findings_share_an_entry_nobody_knows_which_endpoint_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 1)
    journal = Journal()
    for path in ("/a", "/b"):
        endpoint = HOME._replace(path=path)
        journal.inventory.saw_answer(endpoint)
        Booked(journal, endpoint, 0.0).add([finding(severity=ERROR)])
    whole = report(journal)
    assert {each.seen.endpoint.path: each.standing for each in whole.endpoints} == {
        "/a": Standing.BREAKS,
        "/b": Standing.UNKNOWN,
        "*": Standing.BREAKS,
    }
    assert not whole.folded_endpoints


def test_what_was_folded_can_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 1)
    journal = Journal()
    records = [Booked(journal, HOME._replace(path=path), 0.0) for path in "abc"]
    for record in records:
        record.add([finding()])
    assert (journal.folded, len(report(journal).entries)) == (2, 2)
    for record in reversed(records):
        with record.anew():
            pass
    assert (journal.folded, report(journal).entries) == (0, ())


def test_a_finding_that_takes_the_place_of_another_is_shown_even_at_one_severity() -> None:
    journal = Journal()
    later = finding(severity=ERROR, message="later", replaces=WARNING)
    Booked(journal, HOME, 0.0).add([finding(severity=ERROR), later, finding(severity=ERROR)])
    assert [said(entry) for entry in report(journal).entries] == ["later"]


def test_of_findings_that_are_one_the_one_that_goes_furthest_is_shown() -> None:
    for order in itertools.permutations((1.5, 3.0, 2.0)):
        journal = Journal()
        for extent in order:
            found = finding("slow", message=f"{extent} s", extent=extent)
            Booked(journal, HOME, 0.0).add([found])
        [entry] = report(journal).entries
        assert (said(entry), entry.count) == ("3.0 s", 3)


def test_what_was_said_under_other_settings_gives_way() -> None:
    journal = Journal()
    far, near, nearer = (finding("slow", message=f"{extent} s", extent=extent) for extent in (9, 2, 1))
    exchange = Booked(journal, HOME, 1.0)
    exchange.add([far])
    journal.outdate()
    for further in (nearer, near, nearer):
        Booked(journal, HOME, 2.0).add([further])
    [entry] = report(journal).entries
    assert (said(entry), entry.count) == ("2 s", 4)


def test_a_finding_is_new_unless_it_is_known() -> None:
    journal = Journal({("rule", "error", *HOME, None): True})
    assert not report(journal).new(INFO)
    Booked(journal, HOME, 0.0).add([finding(severity=ERROR)])
    assert not report(journal).new(INFO)
    Booked(journal, HOME, 0.0).add([finding("other")])
    assert [len(report(journal).new(severity)) for severity in Severity] == [1, 1, 0]
    journal.compare_with(None)
    assert [str(entry) for entry in report(journal).new(INFO)] == ["rule GET a.example/", "other GET a.example/"]
    assert [report(journal).compared, report(Journal({})).compared] == [False, True]


def test_what_went_as_under_the_runtime_is_counted() -> None:
    journal = Journal()
    Booked(journal, HOME, 0.0)
    Booked(journal, HOME, 0.0, enforced=True)
    assert (report(journal).judged, report(journal).enforced) == (2, 1)


def test_an_entry_names_its_rule_its_subject_and_where_it_was_found() -> None:
    journal = Journal()
    [entry] = Booked(journal, HOME, 0.0).add([finding(subject="sid")])
    assert str(entry) == "rule [sid] GET a.example/"


# The site


def test_endpoints_stand_as_their_gravest_finding_says() -> None:
    journal = Journal()
    fine = Endpoint("GET", "a.example", "/fine")
    elsewhere = Endpoint("PUT", "a.example", "/elsewhere")
    silent = Endpoint("GET", "a.example", "/silent")
    Booked(journal, silent, 0.0)
    journal.inventory.saw_answer(fine)
    Booked(journal, fine, 0.0).add([finding(severity=INFO)])
    Booked(journal, HOME, 0.0).add([finding("b"), finding("a"), finding("a", subject="sid")])
    Booked(journal, LOGIN, 0.0).add([finding("a"), finding("c", ERROR), finding(endpoint=elsewhere)])
    judged = report(journal).endpoints
    assert [(each.seen.endpoint, each.standing, each.reasons, each.seen.exchanges) for each in judged] == [
        (LOGIN, Standing.BREAKS, ("c", "a"), 1),
        (HOME, Standing.CHANGES, ("a", "b"), 1),
        (elsewhere, Standing.CHANGES, ("rule",), 0),
        (fine, Standing.RUNS, (), 1),
        (silent, Standing.UNKNOWN, (), 1),
    ]
    assert judged[2] == JudgedEndpoint(SeenEndpoint(elsewhere, 0, Headroom(), Headroom()), Standing.CHANGES, ("rule",))
    assert [report(journal).endpoints_that(standing) for standing in Standing] == [1, 1, 2, 1]


@pytest.mark.parametrize(
    ("severities", "standing"),
    [
        ([], Standing.RUNS),
        ([INFO], Standing.RUNS),
        ([INFO, WARNING], Standing.CHANGES),
        ([INFO, ERROR, WARNING], Standing.BREAKS),
    ],
)
def test_the_site_stands_as_its_gravest_finding_says(severities: list[Severity], standing: Standing) -> None:
    journal = Journal()
    journal.inventory.saw_answer(HOME)
    Booked(journal, HOME, 0.0).add([finding(severity=severity) for severity in severities])
    assert report(journal).standing is standing


def test_how_a_site_does_that_never_answers_is_unknown() -> None:
    journal = Journal()
    Booked(journal, HOME, 0.0).add([finding(severity=INFO)])
    assert report(journal).standing is Standing.UNKNOWN


def test_where_endpoints_share_an_entry_it_stands_as_the_gravest_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module, "MAX_ENDPOINTS", 1)
    journal = Journal()
    for path in ("/a", "/b", "/c"):
        endpoint = HOME._replace(path=path)
        record = Booked(journal, endpoint, 0.0)
        journal.inventory.saw_answer(endpoint)
        record.add([finding(severity=ERROR if path == "/c" else WARNING)])
    whole = report(journal)
    assert whole.folded_endpoints
    assert [(each.seen.endpoint.path, each.standing, each.seen.exchanges) for each in whole.endpoints] == [
        ("*", Standing.BREAKS, 2),
        ("/a", Standing.CHANGES, 1),
    ]
    assert not report(Journal()).folded_endpoints


def test_cookies_are_listed_by_host_and_name() -> None:
    journal = Journal()
    for host, line in [
        ("b.example", b"a=1"),
        ("a.example", b"b=1"),
        ("a.example", b"a=1; Secure"),
        ("a.example", b"a=1"),
    ]:
        journal.inventory.saw_cookies(host, Response(fields=((b"Set-Cookie", line),)), Forward())
    assert [(cookie.host, cookie.name, cookie.today) for cookie in report(journal).cookies] == [
        ("a.example", "a", ""),
        ("a.example", "a", "Secure"),
        ("a.example", "b", ""),
        ("b.example", "a", ""),
    ]
    assert report(journal).further_cookies == 0


def test_what_was_added_can_be_taken_back() -> None:
    journal = Journal()
    first, second = Booked(journal, HOME, 1.0), Booked(journal, HOME, 2.0)
    elsewhere = finding("elsewhere", INFO, endpoint=LOGIN)
    first.add([finding(), elsewhere])
    second.add([finding()])
    with first.anew():
        pass
    assert counts(journal) == [("rule", WARNING, HOME, None, 1)]
    assert (journal.judged, journal.clean, first.receipt.is_clean) == (2, 1, True)
    with second.anew():
        pass
    with second.anew():
        pass
    assert (counts(journal), journal.clean) == ([], 2)


def test_at_the_bound_what_is_found_anew_takes_the_place_of_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 3)
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(str(number)) for number in range(3)])
    for severity in (ERROR, WARNING):
        with record.anew():
            record.add([finding(str(number), severity) for number in range(3)])
    assert counts(journal) == [(str(number), WARNING, HOME, None, 1) for number in range(3)]
    with record.anew():
        record.add([finding(str(number)) for number in range(4)])
    assert journal.folded == 1


def test_what_was_folded_together_replaces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 0)
    journal = Journal()
    record = Booked(journal, HOME, 0.0)
    record.add([finding(), finding(endpoint=LOGIN), finding(severity=ERROR, replaces=WARNING)])
    assert [(severity, count) for _, severity, _, _, count in counts(journal)] == [(ERROR, 1), (WARNING, 2)]


def test_what_is_found_again_is_not_new() -> None:
    journal = Journal()
    record = Booked(journal, HOME, 5.0)
    record.add([finding(message="90%", extent=0.9)])
    with record.anew():
        assert record.add([finding(message="70%", extent=0.7)]) == []
        assert len(record.add([finding("other")])) == 1
    assert [said(entry) for entry in report(journal).entries if entry.finding.rule == "rule"] == ["70%"]
    assert [entry.count for entry in report(journal).entries] == [1, 1]


def test_what_was_folded_together_then_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 0)
    journal = Journal({("rule", "warning", "*", "*", "*", None): True})
    Booked(journal, HOME, 1.0).add([finding()])
    assert not report(journal).new(WARNING)


# Own hosts and notices


def entered(journal: Journal, host: str) -> Booked:
    """An exchange by which somebody went to the host."""
    request = Request(host=host, fields=((b"Sec-Fetch-Dest", b"document"),))
    booked = Booked(journal, Endpoint("GET", host, "/"), 0.0)
    journal.hosts.saw_request(request)
    return booked


def test_own_hosts_come_first_and_alone_count() -> None:
    journal = Journal()
    entered(journal, "a.example").add([finding()])
    ads = Booked(journal, Endpoint("GET", "0.ads.example", "/"), 0.0)
    ads.add([finding(severity=ERROR), finding("other", INFO)])
    journal.inventory.saw_cookies("0.ads.example", Response(fields=((b"Set-Cookie", b"a=1"),)), Forward())
    whole = report(journal)
    assert [(entry.endpoint.host, entry.own) for entry in whole.entries] == [
        ("a.example", True),
        ("0.ads.example", False),
        ("0.ads.example", False),
    ]
    assert whole.standing is Standing.CHANGES
    assert ([each.own for each in whole.endpoints], [each.own for each in whole.cookies]) == ([True, False], [False])
    assert ([whole.counted(each) for each in Severity], whole.counted(ERROR, own=False)) == ([0, 1, 0], 1)
    assert [(host.host, host.own, host.errors) for host in whole.hosts] == [
        ("a.example", True, 0),
        ("0.ads.example", False, 1),
    ]
    assert not report(journal).new(ERROR)
    assert len(report(journal).new(WARNING)) == 1
    assert len(journal.report("audit", SEED_PAGE_LIMITS, scoped=True).new(ERROR)) == 1


def test_what_is_folded_counts_as_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 0)
    journal = Journal()
    entered(journal, "a.example").add([finding(severity=ERROR)])
    assert [entry.own for entry in report(journal).entries] == [True]


def test_clean_exchanges_are_counted_by_host() -> None:
    journal = Journal()
    booked = Booked(journal, HOME, 0.0)
    Booked(journal, HOME, 0.0)
    booked.add([finding()])
    assert [(host.exchanges, host.clean) for host in report(journal).hosts] == [(2, 1)]
    with booked.anew():
        pass
    assert [(host.exchanges, host.clean) for host in report(journal).hosts] == [(2, 2)]


def test_a_recording_without_a_cookie_says_so() -> None:
    journal = Journal()
    for _ in range(21):
        journal.begin(HOME, Request(host="a.example"), recorded=True)
    whole = journal.report("audit", SEED_PAGE_LIMITS, sources=["a.har"], notices=[None])
    assert [notice.id for notice in whole.notices] == ["no-cookies"]
    assert (whole.recorded, whole.sources, whole.source) == (21, ("a.har",), "a.har")
    journal.hosts.has_credentials = True
    assert report(journal).notices == ()


def test_a_notice_that_knows_more_takes_the_place_of_the_journals() -> None:
    journal = Journal()
    journal.unanswered = 1
    assert report(journal).notices == (entries_skipped({}, unanswered=(1, ())),)
    better = entries_skipped({}, unanswered=(1, ["7"]))
    assert journal.report("audit", SEED_PAGE_LIMITS, notices=[better]).notices == (better,)


def test_restricted_headers_are_noticed_until_something_shows_what_they_do() -> None:
    journal = Journal()
    booked = Booked(journal, HOME, 0.0)
    journal.hosts.reached("a.example", ["via", "x-real-ip"])
    [notice] = report(journal).notices
    assert (notice.id, notice.count) == ("restricted-untested", 2)
    booked.add([finding("restricted-header-used", subject="via")])
    [notice] = report(journal).notices
    assert notice.count == 1
    entered(journal, "other.example")
    assert report(journal).notices == ()


def test_the_first_and_the_last_exchange_are_known() -> None:
    journal = Journal()
    assert (report(journal).began, report(journal).ended) == (None, None)
    for time in (2.0, 1.0, 3.0):
        Booked(journal, HOME, time)
    assert (report(journal).began, report(journal).ended) == (1.0, 3.0)


def test_a_successor_is_empty_and_has_the_same_baseline() -> None:
    journal = Journal({("rule", "warning", *HOME, None): True}, registrable=str.upper)
    Booked(journal, HOME, 0.0).add([finding()])
    successor = journal.successor()
    assert report(successor).judged == 0
    Booked(successor, HOME, 0.0).add([finding()])
    assert known(successor) == 1


def test_what_happened_elsewhere_is_added() -> None:
    first, second = Journal(), Journal()
    Booked(first, HOME, 2.0).add([finding(subject="sid", message="near", extent=1.0)])
    Booked(second, HOME, 1.0).add([finding(subject="sid", message="far", extent=2.0)])
    Booked(second, HOME, 4.0).add([finding(subject="sid", message="near", extent=1.0)])
    Booked(second, LOGIN, 5.0).add([])
    first.merge(second)
    [entry] = report(first).entries
    assert (said(entry), entry.count, entry.first_seen, entry.last_seen) == ("far", 3, 1.0, 4.0)
    assert (report(first).judged, report(first).clean) == (4, 1)
    assert (report(first).began, report(first).ended) == (1.0, 5.0)
    assert (first.found, counts(second)) == (1, [("rule", WARNING, HOME, "sid", 2)])


def test_entries_that_are_too_many_together_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 1)
    together = Journal()
    for subject in "cba":
        journal = Journal()
        Booked(journal, HOME, 0.0).add([finding(subject=subject)])
        together.merge(journal)
    shared = ("rule", WARNING, FOLDED, None, 2)
    assert sorted(counts(together), key=repr) == sorted([shared, ("rule", WARNING, HOME, "a", 1)], key=repr)
    assert report(together).folded == 2


def test_cookies_are_booked_and_taken_back_with_their_exchange() -> None:
    journal = Journal()
    booked = Booked(journal, HOME, 0.0)
    response = Response(fields=((b"Set-Cookie", b"sid=1"),))
    cookies = journal.inventory.saw_cookies("a.example", response, Forward())
    booked.receipt, _ = journal.book(booked.receipt, (), cookies)
    assert [cookie.name for cookie in report(journal).cookies] == ["sid"]
    with booked.anew():
        assert report(journal).cookies == ()
