"""`restricted-header-used`: evidence that the site depends on a header that a Function cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile, is_restricted, removed_among
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import Fields
from functions_runtime.wire_text import printable

MOST = 20
"""Restricted headers that Vary names, and values of restricted headers, that are looked at in one exchange."""

MIN_VALUE = 8
"""Bytes from which on a value that comes back is no coincidence (docs/rulebook.md)."""

HOP_BY_HOP = frozenset({b"expect", b"proxy-connection", b"trailer", b"upgrade", b"via"})
"""Restricted headers that a server answers in kind. If they come back under their own name, that says nothing."""

FORWARDED_PROTO = b"x-forwarded-proto"


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    assert response
    found: dict[bytes, str] = {}
    for vary in response.by_name.get(b"vary", ()):
        for name in _restricted_names_in(vary):
            found[name] = "the response names it in Vary"
    sent = removed_among(request.names)
    if sent:
        if exchange.removed:  # what never got to the server cannot come back from there
            sent = tuple([name for name in sent if name not in exchange.removed])
        for name, evidence in _come_back(sent, request, response).items():
            found.setdefault(name, evidence)
        if FORWARDED_PROTO in sent and _is_taken_for_secure(exchange, response):
            found.setdefault(FORWARDED_PROTO, "the request came over plain HTTP, and the site takes it for HTTPS")
    if not found:
        return ()
    return [RULE.finding(printable(name), evidence=evidence) for name, evidence in found.items()]


# Servers send the same few values of Vary again and again.
@lru_cache(maxsize=256)
def _restricted_names_in(vary: bytes) -> tuple[bytes, ...]:
    return tuple(islice(filter(is_restricted, (name.strip() for name in vary.lower().split(b","))), MOST))


def _come_back(names: Iterable[bytes], request: Request, response: Response) -> dict[bytes, str]:
    """Restricted headers whose values come back, each with the evidence.

    A value must be an item of its own there, not the beginning of something else. A Location may add to the query of
    the Referer.
    """
    found: dict[bytes, str] = {}
    left = MOST
    for name in names:
        values = [value for value in request.by_name[name] if len(value) >= MIN_VALUE][:left]
        left -= len(values)
        for value in values:
            if not _is_somewhere(value, response.fields) or _is_own_url(value, request):
                continue
            for header in _headers_with(value, response):
                if name in HOP_BY_HOP and header.lower() == name:
                    continue
                found[name] = f"its value comes back in the response header {printable(header, 40)}"
            if name == b"referer" and name not in found and _is_added_to(value, response):
                found[name] = "the redirect leads to its value with something added to the query"
    return found


def _is_somewhere(value: bytes, fields: Fields) -> bool:
    size = len(value)
    for _, text in fields:  # noqa: SIM110 (any() takes twice as long)
        if len(text) >= size and value in text:  # most are shorter
            return True
    return False


def _headers_with(value: bytes, response: Response) -> list[bytes]:
    item = re.compile(rb"(?<![^\s,;=<\"'])" + re.escape(value) + rb"(?![^\s,;>\"'])")
    return [name for name, text in response.fields if item.search(text)]


def _is_added_to(referer: bytes, response: Response) -> bool:
    """Whether a Location is the Referer with something added to its query."""
    separator = b"&" if b"?" in referer else b"?"
    return any(location.startswith(referer + separator) for location in response.by_name.get(b"location", ()))


def _is_own_url(value: bytes, request: Request) -> bool:
    """Whether the value is the URL of the request itself, which a server knows without being told."""
    here = request.path.encode("utf-8", "surrogateescape") + (b"?" + request.query if request.query else b"")
    return value.partition(b"://")[2] in [host + here for host in request.by_name.get(b"host", ())]


def _is_taken_for_secure(exchange: Exchange, response: Response) -> bool:
    """Whether a site takes a plain connection for a secure one because it was told so.

    A site sends Strict-Transport-Security only if it takes the connection for secure (RFC 6797, section 7.2).
    """
    told = exchange.request.by_name[FORWARDED_PROTO]
    is_told = any(scheme.strip() == b"https" for value in told for scheme in value.lower().split(b","))
    return is_told and exchange.over_tls is False and b"strict-transport-security" in response.by_name


def by_experiment(name: str, differs: Iterable[str], *, breaks: bool = False) -> Finding:
    """The finding that a replay without the header gets another response, which differs in what `differs` names.

    It is an error if the replay does not get what was asked for at all (our interpretation, decision 52).
    """
    return RULE.finding(
        name,
        severity=Severity.ERROR if breaks else None,
        evidence=f"without it, the response to the same request differs in {' and '.join(differs)}",
        extent=1.0,  # an experiment goes further than a trace in headers
    )


def _to_list(*query: bytes) -> Exchange:
    """A redirect back to a list, perhaps with something after it."""
    return Exchange(
        Request("POST", path="/edit", fields=((b"Referer", b"https://a.example/list?page=2"),)),
        Response(302, ((b"Location", b"https://a.example/list?page=2" + b"".join(query)),)),
    )


def _behind_balancer(over_tls: bool) -> Exchange:
    return Exchange(
        Request(fields=((b"X-Forwarded-Proto", b"https"),)),
        Response(fields=((b"Strict-Transport-Security", b"max-age=60"),)),
        over_tls=over_tls,
    )


RULE = Rule(
    id="restricted-header-used",
    title="The site uses a restricted header",
    severity=Severity.WARNING,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    message="The response seems to depend on the request header {subject}: {evidence}. A Function does not see this "
    "header under the Runtime.",
    columns=(("Evidence", "{evidence}"),),
    explanation="""\
