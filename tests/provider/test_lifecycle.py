"""The life of each resource that lives in an org, verb by verb over the wire, against the local org."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, HOLDERS, SET, Made, app_inputs, make
from tests.provider.protocol import Client, VerbFailedError, plain


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


def test_a_consumer_key_that_the_app_has_already_replaces_nothing(provider: Client, app: Made) -> None:
    _, inputs, outputs = app
    before = {**inputs, "consumerKey": "DeclaredBefore1"}
    diff = provider.diff(APP, before, outputs, inputs)
    assert list(diff.diffs) == ["consumerKey"]
    assert list(diff.replaces) == []


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
