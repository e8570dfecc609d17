"""What of a stack could not be read, from what could not be read."""

from __future__ import annotations

import pytest

from orgkey.fleet.components import components_of
from orgkey.fleet.digest import parse_digest
from orgkey.fleet.drift_check import unknown_of
from orgkey.fleet.provider import Reading
from orgkey.fleet.report import Unknown
from orgkey.salesforce.errors import CANCELED, CanceledError, PartialReadError, SalesforceError, UnreachableError
from tests.fleet.digests import digest, together

READ = parse_digest(digest())
URN = {step.type.rsplit(":", 1)[-1]: step.urn for step in READ.steps if step.custom}
IN_ORG = [urn for kind, urn in URN.items() if kind != "KeyPair"]
DOWN = UnreachableError("no way in")


@pytest.mark.parametrize(
    ("unread", "late", "expected"),
    [
        ({}, "", []),
        (dict.fromkeys(IN_ORG, DOWN), "", [("", "no way in")]),
        ({URN["PermissionSet"]: DOWN}, "", [("permissionSet", "no way in")]),
        (
            {URN["ExternalClientApp"]: PartialReadError("not shown", ("permissionSets", "profiles"))},
            "",
            [("app.permissionSets", "not shown"), ("app.profiles", "not shown")],
        ),
        ({urn: CanceledError(CANCELED) for urn in IN_ORG}, "too late", [("", "too late")]),
        ({URN["JwtGrant"]: CanceledError(CANCELED)}, "", [("grant", CANCELED)]),
    ],
)
def test_it_is_told_by_name_and_once_where_it_is_the_same_for_everything(
    unread: dict[str, SalesforceError], late: str, expected: list[tuple[str, str]]
) -> None:
    partly_read = {urn: error for urn, error in unread.items() if isinstance(error, PartialReadError)}
    reading = Reading({urn: error for urn, error in unread.items() if urn not in partly_read}, partly_read)
    told = unknown_of(READ, components_of(READ), reading, late=late)
    assert [(each.path, each.reason) for each in told] == expected
    assert {each.component for each in told if each.path} <= {"access"}


def test_what_the_engine_itself_could_not_do_is_told_too() -> None:
    broken = parse_digest(digest(errors=["the state is locked"]))
    told = unknown_of(broken, components_of(broken), Reading(), late="")
    assert told == (Unknown(path="", reason="the state is locked"),)


def test_what_cannot_be_read_of_one_component_is_told_of_it_alone() -> None:
    both = parse_digest(together(digest(component="one"), digest(component="two::x", provider="second")))
    components = components_of(both)
    second = {step.urn: DOWN for step in components[1].steps}
    assert [each.name for each in components] == ["one", "two::x"]
    assert unknown_of(both, components, Reading(dict(second)), late="") == (
        Unknown(path="", reason="no way in", component="two::x"),
    )
    everything = {step.urn: DOWN for component in components for step in component.steps}
    assert unknown_of(both, components, Reading(dict(everything)), late="") == (Unknown(path="", reason="no way in"),)