Some request headers never reach a Function. This rule knows three kinds of evidence that the site depends on one. The
response names the header in Vary. Or the header's value (8 bytes or more) comes back in a response header; a redirect
to the Referer counts even if it adds something to the query. Or a request over plain HTTP says X-Forwarded-Proto:
https, and the response has Strict-Transport-Security. If a site depends on a header in another way, the traffic does
not show it. The command runtime.probe can: it repeats the request without the header. The finding is then an error if a
request that succeeds today (2xx) does not succeed without the header.""",
    fix="Send what the site needs in a header of your own, in the query or in the body (content).",
    code="""\
await fetch(url, { headers: { "X-Came-From": location.href } });   // instead of Referer
""",
    references=(
        "https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5",
        "https://www.rfc-editor.org/rfc/rfc6797#section-7.2",
    ),
    examples=(
        Example(
            "Vary: Referer",
            Exchange(Request(), Response(fields=((b"Vary", b"Accept, Referer"),))),
            ((Severity.WARNING, "referer"),),
        ),
        Example("A redirect back to the page before", _to_list(), ((Severity.WARNING, "referer"),)),
        Example(
            "A redirect back to the page before, with something added to its query",
            _to_list(b"&updated=1"),
            ((Severity.WARNING, "referer"),),
        ),
        Example(
            "A site behind a load balancer that ends TLS",
            _behind_balancer(over_tls=False),
            ((Severity.WARNING, "x-forwarded-proto"),),
        ),
        Example("A site that is reached over TLS", _behind_balancer(over_tls=True)),
        Example(
            "A redirect to the page that was asked for, which is also the page before",
            Exchange(
                Request(
                    "POST", path="/list", fields=((b"Host", b"a.example"), (b"Referer", b"https://a.example/list"))
                ),
                Response(302, ((b"Location", b"https://a.example/list"),)),
            ),
        ),
        Example(
            "A redirect that only begins like the Referer",
            Exchange(
                Request(fields=((b"Referer", b"https://a.example/"),)),
                Response(302, ((b"Location", b"https://a.example/login"),)),
            ),
        ),
        Example("Vary: Accept-Encoding", Exchange(Request(), Response(fields=((b"Vary", b"Accept-Encoding"),)))),
    ),
    check=check,
    subject=Subject.HEADER,
    curl=("-H", "{subject}: test"),
)

RULES = (RULE,)
