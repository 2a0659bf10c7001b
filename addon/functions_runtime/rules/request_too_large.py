"""`request-too-large`: the head and the content of a request may have 1 MB together."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import REQUEST_SIZE_LIMIT, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import announced_length

_AROUND_REQUEST_LINE = len("  HTTP/1.1\r\n") + len("\r\n")
"""Bytes of a head besides the method, the target and the field lines: RFC 9112, section 2.1."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request = exchange.request
    content = exchange.sent or announced_length(request.by_name) or 0
    size = content + request.header_size.size + len(request.method) + len(request.query) + _AROUND_REQUEST_LINE
    # A character of the path takes at most four bytes.
    if size + 4 * len(request.path) < REQUEST_SIZE_LIMIT:
        return ()
    size += len(request.path.encode("utf-8", "replace")) + (1 if request.query else 0)
    if size <= REQUEST_SIZE_LIMIT:
        return ()
    return (RULE.finding(extent=size, size=size, content=content),)


RULE = Rule(
    id="request-too-large",
    title="The request is too large",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.ENDING,
    message=f"The request is {{size:,}} bytes long, {{content:,}} of them in the body. The Runtime "
    f"allows {REQUEST_SIZE_LIMIT:,} bytes (1 MB) for head and body together.",
    columns=(("Request", "{size:,} bytes"), ("Body", "{content:,} bytes")),
    explanation="""\
A request may be 1 MB long (documented on the request-flow page). Our interpretation: 1 MB is 1,048,576 bytes, and the
limit covers the request line, the headers, the empty line after them and the body, as HTTP/1.1 writes them. The body is
measured as sent, so a compressed body counts at its compressed size. If the body was not seen, Content-Length counts.
The page does not say what the client gets, so nothing is enforced.""",
    fix="Upload large files directly to a storage service, and send the Function only their URL.",
    code="""\
// In the page: ask a Function for a signed URL, upload there, and send the key.
const { url, key } = await (await fetch("/upload-url")).json();
await fetch(url, { method: "PUT", body: file });
await fetch("/save", { method: "POST", body: new URLSearchParams({ key }) });
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example(
            "An upload of 2 MB",
            Exchange(Request("POST"), Response(), sent=2 * 1024 * 1024),
            ((Severity.ERROR, None),),
        ),
        Example(
            "A body of exactly 1 MB, because the head counts too",
            Exchange(Request("POST"), Response(), sent=1024 * 1024),
            ((Severity.ERROR, None),),
        ),
        Example(
            "2 MB that Content-Length announces and nobody saw",
            Exchange(Request("POST", fields=((b"Content-Length", b"2097152"),)), Response()),
            ((Severity.ERROR, None),),
        ),
        Example(
            "Head and body of exactly 1 MB are allowed",
            Exchange(Request("POST"), Response(), sent=1024 * 1024 - len("POST / HTTP/1.1\r\n\r\n")),
        ),
        Example("A small form", Exchange(Request("POST", fields=((b"Content-Length", b"17"),)), Response(), sent=17)),
    ),
    check=check,
    needs_response=False,
    curl=None,
)

RULES = (RULE,)
