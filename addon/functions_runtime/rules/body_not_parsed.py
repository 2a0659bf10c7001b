"""`body-not-parsed`: a Function gets the parameters of a request only from JSON and from forms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import PARSED_MEDIA_TYPES, Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import announces_content
from functions_runtime.wire_text import MALFORMED, printable

_TYPE_AND_SUBTYPE = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
"""type "/" subtype, each a token (RFC 9110, sections 8.3.1 and 5.6.2), in lower case."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request = exchange.request
    if request.method != "POST":
        return ()
    by_name = request.by_name
    media_type = _media_type(by_name.get(b"content-type", (b"",))[0])
    if not media_type or media_type in PARSED_MEDIA_TYPES or media_type.endswith(b"+json"):
        return ()
    if not (exchange.sent or announces_content(by_name)):
        return ()
    # What is no media type can be anything, a secret among it.
    shown = printable(media_type, 80) if _TYPE_AND_SUBTYPE.fullmatch(media_type) else MALFORMED
    return (RULE.finding(media_type=shown),)


@lru_cache(maxsize=256)
def _media_type(content_type: bytes) -> bytes:
    return content_type.partition(b";")[0].strip(b" \t").lower()


def _post(content_type: bytes, length: bytes = b"5") -> Exchange:
    return Exchange(Request("POST", fields=((b"Content-Type", content_type), (b"Content-Length", length))), Response())


RULE = Rule(
    id="body-not-parsed",
    title="The body is not parsed",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.ENDING,
    message="This request has a body of the type {media_type}. The Runtime turns only JSON and URL-encoded forms into "
    "the event that a Function gets.",
    columns=(("Media type", "{media_type}"),),
    explanation="""\
The Runtime parses the body (content) of a POST if its type is application/json or application/x-www-form-urlencoded
(documented on the request-flow page). Our interpretation: types that end in +json count as JSON. Any other body, such
as an uploaded file or XML, does not become part of the event. A request that names no type is not reported.""",
    fix="Send JSON or a URL-encoded form. Upload files to a storage service, and send the Function their address.",
    code="""\
await fetch("/save", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ text }),
});
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example("An uploaded file", _post(b"multipart/form-data; boundary=x"), ((Severity.ERROR, None),)),
        Example("XML", _post(b"text/xml"), ((Severity.ERROR, None),)),
        Example("JSON", _post(b"application/json; charset=utf-8")),
        Example("JSON of a dialect", _post(b"application/vnd.api+json")),
        Example("A form", _post(b"application/x-www-form-urlencoded")),
        Example("No body", _post(b"text/xml", b"0")),
    ),
    check=check,
    needs_response=False,
    curl=("-H", "Content-Type: {media_type}", "--data-raw", "content"),
)

RULES = (RULE,)
