"""What the org lists and the Metadata API does not show is never taken for missing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Org
from tests.provider.conftest import APP, SET, Made
from tests.provider.protocol import Client, VerbFailedError

VERBS = ["read", "create", "update", "delete"]


@pytest.fixture(params=[SET, APP])
def made(request: pytest.FixtureRequest) -> tuple[str, Made]:
    return request.param, request.getfixturevalue({SET: "permission_set", APP: "app"}[request.param])


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_takes_it_for_missing(
    provider: Client, made: tuple[str, Made], org: Org, without_metadata: dict[str, Any], verb: str
) -> None:
    kind, (resource_id, inputs, outputs) = made
    provider.configure(without_metadata)
    verbs = {
        "read": lambda: provider.read(kind, resource_id, inputs, outputs),
        "create": lambda: provider.create(kind, inputs),
        "update": lambda: provider.update(kind, resource_id, (inputs, outputs), {**inputs, "label": "Other"}),
        "delete": lambda: provider.delete(kind, resource_id, inputs, outputs),
    }
    with pytest.raises(VerbFailedError) as failed:
        verbs[verb]()
    assert failed.value.init_failed is None
    assert "Metadata API does not show it" in failed.value.message
    assert "Nothing was changed" in failed.value.message
    assert org.query("SELECT Label FROM PermissionSet WHERE Name = 'Access'")[0]["Label"] == "Access"
    labels = [
        row["MasterLabel"]
        for row in org.query("SELECT MasterLabel FROM ExternalClientApplication WHERE DeveloperName = 'App'")
    ]
    assert labels == (["App"] if kind == APP else [])
