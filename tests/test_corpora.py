"""The cookie corpora of the IETF's http-state working group, case by case, if their folder is beside this one.

They say what a user agent sends back after it was given certain cookies. So there is a small user agent here, around
the project's own parser.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest

from functions_runtime.syntax.rfc6265 import parse_cookie_date, parse_set_cookie

CORPORA = Path(__file__).parent.parent.parent / "shared" / "corpora"

pytestmark = pytest.mark.skipif(
    not CORPORA.is_dir(), reason="The corpora are not part of the project; their folder ../shared/corpora is not here."
)

NOW = datetime(2011, 4, 27, tzinfo=timezone.utc).timestamp()
"""When the cases were written, RFC 6265 came out: 2007 was past then, and 2019 was future."""

SET_BY = "http://home.example.org:8888/cookie-parser"
SENT_TO = "http://home.example.org:8888/cookie-parser-result"

CONTROL = "rfc6265bis drops a line with a control character as a whole; the case expects it to end there"
CONTRADICTIONS = {
    "DISABLED_CHROMIUM0022": CONTROL,
    "DISABLED_CHROMIUM0023": CONTROL,
    "DISABLED_PATH0029": "neither text decodes percent-encoded paths before it compares them",
    "OPTIONAL_DOMAIN0042": "in rfc6265bis an empty last Domain counts and means host-only; RFC 6265 ignored it",
}
"""Cases in which the corpus says otherwise than the specification that the parser follows."""


@dataclass
class StoredCookie:
    name: bytes
    value: bytes
    domain: str
    host_only: bool
    path: str
    secure: bool


class UserAgent:
    """A cookie store as in RFC 6265, sections 5.3 and 5.4, for a clock that stands still."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[bytes, str, str], StoredCookie] = {}

    def receive(self, url: SplitResult, line: bytes) -> None:
        cookie = parse_set_cookie(line)
        # The parser follows rfc6265bis, which keeps cookies without a name; the corpus follows RFC 6265, which
        # ignored them (section 5.2, steps 2 and 5).
        if cookie is None or not cookie.name:
            return
        host = (url.hostname or "").lower()
        domain = (cookie.attributes.domain or b"").decode()
        if domain and ("." not in domain or not _domain_matches(host, domain)):  # a top-level domain is a public suffix
            return
        path = (cookie.attributes.path or b"").decode()
        stored = StoredCookie(
            cookie.name,
            cookie.value,
            domain or host,
            not domain,
            path if path.startswith("/") else _default_path(url.path),
            cookie.attributes.secure,
        )
        key = stored.name, stored.domain, stored.path
        lifetime = cookie.attributes.lifetime(NOW)
        if lifetime is None or lifetime > 0:
            self._cookies[key] = stored  # what was there keeps its place, which stands for its creation-time
        else:
            self._cookies.pop(key, None)

    def cookies_for(self, url: SplitResult) -> list[StoredCookie]:
        host = (url.hostname or "").lower()
        sent = [
            cookie
            for cookie in self._cookies.values()
            if (host == cookie.domain if cookie.host_only else _domain_matches(host, cookie.domain))
            and _path_matches(url.path, cookie.path)
            and (url.scheme == "https" or not cookie.secure)
        ]
        return sorted(sent, key=lambda cookie: -len(cookie.path))


def _domain_matches(host: str, domain: str) -> bool:
    """RFC 6265, section 5.1.3, for host names."""
    return host == domain or host.endswith(f".{domain}")


def _default_path(path: str) -> str:
    """RFC 6265, section 5.1.4."""
    return path[: path.rfind("/")] or "/"


def _path_matches(path: str, cookie_path: str) -> bool:
    """RFC 6265, section 5.1.4."""
    return path == cookie_path or path.startswith(cookie_path if cookie_path.endswith("/") else f"{cookie_path}/")


def _load(name: str) -> list[dict[str, Any]]:
    """The cases of a file; none if there is no such folder."""
    if not CORPORA.is_dir():
        return []
    lines = (CORPORA / name).read_text("utf-8").splitlines()
    cases: list[dict[str, Any]] = json.loads("\n".join(line for line in lines if not line.startswith("//")))
    return cases


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(strict=True, reason=CONTRADICTIONS[name])] if name in CONTRADICTIONS else []


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["test"], marks=_marks(case["test"])) for case in _load("http-state-parser.json")],
)
def test_what_is_sent_back(case: dict[str, Any]) -> None:
    agent = UserAgent()
    for line in case["received"]:
        agent.receive(urlsplit(SET_BY), line.encode())
    target = urlsplit(SENT_TO)
    if "sent-to" in case:
        named = urlsplit(case["sent-to"])
        target = named if named.netloc else target._replace(path=named.path)
    sent = [{"name": cookie.name.decode(), "value": cookie.value.decode()} for cookie in agent.cookies_for(target)]
    assert sent == case["sent"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(case["test"], case["expected"], id=f"{name}: {case['test']}")
        for name in ("http-state-dates.json", "http-state-dates-bsd.json")
        for case in _load(name)
    ],
)
def test_what_a_date_means(text: str, expected: str | None) -> None:
    seconds = None if expected is None else parsedate_to_datetime(expected).timestamp()
    assert parse_cookie_date(text.encode()) == seconds


def test_the_corpora_are_whole() -> None:
    assert len(_load("http-state-parser.json")) == 222
    assert len(_load("http-state-dates.json")) == 15
    assert len(_load("http-state-dates-bsd.json")) == 55
    assert CONTRADICTIONS.keys() <= {case["test"] for case in _load("http-state-parser.json")}
