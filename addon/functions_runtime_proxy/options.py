"""The addon's options: how they are declared, and what they mean once they are read.

All options are read together, in one place, into a `Settings` that the rest of the addon uses as it is. A value that
makes no sense raises mitmproxy's `OptionsError` here, which names the option and says what would be right.
"""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mitmproxy import flowfilter, http
from mitmproxy.addonmanager import Loader
from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options

from functions_runtime.catalogue import BY_ID, advice
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import Override
from functions_runtime.message import HOST_NAME
from functions_runtime.profile import Limits, Profile, parse_limits
from functions_runtime.record.entry import Baseline
from functions_runtime.reports.json import read_baseline
from functions_runtime.rule import Subject
from functions_runtime.ruling import SEVERITIES, Severity
from functions_runtime.session import Overrides
from functions_runtime.wire_text import printable
from functions_runtime_proxy import filters, internals
from functions_runtime_proxy.report_files import SUFFIXES

if TYPE_CHECKING:
    from functions_runtime_proxy.passage import Passage

ENFORCE, AUDIT = MODES = ("enforce", "audit")
FAIL_ON: dict[str, Severity | None] = {"never": None, **SEVERITIES}
LEVELS: dict[str, Severity | None] = {"off": None, **{str(severity): severity for severity in Severity}}

FILTERS = (
    "The most useful filters are ~d HOST, ~u URL, ~m METHOD and ~c STATUS, joined by &, | and !. "
    "https://docs.mitmproxy.org/stable/concepts/filters/ has them all."
)
"""What a flow filter consists of."""

SEED_PROFILE = Profile()

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the options say, ready for use."""

    mode: str = ENFORCE
    scope: flowfilter.TFilter = flowfilter.match_all
    scope_text: str = ""
    profile: Profile = SEED_PROFILE
    domain: str = ""
    keep_host_header: bool = False
    streams_large_bodies: bool = False
    show: Severity = Severity.WARNING
    overrides: tuple[tuple[filters.Filter, Override], ...] = ()
    reports: tuple[Path, ...] = ()
    baseline_path: str = ""
    baseline: Baseline | None = None
    fail_on: Severity | None = None
    dashboard: tuple[str, int] | None = None

    @property
    def is_scoped(self) -> bool:
        """Whether the user chose the scope."""
        return bool(self.scope_text.strip())

    @property
    def enforces(self) -> bool:
        return self.mode == ENFORCE

    def includes(self, flow: http.HTTPFlow, passage: Passage | None) -> bool:
        """Whether the scope includes a flow, as it came."""
        if passage is None or not self.is_scoped:
            return bool(self.scope(flow))
        with passage.as_it_came(flow):
            return bool(self.scope(flow))

    def overrides_of(self, flow: http.HTTPFlow, here: Endpoint, passage: Passage | None = None) -> Overrides | None:
        """The user's overrides for what a flow shows as it came, `here` or elsewhere. None if there are none."""
        if not self.overrides:
            return None

        def at(where: Endpoint) -> Sequence[Override]:
            if where == here:
                with passage.as_it_came(flow) if passage else contextlib.nullcontext():
                    return tuple(override for each, override in self.overrides if each.matches_flow(flow))
            return self.overrides_at(filters.subject_at(where, flow.request.scheme, flow.request.port))

        return at

    def overrides_at(self, subject: filters.Subject) -> tuple[Override, ...]:
        """The user's overrides that apply to something that is not a flow."""
        return tuple(override for each, override in self.overrides if each.matches(subject))


DEFAULTS = Settings()

PREFIX = "runtime_"
ABOUT_AS_NEAR = 0.1
"""The most by which the similarity of two names to a third one may differ, if both are worth a mention."""
NAMES = (
    "runtime_mode",
    "runtime_scope",
    "runtime_limits",
    "runtime_domain",
    "runtime_show",
    "runtime_rules",
    "runtime_report",
    "runtime_baseline",
    "runtime_fail_on",
    "runtime_dashboard",
)


