"""Reports to render, and what is looked for in every format."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.profile import Limits
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import Headroom, SeenCookie, SeenEndpoint, Standing
from functions_runtime.record.report import JudgedEndpoint, Report
from functions_runtime.rule import Subject
from functions_runtime.ruling import Basis, Reply, Severity

INFO, WARNING, ERROR = Severity
LIMITS = Limits(1000, 100)
EIGHT = 1795420800.0
"""2026-11-23T08:00:00Z"""
NEVER = 1e300
"""A time that no calendar has."""

HOME = Endpoint("GET", "a.example", "/")
LOGIN = Endpoint("POST", "a.example", "/user/{id}/login")

HOSTILE = (
    "</script><img src=x onerror=alert(1)> &amp; {0} [b](//c) | `d` *e* _f_ @g www.h.com https://i.com/ :i: # $j$ ~k~ "
    "\\ \" ' ]]>"
)
"""What a header's name could be, and would do something in one format or another."""
CONTROLS = "\x00\x07\x1b[31m\x7f\x9b\u202e\u2028\ud800\ufffe\r\n"
"""What must not reach a terminal or a file as it is."""

VALIDATORS = Path(__file__).parents[2] / "validators" / "node_modules"


def entry(
    rule: str = "cookie-lifetime-too-long",
    severity: Severity | None = None,
    endpoint: Endpoint = HOME,
    subject: str | None = None,
    *,
    message: str = "A message.",
    basis: Basis | None = None,
    status: int | None = None,
    count: int = 1,
    first_seen: float = EIGHT,
    last_seen: float = EIGHT + 90,
    known: bool = False,
) -> Entry:
    """One distinct finding of a rule that exists."""
    reply = None if status is None else Reply(status, "")
    finding = BY_ID[rule].finding(message, subject, severity=severity, basis=basis, effect=reply)
    return Entry(finding, endpoint, count, first_seen, last_seen, known)


def judged(
    endpoint: Endpoint = HOME,
    standing: Standing = Standing.RUNS,
    *reasons: str,
    exchanges: int = 1,
    request: Headroom | None = None,
    response: Headroom | None = None,
) -> JudgedEndpoint:
    """An endpoint and how it does; it has answered, unless there were no exchanges or it is unknown how it does."""
    answered = exchanges > 0 and standing is not Standing.UNKNOWN
    seen = SeenEndpoint(endpoint, exchanges, request or Headroom(), response or Headroom(), answered)
    return JudgedEndpoint(seen, standing, reasons)


def report(
    *entries: Entry,
    mode: str = "audit",
    exchanges: int = 10,
    clean: int = 5,
    folded: int = 0,
    endpoints: tuple[JudgedEndpoint, ...] = (),
    cookies: tuple[SeenCookie, ...] = (),
    further_cookies: int = 0,
    unmeasured: int = 0,
    enforced: int | None = None,
    outside_scope: int = 0,
    compared: bool | None = None,
) -> Report:
    """A report with these entries, the gravest first as in every report. A baseline is there where one is known."""
    return Report(
        mode,
        LIMITS,
        exchanges,
        clean,
        folded,
        tuple(sorted(entries, key=lambda each: -each.finding.severity)),
        endpoints,
        cookies,
        further_cookies,
        unmeasured,
        exchanges if enforced is None else enforced,
        outside_scope,
        any(each.known for each in entries) if compared is None else compared,
    )


def hostile_report() -> Report:
    """A report in which everything that can come off the wire is hostile."""
    text = HOSTILE + CONTROLS
    endpoint = Endpoint(text, text, text)
    headroom = Headroom(1, 1, ((text, 1),))
    return report(
        *(
            entry(
                rule, endpoint=endpoint, subject=None if BY_ID[rule].subject is Subject.MESSAGE else text, message=text
            )
            for rule in BY_ID
        ),
        entry(severity=INFO, endpoint=endpoint, subject=text, message=text, known=True),
        endpoints=(judged(endpoint, Standing.BREAKS, "get-with-content", request=headroom, response=headroom),),
        cookies=(SeenCookie(text, text, text, f"{text}; HttpOnly"),),
    )


def unprintable(text: str) -> set[str]:
    """What in a text is neither printable nor a line break."""
    return {character for character in text if unicodedata.category(character)[0] == "C" and character != "\n"}
