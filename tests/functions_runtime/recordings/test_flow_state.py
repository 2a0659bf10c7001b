"""Flow files as mitmproxy writes them, and as they are when something went wrong."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_runtime.message import Request, Response
from functions_runtime.recordings import flow_state
from functions_runtime.recordings.recorded import CutOff, Recorded, Skipped, UnreadableError

VERSION = 21
NOW = 1_767_225_600.0


def dumped(value: Any) -> bytes:
    """A value as a tnetstring."""
    if value is None:
        data, kind = b"", b"~"
    elif isinstance(value, bool):
        data, kind = str(value).lower().encode(), b"!"
    elif isinstance(value, int):
        data, kind = str(value).encode(), b"#"
    elif isinstance(value, float):
        data, kind = repr(value).encode(), b"^"
    elif isinstance(value, bytes):
        data, kind = value, b","
    elif isinstance(value, str):
        data, kind = value.encode(), b";"
    elif isinstance(value, dict):
        data, kind = b"".join(dumped(each) for pair in value.items() for each in pair), b"}"
    else:
        data, kind = b"".join(map(dumped, value)), b"]"
    return b"%d:%s%s" % (len(data), data, kind)


def state(
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    client: dict[str, Any] | None = None,
    server: dict[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """The state of a flow."""
    asked = {
        "host": "app.example.test",
        "port": 443,
        "method": b"GET",
        "scheme": b"https",
        "authority": b"",
        "path": b"/a?q=1",
        "http_version": b"HTTP/1.1",
        "headers": ((b"Host", b"app.example.test"),),
        "content": b"",
        "trailers": None,
        "timestamp_start": NOW,
        "timestamp_end": NOW + 1,
    }
    answered = {
        "http_version": b"HTTP/1.1",
        "status_code": 200,
        "reason": b"OK",
        "headers": ((b"Content-Type", b"text/html"),),
        "content": b"hello",
        "trailers": None,
        "timestamp_start": NOW + 3,
        "timestamp_end": NOW + 4,
    }
    return {
        "version": VERSION,
        "type": "http",
        "id": "1",
        "error": None,
        "client_conn": {"proxy_mode": "regular", "sni": None, "tls": False, **(client or {})},
        "server_conn": {"address": ("app.example.test", 443), "tls": True, **(server or {})},
        "metadata": {},
        "request": {**asked, **(request or {})},
        "response": {**answered, **(response or {})},
        "websocket": None,
        **others,
    }


class File:
    """A source in memory."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.read = self._file.read
        self.skipped = 0

    def skip(self, size: int) -> None:
        self.skipped += size
        self._file.seek(size, io.SEEK_CUR)


def migrate(old: dict[Any, Any]) -> dict[Any, Any]:
    version = old.get(b"version", old.get("version"))
    if version != 1:
        raise ValueError(f"Mitmproxy 11 cannot read files with flow format version {version}.")
    new = state()
    new["request"]["content"] = old[b"content"]
    return new


def host_of(authority: str) -> str:
    return authority.partition(":")[0]


MITMPROXY = flow_state.Mitmproxy(VERSION, migrate, host_of)


def read(data: bytes, domain: str = "", *, with_state: bool = False) -> list[Recorded | Skipped | CutOff]:
    return list(flow_state.read(File(data), MITMPROXY, domain, with_state=with_state))


def one(plain: Any, domain: str = "", *, with_state: bool = False) -> Recorded:
    (recorded,) = read(dumped(plain), domain, with_state=with_state)
    assert isinstance(recorded, Recorded)
    return recorded


def skipped(plain: Any) -> str:
    found, after = read(dumped(plain) + dumped(state()))
    assert isinstance(found, Skipped)
    assert isinstance(after, Recorded)
    assert (found.position, after.position) == (1, 2)
    return found.reason


def test_a_flow() -> None:
    fields = ((b"Host", b"app.example.test"),)
    request = Request("GET", "app.example.test", "/a", fields, "app.example.test", NOW, b"q=1", "https")
    response = Response(200, ((b"Content-Type", b"text/html"),), NOW + 3, 2.0)
    expected = Recorded(1, request, response, 0, 5, NOW + 4, True, "https", 443, [{"rule": "x"}])
    assert one(state(metadata={"runtime": [{"rule": "x"}]})) == expected


def test_what_the_addon_noted_of_a_response_is_heeded() -> None:
    held, foreign = (one(state(metadata={name: True})) for name in ("runtime_held", "runtime_foreign"))
    assert held.response == Response(200, ((b"Content-Type", b"text/html"),), NOW + 3, None)
    assert (foreign.is_foreign, held.is_foreign) == (True, False)


