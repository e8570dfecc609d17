"""The life of each resource that lives in an org, verb by verb over the wire, against the local org."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import empty_pb2

from tests.landscape import Landscape, Org
from tests.provider.conftest import (
    APP,
    GRANT,
    HOLDERS,
    SET,
    Made,
    MovedClock,
    app_inputs,
    grant_inputs,
    make,
)
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError, open_secrets, plain
from tests.waiting import until


def again(provider: Client, org: Org) -> Client:
    """The next command's provider, which has read nothing yet."""
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    return provider


# --- previews


@pytest.mark.parametrize(
    ("kind", "news", "unknown"),
    [
        (SET, {"name": "Access", "label": "Access"}, ["permissionSetId", "orgId", "revision"]),
        (HOLDERS, {"permissionSet": "Access", "users": [UNKNOWN]}, ["assignments", "revision"]),
        (
            APP,
            {"name": "A", "label": "A", "contactEmail": "a@b.cd", "certificatePem": UNKNOWN, "consumerKey": UNKNOWN},
            ["appId", "revision", "deployedAt", "certificatePem", "consumerKey"],
        ),
        (
            GRANT,
            {"consumerKey": UNKNOWN, "username": "a@b", "privateKeyPem": UNKNOWN, "instanceUrl": "https://x"},
            ["verified", "consumerKey"],
        ),
    ],
)
def test_a_preview_of_a_create_writes_nothing_and_leaves_unknown_what_it_cannot_know(
    provider: Client, landscape: Landscape, kind: str, news: dict[str, Any], unknown: list[str]
) -> None:
    inputs, problems = provider.check(kind, news)
    assert problems == []
    resource_id, outputs = provider.create(kind, inputs, preview=True)
    assert resource_id == ""
    assert [name for name in unknown if open_secrets(outputs)[name] != UNKNOWN] == []
    asked = set(landscape.admin("GET", "/requests?org=uat")["counts"])
    assert asked <= ({"query", "composite", "readMetadata"} if kind in {SET, APP, HOLDERS} else set())


