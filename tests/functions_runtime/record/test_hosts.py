"""Whose hosts were seen."""

from __future__ import annotations

import itertools

import pytest

from functions_runtime.message import Request, Response
from functions_runtime.record import hosts as module
from functions_runtime.record.hosts import Hosts
from functions_runtime.syntax.rfc9110 import Fields

HTML = ((b"Content-Type", b"text/html; charset=utf-8"),)
ACCEPT_HTML = (b"Accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")


def last_two(host: str) -> str:
    """The registrable domain for tests."""
    return ".".join(host.split(".")[-2:])


def seen(*exchanges: tuple[str, Fields, Fields], method: str = "GET") -> Hosts:
    """Hosts after these exchanges: the host asked, and the fields of request and response."""
    hosts = Hosts(last_two)
    for host, request_fields, response_fields in exchanges:
        request = Request(method, host, fields=request_fields)
        hosts.saw_request(request)
        hosts.saw_response(request, Response(fields=response_fields))
    return hosts


def owned(hosts: Hosts, *names: str, scoped: bool = False) -> list[str]:
    own = hosts.own(scoped=scoped)
    return [name for name in names if own(name)]


def navigation(host: str, destination: bytes = b"document", *more: tuple[bytes, bytes]) -> tuple[str, Fields, Fields]:
    return host, ((b"Sec-Fetch-Dest", destination), *more), HTML


ALL = ("www.shop.example", "api.shop.example", "cdn.other.example", "localhost", "192.0.2.1", "[2001:db8::1]")


def test_the_scheme_and_the_port_are_those_of_the_first_request() -> None:
    hosts = Hosts()
    hosts.saw_request(Request(host="a.example", scheme="http", port=9110))
    hosts.saw_request(Request(host="a.example", scheme="https", port=443))
    assert hosts.addressed("a.example") == ("http", 9110)
    assert hosts.addressed("b.example") == ("", 0)


def test_a_host_that_somebody_navigated_to_is_own_with_its_relatives() -> None:
    hosts = seen(navigation("www.shop.example"), navigation("cdn.other.example", b"script"))
    assert owned(hosts, *ALL) == ["www.shop.example", "api.shop.example"]


@pytest.mark.parametrize("destination", [b"iframe", b"empty", b"image", b""])
def test_what_a_page_loads_is_not(destination: bytes) -> None:
    hosts = seen(navigation("www.shop.example"), navigation("ads.other.test", destination))
    assert owned(hosts, "www.shop.example", "ads.other.test") == ["www.shop.example"]


def test_what_a_browser_fetches_ahead_is_not() -> None:
    hosts = seen(
        navigation("www.shop.example"), navigation("next.other.test", b"document", (b"Sec-Purpose", b"prefetch"))
    )
    assert owned(hosts, "next.other.test") == []


def test_if_nobody_navigated_anywhere_every_host_is_own() -> None:
    hosts = seen(("api.shop.example", (), ()), ("cdn.other.test", (), ()))
    assert owned(hosts, *ALL) == [*ALL]


def test_mitmproxy_s_own_page_is_never_own() -> None:
    assert owned(seen(navigation("mitm.it")), "mitm.it", "a.example") == ["a.example"]
    assert owned(seen(navigation("mitm.it"), navigation("a.example")), "mitm.it", "a.example") == ["a.example"]
    assert owned(seen(navigation("mitm.it")), "mitm.it", scoped=True) == ["mitm.it"]


def test_what_the_user_chose_is_own() -> None:
    hosts = seen(navigation("www.shop.example"))
    assert owned(hosts, "ads.other.test", scoped=True) == ["ads.other.test"]


def test_after_another_choice_only_what_is_judged_then_is_own() -> None:
    hosts = seen(("a.example", (), ()), ("b.example", (), ()), ("c.example", (), ()))
    hosts.scope_changed()
    assert owned(hosts, "a.example", "b.example", "c.example", "d.example", scoped=True) == ["d.example"]
    hosts.saw_request(Request(host="a.example"))
    hosts.saw_in_scope("b.example")
    assert owned(hosts, "a.example", "b.example", "c.example", scoped=True) == ["a.example", "b.example"]
    hosts.saw_response(Request(host="c.example"), Response())
    assert owned(hosts, "c.example", scoped=True) == ["c.example"]


