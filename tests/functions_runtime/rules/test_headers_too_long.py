"""The limits on header size and count: exactly at them, one over, and what the finding says then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import HEADERS_TOO_LONG_ERROR, LATER_PAGE_LIMITS, SEED_PAGE_LIMITS, Limits, Profile
from functions_runtime.rules.headers_too_long import REQUEST, RESPONSE
from functions_runtime.ruling import Finding, Reply, Severity
from functions_runtime.syntax.rfc9110 import Fields
from tests.functions_runtime.emulated import EMULATOR


def of_request(fields: Fields, limits: Limits = SEED_PAGE_LIMITS) -> list[Finding]:
    return list(REQUEST.check(Exchange(Request(fields=fields)), Profile(limits)))


def of_response(fields: Fields, limits: Limits = SEED_PAGE_LIMITS) -> list[Finding]:
    return list(RESPONSE.check(Exchange(Request(), Response(fields=fields)), Profile(limits)))


def sized(size: int, name: bytes = b"X-Fill") -> Fields:
    """One field that takes this many bytes as HTTP/1.1 writes it."""
    return ((name, b"f" * (size - len(name) - len(": \r\n"))),)


def cookies(count: int) -> tuple[bytes, bytes]:
    return (b"Cookie", b"; ".join([b"c=1"] * count))


def say(finding: Finding) -> str:
    return {rule.id: rule for rule in (REQUEST, RESPONSE)}[finding.rule].say(finding)


FindingsOf = Callable[..., list[Finding]]
BOTH_SIDES = pytest.mark.parametrize("findings_of", [of_request, of_response])


@BOTH_SIDES
@pytest.mark.parametrize("limits", [SEED_PAGE_LIMITS, LATER_PAGE_LIMITS, Limits(100, 3)], ids=str)
def test_the_limits_themselves_pass_and_one_more_does_not(findings_of: FindingsOf, limits: Limits) -> None:
    assert findings_of(sized(limits.size), limits) == []
    assert len(findings_of(sized(limits.size + 1), limits)) == 1
    assert findings_of(((b"X", b""),) * limits.count, limits) == []
    assert len(findings_of(((b"X", b""),) * (limits.count + 1), limits)) == 1


def test_no_header_at_all_passes() -> None:
    assert of_request(()) == of_response(()) == []


@pytest.mark.parametrize(
    ("fields", "which"),
    [
        (sized(4097), "It exceeds the size limit."),
        (((b"X", b""),) * 76, "It exceeds the count limit."),
        (((b"X", b""),) * 75 + sized(4097), "It exceeds both limits."),
    ],
    ids=["size", "count", "both"],
)
@BOTH_SIDES
def test_the_finding_says_which_limit_was_exceeded(findings_of: FindingsOf, fields: Fields, which: str) -> None:
    [finding] = findings_of(fields)
    assert which in say(finding)


def test_the_finding_says_what_was_measured_and_the_limits() -> None:
    [finding] = of_request((*sized(5000), cookies(3)))
    size = 5000 + len("Cookie: c=1; c=1; c=1\r\n")
    assert say(finding).startswith(
        f"The request has {size:,} bytes of headers and 4 fields and cookies "
        "(limits: 4,096 bytes, 75 fields and cookies)."
    )
    assert REQUEST.cells(finding) == (
        f"{size:,} of 4,096 bytes",
        "4 of 75",
        f"X-Fill (5,000 bytes), Cookie ({size - 5000} bytes)",
    )


def test_a_response_counts_fields_only() -> None:
    [finding] = of_response(((b"X", b""),) * 76)
    assert say(finding).startswith(
        "The response has 380 bytes of headers and 76 fields (limits: 4,096 bytes, 75 fields). It exceeds the count"
    )


@pytest.mark.parametrize(
    ("findings_of", "rule", "text"),
    [
        (of_request, "request-headers-too-long", b"Request headers or cookies too long"),
        (of_response, "response-headers-too-long", b"Response headers or cookies too long"),
    ],
)
def test_the_runtime_answers_431(findings_of: FindingsOf, rule: str, text: bytes) -> None:
    [finding] = findings_of(sized(4097))
    assert (finding.rule, finding.severity, finding.subject) == (rule, Severity.ERROR, None)
    assert finding.status == 431
    assert REQUEST.twilio_error == RESPONSE.twilio_error == HEADERS_TOO_LONG_ERROR
    assert finding.effect == Reply(
        431, "Request Header Fields Too Large", ((b"Content-Type", b"text/plain; charset=utf-8"),), text
    )
    assert f"The Runtime responds with 431 “{text.decode()}”" in say(finding)


def test_every_cookie_of_a_request_counts_and_its_field_does_not() -> None:
    assert of_request((cookies(75),)) == []
    assert len(of_request((cookies(76),))) == 1
    assert of_request((cookies(40), cookies(35))) == []
    assert len(of_request((cookies(40), cookies(35), (b"X", b"")))) == 1
    assert of_request((cookies(74), (b"X", b""))) == []
    assert of_request((*((b"X", b""),) * 75, (b"Cookie", b";;"))) == []


def test_every_set_cookie_of_a_response_counts_whatever_is_in_it() -> None:
    assert of_response(((b"Set-Cookie", b"a=1; Secure; Path=/"),) * 75) == []
    assert len(of_response(((b"Set-Cookie", b"="),) * 76)) == 1
    assert of_response((cookies(76),)) == []


@pytest.mark.parametrize(
    ("size", "limits", "sentence"),
    [
        (15360, SEED_PAGE_LIMITS, "The limits 15kb/90 would allow it."),
        (15361, SEED_PAGE_LIMITS, "The limits 15kb/90 would not allow it either."),
        (15361, LATER_PAGE_LIMITS, "The limits 4kb/75 would not allow it either."),
        (4096, Limits(100, 75), "The limits 4kb/75 and 15kb/90 would allow it."),
        (
            4097,
            Limits(100, 75),
            "The limits 15kb/90 would allow it. The limits 4kb/75 would not allow it either.",
        ),
    ],
)
def test_the_finding_says_what_the_other_limits_would_have_said(size: int, limits: Limits, sentence: str) -> None:
    [finding] = of_request(sized(size), limits)
    assert say(finding).endswith(f". {sentence}")


def test_the_other_limits_have_a_count_too() -> None:
    [finding] = of_request(((b"X", b""),) * 91)
    assert say(finding).endswith("The limits 15kb/90 would not allow it either.")


def test_the_largest_fields_are_named_by_size_without_their_values() -> None:
    secret = b"f" * 20
    fields = (*sized(50, b"Small"), *sized(3000, b"Big"), *sized(60, b"Medium"), *sized(3001, b"big\x1b[2J"))
    [finding] = of_request(fields)
    assert "Largest: big\\x1b[2J (3,001 bytes), Big (3,000 bytes), Medium (60 bytes). " in say(finding)
    assert secret.decode() not in say(finding)


def test_a_large_name_is_cut() -> None:
    [finding] = of_response(((b"n" * 5000, b""),))
    assert f"{'n' * 39}… (5,004 bytes)" in say(finding)
    assert len(say(finding)) < 500


# What the local emulator adds


def test_what_the_emulator_adds_does_not_count_in_a_response() -> None:
    assert of_response((*EMULATOR, *((b"X", b""),) * 75)) == []
    assert of_response((*EMULATOR, *sized(4096))) == []


def test_the_finding_says_what_does_not_count() -> None:
    [finding] = of_response((*EMULATOR, *((b"X", b""),) * 76))
    assert "380 bytes of headers and 76 fields" in say(finding)
    assert say(finding).endswith("The local emulator added 7 other fields, which do not count.")


def test_it_counts_without_the_emulators_marks_and_in_a_request() -> None:
    assert len(of_response((*EMULATOR[1:], *((b"X", b""),) * 75))) == 1
    [finding] = of_request((*EMULATOR, *((b"X", b""),) * 75))
    assert "emulator" not in say(finding)
