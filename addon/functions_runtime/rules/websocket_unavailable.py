"""`websocket-unavailable`: there are no WebSockets behind the Runtime."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    if exchange.response.status >= 400 and b"upgrade" not in exchange.removed:
        return ()
    for value in exchange.request.by_name.get(b"upgrade", ()):
        if b"websocket" in value.lower():
            return (RULE.finding(),)
    return ()


RULE = Rule(
    id="websocket-unavailable",
    title="WebSocket is not available",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    message="This request upgrades to WebSocket. The header Upgrade never reaches a Function, so the connection fails.",
    explanation="""\
Upgrade is a restricted request header. It never reaches the Function, so the Function cannot switch protocols. A page
that opens a WebSocket gets an error. If the site refuses the upgrade today, nothing is lost.""",
    fix="Poll with requests, or keep the WebSocket on another server and let the page connect to that server.",
    references=(
        "https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",
        "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
    ),
    examples=(
        Example(
            "A WebSocket handshake",
            Exchange(Request(fields=((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))), Response(101)),
            ((Severity.ERROR, None),),
        ),
        Example(
            "A handshake that the site refuses",
            Exchange(Request(fields=((b"Upgrade", b"websocket"),)), Response(404)),
        ),
        Example("An upgrade to HTTP/2", Exchange(Request(fields=((b"Upgrade", b"h2c"),)), Response())),
    ),
    check=check,
    enforcement="removes Upgrade, so that no upgrade happens",
    curl=(
        "--http1.1",
        "-H",
        "Connection: Upgrade",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ),
)

RULES = (RULE,)
