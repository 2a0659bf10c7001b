"""`restricted-request-header`: request headers that a Function cannot see."""

from __future__ import annotations

from functools import lru_cache

from functions_runtime.message import Exchange, Request
from functions_runtime.profile import EMULATOR_RESTRICTED_PREFIXES, Profile, removed_among
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, RemoveField, Severity
from functions_runtime.wire_text import printable


def check(exchange: Exchange, profile: Profile) -> list[Finding]:
    return [_finding(name) for name in removed_among(exchange.request.names)]


# The same few names come with every request, and the finding depends on nothing else.
@lru_cache(maxsize=1024)
def _finding(name: bytes) -> Finding:
    shown = printable(name)
    return RULE.finding(
        shown,
        basis=Basis.EMULATOR if name.startswith(EMULATOR_RESTRICTED_PREFIXES) else None,
        effect=RemoveField(name),
    )


RULE = Rule(
    id="restricted-request-header",
    title="The Function cannot see a request header",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.REQUEST_FIELDS,
    message="The Runtime removes the request header {subject}, so the Function cannot read it.",
    explanation="""\
A Function cannot see Connection, Proxy-Connection, Expect, Host, Proxy-Authorization, Proxy-Authenticate, Referer,
Trailer, Transfer-Encoding, Upgrade, Via, X-Accel-*, X-Forwarded-* and X-Real-IP (documented). It also cannot see
headers that begin with X-Amz, I-Twilio-, I-T- or OT- (emulator). All other request headers reach it unchanged. A proxy
cannot remove Host, Transfer-Encoding and Connection in front of a plain HTTP server without breaking HTTP. They stay,
and this rule does not report them.""",
    fix="Send what the Function needs in a header of your own, in the query or in the body. The Function finds its "
    "host name in context.DOMAIN_NAME.",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example(
            "Referer and X-Forwarded-For",
            Exchange(Request(fields=((b"Referer", b"https://a.example/"), (b"x-forwarded-for", b"192.0.2.1")))),
            ((Severity.INFO, "referer"), (Severity.INFO, "x-forwarded-for")),
        ),
        Example(
            "A header that only the emulator removes",
            Exchange(Request(fields=((b"X-Amzn-Trace-Id", b"Root=1"),))),
            ((Severity.INFO, "x-amzn-trace-id"),),
        ),
        Example(
            "Upgrade-Insecure-Requests is not Upgrade",
            Exchange(Request(fields=((b"Upgrade-Insecure-Requests", b"1"), (b"X-Forwarded", b"a")))),
        ),
        Example(
            "Host and Connection stay",
            Exchange(Request(fields=((b"Host", b"app.example.com"), (b"Connection", b"keep-alive")))),
        ),
    ),
    check=check,
    enforcement="removes the header",
    subject=Subject.HEADER,
    curl=None,
)

RULES = (RULE,)