@pytest.mark.parametrize("other", [APP, "ConnectedApp"])
@pytest.mark.parametrize("preview", [True, False])
def test_this_stacks_own_app_of_the_other_kind_is_named_as_such_with_the_way_to_change_the_kind(
    provider: Client, holders: Made, key: dict[str, Any], landscape: Landscape, other: str, *, preview: bool
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    kinds = {APP, "ConnectedApp"}
    make(provider, other, app_inputs(key))
    (wanted,) = kinds - {other}
    with pytest.raises(VerbFailedError) as failed:
        provider.create(wanted, app_inputs(key), preview=preview)
    for part in (f"{other} named App", "this stack's own", "orgkey:app.name", "orgkey:key.consumerKey"):
        assert part in failed.value.message
    assert ("orgkey:app.protect" in failed.value.message) is (other == "ConnectedApp")
    make(provider, wanted, app_inputs(key, name="App2", consumerKey="Another12345"))


@pytest.mark.parametrize("managed_by", ["others/t", ""])
@pytest.mark.parametrize("same_kind", [True, False])
def test_a_preview_refuses_the_name_of_an_app_that_is_somebody_elses(
    provider: Client, holders: Made, key: dict[str, Any], landscape: Landscape, managed_by: str, *, same_kind: bool
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    make(provider, APP, app_inputs(key, managedBy=managed_by))
    with pytest.raises(VerbFailedError) as failed:
        provider.create(APP if same_kind else "ConnectedApp", app_inputs(key), preview=True)
    assert "this stack's own" not in failed.value.message
    assert "Nothing was changed" in failed.value.message


@pytest.mark.parametrize("name", ["App", UNKNOWN])
def test_a_preview_lets_ones_own_app_and_a_name_that_is_not_known_yet_pass(
    provider: Client, app: Made, name: str
) -> None:
    _, inputs, _ = app
    provider.create(APP, {**inputs, "name": name}, preview=True)


def test_a_preview_goes_on_where_the_org_does_not_answer(
    provider: Client, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("POST", "/faults", operation="*", org="uat", faults=["REQUEST_LIMIT_EXCEEDED"] * 20)
    provider.create(APP, app_inputs(key), preview=True)


def test_a_consumer_key_that_is_taken_may_be_this_stacks_own_old_apps(
    provider: Client, app: Made, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    with pytest.raises(VerbFailedError) as failed:
        provider.create("ConnectedApp", app_inputs(key, name="App2"))
    assert "this stack's own old app" in failed.value.message
    assert "orgkey:key.consumerKey" in failed.value.message


# --- create, read, update, delete


def test_a_permission_set_is_made_read_changed_and_removed(provider: Client, permission_set: Made, org: Org) -> None:
    resource_id, inputs, outputs = permission_set
    rows = org.query("SELECT Id, Label, Description FROM PermissionSet WHERE Name = 'Access'")
    assert rows[0]["Id"] == outputs["permissionSetId"]
    assert rows[0]["Description"] == f"managed by orgkey acme/t in {org.org_id}"
    seen = provider.read(SET, resource_id, inputs, outputs)
    assert plain(seen.inputs) == inputs
    assert seen.refresh_before_update
    news, _ = provider.check(SET, {**inputs, "label": "Other"})
    assert list(provider.diff(SET, inputs, outputs, news).diffs) == ["label"]
    changed = provider.update(SET, resource_id, (inputs, outputs), news)
    assert org.query("SELECT Label FROM PermissionSet WHERE Name = 'Access'")[0]["Label"] == "Other"
    provider.delete(SET, resource_id, news, changed)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Access'") == []


def test_an_app_gives_out_its_id_a_revision_and_when_it_was_deployed(app: Made, org: Org) -> None:
    _, _, outputs = app
    assert (
        outputs["appId"] == org.query("SELECT Id FROM ExternalClientApplication WHERE DeveloperName = 'App'")[0]["Id"]
    )
    assert outputs["orgId"] == org.org_id
    assert len(outputs["revision"]) == 16
    assert outputs["deployedAt"].endswith("+00:00")


@pytest.mark.parametrize("kind", [SET, APP, "ConnectedApp", HOLDERS])
def test_what_the_org_does_not_have_is_an_empty_id_without_properties(provider: Client, kind: str) -> None:
    answer = provider.read(kind, "Missing")
    assert answer.id == ""
    assert not answer.HasField("properties")


@pytest.mark.parametrize("made", ["permission_set", "holders", "app"])
def test_deleting_what_is_gone_already_is_a_success(
    provider: Client, request: pytest.FixtureRequest, made: str
) -> None:
    resource_id, inputs, outputs = request.getfixturevalue(made)
    kind = {"permission_set": SET, "holders": HOLDERS, "app": APP}[made]
    provider.delete(kind, resource_id, inputs, outputs)
    provider.delete(kind, resource_id, inputs, outputs)


@pytest.mark.parametrize("made", ["permission_set", "app"])
def test_an_import_gives_the_inputs_that_a_program_would_have_to_write(
    provider: Client, request: pytest.FixtureRequest, made: str
) -> None:
    resource_id, inputs, _ = request.getfixturevalue(made)
    kind = {"permission_set": SET, "app": APP}[made]
    answer = provider.read(kind, resource_id)
    assert plain(answer.inputs) == inputs
    checked, problems = provider.check(kind, plain(answer.inputs))
    assert problems == []
    assert list(provider.diff(kind, plain(answer.inputs), plain(answer.properties), checked).diffs) == []


def test_a_change_whose_answer_died_with_its_provider_is_a_new_revision_to_the_next_look(
    provider: Client, app: Made, org: Org
) -> None:
    resource_id, inputs, outputs = app
    provider.update(APP, resource_id, (inputs, outputs), {**inputs, "label": "Other"})  # nobody hears the answer
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    seen = plain(provider.read(APP, resource_id, inputs, outputs).properties)
    assert seen["revision"] != outputs["revision"]
    assert seen["deployedAt"] > outputs["deployedAt"]
    again = plain(provider.read(APP, resource_id, {**inputs, "label": "Other"}, seen).properties)
    assert (again["revision"], again["deployedAt"]) == (seen["revision"], seen["deployedAt"])


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"consumerKey": "Another123"}, True),
        ({"name": "Other"}, True),
        ({"name": "Other", "consumerKey": "Another123"}, False),
    ],
    ids=["the name stays", "the consumer key stays", "neither stays"],
)
def test_a_replaced_app_is_deleted_first_where_name_or_consumer_key_stays(
    provider: Client, app: Made, changes: dict[str, str], *, first: bool
) -> None:
    _, inputs, outputs = app
    diff = provider.diff(APP, inputs, outputs, inputs | changes)
    assert sorted(diff.replaces) == sorted(changes)
    assert diff.deleteBeforeReplace is first


