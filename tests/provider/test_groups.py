"""Permission set groups are somebody else's: only what is missing is added, and only what was added ends."""

from __future__ import annotations

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import HOLDERS, Made, again
from tests.provider.protocol import Client, VerbFailedError, plain


def test_every_user_is_assigned_to_each_group_and_the_groups_other_members_are_none_of_our_business(
    grouped: Made, org: Org
) -> None:
    _, _, outputs = grouped
    assert org.members("Sales") == [org.user("ci"), org.user("deploy"), org.user("release")]
    shown = [(item["username"], item.get("group", "")) for item in outputs["assignments"]]
    assert sorted(shown) == [
        (org.user("ci"), ""),
        (org.user("ci"), "Sales"),
        (org.user("deploy"), ""),
        (org.user("deploy"), "Sales"),
    ]
    assert outputs["undeclaredUsers"] == []
    assert len(outputs["groupAssignmentIds"]) == 1


def test_a_user_who_left_a_group_is_drift_on_it_and_an_update_puts_him_back(
    provider: Client, grouped: Made, org: Org
) -> None:
    resource_id, inputs, outputs = grouped
    org.leave("Sales", org.user("ci"))
    org.leave("Sales", org.user("release"))
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert plain(seen.inputs) == {**inputs, "groups": []}
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["groups"]
    after = provider.update(HOLDERS, resource_id, before, inputs)
    assert org.members("Sales") == [org.user("ci"), org.user("deploy")]
    assert after["revision"] != outputs["revision"]


def test_what_was_given_is_remembered_while_the_inputs_of_a_refresh_name_less(
    provider: Client, grouped: Made, org: Org
) -> None:
    resource_id, inputs, outputs = grouped
    org.leave("Sales", org.user("deploy"))
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    seen = again(provider, org).read(HOLDERS, resource_id, plain(seen.inputs), plain(seen.properties))
    assert plain(seen.properties)["groupAssignmentIds"] == outputs["groupAssignmentIds"]


def test_a_look_at_what_is_as_declared_changes_nothing(provider: Client, grouped: Made, org: Org) -> None:
    resource_id, inputs, outputs = grouped
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert (plain(seen.inputs), plain(seen.properties)) == (inputs, outputs)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"groups": []}, ["deploy", "release"]),
        ({"users": ["deploy"]}, ["deploy", "release"]),
        ({"users": ["ci"]}, ["ci", "deploy", "release"]),
        ({"groups": ["Service"]}, ["deploy", "release"]),
    ],
    ids=["the group is dropped", "a user is dropped", "one who was in it before is dropped", "another group instead"],
)
def test_what_we_gave_and_nobody_declares_any_more_is_taken_back_and_nothing_else(
    provider: Client, grouped: Made, org: Org, changes: dict[str, list[str]], left: list[str]
) -> None:
    resource_id, inputs, outputs = grouped
    if "users" in changes:
        changes = {"users": [org.user(alias) for alias in changes["users"]]}
    news, _ = provider.check(HOLDERS, inputs | changes)
    after = provider.update(HOLDERS, resource_id, (inputs, outputs), news)
    assert org.members("Sales") == [org.user(alias) for alias in left]
    provider.delete(HOLDERS, resource_id, news, after)
    assert org.members("Sales") == [org.user("deploy"), org.user("release")]
    assert org.members("Service") == []


def test_what_was_given_is_taken_back_by_a_state_in_which_outputs_had_other_names(
    provider: Client, grouped: Made, org: Org
) -> None:
    resource_id, inputs, outputs = grouped
    names = {"groupAssignmentIds": "given", "undeclaredUsers": "extra"}
    older = {names.get(name, name): value for name, value in outputs.items() if name != "stateVersion"}
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, older)
    assert (plain(seen.inputs), plain(seen.properties)) == (inputs, outputs)
    assert list(provider.diff(HOLDERS, inputs, older, inputs).diffs) == []
    news, _ = provider.check(HOLDERS, inputs | {"groups": []})
    after = provider.update(HOLDERS, resource_id, (inputs, older), news)
    assert org.members("Sales") == [org.user("deploy"), org.user("release")]
    assert not after.keys() & names.values()