def test_a_host_without_exchanges_was_not_seen() -> None:
    hosts = seen(("a.example", (), ()), ("a.example", (), ()))
    hosts.forget_exchange("a.example")
    assert hosts.seen["a.example"].exchanges == 1
    for name in ("a.example", "b.example"):
        hosts.forget_exchange(name)
    assert not hosts.seen


@pytest.mark.parametrize(
    ("request_fields", "response_fields", "is_own"),
    [
        ((ACCEPT_HTML,), HTML, True),
        ((ACCEPT_HTML, (b"Referer", b"https://api.shop.example:8443/a?b#c")), HTML, True),
        ((ACCEPT_HTML, (b"Referer", b"https://user@www.other.test/")), HTML, False),
        ((ACCEPT_HTML,), ((b"Content-Type", b"application/json"),), False),
        ((ACCEPT_HTML,), ((b"Content-Type", b"application/xhtml+xml"),), True),
        ((ACCEPT_HTML,), (), False),
        (((b"Accept", b"*/*"),), HTML, False),
        ((), HTML, False),
        ((ACCEPT_HTML, (b"Sec-Fetch-Mode", b"navigate")), HTML, False),
        ((ACCEPT_HTML, (b"Sec-Fetch-Site", b"none")), HTML, False),
        ((ACCEPT_HTML, (b"Sec-Fetch-Dest", b"iframe")), HTML, False),
    ],
)
def test_without_sec_fetch_fields_a_page_counts_that_nobody_else_led_to(
    request_fields: Fields, response_fields: Fields, is_own: bool
) -> None:
    hosts = seen(("www.shop.example", request_fields, response_fields), navigation("www.known.test"))
    assert owned(hosts, "api.shop.example") == (["api.shop.example"] if is_own else [])


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_a_page_at_an_ip_address_can_be_a_landing(host: str) -> None:
    hosts = seen((host, (ACCEPT_HTML, (b"Referer", b"http://[::1]:8000/")), HTML), navigation("www.known.test"))
    assert owned(hosts, host) == [host]


def test_hosts_have_the_names_that_reports_show() -> None:
    hosts = seen(navigation("app\u200e.example"))
    [(name, host)] = hosts.seen.items()
    assert (name, host.exchanges) == (Request(host="app\u200e.example").endpoint.host, 1)
    hosts.count_unclean(name, 1)
    assert host.unclean == 1


def test_names_of_fields_show_credentials() -> None:
    hosts = Hosts()
    hosts.saw_names([b"host", b"accept"])
    assert not hosts.has_credentials
    for names in ([b"authorization"], [b"host"]):
        hosts.saw_names(names)
        assert hosts.has_credentials


def test_a_form_that_is_sent_is_no_landing() -> None:
    hosts = seen(("www.shop.example", (ACCEPT_HTML,), HTML), method="POST")
    hosts.saw_request(Request(host="www.known.test", fields=((b"Sec-Fetch-Dest", b"document"),)))
    assert owned(hosts, "www.shop.example") == []


