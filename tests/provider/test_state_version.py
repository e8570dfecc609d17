"""States say which form they have; one of a newer orgkey is refused before anything is done, one without any is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orgkey.provider.state_version import CURRENT, upgraded
from tests.landscape import Org
from tests.provider.conftest import SET, Made
from tests.provider.protocol import Client, VerbFailedError, open_secrets, plain

Ask = Callable[[Client, str, dict[str, Any], dict[str, Any]], object]

VERBS: dict[str, Ask] = {
    "Read": lambda client, name, inputs, outputs: client.read(SET, name, inputs, outputs),
    "Diff": lambda client, _, inputs, outputs: client.diff(SET, inputs, outputs, inputs),
    "Update": lambda client, name, inputs, outputs: client.update(SET, name, (inputs, outputs), inputs),
    "Delete": lambda client, name, inputs, outputs: client.delete(SET, name, inputs, outputs),
}


def test_create_read_and_update_write_the_present_form(provider: Client, permission_set: Made) -> None:
    name, inputs, outputs = permission_set
    assert outputs["stateVersion"] == CURRENT
    older = {key: value for key, value in outputs.items() if key != "stateVersion"}
    assert plain(provider.read(SET, name, inputs, older).properties)["stateVersion"] == CURRENT
    changed = {**inputs, "label": "Another label"}
    assert provider.update(SET, name, (inputs, older), changed)["stateVersion"] == CURRENT


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_that_is_newer_is_refused_and_the_org_stays_as_it_is(
    provider: Client, permission_set: Made, org: Org, verb: str
) -> None:
    name, inputs, outputs = permission_set
    with pytest.raises(VerbFailedError) as refused:
        VERBS[verb](provider, name, inputs, {**open_secrets(outputs), "stateVersion": CURRENT + 1})
    assert "written by a newer orgkey" in refused.value.message
    assert "docs/guides/upgrading.md" in refused.value.message
    assert org.query(f"SELECT Name FROM PermissionSet WHERE Name = '{name}'")


@pytest.mark.parametrize(
    ("resource", "older", "present"),
    [
        ("PermissionSetAssignments", {"given": ["0Pa1"], "extra": []}, {"groupAssignmentIds": ["0Pa1"], "undeclaredUsers": []}),
        ("PermissionSetAssignments", {"given": ["0Pa1"], "groupAssignmentIds": []}, {"groupAssignmentIds": []}),
        ("PermissionSet", {"given": 1}, {"given": 1}),
        ("JwtGrant", {"reason": "a_code: some text: more"}, {"reasonCode": "a_code", "reason": "some text: more"}),
        ("JwtGrant", {"reason": ""}, {"reasonCode": "", "reason": ""}),
        ("JwtGrant", {"reason": "[secret]"}, {"reasonCode": "", "reason": "[secret]"}),
        ("JwtGrant", {"reasonCode": "a_code", "reason": "text: more"}, {"reasonCode": "a_code", "reason": "text: more"}),
        ("JwtGrant", {}, {}),
    ],
)  # fmt: skip
def test_an_older_form_is_read_in_the_present_one(
    resource: str, older: dict[str, Any], present: dict[str, Any]
) -> None:
    assert upgraded(resource, older) == present