OF_MITMPROXY = frozenset({"keep_host_header", "stream_large_bodies"})
"""mitmproxy's own options that this addon heeds."""


def concern(names: set[str]) -> bool:
    """Whether one of these options is about this addon."""
    return not names.isdisjoint(OF_MITMPROXY) or any(name.startswith(PREFIX) for name in names)


def unknown(names: Iterable[str]) -> list[str]:
    """A sentence for each name that looks like one of our options but is unknown. mitmproxy ignores it in silence."""
    return [
        f"There is no option {printable(name)}. Did you mean {' or '.join(_nearest(name))}?"
        for name in names
        if name.startswith(PREFIX) and name not in NAMES
    ]


def _nearest(name: str) -> list[str]:
    """The nearest names, at least one. A second one is named only if it is about as near."""
    first, *more = difflib.get_close_matches(name, NAMES, n=2, cutoff=0.0)
    nearness = [difflib.SequenceMatcher(None, name, each).ratio() for each in (first, *more)]
    return [first, *more] if nearness[-1] > nearness[0] - ABOUT_AS_NEAR else [first]


def declare(loader: Loader) -> None:
    """Make the options known to mitmproxy."""
    loader.add_option(
        "runtime_mode",
        str,
        ENFORCE,
        "Apply the Runtime's rules to live traffic (enforce), or only report (audit).",
        MODES,
    )
    loader.add_option("runtime_scope", str, "", "Flow filter that selects which flows are judged. Empty: all flows.")
    loader.add_option(
        "runtime_limits",
        str,
        "4kb/75",
        "Header limits as SIZE/COUNT, such as 4kb/75, 15kb/90 (the newest copy of the vendor's page) or 8192/100.",
    )
    loader.add_option(
        "runtime_domain", str, "", "The Function's host name in production. Empty: the host that the client addressed."
    )
    loader.add_option(
        "runtime_show",
        str,
        str(Severity.WARNING),
        "Lowest severity that is shown in marks, comments and the log.",
        tuple(SEVERITIES),
    )
    loader.add_option(
        "runtime_rules",
        Sequence[str],
        [],
        "Change rules. Write each change as [/flow-filter]/rule[:subject]/level. Levels: off, info, warning, error.",
    )
    loader.add_option(
        "runtime_report",
        Sequence[str],
        [],
        f"Report files to write. The suffix decides the format: {', '.join(SUFFIXES)}.",
    )
    loader.add_option(
        "runtime_baseline", str, "", "An earlier JSON report. Its findings are shown as known and never fail a run."
    )
    loader.add_option(
        "runtime_fail_on",
        str,
        "never",
        "End with exit status 2 if there is a new finding of this severity or above, or if nothing was checked.",
        tuple(FAIL_ON),
    )
    loader.add_option("runtime_dashboard", str, "", "Serve a live page with the findings at HOST:PORT.")


def read(options: Options, before: Settings = DEFAULTS) -> Settings:
    """What the options say. Raises OptionsError if one of them makes no sense.

    A baseline that is in `before` is not read again, because reports may be written to its file by now.
    """
    path = options.runtime_baseline
    return Settings(
        mode=_choice("runtime_mode", options.runtime_mode, {mode: mode for mode in MODES}),
        scope=_scope(options.runtime_scope),
        scope_text=options.runtime_scope,
        profile=Profile(_limits(options.runtime_limits)),
        domain=_domain(options.runtime_domain),
        keep_host_header=getattr(options, "keep_host_header", False),
        streams_large_bodies=bool(getattr(options, "stream_large_bodies", None)),
        show=_choice("runtime_show", options.runtime_show, SEVERITIES),
        overrides=tuple(_override(spec) for spec in options.runtime_rules),
        reports=tuple(report_path("runtime_report", path) for path in options.runtime_report),
        baseline_path=path,
        baseline=before.baseline if before.baseline_path == path else _baseline(path),
        fail_on=_choice("runtime_fail_on", options.runtime_fail_on, FAIL_ON),
        dashboard=_address(options.runtime_dashboard),
    )