def test_a_user_who_was_given_the_set_by_an_up_that_heard_no_answer_is_recorded_by_the_next(
    provider: Client, holders: Made, org: Org
) -> None:
    resource_id, inputs, outputs = holders
    org.assign("Access", org.user("devops"))
    provider.configure(  # the next command's provider, which has read nothing yet
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    seen = provider.read(HOLDERS, resource_id, inputs, outputs)
    news = inputs | {"users": [org.user("ci"), org.user("devops")]}
    diff = provider.diff(HOLDERS, plain(seen.inputs), plain(seen.properties), news)
    assert list(diff.diffs) == ["assignments"]
    after = provider.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), news)
    assert [item["username"] for item in after["assignments"]] == news["users"]
    assert after["undeclaredUsers"] == []
    assert after["revision"] != outputs["revision"]


def test_users_that_are_ignored_are_no_change_although_somebody_else_holds_the_set_too(
    provider: Client, holders: Made, org: Org
) -> None:
    resource_id, inputs, outputs = holders
    org.assign("Access", org.user("devops"))
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["users"]
    assert list(provider.diff(HOLDERS, *before, inputs, ignored=["users"]).diffs) == []


def test_other_parts_that_are_ignored_are_no_change(provider: Client, permission_set: Made) -> None:
    _, inputs, outputs = permission_set
    more = {**outputs, "carriedOver": [], "otherParts": [{"member": "PermissionSet", "xml": "<x/>"}]}
    assert list(provider.diff(SET, inputs, more, inputs).diffs) == ["otherParts"]
    assert list(provider.diff(SET, inputs, more, inputs, ignored=["otherParts"]).diffs) == []


def test_a_renamed_permission_set_is_made_before_the_old_one_is_deleted(provider: Client, permission_set: Made) -> None:
    _, inputs, outputs = permission_set
    diff = provider.diff(SET, inputs, outputs, {**inputs, "name": "Other"})
    assert list(diff.replaces) == ["name"]
    assert not diff.deleteBeforeReplace


def test_an_app_that_kept_another_consumer_key_is_a_partial_failure_and_not_a_success(
    provider: Client, holders: Made, key: dict[str, Any], org: Org
) -> None:
    made = make(provider, APP, app_inputs(key))
    with pytest.raises(VerbFailedError) as failed:
        provider.update(APP, made[0], (made[1], made[2]), app_inputs(key, consumerKey="Another1234"))
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["properties"]["consumerKey"] == key["consumerKey"]
    assert "kept another consumer key" in failed.value.init_failed["reasons"][0]


