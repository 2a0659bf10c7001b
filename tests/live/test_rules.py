"""Every rule of the Runtime on the wire: the bytes that client and Function get, and what the report says.

Each case goes through an enforcing and through an auditing mitmdump.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from functions_runtime.catalogue import RULES
from functions_runtime.rule import Step
from tests.conftest import Start
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin
from tests.live.wire import BAD_COOKIE_LINE, Message, request, response

Found = tuple[str, str, str | None]

REQUEST_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 35\r\n\r\nRequest headers or cookies too long"
)
RESPONSE_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 36\r\n\r\nResponse headers or cookies too long"
)
COOKIE_TOO_LONG = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 44\r\n\r\nCookies max-age cannot be greater than a day"
)
PREFLIGHT = (
    b"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n"
    b"Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n\r\n"
)
FUTURE = b"Wed, 01 Jan 2098 00:00:00 GMT"
PAST = b"Thu, 01 Jan 1970 00:00:00 GMT"

TOO_LONG: Found = ("request-headers-too-long", "error", None)
ANSWER_TOO_LONG: Found = ("response-headers-too-long", "error", None)
ANSWERED: Found = ("preflight-answered", "info", None)


def _removed(*names: str) -> set[Found]:
    return {("restricted-request-header", "info", name) for name in names}


def _lifetime(*names: str) -> set[Found]:
    return {("cookie-lifetime-too-long", "error", name) for name in names}


def _domain(severity: str = "warning", name: str = "sid") -> Found:
    return ("cookie-domain-replaced", severity, name)


def _added(name: str = "sid") -> Found:
    return ("cookie-attributes-added", "info", name)


def _session(name: str = "sid") -> Found:
    return ("cookie-session", "info", name)


def _both(severity: str) -> Found:
    return ("cookie-max-age-precedence", severity, "sid")


def _filled(used: bytes, size: int) -> bytes:
    """A field line that fills a field section of these lines up to this size."""
    return b"X-Fill: ".ljust(size - len(used) - 2, b"f")


def _request_of_size(size: int) -> bytes:
    return _filled(b"Host: app.example.test\r\n", size)


def _response_of_size(size: int) -> bytes:
    return _filled(b"Content-Length: 5\r\n", size)


def _many(number: int) -> tuple[bytes, ...]:
    return tuple(b"X-%d: 1" % i for i in range(number))


@dataclass(frozen=True)
class Case:
    """An exchange. `forwarded` is what the Function gets of `lines` in enforce mode, None: it is not called.

    `replied` is what the client gets in enforce mode; None: what the Function said.
    """

    name: str
    lines: tuple[bytes, ...] = ()
    answer: bytes = response()
    findings: set[Found] = field(default_factory=set)
    forwarded: tuple[bytes, ...] | None = ()
    replied: bytes | None = None
    method: bytes = b"GET"
    content: bytes = b""

    def request(self, path: bytes, lines: tuple[bytes, ...]) -> bytes:
        return request(*lines, method=self.method, target=path, content=self.content)


def _cookie(name: str, line: bytes, enforced: bytes, *findings: Found) -> Case:
    return Case(
        name,
        answer=response(b"Set-Cookie: " + line, b"X-App: 1"),
        findings=set(findings),
        replied=response(b"Set-Cookie: " + enforced, b"X-App: 1"),
    )


def _refused(name: str, *lines: bytes, findings: set[Found]) -> Case:
    return Case(name, answer=response(*lines, b"X-App: 1"), findings=findings, replied=COOKIE_TOO_LONG)


def _unchanged(name: str, *lines: bytes) -> Case:
    return Case(name, lines, forwarded=lines)


CASES = [
    Case("nothing-special"),
    # The limits on requests
    _unchanged("request-size-at-limit", _request_of_size(4096)),
    Case(
        "request-size-over-limit",
        (_request_of_size(4097),),
        findings={TOO_LONG},
        forwarded=None,
        replied=REQUEST_TOO_LONG,
    ),
    _unchanged("request-count-at-limit", *_many(74)),
    Case("request-count-over-limit", _many(75), findings={TOO_LONG}, forwarded=None, replied=REQUEST_TOO_LONG),
    _unchanged("request-cookies-at-limit", b"Cookie: " + b"; ".join(b"c%d=1" % i for i in range(74))),
    Case(
        "request-cookies-over-limit",
        (b"Cookie: " + b"; ".join(b"c%d=1" % i for i in range(75)),),
        findings={TOO_LONG},
        forwarded=None,
        replied=REQUEST_TOO_LONG,
    ),
    Case(
        "request-over-limit-with-content",
        _many(80),
        findings={TOO_LONG},
        forwarded=None,
        replied=REQUEST_TOO_LONG,
        method=b"POST",
        content=b"c" * 200_000,
    ),
    Case(
        "request-over-limit-of-head",
        _many(80),
        response(content=b"hello").removesuffix(b"hello"),
        {TOO_LONG},
        None,
        REQUEST_TOO_LONG.partition(b"Request headers")[0],
        b"HEAD",
    ),
    # The limits on responses
    Case("response-size-at-limit", answer=response(_response_of_size(4096))),
    Case(
        "response-size-over-limit",
        answer=response(_response_of_size(4097)),
        findings={ANSWER_TOO_LONG},
        replied=RESPONSE_TOO_LONG,
    ),
    Case("response-count-at-limit", answer=response(*_many(74))),
    Case(
        "response-count-over-limit", answer=response(*_many(75)), findings={ANSWER_TOO_LONG}, replied=RESPONSE_TOO_LONG
    ),
    Case(
        "response-cookies-over-limit",
        answer=response(*(b"Set-Cookie: c%d=1" % i for i in range(75))),
        findings={ANSWER_TOO_LONG},
        replied=RESPONSE_TOO_LONG,
    ),
    Case(
        "response-over-limit-to-head",
        answer=response(*_many(80), content=b"").replace(b"Content-Length: 0", b"Content-Length: 999"),
        findings={ANSWER_TOO_LONG},
        replied=RESPONSE_TOO_LONG.partition(b"Response headers")[0],
        method=b"HEAD",
    ),
    # OPTIONS
    Case(
        "preflight",
        (b"Origin: https://other.example", b"Access-Control-Request-Method: PUT"),
        response(b"Access-Control-Allow-Origin: https://other.example", b"Access-Control-Allow-Credentials: true"),
        {ANSWERED},
        None,
        PREFLIGHT,
        b"OPTIONS",
    ),
    Case(
        "options-with-content",
        answer=response(b"Allow: GET"),
        findings={ANSWERED},
        forwarded=None,
        replied=PREFLIGHT,
        method=b"OPTIONS",
        content=b"c" * 100,
    ),
    Case(
        "options-over-limit",
        _many(75),
        findings={TOO_LONG},
        forwarded=None,
        replied=REQUEST_TOO_LONG,
        method=b"OPTIONS",
    ),
    Case("cross-origin-get", (b"Origin: https://other.example",), forwarded=(b"Origin: https://other.example",)),
    # Restricted headers
    Case(
        "restricted-headers",
        (
            b"referer: https://a.example/secret",
            b"Authorization: Basic c2VjcmV0",
            b"X-FORWARDED-FOR: 192.0.2.1",
            b"X-Forwarded-Proto: https",
            b"X-Forwarded-For: 192.0.2.2",
            b"X-Accel-Buffering: no",
            b"X-Real-IP: 192.0.2.1",
            b"Via: 1.1 a",
            b"Trailer: Digest",
            b"Upgrade: example/2",
            b"Proxy-Authenticate: Basic",
            b"Proxy-Authorization: Basic c2VjcmV0",
            b"Proxy-Connection: keep-alive",
            b"Origin: https://a.example",
        ),
        findings=_removed(
            "referer",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-accel-buffering",
            "x-real-ip",
            "via",
            "trailer",
            "upgrade",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
        ),
        forwarded=(b"Authorization: Basic c2VjcmV0", b"Origin: https://a.example"),
    ),
    Case(
        "restricted-by-emulator",
        (b"X-Amzn-Trace-Id: 1", b"I-Twilio-A: 1", b"I-T-B: 1", b"OT-Baggage-C: 1", b"X-Other: 1"),
        findings=_removed("x-amzn-trace-id", "i-twilio-a", "i-t-b", "ot-baggage-c"),
        forwarded=(b"X-Other: 1",),
    ),
    _unchanged(
        "similar-headers",
        b"Upgrade-Insecure-Requests: 1",
        b"X-Forwarded: a",
        b"Refererr: a",
        b"X-Real-IPs: 1",
        b"Connection: keep-alive",
        b"X-Bytes: \xe9\xff",
        b"X-Empty: ",
        b"X-Twice: 1",
        b"X-Twice: 2",
    ),
    # Cookies that are too old
    _refused("cookie-over-a-day", BAD_COOKIE_LINE, findings=_lifetime("sid")),
    _refused("cookie-expires-late", b"set-cookie: sid=a; expires=" + FUTURE, findings=_lifetime("sid")),
    _refused("cookie-of-absurd-age", b"Set-Cookie: sid=a; Max-Age=" + b"9" * 1000, findings=_lifetime("sid")),
    _refused(
        "one-bad-cookie-of-three",
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2; Max-Age=172800",
        b"Set-Cookie: c=3",
        findings=_lifetime("b"),
    ),
    Case(
        "bad-cookie-to-head",
        answer=response(BAD_COOKIE_LINE, content=b""),
        findings=_lifetime("sid"),
        replied=COOKIE_TOO_LONG.partition(b"Cookies max-age")[0],
        method=b"HEAD",
    ),
    Case(
        "bad-cookie-over-limit",
        answer=response(BAD_COOKIE_LINE, *_many(75)),
        findings={ANSWER_TOO_LONG},
        replied=RESPONSE_TOO_LONG,
    ),
    # Cookies that pass
    _cookie("cookie-of-a-day", b"sid=a; Max-Age=86400", b"sid=a; Max-Age=86400; HttpOnly; Secure", _added()),
    _cookie(
        "cookie-attribute-too-long-to-count",
        b"sid=a; Max-Age=" + b"9" * 3000,
        b"sid=a; Max-Age=" + b"9" * 3000 + b"; HttpOnly; Secure",
        _added(),
        _session(),
    ),
    _cookie("cookie-session", b"sid=a", b"sid=a; HttpOnly; Secure", _added(), _session()),
    _cookie(
        "cookie-expires-is-no-date",
        b"sid=a; Expires=next year",
        b"sid=a; Expires=next year; HttpOnly; Secure",
        _added(),
        _session(),
    ),
    _cookie(
        "cookie-deleted",
        b"sid=; Expires=" + PAST,
        b"sid=; Expires=" + PAST + b"; HttpOnly; Secure",
        _added(),
    ),
    _cookie(
        "cookie-max-age-wins",
        b"sid=a; Max-Age=60; Expires=" + FUTURE,
        b"sid=a; Max-Age=60; Expires=" + FUTURE + b"; HttpOnly; Secure",
        _added(),
        _both("warning"),
    ),
    _cookie(
        "cookie-max-age-agrees",
        b"sid=a; Max-Age=0; Expires=" + PAST,
        b"sid=a; Max-Age=0; Expires=" + PAST + b"; HttpOnly; Secure",
        _added(),
        _both("info"),
    ),
    _cookie(
        "cookie-domain",
        b"sid=a; DOMAIN = Example.TEST ;Path=/; Max-Age=1",
        b"sid=a; DOMAIN=app.example.test;Path=/; Max-Age=1; HttpOnly; Secure",
        _added(),
        _domain(),
    ),
    _cookie(
        "cookie-domain-is-own",
        b"sid=a; Domain=.App.Example.Test; Max-Age=1",
        b"sid=a; Domain=app.example.test; Max-Age=1; HttpOnly; Secure",
        _added(),
        _domain("info"),
    ),
    _cookie(
        "cookie-domains",
        b"sid=a; Domain=a.test; Path=/; Domain=; domain=b.test; Max-Age=1",
        b"sid=a; Domain=app.example.test; Path=/; Max-Age=1; HttpOnly; Secure",
        _added(),
        _domain(),
    ),
    _cookie(
        "cookie-domain-empty",
        b"sid=a; Domain; Max-Age=1",
        b"sid=a; Domain=app.example.test; Max-Age=1; HttpOnly; Secure",
        _added(),
        _domain(),
    ),
    _cookie(
        "cookie-secure-already", b"sid=a; secure=no; Max-Age=1", b"sid=a; secure=no; Max-Age=1; HttpOnly", _added()
    ),
    _cookie("cookie-complete", b"sid=a; HTTPONLY; Secure; Max-Age=1", b"sid=a; HTTPONLY; Secure; Max-Age=1"),
    _cookie(
        "cookie-kept-to-the-byte",
        b'sid="a b, \xe9\xff=";;\tPath = /x ; SameSite=Lax;Max-Age=1;',
        b'sid="a b, \xe9\xff=";;\tPath = /x ; SameSite=Lax;Max-Age=1;; HttpOnly; Secure',
        _added(),
    ),
    _cookie(
        "cookie-without-name", b"just-a-value; Max-Age=1", b"just-a-value; Max-Age=1; HttpOnly; Secure", _added("")
    ),
    _cookie("cookie-ignored-by-browsers", b"=; Max-Age=999999; Domain=a.test", b"=; Max-Age=999999; Domain=a.test"),
    _cookie("cookie-empty", b"", b""),
]


OF_ONE_MESSAGE = {rule.id for rule in RULES if rule.step < Step.CONSEQUENCES}
"""The rules that judge one message. Others speak of the site, and are no matter of these tests."""

LAST = response(content=b"last")


class Outcome(NamedTuple):
    """What came of a case. `after` is what the client got for one request more on the same connection."""

    path: bytes
    received: Message
    after: bytes
    forwarded: list[Message]
    findings: list[dict[str, Any]]


def _run(mode: str, start: Start, origin: Origin) -> dict[str, Outcome]:
    proxy: Mitmdump = start(f"reverse:{origin.url}", options=("keep_host_header=true", f"runtime_mode={mode}"))
    received = {}
    for case in CASES:
        path = origin.serve(case.answer, f"/{mode}-{case.name}".encode())
        with proxy.connect() as client:
            client.send(case.request(path, case.lines))
            message = client.read_response(to=case.method)
            client.send(request(b"Connection: close", target=origin.serve(LAST, b"/last")))
            received[case.name] = path, message, client.read_rest()
    proxy.stop()
    return {
        name: Outcome(
            path, message, after, origin.seen(path), [f for f in proxy.findings(path) if f["rule"] in OF_ONE_MESSAGE]
        )
        for name, (path, message, after) in received.items()
    }


@pytest.fixture(scope="module")
def enforced(start: Start, origin: Origin) -> dict[str, Outcome]:
    return _run("enforce", start, origin)


@pytest.fixture(scope="module")
def audited(start: Start, origin: Origin) -> dict[str, Outcome]:
    return _run("audit", start, origin)


EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@EACH
def test_enforce_gives_the_client_what_the_runtime_would(case: Case, enforced: dict[str, Outcome]) -> None:
    assert enforced[case.name].received.raw == (case.answer if case.replied is None else case.replied)


@EACH
def test_enforce_gives_the_function_what_the_runtime_would(case: Case, enforced: dict[str, Outcome]) -> None:
    path, forwarded = enforced[case.name].path, enforced[case.name].forwarded
    expected = [] if case.forwarded is None else [case.request(path, case.forwarded)]
    assert [message.raw for message in forwarded] == expected


@EACH
def test_audit_gives_everybody_what_they_get_today(case: Case, audited: dict[str, Outcome]) -> None:
    path, received, _, forwarded, _ = audited[case.name]
    assert received.raw == case.answer
    assert [message.raw for message in forwarded] == [case.request(path, case.lines)]


@EACH
@pytest.mark.parametrize("mode", ["enforced", "audited"])
def test_connection_is_in_order_afterwards(case: Case, mode: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(mode)[case.name].after == LAST


@EACH
@pytest.mark.parametrize("mode", ["enforced", "audited"])
def test_both_modes_find_the_same(case: Case, mode: str, request: pytest.FixtureRequest) -> None:
    findings = request.getfixturevalue(mode)[case.name].findings
    assert {(each["rule"], each["severity"], each["subject"]) for each in findings} == case.findings
    assert len(findings) == len(case.findings)


def test_the_reports_of_both_modes_differ_in_the_mode_alone(
    enforced: dict[str, Outcome], audited: dict[str, Outcome]
) -> None:
    changing = {"path", "curl", "first_seen", "last_seen"}
    for name, outcome in enforced.items():
        plain = [
            [{key: value for key, value in finding.items() if key not in changing} for finding in findings]
            for findings in (outcome.findings, audited[name].findings)
        ]
        assert plain[0] == plain[1], name


def test_a_finding_of_the_limits_says_what_was_measured(audited: dict[str, Outcome]) -> None:
    (finding,) = audited["request-size-over-limit"].findings
    for part in ("4,097 bytes", "2 fields", "4,096 bytes, 75", "size limit", "X-Fill (4,073 bytes)", "15kb/90"):
        assert part in finding["message"]
    assert (finding["status"], finding["twilio_error"], finding["basis"]) == (431, 82008, "documented")
    (finding,) = audited["response-count-over-limit"].findings
    assert "count limit" in finding["message"]
    assert (finding["status"], finding["twilio_error"]) == (431, 82008)


def test_the_finding_of_a_restricted_header_hides_its_value(audited: dict[str, Outcome]) -> None:
    findings = audited["restricted-headers"].findings
    assert len(findings) == 11
    assert "secret" not in str(findings)
    assert "192.0.2" not in str(findings)
    assert {each["basis"] for each in findings} == {"documented"}
    assert {each["basis"] for each in audited["restricted-by-emulator"].findings} == {"emulator"}
