"""mitmproxy's filters give the same about a subject as about the flow that it describes."""

from __future__ import annotations

import pytest
from mitmproxy import flowfilter

from functions_runtime.endpoint import Endpoint
from functions_runtime_proxy import filters
from functions_runtime_proxy.filters import Subject

ASKED = Subject(
    b"GET",
    "https",
    "app.example.test",
    443,
    "/shop?q=1",
    ((b"Host", b"app.example.test"), (b"Accept", b"text/html"), (b"Content-Type", b"text/plain")),
    target="app.example.test",
)
ANSWERED = ASKED._replace(status=200, response_fields=((b"Content-Type", b"image/png"), (b"X-A", b"b")))
PORT = ASKED._replace(method=b"POST", scheme="http", port=8080, fields=((b"Host", b"app.example.test:8080"),))
SUBJECTS = (ASKED, ANSWERED, PORT, ANSWERED._replace(status=404, response_fields=()))

EXPRESSIONS = [
    "~all",
    "~http",
    "~tcp",
    "~udp",
    "~dns",
    "~q",
    "~s",
    "~a",
    "~c 200",
    "~m post",
    "~m G.T",
    "~d example",
    "~d other",
    "~u shop.q=",
    "~u ^https://app.example.test/shop",
    "~u ^http://app.example.test:8080/",
    "shop",
    "~h accept",
    "~h X-A",
    "~h x-a",
    "~hq ^Accept:",
    "~hq X-A",
    "~hs ^X-A: b",
    "~hs Accept",
    "~t image",
    "~t plain",
    "~tq plain",
    "~tq image",
    "~ts image",
    "~ts plain",
    "!~c 200",
    "~m GET & ~c 200",
    "~c 404 | ~m POST",
    "!(~c 404 | ~m POST) & ~d app",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_subject_is_answered_like_its_flow(expression: str) -> None:
    tree = flowfilter.parse(expression)
    asked = filters.parse(expression)
    assert not asked.needs_flow
    for subject in SUBJECTS:
        assert asked.matches(subject) == bool(tree(filters.flow_of(subject))), subject


@pytest.mark.parametrize("expression", ["~b hello", "~m GET & ~marked", "!~e", "~meta runtime", "~src 127"])
def test_other_expressions_need_a_flow(expression: str) -> None:
    tree = flowfilter.parse(expression)
    asked = filters.parse(expression)
    assert asked.needs_flow
    flow = filters.flow_of(ANSWERED)
    flow.marked = ":red_circle:"
    flow.metadata["runtime"] = []
    assert flow.response
    flow.response.content = b"hello"
    assert asked.matches(ANSWERED._replace(flow=flow)) == bool(tree(flow))
    assert asked.matches(ANSWERED) == bool(tree(filters.flow_of(ANSWERED)))


def test_the_host_that_the_request_went_to_counts_as_well() -> None:
    assert filters.parse("~d backend").matches(ASKED._replace(target="backend.test"))


def test_a_finding_that_belongs_elsewhere_has_the_scheme_and_port_of_its_exchange() -> None:
    where = filters.subject_at(Endpoint("PUT", "api.example.test", "/items/{id}"), "http", 8080)
    assert where.url == "http://api.example.test:8080/items/{id}"
    assert filters.parse("~m PUT & ~d api").matches(where)
    assert not filters.parse("~s").matches(where)


def test_what_is_no_filter() -> None:
    with pytest.raises(ValueError, match="filter"):
        filters.parse("~nothing")


def test_urls_of_ipv6_hosts() -> None:
    assert ASKED._replace(host="::1").url == "https://[::1]/shop?q=1"
