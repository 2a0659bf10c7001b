"""A curl command that shows a finding: the request without its secrets, for a shell.

Each argument is quoted for a POSIX shell, which is the one escaping point here: names off the wire stand in it.
"""

from __future__ import annotations

import re
import shlex
from urllib.parse import quote

from functions_runtime.catalogue import BY_ID
from functions_runtime.record.entry import Entry
from functions_runtime.record.inventory import FOLDED
from functions_runtime.syntax.rfc9110 import DEFAULT_PORTS

IN_A_PATH = "/%{}!$&'()*+,:;=@[]"
"""What stays as it is in a path: what has a meaning there, escapes that are there already, and placeholders."""
IPV6 = re.compile(r"[0-9a-f.]*:[0-9a-f:.]*", re.IGNORECASE)
HTTP_HOSTS = ("localhost", "127.0.0.1")
"""Hosts that are asked over plain HTTP if nobody knows the scheme."""


def curl(entry: Entry) -> str | None:
    """The command for an entry. None if a request cannot show the finding, or only with a secret.

    Placeholders in the path stay as they are, for the user to fill in.
    """
    extra = BY_ID[entry.finding.rule].curl_arguments(entry.finding, entry.endpoint)
    if extra is None or entry.endpoint == FOLDED:
        return None
    if any(argument.startswith("host:") for argument in extra):  # it would ask another site
        return None
    method, host, path = entry.endpoint
    chosen = () if method == "GET" or "-X" in extra else ("-I",) if method == "HEAD" else ("-X", method)
    scheme = entry.scheme or ("http" if host in HTTP_HOSTS else "https")
    host = f"[{host}]" if IPV6.fullmatch(host) else host
    port = f":{entry.port}" if entry.port and entry.port != DEFAULT_PORTS.get(scheme) else ""
    quoted = quote(path, IN_A_PATH, errors="replace")
    return shlex.join(("curl", "-ig", *chosen, *extra, f"{scheme}://{host}{port}{quoted}"))
