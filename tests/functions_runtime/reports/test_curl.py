"""Commands that show a finding."""

from __future__ import annotations

import shlex

import pytest

from functions_runtime.catalogue import RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.record.inventory import FOLDED
from functions_runtime.reports.curl import curl
from functions_runtime.rule import Rule
from tests.functions_runtime.reports.sample import CONTROLS, HOSTILE, entry, example

ME = Endpoint("PUT", "api.example", "/me")


@pytest.mark.parametrize(
    ("rule", "endpoint", "subject", "command"),
    [
        ("cookie-lifetime-too-long", Endpoint("GET", "a.example", "/"), "sid", "curl -ig https://a.example/"),
        ("cookie-session", Endpoint("HEAD", "localhost", "/{id}"), "sid", "curl -ig -I 'http://localhost/{id}'"),
        ("method-unsupported", ME, None, "curl -ig -X PUT https://api.example/me"),
        ("preflight-answered", ME._replace(method="OPTIONS"), None, "curl -ig -X OPTIONS https://api.example/me"),
        ("restricted-header-used", ME, "via", "curl -ig -X PUT -H 'via: test' https://api.example/me"),
        ("restricted-header-used", ME, "host", None),
        ("restricted-request-header", ME, "via", None),
        (
            "cors-method-blocked",
            ME,
            None,
            "curl -ig -X OPTIONS -H 'Origin: https://other.example' -H 'Access-Control-Request-Method: PUT' "
            "https://api.example/me",
        ),
        (
            "response-too-large",
            Endpoint("GET", "a.example", "/"),
            None,
            r"curl -ig -o /dev/null -w '%{size_download} bytes\n' https://a.example/",
        ),
        (
            "cookie-session",
            Endpoint("GET", "a.example", "/my key={value}/%C3%BC/é/{id}"),
            "sid",
            "curl -ig 'https://a.example/my%20key={value}/%C3%BC/%C3%A9/{id}'",
        ),
        ("cookie-read-by-script", ME, "sid", None),
        ("restricted-request-header", FOLDED, "via", None),
    ],
)
def test_it_asks_as_the_finding_needs_it(
    rule: str, endpoint: Endpoint, subject: str | None, command: str | None
) -> None:
    assert curl(entry(rule, endpoint=endpoint, subject=subject)) == command


@pytest.mark.parametrize(
    ("host", "scheme", "port", "url"),
    [
        ("localhost", "http", 9110, "http://localhost:9110/"),
        ("localhost", "https", 8080, "https://localhost:8080/"),
        ("a.example", "https", 443, "https://a.example/"),
        ("a.example", "http", 80, "http://a.example/"),
        ("a.example", "http", 443, "http://a.example:443/"),
        ("a.example", "", 0, "https://a.example/"),
        ("::1", "http", 9110, "'http://[::1]:9110/'"),
    ],
)
def test_it_asks_where_the_client_asked(host: str, scheme: str, port: int, url: str) -> None:
    found = entry("cookie-session", endpoint=Endpoint("GET", host, "/"), subject="sid")
    found.scheme, found.port = scheme, port
    assert curl(found) == f"curl -ig {url}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_hostile_text_stays_an_argument(rule: Rule) -> None:
    text = f"a'b\"$(id)`id`;&|{HOSTILE}{CONTROLS}"
    found = entry(rule.id, endpoint=Endpoint("GET", text, text), subject=text, facts=example(rule.id).facts)
    command = curl(found)
    if command is not None:
        *_, url = shlex.split(command)
        assert url.startswith(f"https://{text}a'b%22$(id)%60id%60;&%7C")
        assert "{subject}" not in command
