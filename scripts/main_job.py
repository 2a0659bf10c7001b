"""What `scripts/run` does once it is set up: mitmweb with the addon, in front of the demo site or of what is named."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import sys
import threading
from collections.abc import Container, Sequence
from itertools import pairwise

from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.tools import cmdline
from mitmproxy.tools.main import run
from mitmproxy.tools.web.master import WebMaster

import demo_site
import walkthrough
from environment import ADDON

USAGE = """\
scripts/run                                      the demo site, and mitmweb with the addon in front of it
scripts/run --set runtime_mode=audit             the same, but the addon only reports
scripts/run --mode reverse:http://localhost:3000 mitmweb with the addon in front of your own server
scripts/run --once                               sends each request of the demo site, prints the results, and ends

All arguments but --once go to mitmweb, whose own help follows.
"""
DEMO = """
  The demo site, with the Runtime in front of it   http://localhost:{port}/
  The same site without it, to compare             http://{host}:{site}/
  mitmweb: every request and its findings          {web}
  Live page: all findings, and what they mean      {live}

Try this: open the first address and press a button. Then select the request in mitmweb and open its Comment tab.
Ctrl-C ends everything.
"""
DEFAULT_PORT = 8080
"""mitmproxy's own."""
LIVE_PAGE_PORT = 8082
MODE_ARGUMENTS = ("-m", "--mode", "mode=", "--set=mode=")


class Mitmweb(WebMaster):
    """mitmweb that names a taken port, and prints the addresses as soon as it listens."""

    site: demo_site.DemoSite | None = None
    live_port = 0

    async def run(self) -> None:
        others = {self.options.listen_port or DEFAULT_PORT, self.options.web_port, self.live_port}
        for mode in self.options.mode:
            spec = ProxyMode.parse(mode)
            option = "--listen-port " if spec.custom_listen_port is None else f"--mode {mode.rpartition('@')[0]}@"
            host = spec.listen_host(self.options.listen_host)
            _end_if_taken(host, spec.listen_port(self.options.listen_port), option, others)
        _end_if_taken(self.options.web_host, self.options.web_port, "--web-port ", others)
        self.addons.add(Announcement(self))
        await super().run()


class Announcement:
    """An addon that prints the addresses once everything listens."""

    def __init__(self, mitmweb: Mitmweb) -> None:
        self._mitmweb = mitmweb

    def running(self) -> None:
        options, site = self._mitmweb.options, self._mitmweb.site
        # Since mitmproxy 12 the address holds a token that takes the place of a login.
        web = getattr(self._mitmweb, "web_url", f"http://{options.web_host}:{options.web_port}/")
        live = f"http://{options.runtime_dashboard}/" if options.runtime_dashboard else "off (runtime_dashboard)"
        addresses = [f"{host}:{port}" for host, port, *_ in self._mitmweb.proxyserver.listen_addrs()]
        if site:
            print(
                DEMO.format(
                    port=addresses[0].rpartition(":")[2],
                    host=demo_site.HOST,
                    site=site.server_port,
                    web=web,
                    live=live,
                )
            )
        else:
            print(f"\nThe Runtime listens at {', '.join(addresses)}; mitmweb is at {web}, the live page at {live}")
            print("Ctrl-C ends it.\n")
        sys.stdout.flush()


def main() -> None:
    """Start what the command line asks for."""
    arguments = sys.argv[1:]
    if "--once" in arguments:
        if arguments != ["--once"]:
            sys.exit("--once takes no other arguments. It sends each request of the demo site and ends.")
        walkthrough.main()
        return
    if {"-h", "--help"} & set(arguments):
        print(USAGE)
        with contextlib.suppress(SystemExit):  # mitmproxy ends with 1 after its help
            run(Mitmweb, cmdline.mitmweb, ["--help"])
        return
    defaults = ["-s", str(ADDON)]
    Mitmweb.live_port = _free_from(LIVE_PAGE_PORT, others=_numbers_in(arguments))
    options = {"web_open_browser": "false", "runtime_dashboard": f"{demo_site.HOST}:{Mitmweb.live_port}"}
    if not any(argument.startswith(MODE_ARGUMENTS) for argument in arguments):
        Mitmweb.site = _start_site()
        defaults += ["--mode", f"reverse:http://{demo_site.HOST}:{Mitmweb.site.server_port}"]
        # mitmweb shows everything in the demo, including infos.
        options |= {"listen_host": demo_site.HOST, "keep_host_header": "true", "runtime_show": "info"}
    # mitmproxy refuses an option that is set twice.
    for name in options.keys() - _options_set(arguments):
        defaults += ["--set", f"{name}={options[name]}"]
    try:
        run(Mitmweb, cmdline.mitmweb, [*defaults, *arguments])
    except OSError as error:
        sys.exit(error.strerror or str(error))


def _numbers_in(arguments: Sequence[str]) -> set[int]:
    """The numbers that the command line names, ports among them."""
    return {int(number) for argument in arguments for number in re.findall(r"[0-9]{2,5}", argument)}


def _options_set(arguments: Sequence[str]) -> set[str]:
    """The names of the options that are set on the command line."""
    settings = [following for word, following in pairwise(arguments) if word == "--set"]
    settings += [word.removeprefix("--set=") for word in arguments if word.startswith("--set=")]
    named = {"listen_host"} if any(word.startswith("--listen-host") for word in arguments) else set()
    return named | {setting.partition("=")[0] for setting in settings}


def _start_site() -> demo_site.DemoSite:
    """The demo site in a thread that ends with this process. It uses its default port if that is free."""
    try:
        site = demo_site.DemoSite(demo_site.DEFAULT_PORT)
    except OSError:
        site = demo_site.DemoSite(0)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    return site


def _end_if_taken(host: str, port: int | None, option: str, others: Container[int]) -> None:
    """End with a port that is free if this one is taken. `others` are ports that this program itself needs."""
    if port and _is_taken(host, port):
        other = _free_from(port + 2, host, others)
        sys.exit(f"Port {port} is taken, by another program or an earlier start. Choose another one: {option}{other}")


def _free_from(port: int, host: str = demo_site.HOST, others: Container[int] = ()) -> int:
    """The first port from this one on that nobody has, and that is none of the others."""
    return next(number for number in range(port, port + 2000) if number not in others and not _is_taken(host, number))


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:  # not a port: mitmproxy says so
            return False
        except OSError as error:
            return error.errno == errno.EADDRINUSE
        return False
