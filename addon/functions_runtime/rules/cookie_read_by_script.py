"""`cookie-read-by-script`: evidence that a script reads a cookie that will become HttpOnly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote_to_bytes

from functions_runtime.endpoint import Endpoint
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile, is_removed
from functions_runtime.record.bounded import Digest, Recent, keep, keyed_digest, remember
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime.wire_text import printable

MIN_VALUE = 8
"""A value of so many bytes that comes back is not a coincidence (rulebook)."""

MOST = 4096
"""The most cookie values, and values that scripts may have sent, that are remembered."""

MOST_PLACES = 32
"""The most places of one value, and cookies with that value, that are remembered."""

MOST_VALUES = 256
"""The most values in one request, and cookies in one response, that are looked at."""

MOST_FOUND = 256
"""The most findings of one exchange."""

MOST_NESTED = 3
"""The deepest query within a query that is looked at."""

Place = tuple[Endpoint, str]
"""Where a value was sent: the endpoint, and the part of the request."""

Setters = dict[tuple[bytes, str], Endpoint]
"""By name and site of a cookie, the endpoint that set it first."""

Evidence = tuple[bytes, Place, Endpoint | None]
"""A cookie's name, where its value was sent, and the endpoint that set it if that belongs to another site."""

# Browsers fill these in themselves, or they are hop-by-hop: no script puts a cookie's value there.
_OF_THE_BROWSER = frozenset(
    b"accept accept-charset accept-encoding accept-language access-control-request-headers "
    b"access-control-request-method cache-control connection content-length content-type cookie date dnt expect host "
    b"if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive origin pragma priority range "
    b"referer save-data sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site "
    b"sec-fetch-user te trailer transfer-encoding upgrade upgrade-insecure-requests user-agent via".split()
)


class CookiesReadByScripts:
    """The values of cookies, and the values that scripts may have sent, as digests. Each exchange adds to both."""

    def __init__(self, key: bytes) -> None:
        self._digest = keyed_digest(key)
        self._cookies: Recent[Digest, Setters] = Recent(MOST)
        self._sent: Recent[Digest, dict[Place, None]] = Recent(MOST)
        # Values that the server itself took out of a query or put into one: such a value in a query proves nothing.
        self._through_query: Recent[Digest, bool] = Recent(MOST)
        # The same for headers. A value that was in a cookie as well does not count: the server may have set it again.
        self._through_header: Recent[Digest, bool] = Recent(MOST)

    def __call__(self, exchange: Exchange, profile: Profile) -> Iterable[Finding]:
        request, response = exchange.request, exchange.response
        assert response
        here: dict[Digest, dict[Place, None]] = {}
        if request.query or _names_of_scripts(request.names):
            for where, value in islice(_values_sent(request), MOST_VALUES):
                here.setdefault(self._digest(value), {})[(request.endpoint, where)] = None
        found: dict[Evidence, Digest] = {}
        if b"location" in response.by_name:
            self._note_redirect(request, response.by_name[b"location"][0], here)
        if response.cookies:
            self._take_cookies(request, response, here, found)
        for mark, places in here.items():
            for place in places:
                remember(self._sent, mark, place, MOST_PLACES)
                for (name, _), setter in (self._cookies.get(mark) or {}).items():
                    found[name, place, _elsewhere(setter, place)] = mark
        if not found:
            return ()
        return [
            _finding(*evidence)
            for evidence, mark in islice(found.items(), MOST_FOUND)
            if not (self._through_query if evidence[1][1] == QUERY else self._through_header).get(mark)
        ]

    def _note_redirect(self, request: Request, location: bytes, here: dict[Digest, dict[Place, None]]) -> None:
        """Note the values that the server puts into the query of a redirect."""
        carried_on = location.partition(b"#")[0].partition(b"?")[2]
        for value in islice(_values_in_query(carried_on), MOST_VALUES):
            mark = self._digest(value)
            if (request.endpoint, QUERY) not in here.get(mark, ()):  # the server did not just send it back
                self._through_query.put(mark, True)

    def _take_cookies(
        self,
        request: Request,
        response: Response,
        here: dict[Digest, dict[Place, None]],
        found: dict[Evidence, Digest],
    ) -> None:
        """Remember the cookies that scripts can read, and find their values in what was sent before."""
        own: set[bytes] | None = None
        for field in response.cookies[:MOST_VALUES]:
            raw, attributes = field.cookie.value, field.cookie.attributes
            if attributes.http_only or len(raw) < MIN_VALUE or len(value := _bare(raw)) < MIN_VALUE:
                continue
            lifetime = attributes.lifetime(response.time)
            if lifetime is not None and lifetime <= 0:  # the browser deletes it
                continue
            mark = self._digest(value)
            for _, where in here.get(mark, ()):
                if where == QUERY:
                    self._through_query.put(mark, True)
                else:
                    own = _values_of_cookies(request) if own is None else own
                    if value not in own:
                        self._through_header.put(mark, True)
            name, setter = field.cookie.name, request.endpoint
            setters = self._cookies.get(mark)
            if setters is None:
                self._cookies.put(mark, setters := {})
            of_site = name, _site(setter.host)
            if of_site not in setters:
                keep(setters, of_site, setter, MOST_PLACES)
                found.update(((name, place, _elsewhere(setter, place)), mark) for place in self._sent.get(mark) or ())


