"""One distinct finding."""

from __future__ import annotations

import dataclasses
import pickle

from functions_runtime.endpoint import Endpoint
from functions_runtime.record.entry import Entry, is_known, without_severity
from functions_runtime.ruling import Basis, Finding, Severity

HOME = Endpoint("GET", "a.example", "/")


def test_an_entry_names_its_rule_its_subject_and_where_it_was_found() -> None:
    finding = Finding("rule", Severity.ERROR, Basis.READING, "sid")
    entry = Entry(finding, HOME, 1, 0.0, 0.0)
    assert str(entry) == "rule [sid] GET a.example/"
    assert entry.identity == ("rule", "error", "GET", "a.example", "/", "sid")
    assert str(Entry(finding._replace(subject=None), HOME, 1, 0.0, 0.0)) == "rule GET a.example/"


def test_an_entry_is_the_same_in_another_process() -> None:
    finding = Finding("rule", Severity.ERROR, Basis.READING)
    entry = Entry(finding, HOME, 2, 3.0, 4.0, known=True, own=False, scheme="https", port=8443)
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert len(entry.__reduce__()[1]) == len(dataclasses.fields(entry))


def test_a_finding_is_known_at_its_own_severity_and_below() -> None:
    info, warning, error = [("rule", severity, *HOME, "sid") for severity in ("info", "warning", "error")]
    assert [is_known(warning, {earlier}) for earlier in (info, warning, error)] == [False, True, True]
    assert not is_known(info, {("rule", "error", *HOME, None)})
    assert without_severity(info) == without_severity(error) == ("rule", *HOME, "sid")
