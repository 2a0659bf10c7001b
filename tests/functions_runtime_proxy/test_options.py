"""What the options mean, and what is refused with which words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import flowfilter, http
from mitmproxy.addonmanager import Loader
from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options
from mitmproxy.test import taddons

from functions_runtime.catalogue import BY_ID
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import Override
from functions_runtime.profile import Limits
from functions_runtime.ruling import Severity
from functions_runtime_proxy import options as runtime_options
from tests.flows import arrive, live

HOME = Endpoint("GET", "app.example", "/")


class Declared:
    """An addon that has the options and nothing else."""

    def load(self, loader: Loader) -> None:
        runtime_options.declare(loader)


@pytest.fixture
def options() -> Iterator[Options]:
    with taddons.context(Declared(), loadcore=False) as context:
        yield context.options


def _read(options: Options, **values: Any) -> runtime_options.Settings:
    options.update(**values)
    return runtime_options.read(options)


def overrides(settings: runtime_options.Settings, flow: http.HTTPFlow) -> Sequence[Override]:
    of = settings.overrides_of(flow, HOME)
    assert of
    return of(HOME)


def test_defaults(options: Options) -> None:
    settings = runtime_options.read(options)
    assert settings.enforces
    assert settings.scope(live())
    assert settings.profile.limits == Limits(4096, 75)
    assert settings.domain == ""
    assert settings.show is Severity.WARNING
    assert settings.overrides == ()
    assert settings.reports == ()
    assert settings.baseline is None
    assert settings.fail_on is None
    assert settings.dashboard is None


def test_every_option_has_a_help_text_and_begins_alike(options: Options) -> None:
    ours = [option for name, option in options.items() if name.startswith("runtime_")]
    assert len(ours) == 10
    assert all(option.help.endswith(".") for option in ours)


def test_values_that_make_sense(options: Options, tmp_path: Path) -> None:
    settings = _read(
        options,
        runtime_mode="audit",
        runtime_scope="~u inside",
        runtime_limits="15kb/90",
        runtime_domain="My-Service-1.Example.test",
        runtime_show="info",
        runtime_report=[str(tmp_path / "a.JSON"), str(tmp_path / "b.json")],
        runtime_fail_on="error",
        runtime_dashboard="[::1]:8082",
    )
    assert not settings.enforces
    assert settings.scope(live(path="/inside"))
    assert not settings.scope(live(path="/outside"))
    assert settings.profile.limits == Limits(15360, 90)
    assert settings.domain == "my-service-1.example.test"
    assert settings.show is Severity.INFO
    assert settings.reports == (tmp_path / "a.JSON", tmp_path / "b.json")
    assert settings.fail_on is Severity.ERROR
    assert settings.dashboard == ("::1", 8082)


def test_overrides_are_read_in_order(options: Options) -> None:
    settings = _read(
        options,
        runtime_rules=[
            "/cookie-session/off",
            "/~u legacy/cookie-lifetime-too-long:sid/warning",
            "|restricted-request-header:X-Real-IP|error",
            "/cookie-lifetime-too-long:a:b/info",
        ],
    )
    assert [override for _, override in settings.overrides] == [
        Override("cookie-session", None, None),
        Override("cookie-lifetime-too-long", "sid", Severity.WARNING),
        Override("restricted-request-header", "x-real-ip", Severity.ERROR),
        Override("cookie-lifetime-too-long", "a:b", Severity.INFO),
    ]
    assert len(overrides(settings, live(path="/new"))) == 3
    assert len(overrides(settings, live(path="/legacy"))) == 4


def test_override_can_speak_of_the_response(options: Options) -> None:
    settings = _read(options, runtime_rules=["/~c 503/cookie-session/off"])
    flow = live()
    assert overrides(settings, flow) == ()
    arrive(flow, status=503)
    assert len(overrides(settings, flow)) == 1


def test_empty_scope_is_everything(options: Options) -> None:
    assert _read(options, runtime_scope="  ").scope is flowfilter.match_all


REFUSED: list[tuple[str, Any, str]] = [
    ("runtime_mode", "loud", "Use one of enforce, audit."),
    ("runtime_mode", "", "Use one of enforce, audit."),
    ("runtime_scope", "~d (", "is not a flow filter"),
    ("runtime_scope", "~nothing", "is not a flow filter"),
    ("runtime_limits", "4kb", "Write SIZE/COUNT"),
    ("runtime_limits", "", "Write SIZE/COUNT"),
    ("runtime_limits", "0/75", "above zero"),
    ("runtime_limits", "4kb/-1", "Write SIZE/COUNT"),
    ("runtime_domain", "https://a.test", "without scheme, port and path"),
    ("runtime_domain", "a.test:443", "without scheme, port and path"),
    ("runtime_domain", "a b", "is not a host name"),
    ("runtime_domain", ".a.test", "is not a host name"),
    ("runtime_show", "everything", "Use one of error, warning, info."),
    ("runtime_rules", ["cookie-session"], "cannot be read"),
    ("runtime_rules", [""], "cannot be read"),
    ("runtime_rules", ["/"], "cannot be read"),
    ("runtime_rules", ["/~nothing/cookie-session/off"], "cannot be read"),
    ("runtime_rules", ["/a/b/c/d"], "there is no rule 'b'"),
    ("runtime_rules", ["/no-such-rule/off"], "there is no rule 'no-such-rule'"),
    ("runtime_rules", ["/cookie-session/loud"], "Use one of off, info, warning, error."),
    ("runtime_rules", ["/cookie-session:/off"], "takes the name of a cookie"),
    ("runtime_rules", ["/restricted-request-header:/off"], "takes the name of a header"),
    ("runtime_rules", ["/request-headers-too-long:sid/off"], "takes no subject"),
    ("runtime_rules", ["/cookie-session/off", "/cookie-session/loud"], "Use one of"),
    ("runtime_report", ["report"], "does not end in a report's suffix"),
    ("runtime_report", ["report.txt"], "does not end in a report's suffix"),
    ("runtime_report", [".json"], "does not end in a report's suffix"),
    ("runtime_report", ["/no/such/folder/report.json"], "cannot be written"),
    ("runtime_baseline", "/no/such/baseline.json", "cannot be used"),
    ("runtime_fail_on", "always", "Use one of never, error, warning, info."),
    ("runtime_dashboard", "8082", "is not HOST:PORT"),
    ("runtime_dashboard", "127.0.0.1:", "is not HOST:PORT"),
    ("runtime_dashboard", ":8082", "is not HOST:PORT"),
    ("runtime_dashboard", "127.0.0.1:65536", "is not HOST:PORT"),
    ("runtime_dashboard", "127.0.0.1:0", "is not HOST:PORT"),
    ("runtime_dashboard", "127.0.0.1:http", "is not HOST:PORT"),
    ("runtime_dashboard", "http://127.0.0.1:8082", "is not HOST:PORT"),
    ("runtime_dashboard", "no host:8082", "is not HOST:PORT"),
    ("runtime_dashboard", "[::1:8082", "is not HOST:PORT"),
    ("runtime_dashboard", "[]:8082", "is not HOST:PORT"),
]


@pytest.mark.parametrize(("name", "value", "words"), REFUSED, ids=lambda each: str(each)[:40])
def test_values_that_make_no_sense_are_refused(name: str, value: Any, words: str, options: Options) -> None:
    with pytest.raises(OptionsError) as refusal:
        _read(options, **{name: value})
    sentence = str(refusal.value)
    assert sentence.startswith(f"{name}: ")
    assert words in sentence
    assert sentence.endswith(".")


def test_refusal_of_a_rule_lists_the_rules(options: Options) -> None:
    with pytest.raises(OptionsError) as refusal:
        _read(options, runtime_rules=["/no-such-rule/off"])
    assert all(rule in str(refusal.value) for rule in BY_ID)


def test_report_that_is_a_folder_is_refused(options: Options, tmp_path: Path) -> None:
    folder = tmp_path / "report.json"
    folder.mkdir()
    with pytest.raises(OptionsError, match="it is a folder"):
        _read(options, runtime_report=[str(folder)])


@pytest.mark.parametrize("name", ["r.json", "r.jsonl"])
def test_report_behind_a_link_that_leads_nowhere_is_refused(name: str, options: Options, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(tmp_path / "nowhere" / name)
    with pytest.raises(OptionsError, match="cannot be written"):
        _read(options, runtime_report=[str(tmp_path / name)])


def test_report_that_is_read_only_is_refused(options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("precious", encoding="utf-8")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anything
    with pytest.raises(OptionsError, match="it is read-only"):
        _read(options, runtime_report=[str(path)])
    assert path.read_text(encoding="utf-8") == "precious"


def test_looking_whether_a_report_can_be_written_leaves_nothing_behind(options: Options, tmp_path: Path) -> None:
    _read(options, runtime_report=[str(tmp_path / "report.json")])
    assert list(tmp_path.iterdir()) == []


def test_home_folder_in_a_path(options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _read(options, runtime_report=["~/report.json"]).reports == (tmp_path / "report.json",)


REPORT = {
    "schema": "runtime-report/1",
    "findings": [
        {
            "rule": "cookie-session",
            "severity": "info",
            "method": "GET",
            "host": "a.test",
            "path": "/",
            "subject": "sid",
        }
    ],
}


def test_baseline_is_an_earlier_report(options: Options, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(REPORT), encoding="utf-8")
    settings = _read(options, runtime_baseline=str(path))
    assert settings.baseline == {("cookie-session", "info", "GET", "a.test", "/", "sid"): True}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "no json", '{"schema": "other/1"}', '{"schema": "runtime-report/2", "findings": []}', "\x00"],
)
def test_baseline_that_is_no_report_of_ours_is_refused(text: str, options: Options, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OptionsError, match=r"^runtime_baseline: .* cannot be used: .+\. Name a report"):
        _read(options, runtime_baseline=str(path))


def test_a_baseline_is_read_once(options: Options, tmp_path: Path) -> None:
    """Its file may be the one that the report is written to."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(REPORT), encoding="utf-8")
    before = _read(options, runtime_baseline=str(path))
    path.unlink()
    options.update(runtime_show="info")
    assert runtime_options.read(options, before).baseline == before.baseline
    options.update(runtime_baseline=str(tmp_path / "other.json"))
    with pytest.raises(OptionsError):
        runtime_options.read(options, before)


