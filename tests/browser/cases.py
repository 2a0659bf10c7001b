"""The cases: what a page does today, what it does under the Runtime, and what audit says of that beforehand.

To add one, add it to the list of the consequence that it is about. After what breaks come the near misses: what looks
alike and goes on working.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.browser.site import (
    Route,
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
LOGIN = "https://login.site.test/"
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

Outcome = dict[str, Any]
"""What several cases come to: `today`, `runtime` and `predicted`."""


def request(url: str, more: str = "") -> str:
    """A script that shows the response to a request, whose options are in `more`."""
    return f"return show(fetch('{url}'{f', {{ {more} }}' if more else ''}))"


# Requests with credentials from another origin

SESSION = "sid=session-of-site.test"
SIGN_IN = page(f"Set-Cookie: {SESSION}; Secure; HttpOnly")
SIGN_IN_ANYWHERE = page(f"Set-Cookie: {SESSION}; Secure; HttpOnly; SameSite=None")
WHO = cookie_that_came("sid")
CAME, DID_NOT_COME = "200 sid came", "200 no sid"

WITH_COOKIES = "credentials: 'include'"
POST_WITH_CREDENTIALS = request(f"{API}me", f"method: 'POST', headers: json, {WITH_COOKIES}")
GET_WITH_CREDENTIALS = request(f"{API}me", WITH_COOKIES)

allowed = partial(cors, WHO, credentials="true")
ME = allowed(headers="Content-Type")

BLOCKED: Outcome = {"today": CAME, "runtime": REFUSED, "predicted": CREDENTIALS_BLOCKED | OPENED}


def signed_in(
    name: str,
    script: str = POST_WITH_CREDENTIALS,
    me: Route = ME,
    *,
    begin: Route = SIGN_IN,
    at: str = APP,
    path: str = "me",
    **outcome: Any,
) -> Case:
    """A page runs a script after the browser has signed in at the API."""
    routes = {"api.site.test/login": begin, f"api.site.test/{path}": me}
    return Case(name, script, routes, pages=(f"{API}login", at), **outcome)


CREDENTIALS = [
    signed_in("A POST of JSON with a cookie", **BLOCKED),
    signed_in(
        "A POST of JSON with a cookie, from another site",
        me=allowed(origin="https://app.other.test", headers="Content-Type"),
        begin=SIGN_IN_ANYWHERE,
        at=OTHER,
        **BLOCKED,
    ),
    signed_in(
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
        allowed(headers="X-Page"),
        **BLOCKED,
    ),
    Case(
        "A request with HTTP authentication that the browser remembers",
        POST_WITH_CREDENTIALS,
        {
            "api.site.test/login": authenticated(page()),
            "api.site.test/me": cors(authenticated(answer("hello")), credentials="true", headers="Content-Type"),
        },
        pages=("https://me:secret@api.site.test/login", APP),
        **BLOCKED | {"today": "200 hello"},
    ),
    Case(
        "Credentials are asked for, but the browser has none to send",
        POST_WITH_CREDENTIALS,
        {"api.site.test/me": ME},
        today=DID_NOT_COME,
        runtime=REFUSED,
        predicted=CREDENTIALS_ALLOWED | OPENED,
    ),
    signed_in(
        "Credentials would be allowed, and none are sent",
        request(f"{API}me", "method: 'POST', headers: json"),
        today=DID_NOT_COME,
        predicted=CREDENTIALS_ALLOWED | OPENED,
    ),
    signed_in("A GET with a cookie that needs no preflight", GET_WITH_CREDENTIALS, today=CAME),
    Case(
        "A POST of JSON with a cookie to the page's own origin",
        POST_WITH_CREDENTIALS.replace(API, APP),
        {"app.site.test/login": SIGN_IN, "app.site.test/me": ME},
        today=CAME,
        pages=(f"{APP}login", APP),
    ),
    signed_in(
        "Credentials that the site refuses today", me=cors(WHO, origin="*", headers="Content-Type"), today=REFUSED
    ),
    signed_in(
        "Credentials that the site allows in capitals, which is to say not at all",
        me=cors(answer("hello"), headers="Content-Type", credentials="TRUE"),
        today=REFUSED,
        predicted=OPENED,
    ),
    signed_in(
        "Credentials with a header that is allowed by wildcard, which is none for them",
        me=allowed(headers="*"),
        today=REFUSED,
        predicted=OPENED,
    ),
    signed_in(
        "Events with a cookie, which need no preflight",
        f"return heard(new EventSource('{API}events', {{ withCredentials: true }}))",
        cors(cookie_that_came("sid", "Content-Type: text/event-stream", form="data: {}\n\n"), credentials="true"),
        path="events",
        today="sid came",
    ),
    signed_in(
        "Two requests for one thing: the one with a preflight has no credentials, the one with a cookie no preflight",
        f"""
        const bare = await show(fetch("{API}me", {{ headers: {{ "X-Page": "list" }} }}));
        return bare + ", " + await show(fetch("{API}me", {{ credentials: "include" }}));
        """,
        allowed(headers="X-Page"),
        today=f"{DID_NOT_COME}, {CAME}",
        predicted=CREDENTIALS_ALLOWED | OPENED,
    ),
]


# Methods from another origin

DONE = answer("done")
is_open = partial(cors, DONE, origin="*")


def at_item(name: str, more: str, route: Route, today: str = "200 done", **outcome: Any) -> Case:
    """A page sends a request to the API, which needs no login."""
    return Case(name, request(f"{API}item", more), {"api.site.test/item": route}, today, **outcome)


def at_own_item(name: str, more: str, **outcome: Any) -> Case:
    """A page sends a request to its own origin."""
    return Case(name, request(f"{APP}item", more), {"app.site.test/item": DONE}, "200 done", **outcome)


STOPPED: Outcome = {"runtime": REFUSED, "predicted": METHOD_BLOCKED | UNSUPPORTED}
PUT_WITH_CREDENTIALS = request(f"{API}item", f"method: 'PUT', {WITH_COOKIES}")

METHODS = [
    at_item("PUT, which the API allows by GET, PUT", "method: 'PUT'", cors(DONE, methods="GET, PUT"), **STOPPED),
    at_item("PATCH, which the API allows by PATCH", "method: 'PATCH'", is_open(methods="PATCH"), **STOPPED),
    at_item("DELETE, which the API allows by *", "method: 'DELETE'", is_open(methods="*"), **STOPPED),
    signed_in(
        "A PUT with a cookie",
        PUT_WITH_CREDENTIALS,
        allowed(methods="PUT"),
        path="item",
        today=CAME,
        runtime=REFUSED,
        predicted=METHOD_BLOCKED | CREDENTIALS_BLOCKED | UNSUPPORTED,
    ),
    at_item(
        "A PUT without a cookie where methods are allowed by wildcard, and credentials as well",
        "method: 'PUT'",
        cors(DONE, credentials="true", methods="*"),
        runtime=REFUSED,
        predicted=METHOD_PERHAPS_BLOCKED | UNSUPPORTED,
    ),
    signed_in(
        "A PUT with a cookie where methods are allowed by wildcard, which is none for credentials",
        PUT_WITH_CREDENTIALS,
        allowed(methods="*"),
        path="item",
        today=REFUSED,
        predicted=METHOD_PERHAPS_BLOCKED,
    ),
    at_own_item("A PUT to the page's own origin", "method: 'PUT'", runtime="405 ", predicted=UNSUPPORTED),
    at_item("A PUT that the API refuses today", "method: 'PUT'", cors(DONE, methods="GET, POST"), REFUSED),
    at_item("A POST, which needs no permission", "method: 'POST', headers: json", is_open(headers="*", methods="PUT")),
    at_item(
        "A POST that stands for a DELETE",
        "method: 'POST', headers: { 'X-HTTP-Method-Override': 'DELETE' }",
        is_open(headers="*"),
    ),
    at_item(
        "A HEAD with a header of its own",
        "method: 'HEAD', headers: { 'X-Page': 'list' }",
        cors(answer(""), origin="*", headers="*"),
        "200 ",
    ),
    at_item(
        "A PATCH that fetch() sends in lower case, as the page wrote it",
        "method: 'patch'",
        is_open(methods="patch"),
        **STOPPED,
    ),
    at_item("A PUT that the API allows in lower case", "method: 'PUT'", is_open(methods="put"), REFUSED),
]


# Authorization from another origin

WITH_TOKEN = "headers: { Authorization: 'Bearer tOkEn-0123' }"

AUTHORIZATION = [
    at_item(
        "A token that the API allows by name",
        WITH_TOKEN,
        is_open(headers="Authorization"),
        predicted=AUTHORIZATION_WILDCARD,
    ),
    at_item(
        "A token that the API allows by wildcard", WITH_TOKEN, is_open(headers="*"), predicted=AUTHORIZATION_WILDCARD
    ),
    at_item(
        "A token that the API allows by wildcard, with a method that it allows by name",
        f"{WITH_TOKEN}, method: 'PUT'",
        is_open(headers="*", methods="PUT"),
        runtime=REFUSED,
        predicted=AUTHORIZATION_WILDCARD | METHOD_BLOCKED | UNSUPPORTED,
    ),
    signed_in(
        "A token and a cookie",
        request(f"{API}item", f"{WITH_TOKEN}, {WITH_COOKIES}"),
        allowed(headers="Authorization"),
        path="item",
        today=CAME,
        runtime=REFUSED,
        predicted=AUTHORIZATION_WILDCARD | CREDENTIALS_BLOCKED | OPENED,
    ),
    at_own_item("A token for the page's own origin", WITH_TOKEN),
    at_item(
        "A token in a header of its own", "headers: { 'X-Api-Token': 'tOkEn-0123' }", is_open(headers="X-Api-Token")
    ),
    at_item(
        "A token that the API refuses today",
        WITH_TOKEN,
        is_open(),
        REFUSED,
        runtime="200 done",
        predicted=AUTHORIZATION_WILDCARD | OPENED,
    ),
]


# Policies that open up

POST_JSON = "method: 'POST', headers: json"

OPENINGS = [
    at_item("A stranger whom the API refuses", POST_JSON, DONE, REFUSED, predicted=OPENED, pages=(OTHER,)),
    at_item(
        "A stranger whom the API refuses, but for whom it shares all else",
        POST_JSON,
        is_open(status=405),
        REFUSED,
        runtime="200 done",
        predicted=OPENED,
        pages=(OTHER,),
    ),
    at_item(
        "A stranger where one origin is allowed by name",
        POST_JSON,
        cors(DONE, headers="Content-Type"),
        REFUSED,
        predicted=OPENED,
        pages=(OTHER,),
    ),
    at_item(
        "A header that the API does not allow",
        "method: 'GET', headers: { 'X-Page': 'list' }",
        is_open(headers="X-Other"),
        REFUSED,
        runtime="200 done",
        predicted=OPENED,
    ),
    at_item("The origin that is allowed by name", POST_JSON, cors(DONE, headers="Content-Type"), predicted=OPENED),
    at_item("An API that is open to all", POST_JSON, is_open(headers="*"), pages=(OTHER,)),
    at_item(
        "A POST of a form, which needs no preflight",
        "method: 'POST', body: new URLSearchParams('a=b')",
        DONE,
        REFUSED,
        pages=(OTHER,),
    ),
    at_item(
        "A stranger with a method that the Runtime refuses as well", "method: 'DELETE'", DONE, REFUSED, pages=(OTHER,)
    ),
    signed_in(
        "A stranger who asks for credentials, which the Runtime allows nobody",
        begin=SIGN_IN_ANYWHERE,
        at=OTHER,
        today=REFUSED,
        predicted=OPENED,
    ),
]


# Cookies that scripts read

TOKEN = "token-of-site.test"
READABLE = page(f"Set-Cookie: csrf={TOKEN}; Secure")
SEND_COOKIE = request(f"{APP}save", "method: 'POST', headers: { 'X-CSRF-Token': cookie('csrf') }")
SEND_TOKEN = SEND_COOKIE.replace("cookie('csrf')", f"'{TOKEN}'")
NEEDS_HEADER = only_with(TOKEN, in_header("x-csrf-token"))
NEEDS_QUERY = only_with(TOKEN, in_query)
SAVED, NOT_SAVED = "200 done", "403 no token"
LOST: Outcome = {"runtime": NOT_SAVED, "predicted": READ_BY_SCRIPT}


def saves(
    name: str,
    script: str = SEND_COOKIE,
    save: Route = NEEDS_HEADER,
    *,
    start: Route = READABLE,
    today: str = SAVED,
    more: dict[str, Route] | None = None,
    **outcome: Any,
) -> Case:
    """A page with a cookie saves something."""
    return Case(name, script, {"app.site.test/": start, "app.site.test/save": save} | (more or {}), today, **outcome)


SCRIPTS = [
    saves("A token that is sent twice", **LOST),
    saves(
        "A token that is sent twice, and decoded in between",
        save=only_with("a/b=-of-site.test", in_header("x-csrf-token")),
        start=page("Set-Cookie: csrf=a%2Fb%3D-of-site.test; Secure"),
        **LOST,
    ),
    saves(
        "A token that is read through the Cookie Store API",
        SEND_COOKIE.replace("cookie('csrf')", "(await cookieStore.get('csrf'))?.value ?? ''"),
        **LOST,
    ),
    saves(
        "A token that is sent in the query",
        f"return show(fetch('{APP}save?csrf=' + cookie('csrf'), {{ method: 'POST' }}))",
        NEEDS_QUERY,
        **LOST,
    ),
    saves(
        "A token in a cookie that is sent as Authorization",
        request(f"{APP}save", "headers: { Authorization: `Bearer ${cookie('csrf')}` }"),
        only_with(f"Bearer {TOKEN}", in_header("authorization")),
        **LOST,
    ),
    Case(
        "A token that another host sets for the whole site",
        request(f"{API}save", "headers: { 'X-CSRF-Token': cookie('csrf') }"),
        {
            "api.site.test/login": page(f"Set-Cookie: csrf={TOKEN}; Domain=site.test; Secure"),
            "api.site.test/save": cors(NEEDS_HEADER, origin="*", headers="*"),
        },
        today=SAVED,
        runtime=NOT_SAVED,
        predicted=READ_BY_SCRIPT | SHARED,
        pages=(f"{API}login", APP),
    ),
    saves(
        "A token in a cookie that is HttpOnly, and another one in the page",
        SEND_TOKEN,
        start=page("Set-Cookie: csrf=hash-of-site.test; Secure; HttpOnly"),
    ),
    saves(
        "A cookie that no script cares for, and another token in the page",
        SEND_TOKEN,
        start=page("Set-Cookie: theme=light-on-site.test; Secure"),
    ),
    saves(
        "A cookie that only the browser sends back",
        request(f"{APP}save", POST_JSON),
        cookie_that_came("csrf"),
        today="200 csrf came",
    ),
    saves(
        "A cookie that a script has set itself",
        f"document.cookie = 'csrf={TOKEN}; Secure'; {SEND_COOKIE}",
        start=page(),
    ),
    saves(
        "A value in the query that the server puts into a cookie",
        f"return show(fetch('{APP}save' + location.search))",
        NEEDS_QUERY,
        start=page(),
        more={"app.site.test/start": READABLE},
        pages=(f"{APP}start?csrf={TOKEN}",),
    ),
    saves(
        "A value in the query that the server puts into a cookie, and renews later",
        f"const saved = await show(fetch('{APP}save' + location.search)); await fetch('{APP}'); return saved;",
        NEEDS_QUERY,
        more={"app.site.test/start": READABLE},
        pages=(f"{APP}start?csrf={TOKEN}",),
    ),
    saves(
        "A token that a script got from content, where the same one is in a cookie as well",
        f"""
        const token = await (await fetch("{APP}login", {{ method: "POST" }})).text();
        return show(fetch("{APP}save", {{ headers: {{ Authorization: `Bearer ${{token}}` }} }}));
        """,
        only_with(f"Bearer {TOKEN}", in_header("authorization")),
        start=page(),
        more={"app.site.test/login": answer(TOKEN, f"Set-Cookie: token={TOKEN}; Secure")},
        disagrees="Headers do not show that the token was in the content as well.",
    ),
    saves(
        "A value that a script made up, and that the server keeps in a cookie",
        SEND_TOKEN,
        only_with(TOKEN, in_header("x-csrf-token"), f"Set-Cookie: id={TOKEN}; Secure"),
        start=page(),
    ),
    saves(
        "A token of fewer than eight bytes",
        save=only_with("x7Kq2p", in_header("x-csrf-token")),
        start=page("Set-Cookie: csrf=x7Kq2p; Secure"),
        disagrees="So short a value may come back by coincidence, and is no evidence by the rulebook.",
        **LOST,
    ),
    saves(
        "A token that is sent in the content",
        request(f"{APP}save", "method: 'POST', body: `csrf=${cookie('csrf')}`"),
        only_with(TOKEN, in_content),
        disagrees="The rule looks at headers and the query, not at content.",
        **LOST,
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
        f"document.cookie = 'sid=; Max-Age=0'; {request(f'{APP}me')}",
        {"app.site.test/": page(f"Set-Cookie: {SESSION}; Secure"), "app.site.test/me": WHO},
        today=DID_NOT_COME,
        runtime=CAME,
        predicted=READ_BY_SCRIPT,
        disagrees="The rule looks for cookies that scripts read, not for those that they change.",
    ),
]


# Cookies that several hosts get

WIDE = page(f"Set-Cookie: {SESSION}; Domain=site.test; Secure; HttpOnly")
SPLIT: Outcome = {"today": CAME, "runtime": DID_NOT_COME, "predicted": SHARED}


def goes_on(name: str, *pages: str, begin: Route = WIDE, more: dict[str, Route] | None = None, **outcome: Any) -> Case:
    """The first page sets a cookie, and the last one asks its own host which cookie came."""
    first, last = (url.removeprefix("https://") for url in (pages[0], pages[-1]))
    return Case(
        name, request(f"{pages[-1]}me"), {first: begin, f"{last}me": WHO} | (more or {}), pages=pages, **outcome
    )


SHARED_COOKIES = [
    goes_on("A session that one host begins and another one goes on with", LOGIN, SHOP, **SPLIT),
    Case(
        "A session that a page begins and its API goes on with",
        GET_WITH_CREDENTIALS,
        {"app.site.test/": WIDE, "api.site.test/me": allowed()},
        **SPLIT,
    ),
    goes_on(
        "A session that a host begins and the one above it goes on with",
        LOGIN,
        "https://site.test/",
        begin=page(f"Set-Cookie: {SESSION}; Domain=.site.test; Secure"),
        **SPLIT,
    ),
    goes_on(
        "A session that another host ends",
        f"{API}login",
        f"{APP}logout",
        API,
        more={"app.site.test/logout": page("Set-Cookie: sid=; Domain=site.test; Secure; Max-Age=0")},
        today=DID_NOT_COME,
        runtime=CAME,
        predicted=SHARED,
    ),
    goes_on("A session of one host alone", LOGIN, SHOP, begin=SIGN_IN, today=DID_NOT_COME),
    goes_on("A session for the whole site that only the host which began it asks for", f"{APP}login", APP, today=CAME),
    goes_on("A session for the hosts below the one that begins it", "https://site.test/", SHOP, today=CAME),
    goes_on(
        "A session for the whole site that a host below the one which began it goes on with",
        SHOP,
        "https://eu.shop.site.test/",
        today=CAME,
    ),
    Case(
        "A cookie that a script sets for the whole site",
        f"document.cookie = '{SESSION}; Domain=site.test; Secure'; {GET_WITH_CREDENTIALS}",
        {"api.site.test/me": allowed()},
        today=CAME,
    ),
    goes_on(
        "Two hosts with a cookie of the same name each",
        LOGIN,
        SHOP,
        begin=page("Set-Cookie: sid=first-of-site.test; Secure"),
        more={"shop.site.test/": page("Set-Cookie: sid=second-of-site.test; Secure")},
        today=CAME,
    ),
]


# WebSocket

CLOSED = "error: NetworkError"


def chats(name: str, host: str, route: Route, today: str = "hello", **outcome: Any) -> Case:
    """A page opens a WebSocket and waits for what comes back."""
    script = f"return heardBack(new WebSocket('wss://{host}/chat'), 'hello')"
    return Case(name, script, {f"{host}/chat": route}, today, **outcome)


WEBSOCKETS = [
    chats("A WebSocket of the page's own host", "app.site.test", echo, runtime=CLOSED, predicted=NO_WEBSOCKET),
    chats(
        "A WebSocket of another site",
        "api.site.test",
        echo,
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
        request(f"{APP}chat", "headers: { 'X-Upgrade': 'websocket' }"),
        {"app.site.test/chat": DONE},
        today="200 done",
    ),
    chats("A WebSocket that the host refuses today", "app.site.test", answer("not here", status=404), CLOSED),
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