@pytest.mark.parametrize(
    ("operation", "fault"), [("deleteRecords", "INSUFFICIENT_ACCESS"), ("deleteRecords", "reset-before")]
)
def test_what_was_given_is_remembered_when_a_later_step_of_the_same_update_fails(
    provider: Client, grouped: Made, org: Org, landscape: Landscape, operation: str, fault: str
) -> None:
    resource_id, inputs, outputs = grouped
    news, _ = provider.check(HOLDERS, inputs | {"users": [org.user("deploy"), org.user("devops")]})
    landscape.admin("POST", "/faults", operation=operation, org="uat", faults=[fault])
    with pytest.raises(VerbFailedError) as failed:
        provider.update(HOLDERS, resource_id, (inputs, outputs), news)
    assert failed.value.init_failed is not None
    left = failed.value.init_failed["inputs"], failed.value.init_failed["properties"]
    assert len(left[1]["groupAssignmentIds"]) == 2
    seen = again(provider, org).read(HOLDERS, resource_id, *left)
    after = provider.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), news)
    assert org.members("Sales") == [org.user("deploy"), org.user("devops"), org.user("release")]
    provider.delete(HOLDERS, resource_id, news, after)
    assert org.members("Sales") == [org.user("deploy"), org.user("release")]


def test_an_update_of_which_nothing_was_made_leaves_the_state_as_it_is(
    provider: Client, grouped: Made, org: Org, landscape: Landscape
) -> None:
    resource_id, inputs, outputs = grouped
    landscape.admin("POST", "/faults", operation="createRecords", org="uat", faults=["INSUFFICIENT_ACCESS"])
    with pytest.raises(VerbFailedError) as failed:
        provider.update(HOLDERS, resource_id, (inputs, outputs), inputs | {"groups": ["Sales", "Service"]})
    assert failed.value.init_failed is None


def test_unknown_groups_and_users_are_named_together_before_anything_is_changed(
    provider: Client, permission_set: Made, org: Org
) -> None:
    org.make_group("Sales")
    news = {"permissionSet": "Access", "users": [org.user("ci"), "no@body"], "groups": ["Sales", "Sails", "crm__Sales"]}
    with pytest.raises(VerbFailedError) as failed:
        provider.create(HOLDERS, provider.check(HOLDERS, news)[0])
    assert "no@body: no such user" in failed.value.message
    assert "Sails: no such permission set group" in failed.value.message
    assert "crm__Sales: no such permission set group" in failed.value.message
    assert "orgkey:users and orgkey:assignments.groups" in failed.value.message
    assert (org.holders("Access"), org.members("Sales")) == ([], [])


def test_what_was_given_survives_a_permission_set_that_somebody_deleted(
    provider: Client, grouped: Made, org: Org
) -> None:
    resource_id, inputs, outputs = grouped
    org.deploy({}, destroy={"PermissionSet": ["Access"]})
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert plain(seen.inputs)["users"] == []
    provider.delete(HOLDERS, resource_id, plain(seen.inputs), plain(seen.properties))
    assert org.members("Sales") == [org.user("deploy"), org.user("release")]
    assert again(provider, org).read(HOLDERS, resource_id, inputs, outputs).id == ""


def test_assignments_to_groups_are_deleted_before_they_are_replaced_so_that_the_new_ones_are_ours_too(
    provider: Client, grouped: Made
) -> None:
    _, inputs, outputs = grouped
    diff = provider.diff(HOLDERS, inputs, outputs, {**inputs, "permissionSet": "Other"})
    assert list(diff.replaces) == ["permissionSet"]
    assert diff.deleteBeforeReplace
