"""Registrable domains by the Public Suffix List (https://publicsuffix.org/), which mitmproxy brings."""

from __future__ import annotations

from functools import lru_cache

import publicsuffix2


# A browser talks to a few dozen hosts, again and again.
@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """The registrable domain of a host name in lower case, or the name itself if it has no such domain."""
    name = host.removesuffix(".")
    # Without `strict`, publicsuffix2 gives the last label alone if the list does not have it. The list's default rule
    # gives two labels (https://github.com/publicsuffix/list/wiki/Format).
    return publicsuffix2.get_sld(name, strict=True) or ".".join(name.split(".")[-2:])
