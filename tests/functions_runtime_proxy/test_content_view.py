"""The content view, on whichever of mitmproxy's two ways of content views is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy import contentviews, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons, tflow, tutils

from functions_runtime.catalogue import BY_ID
from functions_runtime.rule import Rule
from functions_runtime_proxy import content_view as runtime_view
from functions_runtime_proxy.addon import FunctionsRuntime


def shown(message: http.Message, flow: http.HTTPFlow, view: str = "runtime") -> tuple[str, str]:
    """The name of the view that mitmproxy takes, and what it shows."""
    api: Any = contentviews
    if hasattr(api, "prettify_message"):
        result = api.prettify_message(message, flow, view)
        return result.view_name, result.text
    description, lines, error = api.get_message_content_view(view, message, flow)
    assert error is None
    return description, "\n".join("".join(text for _, text in line) for line in lines)


@pytest.fixture
def judged() -> Iterator[http.HTTPFlow]:
    """A live flow in enforce mode, with a header that goes and a cookie that is rewritten."""
    addon = FunctionsRuntime()
    with taddons.context(Proxyserver(), addon):
        flow = tflow.tflow(
            req=tutils.treq(content=b"", headers=http.Headers(((b"Host", b"a.example"), (b"Referer", b"b"))))
        )
        flow.live = True
        addon.requestheaders(flow)
        cookie = (b"Set-Cookie", b"sid=1; Domain=example")
        flow.response = http.Response(b"HTTP/1.1", 200, b"OK", http.Headers((cookie,)), None, None, 1.0, None)
        addon.responseheaders(flow)
        flow.response.raw_content = b'{"a": 1}'
        yield flow


def test_it_shows_what_was_changed_before_and_after(judged: http.HTTPFlow) -> None:
    assert judged.response
    name, text = shown(judged.request, judged)
    assert "Runtime" in name
    assert " - Referer: b" in text
    assert "Set-Cookie: sid" not in text
    _, text = shown(judged.response, judged)
    assert " - Set-Cookie: sid=1; Domain=example" in text
    assert " + Set-Cookie: sid=1; Domain=a.example; HttpOnly; Secure" in text


def test_what_others_changed_is_not_said_to_be_the_runtimes_doing() -> None:
    addon = FunctionsRuntime()
    with taddons.context(Proxyserver(), addon) as context:
        context.configure(addon, runtime_mode="audit")
        flow = tflow.tflow(resp=True)
        addon.requestheaders(flow)
        addon.responseheaders(flow)
        assert flow.response
        flow.response.headers["X-Mine"] = "edited"
        _, text = shown(flow.response, flow)
    assert "CHANGED" not in text


def test_what_others_changed_beside_the_runtime_is_not_said_to_be_its_doing(judged: http.HTTPFlow) -> None:
    assert judged.response
    for message in (judged.request, judged.response):
        message.headers["X-Mine"] = "edited"
        _, text = shown(message, judged)
        assert "CHANGED" in text
        assert "X-Mine" not in text


def test_a_message_that_the_runtime_left_alone_is_not_said_to_be_changed() -> None:
    addon = FunctionsRuntime()
    with taddons.context(Proxyserver(), addon):
        flow = tflow.tflow(req=tutils.treq(content=b"", headers=http.Headers(((b"Host", b"a.example"),))))
        flow.live = True
        addon.requestheaders(flow)
        flow.response = http.Response(b"HTTP/1.1", 200, b"OK", http.Headers(), None, None, 1.0, None)
        addon.responseheaders(flow)
        for message in (flow.request, flow.response):
            message.headers["X-Mine"] = "edited"
            assert "CHANGED" not in shown(message, flow)[1]


def test_what_a_client_says_to_its_proxy_is_nothing_that_the_runtime_changed() -> None:
    addon = FunctionsRuntime()
    with taddons.context(Proxyserver(), addon):
        fields = ((b"Host", b"a.example"), (b"Proxy-Authorization", b"Basic c2VjcmV0"), (b"Proxy-Connection", b"close"))
        for fields_more, changed in (((), False), (((b"Referer", b"b"),), True)):
            flow = tflow.tflow(req=tutils.treq(content=b"", headers=http.Headers((*fields, *fields_more))))
            flow.live = True
            addon.requestheaders(flow)
            _, text = shown(flow.request, flow)
            assert ("CHANGED" in text) is changed
            assert "- Proxy-" not in text


def test_it_has_every_finding_in_full_with_the_gravest_first(judged: http.HTTPFlow) -> None:
    assert judged.response
    _, text = shown(judged.response, judged)
    joined = " ".join(text.split())
    rule = BY_ID["cookie-domain-replaced"]
    for part in (f"WARNING {rule.title} [sid]", "documented by the vendor", rule.fix, rule.references[0]):
        assert part in joined
    assert " ".join(rule.explanation.split()) in joined
    assert joined.index("WARNING") < joined.index("INFO")


def test_it_never_displaces_the_normal_view(judged: http.HTTPFlow) -> None:
    assert judged.response
    name, text = shown(judged.response, judged, "auto")
    assert name != "Runtime"
    assert "CHANGED" not in text


def test_a_flow_that_nobody_judged_says_so() -> None:
    assert "has not judged this flow" in runtime_view.describe(tflow.tflow(), None, None)


def test_what_a_flow_file_holds_is_made_printable() -> None:
    flow = tflow.tflow()
    flow.metadata["runtime"] = [{"rule": "\x1b[31m", "severity": "\x07", "message": "\x00", "basis": 3}, "junk"]
    text = runtime_view.describe(flow, None, None)
    assert all(character.isprintable() or character == "\n" for character in text)


def test_an_exchange_without_findings_says_so() -> None:
    flow = tflow.tflow()
    flow.metadata["runtime"] = []
    assert "pass as they are" in runtime_view.describe(flow, None, None)


def test_explain_says_how_sure_a_rule_is_and_what_to_do() -> None:
    rule = BY_ID["cors-method-blocked"]
    lines = runtime_view.explain(rule)
    assert lines[0] == f"{rule.title}: error, documented by the vendor."
    text = "\n".join(lines)
    assert rule.fix in text
    assert "exports.handler" in text
    assert lines[-1].startswith("Rule cors-method-blocked. See ")


def test_explain_says_what_enforce_mode_does() -> None:
    rule = BY_ID["cookie-domain-replaced"]
    assert f"In enforce mode, the addon {rule.enforcement}." in runtime_view.explain(rule)


@pytest.mark.parametrize("rule", [rule for rule in BY_ID.values() if rule.code], ids=lambda rule: rule.id)
def test_the_code_of_a_rule_fits_and_means_the_same(rule: Rule) -> None:
    lines = [line for code in rule.code.splitlines() for line in runtime_view._wrap(f"    {code}").splitlines()]
    assert max(map(len, lines)) <= runtime_view.WIDTH
    assert not [line for line in lines if line.endswith(("return", "throw"))]  # JavaScript would end the statement
    assert not [line for line in lines if line.count('"') % 2]
    assert sorted(" ".join(lines).replace("//", "").split()) == sorted(rule.code.replace("//", "").split())


def test_a_remark_goes_before_code_that_is_too_long() -> None:
    code = f'  call("{"a b" * 3}", {"x" * 40}); // a remark'
    assert runtime_view._wrap(f"    {code}").splitlines() == [
        "    // a remark",
        '      call("a ba ba b",',
        f"          {'x' * 40});",
    ]