def test_the_whole_state_comes_along_if_somebody_asks() -> None:
    recorded = one(state(comment="a"), with_state=True)
    assert recorded.state["comment"] == "a"
    assert recorded.state["response"]["content"] == b"hello"
    assert recorded.received == 5
    assert one(state()).state is None


@pytest.mark.parametrize("response", [None, {"status_code": 0}])
def test_no_response_came(response: Any) -> None:
    plain = state(response=response)
    if response is None:
        plain["response"] = None
    assert one(plain).response is None


@pytest.mark.parametrize(("address", "tls", "expected"), [(None, False, None), (("a", 1), False, False)])
def test_whether_the_server_was_reached_over_tls(address: Any, tls: bool, expected: bool | None) -> None:
    assert one(state(server={"address": address, "tls": tls})).over_tls is expected


@pytest.mark.parametrize(
    ("mode", "left"),
    [("regular", 0), ("regular@8080", 0), ("upstream:http://a.test", 0), ("reverse:http://a.test", 2), ("local", 2)],
)
def test_what_a_client_says_to_its_proxy_is_no_field(mode: str, left: int) -> None:
    fields = ((b"Proxy-Connection", b"keep-alive"), (b"proxy-authorization", b"x"))
    assert len(one(state({"headers": fields}, client={"proxy_mode": mode})).request.fields) == left


@pytest.mark.parametrize(
    ("request_", "client", "host", "domain"),
    [
        ({}, {}, "app.example.test", "app.example.test"),
        ({"headers": ((b"hOsT", b"Other.test:8080"),)}, {}, "other.test", "other.test"),
        ({"headers": ()}, {}, "app.example.test", "app.example.test"),
        ({"headers": ((b"host", b"a b"),)}, {}, "a b", None),
        ({"authority": b"b.test", "http_version": b"HTTP/2.0"}, {}, "b.test", "b.test"),
        ({"authority": b"b.test"}, {}, "app.example.test", "app.example.test"),
        ({}, {"proxy_mode": "reverse:https://app.example.test:8443@80"}, "app.example.test", None),
        ({}, {"proxy_mode": "reverse:https://app.example.test/@80"}, "app.example.test", None),
        ({}, {"proxy_mode": "reverse:https://app.example.test", "sni": "Sni.test"}, "sni.test", "sni.test"),
        ({}, {"proxy_mode": "reverse:https://backend.test"}, "app.example.test", "app.example.test"),
    ],
)
def test_the_host_that_the_client_addressed(request_: Any, client: Any, host: str, domain: str | None) -> None:
    request = one(state(request_, client=client)).request
    assert (request.host, request.domain) == (host, domain)


def test_the_domain_that_the_user_names() -> None:
    assert one(state(client={"proxy_mode": "reverse:https://app.example.test"}), "fn.test").request.domain == "fn.test"


def test_split_cookies_are_joined_and_the_authority_is_host() -> None:
    fields = ((b"cookie", b"a=1"), (b"cookie", b"b=2"))
    asked = {"headers": fields, "http_version": b"HTTP/2.0", "authority": b"app.example.test"}
    assert one(state(asked)).request.fields == ((b"Host", b"app.example.test"), (b"cookie", b"a=1; b=2"))


@pytest.mark.parametrize(
    ("sent", "arrived", "waited"), [(None, NOW + 3, None), (NOW + 3, NOW + 2, None), (NOW, NOW, 0.0), (NOW, None, 0.0)]
)
def test_the_time_to_the_first_byte(sent: float | None, arrived: float | None, waited: float | None) -> None:
    response = one(state({"timestamp_end": sent}, {"timestamp_start": arrived})).response
    assert response
    assert response.waited == waited


def test_the_end_may_be_unknown() -> None:
    assert one(state(response={"timestamp_end": None})).ended is None


def test_what_is_no_exchange_with_the_site() -> None:
    assert skipped(state(type="tcp")) == "not HTTP: tcp"
    assert skipped(state({"method": b"CONNECT"})) == "CONNECT opens a tunnel"


