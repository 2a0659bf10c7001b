"""What a client sees of each point in docs/differences.md, in the words of that page.

An observation sends requests to a port and says what came back. The same observation serves both the emulator alone and
the emulator behind the addon. Nothing here knows what is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.live.wire import Message, fetch, request

Observation = Callable[[int], str]
"""A port of this machine in, the text of a cell out."""

RUNTIME_REPLIES = (b"Request headers or cookies too long", b"Response headers or cookies too long", b"Cookies max-age")
"""How the content of the Runtime's own replies begins."""

LIMIT, COUNT_LIMIT = 4096, 75
MEGABYTE = 1024 * 1024
BURST = 31


def _outcome(message: Message) -> str:
    """The status, and the text of a reply that the Runtime makes itself."""
    if message.content.startswith(RUNTIME_REPLIES):
        return f"{message.status}: {message.content.decode()}"
    return str(message.status)


def _names(message: Message) -> set[str]:
    return {name.decode().lower() for name, _ in message.fields}


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _seen(port: int, *lines: bytes) -> dict[str, str]:
    """The request headers that a Function sees."""
    seen: dict[str, str] = json.loads(fetch(port, request(*lines, target=b"/echo")).content)["headers"]
    return seen


# Headers


def request_size(port: int) -> str:
    return _outcome(fetch(port, request(b"X-Large: " + b"x" * (LIMIT + 1), target=b"/echo")))


def request_count(port: int) -> str:
    return _outcome(fetch(port, request(*[b"X-%d: 1" % each for each in range(COUNT_LIMIT + 1)], target=b"/echo")))


def response_size(port: int) -> str:
    return _outcome(fetch(port, request(target=b"/headers?size=%d" % (LIMIT + 1))))


def response_count(port: int) -> str:
    return _outcome(fetch(port, request(target=b"/headers?count=%d" % (COUNT_LIMIT + 1))))


def fields_added(port: int) -> str:
    """Response fields that the Function did not set, less those that HTTP itself needs."""
    usual = {"date", "connection", "content-type", "content-length", "transfer-encoding"}
    added = _names(fetch(port, request(target=b"/size"))) - usual
    return _listed(sorted(name.title().replace("Etag", "ETag") for name in added))


DOCUMENTED = (
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Referer",
    "Trailer",
    "Via",
    "X-Accel-A",
    "X-Forwarded-A",
    "X-Real-IP",
)
"""Not Expect and Upgrade: Node.js acts on these two before any Function runs."""

UNDOCUMENTED = ("X-Amz-A", "I-Twilio-A", "I-T-A", "OT-A")


def _visible(port: int, names: tuple[str, ...]) -> str:
    seen = _seen(port, *[f"{name}: 1".encode() for name in names])
    return _listed([name for name in names if name.lower() in seen])


def documented_names_seen(port: int) -> str:
    return _visible(port, DOCUMENTED)


def undocumented_names_seen(port: int) -> str:
    return _visible(port, UNDOCUMENTED)


def host_seen(port: int) -> str:
    return "visible" if "host" in _seen(port) else "hidden"


# Cookies


def _cookie(port: int, target: bytes) -> str:
    message = fetch(port, request(target=target))
    cookies = message.values(b"Set-Cookie")
    return f"`{cookies[0].decode()}`" if cookies else _outcome(message)


def cookie_attributes(port: int) -> str:
    return _cookie(port, b"/sign-in")


def cookie_domain(port: int) -> str:
    return _cookie(port, b"/shared")


def cookie_day(port: int) -> str:
    return _cookie(port, b"/remember-me?seconds=86400")


def cookie_longer(port: int) -> str:
    return _cookie(port, b"/remember-me?seconds=86401")


def cookie_removed(port: int) -> str:
    return _cookie(port, b"/sign-out")


# OPTIONS and CORS


def _options(port: int, target: bytes = b"/api") -> Message:
    asked = (
        b"Origin: https://app.example.test",
        b"Access-Control-Request-Method: POST",
        b"Access-Control-Request-Headers: x-token",
    )
    return fetch(port, request(*asked, method=b"OPTIONS", target=target))


def preflight_status(port: int) -> str:
    return _outcome(_options(port))


def _preflight_field(port: int, name: bytes) -> str:
    return _listed([f"`{value.decode()}`" for value in _options(port).values(b"Access-Control-" + name)])


def preflight_origin(port: int) -> str:
    return _preflight_field(port, b"Allow-Origin")


def preflight_methods(port: int) -> str:
    return _preflight_field(port, b"Allow-Methods")


def preflight_headers(port: int) -> str:
    return _preflight_field(port, b"Allow-Headers")


def preflight_credentials(port: int) -> str:
    return _preflight_field(port, b"Allow-Credentials")


def preflight_age(port: int) -> str:
    return _preflight_field(port, b"Max-Age")


