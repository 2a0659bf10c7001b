"""Hosts that were seen, and which of them are the user's own.

A browser talks to many hosts, and the owners of most of them do not move. Memory is bounded: hosts beyond `MAX_HOSTS`
are not counted. Whether such a host is the user's own is still known.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from functions_runtime.message import Request, Response

MAX_HOSTS = 2_000
MAX_MERGED_HOSTS = 100_000
"""The same bound for several runs together."""
MAX_UNTESTED = 100
"""The most names of restricted headers that are counted for one host."""

Registrable = Callable[[str], str]
"""Maps a host to its registrable domain, or to itself if it has no such domain."""

NEVER_OWN = "mitm.it"
"""The host at which mitmproxy offers its certificate."""

_CREDENTIALS = frozenset({b"cookie", b"authorization", b"set-cookie"})
_LOGIN = re.compile(r"\b(?:log|sign)[-_]?(?:in|on)\b|\bauth|\bsession|\baccount|\bpassword", re.IGNORECASE)


def itself(host: str) -> str:
    """Stands in for a list of suffixes: every host is its own registrable domain."""
    return host


@dataclass(slots=True)
class SeenHost:
    """What was seen of one host.

    `unclean` counts the exchanges with a finding of warning or above. `has_fetch_metadata` says that a request to the
    host had Sec-Fetch fields. `is_entered` says that somebody went there at top level, as those fields tell;
    `is_landed` says the same as far as it shows without them. `untested` counts requests by the restricted
    headers that reached the server, of which nobody knows what it does with them. `scheme` and `port` are those of its
    first request, empty and 0 if unknown.
    """

    exchanges: int = 0
    unclean: int = 0
    has_fetch_metadata: bool = False
    is_entered: bool = False
    is_landed: bool = False
    untested: dict[str, int] | None = None
    scheme: str = ""
    port: int = 0

    def merge(self, other: SeenHost) -> None:
        """Take in what was seen of the host elsewhere."""
        self.exchanges += other.exchanges
        self.unclean += other.unclean
        self.has_fetch_metadata = self.has_fetch_metadata or other.has_fetch_metadata
        self.is_entered = self.is_entered or other.is_entered
        self.is_landed = self.is_landed or other.is_landed
        self.scheme, self.port = max((self.scheme, self.port), (other.scheme, other.port))
        if other.untested:
            untested = self.untested or {}
            names = sorted(untested.keys() | other.untested.keys())[:MAX_UNTESTED]
            self.untested = {name: untested.get(name, 0) + other.untested.get(name, 0) for name in names}


class Hosts:
    """The hosts of a run, by their names as reports show them.

    `has_credentials` says that a cookie or Authorization was seen at any host. `has_login` says that there was
    something to log in to.
    """

    def __init__(self, registrable: Registrable = itself) -> None:
        self._registrable = registrable
        self.seen: dict[str, SeenHost] = {}
        self._before: set[str] = set()  # hosts of which all was judged before the user chose another scope
        self._is_of_several = False
        self.has_credentials = False
        self.has_login = False

    def scope_changed(self) -> None:
        """The user chose another scope. Hosts count as outside it until something of theirs is judged again."""
        self._before = set(self.seen)

    def saw_in_scope(self, host: str) -> None:
        """Take into account that something of the host is judged in the scope as it is now."""
        self._before.discard(host)

    def saw_request(self, request: Request) -> None:
        """Take a request into account."""
        self.saw_in_scope(request.endpoint.host)
        host = self._of(request.endpoint.host)
        if not host.exchanges:
            host.scheme, host.port = request.scheme, request.port
        host.exchanges += 1
        by_name = request.by_name
        if b"sec-fetch-dest" in by_name:
            host.has_fetch_metadata = True
            if by_name[b"sec-fetch-dest"][0] == b"document" and b"sec-purpose" not in by_name:
                host.is_entered = True
        elif b"sec-fetch-mode" in by_name or b"sec-fetch-site" in by_name:
            host.has_fetch_metadata = True
        if not self.has_credentials:
            if b"cookie" in by_name or b"authorization" in by_name:
                self.has_credentials = True
            elif not self.has_login and _LOGIN.search(request.path):
                self.has_login = True

    def forget_exchange(self, name: str) -> None:
        """Count one exchange less. A host without any was not seen."""
        host = self.seen.get(name)
        if host:
            host.exchanges -= 1
            if not host.exchanges:
                del self.seen[name]

    def saw_response(self, request: Request, response: Response) -> None:
        """Take the response to a request into account."""
        self.saw_in_scope(request.endpoint.host)
        if not self.has_credentials:
            self.has_credentials = b"set-cookie" in response.by_name
            self.has_login = self.has_login or response.status == 401
        host = self.seen.get(request.endpoint.host)
        if host and not host.has_fetch_metadata and not host.is_landed and self._is_landing(request, response):
            host.is_landed = True

    def saw_names(self, names: Iterable[bytes]) -> None:
        """Take into account that a recording has fields of these names, in lower case, whatever is judged of it."""
        if names and not self.has_credentials:
            self.has_credentials = not _CREDENTIALS.isdisjoint(names)

    def count_unclean(self, host: str, number: int) -> None:
        """Count exchanges of a host with a finding of warning or above; -1 takes one back."""
        seen = self.seen.get(host)
        if seen:
            seen.unclean += number

    def reached(self, host: str, names: Iterable[str], number: int = 1) -> None:
        """Count restricted headers that reached the host although nothing shows whether it uses them. -1: one less."""
        seen = self.seen.get(host)
        if seen:
            untested = seen.untested = seen.untested or {}
            for name in names:
                count = untested.pop(name, 0) + number
                if count > 0 and len(untested) < MAX_UNTESTED:
                    untested[name] = count

    def tested(self, host: str, name: str) -> None:
        """Forget a header once an experiment has shown whether the host depends on it."""
        seen = self.seen.get(host)
        if seen and seen.untested:
            seen.untested.pop(name, None)

    def own(self, *, scoped: bool) -> Callable[[str], bool]:
        """A function that says whether a host is an own one. If the user chose the scope (`scoped`), all in it are."""
        if scoped:
            return lambda host: host not in self._before
        sites = {self.site(host) for host, seen in self.seen.items() if _was_entered(seen)} - {NEVER_OWN}
        if not sites:
            return lambda host: host != NEVER_OWN
        return cache(lambda host: self.site(host) in sites)

    def addressed(self, host: str) -> tuple[str, int]:
        """The scheme and the port of a host's first request, empty and 0 if unknown."""
        seen = self.seen.get(host)
        return (seen.scheme, seen.port) if seen else ("", 0)

    def site(self, host: str) -> str:
        """The registrable domain of a host. An IP address or a name without a dot is its own."""
        if "." not in host or _is_address(host):
            return host
        return self._registrable(host)

    def merge(self, other: Hosts) -> None:
        """Take in what was seen elsewhere. If there are too many hosts, the order does not decide which are kept.

        If nobody navigated anywhere in one of the two, all its hosts are own ones (decision 63).
        """
        self._end_of_one()
        other._end_of_one()
        for name, seen in other.seen.items():
            self.seen.setdefault(name, SeenHost()).merge(seen)
        if len(self.seen) > MAX_MERGED_HOSTS:
            self.seen = {name: self.seen[name] for name in sorted(self.seen)[:MAX_MERGED_HOSTS]}
        self.has_credentials = self.has_credentials or other.has_credentials
        self.has_login = self.has_login or other.has_login

    def _end_of_one(self) -> None:
        """Decide which hosts were entered if this is of one recording. If nobody navigated in it, all of them count."""
        if not self._is_of_several:
            entered = {name for name, seen in self.seen.items() if _was_entered(seen)}
            for name, seen in self.seen.items():
                seen.is_entered = name in entered or entered <= {NEVER_OWN}
        self._is_of_several = True

    def _of(self, host: str) -> SeenHost:
        seen = self.seen.get(host)
        if seen is None:
            seen = SeenHost()
            if len(self.seen) < MAX_HOSTS:
                self.seen[host] = seen
        return seen

    def _is_landing(self, request: Request, response: Response) -> bool:
        """Whether somebody navigated there, as far as that shows without Sec-Fetch fields."""
        accept = request.by_name.get(b"accept", (b"",))[0]
        if request.method != "GET" or not accept.startswith(b"text/html"):
            return False
        content_type = response.by_name.get(b"content-type", (b"",))[0].lower()
        if not content_type.startswith((b"text/html", b"application/xhtml+xml")):
            return False
        referer = request.by_name.get(b"referer", (b"",))[0]
        return not referer or self.site(_host_of(referer)) == self.site(request.host.strip("[]"))


def _was_entered(seen: SeenHost) -> bool:
    return seen.is_entered or (not seen.has_fetch_metadata and seen.is_landed)


def _host_of(url: bytes) -> str:
    """The host of a URL in lower case, empty if the URL has no host."""
    authority = re.split(rb"[/?#]", url.partition(b"://")[2], maxsplit=1)[0].rpartition(b"@")[2]
    return re.sub(rb":[0-9]*$", b"", authority).strip(b"[]").decode("ascii", "replace").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
