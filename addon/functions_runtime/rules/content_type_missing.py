"""`content-type-missing`: a response without a Content-Type gets one from the Runtime that fits nothing."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.syntax.rfc9110 import announced_length, can_have_content

NAVIGATIONS = frozenset({b"document", b"iframe", b"frame", b"embed", b"object"})
"""Destinations of a request (Fetch, section 2.2.5) for which a browser shows the response as a page."""
SCRIPTS_AND_STYLES = frozenset(
    {b"script", b"style", b"worker", b"sharedworker", b"serviceworker", b"audioworklet", b"paintworklet"}
)
"""Destinations for which a browser looks at the type before it uses the response."""


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    request, response = exchange.request, exchange.response
    assert response
    by_name = response.by_name
    if b"content-type" in by_name or not 200 <= response.status <= 299:
        return ()
    if not can_have_content(request.method, response.status):
        return ()
    if not (exchange.received or announced_length(by_name)):
        return ()
    use = _use(request)
    return (RULE.finding(severity=Severity.WARNING if use else None, use=use or "not seen to be loaded by a page"),)


def _use(request: Request) -> str:
    """What a browser does with the response that needs its type, empty if nothing shows that."""
    destination = request.by_name.get(b"sec-fetch-dest", (b"",))[0]
    if destination in SCRIPTS_AND_STYLES:
        return f"loaded as {'style' if destination == b'style' else 'script'}"
    if destination in NAVIGATIONS:
        return "opened as a page"
    accept = request.by_name.get(b"accept", (b"",))[0]
    return "opened as a page" if not destination and accept.startswith(b"text/html") else ""


def _loaded(name: bytes, value: bytes, *fields: tuple[bytes, bytes]) -> Exchange:
    return Exchange(Request(fields=((name, value),)), Response(fields=fields), received=5)


RULE = Rule(
    id="content-type-missing",
    title="Content-Type is missing",
    severity=Severity.INFO,
    basis=Basis.DOCUMENTED,
    step=Step.ENDING,
    message="The response has a body and no Content-Type ({use}). The Runtime sends it as application/octet-stream.",
    columns=(("Use", "{use}"),),
    explanation="""\
The Runtime sends a response without a Content-Type as application/octet-stream (documented, in the responses that the
vendor's pages print). This is a warning if a browser opens the response as a page, or loads it as a script or style.
Otherwise it is an info. With that type, Chromium 156 downloads a page and refuses a style. It refuses a script only if
the response has X-Content-Type-Options: nosniff.""",
    fix="Set the Content-Type of the response.",
    code="""\
response.appendHeader("Content-Type", "text/html; charset=utf-8");
""",
    references=("https://mimesniff.spec.whatwg.org/#determining-the-computed-mime-type-of-a-resource",),
    examples=(
        Example("A page", _loaded(b"Sec-Fetch-Dest", b"document"), ((Severity.WARNING, None),)),
        Example("A script", _loaded(b"Sec-Fetch-Dest", b"script"), ((Severity.WARNING, None),)),
        Example(
            "A page, as older browsers ask for it", _loaded(b"Accept", b"text/html,*/*"), ((Severity.WARNING, None),)
        ),
        Example("Data", _loaded(b"Sec-Fetch-Dest", b"empty"), ((Severity.INFO, None),)),
        Example("A page with a type", _loaded(b"Sec-Fetch-Dest", b"document", (b"Content-Type", b"text/html"))),
        Example("No body", Exchange(Request(), Response(204))),
    ),
    check=check,
)

RULES = (RULE,)
