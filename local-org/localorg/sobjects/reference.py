"""Which fields each object shows, by API: the data API and the Tooling API differ (fields.json, from the object reference 67.0).

A field that the reference has and this landscape keeps nothing for is there all the same: false, or null.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources

from localorg.sobjects.profile_names import API_NAMES
from localorg.sobjects.schema import Field, SObject

DATA, TOOLING = "data", "tooling"
_FILE = json.loads(resources.files("localorg.sobjects").joinpath("fields.json").read_text())
REFERENCE: dict[str, dict[str, dict[str, str]]] = {
    api: {
        name.lower(): {field: kind for kind, fields in by_type.items() for field in fields.split()}
        for name, by_type in objects.items()
    }
    for api, objects in _FILE.items()
}
"""API -> object in lower case -> field -> type."""

PERMISSIONS: tuple[str, ...] = tuple(
    sorted(
        name.removeprefix("Permissions")
        for name, kind in REFERENCE[DATA]["permissionset"].items()
        if kind == "boolean" and name.startswith("Permissions")
    )
)
"""The user permissions that a permission set can hold, without `Permissions` before them."""

COMPLEX = "complexvalue"
"""The type of a Metadata field, which is made of the record when it is asked for."""
_FULL_NAME = (
    "CASE {row}.Name "
    + " ".join(f"WHEN '{label}' THEN '{name}'" for label, name in API_NAMES.items())
    + " ELSE {row}.Name END"
)

OWN_PERMISSIONS = "UserPermissionAccess"
REFERENCE[DATA][OWN_PERMISSIONS.lower()] = {
    "LastCacheUpdate": "datetime",
    **{f"Permissions{each}": "boolean" for each in PERMISSIONS},
}
"""The permissions of whoever asks, which need no other permission than API access to see (object reference, since API 41)."""

_OF_PROFILE = '(SELECT s."{name}" FROM PermissionSet s WHERE s.org = {{row}}.org AND s.ProfileId = {{row}}.Id)'


@lru_cache(maxsize=128)
def shown_fields(definition: SObject, api: str) -> dict[str, Field]:
    """Return an object's fields in an API by lower-case name, Id first; empty where the API does not have the object."""
    kinds = REFERENCE[api].get(definition.name.lower())
    if kinds is None:
        return {}
    kept = {field.name: field for field in definition.columns_of_table}
    names = ["Id", *(field.name for field in definition.columns_of_table if field.name in kinds), *sorted(kinds)]
    return {name.lower(): kept.get(name) or _empty(definition, name, kinds[name]) for name in dict.fromkeys(names)}


@lru_cache(maxsize=128)
def relationships(definition: SObject, api: str) -> dict[str, Field]:
    """Return an object's reference fields in an API by lower-case relationship name."""
    fields = shown_fields(definition, api).values()
    return {each.relationship.lower(): each for each in fields if each.relationship}


def has_object(definition: SObject, api: str) -> bool:
    """Tell whether an API has an object."""
    return bool(shown_fields(definition, api))


def _empty(definition: SObject, name: str, kind: str) -> Field:
    """Return a field that this landscape keeps nothing for; a profile's permissions are those of its own set."""
    if definition.name == "Profile" and name == "FullName":
        return Field(name, kind, computed=_FULL_NAME)
    if kind == COMPLEX:
        return Field(name, kind, computed="{row}.Id")
    if definition.name == "Profile" and name in {f"Permissions{each}" for each in PERMISSIONS}:
        return Field(name, kind, nillable=False, computed=_OF_PROFILE.format(name=name))
    return Field(name, kind, nillable=kind != "boolean", computed="1 = 0" if kind == "boolean" else "NULL")