@pytest.mark.parametrize(
    "plain",
    [
        {"version": VERSION},
        state({"headers": ((b"a", "b"),)}),
        state({"headers": (("a", b"b"),)}),
        state({"headers": 5}),
        state({"timestamp_start": float("nan")}),
        state({"timestamp_start": None}),
        state({"method": None}),
        state(response={"status_code": "200"}),
        state(metadata=[]),
        state(client_conn=None),
        {**state(), "request": None},
    ],
)
def test_a_state_that_is_not_as_mitmproxy_writes_it(plain: Any) -> None:
    assert skipped(plain) == "the flow is not as mitmproxy writes it"


def test_a_field_that_reaches_beyond_its_section() -> None:
    flow = dumped(state())
    field = dumped((b"Host", b"app.example.test"))
    assert field in flow
    assert read(flow.replace(field, field.replace(b"27:", b"28:"))) == [Skipped(1, flow_state.NOT_A_FLOW)]


def test_older_versions_are_migrated() -> None:
    assert one({b"version": 1, b"content": b"abc", 5: None}).sent == 3
    unknown = dumped({b"version": 0})
    reason = "mitmproxy 11 cannot read files with flow format version 0"
    assert read(dumped(state()) + unknown)[1:] == [Skipped(2, reason)]
    with pytest.raises(UnreadableError, match=f"^{reason}$"):
        read(unknown)


def test_flows_that_came_from_a_har_file() -> None:
    """mitmproxy's reader of HAR joins fields, invents Content-Length: 0, and does not know when a response began."""
    joined = {"headers": ((b"Set-Cookie", b"a=1\nb=2"),), "timestamp_start": NOW, "timestamp_end": NOW + 18}
    asked = {"headers": ((b"content-length", b"0"), (b"Host", b"app.example.test")), "timestamp_end": NOW + 18}
    peer = {"peername": ("127.0.0.1", 0)}
    recorded = one(state(asked, joined, peer))
    assert recorded.request.fields == ((b"Host", b"app.example.test"),)
    assert recorded.response == Response(200, ((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")), NOW + 18, None)
    posted = one(state({**asked, "method": b"POST"}, joined, peer))
    assert (b"content-length", b"0") in posted.request.fields
    live = one(state(asked, joined, {"peername": ("127.0.0.1", 5)}))
    assert (b"content-length", b"0") in live.request.fields
    multiplexed = {"headers": (), "http_version": b"HTTP/2", "port": 8443}
    assert one(state(multiplexed, joined, peer)).request.fields == ((b"Host", b"app.example.test:8443"),)
    assert one(state(multiplexed, joined)).request.fields == ()


@pytest.mark.parametrize(
    ("scheme", "port", "host", "over_tls"),
    [
        (b"https", 443, b"app.example.test", True),
        (b"http", 80, b"app.example.test", False),
        (b"wss", 80, b"app.example.test", True),
        (b"wss", 8443, b"app.example.test:8443", True),
        (b"ws", 80, b"app.example.test", False),
    ],
)
@pytest.mark.parametrize("address", [None, ("192.0.2.1", 443)])
def test_the_url_of_a_har_file_says_how_the_request_was_sent(
    scheme: bytes, port: int, host: bytes, over_tls: bool, address: tuple[str, int] | None
) -> None:
    """mitmproxy keeps the scheme of a WebSocket, for which its port is 80, and never says that a server had TLS."""
    asked = {"scheme": scheme, "port": port, "headers": (), "http_version": b"HTTP/2"}
    recorded = one(state(asked, None, {"peername": ("127.0.0.1", 0)}, {"address": address, "tls": False}))
    upgrade = ((b"Upgrade", b"websocket"),) if scheme.startswith(b"ws") else ()
    assert recorded.request.fields == ((b"Host", host), *upgrade)
    assert recorded.request.scheme == ("https" if over_tls else "http")
    assert recorded.over_tls is over_tls


BROKEN = [b"-1:a,", b"1_0:", b"+1:a,", b" 1:a,", b"1:a?", b"1:", b"9:a,", b":", b"1234567890123:", b"x", b"1:a,1:"]


@pytest.mark.parametrize(
    "inside",
    [
        *BROKEN,
        b"7:version;9:1,",
        b"7:version;2:ab#",
        b"7:version;2:1:]",
        b"1:a;",
        b"8:metadata;4:1:a,}",
        b"7:request;18:7:headers;5:9:1:a]}",
    ],
)
def test_a_broken_inside_costs_no_other_flow(inside: bytes) -> None:
    broken = b"%d:%s}" % (len(inside), inside)
    found = read(broken + dumped(state()))
    assert [type(each) for each in found] == [Skipped, Recorded]


@pytest.mark.parametrize("inside", BROKEN)
def test_a_broken_list_costs_no_other_flow(inside: bytes) -> None:
    broken = dumped(state(metadata={"runtime": [b"PLACEPLACE"]})).replace(dumped(b"PLACEPLACE"), inside.ljust(14, b"?"))
    found = read(broken + dumped(state()))
    assert [type(each) for each in found] == [Skipped, Recorded]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"12", "it ends before the first flow does"),
        (b"12:abc", "it ends before the first flow does"),
        (b"hello", "it is neither a HAR file nor a mitmproxy flow file"),
        (b":", "it is neither a HAR file nor a mitmproxy flow file"),
        (b"3;abc", "it is neither a HAR file nor a mitmproxy flow file"),
        (b"1234567890123:", "it is neither a HAR file nor a mitmproxy flow file"),
        (b"3:abc,", "it is neither a HAR file nor a mitmproxy flow file"),
    ],
)
def test_what_is_no_flow_file(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=f"^{reason}$"):
        read(data)


