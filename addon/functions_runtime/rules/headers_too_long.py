"""`request-headers-too-long` and `response-headers-too-long`: the limits on header size and count."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, HeaderSize, Request, Response
from functions_runtime.profile import DOCUMENTED_LIMITS, HEADERS_TOO_LONG_ERROR, Limits, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Reply, Severity
from functions_runtime.syntax.rfc9110 import Fields, field_line_size
from functions_runtime.wire_text import printable

STATUS = 431
REASON = "Request Header Fields Too Large"
LARGEST_SHOWN = 3


def check_request(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    if not _exceeded(exchange.request.header_size, profile.limits):
        return ()
    return (_finding(REQUEST, exchange.request, profile.limits, b"Request headers or cookies too long"),)


def check_response(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    if not _exceeded(exchange.response.header_size, profile.limits):
        return ()
    return (_finding(RESPONSE, exchange.response, profile.limits, b"Response headers or cookies too long"),)


def _exceeded(measured: HeaderSize, limits: Limits) -> list[str]:
    exceeded = ["size"] if measured.size > limits.size else []
    return [*exceeded, "count"] if measured.count > limits.count else exceeded


def _finding(rule: Rule, message: Request | Response, limits: Limits, content: bytes) -> Finding:
    measured = message.header_size
    text = (
        f"The headers are {measured.size} bytes and {measured.count} fields and cookies. The limits are {limits.size} "
        f"bytes and {limits.count}, so the {' and the '.join(_exceeded(measured, limits))} limit is exceeded, and the "
        f"Runtime answers {STATUS} “{content.decode()}”. Largest: {_largest(message.fields)}. "
        f"{_elsewhere(measured, limits)}"
    )
    reply = Reply(STATUS, REASON, ((b"Content-Type", b"text/plain; charset=utf-8"),), content)
    return rule.finding(text, effect=reply, extent=max(measured.size / limits.size, measured.count / limits.count))


def _largest(fields: Fields) -> str:
    sizes = sorted(((field_line_size(name, value), name) for name, value in fields), reverse=True)
    return ", ".join(f"{printable(name, 40)} ({size} bytes)" for size, name in sizes[:LARGEST_SHOWN])


def _elsewhere(measured: HeaderSize, limits: Limits) -> str:
    """What the other documented limits would have said."""
    return " ".join(
        f"Under the limits {name} it would {'not pass either' if _exceeded(measured, other) else 'pass'}."
        for name, other in DOCUMENTED_LIMITS.items()
        if other != limits
    )


_EXPLANATION = """\
Headers and cookies of a message may have 4 kB and a count of 75 together; a later revision of the same page says
15 kB and 90. Reading: 1 kB is 1024 bytes; the size is that of the header lines as HTTP/1.1 writes them, without
the start line; every header counts one, and each cookie in a Cookie header counts one in place of the header. More
than the limit is too much, the limit itself is not. {}"""

_REFERENCES = ("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",)

REQUEST = Rule(
    id="request-headers-too-long",
    title="Request headers exceed the limits",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_LIMITS,
    explanation=_EXPLANATION.format(
        "The Function is never called: the client gets 431 and Twilio records Error 82008."
    ),
    fix="Send less: keep session data on the server and only its key in a cookie, let cookies that are no longer "
    "needed expire, and move large tokens from headers into the content.",
    references=_REFERENCES,
    examples=(
        Example(
            "A cookie of 5000 bytes",
            Exchange(Request(fields=((b"Host", b"app.example.com"), (b"Cookie", b"s=" + b"x" * 4998)))),
            ((Severity.ERROR, None),),
        ),
        Example(
            "76 cookies",
            Exchange(Request(fields=((b"Cookie", b"; ".join(b"c%d=1" % i for i in range(76))),))),
            ((Severity.ERROR, None),),
        ),
        Example(
            "Exactly 4096 bytes pass", Exchange(Request(fields=((b"Cookie", b"x" * (4096 - len(b"Cookie") - 4)),)))
        ),
        Example(
            "Exactly 75 cookies pass",
            Exchange(Request(fields=((b"Cookie", b"; ".join(b"c%d=1" % i for i in range(75))),))),
        ),
    ),
    check=check_request,
    enforcement="answers 431; the Function is never contacted",
    twilio_error=HEADERS_TOO_LONG_ERROR,
)

RESPONSE = Rule(
    id="response-headers-too-long",
    title="Response headers exceed the limits",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_LIMITS,
    explanation=_EXPLANATION.format(
        "Measured is what the Function constructed, before the Runtime adds anything (reading). The client gets "
        "431 instead of the response, and Twilio records Error 82008."
    ),
    fix="Answer with less: set fewer and smaller cookies, and move large values from headers into the content.",
    references=_REFERENCES,
    examples=(
        Example(
            "A Set-Cookie of 5000 bytes",
            Exchange(Request(), Response(fields=((b"Set-Cookie", b"s=" + b"x" * 4998),))),
            ((Severity.ERROR, None),),
        ),
        Example(
            "76 headers",
            Exchange(Request(), Response(fields=((b"X-A", b"1"),) * 76)),
            ((Severity.ERROR, None),),
        ),
        Example("Exactly 75 headers pass", Exchange(Request(), Response(fields=((b"X-A", b"1"),) * 75))),
    ),
    check=check_response,
    enforcement="answers 431 instead of the response",
    twilio_error=HEADERS_TOO_LONG_ERROR,
)

RULES = (REQUEST, RESPONSE)
