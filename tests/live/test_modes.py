"""The rules hold in every proxy mode, over TLS and over HTTP/2, and the Function's domain is the right one in each."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy.certs import CertStore

from tests.conftest import Start
from tests.fields import TOO_LONG, Field
from tests.live.http2 import Http2, Http2Origin, Stream
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin
from tests.live.wire import BAD_COOKIE_LINE, TIMEOUT, Connection, client_tls, request, response
from tests.requirements import require

COOKIE = b"Set-Cookie: sid=a; Max-Age=60; Domain=b.test"
TOO_MANY = tuple(b"X-%d: 1" % number for number in range(80))
TOO_MANY_IN_HTTP2: list[Field] = [(b"x-%d" % number, b"1") for number in range(80)]
LARGE = b"u" * 300_000
REQUEST_TOO_LONG = b"Request headers or cookies too long"
COOKIE_TOO_LONG = b"Cookies max-age cannot be greater than a day"


def _server_tls(folder: Path) -> ssl.SSLContext:
    """TLS for a server whose certificate nobody knows."""
    CertStore.create_store(folder, "origin", 2048)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "origin-ca.pem")
    return context


@pytest.fixture(scope="module")
def tls_origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    server = Origin(_server_tls(tmp_path_factory.mktemp("tls")))
    yield server
    server.close()


@pytest.fixture(scope="module")
def reverse(start: Start, origin: Origin) -> Mitmdump:
    return start(f"reverse:{origin.url}", options=["keep_host_header=true", "stream_large_bodies=1k"])


@pytest.fixture(scope="module")
def regular(start: Start) -> Mitmdump:
    return start("regular", options=["ssl_insecure=true", "stream_large_bodies=1k"])


@pytest.fixture(scope="module")
def lazy(start: Start) -> Mitmdump:
    """Speaks HTTP/2 with the client of a tunnel whatever the server speaks, because it asks the server later."""
    options = ["ssl_insecure=true", "stream_large_bodies=1k", "connection_strategy=lazy"]
    return start("regular", options=options)


@pytest.fixture(scope="module")
def upstream(start: Start) -> Mitmdump:
    """A proxy with the addon whose upstream is a proxy without it."""
    last = start("regular", options=["ssl_insecure=true"], addon=False)
    return start(
        f"upstream:http://127.0.0.1:{last.port}",
        options=["ssl_insecure=true", "stream_large_bodies=1k", "connection_strategy=lazy"],
    )


def _tunnel(proxy: Mitmdump, origin: Origin) -> Connection:
    """A connection on which the proxy has agreed to CONNECT."""
    client = proxy.connect()
    client.send(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (origin.port, origin.port))
    assert client.read_head().status == 200
    return client


def _http2(proxy: Mitmdump, server_name: str | None = "app.example.test") -> Http2:
    return Http2(proxy.connect().start_tls(client_tls("h2"), server_name))


def _check_http1(client: Connection, origin: Origin, prefix: bytes = b"", host: bytes = b"app.example.test") -> None:
    """Both phases, a preflight and both kinds of reply on one connection."""
    path = origin.serve(response(COOKIE))
    client.send(request(b"Referer: /a", target=prefix + path, host=host))
    enforced = response(b"Set-Cookie: sid=a; Max-Age=60; Domain=" + host.partition(b":")[0] + b"; HttpOnly; Secure")
    assert client.read_response().raw == enforced
    assert [message.raw for message in origin.seen(path)] == [request(target=path, host=host)]

    unseen = origin.serve(response())
    client.send(request(method=b"OPTIONS", target=prefix + unseen, host=host))
    assert client.read_response().status == 204
    client.send(request(*TOO_MANY, method=b"POST", target=prefix + unseen, host=host, content=LARGE))
    received = client.read_response()
    assert (received.status, received.content) == (431, REQUEST_TOO_LONG)
    assert origin.seen(unseen) == []

    path = origin.serve(response(BAD_COOKIE_LINE, content=LARGE))
    client.send(request(target=prefix + path, host=host))
    received = client.read_response()
    assert (received.status, received.content) == (400, COOKIE_TOO_LONG)
    client.send(request(b"Connection: close", target=prefix + origin.serve(response()), host=host))
    assert client.read_response().raw == response()
    assert client.is_closed()


def _check_http2(client: Http2, origin: Origin, authority: bytes = b"app.example.test") -> None:
    """The same on one HTTP/2 connection."""
    path = origin.serve(response(COOKIE))
    stream = client.fetch((b"referer", b"/a"), (b"x-a", b"1"), path=path, authority=authority)
    domain = authority.partition(b":")[0]
    assert stream.values(b"set-cookie") == [b"sid=a; Max-Age=60; Domain=" + domain + b"; HttpOnly; Secure"]
    assert stream.content == b"hello"
    (forwarded,) = origin.seen(path)
    assert (forwarded.values(b"Referer"), forwarded.values(b"X-A")) == ([], [b"1"])

    unseen = origin.serve(response())
    stream = client.fetch(method=b"OPTIONS", path=unseen, authority=authority)
    assert stream.fields == (
        (b":status", b"204"),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    )
    stream = client.fetch(*TOO_MANY_IN_HTTP2, method=b"POST", path=unseen, authority=authority, content=LARGE)
    assert stream.fields == (
        (b":status", b"431"),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"35"),
    )
    assert stream.content == REQUEST_TOO_LONG
    assert origin.seen(unseen) == []

    for content in (b"", LARGE):
        stream = client.fetch(path=origin.serve(response(BAD_COOKIE_LINE, content=content)), authority=authority)
        assert stream.fields == (
            (b":status", b"400"),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"44"),
        )
        assert stream.content == COOKIE_TOO_LONG
    head = client.fetch(method=b"HEAD", path=origin.serve(response(BAD_COOKIE_LINE, content=b"")), authority=authority)
    assert (head.status, head.content) == (400, b"")


def test_reverse_mode_over_tls(reverse: Mitmdump, origin: Origin) -> None:
    with reverse.connect() as client:
        client.start_tls(client_tls())
        _check_http1(client, origin)


def test_reverse_mode_over_http2(reverse: Mitmdump, origin: Origin) -> None:
    _check_http2(_http2(reverse), origin)


def test_regular_mode_without_tls(regular: Mitmdump, origin: Origin) -> None:
    with regular.connect() as client:
        _check_http1(client, origin, origin.url.encode(), b"127.0.0.1:%d" % origin.port)


def test_regular_mode_through_a_tunnel_without_tls(regular: Mitmdump, origin: Origin) -> None:
    with _tunnel(regular, origin) as client:
        _check_http1(client, origin)


def test_regular_mode_through_a_tunnel(regular: Mitmdump, tls_origin: Origin) -> None:
    with _tunnel(regular, tls_origin) as client:
        client.start_tls(client_tls(), "app.example.test")
        _check_http1(client, tls_origin)


def test_regular_mode_through_a_tunnel_over_http2(lazy: Mitmdump, tls_origin: Origin) -> None:
    client = _tunnel(lazy, tls_origin)
    _check_http2(Http2(client.start_tls(client_tls("h2"), "app.example.test")), tls_origin)


def test_upstream_mode(upstream: Mitmdump, origin: Origin) -> None:
    with upstream.connect() as client:
        _check_http1(client, origin, origin.url.encode(), b"127.0.0.1:%d" % origin.port)


def test_upstream_mode_through_a_tunnel(upstream: Mitmdump, tls_origin: Origin) -> None:
    with _tunnel(upstream, tls_origin) as client:
        client.start_tls(client_tls(), "app.example.test")
        _check_http1(client, tls_origin)


def test_upstream_mode_through_a_tunnel_over_http2(upstream: Mitmdump, tls_origin: Origin) -> None:
    client = _tunnel(upstream, tls_origin)
    _check_http2(Http2(client.start_tls(client_tls("h2"), "app.example.test")), tls_origin)


@pytest.mark.parametrize("mode", ["regular", "upstream"])
def test_what_a_client_says_to_its_proxy_is_no_part_of_the_exchange(
    mode: str, origin: Origin, request: pytest.FixtureRequest
) -> None:
    proxy: Mitmdump = request.getfixturevalue(mode)
    path = origin.serve(response())
    to_proxy = (b"Proxy-Connection: keep-alive", b"Proxy-Authorization: Basic " + b"c" * 5000)
    data = _to_proxy(origin, path, *to_proxy, *(b"X-%d: 1" % number for number in range(74)))
    assert proxy.fetch(data).raw == response()
    (forwarded,) = origin.seen(path)
    assert forwarded.values(b"Proxy-Connection") == []
    assert forwarded.values(b"Proxy-Authorization") == []
    assert len(forwarded.fields) == 75


def _to_proxy(origin: Origin, path: bytes, *lines: bytes) -> bytes:
    return request(*lines, target=origin.url.encode() + path)


def test_what_a_client_says_to_its_proxy_is_not_reported(start: Start, origin: Origin) -> None:
    proxy = start("regular", options=["runtime_mode=audit"])
    path = origin.serve(response())
    proxy.fetch(_to_proxy(origin, path, b"Proxy-Connection: close", b"Proxy-Authorization: Basic YQ==", b"Via: 1.1 a"))
    proxy.stop()
    assert [finding["subject"] for finding in proxy.findings(path) if finding["subject"]] == ["via"]


# HTTP/2 alone


def _fill(size: int) -> list[Field]:
    """Fields that make a field section of this size together with `Host: app.example.test`, and a split Cookie."""
    cookies: list[Field] = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
    used = len(b"Host: app.example.test\r\nCookie: a=1; b=2\r\nX-Fill: \r\n")
    return [*cookies, (b"x-fill", b"f" * (size - used))]


@pytest.mark.parametrize(("size", "status"), [(4096, 200), (4097, 431)])
def test_size_is_the_same_in_http1_and_http2(size: int, status: int, reverse: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response())
    fill = _fill(size)
    http1 = (b"Cookie: a=1; b=2", b"X-Fill: " + fill[-1][1])
    assert len(request(*http1, target=path).partition(b"\r\n")[2]) - 2 == size
    assert reverse.fetch(request(*http1, target=path)).status == status
    assert _http2(reverse).fetch(*fill, path=path).status == status


@pytest.mark.parametrize(("cookies", "status"), [(74, 200), (75, 431)])
def test_count_is_the_same_in_http1_and_http2(cookies: int, status: int, reverse: Mitmdump, origin: Origin) -> None:
    path = origin.serve(response())
    pairs = [b"c%d=1" % number for number in range(cookies)]
    assert reverse.fetch(request(b"Cookie: " + b"; ".join(pairs), target=path)).status == status
    assert _http2(reverse).fetch(*((b"cookie", pair) for pair in pairs), path=path).status == status


def test_measured_size_is_the_same_in_http1_and_http2(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["runtime_mode=audit"])
    messages = []
    for path, http2 in ((b"/measured-1", False), (b"/measured-2", True)):
        origin.serve(response(), path)
        if http2:
            host = b"127.0.0.1:%d" % origin.port  # as mitmproxy writes it without keep_host_header
            _http2(proxy).fetch(
                (b"x-fill", b"f" * 5000), (b"cookie", b"a=1"), (b"cookie", b"b=2"), path=path, authority=host
            )
        else:
            proxy.fetch(request(b"X-Fill: " + b"f" * 5000, b"Cookie: a=1; b=2", target=path))
    proxy.stop()
    for path in (b"/measured-1", b"/measured-2"):
        (finding,) = (each for each in proxy.findings(path) if each["rule"] == "request-headers-too-long")
        messages.append(finding["message"].lower())
    assert messages[0] == messages[1]


def test_streams_of_one_connection_are_apart(reverse: Mitmdump, origin: Origin) -> None:
    client = _http2(reverse)
    bad, good = origin.serve(response(BAD_COOKIE_LINE)), origin.serve(response(b"Set-Cookie: a=1; Max-Age=1; Secure"))
    assert [client.fetch(path=path).status for path in (bad, good, bad)] == [400, 200, 400]


def _with_trailers(stream: Stream) -> tuple[list[Field], bytes, list[Field]]:
    age = b"%d" % TOO_LONG if stream.values(b":path") == [b"/bad"] else b"60"
    return [(b":status", b"200"), (b"set-cookie", b"a=1; Max-Age=" + age)], LARGE, [(b"x-checksum", b"1")]


@pytest.mark.parametrize("streaming", [(), ("stream_large_bodies=1k",)], ids=["buffered", "streamed"])
def test_trailers(streaming: tuple[str, ...], start: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Http2Origin(_server_tls(tmp_path_factory.mktemp("tls")), _with_trailers)
    client = _http2(start(f"reverse:{server.url}", options=["keep_host_header=true", "ssl_insecure=true", *streaming]))
    good = client.fetch((b"referer", b"/a"), (b"te", b"trailers"), path=b"/good")
    assert good.values(b"set-cookie") == [b"a=1; Max-Age=60; HttpOnly; Secure"]
    assert (good.content, good.trailers) == (LARGE, ((b"x-checksum", b"1"),))
    bad = client.fetch(path=b"/bad")
    assert (bad.status, bad.content, bad.trailers) == (400, COOKIE_TOO_LONG, ())
    assert [stream.values(b"referer") for stream in server.seen] == [[], []]
    assert server.seen[0].values(b"te") == [b"trailers"]
    server.close()


# The Function's domain


def _domain_seen_by(client: Connection, origin: Origin) -> list[bytes]:
    client.send(request(target=origin.serve(response(COOKIE))))
    return client.read_response().values(b"Set-Cookie")


CUT = [b"sid=a; Max-Age=60; HttpOnly; Secure"]


def _replaced(domain: bytes) -> list[bytes]:
    return [b"sid=a; Max-Age=60; Domain=" + domain + b"; HttpOnly; Secure"]


@pytest.fixture(scope="module")
def overwriting(start: Start, origin: Origin) -> Mitmdump:
    """A reverse proxy that writes its target into Host, as mitmproxy does unless it is told otherwise."""
    return start(f"reverse:{origin.url}")


def test_unknown_domain_is_cut(overwriting: Mitmdump, origin: Origin) -> None:
    with overwriting.connect() as client:
        assert _domain_seen_by(client, origin) == CUT
    with overwriting.connect() as client:
        client.start_tls(client_tls())
        assert _domain_seen_by(client, origin) == CUT


def test_domain_is_the_tls_server_name(overwriting: Mitmdump, origin: Origin) -> None:
    with overwriting.connect() as client:
        client.start_tls(client_tls(), "Named.Example.test")
        assert _domain_seen_by(client, origin) == _replaced(b"named.example.test")


def test_domain_is_the_tls_server_name_over_http2(overwriting: Mitmdump, origin: Origin) -> None:
    stream = _http2(overwriting, "named.example.test").fetch(path=origin.serve(response(COOKIE)))
    assert stream.values(b"set-cookie") == _replaced(b"named.example.test")


def test_domain_is_the_kept_host(reverse: Mitmdump, origin: Origin) -> None:
    with reverse.connect() as client:
        client.start_tls(client_tls(), "named.example.test")
        assert _domain_seen_by(client, origin) == _replaced(b"app.example.test")


def test_domain_is_what_the_option_says(start: Start, origin: Origin) -> None:
    proxy = start(f"reverse:{origin.url}", options=["runtime_domain=Production.Example.test"])
    with proxy.connect() as client:
        assert _domain_seen_by(client, origin) == _replaced(b"production.example.test")
    with proxy.connect() as client:
        client.start_tls(client_tls(), "named.example.test")
        assert _domain_seen_by(client, origin) == _replaced(b"production.example.test")


# curl, which is somebody else's idea of a client


@pytest.fixture(scope="module")
def curl() -> str:
    path = shutil.which("curl")
    features = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout if path else ""
    require(path and "HTTP2" in features, "This test needs curl with HTTP/2.")
    return str(path)


def _curl(curl: str, *arguments: str) -> tuple[str, bytes]:
    """Head and content of what curl got. It ignores its own configuration and the environment's proxies."""
    done = subprocess.run(
        [curl, "-q", "--silent", "--show-error", "--insecure", "--include", "--noproxy", "", *arguments],
        capture_output=True,
        timeout=2 * TIMEOUT,
        env={},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    return head.decode(), content


@pytest.mark.parametrize("version", ["2", "1.1"])
@pytest.mark.parametrize("mode", ["reverse", "lazy"])
def test_curl_over_tls(
    version: str,
    mode: str,
    curl: str,
    tls_origin: Origin,
    origin: Origin,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    proxy: Mitmdump = request.getfixturevalue(mode)
    protocol = ["--http2" if version == "2" else "--http1.1"]
    if mode == "reverse":
        server, base = origin, f"https://127.0.0.1:{proxy.port}"
    else:
        server, base = tls_origin, tls_origin.url
        protocol += ["--proxy", f"http://127.0.0.1:{proxy.port}", "--suppress-connect-headers"]

    path = server.serve(response(COOKIE))
    head, content = _curl(curl, *protocol, "--referer", "/a", base + path.decode())
    assert head.startswith(f"HTTP/{version} 200")
    assert "set-cookie: sid=a; Max-Age=60; Domain=127.0.0.1; HttpOnly; Secure" in head.replace(
        "Set-Cookie", "set-cookie"
    )
    assert content == b"hello"
    assert server.seen(path)[0].values(b"Referer") == []

    head, content = _curl(curl, *protocol, base + server.serve(response(BAD_COOKIE_LINE, content=LARGE)).decode())
    assert head.startswith(f"HTTP/{version} 400")
    assert content == COOKIE_TOO_LONG

    upload = tmp_path / "upload"
    upload.write_bytes(LARGE)
    unseen = server.serve(response())
    headers = [word for line in TOO_MANY for word in ("--header", line.decode())]
    head, content = _curl(curl, *protocol, *headers, "--data-binary", f"@{upload}", base + unseen.decode())
    assert head.rpartition("HTTP/")[2].startswith(f"{version} 431")
    assert content.endswith(REQUEST_TOO_LONG)
    assert server.seen(unseen) == []

    head, content = _curl(curl, *protocol, "--request", "OPTIONS", base + unseen.decode())
    assert head.startswith(f"HTTP/{version} 204")
    assert server.seen(unseen) == []
