"""The JUnit XML report, as CI servers read it: a suite for each rule, a case for each of its findings.

A warning or an error is a failure. A known finding, or one at another owner's host, is skipped. An info passes. A rule
without findings has one case, which passes, so that a trend shows what was fixed. It is skipped if nothing is known
about the site. The name of a case holds nothing that changes from run to run.

ElementTree is the one escaping point for markup. It gets all text from `_element`, which escapes characters that are
not printable: XML does not allow them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from functions_runtime.catalogue import BY_ID, say
from functions_runtime.record.entry import Entry
from functions_runtime.record.report import Report
from functions_runtime.reports.json import timestamp
from functions_runtime.reports.text import nothing_known
from functions_runtime.reports.wording import requests_checked
from functions_runtime.rule import Rule
from functions_runtime.ruling import Severity
from functions_runtime.wire_text import printable

NAME = "Functions Runtime"


def render(report: Report) -> str:
    """The whole report as one XML document."""
    entries: dict[str, list[Entry]] = {rule: [] for rule in BY_ID}
    for entry in report.entries:
        entries[entry.finding.rule].append(entry)
    unknown = nothing_known(report)
    run = _run(report, unknown)
    suites = [_suite(BY_ID[rule], found, run, unknown) for rule, found in entries.items()]
    root = _element("testsuites", suites, name=NAME)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _run(report: Report, unknown: str) -> dict[str, str]:
    """The properties of the run, which each suite has. `unknown` says why nothing is known, empty if something is."""
    return {
        **{f"notice {notice.id}": notice.message for notice in report.notices},
        "verdict": report.standing.value if report.standing else f"nothing was judged. {unknown}",
        "mode": report.mode,
        "version": report.version,
        "limits": str(report.limits),
        "requests checked": str(requests_checked(report)),
        "requests to other hosts": str(report.judged - requests_checked(report)),
        "findings folded": str(report.folded),
    }


def _suite(rule: Rule, entries: list[Entry], run: Mapping[str, str], unknown: str) -> Element:
    skipped = [_element("skipped", text=[unknown])] if unknown else []
    nothing = _element("testcase", skipped, classname=rule.id, name="nothing found")
    cases = [_case(entry) for entry in entries] or [nothing]
    properties = [_element("property", name=name, value=value) for name, value in run.items()]
    return _element(
        "testsuite",
        [_element("properties", properties), *cases],
        name=f"{rule.id}: {rule.title}",
        tests=str(len(cases)),
        failures=str(sum(1 for case in cases if case.find("failure") is not None)),
        skipped=str(sum(1 for case in cases if case.find("skipped") is not None)),
        errors="0",
    )


def _case(entry: Entry) -> Element:
    found = entry.finding
    subject = f" [{found.subject}]" if found.subject else ""
    outcome = []
    if found.severity >= Severity.WARNING:
        reason = _why_skipped(entry)
        outcome.append(
            _element("skipped", text=[reason, say(found)])
            if reason
            else _element("failure", text=_details(entry), type=str(found.severity), message=say(found))
        )
    return _element("testcase", outcome, classname=found.rule, name=f"{found.severity}: {entry.endpoint}{subject}")


def _why_skipped(entry: Entry) -> str:
    """Why a finding does not fail its test. Empty if it does."""
    if entry.known:
        return "Known from the baseline."
    return "" if entry.own else "At a host that does not count as yours."


def _details(entry: Entry) -> list[str]:
    found, rule = entry.finding, BY_ID[entry.finding.rule]
    reply = f"The Runtime responds with {found.status} instead." if found.status else ""
    error = f"Twilio Error {rule.twilio_error}." if rule.twilio_error else ""
    first, last = (timestamp(seconds) or "at an unknown time" for seconds in (entry.first_seen, entry.last_seen))
    lines = [
        say(found),
        " ".join(filter(None, (reply, error))),
        f"Fix: {rule.fix}",
        *rule.code.splitlines(),
        f"How sure: {found.basis.words}. Seen {entry.count}×, first {first}, last {last}.",
    ]
    return [line for line in lines if line]


def _element(tag: str, children: Iterable[Element] = (), text: Iterable[str] = (), **attributes: str) -> Element:
    """An element of printable text: each item of `text` is a line."""
    element = Element(tag, {name: printable(value, len(value)) for name, value in attributes.items()})
    element.text = "\n".join(printable(line, len(line)) for line in text) or None
    element.extend(children)
    return element
