"""What findings are grouped by."""

from __future__ import annotations

import random
import string
from pathlib import Path

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
        (f"/{UUID}0/x{UUID}", "/{id}/{id}"),
        ("/deadbeefdeadbeef", "/{id}"),
        ("/DeadBeefDeadBee", "/DeadBeefDeadBee"),
        ("/deadbeefdeadbeeg", "/deadbeefdeadbeeg"),
        ("/reset/KiJ7ik7_cejbEcCB9kb3h_", "/reset/{id}"),
        ("/invite/a@b.example", "/invite/{email}"),
        ("/invite/a%40b.example", "/invite/{email}"),
        ("/@scope/name@1", "/@scope/name@1"),
        ("/a@b.example,c@d.example", "/{email},{email}"),
        ("/user%252540mail.example/mailto:a@163.com", "/{email}/mailto:{email}"),
        (
            "/vue@3.4.21/htmx.org@1.9.10/x@2.0-rc.js/go@v1.2.3.zip",
            "/vue@3.4.21/htmx.org@1.9.10/x@2.0-rc.js/go@v1.2.3.zip",
        ),
        ("/logo@2x.png/logo@1.5x.png", "/logo@2x.png/logo@1.5x.png"),
        ("/Calls/+14155552671", "/Calls/{id}"),
        ("/IncomingPhoneNumbers.json", "/IncomingPhoneNumbers.json"),
        ("/x/key=secret/y", "/x/key={value}/y"),
        ("/x/key%3Dsecret", "/x/key={value}"),
        ("/x/=secret", "/x/={value}"),
        ("/x/key%253Dsecret%252525/100%25/%zz", "/x/key={value}/100%25/%zz"),
        ("/a%3Ftoken=secret/b", "/a/b"),
        ("/a%23secret/b%2Fsecret", "/a/b"),
        ("/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-", "/verify/{id}"),
        ("/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-.json", "/{id}.json"),
        ("/eyJhbGci.abc..ghi.jkl", "/{id}"),
        ("/app.3f2a9c1b.js", "/app.3f2a9c1b.js"),
        ("/3f2a9c1b3f2a9c1b.js", "/{id}.js"),
        ("/AbCdEfGhIjKlMnOp.css", "/{id}.css"),
        ("/AbCdEfGhIjKlMnO", "/AbCdEfGhIjKlMnO"),
        ("/1234567890-12345678", "/1234567890-12345678"),
        ("/{id}.js/{email}/key={value}", "/{id}.js/{email}/key={value}"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/٤٢", "/٤٢"),
        ("/search?q=secret", "/search"),
        ("/17?next=/18", "/{id}"),
        ("/page#secret?a", "/page"),
        ("/a?b#c?d", "/a"),
        ("//ada:secret@h/x:y@z", "//{value}@h/x:y@z"),
        ("/fetch/https://:secret@h.example/a", "/fetch/https://{email}/a"),
        ("//ada@h/a//b:c", "//ada@h/a//b:c"),
        ("/shop;jsessionid=0123ABCD/cart;a=b;c", "/shop/cart"),
        ("/17;v=2/;x", "/{id}/"),
        ("/shop%3Bjsessionid=0123/17%3bv=2", "/shop/{id}"),
    ],
)
def test_identifiers_are_left_out_and_queries_are_dropped(path: str, template: str) -> None:
    assert endpoint("GET", "a.example", path).path == template


def test_everything_in_it_is_fit_to_be_shown() -> None:
    shown = endpoint("G\x1bT", "a\u202e", "/\r\n/<b>")
    assert shown == Endpoint("(malformed)", "a\\u202e", "/\\r\\n/<b>")


def test_nothing_in_it_is_longer_than_can_be_shown() -> None:
    shown = endpoint("m" * 41, "h" * 256, "/" + "p" * 300)
    assert shown == Endpoint("m" * 39 + "…", "h" * 254 + "…", "/" + "p" * 298 + "…")
    longest = Endpoint("m" * 40, "h" * 255, "/" + "p" * 299)
    assert endpoint(*longest) == longest


def test_it_reads_as_method_host_and_path() -> None:
    assert str(Endpoint("GET", "a.example", "/login")) == "GET a.example/login"


# Secrets

LETTERS_DIGITS = string.ascii_letters + string.digits
URL_SAFE = LETTERS_DIGITS + "-_"


def tokens(characters: str, length: int, number: int = 300) -> list[str]:
    """Random tokens, the same ones in each run."""
    chance = random.Random(f"{characters}{length}")
    return ["".join(chance.choices(characters, k=length)) for _ in range(number)]


FORMS = (
    "/reset/{}",
    "/reset/{}/confirm",
    "/files/{}.pdf",
    "/files/{}.tar.gz",
    "/app.{}.js",
    "/k={}",
    "/k%253D{}",
    "/a%3Ftoken={}",
    "/a%25253Ftoken={}",
    "/{};x",
    "/b%2F{}",
    "/({})",
    "/bot123:{}",
    "/token,{}",
    "/{}%0A",
)


@pytest.mark.parametrize(
    ("characters", "length", "missed"),
    [
        (string.hexdigits.lower()[:16], 32, 0),
        (string.hexdigits.lower()[:16], 16, 0),
        (LETTERS_DIGITS, 22, 0),
        (URL_SAFE, 22, 0),
        (URL_SAFE, 43, 0),
        (string.ascii_lowercase + string.digits, 24, 1),
        (string.ascii_letters, 24, 0),
        (URL_SAFE, 16, 7),
    ],
)
def test_random_tokens_are_left_out(characters: str, length: int, missed: int) -> None:
    """`missed` of 300 tokens have, by chance, fewer digits and changes of case than their shape asks for."""
    for form in FORMS:
        leaked = [
            token for token in tokens(characters, length) if token in endpoint("GET", "a", form.format(token)).path
        ]
        assert len(leaked) <= missed, form


def test_random_jwts_are_left_out() -> None:
    for head, body, signature in zip(*(tokens(URL_SAFE, length) for length in (30, 80, 43)), strict=True):
        assert endpoint("GET", "a", f"/v/eyJ{head}.eyJ{body}.{signature}").path == "/v/{id}"


# Ordinary paths

ORDINARY = Path(__file__).with_name("ordinary_paths.txt").read_text("utf-8").split()


FOLDED = [
    "/TR/WD-html40-970708/htmlweb.html",
    "/badge/license-MIT-9400d3.svg",
    "/blogview/12156-Cachedump-for-Meterpreter-in-Action.html",
    "/en-us/azure/active-directory/develop/v2-oauth2-auth-code-flow",
    "/recipes/578019-bytes-to-human-human-to-bytes-converter/",
    "/topic230-mysql-and-mssql-get-password-hashes.aspx",
]
"""Paths whose shape is a token's, although they are none."""


def test_ordinary_paths_of_real_sites_stay_as_they_are() -> None:
    assert len(ORDINARY) > 1_300
    assert [path for path in ORDINARY if endpoint("GET", "www.example.com", path).path != path] == FOLDED
