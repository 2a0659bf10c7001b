"""`cookie-read-by-script`: evidence that a page reads a cookie that will become HttpOnly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote_to_bytes

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile, is_removed
from functions_runtime.record.bounded import Recent, keyed_digest, remember
from functions_runtime.rule import Check, Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import NAMELESS, printable

MIN_VALUE = 8
"""Bytes from which on a value that comes back is no coincidence (rulebook)."""

MOST = 4096
"""Cookie values, and values that scripts may have sent, that are remembered."""

MOST_PLACES = 32
"""Places of one value, and cookies with it, that are remembered."""

MOST_VALUES = 256
"""Values in one request, and cookies in one response, that are looked at."""

MOST_FOUND = 256
"""Findings of one exchange."""

MOST_NESTED = 3
"""Queries within queries that are looked at."""

Place = tuple[Endpoint, str]

# What browsers fill in by themselves, and hop-by-hop fields: no script puts a cookie's value there.
_OF_THE_BROWSER = frozenset(
    b"accept accept-charset accept-encoding accept-language access-control-request-headers "
    b"access-control-request-method cache-control connection content-length content-type cookie date dnt expect host "
    b"if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive origin pragma priority range "
    b"referer save-data sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site "
    b"sec-fetch-user te trailer transfer-encoding upgrade upgrade-insecure-requests user-agent via".split()
)


def watch(key: bytes) -> Check:
    digest = keyed_digest(key)
    cookies: Recent[bytes, dict[bytes, None]] = Recent(MOST)
    sent: Recent[bytes, dict[Place, None]] = Recent(MOST)
    # Values that the server itself took out of a query or put into one: a query proves nothing of them.
    through_query: Recent[bytes, bool] = Recent(MOST)
    # The same for headers. A value that was in a cookie as well does not count: the server may have set it again.
    through_header: Recent[bytes, bool] = Recent(MOST)

    def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        here: dict[bytes, dict[Place, None]] = {}
        if request.query or not _OF_THE_BROWSER.issuperset(request.by_name):
            for where, value in islice(_values_sent(request), MOST_VALUES):
                here.setdefault(digest(value), {})[(request.endpoint, where)] = None
        found: dict[tuple[bytes, Place], bytes] = {}
        if b"location" in response.by_name:
            carried_on = response.by_name[b"location"][0].partition(b"#")[0].partition(b"?")[2]
            for value in islice(_values_in_query(carried_on), MOST_VALUES):
                mark = digest(value)
                if (request.endpoint, QUERY) not in here.get(mark, ()):  # the server did not just send it back
                    through_query.put(mark, True)
        own: set[bytes] | None = None
        for field in response.cookies[:MOST_VALUES]:
            raw = field.cookie.value
            if field.cookie.attributes.http_only or len(raw) < MIN_VALUE or len(value := _bare(raw)) < MIN_VALUE:
                continue
            mark = digest(value)
            for _, where in here.get(mark, ()):
                if where == QUERY:
                    through_query.put(mark, True)
                else:
                    own = _values_of_cookies(request) if own is None else own
                    if value not in own:
                        through_header.put(mark, True)
            if remember(cookies, mark, field.cookie.name, MOST_PLACES):
                found.update(((field.cookie.name, place), mark) for place in sent.get(mark) or ())
        for mark, places in here.items():
            for place in places:
                remember(sent, mark, place, MOST_PLACES)
                found.update(((name, place), mark) for name in cookies.get(mark) or ())
        if not found:
            return ()
        return [
            _finding(name, place)
            for (name, place), mark in islice(found.items(), MOST_FOUND)
            if not (through_query if place[1] == QUERY else through_header).get(mark)
        ]

    return check


def _values_of_cookies(request: Request) -> set[bytes]:
    """What the browser sent in cookies."""
    return {_bare(pair.partition(b"=")[2]) for pair in request.cookies}


QUERY = "the query"


def _values_sent(request: Request) -> Iterator[tuple[str, bytes]]:
    """What a script may have put into a request, with where it stands."""
    for name in request.by_name:
        if name in _OF_THE_BROWSER or name.startswith(b"sec-") or is_removed(name):
            continue
        where = f"the request header {printable(name, 40)}"
        for value in request.by_name[name]:
            for candidate in (value, value.partition(b" ")[2]):  # a scheme such as Bearer may stand before it
                if len(candidate) >= MIN_VALUE:
                    yield where, _bare(candidate)
    for value in _values_in_query(request.query):
        yield QUERY, value


def _values_in_query(query: bytes) -> Iterator[bytes]:
    """Values in a query, and in the queries of URLs in it, as a redirect to a login has them."""
    for _ in range(MOST_NESTED):
        inner = []
        for parameter in query.split(b"&"):
            value = _bare(parameter.partition(b"=")[2])
            if len(value) >= MIN_VALUE:
                yield value
            inner.append(value.partition(b"?")[2])
        query = b"&".join(filter(None, inner))


def _bare(value: bytes) -> bytes:
    """The value without quotes and percent-encoding."""
    value = value.strip(b' \t"')
    return unquote_to_bytes(value).strip(b'"') if b"%" in value else value


def _finding(name: bytes, place: Place) -> Finding:
    where, what = place
    shown = printable(name)
    return RULE.finding(
        f"A page seems to read the cookie {shown or NAMELESS}: its value came in {what}. "
        "Under the Runtime the cookie is HttpOnly, and no script can read it.",
        shown,
        endpoint=where,
    )


_LOGIN = Exchange(
    Request("GET", "app.example", "/"), Response(fields=((b"Set-Cookie", b"XSRF-TOKEN=ab%2Fcdefgh; Path=/"),))
)

RULE = Rule(
    id="cookie-read-by-script",
    title="A script reads a cookie",
    severity=Severity.ERROR,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    explanation="""\
The Runtime makes every cookie HttpOnly, so that scripts cannot read it. It is evidence that one does today where the
value of a cookie that was set without HttpOnly (8 bytes or more, without percent-encoding) comes back in a request
header other than Cookie, or in the query, as CSRF tokens do that are submitted twice. Order does not matter. Values are
remembered as keyed digests only.""",
    fix="Give the script the token in the content of a response, and set the cookie HttpOnly, for comparison only.",
    code="""\
// The Function sets the token as a cookie and also says it in its content, where a script can read it.
response.setCookie("csrf", token, ["Max-Age=86400", "HttpOnly"]);
response.setBody({ csrf: token });
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example(
            "A CSRF token that is submitted twice",
            Exchange(
                Request("POST", "app.example", "/save", ((b"X-XSRF-TOKEN", b"ab/cdefgh"),)),
                Response(),
            ),
            ((Severity.ERROR, "XSRF-TOKEN"),),
            before=(_LOGIN,),
        ),
        Example(
            "Only the browser sends it back",
            Exchange(
                Request("POST", "app.example", "/save", ((b"Cookie", b"XSRF-TOKEN=ab%2Fcdefgh"),)),
                Response(),
            ),
            before=(_LOGIN,),
        ),
    ),
    subject=Subject.COOKIE,
    watch=watch,
)

RULES = (RULE,)
