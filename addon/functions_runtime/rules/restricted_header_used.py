"""`restricted-header-used`: evidence that the site depends on a header that a Function cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile, is_removed, is_restricted
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import printable

MOST = 20
"""Restricted headers that Vary names, and values of restricted headers, that are looked at in one exchange."""

MIN_VALUE = 8
"""Bytes from which on a value that comes back is no coincidence (rulebook)."""


HOP_BY_HOP = frozenset({b"expect", b"proxy-connection", b"trailer", b"upgrade", b"via"})
"""Of the restricted headers, those that a server answers in kind: their coming back says nothing of the site."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    response = exchange.response
    assert response
    found: dict[bytes, str] = {}
    for vary in response.by_name.get(b"vary", ()):
        found.update(dict.fromkeys(_restricted_names_in(vary), "the response names it in Vary"))
    for name, header in _come_back(exchange.request, response).items():
        if name not in exchange.removed:  # what never got to the server cannot come back from there
            found.setdefault(name, f"its value comes back in the response header {printable(header, 40)}")
    if not found:
        return ()
    return [
        RULE.finding(
            f"The answer seems to depend on the request header {printable(name)}: {evidence}. "
            "Under the Runtime a Function does not see it.",
            printable(name),
        )
        for name, evidence in found.items()
    ]


# Servers send the same few values of Vary again and again.
@lru_cache(maxsize=256)
def _restricted_names_in(vary: bytes) -> tuple[bytes, ...]:
    return tuple(islice(filter(is_restricted, (name.strip() for name in vary.lower().split(b","))), MOST))


def _come_back(request: Request, response: Response) -> dict[bytes, bytes]:
    """Restricted headers whose values come back, each with the response header that holds one of them.

    It must be an item of its own there, not the beginning of something else.
    """
    found: dict[bytes, bytes] = {}
    everything = b"\n".join([text for _, text in response.fields])
    left = MOST
    for name in filter(is_removed, request.by_name):
        if name in HOP_BY_HOP:
            continue
        values = request.by_name[name][:left]
        left -= len(values)
        for value in values:
            if len(value) < MIN_VALUE or value not in everything or _is_own_url(value, request):
                continue
            item = re.compile(rb"(?<![^\s,;=<\"'])" + re.escape(value) + rb"(?![^\s,;>\"'])")
            found.update((name, header) for header, text in response.fields if item.search(text))
    return found


def _is_own_url(value: bytes, request: Request) -> bool:
    """Whether the value is the URL of the request itself, which a server knows without being told."""
    here = request.path.encode("utf-8", "surrogateescape") + (b"?" + request.query if request.query else b"")
    return value.partition(b"://")[2] in [host + here for host in request.by_name.get(b"host", ())]


def by_experiment(name: str, differs: Iterable[str]) -> Finding:
    """The finding where the answer to a replay without the header differs, in what `differs` says in words."""
    return RULE.finding(
        f"The site depends on the request header {name}: without it, the answer to the same request differs in "
        f"{' and '.join(differs)}. Under the Runtime a Function does not see it.",
        name,
        extent=1.0,  # an experiment goes further than a trace in headers
    )


RULE = Rule(
    id="restricted-header-used",
    title="The site uses a restricted header",
    severity=Severity.WARNING,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    explanation="""\
Some request headers never reach a Function. It is evidence that the site depends on one of them where the response
names it in Vary, or where its value (8 bytes or more) comes back in a response header. A dependence that leaves no
trace in the headers is not seen; the command runtime.probe finds it by experiment.""",
    fix="Send what the site needs in a header of your own, in the query or in the content.",
    code="""\
await fetch(url, { headers: { "X-Came-From": location.href } });   // instead of Referer
""",
    references=("https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5",),
    examples=(
        Example(
            "Vary: Referer",
            Exchange(Request(), Response(fields=((b"Vary", b"Accept, Referer"),))),
            ((Severity.WARNING, "referer"),),
        ),
        Example(
            "Sent back to where one came from",
            Exchange(
                Request(fields=((b"Referer", b"https://a.example/list"),)),
                Response(302, ((b"Location", b"https://a.example/list"),)),
            ),
            ((Severity.WARNING, "referer"),),
        ),
        Example(
            "Back to the page that was asked for, which is also where one came from",
            Exchange(
                Request(
                    "POST", path="/list", fields=((b"Host", b"a.example"), (b"Referer", b"https://a.example/list"))
                ),
                Response(302, ((b"Location", b"https://a.example/list"),)),
            ),
        ),
        Example(
            "A link that only begins like the Referer",
            Exchange(
                Request(fields=((b"Referer", b"https://a.example/"),)),
                Response(302, ((b"Location", b"https://a.example/login"),)),
            ),
        ),
        Example("Vary: Accept-Encoding", Exchange(Request(), Response(fields=((b"Vary", b"Accept-Encoding"),)))),
    ),
    check=check,
    subject=Subject.HEADER,
)

RULES = (RULE,)
