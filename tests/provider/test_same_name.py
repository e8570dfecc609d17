"""What has a resource's name in the org: this stack's own, of this kind or the other, or somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, SET, Made, again, app_inputs, make
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError


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


def test_a_consumer_key_that_is_taken_may_be_this_stacks_own_old_apps(
    provider: Client, app: Made, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    with pytest.raises(VerbFailedError) as failed:
        provider.create("ConnectedApp", app_inputs(key, name="App2"))
    assert "this stack's own old app" in failed.value.message
    assert "orgkey:key.consumerKey" in failed.value.message


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


def test_a_renamed_stack_keeps_what_it_made(provider: Client, permission_set: Made) -> None:
    resource_id, inputs, outputs = permission_set
    renamed = {**inputs, "managedBy": "acme/renamed"}
    assert provider.read(SET, resource_id, inputs, outputs).id == resource_id
    assert list(provider.diff(SET, inputs, outputs, renamed).diffs) == ["managedBy"]
    after = provider.update(SET, resource_id, (inputs, outputs), renamed)
    assert provider.read(SET, resource_id, renamed, after).id == resource_id
