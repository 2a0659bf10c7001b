"""Recordings by name: paths, globs, folders and URLs become names of single recordings, which are opened and read."""

from __future__ import annotations

import glob
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from functions_runtime.recordings import flow_state
from functions_runtime.recordings.recorded import CutOff, Recorded, Skipped, UnreadableError
from functions_runtime_proxy import internals

SUFFIXES = (".har", ".flow", ".flows", ".mitm")
"""Suffixes of recordings in a folder, perhaps followed by `.gz`."""
GZIP = b"\x1f\x8b"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WITH_GZIP_HEADER = zlib.MAX_WBITS | 16
EXTRA = ("fsspec", "aiohttp")
"""Packages for URLs that come with the extra `audit`. Others, such as s3fs, do not."""
FROM_EXTRA = "comes with the package's extra audit: pip install '.[audit]'"
BLOCK = 1 << 20
"""Bytes that are read or skipped at once."""

MITMPROXY = flow_state.Mitmproxy(
    internals.FLOW_FORMAT_VERSION,
    internals.migrate_flow,
    lru_cache(maxsize=1024)(internals.host_of_authority),
)


def is_url(name: str) -> bool:
    return "://" in name


_SECRET_IN_URL = re.compile(r"(?<=://)[^/\s]*@|[?#][^\s'\"]*")
"""What can be a secret in a URL: the user and password, the query and the fragment."""


def shown(name: str) -> str:
    """The name of a recording as it may be shown."""
    return _SECRET_IN_URL.sub("", name) if is_url(name) else name


def absolute(name: str, folder: str) -> str:
    """The location of a recording. Paths are relative to the folder."""
    return name if is_url(name) else os.path.join(folder, name)


def names(arguments: Iterable[str]) -> list[str]:
    """The recordings that these paths, globs, folders and URLs stand for, each once.

    Raises ValueError, with a sentence, if one of them matches nothing.
    """
    found: dict[str, None] = {}
    for argument in arguments:
        found |= dict.fromkeys(_remote(argument) if is_url(argument) else _local(argument))
    return list(found)


def _local(argument: str) -> list[str]:
    if not argument:
        raise ValueError("The name of a recording is empty.")
    path = os.path.expanduser(argument)
    if os.path.isdir(path):
        inside = sorted(str(each) for each in Path(path).rglob("*") if _is_recording(each.name) and each.is_file())
        if not inside:
            raise ValueError(f"There is no recording in the folder {argument!r}: no file ends in {_suffixes()}.")
        return inside
    if not os.path.exists(path) and glob.has_magic(path):
        matching = sorted(each for each in glob.glob(path, recursive=True) if os.path.isfile(each))
        if not matching:
            raise ValueError(f"No file matches {argument!r}.")
        return matching
    return [path]


_URL_MAGIC = re.compile(r"[*[]")
"""What makes a pattern of a URL. A question mark begins its query."""


def _remote(url: str) -> list[str]:
    if not _URL_MAGIC.search(url) and not url.endswith("/"):
        return [url]
    try:
        import fsspec

        system, path = fsspec.core.url_to_fs(url)
        is_pattern = _URL_MAGIC.search(path)
        pattern = path if is_pattern else f"{path.rstrip('/')}/**"
        found = [str(each) for each in system.glob(pattern) if is_pattern or _is_recording(str(each))]
        names = sorted(system.unstrip_protocol(each) for each in found)
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"{shown(url)!r} cannot be listed: {reason_of(error)}.") from error
    if not names:
        raise ValueError(f"There is no recording at {shown(url)!r}.")
    return names


def _is_recording(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(SUFFIXES)


def _suffixes() -> str:
    return f"{', '.join(SUFFIXES)} (or one of these and .gz)"


def reason_of(error: Exception) -> str:
    """Why something could not be read, in a few words."""
    if isinstance(error, OSError) and isinstance(error.errno, int) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    if isinstance(error, ImportError) and (lacking := _lacking(error)):
        source = FROM_EXTRA if lacking in EXTRA else f"is not installed (pip install {lacking})"
        return f"a URL of this kind needs {lacking}, which {source}"
    if isinstance(error, FileNotFoundError):  # as fsspec raises it, with the URL alone
        return reason_of(error.__cause__) if isinstance(error.__cause__, Exception) else "it was not found"
    text = _SECRET_IN_URL.sub("", " ".join(str(error).split())).rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:] or type(error).__name__


def _lacking(error: ImportError) -> str:
    """The package that is missing: fsspec, or the one that it tells to install. Empty if neither is named."""
    told = re.search(r"\b[Ii]nstall (\w+)", str(error))
    return error.name or (told[1] if told else "")


def read(name: str, domain: str, *, with_state: bool = False) -> Iterator[Recorded | Skipped | CutOff]:
    """The exchanges of a recording. Raises UnreadableError if it cannot be read at all."""
    try:
        file = _open(name)
    except (OSError, ImportError, ValueError, RuntimeError) as error:
        raise UnreadableError(reason_of(error)) from error
    with file:
        try:
            yield from _read(file, domain, with_state=with_state)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableError(reason_of(error)) from error


def _open(name: str) -> IO[bytes]:
    if not is_url(name):
        return open(name, "rb", buffering=BLOCK)
    import fsspec

    return cast(IO[bytes], fsspec.open(name, "rb", expand=False).open())


def _read(file: IO[bytes], domain: str, *, with_state: bool) -> Iterator[Recorded | Skipped | CutOff]:
    start = file.read(4)
    file.seek(0)
    if start[:2] == GZIP:
        unzipped = io.BufferedReader(_Unzip(file), BLOCK)
        start, file = unzipped.peek(4)[:4], unzipped
    head = start.lstrip(b" \t\r\n\xef\xbb\xbf")[:1]
    if head in (b"{", b"[") or start[:2] in UTF_16 or (start and not head):
        from functions_runtime.recordings import har

        data = file.read()
        if start[:2] in UTF_16:
            data = data.decode("utf-16", "replace").encode()
        yield from har.read(data, domain, with_contents=with_state)
    else:
        yield from flow_state.read(_Skipping(file), MITMPROXY, domain, with_state=with_state)


class _Unzip(io.RawIOBase):
    """The content of a gzip file, up to its end or to the first damage."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
        self._packed = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while True:
                self._packed = self._packed or self._file.read(BLOCK)
                data = self._member.decompress(self._packed, len(buffer))
                is_at_end = not self._packed
                self._packed = self._member.unconsumed_tail
                if self._member.eof:
                    self._packed = self._member.unused_data
                    self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
                if data or is_at_end:
                    buffer[: len(data)] = data
                    return len(data)
        except (OSError, EOFError, zlib.error):
            return 0


class _Skipping:
    """A file as `flow_state` needs it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.read = file.read

    def skip(self, size: int) -> None:
        if self._file.seekable():
            self._file.seek(size, io.SEEK_CUR)
            return
        while size > 0 and (passed := len(self.read(min(size, BLOCK)))):
            size -= passed
