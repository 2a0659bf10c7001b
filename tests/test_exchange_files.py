"""How text files become exchanges."""

from __future__ import annotations

import pytest

from functions_runtime.message import Exchange, Request, Response
from tests.exchange_files import read_site


def test_a_file_is_read_as_it_stands() -> None:
    site = read_site(
        "shop",
        "A shop\nwith two lines.\n\nerror a-rule GET a.example/x\ninfo b-rule PUT b.example/ sid\n\n==== first\n"
        "GET /x?y=1&z HTTP/1.1\nHost: A.example:8080\nX:\tä b \n\n(2.5 seconds later)\nHTTP/1.1 200 OK\nX-Y: a:b\n\n"
        "==== second\nPUT / HTTP/1.1\nHost: b.example\n\nHTTP/1.1 404 Not Found\n",
    )
    assert site.expected == {("error", "a-rule", "GET a.example/x", None), ("info", "b-rule", "PUT b.example/", "sid")}
    first, second = site.exchanges
    fields = ((b"Host", b"A.example:8080"), (b"X", "ä b".encode()))
    assert first.request == Request("GET", "a.example", "/x", fields, "a.example", query=b"y=1&z")
    assert first.response == Response(200, ((b"X-Y", b"a:b"),), waited=2.5)
    assert second == Exchange(Request("PUT", "b.example", "/", ((b"Host", b"b.example"),), "b.example"), Response(404))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "==== no description\nGET / HTTP/1.1\nHost: a\n\nHTTP/1.1 200 OK\n",
        "A site.\n\nerror a-rule GET a/\n\nerror after a gap GET a/\n",
        "A site.\n\ngrave a-rule GET a/\n",
        "A site.\n\n==== no answer\nGET / HTTP/1.1\nHost: a\n",
        "A site.\n\n==== no host\nGET / HTTP/1.1\n\nHTTP/1.1 200 OK\n",
        "A site.\n\n==== no path\nGET HTTP/1.1\nHost: a\n\nHTTP/1.1 200 OK\n",
        "A site.\n\n==== no status\nGET / HTTP/1.1\nHost: a\n\nHTTP/1.1 OK\n",
        "A site.\n\n==== content\nGET / HTTP/1.1\nHost: a\n\nHTTP/1.1 200 OK\n\nHello\n",
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_site("broken", text)
