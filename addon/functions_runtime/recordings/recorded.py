"""What a reader of recordings yields: exchanges, and entries that could not be read."""

from __future__ import annotations

from typing import Any, NamedTuple

from functions_runtime.message import Request, Response


class Recorded(NamedTuple):
    """One recorded exchange, at this position in its recording, counted from 1.

    `sent` and `received` are the bytes of content of request and response, as they were on the wire if the recording
    says so. `ended` is when the response ended, in seconds since 1970-01-01 UTC, None if nobody knows. `over_tls` says
    how the request reached the server, None if nobody knows. `scheme` and `port` are those of the URL. `stored` are
    the findings that a flow file holds, as plain data that anybody may have written. If somebody asked for them,
    `state` is all of a flow, and `contents` are those of request and response in a HAR file. `is_foreign` says that
    the response is another addon's, so that nothing is known of the site's.
    """

    position: int
    request: Request
    response: Response | None
    sent: int = 0
    received: int = 0
    ended: float | None = None
    over_tls: bool | None = None
    scheme: str = "https"
    port: int = 443
    stored: Any = None
    state: Any = None
    contents: tuple[bytes, bytes] = (b"", b"")
    is_foreign: bool = False

    @property
    def names(self) -> tuple[bytes, ...]:
        """The names of the fields of both messages, in lower case."""
        return (*self.request.by_name, *(self.response.by_name if self.response else ()))


class Skipped(NamedTuple):
    """An entry that could not be judged, and why, in a few words that are safe to show."""

    position: int
    reason: str


class CutOff(NamedTuple):
    """The recording ends early or is damaged at this entry, and nothing after it can be read. Says why, likewise."""

    position: int
    reason: str


class UnreadableError(ValueError):
    """A recording of which nothing could be read. The text says why, in a few words that are safe to show."""