def test_a_file_that_ends_early_is_read_as_far_as_it_goes() -> None:
    flow = dumped(state())
    assert read(flow + flow[:-5])[1:] == [CutOff(2, "it ends within a flow")]
    assert read(flow + flow[:2])[1:] == [CutOff(2, "it ends within a flow")]
    assert read(flow + b"\0\0")[1:] == [CutOff(2, "it is damaged")]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_state, "LARGE", 200)


@pytest.mark.usefixtures("small")
def test_content_of_a_large_flow_is_skipped() -> None:
    plain = state({"content": b"q" * 300}, {"content": b"x" * 5000}, comment="c" * 1000)
    file = File(dumped(plain) + dumped(state()))
    first, second = flow_state.read(file, MITMPROXY)
    assert isinstance(first, Recorded)
    assert isinstance(second, Recorded)
    assert (first.sent, first.received, second.received) == (300, 5000, 5)
    assert first._replace(sent=0, received=5) == second._replace(position=1)
    assert file.skipped == 300 + 5000 + 1000 + 5


@pytest.mark.usefixtures("small")
def test_a_large_flow_of_an_older_version() -> None:
    assert one({b"version": 1, b"content": b"a" * 300}).sent == 300


@pytest.mark.usefixtures("small")
def test_a_large_flow_that_ends_early() -> None:
    flow = dumped(state(response={"content": b"x" * 5000}))
    for left in range(4, len(flow), 97):
        with pytest.raises(UnreadableError, match="it ends before the first flow does"):
            read(flow[:left])
    assert read(flow + flow[:-1])[1:] == [CutOff(2, "it ends within a flow")]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "inside", [b"900:" + b"k" * 900 + b";1:a,", b"1:a;9000:", b"1:a;x", b"1:a;" + dumped(b"b" * 300) + b"?"]
)
def test_a_large_flow_that_is_broken(inside: bytes) -> None:
    inside = inside if len(inside) > 200 else inside.ljust(300, b"?")
    flow = dumped(state())
    assert read(flow + b"%d:%s}" % (len(inside), inside) + flow)[1:] == [CutOff(2, "it is damaged")]
    ended_wrong = flow + dumped(state(comment="c" * 300))[:-1] + b"]" + flow
    assert read(ended_wrong)[1:] == [CutOff(2, "it is damaged")]


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.lists(st.integers(), max_size=5)
    | st.dictionaries(st.sampled_from(["host", "tls", "4"]), st.integers(), max_size=2)
)


@given(st.dictionaries(st.text("az_", min_size=1, max_size=9), VALUES, max_size=6), st.booleans())
def test_what_nobody_looks_at_changes_nothing(extra: dict[str, Any], first: bool) -> None:
    plain = state()
    for name in ("request", "response", "client_conn", "server_conn"):
        plain[name] = {**extra, **plain[name]} if first else {**plain[name], **extra}
    data = dumped({**extra, **plain} if first else {**plain, **extra})
    [fast], [slow] = read(data), read(data, with_state=True)
    assert isinstance(slow, Recorded)
    assert fast == slow._replace(state=None) == read(dumped(state()))[0]


FLOWS = dumped(state()) + dumped(state(response={"content": b"x" * 300}))


@given(st.integers(0, len(FLOWS) - 1), st.binary(min_size=1, max_size=3), st.sampled_from([100, 1 << 20]))
def test_no_bytes_break_it(at: int, instead: bytes, large: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_state, "LARGE", large)
        with contextlib.suppress(UnreadableError):
            read(FLOWS[:at] + instead + FLOWS[at + len(instead) :])
