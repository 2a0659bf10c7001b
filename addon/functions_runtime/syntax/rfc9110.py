"""HTTP field lines: RFC 9110, HTTP Semantics, section 5 (https://www.rfc-editor.org/rfc/rfc9110#section-5).

This module defines field sections and their size. It also reads Content-Length, which gives the size of the content,
and Host, which names whom a client addressed. It interprets no other field. The ports of the schemes are here, too.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

Fields = tuple[tuple[bytes, bytes], ...]
"""A field section: (name, value) pairs in their original order and spelling."""

FieldsByName = dict[bytes, list[bytes]]
"""Values by field name in lower case. Each list is in the original order."""

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The ports of the two schemes if a URL names none (section 4.2)."""

HTTP_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""Schemes of URLs, and the scheme by which HTTP carries each (section 4.2, and RFC 6455, section 3)."""

FIELD_LINE_OVERHEAD = 4
"""Bytes that HTTP/1.1 writes around a name and a value: colon, space, CR, LF (RFC 9112, section 5)."""


def field_line_size(name: bytes, value: bytes) -> int:
    """Size in bytes of one field line as HTTP/1.1 writes it."""
    return len(name) + len(value) + FIELD_LINE_OVERHEAD


def field_section_size(fields: Fields) -> int:
    """Size in bytes of a field section as HTTP/1.1 writes it, without the empty line at its end."""
    size = FIELD_LINE_OVERHEAD * len(fields)
    for name, value in fields:
        size += len(name) + len(value)
    return size


def fields_by_name(fields: Fields) -> FieldsByName:
    """The field section as a mapping."""
    by_name: FieldsByName = {}
    for name, value in fields:
        lower = name.lower()
        if lower in by_name:
            by_name[lower].append(value)
        else:
            by_name[lower] = [value]
    return by_name


def field_values(fields: Fields, name: bytes) -> list[bytes]:
    """Values of every field called `name` (lower case), in order."""
    return [value for field_name, value in fields if field_name.lower() == name]


_MAX_DIGITS = 18
"""The most digits of a plausible Content-Length: nobody sends an exabyte."""


def announced_length(by_name: FieldsByName) -> int | None:
    """Bytes of content that the field section announces, None if it announces none or contradicts itself.

    Content-Length counts if all its values are the same decimal number and there is no Transfer-Encoding (section 8.6,
    and RFC 9112, section 6.3). Never raises.
    """
    values = by_name.get(b"content-length")
    if values is None or b"transfer-encoding" in by_name:
        return None
    different = {number.strip(b" \t") for value in values for number in value.split(b",")}
    number = different.pop()
    if different or not number.isdigit() or len(number) > _MAX_DIGITS:
        return None
    return int(number)


def can_have_content(method: str, status: int) -> bool:
    """Whether a response with this status to a request with this method can have content (section 6.4.1)."""
    return method != "HEAD" and status not in (204, 304) and not 100 <= status <= 199


def announces_content(by_name: FieldsByName) -> bool:
    """Whether the field section announces content: by a length above zero, or by Transfer-Encoding. Never raises."""
    return bool(announced_length(by_name)) or b"transfer-encoding" in by_name


def target_authority(fields: Fields, authority: bytes, version: bytes) -> bytes:
    """The authority that a client addressed: `:authority` in HTTP/2 and HTTP/3, else the first Host (section 7.2).

    `authority` is the value of `:authority`. Empty if there is neither.
    """
    if authority and not version.startswith(b"HTTP/1"):
        return authority
    for name, value in fields:
        if len(name) == 4 and name.lower() == b"host":
            return value
    return b""


def authority_of(host: str, port: int, scheme: str) -> str:
    """The authority in the URL of a host (section 4.2). The default port of the scheme is left out."""
    name = f"[{host}]" if ":" in host else host
    return name if port == DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def authority_in_har(host: str, port: int, scheme: str) -> bytes:
    """The authority in the URL of a HAR entry. mitmproxy reads `wss` without a port as if it had port 80."""
    if scheme == "wss" and port == DEFAULT_PORTS["http"]:
        port = DEFAULT_PORTS["https"]
    return authority_of(host, port, HTTP_SCHEMES.get(scheme, scheme)).encode("utf-8", "surrogateescape")


def port_of(authority: bytes) -> int:
    """The port in an authority, 0 if there is none."""
    port = authority.rpartition(b":")[2]
    return int(port) if port.isdigit() and b":" in authority and len(port) <= 5 else 0


def without_fields(fields: Iterable[tuple[bytes, bytes]], names: Container[bytes]) -> Fields:
    """The field section without every field whose name, in lower case, is in `names`."""
    return tuple([field for field in fields if field[0].lower() not in names])


def taken_apart(fields: Fields) -> Fields:
    """The field section with each line of a value as a field of its own.

    No value has a line break on the wire (section 5.5). Tools that record join the values of several fields with one.
    """
    if not any(b"\n" in value for _, value in fields):
        return fields
    return tuple([(name, line) for name, value in fields for part in value.split(b"\n") if (line := part.strip(b"\r"))])


_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")


def unfolded(fields: Fields) -> Fields:
    """The field section with a space in place of each obs-fold, as a user agent reads it (RFC 9112, section 5.2)."""
    if not any(b"\n" in value for _, value in fields):
        return fields
    return tuple([(name, _FOLD.sub(b" ", value)) for name, value in fields])


SENT_WITHOUT_CONTENT = frozenset({"POST", "PUT", "PATCH"})
"""Methods for which clients write Content-Length: 0 (section 8.6)."""


def without_invented_length(fields: Fields, method: str, *, has_content: bool) -> Fields:
    """The field section of a request without a Content-Length: 0 that no client writes for this method.

    Readers of HAR files invent one.
    """
    if has_content or method in SENT_WITHOUT_CONTENT:
        return fields
    return tuple([field for field in fields if not (field[0].lower() == b"content-length" and field[1] == b"0")])


def with_upgrade(fields: Fields, scheme: str) -> Fields:
    """The field section of a request in HAR, with the Upgrade that the scheme of a WebSocket's URL stands for.

    HTTP/1.1 would have it, and HTTP/2 needs none.
    """
    if HTTP_SCHEMES.get(scheme, scheme) == scheme or any(name.lower() == b"upgrade" for name, _ in fields):
        return fields
    return (*fields, (b"Upgrade", b"websocket"))


PROXY_FIELDS = frozenset({b"proxy-connection", b"proxy-authorization"})
"""Fields that a client sends to its proxy, not to the server (section 11.7.2, and RFC 9112, appendix C.2.2)."""


def as_http1_fields(fields: Fields, *, authority: bytes = b"", multiplexed: bool = False) -> Fields:
    """The field section of a request as HTTP/1.1 would carry it.

    `authority` is the value of `:authority` if it did not come as a field. If there is no Host, this value or that of
    the field `:authority` becomes Host. Other pseudo-header fields are dropped. `multiplexed` says that the request
    came over HTTP/2 or HTTP/3, and so do pseudo-header fields. Cookie may be split there: its parts are joined with `;
    ` in the place of the first part (RFC 9113, sections 8.2.3 and 8.3.1; RFC 9114, sections 4.2.1 and 4.3.1).
    """
    multiplexed = multiplexed or any(name[:1] == b":" for name, _ in fields)
    if not multiplexed and not authority:
        return fields
    out: list[tuple[bytes, bytes]] = []
    crumbs: list[bytes] = []
    cookie_at = -1
    has_host = False
    for name, value in fields:
        lower = name.lower()
        if lower[:1] == b":":
            if lower == b":authority":
                authority = value
            continue
        if lower == b"host":
            has_host = True
        elif multiplexed and lower == b"cookie":
            crumbs.append(value)
            if cookie_at >= 0:
                continue
            cookie_at = len(out)
        out.append((name, value))
    if len(crumbs) > 1:
        out[cookie_at] = (out[cookie_at][0], b"; ".join(crumbs))
    if authority and not has_host:
        out.insert(0, (b"Host", authority))
    return tuple(out)
