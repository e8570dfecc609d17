"""Whoever holds a permission set by a group that contains it holds it: the user is not missing, and no update has anything to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Org
from tests.provider.conftest import HOLDERS, Made, make
from tests.provider.protocol import Client, plain


def contain(org: Org, group: str, permission_set: str) -> None:
    """Put a set into a permission set group."""
    ids = [
        org.query(f"SELECT Id FROM PermissionSetGroup WHERE DeveloperName = '{group}'")[0]["Id"],
        org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{permission_set}' AND PermissionSetGroupId = null")[0][
            "Id"
        ],
    ]
    record = dict(zip(("PermissionSetGroupId", "PermissionSetId"), ids, strict=True))
    answer = org.call("POST", "/services/data/v67.0/sobjects/PermissionSetGroupComponent", json=record)
    assert answer.status_code == 201, answer.text


def unassign(org: Org) -> None:
    """Take the set itself from the user."""
    rows = org.query(
        "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Access' "
        f"AND PermissionSetGroupId = null AND Assignee.Username = '{org.user('ci')}'"
    )
    for row in rows:
        answer = org.call("DELETE", f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}")
        assert answer.status_code == 204, answer.text


def look(provider: Client, org: Org, made: Made) -> tuple[dict[str, Any], list[str]]:
    """What the next command finds, and what of it differs."""
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    answer = provider.read(HOLDERS, *made)
    found, outputs = plain(answer.inputs), plain(answer.properties)
    return found, list(provider.diff(HOLDERS, found, outputs, made[1]).diffs)


@pytest.mark.parametrize("name", ["Robots", "Access"])
def test_a_user_who_holds_the_set_by_a_group_is_not_missing(
    provider: Client, holders: Made, org: Org, heard: list[str], name: str
) -> None:
    org.make_group(name, "ci")
    contain(org, name, "Access")
    unassign(org)
    found, differs = look(provider, org, holders)
    assert (found["users"], differs) == ([org.user("ci")], [])
    assert any(f"by the group {name} alone" in line for line in heard)
    org.leave(name, org.user("ci"))
    assert look(provider, org, holders)[0]["users"] == []


@pytest.mark.parametrize("name", ["Robots", "Access"])
def test_a_member_of_a_group_that_does_not_contain_the_set_is_missing(
    provider: Client, holders: Made, org: Org, name: str
) -> None:
    org.make_group(name, "ci")
    unassign(org)
    found, differs = look(provider, org, holders)
    assert (found["users"], "users" in differs) == ([], True)
    provider.update(HOLDERS, holders[0], (found, holders[2]), holders[1])
    assert look(provider, org, holders)[0]["users"] == [org.user("ci")]


def test_members_of_a_group_of_the_sets_name_are_no_holders(provider: Client, permission_set: Made, org: Org) -> None:
    org.make_group("Access", "devops")
    made = make(provider, HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")]})
    assert made[2]["undeclaredUsers"] == []
    assert look(provider, org, made)[1] == []
