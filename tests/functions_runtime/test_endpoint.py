"""What findings are grouped by."""

from __future__ import annotations

import pytest

from functions_runtime.endpoint import Endpoint, endpoint

UUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("", ""),
        ("*", "*"),
        ("/login", "/login"),
        ("/users/17", "/users/{id}"),
        ("/users/17/", "/users/{id}/"),
        ("/users/17/orders/0", "/users/{id}/orders/{id}"),
        ("/v2/users", "/v2/users"),
        ("/17a/-1/1.5/1,2", "/17a/-1/1.5/1,2"),
        (f"/{UUID}/{UUID.upper()}", "/{id}/{id}"),
        (f"/{UUID}0/x{UUID}", f"/{UUID}0/x{UUID}"),
        ("/deadbeefdeadbeef", "/{id}"),
        ("/DeadBeefDeadBee", "/DeadBeefDeadBee"),
        ("/deadbeefdeadbeeg", "/deadbeefdeadbeeg"),
        ("/٤٢", "/٤٢"),
        ("/search?q=secret", "/search"),
        ("/17?next=/18", "/{id}"),
        ("/page#secret?a", "/page"),
        ("/a?b#c?d", "/a"),
        ("/shop;jsessionid=0123ABCD/cart;a=b;c", "/shop/cart"),
        ("/17;v=2/;x", "/{id}/"),
        ("/shop%3Bjsessionid=0123/17%3bv=2", "/shop/{id}"),
    ],
)
def test_identifiers_are_left_out_and_queries_are_dropped(path: str, template: str) -> None:
    assert endpoint("GET", "a.example", path).path == template


def test_everything_in_it_is_fit_to_be_shown() -> None:
    shown = endpoint("G\x1bT", "a\u202e", "/\r\n/<b>")
    assert shown == Endpoint("G\\x1bT", "a\\u202e", "/\\r\\n/<b>")


def test_nothing_in_it_is_longer_than_can_be_shown() -> None:
    shown = endpoint("m" * 41, "h" * 256, "/" + "p" * 300)
    assert shown == Endpoint("m" * 39 + "…", "h" * 254 + "…", "/" + "p" * 298 + "…")
    longest = Endpoint("m" * 40, "h" * 255, "/" + "p" * 299)
    assert endpoint(*longest) == longest


def test_it_reads_as_method_host_and_path() -> None:
    assert str(Endpoint("GET", "a.example", "/login")) == "GET a.example/login"