def test_an_app_of_the_other_kind_with_our_name_is_refused_naming_both(
    provider: Client, app: Made, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    inputs, _ = provider.check("ConnectedApp", app_inputs(key))
    with pytest.raises(VerbFailedError) as failed:
        provider.create("ConnectedApp", inputs)
    assert failed.value.code == "FAILED_PRECONDITION"
    assert "ExternalClientApp named App" in failed.value.message
    assert "ConnectedApp of the same name" in failed.value.message


def test_an_interrupted_create_is_adopted_by_its_marker(provider: Client, app: Made, key: dict[str, Any]) -> None:
    resource_id, outputs = provider.create(APP, app[1])
    assert resource_id == "App"
    assert outputs["appId"] == app[2]["appId"]


def test_what_another_project_manages_by_now_is_gone_for_us_and_left_alone(
    provider: Client, permission_set: Made, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    taken = {**inputs, "managedBy": "others/t"}
    provider.update(SET, resource_id, (inputs, outputs), taken)
    assert provider.read(SET, resource_id, inputs, outputs).id == ""
    with pytest.raises(VerbFailedError) as failed:
        provider.create(SET, inputs)
    assert "managed by orgkey others/t" in failed.value.message
    assert "others/t" in org.query("SELECT Description FROM PermissionSet WHERE Name = 'Access'")[0]["Description"]


def test_a_thing_of_our_name_that_somebody_made_by_hand_after_ours_was_deleted_is_not_ours(
    provider: Client, permission_set: Made, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    org.deploy({}, destroy={"PermissionSet": ["Access"]})
    by_hand = '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">{}</PermissionSet>'
    inner = "<hasActivationRequired>false</hasActivationRequired><label>By hand</label>"
    org.deploy({"permissionsets/Access.permissionset": by_hand.format(inner)}, {"PermissionSet": ["Access"]})
    fresh = again(provider, org)
    assert fresh.read(SET, resource_id, inputs, outputs).id == ""
    fresh.delete(SET, resource_id, inputs, outputs)
    assert org.query("SELECT Label FROM PermissionSet WHERE Name = 'Access'")[0]["Label"] == "By hand"


def test_an_org_that_is_no_sandbox_and_has_another_id_than_state_is_refused_naming_both(
    provider: Client, permission_set: Made, landscape: Landscape, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    production = landscape.org("acme")
    provider.configure(
        {
            "instanceUrl": production.url,
            "caBundle": production.ca_bundle,
            "credentials": '{"accessTokenEnv": "PRODUCTION_TOKEN"}',
        }
    )
    with pytest.raises(VerbFailedError) as failed:
        provider.read(SET, resource_id, inputs, outputs)
    assert org.org_id in failed.value.message
    assert production.org_id in failed.value.message


def test_a_renamed_stack_keeps_what_it_made(provider: Client, permission_set: Made) -> None:
    resource_id, inputs, outputs = permission_set
    renamed = {**inputs, "managedBy": "acme/renamed"}
    assert provider.read(SET, resource_id, inputs, outputs).id == resource_id
    assert list(provider.diff(SET, inputs, outputs, renamed).diffs) == ["managedBy"]
    after = provider.update(SET, resource_id, (inputs, outputs), renamed)
    assert provider.read(SET, resource_id, renamed, after).id == resource_id


def test_assignees_are_drift_that_names_them_and_an_update_puts_the_list_right(
    provider: Client, holders: Made, org: Org
) -> None:
    resource_id, inputs, outputs = holders
    org.unassign("Access", org.user("ci"))
    org.assign("Access", org.user("devops"))
    fresh = Client(provider.port)  # the next command's provider, which has read nothing yet
    fresh.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    seen = fresh.read(HOLDERS, resource_id, inputs, outputs)
    assert plain(seen.inputs)["users"] == [org.user("devops")]
    diff = fresh.diff(HOLDERS, plain(seen.inputs), plain(seen.properties), inputs)
    assert list(diff.diffs) == ["users"]
    after = fresh.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), inputs)
    assert org.holders("Access") == [org.user("ci")]
    assert after["revision"] != outputs["revision"]
    fresh.channel.close()


@pytest.mark.parametrize("fault", ["return-504", "UNKNOWN_EXCEPTION"])
def test_a_deploy_that_may_have_arrived_goes_into_state_although_an_error_was_answered(
    provider: Client, permission_set: Made, landscape: Landscape, fault: str
) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=[fault])
    resource_id, inputs, outputs = permission_set
    with pytest.raises(VerbFailedError) as failed:
        provider.update(SET, resource_id, (inputs, outputs), {**inputs, "label": "Other"})
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["id"] == "Access"


# --- groups: somebody else's, so only what is missing is added and only what was added ends


@pytest.fixture
def grouped(provider: Client, permission_set: Made, org: Org) -> Made:
    """`ci` and `deploy` hold the set and are in `Sales`, where `deploy` and somebody else had been before."""
    org.make_group("Sales", "deploy", "release")
    org.make_group("Service")
    users = [org.user("ci"), org.user("deploy")]
    return make(provider, HOLDERS, {"permissionSet": "Access", "users": users, "groups": ["sales"]})


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


# --- expiration: where it is declared, the assignments made here end by themselves


def expirations(org: Org, *, group: bool = False) -> list[str | None]:
    condition = "PermissionSetGroup.DeveloperName = 'Sales'" if group else "PermissionSet.Name = 'Access'"
    rows = org.query(f"SELECT ExpirationDate FROM PermissionSetAssignment WHERE {condition} ORDER BY Assignee.Username")
    return [row["ExpirationDate"] for row in rows]


SUMMER, IN_ZULU, WINTER = "2099-07-01T02:00:00+02:00", "2099-07-01T00:00:00.000+0000", "2099-12-31T00:00:00Z"


@pytest.fixture
def expiring(provider: Client, grouped: Made) -> Made:
    """The same as `grouped`, with an end."""
    resource_id, inputs, outputs = grouped
    news, problems = provider.check(HOLDERS, {**inputs, "expiration": SUMMER})
    assert problems == []
    assert list(provider.diff(HOLDERS, inputs, outputs, news).diffs) == ["expiration"]
    return resource_id, news, provider.update(HOLDERS, resource_id, (inputs, outputs), news)


def test_assignments_get_their_end_in_place_and_those_that_somebody_else_made_do_not(
    expiring: Made, grouped: Made, org: Org
) -> None:
    assert expirations(org) == [IN_ZULU, IN_ZULU]
    assert expirations(org, group=True) == [IN_ZULU, None, None]
    assert [item["id"] for item in expiring[2]["assignments"]] == [item["id"] for item in grouped[2]["assignments"]]


def test_assignments_are_made_with_their_end(provider: Client, permission_set: Made, org: Org) -> None:
    make(provider, HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")], "expiration": SUMMER})
    assert expirations(org) == [IN_ZULU]


def test_an_end_in_another_zones_words_is_the_same(provider: Client, expiring: Made, org: Org) -> None:
    resource_id, inputs, outputs = expiring
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert plain(seen.inputs) == inputs
    other_words = {**inputs, "expiration": "2099-07-01T00:00:00Z"}
    assert list(provider.diff(HOLDERS, inputs, outputs, other_words).diffs) == []


def test_an_end_that_is_no_longer_declared_is_cleared(provider: Client, expiring: Made, org: Org) -> None:
    resource_id, inputs, outputs = expiring
    news = {name: value for name, value in inputs.items() if name != "expiration"}
    after = provider.update(HOLDERS, resource_id, (inputs, outputs), news)
    assert expirations(org) == [None, None]
    assert expirations(org, group=True) == [None, None, None]
    assert [item for item in after["assignments"] if "expires" in item] == []


@pytest.mark.parametrize("moved_to", [WINTER, None])
def test_an_end_that_somebody_moved_is_drift_and_an_update_puts_it_back_without_taking_the_assignment_away(
    provider: Client, expiring: Made, org: Org, moved_to: str | None
) -> None:
    resource_id, inputs, outputs = expiring
    record = outputs["assignments"][0]["id"]
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{record}"
    assert org.call("PATCH", path, json={"ExpirationDate": moved_to}).status_code == 204
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert before[0].get("expiration") == (moved_to and "2099-12-31T00:00:00.000+0000")
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["expiration"]
    after = provider.update(HOLDERS, resource_id, before, inputs)
    assert expirations(org) == [IN_ZULU, IN_ZULU]
    assert [item["id"] for item in after["assignments"]] == [item["id"] for item in outputs["assignments"]]


@pytest.mark.parametrize("passed", [False, True], ids=["to come", "passed"])
def test_an_end_that_somebody_set_where_none_is_declared_is_drift_and_an_update_clears_it(
    provider: Client, grouped: Made, org: Org, clock: MovedClock, *, passed: bool
) -> None:
    resource_id, inputs, outputs = grouped
    record = next(item["id"] for item in outputs["assignments"] if item["username"] == org.user("deploy"))
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{record}"
    assert org.call("PATCH", path, json={"ExpirationDate": WINTER}).status_code == 204
    if passed:
        clock.ahead = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - time.time()
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert before[0]["users"] == [user for user in inputs["users"] if not passed or user != org.user("deploy")]
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["expiration", *(["users"] if passed else [])]
    provider.update(HOLDERS, resource_id, before, inputs)
    assert expirations(org) == [None, None]


def test_an_assignment_that_has_ended_is_drift_and_a_later_end_renews_it(
    provider: Client, expiring: Made, org: Org, clock: MovedClock
) -> None:
    resource_id, inputs, outputs = expiring
    clock.ahead = datetime(2099, 7, 2, tzinfo=UTC).timestamp() - time.time()
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert (plain(seen.inputs)["users"], plain(seen.inputs)["groups"]) == ([], [])
    _, problems = provider.check(HOLDERS, inputs)
    assert [path for path, _ in problems] == ["expiration"]
    renewed = {**inputs, "expiration": WINTER}
    provider.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), renewed)
    assert expirations(org) == ["2099-12-31T00:00:00.000+0000"] * 2


