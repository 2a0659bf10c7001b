"""What Part 2 of the rules says of whole sites: nothing false, nothing missed, and the same in whatever order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions_runtime.case import Origin
from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.engine import Consequences
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import SEED_PAGE_LIMITS, Profile
from functions_runtime.record.bounded import Recent
from functions_runtime.record.inventory import Standing
from functions_runtime.record.report import Report
from functions_runtime.rule import Step
from functions_runtime.rules import cookie_read_by_script, cors_credentials_blocked
from functions_runtime.ruling import Failure, Finding, Severity
from functions_runtime.session import Session
from functions_runtime.syntax.rfc9110 import Fields
from tests.exchange_files import Outcome, Site, sites
from tests.memories import caught_memories

ORDINARY, BREAKING = sites("ordinary"), sites("breaking")

REPORTED = {rule.id for rule in RULES if rule.step >= Step.CONSEQUENCES}
"""Rules that say what would break, and do nothing."""
BREAKS = {site.name for site in BREAKING}
"""Rules that say what would break: the Runtime replies in place of the site because of some of them."""

each_ordinary_site = pytest.mark.parametrize("site", ORDINARY, ids=lambda site: site.name)
each_site = pytest.mark.parametrize("site", [*ORDINARY, *BREAKING], ids=lambda site: site.name)


class Run:
    """Exchanges seen in one session, by the rules that say what would break."""

    def __init__(self) -> None:
        rules = [rule for rule in RULES if rule.id in BREAKS]
        self._session = Session(Profile(), b"a key that is secret", rules)
        self.findings: list[Finding] = []

    def see(self, exchange: Exchange) -> tuple[Failure, ...]:
        assert exchange.response
        session = self._session
        asked = session.request(exchange.request, Origin.AUDITED, sent=exchange.sent, over_tls=exchange.over_tls)
        answered = session.response(
            asked.case, exchange.response, removed=exchange.removed, sent=exchange.sent, received=exchange.received
        )
        ended = session.ended(answered.case, exchange.sent, exchange.received, exchange.ended)
        self.findings += ended.case.findings
        return (*asked.failures, *answered.failures, *ended.failures)

    def report(self) -> Report:
        return self._session.journal.report("audit", SEED_PAGE_LIMITS)


def report_on(exchanges: Iterable[Exchange]) -> Report:
    run = Run()
    for exchange in exchanges:
        assert run.see(exchange) == ()
    return run.report()


def outcome(exchanges: Iterable[Exchange]) -> set[Outcome]:
    """What the journal says in the end."""
    found = ((entry.finding, entry.endpoint) for entry in report_on(exchanges).entries)
    return {(str(finding.severity), finding.rule, str(endpoint), finding.subject) for finding, endpoint in found}


# Whole sites


@each_ordinary_site
def test_an_ordinary_site_gives_no_false_alarm(site: Site) -> None:
    assert outcome(site.exchanges) == site.expected


@pytest.mark.parametrize("site", BREAKING, ids=lambda site: site.name)
def test_a_site_that_breaks_gives_exactly_what_is_expected(site: Site) -> None:
    assert outcome(site.exchanges) == site.expected
    assert site.name in {rule for _, rule, _, _ in site.expected}


def test_each_rule_has_a_site_that_breaks() -> None:
    assert REPORTED < BREAKS < set(BY_ID)


def test_every_expectation_speaks_of_a_rule_that_there_is() -> None:
    assert {rule for site in (*ORDINARY, *BREAKING) for _, rule, _, _ in site.expected} <= BREAKS


TRULY_BREAK = {
    "POST shop.example/account/picture",  # an uploaded file
    "POST errors.example/api/{id}/envelope/",  # reports of errors, as lines of JSON
    "GET app.example/api/events",  # server-sent events
}
"""Of the ordinary sites, what a Function cannot do."""


def test_what_is_expected_of_an_ordinary_site_is_no_error_unless_it_truly_breaks() -> None:
    errors = {where for site in ORDINARY for severity, _, where, _ in site.expected if severity == "error"}
    assert errors == TRULY_BREAK


@each_site
def test_the_verdict_says_how_each_endpoint_does_and_why(site: Site) -> None:
    report = report_on(site.exchanges)
    reasons = {(str(each.seen.endpoint), reason) for each in report.endpoints for reason in each.reasons}
    assert reasons == {(endpoint, rule) for severity, rule, endpoint, _ in site.expected if severity != "info"}
    for each in report.endpoints:
        severities = {severity for severity, _, endpoint, _ in site.expected if endpoint == str(each.seen.endpoint)}
        expected = Standing.CHANGES if "warning" in severities else Standing.RUNS
        assert each.standing is (Standing.BREAKS if "error" in severities else expected)
    gravest = max((Severity[severity.upper()] for severity, _, _, _ in site.expected), default=Severity.INFO)
    assert report.standing is list(Standing)[gravest]
    assert sum(report.endpoints_that(standing) for standing in Standing) == len(
        [each for each in report.endpoints if each.own]
    )
    assert sum(each.seen.exchanges for each in report.endpoints) == report.judged == len(site.exchanges)


def test_an_endpoint_that_only_a_preflight_speaks_of_is_judged_too() -> None:
    [site] = [site for site in BREAKING if site.name == "cors-method-blocked"]
    [deleting] = [each for each in report_on(site.exchanges).endpoints if each.seen.endpoint.method == "DELETE"]
    assert (deleting.seen.exchanges, deleting.standing, deleting.reasons) == (
        0,
        Standing.BREAKS,
        ("cors-method-blocked",),
    )


@each_site
def test_no_finding_on_a_site_shows_a_secret(site: Site) -> None:
    run = Run()
    for exchange in site.exchanges:
        run.see(exchange)
    shown = repr(run.findings)
    for value in secrets_of(site.exchanges):
        assert value not in shown


def secrets_of(exchanges: Iterable[Exchange]) -> set[str]:
    """Values of cookies, of Authorization and of queries, as far as they are long enough to be told from words."""
    values: set[bytes] = set()
    for exchange in exchanges:
        request, response = exchange.request, exchange.response
        pairs = [pair for value in request.by_name.get(b"cookie", ()) for pair in value.split(b"; ")]
        pairs += request.query.split(b"&")
        values.update(pair.partition(b"=")[2] for pair in pairs)
        values.update(value.partition(b" ")[2] for value in request.by_name.get(b"authorization", ()))
        values.update(field.cookie.value for field in (response.cookies if response else ()))
    return {value.decode() for value in values if len(value) >= 12}


def test_the_search_for_secrets_finds_them() -> None:
    found = {value for site in (*ORDINARY, *BREAKING) for value in secrets_of(site.exchanges)}
    assert {"q3v8m1u6l2o9s4t7n5r0c8k1e6", "u-77f3b2c1d9e8", "eyJpdiI6Ik1qQXhPQ0lzIn0%3D"} <= found
    assert "bXktb3BhcXVlLXRva2VuLTE3NjM4ODQ4MDA" in found


# Order


JSON = (b"Content-Type", b"application/json")


def exchange(
    method: str, url: str, *fields: tuple[bytes, bytes], answer: Fields = (), status: int = 200, query: bytes = b""
) -> Exchange:
    host, slash, path = url.partition("/")
    return Exchange(Request(method, host, slash + path, fields, host, query=query), Response(status, answer))


def asks(origin: bytes, method: str, url: str, headers: bytes = b"content-type") -> Exchange:
    """A preflight that the site answers with everything that was asked for, credentials included."""
    return exchange(
        "OPTIONS",
        url,
        (b"Origin", origin),
        (b"Access-Control-Request-Method", method.encode()),
        (b"Access-Control-Request-Headers", headers),
        answer=(
            (b"Access-Control-Allow-Origin", origin),
            (b"Access-Control-Allow-Credentials", b"true"),
            (b"Access-Control-Allow-Methods", method.encode()),
            (b"Access-Control-Allow-Headers", headers),
        ),
    )


def with_cookie(method: str, url: str, cookie: bytes, origin: bytes = b"") -> Exchange:
    fields = ((b"Origin", origin), JSON) if origin else ()
    return exchange(method, url, *fields, (b"Cookie", cookie))


def setting(url: str, *lines: bytes) -> Exchange:
    return exchange("GET", url, answer=tuple((b"Set-Cookie", line) for line in lines))


APP, OTHER = b"https://app.example", b"https://other.example"


class Story(NamedTuple):
    """Exchanges that only together mean something, and what they mean."""

    exchanges: tuple[Exchange, ...]
    expected: set[Outcome]


STORIES = {
    "a session that is sent to another origin": Story(
        (
            asks(APP, "POST", "session.example/me"),
            with_cookie("POST", "session.example/me", b"sid=1", APP),
            exchange("POST", "session.example/me", (b"Origin", APP)),
            asks(APP, "POST", "session.example/me", b"authorization"),
        ),
        {
            ("error", "cors-credentials-blocked", "POST session.example/me", None),
            ("warning", "cors-authorization-wildcard", "POST session.example/me", "authorization"),
            ("warning", "cors-opened", "POST session.example/me", None),
        },
    ),
    "a name and a password that the browser sends": Story(
        (
            asks(APP, "POST", "password.example/me"),
            exchange("POST", "password.example/me", (b"Origin", APP), JSON, (b"Authorization", b"Basic YTpi")),
            asks(APP, "POST", "password.example/me"),
        ),
        {
            ("error", "cors-credentials-blocked", "POST password.example/me", None),
            ("warning", "cors-opened", "POST password.example/me", None),
        },
    ),
    "a token that a script sends": Story(
        (
            asks(APP, "POST", "token.example/me", b"authorization"),
            exchange("POST", "token.example/me", (b"Origin", APP), (b"Authorization", b"Bearer abcdefgh")),
            exchange("POST", "token.example/me", (b"Origin", APP)),
        ),
        {
            ("warning", "cors-credentials-blocked", "POST token.example/me", None),
            ("warning", "cors-authorization-wildcard", "POST token.example/me", "authorization"),
            ("warning", "cors-opened", "POST token.example/me", None),
        },
    ),
    "endpoints that share a policy but not the requests": Story(
        (
            asks(APP, "PUT", "api.example/items/1"),
            with_cookie("PUT", "api.example/items/2", b"sid=2", APP),
            asks(APP, "PUT", "api.example/lists/1"),
            with_cookie("PUT", "api.example/lists/1", b"sid=2", OTHER),
        ),
        {
            ("error", "cors-credentials-blocked", "PUT api.example/items/{id}", None),
            ("error", "cors-method-blocked", "PUT api.example/items/{id}", None),
            ("error", "method-unsupported", "PUT api.example/items/{id}", None),
            ("warning", "cors-credentials-blocked", "PUT api.example/lists/{id}", None),
            ("error", "cors-method-blocked", "PUT api.example/lists/{id}", None),
            ("error", "method-unsupported", "PUT api.example/lists/{id}", None),
        },
    ),
    "tokens that are submitted twice, of several hosts": Story(
        (
            setting("a.example/", b"csrf=token-of-a", b"sid=secret-of-a; HttpOnly"),
            setting("b.example/", b"csrf=token-of-b"),
            exchange("POST", "a.example/save", (b"X-CSRF-Token", b"token-of-a"), (b"X-Sid", b"secret-of-a")),
            exchange("GET", "b.example/data", query=b"t=token-of-b&u=token-of-c"),
        ),
        {
            ("error", "cookie-read-by-script", "POST a.example/save", "csrf"),
            ("error", "cookie-read-by-script", "GET b.example/data", "csrf"),
        },
    ),
    "a token that changes and is read in several ways": Story(
        (
            setting("c.example/", b"csrf=first-token"),
            setting("c.example/", b"csrf=other-token; HttpOnly", b"sid=first-token; HttpOnly"),
            exchange("POST", "c.example/one", (b"Authorization", b"Bearer other-token")),
            setting("c.example/again", b"csrf=other-token"),
        ),
        {("error", "cookie-read-by-script", "POST c.example/one", "csrf")},
    ),
    "a session of a whole domain, and one of another": Story(
        (
            setting("login.example.com/", b"sid=3; Domain=example.com", b"lang=en"),
            setting("login.example.org/", b"sid=4; Domain=example.org"),
            with_cookie("GET", "shop.example.com/", b"sid=3; lang=en"),
            with_cookie("GET", "www.example.org/", b"sid=3; sid=4"),
            with_cookie("GET", "login.example.com/", b"sid=3; lang=en"),
        ),
        {
            ("error", "cookie-shared-across-hosts", "GET shop.example.com/", "sid"),
            ("error", "cookie-shared-across-hosts", "GET www.example.org/", "sid"),
        },
    ),
    "a cookie that is shared and read": Story(
        (
            setting("www.example.net/", b"csrf=shared-token; Domain=example.net"),
            exchange("POST", "api.example.net/", (b"Cookie", b"csrf=shared-token"), (b"X-Token", b"shared-token")),
            with_cookie("GET", "api.example.net/", b"csrf=shared-token"),
        ),
        {
            ("error", "cookie-shared-across-hosts", "POST api.example.net/", "csrf"),
            ("error", "cookie-shared-across-hosts", "GET api.example.net/", "csrf"),
            ("error", "cookie-read-by-script", "POST api.example.net/", "csrf"),
        },
    ),
    "two origins at one endpoint, of which one sends a session": Story(
        (
            asks(APP, "POST", "two.example/me"),
            with_cookie("POST", "two.example/me", b"sid=5", APP),
            asks(OTHER, "POST", "two.example/me"),
        ),
        {
            ("error", "cors-credentials-blocked", "POST two.example/me", None),
            ("warning", "cors-opened", "POST two.example/me", None),
        },
    ),
}
"""No two stories share a host or the value of a cookie, so that they can be told at once."""


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_story_ends_the_same_in_every_order(story: Story) -> None:
    for order in itertools.permutations(story.exchanges):
        assert outcome(order) == story.expected


def test_an_error_takes_the_place_of_the_warning() -> None:
    preflight = asks(APP, "POST", "api.example/me")
    request = with_cookie("POST", "api.example/me", b"sid=1", APP)
    run = Run()
    severities = []
    for each in (preflight, preflight, request, preflight, request):
        run.see(each)
        entries = [entry for entry in run.report().entries if entry.finding.rule == "cors-credentials-blocked"]
        severities.append([(entry.finding.severity, entry.count) for entry in entries])
    assert severities == [
        [(Severity.WARNING, 1)],
        [(Severity.WARNING, 2)],
        [(Severity.ERROR, 3)],
        [(Severity.ERROR, 4)],
        [(Severity.ERROR, 5)],
    ]


ALL_AT_ONCE = [each for story in STORIES.values() for each in story.exchanges]


@given(st.permutations(ALL_AT_ONCE))
def test_stories_that_are_told_at_once_end_as_each_of_them_alone(order: list[Exchange]) -> None:
    assert outcome(order) == {each for story in STORIES.values() for each in story.expected}


@given(st.data())
def test_a_part_of_them_ends_the_same_in_every_order(data: st.DataObject) -> None:
    order = data.draw(st.permutations(ALL_AT_ONCE))[: data.draw(st.integers(0, len(ALL_AT_ONCE)))]
    again = data.draw(st.lists(st.sampled_from(order), max_size=10)) if order else []
    assert outcome([*order, *again]) == outcome(sorted(order, key=ALL_AT_ONCE.index))


@each_site
@settings(max_examples=25)
@given(data=st.data())
def test_a_site_gives_the_same_in_every_order(site: Site, data: st.DataObject) -> None:
    assert outcome(data.draw(st.permutations(site.exchanges))) == site.expected


# Secrets

SECRET = b"Zk9qv0b2m4XhTr8w"
PLACES = b"""\
Authorization: Bearer *
Authorization: Basic *
Cookie: sid=*
Cookie: a=1; csrf=*
Set-Cookie: sid=*; Domain=example.com
Set-Cookie: csrf=*
X-CSRF-Token: *
X-Forwarded-User: *
X-User: *
Referer: https://app.example/?t=*
Location: https://app.example/?t=*
Sec-WebSocket-Protocol: *
Origin: https://app.example
Upgrade: websocket
Vary: Referer
Content-Length: 16
Access-Control-Request-Method: PUT
Access-Control-Request-Headers: authorization
Access-Control-Allow-Origin: https://app.example
Access-Control-Allow-Credentials: true
Access-Control-Allow-Methods: PUT
Access-Control-Allow-Headers: authorization"""
FIELDS = st.lists(
    st.sampled_from([(*line.split(b": "),) for line in PLACES.replace(b"*", SECRET).split(b"\n")]), max_size=12
)
SECRETIVE = st.builds(
    lambda method, host, sent, answered, query: Exchange(
        Request(method, host, "/", tuple(sent), host, query=query), Response(200, tuple(answered))
    ),
    st.sampled_from(["GET", "PUT", "OPTIONS"]),
    st.sampled_from(["a.example.com", "b.example.com"]),
    FIELDS,
    FIELDS,
    st.sampled_from([b"", b"t=" + SECRET]),
)


@given(st.lists(SECRETIVE, min_size=2, max_size=5))
def test_no_finding_shows_a_secret(exchanges: list[Exchange]) -> None:
    run = Run()
    for each in exchanges:
        run.see(each)
    assert SECRET.decode() not in repr(run.findings)


# Memory


def size_of(memories: Iterable[Recent[Any, Any]]) -> int:
    """A measure of what memories hold."""
    return sum(len(repr(vars(memory))) for memory in memories)


def test_memory_is_bounded_over_many_different_exchanges() -> None:
    with caught_memories() as memories:
        consequences = Consequences(RULES, b"key")
    sizes, longest = [], []
    for number in range(20_000):
        each = one_of_many(number)
        assert consequences.head(each, Profile()).failures == ()
        assert consequences.ending(each, Profile()).failures == ()
        if number % 5_000 == 4_999:
            sizes.append(size_of(memories))
            longest.append([len(memory) for memory in memories if len(memory)])
    assert min(longest[0]) > 1_000
    assert longest[1] == longest[2] == longest[3]
    assert set(longest[3]) == {cookie_read_by_script.MOST, cors_credentials_blocked.MOST}
    assert sizes[3] < sizes[1] * 1.05


def one_of_many(number: int) -> Exchange:
    """An exchange that is new in every respect: origin, cookies, values, hosts. One of two is a preflight."""
    origin, host = b"https://%06d.example" % number, f"{number:06}.example.com"
    if number % 2:
        return asks(origin, "POST", f"{host}/page-{number:06}")
    return exchange(
        "POST",
        f"{host}/page-{number:06}",
        (b"Origin", origin),
        (b"Cookie", b"sid=%06d" % number),
        (b"X-Token", b"token-%06d" % number),
        answer=(
            (b"Set-Cookie", b"csrf=value-%06d; Domain=example.com" % number),
            (b"Set-Cookie", b"visitor=token-%06d" % number),  # copied out of the header
            (b"Location", b"/?t=value-%06d" % number),
        ),
    )
