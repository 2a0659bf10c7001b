"""`runtime.probe`: experiments with a real server behind a real mitmdump."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.live import wire
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Answer, Origin
from tests.live.wire import Connection, Message

ASKING_ADDON = Path(__file__).with_name("asking_addon.py")


def by_referer(connection: Connection, request: Message) -> None:
    """A server that lets nobody in who comes from nowhere."""
    if request.values(b"Referer"):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin")
    else:
        connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nout")


def always_new(connection: Connection, request: Message, counter: list[int] = [0]) -> None:  # noqa: B006
    """A server that never says the same twice."""
    counter[0] += 1
    connection.send(b"HTTP/1.1 200 OK\r\nX-Number: %d\r\nContent-Length: 4\r\n\r\n%04d" % (counter[0], counter[0]))


@pytest.fixture(params=["enforce", "audit"])
def proxy(request: pytest.FixtureRequest, start: Start, origin: Origin) -> Mitmdump:
    options = [f"runtime_mode={request.param}", "keep_host_header=true", "connection_strategy=lazy"]
    return start(f"reverse:{origin.url}", "-s", str(ASKING_ADDON), options=options)


def test_a_dependence_that_leaves_no_trace_is_found_by_experiment(proxy: Mitmdump, origin: Origin) -> None:
    restless, posted = origin.serve(always_new), origin.serve(b"HTTP/1.1 204 No Content\r\n\r\n")
    door = origin.serve(by_referer)
    headers = b"Host: app.example.test\r\nReferer: https://app.example.test/\r\nX-Real-IP: 192.0.2.1\r\n\r\n"
    for method, path in ((b"GET", restless), (b"POST", posted), (b"GET", door)):
        proxy.fetch(method + b" " + path + b" HTTP/1.1\r\n" + headers)
    proxy.fetch(b"GET /go HTTP/1.1\r\nHost: app.example.test\r\n\r\n")
    proxy.wait_for_log("experimenting with 2 of 3 flows")
    proxy.wait_for_log("left out 4 headers, and the response differed 1 time.")
    proxy.wait_for_log(r"It tried referer \(2 requests\), x-real-ip \(2 requests\)\.")
    proxy.stop()

    def used(path: bytes) -> list[tuple[str, str, str]]:
        found = [finding for finding in proxy.findings(path) if finding["rule"] == "restricted-header-used"]
        return [(finding["subject"], finding["severity"], finding["message"]) for finding in found]

    [(subject, severity, message)] = used(door)
    assert (subject, severity) == ("referer", "error")
    assert "status (200 becomes 403)" in message
    assert used(restless) == []
    assert "restricted-untested" not in [notice["id"] for notice in proxy.report()["notices"]]
    assert len(origin.seen(posted)) == 1
    # Twice the same again, then without each of the two headers, of which one was missed: there in turns.
    replays = origin.seen(door)[1:]
    assert [len(replay.values(b"Referer")) for replay in replays] == [1, *[1, 0] * 4, 1]
    assert [len(replay.values(b"X-Real-IP")) for replay in replays] == [*[1] * 9, 0]


@pytest.mark.parametrize(("rules", "subjects"), [([], ["referer"]), (["/restricted-header-used:referer/off"], [])])
def test_an_experiment_in_regular_mode(rules: list[str], subjects: list[str], start: Start, origin: Origin) -> None:
    options = ["runtime_mode=audit", "runtime_scope=~hq https://a", *(f"runtime_rules={rule}" for rule in rules)]
    proxy = start("regular", "-s", str(ASKING_ADDON), options=options)
    door, outside = origin.serve(by_referer), origin.serve(by_referer)
    for path, referer in ((door, b"https://a.test"), (outside, b"https://b.test")):
        to_proxy = (b"Proxy-Connection: keep-alive", b"Proxy-Authorization: Basic c2VjcmV0")
        proxy.fetch(wire.request(*to_proxy, b"Referer: " + referer, target=origin.url.encode() + path))
    proxy.fetch(wire.request(target=origin.url.encode() + b"/go"))
    proxy.wait_for_log("experimenting with 1 of 2 flows")
    proxy.wait_for_log("left out 1 header, and the response differed 1 time.")
    proxy.stop()
    assert [finding["subject"] for finding in proxy.findings(door) if finding["severity"] == "error"] == subjects
    assert len(origin.seen(outside)) == 1
    replays = origin.seen(door)[1:]
    assert [len(replay.values(b"Referer")) for replay in replays] == [1, *[1, 0] * 4]
    assert not [field for replay in replays for field in replay.fields if field[0].lower().startswith(b"proxy-")]


def by_the_clock() -> Answer:
    """A server that says the same to the first three requests, then something else to two at a time."""
    ticks = itertools.count(-1)

    def serve(connection: Connection, request: Message) -> None:
        number = max(0, next(ticks)) // 2
        connection.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=%d\r\nContent-Length: 0\r\n\r\n" % number)

    return serve


def ending_once() -> Answer:
    """A server whose first answer has an end."""
    answers = itertools.chain([b"Content-Length: 0\r\n\r\n"], itertools.repeat(b"\r\nfor ever"))

    def serve(connection: Connection, request: Message) -> None:
        answer = next(answers)
        connection.send(b"HTTP/1.1 200 OK\r\n" + answer)
        if answer.endswith(b"ever"):
            connection.read_rest()

    return serve


def test_what_only_follows_the_clock_is_not_found(proxy: Mitmdump, origin: Origin) -> None:
    clock = origin.serve(by_the_clock())
    proxy.fetch(wire.request(b"Referer: https://a.test", b"Via: 1.1 a", b"X-Real-IP: 192.0.2.1", target=clock))
    proxy.fetch(wire.request(target=b"/go"))
    proxy.wait_for_log("left out 3 headers, and the response differed 0 times.")


def test_what_would_have_no_end_is_not_asked_and_what_has_none_ends_the_experiment(
    proxy: Mitmdump, origin: Origin
) -> None:
    events = origin.serve(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n")
    socket = origin.serve(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    endless, door = origin.serve(ending_once()), origin.serve(by_referer)
    for path, *lines in ((events,), (socket, b"Upgrade: websocket", b"Sec-WebSocket-Key: a"), (endless,), (door,)):
        proxy.fetch(wire.request(b"Referer: https://a.test", *lines, target=path))
    proxy.fetch(wire.request(target=b"/go"))
    proxy.wait_for_log("experimenting with 2 of 4 flows")
    proxy.wait_for_log(f"stopped early: a replay of GET \\S+{endless.decode()} had no end within 3 seconds")
    assert [len(origin.seen(path)) for path in (events, socket, endless, door)] == [1, 1, 2, 1]


def test_a_replay_is_neither_judged_nor_replayed(proxy: Mitmdump, origin: Origin) -> None:
    door = origin.serve(by_referer)
    proxy.fetch(wire.request(b"Referer: https://a.test", target=door))
    for number in (1, 10):
        proxy.fetch(wire.request(target=b"/go"))
        proxy.wait_for_log(f"experimenting with 1 of {number} flows")
        proxy.wait_for_log("(?s)" + number // 10 * "differed 1 time.*" + "differed 1 time")
    proxy.fetch(wire.request(target=b"/judge"))
    proxy.wait_for_log("judged 1 of 19 flows")
    proxy.stop()
    assert [finding["count"] for finding in proxy.findings(door) if finding["rule"] == "restricted-header-used"] == [1]
    assert proxy.report()["exchanges"]["judged"] == 1 + 3  # with the three that ask for something
