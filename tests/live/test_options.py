"""The options of a live mitmdump: what they do, what they refuse, and that they can be changed while it runs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Start
from tests.fields import lasting
from tests.live.mitmdump import Mitmdump, run
from tests.live.origin import Origin
from tests.live.wire import BAD_COOKIE_LINE, Message, request, response

TOO_MANY = tuple(b"X-%d: 1" % number for number in range(80))

REMOTE_CONTROL = """
from urllib.parse import unquote
from mitmproxy import ctx, exceptions, http

def requestheaders(flow):
    if flow.request.path.startswith("/set/"):
        try:
            ctx.options.set(unquote(flow.request.path[5:]))
            flow.response = http.Response.make(200)
        except exceptions.OptionsError as error:
            flow.response = http.Response.make(400, str(error))
"""

WRONG = [
    "runtime_mode=loud",
    "runtime_scope=~d (",
    "runtime_limits=4kb",
    "runtime_domain=https://a.example/",
    "runtime_show=everything",
    "runtime_rules=/no-such-rule/off",
    "runtime_report=report.txt",
    "runtime_baseline=missing.json",
    "runtime_fail_on=always",
    "runtime_dashboard=8082",
]

DEFAULTS = {
    "runtime_mode": "runtime_mode=enforce",
    "runtime_scope": "runtime_scope=",
    "runtime_limits": "runtime_limits=4kb/75",
    "runtime_domain": "runtime_domain=",
    "runtime_show": "runtime_show=warning",
    "runtime_rules": "runtime_rules",
}
"""What sets each option back."""


@pytest.fixture(scope="module")
def proxy(start: Start, origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Mitmdump:
    """A mitmdump whose options can be set by a request."""
    script = tmp_path_factory.mktemp("script") / "remote_control.py"
    script.write_text(REMOTE_CONTROL, encoding="utf-8")
    return start(f"reverse:{origin.url}", "-s", str(script), options=["keep_host_header=true"])


def _set(proxy: Mitmdump, setting: str) -> Message:
    return proxy.fetch(request(target=b"/set/" + quote(setting, safe="").encode()))


def _fetched_with(proxy: Mitmdump, setting: str, data: bytes) -> Message:
    """The response while an option has this value. Afterwards it has its default again."""
    changed = _set(proxy, setting)
    assert changed.status == 200, changed.content
    try:
        return proxy.fetch(data)
    finally:
        assert _set(proxy, DEFAULTS[setting.partition("=")[0]]).status == 200


@pytest.mark.parametrize("setting", WRONG[::3])
def test_wrong_value_is_refused_at_the_start(setting: str, tmp_path: Path) -> None:
    done = run(tmp_path, options=[setting])
    assert done.returncode != 0
    name, _, value = setting.partition("=")
    assert f"{name}: " in done.stdout
    assert value in done.stdout


def test_refusal_at_the_start_is_a_sentence_without_a_traceback(tmp_path: Path) -> None:
    output = run(tmp_path, options=["runtime_limits=4kb"]).stdout
    assert "runtime_limits: '4kb' is not a pair of limits." in output
    assert "Traceback" not in output


@pytest.mark.parametrize("setting", WRONG)
def test_wrong_value_is_refused_while_running(setting: str, proxy: Mitmdump, origin: Origin) -> None:
    refused = _set(proxy, setting)
    assert refused.status == 400
    assert setting.partition("=")[0].encode() in refused.content
    assert proxy.fetch(request(target=origin.serve(response(BAD_COOKIE_LINE)))).status == 400


def test_refused_value_leaves_the_one_before_in_force(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(b"Set-Cookie: sid=a; Max-Age=1; Domain=b.test"))
    assert _set(proxy, "runtime_domain=production.example.test").status == 200
    assert _set(proxy, "runtime_domain=no host").status == 400
    received = proxy.fetch(request(target=path))
    assert _set(proxy, "runtime_domain=").status == 200
    assert b"Domain=production.example.test" in received.values(b"Set-Cookie")[0]


def test_mode_can_be_changed(proxy: Mitmdump, origin: Origin) -> None:
    data = request(target=origin.serve(response(BAD_COOKIE_LINE)))
    assert _fetched_with(proxy, "runtime_mode=audit", data).raw == response(BAD_COOKIE_LINE)
    assert proxy.fetch(data).status == 400


def test_limits_can_be_changed(proxy: Mitmdump, origin: Origin) -> None:
    data = request(*TOO_MANY, target=origin.serve(response()))
    assert _fetched_with(proxy, "runtime_limits=15kb/90", data).status == 200
    assert _fetched_with(proxy, "runtime_limits=100/90", data).status == 431
    assert proxy.fetch(data).status == 431


def test_domain_can_be_changed(proxy: Mitmdump, origin: Origin) -> None:
    data = request(target=origin.serve(response(b"Set-Cookie: sid=a; Max-Age=1; Domain=b.test")))
    changed = _fetched_with(proxy, "runtime_domain=my-service.example.test", data)
    assert changed.values(b"Set-Cookie") == [b"sid=a; Max-Age=1; Domain=my-service.example.test; HttpOnly; Secure"]
    assert b"Domain=app.example.test" in proxy.fetch(data).values(b"Set-Cookie")[0]


def test_show_can_be_changed(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(b"Set-Cookie: sid=a"))
    _fetched_with(proxy, "runtime_show=info", request(target=path))
    assert f"Runtime info in GET app.example.test{path.decode()}" in proxy.output


def test_scope_leaves_the_rest_alone(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(BAD_COOKIE_LINE))
    inside, outside = request(target=path + b"?inside"), request(b"Referer: /a", target=path + b"?outside")
    assert _fetched_with(proxy, "runtime_scope=~u inside", inside).status == 400
    assert _fetched_with(proxy, "runtime_scope=~u inside", outside).raw == response(BAD_COOKIE_LINE)
    assert origin.seen(path)[-1].values(b"Referer") == [b"/a"]
    preflight = request(method=b"OPTIONS", target=path + b"?outside")
    assert _fetched_with(proxy, "runtime_scope=~u inside", preflight).raw == response(BAD_COOKIE_LINE)


def test_scope_that_speaks_of_the_response_is_heeded_for_the_response(proxy: Mitmdump, origin: Origin) -> None:
    """Whether the request is in scope is not known in time, so nothing is done to it."""
    path = origin.serve(response(b"Content-Type: text/html", b"Set-Cookie: a=1; Max-Age=1"))
    data = request(b"Referer: /a", target=path)
    received = _fetched_with(proxy, "runtime_scope=~ts text/html", data)
    assert received.values(b"Set-Cookie") == [b"a=1; Max-Age=1; HttpOnly; Secure"]
    assert origin.seen(path)[-1].values(b"Referer") == [b"/a"]
    other = origin.serve(response(b"Content-Type: text/plain", BAD_COOKIE_LINE))
    assert _fetched_with(proxy, "runtime_scope=~ts text/html", request(target=other)).status == 200


# Each rule can be turned off, for everything, for a subject or for some flows


def test_rule_that_is_off_is_not_enforced(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(BAD_COOKIE_LINE))
    setting = "runtime_rules=/cookie-lifetime-too-long/off"
    received = _fetched_with(proxy, setting, request(target=path))
    assert received.values(b"Set-Cookie") == [lasting(b"sid=a") + b"; HttpOnly; Secure"]
    assert (
        _fetched_with(proxy, "runtime_rules=/preflight-answered/off", request(method=b"OPTIONS", target=path)).status
        == 400
    )
    assert origin.seen(path)[-1].start.startswith(b"OPTIONS ")


def test_rule_can_be_off_for_one_subject(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(b"Set-Cookie: " + lasting(b"a=1"), b"Set-Cookie: b=1; Max-Age=1"))
    setting = "runtime_rules=/cookie-lifetime-too-long:a/off"
    assert _fetched_with(proxy, setting, request(target=path)).status == 200
    assert _fetched_with(proxy, setting.replace(":a", ":b"), request(target=path)).status == 400
    data = request(b"Referer: /a", b"Via: 1.1 a", target=path)
    _fetched_with(proxy, "runtime_rules=/restricted-request-header:Referer/off", data)
    assert origin.seen(path)[-1].values(b"Referer") == [b"/a"]
    assert origin.seen(path)[-1].values(b"Via") == []


def test_rule_can_be_off_for_some_flows(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(BAD_COOKIE_LINE))
    setting = "runtime_rules=/~u legacy/cookie-lifetime-too-long/off"
    assert _fetched_with(proxy, setting, request(target=path + b"?legacy")).status == 200
    assert _fetched_with(proxy, setting, request(target=path + b"?new")).status == 400


def test_level_changes_what_is_shown_and_not_what_is_done(proxy: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response(BAD_COOKIE_LINE))
    assert _fetched_with(proxy, "runtime_rules=/cookie-lifetime-too-long/info", request(target=path)).status == 400
    path = origin.serve(response(b"Set-Cookie: sid=a; Max-Age=1"))
    received = _fetched_with(proxy, "runtime_rules=/cookie-attributes-added/error", request(target=path))
    assert received.values(b"Set-Cookie") == [b"sid=a; Max-Age=1; HttpOnly; Secure"]
    assert f"Runtime error in GET app.example.test{path.decode()}" in proxy.output


def test_last_word_on_a_rule_counts(start: Start, origin: Origin) -> None:
    options = [
        "keep_host_header=true",
        "runtime_rules=/cookie-lifetime-too-long/off",
        "runtime_rules=/cookie-lifetime-too-long:sid/error",
        "runtime_rules=/cookie-attributes-added:kept/off",
    ]
    proxy = start(f"reverse:{origin.url}", options=options)
    assert proxy.fetch(request(target=origin.serve(response(BAD_COOKIE_LINE)))).status == 400
    path = origin.serve(response(b"Set-Cookie: " + lasting(b"other=a"), b"Set-Cookie: kept=a; Max-Age=1"))
    assert proxy.fetch(request(target=path)).values(b"Set-Cookie") == [
        lasting(b"other=a") + b"; HttpOnly; Secure",
        b"kept=a; Max-Age=1",
    ]