@pytest.mark.parametrize("passed", [False, True], ids=["to come", "passed"])
def test_somebody_elses_assignment_counts_as_a_holder_until_it_has_ended_and_is_left_alone_then(
    provider: Client, grouped: Made, org: Org, clock: MovedClock, *, passed: bool
) -> None:
    resource_id, inputs, outputs = grouped
    assert inputs["authoritative"] is True
    org.assign("Access", org.user("devops"))
    (row,) = org.query(
        "SELECT Id FROM PermissionSetAssignment "
        f"WHERE PermissionSet.Name = 'Access' AND Assignee.Username = '{org.user('devops')}'"
    )
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}"
    assert org.call("PATCH", path, json={"ExpirationDate": WINTER}).status_code == 204
    if passed:
        clock.ahead = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - time.time()
    others = [] if passed else [org.user("devops")]
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert before[0]["users"] == [*inputs["users"], *others]
    assert before[1]["undeclaredUsers"] == others
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == (["users"] if others else [])
    provider.update(HOLDERS, resource_id, before, inputs)
    assert (org.user("devops") in org.holders("Access")) is passed


def test_somebody_elses_assignment_to_a_group_that_has_ended_is_named_as_theirs(
    provider: Client, grouped: Made, org: Org, clock: MovedClock
) -> None:
    resource_id, inputs, outputs = grouped
    (theirs,) = {item["id"] for item in outputs["assignments"] if item.get("group")} - set(
        outputs["groupAssignmentIds"]
    )
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{theirs}"
    assert org.call("PATCH", path, json={"ExpirationDate": WINTER}).status_code == 204
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == []
    clock.ahead = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - time.time()
    seen = again(provider, org).read(HOLDERS, resource_id, *before)
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["groups"]
    with pytest.raises(VerbFailedError) as failed:
        provider.update(HOLDERS, resource_id, before, inputs)
    assert f"{org.user('deploy')} in the group sales: somebody else's assignment to it ended" in failed.value.message


