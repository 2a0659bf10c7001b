"""The page's style sheet and script, each in a file beside this module.

This is the one module of the pure part that reads a file. It does so once, when it is imported, through the import
system, so it finds the files however the package was loaded.
"""

from __future__ import annotations

import pkgutil


def read(name: str) -> str:
    """The text of a file beside this module. Raises OSError if there is no such file.

    Line breaks are those that a browser hashes: it takes a CRLF for one LF before it checks a policy.
    """
    content = pkgutil.get_data(__name__.rpartition(".")[0], name)
    assert content is not None, "the package was loaded by a loader that has no files"
    return content.decode("utf-8").replace("\r\n", "\n")


STYLE = read("style.css")
SCRIPT = read("script.js")
