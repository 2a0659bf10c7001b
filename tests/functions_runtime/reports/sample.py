"""Reports to render, and what is looked for in every format."""

from __future__ import annotations

import contextlib
import unicodedata
from functools import lru_cache
from pathlib import Path

from functions_runtime.catalogue import BY_ID, say
from functions_runtime.endpoint import Endpoint
from functions_runtime.profile import Limits, Profile
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import Headroom, SeenCookie, SeenEndpoint, Standing, standing_of
from functions_runtime.record.notices import Notice
from functions_runtime.record.report import JudgedEndpoint, JudgedHost, Report
from functions_runtime.rule import Subject, nothing
from functions_runtime.ruling import Basis, Facts, Finding, Reply, Severity

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


@lru_cache
def example(rule: str) -> Finding:
    """A finding of the rule, from its own examples: facts belong to a rule, and these fit."""
    for each in BY_ID[rule].examples:
        check = BY_ID[rule].new_check(bytes(32))
        ending = BY_ID[rule].ending or nothing
        for exchange in (*each.before, each.exchange):
            for finding in (*check(exchange, Profile()), *ending(exchange, Profile())):
                return finding
    raise AssertionError(f"No example of {rule} has a finding.")


def entry(
    rule: str = "cookie-lifetime-too-long",
    severity: Severity | None = None,
    endpoint: Endpoint = HOME,
    subject: str | None = None,
    *,
    facts: Facts | None = None,
    basis: Basis | None = None,
    status: int | None = None,
    count: int = 1,
    first_seen: float = EIGHT,
    last_seen: float = EIGHT + 90,
    known: bool = False,
    own: bool = True,
) -> Entry:
    """One distinct finding of a rule that exists, with facts of its example unless others are given."""
    reply = None if status is None else Reply(status, "")
    finding = BY_ID[rule].finding(subject, severity=severity, basis=basis, effect=reply)
    finding = finding._replace(facts=example(rule).facts if facts is None else facts)
    return Entry(finding, endpoint, count, first_seen, last_seen, known, own)


def judged(
    endpoint: Endpoint = HOME,
    standing: Standing = Standing.RUNS,
    *reasons: str,
    exchanges: int = 1,
    request: Headroom | None = None,
    response: Headroom | None = None,
    own: bool = True,
) -> JudgedEndpoint:
    """An endpoint and how it does; it has answered, unless there were no exchanges or it is unknown how it does."""
    answered = exchanges > 0 and standing is not Standing.UNKNOWN
    seen = SeenEndpoint(endpoint, exchanges, request or Headroom(), response or Headroom(), answered)
    return JudgedEndpoint(seen, standing, reasons, own)


def host(
    name: str = HOME.host,
    severity: Severity | None = None,
    *,
    own: bool = True,
    exchanges: int = 10,
    clean: int = 5,
    errors: int = 0,
    warnings: int = 0,
    infos: int = 0,
    reasons: tuple[str, ...] = (),
    site: str = "",
) -> JudgedHost:
    """A host that has answered, and how it does by its gravest finding. It is a site of its own if none is given."""
    standing = standing_of(severity, answered=True)
    return JudgedHost(name, own, standing, exchanges, clean, errors, warnings, infos, reasons, site or name)


def notice(id_: str = "no-cookies", message: str = "There are no cookies.", count: int = 1) -> Notice:
    """A notice."""
    return Notice(id_, message, count)


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
    hosts: tuple[JudgedHost, ...] = (host(),),
    notices: tuple[Notice, ...] = (),
    recorded: int = 0,
    sources: tuple[str, ...] = (),
    scoped: bool = False,
    began: float | None = EIGHT,
    ended: float | None = EIGHT + 90,
) -> Report:
    """A report with these entries, own ones and then the gravest first as in every report.

    A baseline is there if one of them is known.
    """
    return Report(
        mode,
        LIMITS,
        exchanges,
        clean,
        folded,
        tuple(sorted(entries, key=lambda each: (not each.own, -each.finding.severity))),
        endpoints,
        cookies,
        further_cookies,
        unmeasured,
        exchanges if enforced is None else enforced,
        outside_scope,
        any(each.known for each in entries) if compared is None else compared,
        hosts,
        notices,
        recorded,
        sources,
        scoped,
        "1.2.3",
        began,
        ended,
    )


def hostile_report() -> Report:
    """A report in which everything that can come off the wire is hostile."""
    text = HOSTILE + CONTROLS
    endpoint = Endpoint(text, text, text)
    headroom = Headroom(1, 1, ((text, 1),))
    return report(
        *(
            entry(
                rule,
                endpoint=endpoint,
                subject=None if BY_ID[rule].subject is Subject.MESSAGE else text,
                facts=_hostile(example(rule), text).facts,
            )
            for rule in BY_ID
        ),
        entry(severity=INFO, endpoint=endpoint, subject=text, known=True),
        entry(endpoint=endpoint._replace(host=f"other.{text}"), subject=text, own=False),
        endpoints=(judged(endpoint, Standing.BREAKS, "get-with-content", request=headroom, response=headroom),),
        cookies=(SeenCookie(text, text, text, f"{text}; HttpOnly"),),
        hosts=(host(text, ERROR), host(f"other.{text}", ERROR, own=False)),
        notices=(notice(message=text),),
        sources=(text,),
    )


def _hostile(finding: Finding, text: str) -> Finding:
    """The finding with this text for each fact that can be any text. Some are words that the rule chooses."""
    for place, (name, fact) in enumerate(finding.facts):
        facts = (*finding.facts[:place], (name, text), *finding.facts[place + 1 :])
        changed = finding._replace(facts=facts)
        if isinstance(fact, str) and fact:
            with contextlib.suppress(LookupError):
                say(changed)
                BY_ID[finding.rule].cells(changed)
                finding = changed
    return finding


def unprintable(text: str) -> set[str]:
    """What in a text is neither printable nor a line break."""
    return {character for character in text if unicodedata.category(character)[0] == "C" and character != "\n"}