def _choice(option: str, value: str, choices: dict[str, Choice]) -> Choice:
    if value not in choices:
        raise OptionsError(f"{option}: {value!r} is not a valid value. Use one of {', '.join(choices)}.")
    return choices[value]


def _scope(text: str) -> flowfilter.TFilter:
    if not text.strip():
        return flowfilter.match_all
    try:
        return flowfilter.parse(text)
    except ValueError as error:
        raise OptionsError(
            f"runtime_scope: {text!r} is not a flow filter. Write one such as '~d example.com & ~m POST'. {FILTERS}"
        ) from error


def _limits(text: str) -> Limits:
    try:
        return parse_limits(text)
    except ValueError as error:
        raise OptionsError(f"runtime_limits: {error}") from error


def _domain(text: str) -> str:
    if text and not HOST_NAME.fullmatch(text):
        raise OptionsError(
            f"runtime_domain: {text!r} is not a host name. Write it without scheme, port and path, such as "
            "my-service-1234.twil.io."
        )
    return text.lower()


def _override(spec: str) -> tuple[filters.Filter, Override]:
    matches, name, level = _parts(spec)
    rule_id, colon, subject = name.partition(":")
    rule = BY_ID.get(rule_id)
    if rule is None:
        raise OptionsError(f"runtime_rules: there is no rule {rule_id!r} ({spec!r}). {advice(rule_id)}")
    if colon and (rule.subject is Subject.MESSAGE or not subject):
        about = "takes no subject" if rule.subject is Subject.MESSAGE else f"takes the name of a {rule.subject.value}"
        raise OptionsError(f"runtime_rules: {rule_id} {about} ({spec!r}).")
    if rule.subject is Subject.HEADER:
        subject = subject.lower()
    return filters.filter_of(matches), Override(rule_id, subject or None, _choice("runtime_rules", level, LEVELS))


def _parts(spec: str) -> tuple[flowfilter.TFilter, str, str]:
    """The filter, the rule with its subject, and the level of a pattern."""
    if spec[:1].isalnum() and "/" in spec:  # mitmproxy would take it for the separator
        raise OptionsError(f"runtime_rules: {spec!r} does not begin with a separator. Write '/{spec}'.")
    try:
        return internals.parse_spec(spec)
    except (ValueError, IndexError) as error:
        about_filters = f" {FILTERS}" if "filter" in str(error) else ""
        raise OptionsError(
            f"runtime_rules: {spec!r} cannot be read. Write [/flow-filter]/rule[:subject]/level, such as "
            f"/cookie-session/off or '/~d example.com/cookie-lifetime-too-long:sid/warning'.{about_filters}"
        ) from error


def report_path(option: str, text: str) -> Path:
    """The path of a report. Raises OptionsError if its suffix names no format, or if it cannot be written."""
    path = Path(text).expanduser().absolute()
    if path.suffix.lower() not in SUFFIXES:
        raise OptionsError(f"{option}: {text!r} does not end in a report's suffix. Use one of {', '.join(SUFFIXES)}.")
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        # If a file can be created next to the link's target, the report can replace the target.
        with tempfile.TemporaryFile(dir=Path(os.path.realpath(path)).parent):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError("it is read-only")
    except OSError as error:
        reason = error.strerror or error
        raise OptionsError(
            f"{option}: {text!r} cannot be written: {reason}. Name a file in an existing folder that you can write to."
        ) from error
    return path


def _baseline(text: str) -> Baseline | None:
    if not text:
        return None
    try:
        return read_baseline(Path(text).expanduser().read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        reason = "it is not text in UTF-8" if isinstance(error, UnicodeError) else reason
        raise OptionsError(
            f"runtime_baseline: {text!r} cannot be used: {reason}. Name a report that runtime_report wrote with the "
            "suffix .json."
        ) from error


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not _is_host(host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise OptionsError(f"runtime_dashboard: {text!r} is not HOST:PORT. Write for example 127.0.0.1:8082.")
    return host, int(port)


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return HOST_NAME.fullmatch(text) is not None
    return True
