"""The engine's answers, made up: one step per resource of a healthy stack, and what a test changes in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from metadata.fields import fields_of
from metadata.members import Resource

ORG, OTHER_ORG = "00DLo0000000001MAA", "00DLo0000000002MAA"
TYPES = {
    "key": "KeyPair",
    "permissionSet": "PermissionSet",
    "assignments": "PermissionSetAssignments",
    "app": "ExternalClientApp",
    "grant": "JwtGrant",
}
HEALTHY: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "key": (
        {"subject": "CN=CI", "validityDays": 365},
        {
            "notAfter": "2027-11-24T00:00:00+00:00",
            "renewAt": "2027-07-25T00:00:00+00:00",
            "certificateFingerprint": "ab" * 32,
            "renewalDue": False,
        },
    ),
    "permissionSet": (
        {
            **{row.name: row.default_for(Resource.PERMISSION_SET) for row in fields_of(Resource.PERMISSION_SET)},
            "name": "CI_Access",
            "label": "CI Access",
            "managedBy": "orgkey/uat",
        },
        {"orgId": ORG, "otherParts": [], "carriedOver": []},
    ),
    "assignments": (
        {"permissionSet": "CI_Access", "users": ["ci@acme.com.uat"], "groups": ["Robots"], "authoritative": True},
        {"orgId": ORG, "assignments": [{"username": "ci@acme.com.uat", "group": "Robots"}]},
    ),
    "app": (
        {
            **{
                row.name: row.default_for(Resource.EXTERNAL_CLIENT_APP)
                for row in fields_of(Resource.EXTERNAL_CLIENT_APP)
            },
            "name": "CI",
            "label": "CI",
            "permissionSets": ["CI_Access"],
            "managedBy": "orgkey/uat",
        },
        {"orgId": ORG, "otherParts": [], "carriedOver": []},
    ),
    "grant": (
        {"username": "ci@acme.com.uat", "instanceUrl": "https://acme--uat.sandbox.my.salesforce.com"},
        {"orgId": ORG, "verified": True, "reason": ""},
    ),
}


def digest(
    changes: Mapping[str, Mapping[str, Any] | None] = {},
    *,
    changed: Mapping[str, Sequence[str]] = {},
    left_out: Sequence[str] = (),
    errors: Sequence[str] = (),
) -> str:
    """What the engine prints: `changes` by part are inputs and outputs that were found to be other ones, None what is gone."""
    steps = [_step(part, changes, changed.get(part)) for part in HEALTHY if part not in left_out]
    diagnostics = [{"severity": "error", "message": f"error: {error}\n"} for error in errors]
    return json.dumps({"steps": steps, "diagnostics": diagnostics})


def _step(part: str, changes: Mapping[str, Mapping[str, Any] | None], changed: Sequence[str] | None) -> dict[str, Any]:
    inputs, outputs = HEALTHY[part]
    token = f"salesforce:index:{TYPES[part]}"
    old = {"type": token, "inputs": inputs, "outputs": {**inputs, **outputs}}
    urn = f"urn:pulumi:uat::orgkey::orgkey:index:JwtBearerAccess${token}::access-{part}"
    found = changes.get(part, {})
    if found is None:
        return {"op": "delete", "urn": urn, "oldState": old}
    new_inputs = {**inputs, **{name: value for name, value in found.items() if name in inputs}}
    new = {"type": token, "inputs": new_inputs, "outputs": {**inputs, **outputs, **found}}
    paths = list(found) if changed is None else changed
    op = "update" if paths else "refresh"
    return {"op": op, "urn": urn, "oldState": old, "newState": new, "detailedDiff": {path: {} for path in paths}}
