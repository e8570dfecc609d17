"""What of a stack could not be told, from what could not be read."""

from __future__ import annotations

import pytest

from orgkey.fleet.digest import parse_digest
from orgkey.fleet.look import _unknown
from orgkey.fleet.report import Unknown
from orgkey.salesforce.errors import CANCELED, CanceledError, SalesforceError, UnreachableError, UnseenError
from tests.fleet.digests import digest

READ = parse_digest(digest())
URN = {step.type.rsplit(":", 1)[-1]: step.urn for step in READ.steps}
IN_ORG = [urn for kind, urn in URN.items() if kind != "KeyPair"]
DOWN = UnreachableError("no way in")


@pytest.mark.parametrize(
    ("unread", "late", "expected"),
    [
        ({}, "", []),
        (dict.fromkeys(IN_ORG, DOWN), "", [("", "no way in")]),
        ({URN["PermissionSet"]: DOWN}, "", [("permissionSet", "no way in")]),
        (
            {URN["ExternalClientApp"]: UnseenError("not shown", ("permissionSets", "profiles"))},
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
    assert _unknown(READ, unread, late=late) == tuple(Unknown(path=path, reason=reason) for path, reason in expected)


def test_what_the_engine_itself_could_not_do_is_told_too() -> None:
    broken = parse_digest(digest(errors=["the state is locked"]))
    assert _unknown(broken, {}, late="") == (Unknown(path="", reason="the state is locked"),)
