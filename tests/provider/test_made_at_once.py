"""A permission set that is not there is made by one call; an org that refuses that gets a deploy; what is there is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import MANAGED_BY, SET
from tests.provider.protocol import Client, VerbFailedError, plain

INPUTS = {
    "name": "Access",
    "label": "Zugang & <mehr>",
    "description": "für CI",
    "managedBy": MANAGED_BY,
}


def counts(landscape: Landscape) -> dict[str, int]:
    made: dict[str, int] = landscape.admin("GET", "/requests?org=uat")["counts"]
    return made


@pytest.fixture
def inputs(provider: Client) -> dict[str, Any]:
    return provider.check(SET, INPUTS)[0]


def test_a_set_that_is_not_there_needs_no_deploy_and_is_as_declared(
    provider: Client, inputs: dict[str, Any], landscape: Landscape, org: Org
) -> None:
    resource_id, outputs = provider.create(SET, inputs)
    assert "deploy" not in counts(landscape)
    (row,) = org.query("SELECT Id, Label FROM PermissionSet WHERE Name = 'Access'")
    assert (row["Id"], row["Label"]) == (outputs["permissionSetId"], INPUTS["label"])
    seen = provider.read(SET, resource_id, inputs, outputs)
    assert list(provider.diff(SET, plain(seen.inputs), plain(seen.properties), inputs).diffs) == []


@pytest.mark.parametrize("fault", ["INSUFFICIENT_ACCESS", "LIMIT_EXCEEDED", "UNSUPPORTED_API_VERSION"])
def test_an_org_that_refuses_the_call_gets_a_deploy(
    provider: Client, inputs: dict[str, Any], landscape: Landscape, org: Org, fault: str
) -> None:
    landscape.admin("POST", "/faults", operation="createMetadata", org="uat", faults=[fault])
    _, outputs = provider.create(SET, inputs)
    assert counts(landscape)["deploy"] == 1
    (row,) = org.query("SELECT Id FROM PermissionSet WHERE Name = 'Access'")
    assert row["Id"] == outputs["permissionSetId"]


def test_what_the_call_refuses_about_the_set_is_told_in_the_words_of_a_deploy(
    provider: Client, inputs: dict[str, Any]
) -> None:
    with pytest.raises(VerbFailedError, match="rejected the deploy; nothing was changed"):
        provider.create(SET, {**inputs, "license": "No Such License"})


def test_a_set_that_somebody_made_after_the_look_is_not_touched(
    provider: Client, inputs: dict[str, Any], landscape: Landscape, org: Org
) -> None:
    provider.create(SET, inputs, preview=True)
    theirs = (
        '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><description>theirs</description>'
        "<hasActivationRequired>false</hasActivationRequired><label>Theirs</label></PermissionSet>"
    )
    org.deploy({"permissionsets/Access.permissionset": theirs}, {"PermissionSet": ["Access"]})
    landscape.admin("DELETE", "/requests")
    with pytest.raises(VerbFailedError) as failed:
        provider.create(SET, inputs)
    assert failed.value.init_failed is None
    assert "Access" in failed.value.message
    assert "deploy" not in counts(landscape)
    assert [row["Label"] for row in org.query("SELECT Label FROM PermissionSet WHERE Name = 'Access'")] == ["Theirs"]


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "return-504", "html", "UNKNOWN_EXCEPTION"])
def test_a_call_whose_answer_says_nothing_is_followed_by_a_deploy(
    provider: Client, inputs: dict[str, Any], landscape: Landscape, org: Org, fault: str
) -> None:
    landscape.admin("POST", "/faults", operation="createMetadata", org="uat", faults=[fault])
    _, outputs = provider.create(SET, inputs)
    assert counts(landscape)["deploy"] == 1
    (row,) = org.query("SELECT Id, Label FROM PermissionSet WHERE Name = 'Access'")
    assert (row["Id"], row["Label"]) == (outputs["permissionSetId"], INPUTS["label"])
