"""The engine's answers, made up: one step per resource of a healthy stack, and what a test changes in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orgkey.metadata.fields import fields_of
from orgkey.metadata.members import Resource

ORG, OTHER_ORG = "00DLo0000000001MAA", "00DLo0000000002MAA"
TYPES = {
    "key": "KeyPair",
    "permissionSet": "PermissionSet",
    "assignments": "PermissionSetAssignments",
    "app": "ExternalClientApp",
    "grant": "JwtGrant",
}
ACCESS = "orgkey:index:JwtBearerAccess"
NEEDS: Mapping[str, Sequence[str]] = {
    "key": (),
    "permissionSet": (),
    "assignments": ("permissionSet",),
    "app": ("key", "assignments"),
    "grant": ("key", "app", "assignments"),
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
            "certificatePem": "MIIC",
            "managedBy": "orgkey/uat",
        },
        {"orgId": ORG, "otherParts": [], "carriedOver": []},
    ),
    "grant": (
        {"username": "ci@acme.com.uat", "instanceUrl": "https://acme--uat.sandbox.my.salesforce.com"},
        {"orgId": ORG, "verified": True, "reasonCode": "", "reason": ""},
    ),
}


def digest(
    changes: Mapping[str, Mapping[str, Any] | None] = {},
    *,
    changed: Mapping[str, Sequence[str]] = {},
    left_out: Sequence[str] = (),
    errors: Sequence[str] = (),
    component: str = "access",
    provider: str = "default",
    old: Mapping[str, Mapping[str, Any]] = {},
) -> str:
    """What the engine prints: `changes` by part are inputs and outputs that were found to be other ones, None what is gone.

    `old` are other values in the state, by part.
    """
    made = _Made(component, provider, changes, old)
    steps = [made.step(part, changed.get(part)) for part in HEALTHY if part not in left_out]
    steps.append({"op": "refresh", "urn": made.parent, "oldState": {"type": ACCESS, "custom": False}})
    diagnostics = [{"severity": "error", "message": f"error: {error}\n"} for error in errors]
    return json.dumps({"steps": steps, "diagnostics": diagnostics})


def together(*digests: str) -> str:
    """What the engine prints of a program with several components."""
    read = [json.loads(each) for each in digests]
    return json.dumps({key: [item for each in read for item in each[key]] for key in ("steps", "diagnostics")})


@dataclass(frozen=True)
class _Made:
    component: str
    provider: str
    changes: Mapping[str, Mapping[str, Any] | None]
    old: Mapping[str, Mapping[str, Any]]

    @property
    def parent(self) -> str:
        return f"urn:pulumi:uat::orgkey::{ACCESS}::{self.component}"

    def urn(self, part: str) -> str:
        return f"urn:pulumi:uat::orgkey::{ACCESS}$salesforce:index:{TYPES[part]}::{self.component}-{part}"

    def step(self, part: str, changed: Sequence[str] | None) -> dict[str, Any]:
        inputs, outputs = (
            {
                **values,
                **{name: value for name, value in self.old.get(part, {}).items() if name in values or index == 0},
            }
            for index, values in enumerate(HEALTHY[part])
        )
        state = {
            "type": f"salesforce:index:{TYPES[part]}",
            "custom": True,
            "parent": self.parent,
            "provider": f"urn:pulumi:uat::orgkey::pulumi:providers:salesforce::{self.provider}::1",
            "propertyDependencies": {need: [self.urn(need)] for need in NEEDS[part]},
        }
        old = {**state, "inputs": inputs, "outputs": {**inputs, **outputs}}
        found = self.changes.get(part, {})
        if found is None:
            return {"op": "delete", "urn": self.urn(part), "oldState": old}
        new_inputs = {**inputs, **{name: value for name, value in found.items() if name in inputs}}
        new = {**state, "inputs": new_inputs, "outputs": {**inputs, **outputs, **found}}
        paths = list(found) if changed is None else changed
        op = "update" if paths else "refresh"
        return {
            "op": op,
            "urn": self.urn(part),
            "oldState": old,
            "newState": new,
            "detailedDiff": {path: {} for path in paths},
        }
