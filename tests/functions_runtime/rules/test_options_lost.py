"""What a site says to OPTIONS that is no preflight."""

from __future__ import annotations

import pytest

from functions_runtime.catalogue import say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.options_lost import RULE
from functions_runtime.ruling import Finding
from functions_runtime.syntax.rfc9110 import Fields

ALLOW = (b"Allow", b"GET, OPTIONS")


def findings(
    *answer: tuple[bytes, bytes], status: int = 200, method: str = "OPTIONS", asked: Fields = ()
) -> list[Finding]:
    return list(RULE.check(Exchange(Request(method, fields=asked), Response(status, answer)), Profile()))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((ALLOW,), "Allow"),
        (((b"ALLOW", b""),), "Allow"),
        (((b"dav", b"1, 2"),), "DAV"),
        (((b"DAV", b"1"), ALLOW), "Allow and DAV"),
        (((b"Content-Length", b"2"),), "content"),
        (((b"content-length", b"10"),), "content"),
        (((b"Content-Length", b"10, 10"),), "content"),
        ((ALLOW, (b"DAV", b"1"), (b"Content-Length", b"9")), "Allow and DAV and content"),
    ],
)
def test_what_it_says_is_lost(answer: Fields, said: str) -> None:
    [finding] = findings(*answer)
    assert f"The site responds with {said}. The Runtime replies" in say(finding)
    assert (finding.subject, finding.endpoint) == (None, None)


@pytest.mark.parametrize(
    "answer",
    [
        (),
        ((b"Content-Length", b"0"),),
        ((b"Content-Length", b"00"),),
        ((b"Content-Length", b"0,0"),),
        ((b"Transfer-Encoding", b"chunked"),),
        ((b"Content-Type", b"text/plain"), (b"Allowed", b"GET")),
        ((b"Access-Control-Allow-Origin", b"*"),),
    ],
)
def test_an_answer_that_says_nothing_is_no_loss(answer: Fields) -> None:
    assert findings(*answer) == []


@pytest.mark.parametrize(("status", "lost"), [(200, 1), (204, 1), (302, 1), (399, 1), (400, 0), (405, 0), (500, 0)])
def test_a_refusal_is_no_loss(status: int, lost: int) -> None:
    assert len(findings(ALLOW, status=status)) == lost


ORIGIN = (b"Origin", b"https://app.example")
METHOD = (b"Access-Control-Request-Method", b"PUT")


@pytest.mark.parametrize(
    ("asked", "lost"),
    [
        pytest.param((ORIGIN, METHOD), 0, id="a preflight"),
        pytest.param((ORIGIN,), 1, id="no method"),
        pytest.param((METHOD,), 1, id="no origin"),
        pytest.param((ORIGIN, ORIGIN, METHOD), 1, id="two origins"),
        pytest.param((ORIGIN, (METHOD[0], b"a b")), 1, id="a method that is none"),
    ],
)
def test_a_preflight_is_another_matter_and_a_broken_one_is_none(asked: Fields, lost: int) -> None:
    assert len(findings(ALLOW, asked=asked)) == lost


@pytest.mark.parametrize("method", ["GET", "options", "PROPFIND", ""])
def test_only_options(method: str) -> None:
    assert findings(ALLOW, method=method) == []
