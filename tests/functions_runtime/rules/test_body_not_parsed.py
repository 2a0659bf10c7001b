"""Bodies that do not become part of the event."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.body_not_parsed import RULE
from functions_runtime.ruling import Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields


def findings(*fields: tuple[bytes, bytes], method: str = "POST", sent: int = 0) -> list[Finding]:
    return list(RULE.check(Exchange(Request(method, fields=fields), Response(), sent=sent), Profile()))


LENGTH = (b"Content-Length", b"5")


@pytest.mark.parametrize("media_type", [b"multipart/form-data; boundary=x", b"TEXT/XML", b"application/jsonp"])
@pytest.mark.parametrize(("fields", "sent"), [((LENGTH,), 0), (((b"Transfer-Encoding", b"chunked"),), 0), ((), 7)])
def test_a_body_of_another_type_is_not_parsed(media_type: bytes, fields: Fields, sent: int) -> None:
    [finding] = findings((b"content-type", media_type), *fields, sent=sent)
    assert (finding.severity, finding.subject) == (Severity.ERROR, None)
    assert f"of the type {media_type.decode().lower().partition(';')[0]}." in RULE.say(finding)


@pytest.mark.parametrize(
    "media_type",
    [
        b"application/json",
        b" Application/JSON ;charset=utf-8",
        b"application/ld+json",
        b"application/x-www-form-urlencoded",
        b"",
        b";",
    ],
)
def test_json_and_forms_are_parsed(media_type: bytes) -> None:
    assert findings((b"Content-Type", media_type), LENGTH) == []


def test_a_body_without_a_type_is_left_alone() -> None:
    assert findings(LENGTH) == []


@pytest.mark.parametrize("fields", [(), ((b"Content-Length", b"0"),), ((b"Content-Length", b"many"),)])
def test_without_a_body_there_is_nothing_to_parse(fields: Fields) -> None:
    assert findings((b"Content-Type", b"text/xml"), *fields) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_other_methods_are_of_other_rules(method: str) -> None:
    assert findings((b"Content-Type", b"text/xml"), LENGTH, method=method) == []


@pytest.mark.parametrize("value", [b"json", b"sid=secret", b"x/\x1b", b"a/b c", b"/", b"a/\xff"])
def test_what_is_no_media_type_is_not_shown(value: bytes) -> None:
    [finding] = findings((b"Content-Type", value), LENGTH)
    assert "has a body of the type (malformed)." in RULE.say(finding)


def test_a_long_type_is_cut() -> None:
    [finding] = findings((b"Content-Type", b"x/" + b"y" * 200), LENGTH)
    assert "x/" + "y" * 77 + "…." in RULE.say(finding)
    assert RULE.say(finding).isprintable()