# --- the proof


def test_a_proof_says_who_it_speaks_for_and_keeps_the_key_secret(
    provider: Client, app: Made, key: dict[str, Any], org: Org
) -> None:
    _, _, outputs = make(provider, GRANT, grant_inputs(key, org))
    assert outputs["verified"] is True
    assert outputs["orgId"] == org.org_id
    assert outputs["userId"] == org.query(f"SELECT Id FROM User WHERE Username = '{org.user('ci')}'")[0]["Id"]
    assert outputs["audience"] == org.url
    assert set(outputs["scopes"]) >= {"api"}
    assert set(outputs["privateKeyPem"]) == {"4dabf18193072939515e22adb298388d", "value"}


def test_a_refused_proof_is_a_partial_failure_with_the_orgs_words_what_they_mean_and_what_to_do(
    provider: Client, app: Made, key: dict[str, Any], org: Org
) -> None:
    inputs, _ = provider.check(GRANT, grant_inputs(key, org, username=org.user("devops")))
    with pytest.raises(VerbFailedError) as failed:
        provider.create(GRANT, inputs)
    partial = failed.value.init_failed
    assert partial is not None
    assert partial["id"] == org.user("devops")
    assert partial["properties"]["verified"] is False
    assert partial["properties"]["reasonCode"] == "invalid_app_access"
    assert partial["properties"]["reason"] == "user is not admin approved to access this app"
    assert "add the user to orgkey:users" in partial["reasons"][0]
    assert partial["refresh_before_update"]


