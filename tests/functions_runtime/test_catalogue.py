"""Every rule, by its own examples, and how rules are found."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions_runtime import catalogue, rules, version
from functions_runtime.catalogue import BY_ID, RULES, advice, page, say
from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject, nothing
from functions_runtime.ruling import Finding


def test_whoever_names_a_rule_that_does_not_exist_is_told_the_nearest_one() -> None:
    assert advice("cookie-sesion") == "Did you mean cookie-session?"
    assert advice("nonsense") == f"The rules are {', '.join(BY_ID)}."


each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(rule, example, id=f"{rule.id}: {example.title}") for rule in RULES for example in rule.examples],
)
def test_an_example_shows_what_the_rule_says(rule: Rule, example: Example) -> None:
    check, ending = rule.new_check(b"key"), rule.ending or nothing
    for earlier in example.before:
        list(check(earlier, Profile()))
    findings = [*check(example.exchange, Profile()), *ending(example.exchange, Profile())]
    assert [(finding.severity, finding.subject) for finding in findings] == list(example.findings)
    assert {finding.rule for finding in findings} <= {rule.id}
    for finding in findings:
        assert say(finding) == rule.say(finding)
        assert say(finding).endswith(".")
        assert "{" not in say(finding)
        assert all(rule.cells(finding))
        assert all(text.isprintable() for text in (say(finding), *rule.cells(finding)))


@each_rule
def test_a_rule_has_an_example_and_a_near_miss(rule: Rule) -> None:
    assert any(example.findings for example in rule.examples)
    assert not all(example.findings for example in rule.examples)
    titles = [example.title for example in rule.examples]
    assert len(titles) == len(set(titles))


@each_rule
def test_a_rule_says_what_it_is_what_to_do_and_where_that_is_written(rule: Rule) -> None:
    for text in (rule.title, rule.explanation, rule.fix):
        assert text
        assert text == text.strip()
    assert rule.explanation.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.references
    assert all(reference.startswith("https://") for reference in rule.references)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.subject is Subject.COOKIE], ids=lambda rule: rule.id)
def test_a_cookie_without_a_name_can_be_spoken_of(rule: Rule) -> None:
    check = rule.new_check(b"key")
    found: list[Finding] = []
    for attributes in (b"", b"; Max-Age=99999999; Expires=Sun, 06 Nov 1994 08:49:37 GMT"):
        line = b"=0123456789; Domain=example.com" + attributes
        found += check(Exchange(Request(host="a.example.com"), Response(fields=((b"Set-Cookie", line),))), Profile())
    sent = ((b"Cookie", b"0123456789"), (b"X-Token", b"0123456789"))
    found += check(Exchange(Request(host="b.example.com", fields=sent), Response()), Profile())
    assert found
    assert all("cookie without a name" in say(finding) for finding in found)


def test_the_order_is_that_of_the_runtime() -> None:
    assert list(RULES) == sorted(RULES, key=lambda rule: rule.step)
    order = [rule.id for rule in RULES]
    for earlier, later in itertools.pairwise(
        (
            "request-headers-too-long",
            "preflight-answered",
            "restricted-request-header",
            "response-too-slow",
            "response-headers-too-long",
            "cookie-lifetime-too-long",
            "cookie-domain-replaced",
        )
    ):
        assert order.index(earlier) < order.index(later)


@each_rule
def test_a_rule_that_enforces_something_has_a_step_of_the_runtimes_own(rule: Rule) -> None:
    own = rule.step < Step.CONSEQUENCES
    findings = [each for example in rule.examples for each in rule.check(example.exchange, Profile())] if own else []
    if any(finding.effect for finding in findings):
        assert rule.enforcement
    assert own or rule.ending is None or rule.step is Step.CONSEQUENCES
    assert not rule.awaits_response or rule.step < Step.RESPONSE_TIME


def test_rules_are_found_by_their_permanent_names() -> None:
    assert len(BY_ID) == len(RULES)
    assert all(BY_ID[rule.id] is rule for rule in RULES)


@pytest.fixture
def folder_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One more folder in which rules are looked for."""
    with monkeypatch.context() as patch:
        patch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
        yield tmp_path
    sys.modules.pop(f"{rules.__name__}.a_new_rule", None)
    importlib.reload(catalogue)


def test_a_module_with_rules_is_all_that_it_takes(folder_of_rules: Path) -> None:
    module = folder_of_rules / "a_new_rule.py"
    module.write_text(
        "from dataclasses import replace\n"
        "from functions_runtime.rules.cookie_session import RULE as SESSION\n"
        "RULES = (replace(SESSION, id='a-new-rule'),)\n"
    )
    found = importlib.reload(catalogue).RULES
    assert {rule.id for rule in found} == {*BY_ID, "a-new-rule"}
    assert list(found) == sorted(found, key=lambda rule: rule.step)


def test_a_rule_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RULES[0]
    assert page(rule) == (f"docs/rules.md#{rule.id}", "")
    monkeypatch.setattr(version, "RULES_URL", "https://docs.example/rules")
    assert page(rule) == (f"docs/rules.md#{rule.id}", f"https://docs.example/rules#{rule.id}")
