"""The limits on header size and count: exactly at them, one over, and what is said then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import LATER_PAGE_LIMITS, SEED_PAGE_LIMITS, Limits, Profile
from functions_runtime.rules.headers_too_long import REQUEST, RESPONSE
from functions_runtime.ruling import Finding, Reply, Severity
from functions_runtime.syntax.rfc9110 import Fields


def of_request(fields: Fields, limits: Limits = SEED_PAGE_LIMITS) -> list[Finding]:
    return list(REQUEST.check(Exchange(Request(fields=fields)), Profile(limits)))


def of_response(fields: Fields, limits: Limits = SEED_PAGE_LIMITS) -> list[Finding]:
    return list(RESPONSE.check(Exchange(Request(), Response(fields=fields)), Profile(limits)))


def sized(size: int, name: bytes = b"X-Fill") -> Fields:
    """One field that takes this many bytes as HTTP/1.1 writes it."""
    return ((name, b"f" * (size - len(name) - len(": \r\n"))),)


def cookies(count: int) -> tuple[bytes, bytes]:
    return (b"Cookie", b"; ".join([b"c=1"] * count))


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
        (sized(4097), "so the size limit is exceeded"),
        (((b"X", b""),) * 76, "so the count limit is exceeded"),
        (((b"X", b""),) * 75 + sized(4097), "so the size and the count limit is exceeded"),
    ],
    ids=["size", "count", "both"],
)
@BOTH_SIDES
def test_the_finding_says_which_limit_was_exceeded(findings_of: FindingsOf, fields: Fields, which: str) -> None:
    [finding] = findings_of(fields)
    assert which in finding.message


def test_the_finding_says_what_was_measured_and_the_limits() -> None:
    [finding] = of_request((*sized(5000), cookies(3)))
    size = 5000 + len("Cookie: c=1; c=1; c=1\r\n")
    assert f"The headers are {size} bytes and 4 fields and cookies. The limits are 4096 bytes and 75" in finding.message


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
    assert (finding.status, finding.twilio_error) == (431, 82008)
    assert finding.effect == Reply(
        431, "Request Header Fields Too Large", ((b"Content-Type", b"text/plain; charset=utf-8"),), text
    )
    assert f"answers 431 “{text.decode()}”" in finding.message


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
        (15360, SEED_PAGE_LIMITS, "Under the limits 15kb/90 it would pass."),
        (15361, SEED_PAGE_LIMITS, "Under the limits 15kb/90 it would not pass either."),
        (15361, LATER_PAGE_LIMITS, "Under the limits 4kb/75 it would not pass either."),
        (4096, Limits(100, 75), "Under the limits 4kb/75 it would pass. Under the limits 15kb/90 it would pass."),
        (
            4097,
            Limits(100, 75),
            "Under the limits 4kb/75 it would not pass either. Under the limits 15kb/90 it would pass.",
        ),
    ],
)
def test_the_finding_says_what_the_other_limits_would_have_said(size: int, limits: Limits, sentence: str) -> None:
    [finding] = of_request(sized(size), limits)
    assert finding.message.endswith(f". {sentence}")


def test_the_other_limits_have_a_count_too() -> None:
    [finding] = of_request(((b"X", b""),) * 91)
    assert finding.message.endswith("Under the limits 15kb/90 it would not pass either.")


def test_the_largest_fields_are_named_by_size_without_their_values() -> None:
    secret = b"f" * 20
    fields = (*sized(50, b"Small"), *sized(3000, b"Big"), *sized(60, b"Medium"), *sized(3001, b"big\x1b[2J"))
    [finding] = of_request(fields)
    assert "Largest: big\\x1b[2J (3001 bytes), Big (3000 bytes), Medium (60 bytes). " in finding.message
    assert secret.decode() not in finding.message


def test_a_large_name_is_cut() -> None:
    [finding] = of_response(((b"n" * 5000, b""),))
    assert f"{'n' * 39}… (5004 bytes)" in finding.message
    assert len(finding.message) < 500
