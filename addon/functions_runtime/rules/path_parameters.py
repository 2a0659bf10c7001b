"""`path-parameters`: a Function has one fixed path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.record.bounded import Digest, Recent, keyed_digest
from functions_runtime.rule import Example, Rule, Step
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import printable

MOST = 1024
"""Endpoints with a placeholder that are remembered."""

LONGEST_EXTENSION = len("webmanifest")
"""Characters after the last dot of a file's name, at most (our interpretation)."""

_SEGMENT_PARAMETERS = re.compile(r"(?:;|%3b)[^/]*", re.IGNORECASE)
"""What an endpoint leaves out of a path. Some servers put a session there, which makes no other path."""


class FoldedPaths:
    """Remembers one path of each endpoint that several paths may share, as a digest."""

    def __init__(self, key: bytes) -> None:
        self._digest = keyed_digest(key)
        self._paths: Recent[Endpoint, Digest] = Recent(MOST)

    def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        endpoint = request.endpoint
        if request.method == "OPTIONS":  # the Runtime replies to these itself
            return ()
        if "{" not in endpoint.path or not 200 <= response.status <= 299 or _is_file(endpoint.path):
            return ()
        path = _SEGMENT_PARAMETERS.sub("", request.path)
        if endpoint.path == printable(path):  # the braces are the site's own
            return ()
        mark = self._digest(unquote_to_bytes(path.encode("utf-8", "surrogatepass")))
        first = self._paths.get(endpoint)
        if first is None:
            self._paths.put(endpoint, mark)
        return () if first is None or first == mark else (RULE.finding(),)


def _is_file(path: str) -> bool:
    """Whether the path of an endpoint leads to a file: assets may have any path."""
    stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return bool(stem and dot and 1 <= len(suffix) <= LONGEST_EXTENSION and suffix.isalnum() and not suffix.isdecimal())


def _item(number: str, status: int = 200) -> Exchange:
    return Exchange(Request("GET", "app.example", f"/items/{number}"), Response(status))


RULE = Rule(
    id="path-parameters",
    title="Paths hold parameters",
    severity=Severity.ERROR,
    basis=Basis.DOCUMENTED,
    step=Step.CONSEQUENCES,
    message="The site responds to several paths that differ only in a parameter. A Function has one fixed path.",
    explanation="""\
A Function is called by its one fixed path (documented on the request-flow page). If the site responds with 2xx to two
or more paths that differ only in an identifier, such as /items/1 and /items/2, no single Function can serve them all.
Paths of files do not count, because files can be assets.""",
    fix="Put the identifier into the query or the body (content), and call the Function by one path.",
    code="""\
// functions/items.js, called with GET /items?id=42
exports.handler = (context, event, callback) => callback(null, { id: event.id });
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/request-flow",),
    examples=(
        Example("Two items", _item("2"), ((Severity.ERROR, None),), before=(_item("1"),)),
        Example("The same item again", _item("1"), before=(_item("1"),)),
        Example(
            "Preflights for two items",
            Exchange(Request("OPTIONS", "app.example", "/items/2"), Response(204)),
            before=(Exchange(Request("OPTIONS", "app.example", "/items/1"), Response(204)),),
        ),
        Example("The same item in another session", _item("1;sid=b"), before=(_item("1;sid=a"),)),
        Example("An item that does not exist", _item("2", 404), before=(_item("1"),)),
        Example("Two addresses", _item("b@mail.example"), ((Severity.ERROR, None),), before=(_item("a@mail.example"),)),
        Example("Two files", _item("2/logo.png;v=1"), before=(_item("1/logo.png;v=1"),)),
        Example("Two files with a long extension", _item("2/site.webmanifest"), before=(_item("1/site.webmanifest"),)),
        Example("Two titles", _item("2022_FIFA_World_Cup"), before=(_item("United_States_of_America"),)),
    ),
    memory=FoldedPaths,
)

RULES = (RULE,)
