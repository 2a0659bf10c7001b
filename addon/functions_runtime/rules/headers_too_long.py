"""`request-headers-too-long` and `response-headers-too-long`: the limits on the size and the number of headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions_runtime.message import Exchange, HeaderSize, Request, Response
from functions_runtime.profile import (
    DOCUMENTED_LIMITS,
    HEADERS_TOO_LONG_ERROR,
    Limits,
    Profile,
    without_emulator_fields,
)
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Fact, Finding, Reply, Severity
from functions_runtime.syntax.rfc9110 import Fields, field_line_size, field_section_size
from functions_runtime.wire_text import printable

STATUS = 431
LARGEST_SHOWN = 3


def _reply(content: bytes) -> Reply:
    fields = ((b"Content-Type", b"text/plain; charset=utf-8"),)
    return Reply(STATUS, "Request Header Fields Too Large", fields, content)


REQUEST_REPLY = _reply(b"Request headers or cookies too long")
RESPONSE_REPLY = _reply(b"Response headers or cookies too long")


def check_request(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, limits = exchange.request, profile.limits
    if not _exceeded(request.header_size, limits):
        return ()
    return (_finding(REQUEST, request.header_size, request.fields, limits, REQUEST_REPLY),)


def check_response(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    response, limits = exchange.response, profile.limits
    if not _exceeded(response.header_size, limits):
        return ()
    fields = without_emulator_fields(response.fields)
    measured = HeaderSize(field_section_size(fields), len(fields))
    if not _exceeded(measured, limits):
        return ()
    left_out = len(response.fields) - len(fields)
    return (_finding(RESPONSE, measured, fields, limits, RESPONSE_REPLY, left_out=left_out),)


def _exceeded(measured: HeaderSize, limits: Limits) -> bool:
    return measured.size > limits.size or measured.count > limits.count


def _finding(
    rule: Rule, measured: HeaderSize, fields: Fields, limits: Limits, reply: Reply, left_out: int = 0
) -> Finding:
    others = {name: _exceeded(measured, other) for name, other in DOCUMENTED_LIMITS.items() if other != limits}
    return rule.finding(
        effect=reply,
        extent=max(measured.size / limits.size, measured.count / limits.count),
        size=measured.size,
        size_limit=limits.size,
        count=measured.count,
        count_limit=limits.count,
        largest=_largest(fields),
        allowed_by=" and ".join(name for name, exceeded in others.items() if not exceeded),
        refused_by=" and ".join(name for name, exceeded in others.items() if exceeded),
        left_out=left_out,
    )


def _largest(fields: Fields) -> str:
    sizes = sorted(((field_line_size(name, value), name) for name, value in fields), reverse=True)
    return ", ".join(f"{printable(name, 40)} ({size:,} bytes)" for size, name in sizes[:LARGEST_SHOWN])


_SIZE = "{size:,} of {size_limit:,} bytes"
_COUNT = "{count:,} of {count_limit:,}"


def _request_sentence(facts: Mapping[str, Fact]) -> str:
    return _sentence("request", "fields and cookies", REQUEST_REPLY, facts)


def _response_sentence(facts: Mapping[str, Fact]) -> str:
    return _sentence("response", "fields", RESPONSE_REPLY, facts)


def _sentence(message: str, counted: str, reply: Reply, facts: Mapping[str, Fact]) -> str:
    exceeded = [which for which in ("size", "count") if _number(facts[which]) > _number(facts[f"{which}_limit"])]
    sentences = [
        f"The {message} has {{size:,}} bytes of headers and {{count:,}} {counted} "
        f"(limits: {{size_limit:,}} bytes, {{count_limit:,}} {counted}).",
        "It exceeds both limits." if len(exceeded) > 1 else f"It exceeds the {exceeded[0]} limit.",
        f"The Runtime responds with {reply.status} “{reply.content.decode()}”.",
        "Largest: {largest}.",
    ]
    if facts["allowed_by"]:
        sentences.append("The limits {allowed_by} would allow it.")
    if facts["refused_by"]:
        sentences.append("The limits {refused_by} would not allow it either.")
    if facts.get("left_out"):
        sentences.append("The local emulator added {left_out} other fields, which do not count.")
    return " ".join(sentences)


def _number(fact: Fact) -> float:
    return float(fact)


_COLUMNS = (("Size", _SIZE), ("Count", _COUNT), ("Largest", "{largest}"))

_EXPLANATION = """\
The headers and cookies of a message have a limit on their size and a limit on their count. The default limits are 4
kB and 75, as in an earlier copy of the limitations page and in Twilio's error dictionary. The newest copy says 15
kB and 90: runtime_limits=15kb/90 applies those. Our interpretation: 1 kB is 1024 bytes. The size is that of the
header lines as HTTP/1.1 writes them, without the start line. Each header counts as one. Cookie is the exception:
each of its cookies counts as one. A value equal to a limit is allowed. {}"""

_REFERENCES = ("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",)

REQUEST = Rule(
    id="request-headers-too-long",
    title="Request headers exceed a limit",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_LIMITS,
    message=_request_sentence,
    columns=_COLUMNS,
    explanation=_EXPLANATION.format(
        "If a request exceeds a limit, the Runtime does not call the Function. The client gets 431, and Twilio records "
        "Error 82008."
    ),
    fix="Send fewer and smaller headers. Keep session data on the server and only its key in a cookie. Delete cookies "
    "that you no longer need. Move large tokens from headers into the body.",
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
            "Exactly 4096 bytes are allowed",
            Exchange(Request(fields=((b"Cookie", b"x" * (4096 - len(b"Cookie") - 4)),))),
        ),
        Example(
            "Exactly 75 cookies are allowed",
            Exchange(Request(fields=((b"Cookie", b"; ".join(b"c%d=1" % i for i in range(75))),))),
        ),
    ),
    check=check_request,
    enforcement="responds with 431 and never contacts the Function",
    twilio_error=HEADERS_TOO_LONG_ERROR,
    curl=None,
)

RESPONSE = Rule(
    id="response-headers-too-long",
    title="Response headers exceed a limit",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.RESPONSE_LIMITS,
    message=_response_sentence,
    columns=_COLUMNS,
    explanation=_EXPLANATION.format(
        "The limits apply to what the Function built, before the Runtime adds anything (our interpretation). The local "
        "emulator adds fields that production does not have. A response with both X-Powered-By: Express and "
        "Surrogate-Control: no-store is taken to come from the emulator. Its X-Powered-By, Surrogate-Control, "
        "Cache-Control, Pragma, Expires, ETag and Keep-Alive then do not count, as long as they have the emulator's "
        "values. If a response exceeds a limit, the client gets 431 instead, and Twilio records Error 82008."
    ),
    fix="Set fewer and smaller cookies. Move large values from headers into the body.",
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
        Example("Exactly 75 headers are allowed", Exchange(Request(), Response(fields=((b"X-A", b"1"),) * 75))),
        Example(
            "75 headers and two that the local emulator adds",
            Exchange(
                Request(),
                Response(
                    fields=(
                        (b"X-Powered-By", b"Express"),
                        (b"Surrogate-Control", b"no-store"),
                        *((b"X-A", b"1"),) * 75,
                    )
                ),
            ),
        ),
    ),
    check=check_response,
    enforcement="responds with 431 instead of the response",
    twilio_error=HEADERS_TOO_LONG_ERROR,
)

RULES = (REQUEST, RESPONSE)
