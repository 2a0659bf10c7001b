"""No secret in any output: a unique one goes through every place that a message has, and every output is searched."""

from __future__ import annotations

import itertools
import json
import socket
import urllib.request
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.io import read_flows_from_paths

from functions_runtime_proxy.report_files import SUFFIXES
from tests.live.mitmdump import Mitmdump
from tests.live.origin import Origin
from tests.live.wire import request, response

FORMATS = [suffix.removeprefix(".") for suffix in SUFFIXES]


class Secrets:
    """Makes values that occur nowhere else, and remembers them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self) -> bytes:
        self.made.append(f"s3cr3t-{len(self.made):03}-zq")
        return self.made[-1].encode()


def exchanges(secret: Secrets) -> list[tuple[bytes, bytes]]:
    """Requests and what is answered to them; together they trip most rules."""
    token, shared, session = secret(), secret(), secret()
    fields = [
        b"Authorization: Bearer " + secret(),
        b"Proxy-Authorization: Basic " + secret(),
        b"Referer: https://app.example.test/?code=" + secret(),
        b"X-Forwarded-For: " + secret(),
        b"X-Api-Key: " + secret(),
        b"Cookie: session=" + secret() + b"; XSRF=" + token + b"; wide=" + shared,
    ]
    cookies = [
        b"Set-Cookie: sid=" + secret() + b"; Domain=example.test; Path=/",
        b"Set-Cookie: XSRF=" + token + b"; Path=/",
        b"Set-Cookie: " + secret(),  # no name: all of it is the value
        b"Set-Cookie: bad=" + secret() + b"\x01",
        b'Set-Cookie: quoted="a;' + secret() + b'"; Path=/',
        b"Set-Cookie: folded=1; Path=/, other=" + secret(),
        b"Set-Cookie: wrong=1; Domain=example.test, other=" + secret(),
    ]
    echoed = secret() + b"-long-enough"
    preflight = [
        b"Origin: https://other.example",
        b"Access-Control-Request-Method: PUT",
        b"Access-Control-Request-Headers: authorization",
        b"Cookie: a=" + secret(),
    ]
    return [
        (request(*fields, target=b"/plain?token=" + secret()), response(*cookies, content=secret())),
        (request(b"X-XSRF: " + token, *fields, target=b"/script?q=" + secret()), response(*cookies)),
        (request(target=b"/day?x=" + secret()), response(b"Set-Cookie: long=" + secret() + b"; Max-Age=99999")),
        (request(b"Cookie: big=" + secret() + b"y" * 5000, target=b"/big?x=" + secret()), response()),
        (request(target=b"/big-response"), response(b"X-Big: " + secret() + b"y" * 5000)),
        (request(b"Cookie: big=" + secret() + b"y" * 3500, target=b"/near"), response(b"X-Big: " + secret())),
        (request(b"X-Real-IP: " + echoed, target=b"/echo"), response(b"X-You: " + echoed, b"Vary: Referer")),
        (request(*preflight, method=b"OPTIONS", target=b"/cors?x=" + secret()), response(status=b"403 No")),
        (
            request(b"Cookie: JSESSIONID=" + session, target=b"/app;jsessionid=" + session + b"/list"),
            response(b"Set-Cookie: JSESSIONID=" + session + b"; Domain=example.test"),
        ),
        (request(b'Cookie: pair="a; ' + secret() + b'==" + "y" * 900', target=b"/quoted"), response()),
        (request(method=b"DELETE", target=b"/delete#" + secret(), content=secret()), response()),
        (request(b"Cookie: wide=" + shared, host=b"shop.example.test", target=b"/shared"), response()),
        (
            request(host=b"app.example.test", target=b"/share"),
            response(b"Set-Cookie: wide=" + shared + b"; Domain=example.test"),
        ),
    ]


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_no_secret_in_any_output(tmp_path: Path, origin: Origin, mode: str) -> None:
    secret = Secrets()
    reports = [tmp_path / f"all.{suffix}" for suffix in FORMATS]
    flows = tmp_path / "out.flow"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"runtime_mode={mode}", "runtime_show=info", "keep_host_header=true"]
    options += [f"runtime_dashboard=127.0.0.1:{port}"]
    # A sequence is set as a whole: each use of --set adds to it.
    options += [f"runtime_report={path}" for path in reports]
    proxy = Mitmdump(tmp_path, f"reverse:{origin.url}", "-w", str(flows), options=options)
    proxy.wait_for_log("the live page is at")
    for sent, answer in exchanges(secret):
        origin.serve(answer, sent.split(b" ")[1].partition(b"?")[0].partition(b"#")[0])
        proxy.fetch(sent)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
        outputs = {"live page": page.read().decode()}
    assert proxy.stop() == 0
    outputs["log"] = proxy.output
    outputs.update((path.name, path.read_text(encoding="utf-8")) for path in reports)
    for flow in read_flows_from_paths([str(flows)]):
        assert isinstance(flow, http.HTTPFlow)
        outputs[f"comment and metadata of {flow.request.path}"] = flow.comment + json.dumps(flow.metadata)
    rules = {finding["rule"] for finding in proxy.report()["findings"]}
    assert {"cookie-domain-replaced", "restricted-request-header", "cookie-read-by-script"} <= rules
    leaks = [
        (where, value) for (where, text), value in itertools.product(outputs.items(), secret.made) if value in text
    ]
    assert leaks == []
