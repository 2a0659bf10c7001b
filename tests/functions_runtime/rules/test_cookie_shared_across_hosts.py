"""Cookies that one host sets for a whole domain and another host gets."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules import cookie_shared_across_hosts as module
from functions_runtime.rules.cookie_shared_across_hosts import RULE
from functions_runtime.ruling import Finding, Severity
from tests.memories import caught_memories

TOKEN = b"c8f1d0a94e7b2f6d"
LINE = b"sid=" + TOKEN + b"; Domain=example.com"


def sets(*lines: bytes, host: str = "login.example.com", cookie: bytes = b"") -> Exchange:
    """An exchange whose response sets cookies, and whose request may have some."""
    fields = ((b"Cookie", cookie),) if cookie else ()
    response = Response(fields=tuple((b"Set-Cookie", line) for line in lines))
    return Exchange(Request("POST", host, "/session", fields, domain=host), response)


def gets(cookie: bytes = b"sid=" + TOKEN, host: str = "shop.example.com", path: str = "/") -> Exchange:
    """An exchange whose request has cookies."""
    return Exchange(Request("GET", host, path, ((b"Cookie", cookie),), domain=host), Response())


def findings(*exchanges: Exchange) -> list[Finding]:
    check = RULE.new_check(b"key")
    return [finding for exchange in exchanges for finding in check(exchange, Profile())]


def places(*exchanges: Exchange) -> set[tuple[str | None, str]]:
    return {(finding.subject, str(finding.endpoint)) for finding in findings(*exchanges)}


FOUND = {("sid", "GET shop.example.com/")}


def test_a_session_of_a_whole_domain_is_found_before_or_after() -> None:
    for order in itertools.permutations((sets(LINE), gets())):
        [finding] = findings(*order)
        assert (finding.severity, finding.subject, finding.replaces) == (Severity.ERROR, "sid", None)
        assert str(finding.endpoint) == "GET shop.example.com/"
        assert RULE.say(finding) == (
            "login.example.com set the cookie sid for example.com, and the browser sent it to shop.example.com. "
            "Under the Runtime only login.example.com receives it."
        )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"sid=%s; Domain=.example.com", True),
        (b"sid=%s; DOMAIN=EXAMPLE.com; Path=/; HttpOnly", True),
        (b"sid=%s; Domain=other.example; Domain=example.com", True),
        (b"sid=%s; Domain=com", True),  # a browser may refuse that, but then nothing is sent
        (b" sid = %s ; Domain=example.com", True),
        (b"sid=%s", False),
        (b"sid=%s; Domain", False),
        (b"sid=%s; Domain=login.example.com", False),
        (b"sid=%s; Domain=example.com; Domain=login.example.com", False),
        (b"sid=%s; Domain=example.com; Domain=", False),
        (b"sid=%s; Domain=other.example", False),
        (b"sid=%s; Domain=ample.com", False),
        (b"sid=%s; Domain=shop.example.com", False),
        (b"sid=%s; Domain=ex\xffample.com", False),
        (b"sid=%s\x00; Domain=example.com", False),
    ],
)
def test_a_domain_that_is_wider_than_the_host(line: bytes, found: bool) -> None:
    for order in itertools.permutations((sets(line % TOKEN), gets())):
        assert places(*order) == (FOUND if found else set())


def test_an_empty_domain_is_not_wider_than_a_host_that_ends_in_a_dot() -> None:
    assert places(sets(b"sid=1; Domain=", host="login.example."), gets(b"sid=1", "shop.example.")) == set()


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("shop.example.com", True),
        ("example.com", True),
        ("a.b.example.com", True),
        ("login.example.com", False),
        ("example.org", False),
        ("notexample.com", False),
        ("example.com.evil.example", False),
        ("com", False),
        ("", False),
    ],
)
def test_a_host_that_the_cookie_was_for(host: str, found: bool) -> None:
    for order in itertools.permutations((sets(LINE), gets(host=host))):
        assert places(*order) == ({("sid", f"GET {host}/")} if found else set())


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        (b"a=1; sid=%s; b=2", True),
        (b"a=1;sid=%s", True),
        (b"sid=%s; sid=%s", True),
        (b"sid=other", False),
        (b"SID=%s", False),
        (b"other=%s", False),
        (b"%s", False),
        (b"", False),
        (b";;;", False),
    ],
)
def test_name_and_value_make_a_cookie(cookie: bytes, found: bool) -> None:
    cookie = cookie.replace(b"%s", TOKEN)
    for order in itertools.permutations((sets(LINE), gets(cookie))):
        assert places(*order) == (FOUND if found else set())


def test_no_value_is_too_short_to_be_compared_with_its_name() -> None:
    for order in itertools.permutations((sets(b"lang=; Domain=example.com"), gets(b"lang="))):
        assert places(*order) == {("lang", "GET shop.example.com/")}


def test_equal_values_under_several_names_are_several_cookies() -> None:
    exchanges = (sets(b"a=1; Domain=example.com", b"b=1; Domain=example.com", b"c=1"), gets(b"a=1; b=1; c=1"))
    for order in itertools.permutations(exchanges):
        assert places(*order) == {("a", "GET shop.example.com/"), ("b", "GET shop.example.com/")}


def test_equal_names_with_several_values_are_several_cookies() -> None:
    exchanges = (sets(b"sid=1; Domain=example.com"), sets(b"sid=2", host="shop.example.com"), gets(b"sid=2"))
    for order in itertools.permutations(exchanges):
        assert places(*order) == set()


def test_the_exchange_that_sets_a_cookie_may_have_got_it() -> None:
    again = sets(LINE, cookie=b"sid=" + TOKEN)
    assert places(again, again) == set()
    for order in itertools.permutations((again, gets())):
        assert places(*order) == FOUND


def test_every_host_and_path_that_gets_it_is_named() -> None:
    exchanges = [sets(LINE), gets(), gets(path="/cart/7"), gets(host="www.example.com"), gets(host="example.org")]
    for order in itertools.permutations(exchanges):
        assert places(*order) == {
            ("sid", "GET shop.example.com/"),
            ("sid", "GET shop.example.com/cart/{id}"),
            ("sid", "GET www.example.com/"),
        }


def test_a_session_that_every_host_sets_anew_is_found_in_any_order() -> None:
    exchanges = [sets(LINE), sets(LINE, host="shop.example.com"), gets()]
    for order in itertools.permutations(exchanges):
        assert places(*order) == FOUND


def test_a_session_that_its_own_host_got_often_before_is_found_in_any_order() -> None:
    own = [gets(host="login.example.com", path=f"/{letter}") for letter in "abcdefghijkl"]
    assert places(sets(LINE), *own, gets()) == FOUND
    assert places(*own, gets(), sets(LINE)) == FOUND


def test_a_host_below_the_one_that_set_the_cookie_still_gets_it() -> None:
    assert places(sets(LINE), gets(host="static.login.example.com")) == set()


@pytest.mark.parametrize("domain", [None, "shop-1234.twil.io"])
def test_a_host_below_loses_the_cookie_of_one_that_moves(domain: str | None) -> None:
    moving = Request("GET", "example.com", "/", domain=domain)
    exchange = Exchange(moving, Response(fields=((b"Set-Cookie", LINE),)))
    assert places(exchange, gets()) == FOUND


def test_a_host_below_keeps_the_cookie_of_one_that_stays() -> None:
    staying = Request("GET", "example.com", "/", domain="example.com")
    assert places(Exchange(staying, Response(fields=((b"Set-Cookie", LINE),))), gets()) == set()


def test_a_host_below_does_not_get_it_where_the_functions_domain_is_another() -> None:
    exchange = sets(LINE)
    moved = Request("POST", "login.example.com", "/session", domain="login-1234.twil.io")
    found = places(replace(exchange, request=moved), gets(host="static.login.example.com"))
    assert found == {("sid", "GET static.login.example.com/")}


def test_a_cookie_without_a_name_is_one_too() -> None:
    for order in itertools.permutations((sets(TOKEN + b"; Domain=example.com"), gets(TOKEN))):
        assert places(*order) == {("", "GET shop.example.com/")}


# Secrets, hostile text and memory


def test_a_finding_never_shows_the_value() -> None:
    found = findings(sets(LINE), gets(), gets(path="/a"), sets(LINE))
    assert len(found) == 2
    assert TOKEN.decode() not in repr(found)


def test_the_value_is_not_kept() -> None:
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    for exchange in (sets(LINE), gets()):
        list(check(exchange, Profile()))
    assert [len(memory) for memory in memories] == [1, 1]
    assert TOKEN not in b"".join(repr(vars(memory)).encode() for memory in memories)


def test_names_are_fit_to_be_shown() -> None:
    line, host = b"s\xff\xe2\x80\xae=1; Domain=e\x85\xff.example", "a.e\ufffd\ufffd.example"
    assert places(sets(line, host=host), gets(b"s\xff\xe2\x80\xae=1", host="b.e\ufffd\ufffd.example")) == {
        ("s\\xff\\u202e", "GET b.e\ufffd\ufffd.example/")
    }


def test_hosts_and_domains_are_fit_to_be_shown() -> None:
    [finding] = findings(
        sets(b"sid=1; Domain=\x85.example", host="a\x1b.\ufffd.example"), gets(b"sid=1", "b.\ufffd.example")
    )
    assert RULE.say(finding).isprintable()


def test_only_so_many_hosts_of_one_cookie_are_remembered() -> None:
    hosts = [f"{letter}.example.com" for letter in "abcdefghijklmnopqrst"]
    found = places(*(gets(host=host) for host in hosts), sets(LINE))
    assert found == {("sid", f"GET {host}/") for host in hosts[-module.MOST_HOSTS :]}


def test_only_so_many_hosts_that_set_one_cookie_are_remembered() -> None:
    check = RULE.new_check(b"key")
    for letter in "abcdefghijklmnopqrst":
        list(check(sets(LINE, host=f"{letter}.example.com"), Profile()))

    [finding] = check(gets(host="www.example.com"), Profile())
    assert RULE.say(finding).startswith(f"{'abcdefghijklmnopqrst'[-module.MOST_HOSTS]}.example.com set the cookie")


def test_only_so_many_places_of_one_cookie_are_remembered() -> None:
    paths = [f"/{letter}" for letter in "abcdefghijklmnopqrst"]
    found = places(*(gets(path=path) for path in paths), sets(LINE))
    assert found == {("sid", f"GET shop.example.com{path}") for path in paths[: module.MOST_ENDPOINTS]}


def test_evidence_is_found_once_however_often_the_cookie_is_renewed() -> None:
    for order in ([sets(LINE)] * 5 + [gets()], [gets()] + [sets(LINE)] * 5):
        assert len(findings(*order)) == 1


def test_only_so_much_is_found_in_one_exchange() -> None:
    pairs = [b"c%d=1" % number for number in range(40)]
    reads = [gets(b"; ".join(pairs), path=f"/{letter}") for letter in "abcdefghijklmnop"]
    lines = [pair + b"; Domain=example.com" for pair in pairs]
    assert len(findings(*reads, sets(*lines))) == module.MOST_FOUND


def test_a_cookie_that_many_hosts_set_and_a_request_has_often_is_one_finding() -> None:
    setters = [sets(LINE, host=f"{letter}.example.com") for letter in "abcdefgh"]
    exchanges = [*setters, gets(b"; ".join([b"sid=" + TOKEN] * 4000))]
    assert len(findings(*exchanges)) == 1
    assert len(findings(*reversed(exchanges))) == len(setters)


def test_thousands_of_cookies_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    with caught_memories() as memories:
        check = RULE.new_check(b"key")
    for number in range(3000):
        assert not check(sets(b"sid=%d; Domain=example.com" % number, cookie=b"a=%d" % number), Profile())
    assert [len(memory) for memory in memories] == [100, 100]
    assert not check(gets(b"sid=0"), Profile())
    assert check(gets(b"sid=2999"), Profile())


def test_each_check_has_a_memory_of_its_own() -> None:
    list(RULE.new_check(b"key")(sets(LINE), Profile()))
    assert list(RULE.new_check(b"key")(gets(), Profile())) == []