def _elsewhere(setter: Endpoint, place: Place) -> Endpoint | None:
    """The endpoint that set a cookie if its value was sent to another site. Then the cookie's own site breaks."""
    return None if _site(setter.host) == _site(place[0].host) else setter


@lru_cache(maxsize=1024)
def _site(host: str) -> str:
    """The last two labels of a host. If they differ, so do the sites, whatever the Public Suffix List says."""
    return ".".join(host.split(".")[-2:])


def _values_of_cookies(request: Request) -> set[bytes]:
    """The values that the browser sent in cookies."""
    return {_bare(pair.partition(b"=")[2]) for pair in request.cookies}


QUERY = "the query"


def _values_sent(request: Request) -> Iterator[tuple[str, bytes]]:
    """The values that a script may have put into a request, each with its place."""
    for name, where in _names_of_scripts(request.names):
        for value in request.by_name[name]:
            for candidate in (value, value.partition(b" ")[2]):  # a scheme such as Bearer may stand before it
                if len(candidate) >= MIN_VALUE:
                    yield where, _bare(candidate)
    for value in _values_in_query(request.query):
        yield QUERY, value


# Most requests have the same names in the same order.
@lru_cache(maxsize=128)
def _names_of_scripts(names: tuple[bytes, ...]) -> tuple[tuple[bytes, str], ...]:
    """Those of the names that a script can have chosen, each with the place in words."""
    return tuple(
        [
            (name, f"the request header {printable(name, 40)}")
            for name in names
            if name not in _OF_THE_BROWSER and not name.startswith(b"sec-") and not is_removed(name)
        ]
    )


def _values_in_query(query: bytes) -> Iterator[bytes]:
    """Values in a query, and in the queries of URLs in it, as a redirect to a login has them."""
    for _ in range(MOST_NESTED):
        inner = []
        for parameter in query.replace(b";", b"&").split(b"&"):
            name, equals, value = parameter.partition(b"=")
            value = _bare(value if equals else name)
            if len(value) >= MIN_VALUE:
                yield value
            inner.append(value.partition(b"?")[2])
        query = b"&".join(filter(None, inner))


def _bare(value: bytes) -> bytes:
    """The value without quotes and percent-encoding."""
    value = value.strip(b' \t"')
    return unquote_to_bytes(value).strip(b'"') if b"%" in value else value


def _finding(name: bytes, place: Place, elsewhere: Endpoint | None) -> Finding:
    where, what = place
    what = f"{what} to {where.host}" if elsewhere else what
    return RULE.finding(printable(name), endpoint=elsewhere or where, place=what)


_LOGIN = Exchange(
    Request("GET", "app.example", "/"), Response(fields=((b"Set-Cookie", b"XSRF-TOKEN=ab%2Fcdefgh; Path=/"),))
)

RULE = Rule(
    id="cookie-read-by-script",
    title="A script reads a cookie",
    severity=Severity.ERROR,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    message="A script seems to read the cookie {subject}: the cookie's value came back in {place}. Under the Runtime "
    "the cookie is HttpOnly, so scripts cannot read it.",
    columns=(("Came back in", "{place}"),),
    explanation="""\
The Runtime makes every cookie HttpOnly, so scripts cannot read it. This rule looks for evidence that a script reads one
today. It decodes the values of cookies that were set without HttpOnly, and looks for them in the query and in request
headers other than Cookie. Values of less than 8 bytes do not count. CSRF tokens that a page submits twice come back in
this way. If the value went to another site, the finding belongs to the endpoint that set the cookie, because that site
would break. The evidence is indirect: if a script reads a cookie but never sends it, this rule misses that. The order
of the cookie and the request does not matter. Values are remembered as keyed digests only.""",
    fix="Return the token in the response body. Keep an HttpOnly copy in the cookie and compare the two on the server.",
    code="""\
// The Function sets the token as a cookie and returns it in the body, where a script can read it.
response.setCookie("csrf", token, ["Max-Age=86400", "HttpOnly"]);
response.setBody({ csrf: token });
""",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example(
            "A CSRF token that a page submits twice",
            Exchange(
                Request("POST", "app.example", "/save", ((b"X-XSRF-TOKEN", b"ab/cdefgh"),)),
                Response(),
            ),
            ((Severity.ERROR, "XSRF-TOKEN"),),
            before=(_LOGIN,),
        ),
        Example(
            "Only the browser sends the cookie back",
            Exchange(
                Request("POST", "app.example", "/save", ((b"Cookie", b"XSRF-TOKEN=ab%2Fcdefgh"),)),
                Response(),
            ),
            before=(_LOGIN,),
        ),
    ),
    subject=Subject.COOKIE,
    memory=CookiesReadByScripts,
    needs_response=False,
    curl=None,
)

RULES = (RULE,)