@pytest.mark.parametrize(
    ("option", "value"), [("runtime_scope", "~zz"), ("runtime_rules", ["/~zz/cookie-session/off"])]
)
def test_a_filter_that_is_none_is_refused_with_what_filters_are_made_of(
    option: str, value: Any, options: Options
) -> None:
    with pytest.raises(OptionsError, match=r"~d HOST.*https://docs\.mitmproxy\.org/.*filters/"):
        _read(options, **{option: value})


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("cookie-session/off", "'cookie-session/off' does not begin with a separator. Write '/cookie-session/off'."),
        ("/off", "'/off' cannot be read. Write [/flow-filter]/rule[:subject]/level, such as"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused_without_a_word_on_filters(
    spec: str, said: str, options: Options
) -> None:
    with pytest.raises(OptionsError) as refused:
        _read(options, runtime_rules=[spec])
    assert str(refused.value).startswith(f"runtime_rules: {said}")
    assert "~d HOST" not in str(refused.value)


def test_baseline_that_is_no_text_is_refused(options: Options, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(OptionsError, match=r"^runtime_baseline: .* cannot be used: it is not text in UTF-8\."):
        _read(options, runtime_baseline=str(path))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("runtime_mod", "runtime_mode"),
        ("runtime_domian", "runtime_domain"),
        ("runtime_r", "runtime_rules or runtime_report"),
        ("runtime_", "runtime_show or runtime_mode"),
    ],
)
def test_an_unknown_name_is_told_the_nearest_ones(name: str, near: str) -> None:
    (said,) = runtime_options.unknown([name])
    assert said == f"There is no option {name}. Did you mean {near}?"
