"""Cookies: RFC 6265, and draft-ietf-httpbis-rfc6265bis-22 if the two differ.

https://www.rfc-editor.org/rfc/rfc6265#section-5
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5

How a user agent parses a set-cookie-string, and how to change one attribute and leave all other bytes alone. Lines come
in and go out as bytes. Sizes are in octets, and times in seconds since 1970-01-01 UTC. Nothing here raises.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

WSP = b" \t"
MAX_NAME_VALUE_OCTETS = 4096
MAX_ATTRIBUTE_OCTETS = 1024

_CONTROLS = bytes(octet for octet in range(128) if (octet < 0x20 and octet != 0x09) or octet == 0x7F)
_DELTA_SECONDS = re.compile(rb"-?[0-9]+")
_IGNORED_NAMELESS_PREFIXES = (b"__secure-", b"__host-")

# Python refuses to convert very long digit strings, and no clock needs more digits.
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class CookieAttributes:
    """The cookie-attribute-list as a user agent understands it.

    `max_age` is a number of seconds and `expires` a point in time. Each is None if the attribute is missing or invalid.
    `domain` is the last Domain attribute in lower case without its leading dot. It is None if there is no such
    attribute, and empty if its value is empty.
    """

    max_age: int | None = None
    expires: int | None = None
    domain: bytes | None = None
    path: bytes | None = None
    secure: bool = False
    http_only: bool = False

    def lifetime(self, now: float | None) -> float | None:
        """The cookie's lifetime in seconds from `now` on: zero or less for a deletion, None for a session cookie.

        It is None, too, if it depends on `now`, and `now` is None because nobody knows it.

        Max-Age takes precedence over Expires: rfc6265bis-22, section 5.7, step 6.
        """
        if self.max_age is not None:
            return self.max_age
        if self.expires is not None and now is not None:
            return self.expires - now
        return None


@dataclass(frozen=True, slots=True)
class SetCookie:
    """A set-cookie-string as a user agent understands it."""

    name: bytes
    value: bytes
    attributes: CookieAttributes


def parse_set_cookie(line: bytes) -> SetCookie | None:
    """Parse the value of one Set-Cookie field. Returns None if a user agent ignores the whole line.

    This follows rfc6265bis-22: section 5.6, and the steps of section 5.7 that need only the line (2 to 4 and 22).
    There, a line without `=` is a cookie without a name. RFC 6265 ignored such a line.
    """
    if len(line.translate(None, _CONTROLS)) < len(line):  # a regular expression takes more than twice as long
        return None
    pair, _, unparsed_attributes = line.partition(b";")
    name, equals, value = pair.partition(b"=")
    if not equals:
        name, value = b"", pair
    name, value = name.strip(WSP), value.strip(WSP)
    if not name and (not value or value.lower().startswith(_IGNORED_NAMELESS_PREFIXES)):
        return None
    if len(name) + len(value) > MAX_NAME_VALUE_OCTETS:
        return None
    return SetCookie(name, value, parse_attributes(unparsed_attributes))


# Servers set many cookies with the same few attributes. The cache holds no values, which may be secret.
@lru_cache(maxsize=256)
def parse_attributes(unparsed_attributes: bytes) -> CookieAttributes:
    """Parse what follows the first semicolon of a set-cookie-string. The last valid attribute of a name wins."""
    max_age = expires = domain = path = None
    secure = http_only = False
    for cookie_av in unparsed_attributes.split(b";"):
        attribute, text = _split_attribute(cookie_av)
        if attribute == b"max-age":
            seconds = parse_max_age(text)
            max_age = max_age if seconds is None else seconds
        elif attribute == b"expires":
            date = parse_cookie_date(text)
            expires = expires if date is None else date
        elif attribute == b"domain":
            domain = text.lower().removeprefix(b".")
        elif attribute == b"path":
            path = text
        elif attribute == b"secure":
            secure = True
        elif attribute == b"httponly":
            http_only = True
    return CookieAttributes(max_age, expires, domain, path, secure, http_only)


def _split_attribute(cookie_av: bytes) -> tuple[bytes, bytes]:
    """Lower-case name and value of a cookie-av. The name is empty if the value is too long to count."""
    attribute, _, text = cookie_av.partition(b"=")
    text = text.strip(WSP)
    if len(text) > MAX_ATTRIBUTE_OCTETS:
        return b"", b""
    return attribute.strip(WSP).lower(), text


def parse_max_age(text: bytes) -> int | None:
    """Seconds of a Max-Age attribute, None if it is invalid (rfc6265bis-22, section 5.6.2).

    Numbers too long for any clock keep their sign and become 10**18.
    """
    if not _DELTA_SECONDS.fullmatch(text):
        return None
    digits = text.lstrip(b"-").lstrip(b"0")
    seconds = int(digits or b"0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
    return -seconds if text.startswith(b"-") else seconds


_DATE_DELIMITERS = re.compile(rb"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(rb"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_DAY_OF_MONTH = re.compile(rb"([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_YEAR = re.compile(rb"([0-9]{2,4})(?:[^0-9].*)?", re.DOTALL)
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")


def parse_cookie_date(text: bytes) -> int | None:  # noqa: C901 (the steps of section 5.1.1)
    """Seconds since 1970-01-01 UTC of a cookie-date, None if it is invalid (rfc6265bis-22, section 5.1.1)."""
    time = day = month = year = None
    for token in _DATE_DELIMITERS.split(text):
        if time is None and (match := _TIME.fullmatch(token)):
            time = int(match[1]), int(match[2]), int(match[3])
        elif day is None and (match := _DAY_OF_MONTH.fullmatch(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _YEAR.fullmatch(token)):
            year = int(match[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year <= 69:
        year += 2000
    elif year <= 99:
        year += 1900
    if year < 1601:
        return None
    try:
        date = datetime.datetime(year, month, day, *time)
    except ValueError:  # no such date, or no such time of day
        return None
    return calendar.timegm(date.timetuple())


def replace_domain(line: bytes, domain: bytes | None) -> bytes:
    """The set-cookie-string with one Domain attribute, or without any if `domain` is None.

    The new value takes the place of the first Domain attribute. Every other byte stays as it is.
    """
    pair, *attributes = line.split(b";")
    parts = [pair]
    for cookie_av in attributes:
        if _split_attribute(cookie_av)[0] != b"domain":
            parts.append(cookie_av)
        elif domain is not None:
            parts.append(cookie_av.partition(b"=")[0].rstrip(WSP) + b"=" + domain)
            domain = None
    return b";".join(parts)


def append_attribute(line: bytes, attribute: bytes) -> bytes:
    """The set-cookie-string with this attribute added at its end."""
    return line + b"; " + attribute


def split_cookies(value: bytes) -> list[bytes]:
    """The cookie-pairs of one Cookie field, without the empty ones (RFC 6265, section 4.2.1)."""
    return [pair for part in value.split(b";") if (pair := part.strip(WSP))]