@pytest.mark.parametrize("host", ["localhost", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"])
def test_an_address_and_a_name_without_a_dot_are_their_own(host: str) -> None:
    others = [name for name in ALL if name != host]
    assert owned(seen(navigation(host)), *others, host) == [host]


def test_without_a_list_every_host_is_alone() -> None:
    hosts = Hosts()
    hosts.saw_request(Request(host="www.shop.example", fields=((b"Sec-Fetch-Dest", b"document"),)))
    assert owned(hosts, *ALL) == ["www.shop.example"]


# Credentials


@pytest.mark.parametrize(
    ("request_fields", "response_fields", "has"),
    [
        (((b"Cookie", b"a=1"),), (), True),
        (((b"Authorization", b"Basic YQ=="),), (), True),
        ((), ((b"Set-Cookie", b"a=1"),), True),
        ((), (), False),
    ],
)
def test_credentials_are_noticed(request_fields: Fields, response_fields: Fields, has: bool) -> None:
    assert seen(("a.example", request_fields, response_fields)).has_credentials is has


@pytest.mark.parametrize("path", ["/login", "/user/sign-in", "/oauth/authorize", "/my-account", "/auth"])
def test_something_to_log_in_to_is_noticed(path: str) -> None:
    hosts = Hosts()
    hosts.saw_request(Request(path=path))
    assert hosts.has_login


def test_a_refusal_is_something_to_log_in_to() -> None:
    hosts = Hosts()
    hosts.saw_response(Request(path="/blog"), Response(401))
    assert (hosts.has_login, hosts.has_credentials) == (True, False)
    hosts.saw_response(Request(), Response(fields=((b"Set-Cookie", b"a=1"),)))
    hosts.saw_response(Request(), Response())
    assert hosts.has_credentials


# Restricted headers


def test_restricted_headers_can_be_counted_less() -> None:
    hosts = seen(("a.example", (), ()))
    counts = []
    for number in (1, 1, -1, -1, -1):
        hosts.reached("a.example", ["via"], number)
        counts.append(dict(hosts.seen["a.example"].untested or {}))
    assert counts == [{"via": 1}, {"via": 2}, {"via": 1}, {}, {}]


def test_restricted_headers_are_counted_until_they_are_tested() -> None:
    hosts = seen(("a.example", (), ()))
    for _ in range(2):
        hosts.reached("a.example", ["via", "x-real-ip"])
    hosts.reached("unknown.example", ["via"])
    assert hosts.seen["a.example"].untested == {"via": 2, "x-real-ip": 2}
    for host in ("a.example", "unknown.example"):
        hosts.tested(host, "via")
    hosts.tested("a.example", "never-seen")
    assert hosts.seen["a.example"].untested == {"x-real-ip": 2}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HOSTS", 1)
    monkeypatch.setattr(module, "MAX_UNTESTED", 1)
    hosts = seen(("a.example", (), ()), ("b.example", (), ()))
    assert list(hosts.seen) == ["a.example"]
    for name in ("via", "x-real-ip", "via"):
        hosts.reached("a.example", [name])
    assert hosts.seen["a.example"].untested == {"via": 2}


def test_unclean_exchanges_are_counted() -> None:
    hosts = seen(("a.example", (), ()))
    for host, number in (("a.example", 1), ("b.example", 1), ("a.example", 1), ("a.example", -1)):
        hosts.count_unclean(host, number)
    assert hosts.seen["a.example"].unclean == 1


def test_hosts_that_were_seen_elsewhere_are_added() -> None:
    first = seen(navigation("a.example"), ("b.example", (), ()), ("b.example", ((b"Cookie", b"a=1"),), ()))
    first.reached("a.example", ["via"])
    second = seen(("a.example", (), HTML), ("c.example", (), ()))
    second.has_login = True
    second.count_unclean("a.example", 1)
    second.reached("a.example", ["via", "x-real-ip"])
    first.merge(second)
    assert {name: host.exchanges for name, host in first.seen.items()} == {
        "a.example": 2,
        "b.example": 2,
        "c.example": 1,
    }
    merged = first.seen["a.example"]
    assert (merged.unclean, merged.is_entered, merged.has_fetch_metadata) == (1, True, True)
    assert merged.untested == {"via": 2, "x-real-ip": 1}
    assert (first.has_credentials, first.has_login) == (True, True)


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
def test_each_run_decides_which_of_its_hosts_are_own(order: tuple[int, ...]) -> None:
    """If nobody navigated in it, all are."""
    runs = [
        seen(navigation("a.example"), ("ads.example", (), ()), ("b.example", ((b"Sec-Fetch-Dest", b"script"),), ())),
        seen(navigation("mitm.it"), ("api.example", (), ()), ("auth.example", (), ())),
        seen(("b.example", (ACCEPT_HTML,), HTML), ("fonts.example", (), ())),
    ]
    together = Hosts(last_two)
    for number in order:
        together.merge(runs[number])
    own = together.own(scoped=False)
    assert {host for host in together.seen if not own(host)} == {"ads.example", "fonts.example", "mitm.it"}


def test_hosts_beyond_the_maximum_of_several_runs_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MERGED_HOSTS", 2)
    hosts = seen(("c.example", (), ()), ("a.example", (), ()))
    hosts.merge(seen(("b.example", (), ())))
    assert list(hosts.seen) == ["a.example", "b.example"]


def test_once_credentials_were_seen_nothing_more_is_looked_for() -> None:
    hosts = seen(("a.example", ((b"Cookie", b"a=1"),), ()), ("a.example", ((b"Authorization", b"Basic x"),), ()))
    assert (hosts.has_credentials, hosts.has_login) == (True, False)
    assert hosts.seen["a.example"].exchanges == 2
