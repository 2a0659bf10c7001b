"""What a judgement says, and how edits change a field section."""

from __future__ import annotations

import pytest

from functions_runtime.ruling import (
    AppendAttributes,
    Basis,
    Edit,
    Finding,
    Forward,
    RemoveField,
    ReplaceDomain,
    Reply,
    Ruling,
    Severity,
    apply_edits,
)

FIELDS = (
    (b"Via", b"1.1 a"),
    (b"Set-Cookie", b"a=1; Domain=x; Path=/\xff"),
    (b"via", b"1.1 b"),
    (b"SET-cookie", b"b=2"),
    (b"Viator", b""),
)


def test_severities_rise() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert [str(severity) for severity in Severity] == ["info", "warning", "error"]


def test_what_a_statement_stands_on_is_called_as_in_the_rulebook() -> None:
    assert [basis.value for basis in Basis] == ["documented", "emulator", "reading"]


@pytest.mark.parametrize(
    ("effect", "status"), [(Reply(431, "Too Large"), 431), (RemoveField(b"via"), None), (None, None)]
)
def test_a_finding_has_the_status_of_its_reply(effect: Edit | Reply | None, status: int | None) -> None:
    finding = Finding("rule", Severity.INFO, Basis.READING, effect=effect)
    assert finding.status == status


def test_a_verdict_of_nothing_forwards() -> None:
    assert Ruling() == ((), Forward(), ())


def test_no_edit_changes_nothing() -> None:
    assert apply_edits(FIELDS, ()) == FIELDS


def test_a_field_is_removed_wherever_it_stands_and_however_it_is_spelled() -> None:
    assert apply_edits(FIELDS, [RemoveField(b"via")]) == (FIELDS[1], FIELDS[3], FIELDS[4])
    assert apply_edits(FIELDS, [RemoveField(b"other")]) == FIELDS


def test_a_domain_is_replaced_or_cut() -> None:
    [_, replaced, *_] = apply_edits(FIELDS, [ReplaceDomain(1, b"new.example")])
    assert replaced == (b"Set-Cookie", b"a=1; Domain=new.example; Path=/\xff")
    [_, cut, *_] = apply_edits(FIELDS, [ReplaceDomain(1, None)])
    assert cut == (b"Set-Cookie", b"a=1; Path=/\xff")


def test_attributes_are_appended_in_order() -> None:
    appended = apply_edits(FIELDS, [AppendAttributes(3, (b"HttpOnly", b"Secure"))])
    assert appended == (*FIELDS[:3], (b"SET-cookie", b"b=2; HttpOnly; Secure"), FIELDS[4])


def test_positions_are_those_of_the_message_as_it_came() -> None:
    edits: list[Edit] = [
        RemoveField(b"via"),
        AppendAttributes(1, (b"Secure",)),
        ReplaceDomain(1, b"y"),
        AppendAttributes(3, (b"X",)),
    ]
    expected = (
        (b"Set-Cookie", b"a=1; Domain=y; Path=/\xff; Secure"),
        (b"SET-cookie", b"b=2; X"),
        (b"Viator", b""),
    )
    assert apply_edits(FIELDS, edits) == expected
    assert apply_edits(FIELDS, reversed(edits)) == expected


def test_a_source_is_named_as_people_read_it() -> None:
    assert [basis.words for basis in Basis] == ["documented", "emulator", "our interpretation"]


def test_what_goes_further_is_about_the_same() -> None:
    one = Finding("rule", Severity.INFO, Basis.READING, "sid", extent=1.0)
    assert one.place == one._replace(severity=Severity.ERROR, extent=2.0).place == ("rule", "sid", None)