def test_a_look_tries_once_and_a_healed_login_is_quiet(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    resource_id, inputs, outputs = make(provider, GRANT, grant_inputs(key, org, propagationMinutes=10))
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=False)
    landscape.admin("DELETE", "/requests")
    read = provider.read(GRANT, resource_id, inputs, outputs)
    seen = {"inputs": plain(read.inputs), "properties": plain(read.properties)}
    assert seen["properties"]["verified"] is False
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["jwtGrant"] == 1
    assert list(provider.diff(GRANT, seen["inputs"], seen["properties"], inputs).diffs) == ["reason", "verified"]
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=True)
    healed = provider.read(GRANT, resource_id, inputs, seen["properties"])
    assert list(provider.diff(GRANT, plain(healed.inputs), plain(healed.properties), inputs).diffs) == []


def test_a_failing_administrators_login_is_never_blamed_on_the_grant(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    resource_id, inputs, outputs = make(provider, GRANT, grant_inputs(key, org))
    provider.configure({"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "NONE"}'})
    with pytest.raises(VerbFailedError) as failed:
        provider.read(GRANT, resource_id, inputs, outputs)
    assert failed.value.init_failed is None
    assert "The environment variable NONE is not set" in failed.value.message


def test_a_user_without_api_access_gets_a_token_and_is_no_proof(
    provider: Client, holders: Made, key: dict[str, Any], org: Org
) -> None:
    make(provider, APP, app_inputs(key))
    org.assign("Access", org.user("noapi"))
    inputs, _ = provider.check(GRANT, grant_inputs(key, org, username=org.user("noapi")))
    with pytest.raises(VerbFailedError) as failed:
        provider.create(GRANT, inputs)
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["properties"]["verified"] is False
    assert "API" in failed.value.message


@pytest.mark.parametrize(("operation", "fault"), [("query", "REQUEST_LIMIT_EXCEEDED"), ("jwtGrant", "return-503")])
def test_a_limit_or_a_busy_org_is_no_verdict_on_the_login(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape, operation: str, fault: str
) -> None:
    resource_id, inputs, outputs = make(provider, GRANT, grant_inputs(key, org))
    landscape.admin("POST", "/faults", operation=operation, org="uat", faults=[fault])
    with pytest.raises(VerbFailedError) as failed:
        provider.read(GRANT, resource_id, inputs, outputs)
    assert failed.value.init_failed is None


def test_a_consumer_key_that_the_app_has_already_replaces_nothing(provider: Client, app: Made) -> None:
    _, inputs, outputs = app
    before = {**inputs, "consumerKey": "DeclaredBefore1"}
    diff = provider.diff(APP, before, outputs, inputs)
    assert list(diff.diffs) == ["consumerKey"]
    assert list(diff.replaces) == []


def test_an_audience_that_the_org_does_not_take_is_followed_by_the_next_one_and_by_no_third(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", classic_aud=True)
    _, _, outputs = make(provider, GRANT, grant_inputs(key, org))
    assert outputs["audience"] == "https://login.salesforce.com"
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["jwtGrant"] == 2


def test_the_token_of_a_proof_is_revoked_only_on_request(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    make(provider, GRANT, grant_inputs(key, org))
    assert "revoke" not in landscape.admin("GET", "/requests?org=uat")["counts"]
    make(provider, GRANT, grant_inputs(key, org, revoke=True))
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["revoke"] == 1


# --- time


def test_a_deploy_that_outlasts_its_timeout_is_kept_in_state_with_its_job_and_what_to_do(
    provider: Client, permission_set: Made, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", deploy_time=30)
    resource_id, inputs, outputs = permission_set
    started = time.monotonic()
    with pytest.raises(VerbFailedError) as failed:
        provider.update(SET, resource_id, (inputs, outputs), {**inputs, "label": "Other"}, timeout=0.5)
    assert time.monotonic() - started < 10
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["id"] == "Access"
    assert "orgkey:timeouts" in failed.value.init_failed["reasons"][0]


@pytest.mark.parametrize("operation", ["composite", "createRecords"])
def test_what_is_no_deploy_ends_in_time_too(
    provider: Client, permission_set: Made, landscape: Landscape, org: Org, operation: str
) -> None:
    landscape.admin("POST", "/faults", operation=operation, org="uat", faults=["stall-3"])
    inputs, _ = provider.check(HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")]})
    started = time.monotonic()
    with pytest.raises(VerbFailedError) as failed:
        provider.create(HOLDERS, inputs, timeout=0.5)
    assert time.monotonic() - started < 2
    assert "orgkey:timeouts" in failed.value.message


@pytest.mark.parametrize("silence", ["a deploy that takes long", "an org that does not answer"])
def test_a_cancel_stops_what_runs_within_two_seconds_and_does_not_stick(
    provider: Client, permission_set: Made, landscape: Landscape, org: Org, silence: str
) -> None:
    if silence == "a deploy that takes long":
        landscape.admin("PATCH", "/knobs", deploy_time=30)
        seen = "checkDeployStatus"
    else:
        landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["stall-5"])
        seen = ""
    resource_id, inputs, outputs = permission_set
    news = {**inputs, "label": "Other"}
    outcome: list[VerbFailedError] = []

    def update() -> None:
        try:
            provider.update(SET, resource_id, (inputs, outputs), news)
        except VerbFailedError as error:
            outcome.append(error)

    running = threading.Thread(target=update)
    running.start()
    until(
        lambda: (
            not running.is_alive()
            or seen in landscape.admin("GET", "/requests?org=uat")["counts"]
            or any(fault["fired"] for fault in landscape.admin("GET", "/faults")["faults"])
        ),
        "the org is asked",
    )
    time.sleep(0.1)
    started = time.monotonic()
    provider.stub.Cancel(empty_pb2.Empty())
    running.join(timeout=10)
    assert time.monotonic() - started < 2
    assert outcome[0].init_failed is not None
    assert "canceled" in outcome[0].message
    if silence == "a deploy that takes long":
        assert landscape.admin("GET", "/requests?org=uat")["counts"]["cancelDeploy"] == 1
    landscape.admin("PATCH", "/knobs", deploy_time=0)
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    assert provider.update(SET, resource_id, (inputs, outputs), news)["label"] == "Other"
