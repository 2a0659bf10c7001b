"""What was seen of a site: endpoints with their headroom, cookies as they are and as they would be, all bounded."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Request, Response
from functions_runtime.record import inventory as module
from functions_runtime.record.inventory import (
    FOLDED,
    LARGEST_KEPT,
    Headroom,
    Inventory,
    SeenCookie,
    SeenEndpoint,
    Standing,
    standing_of,
)
from functions_runtime.ruling import (
    Action,
    AppendAttributes,
    Forward,
    RemoveField,
    ReplaceDomain,
    Reply,
    Respond,
    Rewrite,
    Severity,
)
from functions_runtime.syntax.rfc9110 import Fields

HERE = Endpoint("GET", "app.example", "/")
FORWARD = Forward()
REFUSE = Respond(Reply(400, "Bad Request"))
SECRET = "c8f1d0a94e7b"


def request(*fields: tuple[bytes, bytes]) -> Request:
    return Request(host="app.example", fields=fields)


def response(*lines: bytes) -> Response:
    return Response(fields=tuple((b"Set-Cookie", line) for line in lines))


def cookies(response: Response, action: Action = FORWARD, host: str = "app.example") -> tuple[SeenCookie, ...]:
    """The cookies of a site that saw one response."""
    site = Inventory()
    site.saw_cookies(host, response, action)
    return site.cookies


# Standing


@pytest.mark.parametrize(
    ("severity", "answered", "unanswered"),
    [
        (None, Standing.RUNS, Standing.UNKNOWN),
        (Severity.INFO, Standing.RUNS, Standing.UNKNOWN),
        (Severity.WARNING, Standing.CHANGES, Standing.CHANGES),
        (Severity.ERROR, Standing.BREAKS, Standing.BREAKS),
    ],
)
def test_the_gravest_finding_decides_or_else_the_answer(
    severity: Severity | None, answered: Standing, unanswered: Standing
) -> None:
    assert standing_of(severity, answered=True) is answered
    assert standing_of(severity, answered=False) is unanswered


# Endpoints and their headroom


def test_exchanges_are_counted_by_endpoint() -> None:
    site = Inventory()
    other = Endpoint("POST", "app.example", "/save")
    for endpoint in (HERE, other, HERE):
        site.saw_request(endpoint, request())
        site.saw_response(endpoint, response())
    assert [(seen.endpoint, seen.exchanges) for seen in site.endpoints] == [(HERE, 2), (other, 1)]


def test_an_exchange_can_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENDPOINTS", 1)
    site, other = Inventory(), HERE._replace(path="/other")
    for endpoint in (HERE, HERE, other):
        site.saw_request(endpoint, request())
    site.forget_exchange(HERE)
    assert [(seen.endpoint, seen.exchanges) for seen in site.endpoints] == [(HERE, 1), (FOLDED, 1)]
    site.forget_exchange(other)
    site.forget_exchange(HERE)
    assert site.endpoints == ()


def test_a_response_alone_is_no_exchange_more() -> None:
    site = Inventory()
    site.saw_response(HERE, response())
    [endpoint] = site.endpoints
    assert endpoint == SeenEndpoint(HERE, 0, Headroom(), Headroom(0, 0, ()), answered=True)


def test_an_endpoint_has_answered_once_it_is_said_to() -> None:
    site = Inventory()
    site.saw_request(HERE, request())
    assert [endpoint.answered for endpoint in site.endpoints] == [False]
    site.saw_answer(HERE)
    site.saw_request(HERE, request())
    assert [endpoint.answered for endpoint in site.endpoints] == [True]


def test_headroom_is_that_of_the_largest_message_of_a_kind() -> None:
    site = Inventory()
    long = (b"X-Long", b"l" * 80)
    many = ((b"A", b""),) * 7
    for fields in ((long,), many, ()):
        site.saw_request(HERE, request(*fields))
    site.saw_response(HERE, response(b"sid=a"))
    [endpoint] = site.endpoints
    assert endpoint.request == Headroom(90, 7, (("x-long", 90),))
    assert endpoint.response == Headroom(19, 1, (("set-cookie", 19),))


def test_of_two_messages_of_one_size_the_first_is_shown() -> None:
    site = Inventory()
    for name in (b"X-First", b"X-Other"):
        site.saw_request(HERE, request((name, b"value")))
    assert site.endpoints[0].request.largest == (("x-first", 16),)


def test_the_largest_parts_come_first_and_a_cookie_is_a_part_of_its_own() -> None:
    site = Inventory()
    cookies = b"small=1; large=%s;session=%s" % (b"l" * 40, b"s" * 20)
    site.saw_request(HERE, request((b"A", b"a"), (b"X-B", b"b" * 30), (b"COOKIE", cookies), (b"C", b"")))
    assert site.endpoints[0].request.largest == (
        ("cookie large", 47),
        ("x-b", 37),
        ("cookie session", 28),
        ("cookie small", 7),
        ("a", 6),
    )


def test_only_the_largest_parts_are_kept() -> None:
    site = Inventory()
    site.saw_request(HERE, request(*((b"X-%d" % length, b"v" * length) for length in range(10, 30))))
    [endpoint] = site.endpoints
    assert [name for name, _ in endpoint.request.largest] == [f"x-{length}" for length in (29, 28, 27, 26, 25)]
    assert len(endpoint.request.largest) == LARGEST_KEPT


def test_names_are_fit_to_be_shown_and_values_are_not_shown() -> None:
    site = Inventory()
    secret = SECRET.encode()
    fields = ((b"X\x1b\xff", secret), (b"Y" * 50, secret), (b"Cookie", b"%s=%s; \x07=1" % (b"n" * 50, secret)))
    site.saw_request(HERE, request(*fields))
    names = [name for name, _ in site.endpoints[0].request.largest]
    assert names == ["y" * 39 + "…", "cookie " + "n" * 39 + "…", "x\\x1b\\xff", "cookie \\x07"]
    assert SECRET not in repr(site.endpoints)


@pytest.mark.parametrize("cookies", [b"%s", b"a=1; %s", b" %s ; a=1"])
def test_the_value_of_a_cookie_without_a_name_is_not_shown(cookies: bytes) -> None:
    site = Inventory()
    site.saw_request(HERE, request((b"Cookie", cookies % SECRET.encode())))
    assert SECRET not in repr(site.endpoints)
    assert ("cookie without a name", len(SECRET)) in [
        (name, size - cookies.count(b" %s") - cookies.count(b"%s ")) for name, size in site.endpoints[0].request.largest
    ]


@pytest.mark.parametrize("cookies", [b'big="x; %s=="; b=1', b'big="x; %s==', b'"a;b";"; %s=";b=1'])
def test_what_is_between_quotes_is_no_name(cookies: bytes) -> None:
    site = Inventory()
    site.saw_request(HERE, request((b"Cookie", cookies % SECRET.encode())))
    assert SECRET not in repr(site.endpoints)


def test_a_cookie_with_an_empty_name_has_none_either() -> None:
    site = Inventory()
    site.saw_request(HERE, request((b"Cookie", b"=" + SECRET.encode())))
    assert site.endpoints[0].request.largest == (("cookie without a name", len(SECRET) + 1),)


def test_further_endpoints_share_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENDPOINTS", 2)
    site = Inventory()
    for path in "abcab":
        endpoint = HERE._replace(path=path)
        site.saw_request(endpoint, request((b"X", path.encode())))
        site.saw_response(endpoint, response())
    folded = site.endpoints[-1]
    assert [(seen.endpoint.path, seen.exchanges) for seen in site.endpoints] == [("a", 2), ("b", 2), ("*", 1)]
    assert folded.endpoint == FOLDED
    assert folded.request.largest == (("x", 6),)


# Cookies


def test_a_cookie_is_shown_as_it_is_and_as_it_would_be() -> None:
    rewrite = Rewrite((ReplaceDomain(1, b"app.example"), AppendAttributes(1, (b"HttpOnly", b"Secure"))))
    [secret] = cookies(response(b"a=1; Path=/reset/S3cr3tT0kenAbCdEf1234567890; Secure"), Forward())
    assert secret.today == "Path=/reset/{id}; Secure"
    assert cookies(response(b"plain=a", b"sid=b; Domain=example;  Path=/"), rewrite) == (
        SeenCookie("app.example", "plain", "", ""),
        SeenCookie("app.example", "sid", "Domain=example; Path=/", "Domain=app.example; Path=/; HttpOnly; Secure"),
    )


def test_a_cookie_that_the_runtime_refuses_would_not_be() -> None:
    assert cookies(response(b"sid=b; Max-Age=60"), REFUSE) == (SeenCookie("app.example", "sid", "Max-Age=60", None),)


def test_a_cookie_is_there_once_for_each_host_name_and_attributes() -> None:
    site = Inventory()
    responses = [
        ("app.example", response(b"sid=a; Path=/")),
        ("app.example", response(b"sid=b; Path=/")),
        ("app.example", response(b"sid=b; Path=/; Secure", b"uid=b; Path=/")),
        ("www.example", response(b"sid=b; Path=/")),
    ]
    for host, each in responses * 2:
        site.saw_cookies(host, each, FORWARD)
    assert [(cookie.host, cookie.name, cookie.today) for cookie in site.cookies] == [
        ("app.example", "sid", "Path=/"),
        ("app.example", "sid", "Path=/; Secure"),
        ("app.example", "uid", "Path=/"),
        ("www.example", "sid", "Path=/"),
    ]
    assert site.further_cookies == 0


def test_a_line_that_a_browser_ignores_is_no_cookie() -> None:
    assert cookies(response(b"=", b"sid=\x00")) == ()


def test_a_cookie_has_no_value_and_is_fit_to_be_shown() -> None:
    secret = SECRET.encode()
    found = cookies(
        response(b"s\xffd=%s; Path=/\xe2\x80\xae" % secret, b"%s; X=%s" % (secret, b"x" * 400), b'q="%s"' % secret)
    )
    first, second, third = found
    assert first == SeenCookie("app.example", "s\\xffd", "Path=…", "Path=…")
    assert (second.name, second.today) == ("", "…")
    assert third == SeenCookie("app.example", "q", "", "")
    assert SECRET not in repr(found)


def test_the_host_of_a_cookie_is_fit_to_be_shown() -> None:
    [cookie] = cookies(response(b"a=1"), host="\x1b" + "h" * 300)
    assert cookie.host == "\\x1b" + "h" * 253 + "…"


def test_attributes_that_differ_beyond_what_is_shown_do_not_make_another_cookie() -> None:
    attributes = b"; X=" + b"x" * module.MAX_ATTRIBUTES_SHOWN
    site = Inventory()
    for end in (b"1", b"2"):
        site.saw_cookies("app.example", response(b"sid=a" + attributes + end), FORWARD)
    assert len(site.cookies) == 1


def test_further_cookies_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COOKIES", 2)
    site = Inventory()
    for name in (b"a", b"b", b"c", b"a", b"d"):
        site.saw_cookies("app.example", response(name + b"=1"), FORWARD)
    assert [cookie.name for cookie in site.cookies] == ["a", "b"]
    assert site.further_cookies == 2
    site.forget_cookies(site.saw_cookies("app.example", response(b"e=1"), FORWARD))
    assert site.further_cookies == 2


def test_a_cookie_whose_expiry_rolls_is_one_cookie() -> None:
    site = Inventory()
    for second in range(10, 20):
        site.saw_cookies(
            "app.example", response(b"sid=a; Expires=Mon, 23 Nov 2026 10:00:%d GMT; Path=/" % second), FORWARD
        )
    assert len(site.cookies) == 1


def test_a_rolling_expiry_may_have_white_space() -> None:
    site = Inventory()
    for second in range(10, 20):
        site.saw_cookies("app.example", response(b"sid=a; Expires = Mon, 23 Nov 2026 10:00:%d GMT" % second), FORWARD)
    assert len(site.cookies) == 1


def test_only_the_date_of_an_expiry_does_not_count() -> None:
    lines = (b"a=1; Expires=Mon; Path=/", b"a=1; EXPIRES=Tue; Path=/x", b"a=1; expires=Wed", b"a=1; Max-Age=1")
    site = Inventory()
    for line in (*lines, b"a=1; expires=Thu"):
        site.saw_cookies("app.example", response(line), FORWARD)
    assert [cookie.today for cookie in site.cookies] == [
        "Expires=Mon; Path=/",
        "EXPIRES=Tue; Path=/x",
        "expires=Wed",
        "Max-Age=1",
    ]


def test_other_fields_of_the_response_are_no_cookies() -> None:
    fields: Fields = ((b"X-A", b"a=1; Path=/"), (b"Set-Cookie", b"sid=a"))
    rewrite = Rewrite((AppendAttributes(1, (b"Secure",)),))
    assert cookies(Response(fields=fields), rewrite) == (SeenCookie("app.example", "sid", "", "Secure"),)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('sid="abc;%s"; Path=/', "…; Path=/"),
        ("a=1; Path=/, b=%s", "Path=…"),
        ("a=1; Domain=x.example, b=%s", "Domain=…"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT, b=%s", "Expires=…"),
        ("a=1; Secure=%s", "Secure=…"),
        ("a=1; %s", "…"),
        (
            "a=1; HttpOnly; Max-Age=60; SameSite=Lax; Partitioned",
            "HttpOnly; Max-Age=60; SameSite=Lax; Partitioned",
        ),
    ],
)
def test_a_value_among_the_attributes_is_not_shown(line: str, shown: str) -> None:
    [cookie] = cookies(response(line.replace("%s", SECRET).encode()))
    assert cookie.today == shown


def test_endless_attributes_are_cut() -> None:
    [cookie] = cookies(response(b"a=1" + b"; HttpOnly" * 100))
    assert len(cookie.today) == module.MAX_ATTRIBUTES_SHOWN
    assert cookie.today.endswith("…")


def test_a_cookie_of_a_response_that_is_refused_and_of_one_that_is_not_are_two() -> None:
    for order in ((REFUSE, FORWARD), (FORWARD, REFUSE)):
        site = Inventory()
        for action in order:
            site.saw_cookies("app.example", response(b"a=1; Path=/"), action)
        assert {cookie.runtime for cookie in site.cookies} == {None, "Path=/"}


def test_a_cookie_is_a_row_for_each_thing_that_the_runtime_makes_of_it() -> None:
    site = Inventory()
    for domain in (b"old.example", b"new.example"):
        site.saw_cookies("app.example", response(b"a=1; Domain=example"), Rewrite((ReplaceDomain(0, domain),)))
    assert [cookie.runtime for cookie in site.cookies] == ["Domain=old.example", "Domain=new.example"]


def test_what_was_seen_of_cookies_can_be_forgotten() -> None:
    site = Inventory()
    first, second = (
        site.saw_cookies("app.example", response(*lines), FORWARD) for lines in ((b"a=1", b"b=1"), (b"a=2",))
    )
    site.forget_cookies(first)
    assert [cookie.name for cookie in site.cookies] == ["a"]
    site.forget_cookies(second)
    assert site.cookies == ()


def test_what_a_response_was_before_it_was_changed_is_not_measured() -> None:
    site = Inventory()
    site.saw_changed_response(HERE)
    assert site.unmeasured == 1
    assert site.endpoints == (SeenEndpoint(HERE, 0, Headroom(), Headroom(), answered=True),)


def test_a_field_that_the_runtime_removes_changes_no_cookie() -> None:
    [cookie] = cookies(response(b"a=1; Path=/"), Rewrite((RemoveField(b"via"),)))
    assert (cookie.today, cookie.runtime) == ("Path=/", "Path=/")


def test_what_was_seen_elsewhere_is_added() -> None:
    first, second = Inventory(), Inventory()
    for site, endpoint, fields in (
        (first, HERE, ((b"A", b"1"),)),
        (second, HERE, ((b"A", b"1234"),)),
        (second, HERE._replace(path="/b"), ()),
    ):
        site.saw_request(endpoint, request(*fields))
        site.saw_cookies("app.example", response(b"a=1"), FORWARD)
    second.saw_cookies("app.example", response(b"b=1"), FORWARD)
    second.saw_changed_response(HERE)
    first.merge(second)
    assert [(seen.endpoint.path, seen.exchanges, seen.answered) for seen in first.endpoints] == [
        ("/", 2, True),
        ("/b", 1, False),
    ]
    assert first.endpoints[0].request == Headroom(len(b"A: 1234\r\n"), 1, (("a", len(b"A: 1234\r\n")),))
    assert [cookie.name for cookie in first.cookies] == ["a", "b"]
    assert (first.further_cookies, first.unmeasured) == (0, 1)


def test_what_is_too_much_together_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENDPOINTS", 1)
    monkeypatch.setattr(module, "MAX_COOKIES", 1)
    first, second = Inventory(), Inventory()
    for site, name in ((first, "b"), (second, "a")):
        site.saw_request(HERE._replace(path=name), request())
        site.saw_cookies("app.example", response(name.encode() + b"=1"), FORWARD)
    first.merge(second)
    assert sorted(seen.endpoint.path for seen in first.endpoints) == ["*", "a"]
    assert [cookie.name for cookie in first.cookies] == ["a"]
    assert first.further_cookies == 1


def test_what_was_seen_of_an_endpoint_is_the_same_in_another_process() -> None:
    seen = SeenEndpoint(HERE, 2, Headroom(30, 2, (("a", 20),)), Headroom(40, 1, (("b", 40),)), answered=True)
    assert pickle.loads(pickle.dumps(seen)) == seen
    assert len(seen.__reduce__()[1]) == len(dataclasses.fields(seen))
    assert len(seen.request.__reduce__()[1]) == len(dataclasses.fields(seen.request))


def test_of_two_largest_messages_of_one_size_the_order_does_not_decide() -> None:
    one, other = Headroom(30, 2, (("a", 30),)), Headroom(30, 3, (("b", 30),))
    first, second = Headroom(), Headroom()
    for each in (one, other):
        first.merge(each)
    for each in (other, one):
        second.merge(each)
    assert first == second == Headroom(30, 3, (("b", 30),))