def options_elsewhere(port: int) -> str:
    return _outcome(_options(port, b"/no-function"))


def cors_of_others(port: int) -> str:
    names = _names(fetch(port, request(b"Origin: https://app.example.test", target=b"/size")))
    return _listed(sorted(name for name in names if name.startswith("access-control-")))


# Methods and paths


def head(port: int) -> str:
    return _outcome(fetch(port, request(method=b"HEAD", target=b"/size")))


def put(port: int) -> str:
    return _outcome(fetch(port, request(method=b"PUT", target=b"/size")))


def delete(port: int) -> str:
    return _outcome(fetch(port, request(method=b"DELETE", target=b"/size")))


def longer_path(port: int) -> str:
    return _outcome(fetch(port, request(target=b"/size/42")))


# Bodies


def get_with_content(port: int) -> str:
    return _outcome(fetch(port, request(b"Content-Type: application/json", target=b"/event", content=b'{"a":1}')))


def _parameters(port: int, media_type: bytes, content: bytes) -> str:
    message = fetch(port, request(b"Content-Type: " + media_type, method=b"POST", target=b"/event", content=content))
    return f"event has: {_listed(json.loads(message.content)['parameters'])}"


def body_json(port: int) -> str:
    return _parameters(port, b"application/json", b'{"a":1}')


def body_json_dialect(port: int) -> str:
    return _parameters(port, b"application/vnd.api+json", b'{"a":1}')


def body_form(port: int) -> str:
    return _parameters(port, b"application/x-www-form-urlencoded", b"a=1")


def body_text(port: int) -> str:
    return _parameters(port, b"text/plain", b"a=1")


def body_multipart(port: int) -> str:
    content = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    return _parameters(port, b"multipart/form-data; boundary=x", content)


# Sizes, time and types


def request_content_size(port: int) -> str:
    content = b"a=" + b"x" * MEGABYTE
    media_type = b"Content-Type: application/x-www-form-urlencoded"
    return _outcome(fetch(port, request(media_type, method=b"POST", target=b"/event", content=content)))


def response_content_size(port: int) -> str:
    message = fetch(port, request(target=b"/size?bytes=%d" % (4 * MEGABYTE + 1)))
    return f"{message.status} with {len(message.content):,} bytes"


def time(port: int) -> str:
    return _outcome(fetch(port, request(target=b"/size?wait=10500")))


def burst(port: int) -> str:
    with ThreadPoolExecutor(BURST) as pool:
        replies = pool.map(lambda _: fetch(port, request(target=b"/size?wait=1000")), range(BURST))
        return _listed(sorted({_outcome(reply) for reply in replies}))


def untyped(port: int) -> str:
    return _listed(
        [f"`{value.decode()}`" for value in fetch(port, request(target=b"/untyped")).values(b"Content-Type")]
    )


OBSERVATIONS: dict[str, Observation] = {
    "Request headers of more than 4,096 bytes": request_size,
    "More than 75 request headers": request_count,
    "Response headers of more than 4,096 bytes": response_size,
    "More than 75 response headers": response_count,
    "Response fields that the Function did not set": fields_added,
    "Documented restricted names that a Function sees": documented_names_seen,
    "X-Amz…, I-Twilio-…, I-T-…, OT-… that a Function sees": undocumented_names_seen,
    "Host in a Function": host_seen,
    "A cookie without HttpOnly and Secure": cookie_attributes,
    "A cookie with a Domain": cookie_domain,
    "A cookie that lives 86,400 seconds": cookie_day,
    "A cookie that lives 86,401 seconds": cookie_longer,
    "A cookie that is removed": cookie_removed,
    "Status of a preflight": preflight_status,
    "Access-Control-Allow-Origin of a preflight": preflight_origin,
    "Access-Control-Allow-Methods of a preflight": preflight_methods,
    "Access-Control-Allow-Headers of a preflight": preflight_headers,
    "Access-Control-Allow-Credentials of a preflight": preflight_credentials,
    "Access-Control-Max-Age of a preflight": preflight_age,
    "OPTIONS on a path without a Function": options_elsewhere,
    "CORS fields of an ordinary response": cors_of_others,
    "HEAD": head,
    "PUT": put,
    "DELETE": delete,
    "A path below a Function's path": longer_path,
    "A GET with a body": get_with_content,
    "A POST of application/json": body_json,
    "A POST of a type that ends in +json": body_json_dialect,
    "A POST of application/x-www-form-urlencoded": body_form,
    "A POST of text/plain": body_text,
    "A POST of multipart/form-data": body_multipart,
    "A request of more than 1 MB": request_content_size,
    "A response of more than 4 MB": response_content_size,
    "A response after 10.5 seconds": time,
    "31 requests at one time": burst,
    "A response without Content-Type": untyped,
}
"""Observations by the point that they are about, in the order of the page."""
