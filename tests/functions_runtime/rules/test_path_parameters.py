"""Paths that differ in an identifier only."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules import path_parameters as module
from functions_runtime.rules.path_parameters import RULE, FoldedPaths
from functions_runtime.ruling import Finding, Severity


def seen(*paths: str, status: int = 200, host: str = "app.example") -> list[list[Finding]]:
    """What is found in each of these requests, one after the other."""
    check = FoldedPaths(b"key")
    return [list(check(Exchange(Request("GET", host, path), Response(status)), Profile())) for path in paths]


def test_the_second_path_of_an_endpoint_is_found() -> None:
    first, second, third = seen("/items/1", "/items/2", "/items/3")
    assert (first, len(second), len(third)) == ([], 1, 1)
    assert (second[0].severity, second[0].subject, second[0].endpoint) == (Severity.ERROR, None, None)
    assert RULE.say(second[0]).startswith("The site responds to several paths")


@pytest.mark.parametrize(
    "paths",
    [
        ("/items/1", "/items/1"),
        ("/items", "/things"),
        ("/items/1", "/things/1"),
        ("/img/1/logo.png", "/img/2/logo.png"),
        ("/{id}/a", "/{id}/a"),
        ("/items/1;sid=a", "/items/1%3Bsid=b"),
        ("/{a};sid=a", "/{a};sid=b"),
        ("/items/1", "/items/%31"),
    ],
)
def test_other_paths_are_not(paths: tuple[str, str]) -> None:
    assert seen(*paths) == [[], []]


@pytest.mark.parametrize("status", [101, 301, 404, 500])
def test_a_path_that_leads_nowhere_does_not_count(status: int) -> None:
    assert seen("/items/1", "/items/2", status=status) == [[], []]


@pytest.mark.parametrize("last", ["1.5", "7.", ".8", "9.twelveletter"])
def test_a_dot_alone_makes_no_file(last: str) -> None:
    assert not module._is_file(f"/items/{last}")


def test_preflights_do_not_count() -> None:
    check = FoldedPaths(b"key")
    for path in ("/items/1", "/items/2"):
        assert list(check(Exchange(Request("OPTIONS", "app.example", path), Response(204)), Profile())) == []


def test_hosts_are_apart() -> None:
    check = FoldedPaths(b"key")
    for host in ("a.example", "b.example"):
        assert list(check(Exchange(Request("GET", host, "/items/1"), Response()), Profile())) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    assert [len(found) for found in seen("/a/1", "/b/1", "/c/1", "/a/2", "/a/3")] == [0, 0, 0, 0, 1]
