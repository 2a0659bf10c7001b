"""The content view `Runtime`: what the Runtime says of a message, in full, in mitmweb and the console.

Its text is made here. How mitmproxy takes a view differs between versions: see `internals`.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mitmproxy import http

from functions_runtime.catalogue import BY_ID
from functions_runtime.reports.wording import HOW_SURE
from functions_runtime.rule import Rule
from functions_runtime.ruling import Severity
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime.wire_text import printable
from functions_runtime_proxy import internals
from functions_runtime_proxy.passage import Passage
from functions_runtime_proxy.publish import as_plain
from functions_runtime_proxy.read import FINDINGS_KEY

NAME = "Runtime"
BASES = {basis.value: text for basis, text in HOW_SURE.items()}
WIDTH = 60
"""The most characters in a line. mitmweb does not wrap lines, and cuts those that are longer than its pane."""
CODE_INDENT = " " * 4
_REMARK = re.compile(r"(\s*\S.*?)\s+(// .*)")
_STRING = re.compile(r'"[^"]*"')
MAX_LINE = 1000
"""The most characters of one header line that are shown."""

PassageOf = Callable[[http.HTTPFlow], Passage | None]


def describe(flow: http.HTTPFlow, message: http.Message | None, passage: Passage | None) -> str:
    """All findings of the flow, and what was changed in this message."""
    found = flow.metadata.get(FINDINGS_KEY)
    if passage and not passage.is_published:
        found = [as_plain(finding, passage.is_changed, False) for finding in passage.case.findings]
    if not isinstance(found, list):
        return "The Runtime has not judged this flow. It may be outside runtime_scope, or older than the addon.\n"
    parts = list(_changes(message, passage)) if passage else []
    plains = [plain for plain in found if isinstance(plain, dict)]
    parts += [_finding(plain) for plain in sorted(plains, key=_rank)]
    return "\n".join(parts) or "The Runtime would let this request and its response pass as they are.\n"


def _rank(plain: dict[str, Any]) -> int:
    order = [str(severity) for severity in reversed(Severity)]
    severity = str(plain.get("severity"))
    return order.index(severity) if severity in order else len(order)


def _finding(plain: dict[str, Any]) -> str:
    rule = BY_ID.get(str(plain.get("rule")))
    subject = f" [{printable(str(plain['subject']))}]" if plain.get("subject") else ""
    title = rule.title if rule else printable(str(plain.get("rule")))
    lines = [
        f"{printable(str(plain.get('severity'))).upper()}  {title}{subject}",
        f"  {printable(str(plain.get('message')), 2 * MAX_LINE)}",
    ]
    if plain.get("twilio_error"):
        lines.append(f"  Twilio Error {printable(str(plain['twilio_error']))}")
    lines += _advice(rule) if rule else []
    lines.append(f"  How sure: {BASES.get(str(plain.get('basis')), 'unknown')}")
    lines += _background(rule) if rule else []
    return "\n".join(map(_wrap, lines)) + "\n"


def _wrap(line: str) -> str:
    """The line as several of at most `WIDTH` characters."""
    indent = line[: len(line) - len(line.lstrip())]
    if indent.startswith(CODE_INDENT):
        return "\n".join(_wrapped_code(line.removeprefix(CODE_INDENT)))
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,  # no URL in two parts
    )


def _wrapped_code(line: str) -> list[str]:
    """A line of JavaScript as several that mean the same. A remark at its end comes first."""
    if len(CODE_INDENT + line) <= WIDTH:
        return [CODE_INDENT + line]
    if remark := _REMARK.fullmatch(line):
        return [*_wrapped_code(remark[2]), *_wrapped_code(remark[1])]
    indent = CODE_INDENT + line[: len(line) - len(line.lstrip())]
    more = indent + ("// " if line.lstrip().startswith("//") else "    ")
    in_one = _STRING.sub(lambda string: string[0].replace(" ", "\0"), line.lstrip())
    wrapped = textwrap.wrap(
        in_one, WIDTH, initial_indent=indent, subsequent_indent=more, break_on_hyphens=False, break_long_words=False
    )
    return [each.replace("\0", " ") for each in wrapped]


def _advice(rule: Rule) -> Iterator[str]:
    yield f"  Fix: {rule.fix}"
    yield from (f"{CODE_INDENT}{line}" for line in rule.code.splitlines())


def _background(rule: Rule) -> Iterator[str]:
    yield f"  Why: {' '.join(rule.explanation.split())}"
    yield f"  Rule {rule.id}. See {', '.join(rule.references)}"


def explain(rule: Rule) -> list[str]:
    """A rule as `runtime.explain` shows it, line by line."""
    how = f"{rule.title}: {rule.severity}, {BASES[rule.basis.value]}."
    why, see = _background(rule)
    enforced = [f"In enforce mode, the addon {rule.enforcement}."] if rule.enforcement else []
    return [how, *(line.strip() for line in (why, *enforced, *_advice(rule), see))]


def _changes(message: http.Message | None, passage: Passage) -> Iterator[str]:
    """What the Runtime changed in a message. Changes by others, before or after, are left out."""
    if isinstance(message, http.Request):
        fields, rewritten = passage.request_before, passage.request_after
        if fields is not None and rewritten is not None and fields != rewritten:
            yield _diff("request", _lines(fields), _lines(rewritten))
    elif passage.case.exchange.response and passage.response_after:
        response = passage.case.exchange.response
        yield _diff(
            "response", _response_lines(response.status, response.fields), _response_lines(*passage.response_after)
        )


def _response_lines(status: int, fields: Fields) -> list[str]:
    return [str(status), *_lines(fields)]


def _lines(fields: Fields) -> list[str]:
    return [printable(name + b": " + value, MAX_LINE) for name, value in fields]


def _diff(what: str, before: Sequence[str], after: Sequence[str]) -> str:
    lines = [f"CHANGED  The Runtime changed this {what}: before (-) and after (+)."]
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag != "equal":
            lines += [_changed_line("-", line) for line in before[a1:a2]]
            lines += [_changed_line("+", line) for line in after[b1:b2]]
    return "\n".join(lines) + "\n"


def _changed_line(sign: str, line: str) -> str:
    return textwrap.fill(line, WIDTH, initial_indent=f" {sign} ", subsequent_indent="     ", break_on_hyphens=False)


def register(passage_of: PassageOf) -> None:
    """Register the view. It replaces the view of an earlier load of the addon."""

    def text_of(flow: Any, message: Any) -> str:
        if not isinstance(flow, http.HTTPFlow):
            return "The Runtime judges HTTP exchanges only.\n"
        text = describe(flow, message, passage_of(flow))
        return "".join(f"{line or ' '}\n" for line in text.splitlines())  # mitmweb drops empty lines

    internals.register_view(NAME, text_of)
