"""The cases: what a page does today, what it does under the Runtime, and what audit says of that beforehand.

To add one, add it to the list of the consequence that it is about. After what breaks come the near misses: what looks
alike and goes on working.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.browser.site import (
    Routes,
    answer,
    authenticated,
    cookie_that_came,
    cors,
    echo,
    in_content,
    in_header,
    in_query,
    only_with,
    page,
)

APP = "https://app.site.test/"
API = "https://api.site.test/"
SHOP = "https://shop.site.test/"
OTHER = "https://app.other.test/"

REFUSED = "error: TypeError"
"""How fetch() ends if the browser does not let it through."""


@dataclass(frozen=True)
class Case:
    """The browser goes to the pages in order and runs `script` on the last one.

    `today` is what the script then returns, or "error: " and the name of the error that it ends with; `runtime` is the
    same under the Runtime, if that differs. `predicted` holds the rules that ought to say so, with their
    severities. `disagrees` says why they are known not to.
    """

    name: str
    script: str
    routes: Routes
    today: str
    runtime: str = ""
    predicted: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[str, ...] = (APP,)
    disagrees: str = ""


CREDENTIALS_BLOCKED = {"cors-credentials-blocked": "error"}
CREDENTIALS_ALLOWED = {"cors-credentials-blocked": "warning"}
METHOD_BLOCKED = {"cors-method-blocked": "error"}
METHOD_PERHAPS_BLOCKED = {"cors-method-blocked": "warning"}
UNSUPPORTED = {"method-unsupported": "error"}
"""A method that reached the site is one that the Runtime does not serve, from whatever origin."""
AUTHORIZATION_WILDCARD = {"cors-authorization-wildcard": "warning"}
OPENED = {"cors-opened": "warning"}
READ_BY_SCRIPT = {"cookie-read-by-script": "error"}
SHARED = {"cookie-shared-across-hosts": "error"}
NO_WEBSOCKET = {"websocket-unavailable": "error"}


# Requests with credentials from another origin

SESSION = "sid=session-of-site.test"
SIGN_IN = page(f"Set-Cookie: {SESSION}; Secure; HttpOnly")
SIGN_IN_ANYWHERE = page(f"Set-Cookie: {SESSION}; Secure; HttpOnly; SameSite=None")
POST_WITH_CREDENTIALS = f"return show(fetch('{API}me', {{ method: 'POST', headers: json, credentials: 'include' }}))"
ME = cors(cookie_that_came("sid"), credentials="true", headers="Content-Type")

CREDENTIALS = [
    Case(
        "A POST of JSON with a cookie",
        POST_WITH_CREDENTIALS,
        {"api.site.test/login": SIGN_IN, "api.site.test/me": ME},
        today="200 sid came",
        runtime=REFUSED,
        predicted=CREDENTIALS_BLOCKED | OPENED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A POST of JSON with a cookie, from another site",
        POST_WITH_CREDENTIALS,
        {
            "api.site.test/login": SIGN_IN_ANYWHERE,
            "api.site.test/me": cors(
                cookie_that_came("sid"), origin="https://app.other.test", credentials="true", headers="Content-Type"
            ),
        },
        today="200 sid came",
        runtime=REFUSED,
        predicted=CREDENTIALS_BLOCKED | OPENED,
        pages=(f"{API}login", OTHER),
    ),
    Case(
        "A GET with a header of its own and a cookie, by XMLHttpRequest",
        f"""
        const request = new XMLHttpRequest();
        request.open("GET", "{API}me");
        request.setRequestHeader("X-Page", "list");
        request.withCredentials = true;
        return new Promise((resolve, reject) => {{
          request.onload = () => resolve(`${{request.status}} ${{request.responseText}}`);
          request.onerror = () => reject(new TypeError());
          request.send();
        }});
        """,
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/me": cors(cookie_that_came("sid"), credentials="true", headers="X-Page"),
        },
        today="200 sid came",
        runtime=REFUSED,
        predicted=CREDENTIALS_BLOCKED | OPENED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A request with HTTP authentication that the browser remembers",
        POST_WITH_CREDENTIALS,
        {
            "api.site.test/login": authenticated(page()),
            "api.site.test/me": cors(authenticated(answer("hello")), credentials="true", headers="Content-Type"),
        },
        today="200 hello",
        runtime=REFUSED,
        predicted=CREDENTIALS_BLOCKED | OPENED,
        pages=("https://me:secret@api.site.test/login", APP),
    ),
    Case(
        "Credentials are asked for, but the browser has none to send",
        POST_WITH_CREDENTIALS,
        {"api.site.test/me": ME},
        today="200 no sid",
        runtime=REFUSED,
        predicted=CREDENTIALS_ALLOWED | OPENED,
    ),
    Case(
        "Credentials would be allowed, and none are sent",
        f"return show(fetch('{API}me', {{ method: 'POST', headers: json }}))",
        {"api.site.test/login": SIGN_IN, "api.site.test/me": ME},
        today="200 no sid",
        predicted=CREDENTIALS_ALLOWED | OPENED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A GET with a cookie that needs no preflight",
        f"return show(fetch('{API}me', {{ credentials: 'include' }}))",
        {"api.site.test/login": SIGN_IN, "api.site.test/me": ME},
        today="200 sid came",
        pages=(f"{API}login", APP),
    ),
    Case(
        "A POST of JSON with a cookie to the page's own origin",
        f"return show(fetch('{APP}me', {{ method: 'POST', headers: json, credentials: 'include' }}))",
        {"app.site.test/login": SIGN_IN, "app.site.test/me": ME},
        today="200 sid came",
        pages=(f"{APP}login", APP),
    ),
    Case(
        "Credentials that the site refuses today",
        POST_WITH_CREDENTIALS,
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/me": cors(cookie_that_came("sid"), origin="*", headers="Content-Type"),
        },
        today=REFUSED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "Credentials that the site allows in capitals, which is to say not at all",
        POST_WITH_CREDENTIALS,
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/me": cors(answer("hello"), headers="Content-Type", credentials="TRUE"),
        },
        today=REFUSED,
        predicted=OPENED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "Credentials with a header that is allowed by wildcard, which is none for them",
        POST_WITH_CREDENTIALS,
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/me": cors(cookie_that_came("sid"), credentials="true", headers="*"),
        },
        today=REFUSED,
        predicted=OPENED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "Events with a cookie, which need no preflight",
        f"return heard(new EventSource('{API}events', {{ withCredentials: true }}))",
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/events": cors(
                cookie_that_came("sid", "Content-Type: text/event-stream", form="data: {}\n\n"),
                credentials="true",
            ),
        },
        today="sid came",
        pages=(f"{API}login", APP),
    ),
    Case(
        "Two requests for one thing: the one with a preflight has no credentials, the one with a cookie no preflight",
        f"""
        const bare = await show(fetch("{API}me", {{ headers: {{ "X-Page": "list" }} }}));
        return bare + ", " + await show(fetch("{API}me", {{ credentials: "include" }}));
        """,
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/me": cors(cookie_that_came("sid"), credentials="true", headers="X-Page"),
        },
        today="200 no sid, 200 sid came",
        predicted=CREDENTIALS_ALLOWED | OPENED,
        pages=(f"{API}login", APP),
    ),
]


# Methods from another origin


def send(method: str, to: str = f"{API}item", more: str = "") -> str:
    return f"return show(fetch('{to}', {{ method: '{method}'{more} }}))"


METHODS = [
    Case(
        f"{method}, which the API allows by {allowed}",
        send(method),
        {"api.site.test/item": cors(answer("done"), origin=origin, methods=allowed)},
        today="200 done",
        runtime=REFUSED,
        predicted=METHOD_BLOCKED | UNSUPPORTED,
    )
    for method, origin, allowed in [
        ("PUT", "https://app.site.test", "GET, PUT"),
        ("PATCH", "*", "PATCH"),
        ("DELETE", "*", "*"),
    ]
] + [
    Case(
        "A PUT with a cookie",
        send("PUT", more=", credentials: 'include'"),
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/item": cors(cookie_that_came("sid"), credentials="true", methods="PUT"),
        },
        today="200 sid came",
        runtime=REFUSED,
        predicted=METHOD_BLOCKED | CREDENTIALS_BLOCKED | UNSUPPORTED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A PUT without a cookie where methods are allowed by wildcard, and credentials as well",
        send("PUT"),
        {"api.site.test/item": cors(answer("done"), credentials="true", methods="*")},
        today="200 done",
        runtime=REFUSED,
        predicted=METHOD_PERHAPS_BLOCKED | UNSUPPORTED,
    ),
    Case(
        "A PUT with a cookie where methods are allowed by wildcard, which is none for credentials",
        send("PUT", more=", credentials: 'include'"),
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/item": cors(cookie_that_came("sid"), credentials="true", methods="*"),
        },
        today=REFUSED,
        predicted=METHOD_PERHAPS_BLOCKED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A PUT to the page's own origin",
        send("PUT", to=f"{APP}item"),
        {"app.site.test/item": answer("done")},
        today="200 done",
        runtime="405 ",
        predicted=UNSUPPORTED,
    ),
    Case(
        "A PUT that the API refuses today",
        send("PUT"),
        {"api.site.test/item": cors(answer("done"), methods="GET, POST")},
        today=REFUSED,
    ),
    Case(
        "A POST, which needs no permission",
        send("POST", more=", headers: json"),
        {"api.site.test/item": cors(answer("done"), origin="*", headers="*", methods="PUT")},
        today="200 done",
    ),
    Case(
        "A POST that stands for a DELETE",
        send("POST", more=", headers: { 'X-HTTP-Method-Override': 'DELETE' }"),
        {"api.site.test/item": cors(answer("done"), origin="*", headers="*")},
        today="200 done",
    ),
    Case(
        "A HEAD with a header of its own",
        send("HEAD", more=", headers: { 'X-Page': 'list' }"),
        {"api.site.test/item": cors(answer(""), origin="*", headers="*")},
        today="200 ",
    ),
    Case(
        "A PATCH that fetch() sends in lower case, as the page wrote it",
        send("patch"),
        {"api.site.test/item": cors(answer("done"), origin="*", methods="patch")},
        today="200 done",
        runtime=REFUSED,
        predicted=METHOD_BLOCKED | UNSUPPORTED,
    ),
    Case(
        "A PUT that the API allows in lower case",
        send("PUT"),
        {"api.site.test/item": cors(answer("done"), origin="*", methods="put")},
        today=REFUSED,
    ),
]


# Authorization from another origin


def authorize(to: str = f"{API}item", more: str = "") -> str:
    return f"return show(fetch('{to}', {{ headers: {{ Authorization: 'Bearer tOkEn-0123' }}{more} }}))"


AUTHORIZATION = [
    Case(
        "A token that the API allows by name",
        authorize(),
        {"api.site.test/item": cors(answer("done"), origin="*", headers="Authorization")},
        today="200 done",
        predicted=AUTHORIZATION_WILDCARD,
    ),
    Case(
        "A token that the API allows by wildcard",
        authorize(),
        {"api.site.test/item": cors(answer("done"), origin="*", headers="*")},
        today="200 done",
        predicted=AUTHORIZATION_WILDCARD,
    ),
    Case(
        "A token that the API allows by wildcard, with a method that it allows by name",
        authorize(more=", method: 'PUT'"),
        {"api.site.test/item": cors(answer("done"), origin="*", headers="*", methods="PUT")},
        today="200 done",
        runtime=REFUSED,
        predicted=AUTHORIZATION_WILDCARD | METHOD_BLOCKED | UNSUPPORTED,
    ),
    Case(
        "A token and a cookie",
        authorize(more=", credentials: 'include'"),
        {
            "api.site.test/login": SIGN_IN,
            "api.site.test/item": cors(cookie_that_came("sid"), credentials="true", headers="Authorization"),
        },
        today="200 sid came",
        runtime=REFUSED,
        predicted=AUTHORIZATION_WILDCARD | CREDENTIALS_BLOCKED | OPENED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A token for the page's own origin",
        authorize(to=f"{APP}item"),
        {"app.site.test/item": answer("done")},
        today="200 done",
    ),
    Case(
        "A token in a header of its own",
        f"return show(fetch('{API}item', {{ headers: {{ 'X-Api-Token': 'tOkEn-0123' }} }}))",
        {"api.site.test/item": cors(answer("done"), origin="*", headers="X-Api-Token")},
        today="200 done",
    ),
    Case(
        "A token that the API refuses today",
        authorize(),
        {"api.site.test/item": cors(answer("done"), origin="*")},
        today=REFUSED,
        runtime="200 done",
        predicted=AUTHORIZATION_WILDCARD | OPENED,
    ),
]


# Policies that open up

POST_JSON = f"return show(fetch('{API}item', {{ method: 'POST', headers: json }}))"

OPENINGS = [
    Case(
        "A stranger whom the API refuses",
        POST_JSON,
        {"api.site.test/item": answer("done")},
        today=REFUSED,
        predicted=OPENED,
        pages=(OTHER,),
    ),
    Case(
        "A stranger whom the API refuses, but for whom it shares all else",
        POST_JSON,
        {"api.site.test/item": cors(answer("done"), origin="*", status=405)},
        today=REFUSED,
        runtime="200 done",
        predicted=OPENED,
        pages=(OTHER,),
    ),
    Case(
        "A stranger where one origin is allowed by name",
        POST_JSON,
        {"api.site.test/item": cors(answer("done"), headers="Content-Type")},
        today=REFUSED,
        predicted=OPENED,
        pages=(OTHER,),
    ),
    Case(
        "A header that the API does not allow",
        send("GET", more=", headers: { 'X-Page': 'list' }"),
        {"api.site.test/item": cors(answer("done"), origin="*", headers="X-Other")},
        today=REFUSED,
        runtime="200 done",
        predicted=OPENED,
    ),
    Case(
        "The origin that is allowed by name",
        POST_JSON,
        {"api.site.test/item": cors(answer("done"), headers="Content-Type")},
        today="200 done",
        predicted=OPENED,
    ),
    Case(
        "An API that is open to all",
        POST_JSON,
        {"api.site.test/item": cors(answer("done"), origin="*", headers="*")},
        today="200 done",
        pages=(OTHER,),
    ),
    Case(
        "A POST of a form, which needs no preflight",
        f"return show(fetch('{API}item', {{ method: 'POST', body: new URLSearchParams('a=b') }}))",
        {"api.site.test/item": answer("done")},
        today=REFUSED,
        pages=(OTHER,),
    ),
    Case(
        "A stranger with a method that the Runtime refuses as well",
        send("DELETE"),
        {"api.site.test/item": answer("done")},
        today=REFUSED,
        pages=(OTHER,),
    ),
    Case(
        "A stranger who asks for credentials, which the Runtime allows nobody",
        POST_WITH_CREDENTIALS,
        {"api.site.test/login": SIGN_IN_ANYWHERE, "api.site.test/me": ME},
        today=REFUSED,
        predicted=OPENED,
        pages=(f"{API}login", OTHER),
    ),
]


# Cookies that scripts read

TOKEN = "token-of-site.test"
READABLE = page(f"Set-Cookie: csrf={TOKEN}; Secure")
IN_HEADER = f"return show(fetch('{APP}save', {{ method: 'POST', headers: {{ 'X-CSRF-Token': %s }} }}))"
SAVE = only_with(TOKEN, in_header("x-csrf-token"))
SAVED, NOT_SAVED = "200 done", "403 no token"

SCRIPTS = [
    Case(
        "A token that is sent twice",
        IN_HEADER % "cookie('csrf')",
        {"app.site.test/": READABLE, "app.site.test/save": SAVE},
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
    ),
    Case(
        "A token that is sent twice, and decoded in between",
        IN_HEADER % "cookie('csrf')",
        {
            "app.site.test/": page("Set-Cookie: csrf=a%2Fb%3D-of-site.test; Secure"),
            "app.site.test/save": only_with("a/b=-of-site.test", in_header("x-csrf-token")),
        },
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
    ),
    Case(
        "A token that is read through the Cookie Store API",
        IN_HEADER % "(await cookieStore.get('csrf'))?.value ?? ''",
        {"app.site.test/": READABLE, "app.site.test/save": SAVE},
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
    ),
    Case(
        "A token that is sent in the query",
        f"return show(fetch('{APP}save?csrf=' + cookie('csrf'), {{ method: 'POST' }}))",
        {"app.site.test/": READABLE, "app.site.test/save": only_with(TOKEN, in_query)},
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
    ),
    Case(
        "A token in a cookie that is sent as Authorization",
        f"return show(fetch('{APP}save', {{ headers: {{ Authorization: `Bearer ${{cookie('csrf')}}` }} }}))",
        {"app.site.test/": READABLE, "app.site.test/save": only_with(f"Bearer {TOKEN}", in_header("authorization"))},
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
    ),
    Case(
        "A token that another host sets for the whole site",
        f"return show(fetch('{API}save', {{ headers: {{ 'X-CSRF-Token': cookie('csrf') }} }}))",
        {
            "api.site.test/login": page(f"Set-Cookie: csrf={TOKEN}; Domain=site.test; Secure"),
            "api.site.test/save": cors(SAVE, origin="*", headers="*"),
        },
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT | SHARED,
        pages=(f"{API}login", APP),
    ),
    Case(
        "A token in a cookie that is HttpOnly, and another one in the page",
        IN_HEADER % f"'{TOKEN}'",
        {
            "app.site.test/": page("Set-Cookie: csrf=hash-of-site.test; Secure; HttpOnly"),
            "app.site.test/save": SAVE,
        },
        today=SAVED,
    ),
    Case(
        "A cookie that no script cares for, and another token in the page",
        IN_HEADER % f"'{TOKEN}'",
        {
            "app.site.test/": page("Set-Cookie: theme=light-on-site.test; Secure"),
            "app.site.test/save": SAVE,
        },
        today=SAVED,
    ),
    Case(
        "A cookie that only the browser sends back",
        f"return show(fetch('{APP}save', {{ method: 'POST', headers: json }}))",
        {"app.site.test/": READABLE, "app.site.test/save": cookie_that_came("csrf")},
        today="200 csrf came",
    ),
    Case(
        "A cookie that a script has set itself",
        f"document.cookie = 'csrf={TOKEN}; Secure'; " + IN_HEADER % "cookie('csrf')",
        {"app.site.test/save": SAVE},
        today=SAVED,
    ),
    Case(
        "A value in the query that the server puts into a cookie",
        f"return show(fetch('{APP}save' + location.search))",
        {"app.site.test/start": READABLE, "app.site.test/save": only_with(TOKEN, in_query)},
        today=SAVED,
        pages=(f"{APP}start?csrf={TOKEN}",),
    ),
    Case(
        "A value in the query that the server puts into a cookie, and renews later",
        f"const saved = await show(fetch('{APP}save' + location.search)); await fetch('{APP}'); return saved;",
        {
            "app.site.test/start": READABLE,
            "app.site.test/": READABLE,
            "app.site.test/save": only_with(TOKEN, in_query),
        },
        today=SAVED,
        pages=(f"{APP}start?csrf={TOKEN}",),
    ),
    Case(
        "A token that a script got from content, where the same one is in a cookie as well",
        f"""
        const token = await (await fetch("{APP}login", {{ method: "POST" }})).text();
        return show(fetch("{APP}save", {{ headers: {{ Authorization: `Bearer ${{token}}` }} }}));
        """,
        {
            "app.site.test/login": answer(TOKEN, f"Set-Cookie: token={TOKEN}; Secure"),
            "app.site.test/save": only_with(f"Bearer {TOKEN}", in_header("authorization")),
        },
        today=SAVED,
        disagrees="Headers do not show that the token was in the content as well.",
    ),
    Case(
        "A value that a script made up, and that the server keeps in a cookie",
        IN_HEADER % f"'{TOKEN}'",
        {"app.site.test/save": only_with(TOKEN, in_header("x-csrf-token"), f"Set-Cookie: id={TOKEN}; Secure")},
        today=SAVED,
    ),
    Case(
        "A token of fewer than eight bytes",
        IN_HEADER % "cookie('csrf')",
        {
            "app.site.test/": page("Set-Cookie: csrf=x7Kq2p; Secure"),
            "app.site.test/save": only_with("x7Kq2p", in_header("x-csrf-token")),
        },
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
        disagrees="So short a value may come back by coincidence, and is no evidence by the rulebook.",
    ),
    Case(
        "A token that is sent in the content",
        f"return show(fetch('{APP}save', {{ method: 'POST', body: `csrf=${{cookie('csrf')}}` }}))",
        {"app.site.test/": READABLE, "app.site.test/save": only_with(TOKEN, in_content)},
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT,
        disagrees="The rule looks at headers and the query, not at content.",
    ),
    Case(
        "A cookie that a script shows",
        "return cookie('theme') || 'nothing'",
        {"app.site.test/": page("Set-Cookie: theme=solarized; Secure")},
        today="solarized",
        runtime="nothing",
        predicted=READ_BY_SCRIPT,
        disagrees="No message shows it.",
    ),
    Case(
        "A session that a script ends",
        f"document.cookie = 'sid=; Max-Age=0'; return show(fetch('{APP}me'))",
        {"app.site.test/": page(f"Set-Cookie: {SESSION}; Secure"), "app.site.test/me": cookie_that_came("sid")},
        today="200 no sid",
        runtime="200 sid came",
        predicted=READ_BY_SCRIPT,
        disagrees="The rule looks for cookies that scripts read, not for those that they change.",
    ),
]


# Cookies that several hosts get

WIDE = page(f"Set-Cookie: {SESSION}; Domain=site.test; Secure; HttpOnly")
WHO = cookie_that_came("sid")


def ask(url: str, more: str = "") -> str:
    return f"return show(fetch('{url}'{more}))"


SHARED_COOKIES = [
    Case(
        "A session that one host begins and another one goes on with",
        ask(f"{SHOP}me"),
        {"login.site.test/": WIDE, "shop.site.test/me": WHO},
        today="200 sid came",
        runtime="200 no sid",
        predicted=SHARED,
        pages=("https://login.site.test/", SHOP),
    ),
    Case(
        "A session that a page begins and its API goes on with",
        ask(f"{API}me", ", { credentials: 'include' }"),
        {"app.site.test/": WIDE, "api.site.test/me": cors(WHO, credentials="true")},
        today="200 sid came",
        runtime="200 no sid",
        predicted=SHARED,
    ),
    Case(
        "A session that a host begins and the one above it goes on with",
        ask("https://site.test/me"),
        {"login.site.test/": page(f"Set-Cookie: {SESSION}; Domain=.site.test; Secure"), "site.test/me": WHO},
        today="200 sid came",
        runtime="200 no sid",
        predicted=SHARED,
        pages=("https://login.site.test/", "https://site.test/"),
    ),
    Case(
        "A session that another host ends",
        ask(f"{API}me"),
        {
            "api.site.test/login": WIDE,
            "app.site.test/logout": page("Set-Cookie: sid=; Domain=site.test; Secure; Max-Age=0"),
            "api.site.test/me": WHO,
        },
        today="200 no sid",
        runtime="200 sid came",
        predicted=SHARED,
        pages=(f"{API}login", f"{APP}logout", API),
    ),
    Case(
        "A session of one host alone",
        ask(f"{SHOP}me"),
        {"login.site.test/": SIGN_IN, "shop.site.test/me": WHO},
        today="200 no sid",
        pages=("https://login.site.test/", SHOP),
    ),
    Case(
        "A session for the whole site that only the host which began it asks for",
        ask(f"{APP}me"),
        {"app.site.test/login": WIDE, "app.site.test/me": WHO},
        today="200 sid came",
        pages=(f"{APP}login", APP),
    ),
    Case(
        "A session for the hosts below the one that begins it",
        ask(f"{SHOP}me"),
        {"site.test/": WIDE, "shop.site.test/me": WHO},
        today="200 sid came",
        pages=("https://site.test/", SHOP),
    ),
    Case(
        "A session for the whole site that a host below the one which began it goes on with",
        ask("https://eu.shop.site.test/me"),
        {"shop.site.test/": WIDE, "eu.shop.site.test/me": WHO},
        today="200 sid came",
        pages=(SHOP, "https://eu.shop.site.test/"),
    ),
    Case(
        "A cookie that a script sets for the whole site",
        f"document.cookie = '{SESSION}; Domain=site.test; Secure'; " + ask(f"{API}me", ", { credentials: 'include' }"),
        {"api.site.test/me": cors(WHO, credentials="true")},
        today="200 sid came",
    ),
    Case(
        "Two hosts with a cookie of the same name each",
        ask(f"{SHOP}me"),
        {
            "login.site.test/": page("Set-Cookie: sid=first-of-site.test; Secure"),
            "shop.site.test/": page("Set-Cookie: sid=second-of-site.test; Secure"),
            "shop.site.test/me": WHO,
        },
        today="200 sid came",
        pages=("https://login.site.test/", SHOP),
    ),
]


# WebSocket

CLOSED = "error: NetworkError"

WEBSOCKETS = [
    Case(
        "A WebSocket of the page's own host",
        "return heardBack(new WebSocket('wss://app.site.test/chat'), 'hello')",
        {"app.site.test/chat": echo},
        today="hello",
        runtime=CLOSED,
        predicted=NO_WEBSOCKET,
    ),
    Case(
        "A WebSocket of another site",
        "return heardBack(new WebSocket('wss://api.site.test/chat'), 'hello')",
        {"api.site.test/chat": echo},
        today="hello",
        runtime=CLOSED,
        predicted=NO_WEBSOCKET,
        pages=(OTHER,),
    ),
    Case(
        "Events, which need no upgrade",
        f"return heard(new EventSource('{APP}events'))",
        {"app.site.test/events": answer("data: hello\n\n", "Content-Type: text/event-stream")},
        today="hello",
    ),
    Case(
        "A header that only looks like an upgrade",
        f"return show(fetch('{APP}chat', {{ headers: {{ 'X-Upgrade': 'websocket' }} }}))",
        {"app.site.test/chat": answer("done")},
        today="200 done",
    ),
    Case(
        "A WebSocket that the host refuses today",
        "return heardBack(new WebSocket('wss://app.site.test/chat'), 'hello')",
        {"app.site.test/chat": answer("not here", status=404)},
        today=CLOSED,
    ),
]


CASES = [
    *CREDENTIALS,
    *METHODS,
    *AUTHORIZATION,
    *OPENINGS,
    *SCRIPTS,
    *SHARED_COOKIES,
    *WEBSOCKETS,
]
