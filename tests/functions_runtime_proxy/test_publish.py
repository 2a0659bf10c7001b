"""What a user sees on a flow, and in the event log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mitmproxy import http

from functions_runtime.catalogue import BY_ID
from functions_runtime.ruling import Basis, Finding, Severity
from functions_runtime_proxy import publish
from tests.flows import live

RULE = "cookie-lifetime-too-long"


def _finding(severity: Severity = Severity.ERROR, lifetime: str = "30 days", **more: Any) -> Finding:
    facts = (("attribute", "Max-Age"), ("lifetime", lifetime))
    return Finding(RULE, severity, Basis.DOCUMENTED, "sid", facts)._replace(**more)


def _annotate(flow: http.HTTPFlow, *findings: Finding, show: Severity = Severity.WARNING) -> None:
    publish.annotate(flow, findings, show, enforced=False)


@pytest.mark.parametrize(
    ("severities", "mark"),
    [
        ([Severity.INFO, Severity.ERROR, Severity.WARNING], ":red_circle:"),
        ([Severity.WARNING, Severity.INFO], ":yellow_circle:"),
        ([Severity.INFO], ":large_blue_circle:"),
        ([], ""),
    ],
)
def test_mark_is_that_of_the_gravest_finding(severities: list[Severity], mark: str) -> None:
    flow = live()
    _annotate(flow, *map(_finding, severities), show=Severity.INFO)
    assert flow.marked == mark


def test_findings_below_what_is_shown_are_in_the_metadata_only() -> None:
    flow = live()
    _annotate(flow, _finding(Severity.INFO, "one hour"), _finding(Severity.WARNING))
    assert flow.marked == ":yellow_circle:"
    said, what_to_do = flow.comment.split("\n")
    assert said.startswith(f"[Runtime warning: {RULE}] ")
    assert "30 days" in said
    assert what_to_do == f"[Runtime] Fix: {BY_ID[RULE].fix}"
    assert [plain["severity"] for plain in flow.metadata["runtime"]] == ["info", "warning"]
    assert list(flow.metadata) == ["runtime"]


def test_nothing_is_shown_if_all_is_below() -> None:
    flow = live()
    _annotate(flow, _finding(Severity.INFO))
    assert (flow.marked, flow.comment) == ("", "")
    assert len(flow.metadata["runtime"]) == 1


def test_comment_begins_with_the_gravest_and_ends_somewhere() -> None:
    flow = live()
    findings = [_finding(Severity.WARNING, f"{number} days") for number in range(12)]
    _annotate(flow, *findings, _finding(lifetime="a century"))
    lines = flow.comment.split("\n")
    assert len(lines) == 21
    assert "a century" in lines[0]
    assert lines[-1] == "[Runtime] … and 3 more findings."
    assert all(line.startswith("[Runtime") for line in lines)


@pytest.mark.parametrize("count", [1, publish.MAX_COMMENTED + 2])
@pytest.mark.parametrize("fold", [lambda comment: comment, lambda comment: comment.replace("\n", " ")])
def test_what_the_user_wrote_behind_our_last_line_stays(count: int, fold: Callable[[str], str]) -> None:
    """That is the only place that mitmweb's tab Comment offers."""
    flow = live()
    _annotate(flow, *(_finding(lifetime=f"{number} days") for number in range(count)))
    flow.comment = fold(flow.comment) + " mine"
    _annotate(flow)
    assert flow.comment == "mine"


def test_mark_and_comment_of_the_user_stay() -> None:
    flow = live()
    flow.marked, flow.comment = ":star:", "mine"
    _annotate(flow, _finding(lifetime="one"))
    assert flow.marked == ":star:"
    assert flow.comment.startswith("mine\n[Runtime error")
    _annotate(flow, _finding(lifetime="two"))
    assert flow.comment.startswith("mine\n[Runtime error")
    assert " one " not in flow.comment
    _annotate(flow)
    assert (flow.marked, flow.comment) == (":star:", "mine")


def test_what_the_user_writes_beside_ours_stays() -> None:
    flow = live()
    _annotate(flow, _finding(lifetime="one"))
    flow.comment += "\nmine"
    flow.marked = ":star:"
    _annotate(flow, _finding(lifetime="two"))
    assert flow.comment.startswith(f"mine\n[Runtime error: {RULE}] ")
    assert flow.marked == ":star:"


def test_judging_again_replaces_our_part() -> None:
    flow = live()
    _annotate(flow, _finding(lifetime="one"))
    _annotate(flow, _finding(Severity.WARNING, lifetime="two"))
    assert flow.marked == ":yellow_circle:"
    assert flow.comment.startswith(f"[Runtime warning: {RULE}] ")
    _annotate(flow)
    assert (flow.marked, flow.comment, flow.metadata["runtime"]) == ("", "", [])


@pytest.mark.parametrize("metadata", [None, 7, ["text"], [{"shown": True}], [{"severity": [], "shown": True}]])
def test_metadata_of_somebody_else_is_in_nobodys_way(metadata: Any) -> None:
    flow = live()
    flow.metadata["runtime"], flow.marked, flow.comment = metadata, ":star:", "mine"
    _annotate(flow, _finding())
    assert flow.marked == ":star:"
    assert flow.comment.startswith(f"mine\n[Runtime error: {RULE}] ")


def test_flows_do_not_share_their_metadata() -> None:
    one, other = live(), live()
    _annotate(one, _finding())
    _annotate(other, _finding())
    one.metadata["runtime"][0]["severity"] = "changed"
    assert other.metadata["runtime"][0]["severity"] == "error"
