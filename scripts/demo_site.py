"""A small site with nine cases, one for each rule about headers, cookies or preflights that the first page documented.

    python3 scripts/demo_site.py [PORT]

Click through it in a browser, or let `scripts/run --once` send each case. To extend it, extend `CASES`: the page, the
responses and what `run --once` expects follow from it. The site uses the standard library only, and nothing of the
addon: it plays any Function.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
REQUESTS_KEPT = 100
INDEX = Path(__file__).with_suffix(".html")

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """The result of a case under the Runtime. If `content` is None, it is the Function's own.

    If `cookies` is None, they are not checked. `{host}` in a cookie stands for the host that the client addressed.
    """

    status: int = 200
    content: str | None = None
    fields: Fields = ()
    cookies: tuple[str, ...] | None = None
    calls_function: bool = True
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One request and the Function's response. `{fields}` in its content stands for the names that it received."""

    rule: str
    title: str
    explanation: str
    outcome: Outcome
    method: str = "GET"
    request: Fields = ()
    status: int = 200
    response: Fields = ()
    content: str = "The Function responds."

    @property
    def path(self) -> str:
        return f"/{self.rule}"


FILLER = "x" * 5000
KEPT_COOKIE = "Path=/; HttpOnly; Secure"

CASES = (
    Case(
        rule="request-headers-too-long",
        title="A request with too much in its headers",
        explanation="A header of 5000 bytes. Most servers accept it. The Runtime allows 4096 bytes and 75 headers and "
        "cookies, and does not even call the Function.",
        request=(("X-Filler", FILLER),),
        content="The Function got a header of 5000 bytes.",
        outcome=Outcome(431, "Request headers or cookies too long", calls_function=False),
    ),
    Case(
        rule="response-headers-too-long",
        title="A response with too much in its headers",
        explanation="The same limit holds for the Function's response. The whole response is lost.",
        response=(("X-Filler", FILLER),),
        content="The Function responded with a header of 5000 bytes.",
        outcome=Outcome(431, "Response headers or cookies too long"),
    ),
    Case(
        rule="preflight-answered",
        title="A preflight",
        explanation="The Function would allow one origin, with credentials and with PUT. It is never asked: the "
        "Runtime replies to every OPTIONS request itself, for all origins and without credentials.",
        method="OPTIONS",
        request=(("Origin", "https://shop.example"), ("Access-Control-Request-Method", "PUT")),
        status=204,
        response=(
            ("Access-Control-Allow-Origin", "https://shop.example"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "GET, PUT"),
        ),
        content="",
        outcome=Outcome(
            204,
            fields=(
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Headers", "*"),
                ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
            ),
            calls_function=False,
        ),
    ),
    Case(
        rule="restricted-request-header",
        title="Headers that a Function cannot see",
        explanation="The Runtime removes Referer, X-Forwarded-For and X-Real-IP before it calls the Function. A "
        "header of your own, such as X-Request-Id, gets through.",
        request=(
            ("Referer", "http://localhost/"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Real-IP", "192.0.2.1"),
            ("X-Request-Id", "7"),
        ),
        content="The Function sees: {fields}.",
        outcome=Outcome(hidden=("Referer", "X-Forwarded-For", "X-Real-IP")),
    ),
    Case(
        rule="cookie-lifetime-too-long",
        title="A cookie for a month",
        explanation="“Remember me” for 30 days. The Runtime allows a day, and responds with 400 instead of the page.",
        response=(("Set-Cookie", f"remember_me=yes; Max-Age=2592000; {KEPT_COOKIE}"),),
        content="The Function sets the cookie remember_me for 30 days.",
        outcome=Outcome(400, "Cookies max-age cannot be greater than a day", cookies=()),
    ),
    Case(
        rule="cookie-domain-replaced",
        title="A cookie for another domain",
        explanation="A cookie for all of example.com. The Runtime replaces its Domain with the Function's own domain.",
        response=(("Set-Cookie", f"account=42; Max-Age=3600; Domain=example.com; {KEPT_COOKIE}"),),
        content="The Function sets the cookie account with Domain=example.com.",
        outcome=Outcome(cookies=(f"account=42; Max-Age=3600; Domain={{host}}; {KEPT_COOKIE}",)),
    ),
    Case(
        rule="cookie-attributes-added",
        title="A cookie that a script reads",
        explanation="The page keeps the theme in a cookie, and a script reads it. The Runtime makes every cookie "
        "HttpOnly and Secure, so scripts can no longer read it.",
        response=(("Set-Cookie", "theme=dark; Max-Age=3600; Path=/"),),
        content="The Function sets the cookie theme, without HttpOnly and Secure.",
        outcome=Outcome(cookies=("theme=dark; Max-Age=3600; Path=/; HttpOnly; Secure",)),
    ),
    Case(
        rule="cookie-session",
        title="A session cookie",
        explanation="Without Max-Age and Expires, a cookie ends with the browser session. The Runtime changes nothing.",
        response=(("Set-Cookie", f"basket=7; {KEPT_COOKIE}"),),
        content="The Function sets the cookie basket, without a lifetime.",
        outcome=Outcome(cookies=(f"basket=7; {KEPT_COOKIE}",)),
    ),
    Case(
        rule="cookie-max-age-precedence",
        title="A cookie with two lifetimes",
        explanation="Expires says the year 2099, and Max-Age says an hour. Max-Age wins, so the cookie is allowed. It "
        "ends sooner than its Expires says.",
        response=(("Set-Cookie", f"visit=1; Expires=Thu, 31 Dec 2099 23:59:59 GMT; Max-Age=3600; {KEPT_COOKIE}"),),
        content="The Function sets the cookie visit, with Expires and with Max-Age.",
        outcome=Outcome(
            cookies=(f"visit=1; Expires=Thu, 31 Dec 2099 23:59:59 GMT; Max-Age=3600; {KEPT_COOKIE}",),
        ),
    ),
)


class Received(NamedTuple):
    """A request as it reached the site."""

    method: str
    path: str
    names: tuple[str, ...]


class DemoSite(ThreadingHTTPServer):
    """The site on its own port. Port 0 takes a free one. `received` holds the latest requests."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Function)
        self.received: deque[Received] = deque(maxlen=REQUESTS_KEPT)


class _Function(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: DemoSite

    def answer(self) -> None:
        path = self.path.partition("?")[0]
        names = tuple(self.headers.keys())
        self.server.received.append(Received(self.command, path, names))
        case = next((case for case in CASES if (case.path, case.method) == (path, self.command)), None)
        if case:
            content = case.content.replace("{fields}", ", ".join(names))
            self._send(case.status, case.response, "text/plain", content)
        elif path == "/":
            self._send(200, (), "text/html", index())
        else:
            self._send(404, (), "text/plain", "There is nothing here. Start at /")

    do_GET = do_HEAD = do_OPTIONS = do_POST = answer  # noqa: N815 (http.server finds them by these names)

    def _send(self, status: int, fields: Fields, media_type: str, content: str) -> None:
        data = content.encode()
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", f"{media_type}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NO_CONTENT:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is http.server's)
        """The proxy shows the requests."""


def index() -> str:
    """The page with every case."""
    return INDEX.read_text(encoding="utf-8").replace("<!-- cases -->", "\n".join(map(_card, CASES)))


def _card(case: Case) -> str:
    request = json.dumps({"method": case.method, "path": case.path, "headers": dict(case.request)})
    link = "" if case.method != "GET" or case.request else f'<a href="{case.path}">Open as a page</a>'
    return f"""\
<article id="{case.rule}">
  <h2>{escape(case.title)}</h2>
  <code class="rule">{case.rule}</code>
  <p>{escape(case.explanation)}</p>
  <dl>
    <dt>Request</dt><dd>{_lines(f"{case.method} {case.path}", case.request)}</dd>
    <dt>The Function’s response</dt><dd>{_lines(_status(case.status), case.response)}</dd>
    <dt>Under the Runtime</dt><dd>{escape(_told(case.outcome))}</dd>
  </dl>
  <p class="try"><button data-request="{escape(request)}">Send it</button> {link}</p>
  <output hidden></output>
</article>"""


def _lines(first: str, fields: Fields) -> str:
    lines = [first, *(f"{name}: {shortened(value)}" for name, value in fields)]
    return "".join(f"<code>{escape(line)}</code>" for line in lines)


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _told(outcome: Outcome) -> str:
    """The outcome in words."""
    told = []
    if not outcome.calls_function:
        told.append("The Function is not called.")
    if outcome.hidden:
        told.append(f"The Function does not see {', '.join(outcome.hidden)}.")
    if outcome.content:
        told.append(f"The client gets {_status(outcome.status)}: {outcome.content}")
    elif outcome.fields:
        told.append(f"The client gets {_status(outcome.status)} with")
        told.append(", ".join(f"{name}: {value}" for name, value in outcome.fields))
    for cookie in outcome.cookies or ():
        told.append(f"The browser gets Set-Cookie: {cookie.replace('{host}', 'the host of this page')}")
    return " ".join(told)


def shortened(value: str) -> str:
    """A value short enough to read."""
    return value if len(value) <= 100 else f"{value[:20]}… ({len(value)} bytes)"


def main() -> None:
    try:
        port = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PORT
        site = DemoSite(port)
    except ValueError:
        sys.exit(f"{sys.argv[1]!r} is not a port. Write: python3 scripts/demo_site.py [PORT]")
    except OSError as error:
        sys.exit(f"Port {port} cannot be used ({error.strerror}). Name another: python3 scripts/demo_site.py PORT")
    print(f"The demo site is at http://{HOST}:{site.server_port}/ (Ctrl-C ends it)", flush=True)
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
