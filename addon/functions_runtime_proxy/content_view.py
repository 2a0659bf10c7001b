"""The content view `Runtime`: what the Runtime says of a message, in full, in mitmweb and the console.

mitmproxy 11 and 12 have different classes for views. Which one it is shows in what `mitmproxy.contentviews` offers;
the text is the same.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mitmproxy import contentviews, ctx, http

from functions_runtime.catalogue import BY_ID
from functions_runtime.message import Response
from functions_runtime.rule import Rule
from functions_runtime.ruling import Severity
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime.wire_text import printable
from functions_runtime_proxy.flow_bridge import FINDINGS_KEY, Judgement

NAME = "Runtime"
BASES = {
    "documented": "documented by the vendor",
    "emulator": "what the vendor's local emulator does",
    "reading": "our reading of an open sentence",
}
WIDTH = 72
"""Characters after which text is broken: mitmweb does not do that."""
MAX_LINE = 1000
"""Characters of one header line that are shown."""

JudgementOf = Callable[[http.HTTPFlow], "Judgement | None"]


def describe(flow: http.HTTPFlow, message: http.Message | None, judgement: Judgement | None) -> str:
    """All findings of the flow, and what was changed in this message."""
    found = flow.metadata.get(FINDINGS_KEY)
    if not isinstance(found, list):
        return "The Runtime has not judged this flow. It may be outside runtime_scope, or older than the addon.\n"
    parts = list(_changes(message, judgement)) if judgement else []
    plains = [plain for plain in found if isinstance(plain, dict)]
    parts += [_finding(plain) for plain in sorted(plains, key=_rank)]
    return "\n".join(parts) or "The Runtime would let this exchange pass as it is.\n"


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
    lines.append(f"  How sure: {BASES.get(str(plain.get('basis')), 'unknown')}")
    if rule:
        lines += _explanation(rule)
    return "\n".join(map(_wrap, lines)) + "\n"


def _wrap(line: str) -> str:
    """The line as several of at most `WIDTH` characters, unless it is code."""
    indent = line[: len(line) - len(line.lstrip())]
    if len(indent) > 2:
        return line
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,  # no URL in two parts
    )


def _explanation(rule: Rule) -> Iterator[str]:
    yield f"  Why: {' '.join(rule.explanation.split())}"
    yield f"  What to do: {rule.fix}"
    yield from (f"    {line}" for line in rule.code.splitlines())
    yield f"  Rule {rule.id}. See {', '.join(rule.references)}"


def explain(rule: Rule) -> str:
    """A rule as `runtime.explain` shows it."""
    how = f"{rule.title}: {rule.severity}, {BASES[rule.basis.value]}."
    return "\n".join([how, *(line.strip() for line in _explanation(rule))])


def _changes(message: http.Message | None, judgement: Judgement) -> Iterator[str]:
    """What the Runtime made of a message. What others did to it, before or after, is not its doing."""
    if isinstance(message, http.Request):
        before, after = judgement.request_before, judgement.request_after
        if before is not None and after is not None and before != after:
            yield _diff("request", _lines(before), _lines(after))
    elif judgement.response and judgement.response_after:
        yield _diff("response", *(_response_lines(each) for each in (judgement.response, judgement.response_after)))


def _response_lines(response: Response) -> list[str]:
    return [str(response.status), *_lines(response.fields)]


def _lines(fields: Fields) -> list[str]:
    return [printable(name + b": " + value, MAX_LINE) for name, value in fields]


def _diff(what: str, before: Sequence[str], after: Sequence[str]) -> str:
    lines = [f"CHANGED  The Runtime changed this {what}: before (-) and after (+)."]
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        lines += [f" - {line}" for line in before[a1:a2]]
        lines += [f" + {line}" for line in after[b1:b2]]
    return "\n".join(lines) + "\n"


def register(judgement_of: JudgementOf) -> None:
    """Offer the view. One of an earlier load of the addon is replaced."""
    if hasattr(contentviews, "Contentview"):
        _register(judgement_of)
    else:
        _register_legacy(judgement_of)


def _register(judgement_of: JudgementOf) -> None:
    api: Any = contentviews  # which names it has depends on the version

    class RuntimeContentview(api.Contentview):  # type: ignore[misc]
        name = NAME
        syntax_highlight = "none"

        def prettify(self, data: bytes, metadata: Any) -> str:
            return _text(metadata.flow, metadata.http_message, judgement_of)

        def render_priority(self, data: bytes, metadata: Any) -> float:
            return -1  # only where somebody asks for it

    api.add(RuntimeContentview())


def _register_legacy(judgement_of: JudgementOf) -> None:
    api: Any = contentviews

    class RuntimeView(api.View):  # type: ignore[misc]
        name = NAME

        def __call__(self, data: bytes, *, flow: Any = None, http_message: Any = None, **unknown: Any) -> Any:
            text = _text(flow, http_message, judgement_of)
            return NAME, ([("text", line)] for line in text.splitlines())

        def render_priority(self, data: bytes, **unknown: Any) -> float:
            return -1

    if earlier := api.get(NAME):
        api.remove(earlier)
    api.add(RuntimeView())


def follow_focus() -> None:
    """Show each flow its own text, where a user interface has a focus."""
    view = getattr(ctx.master, "view", None)
    if view is not None:
        view.focus.sig_change.connect(_ask_anew)


def refresh(flow: http.HTTPFlow) -> None:
    """Show the text anew, if it is of this flow."""
    view = getattr(ctx.master, "view", None)
    if view is not None and view.focus.flow is flow:
        _ask_anew()


def _ask_anew() -> None:
    """The console keeps texts by what a message looks like, whatever flow it belongs to and whatever was found since.

    It forgets them when a content view changes.
    """
    api: Any = contentviews
    changed = api.registry.on_change if hasattr(api, "registry") else api.on_add
    changed.send(None)


def _text(flow: Any, message: Any, judgement_of: JudgementOf) -> str:
    if not isinstance(flow, http.HTTPFlow):
        return "The Runtime judges HTTP exchanges only.\n"
    text = describe(flow, message, judgement_of(flow))
    return "".join(f"{line or ' '}\n" for line in text.splitlines())  # mitmweb drops empty lines
