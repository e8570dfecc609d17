"""Who holds a permission set, as people write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from orgkey.model.written import Written, matches

Username = Annotated[
    str, matches(r"[^@\s]+@[^@\s]+", "a user name, which looks like an e-mail address"), Field(max_length=80)
]


GroupName = Annotated[
    str,
    matches(
        r"(?:[A-Za-z][A-Za-z0-9]*__)?[A-Za-z](?:_?[A-Za-z0-9])*",
        "the developer name of a permission set group (of a package: namespace__Name)",
    ),
    Field(max_length=80),
]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise ValueError(f"names {name} twice")
        seen.add(name.lower())
    return names


Usernames = Annotated[tuple[Username, ...], AfterValidator(_each_once)]
"""User names, none of them twice; their case does not matter to the platform."""

GroupNames = Annotated[tuple[GroupName, ...], AfterValidator(_each_once)]
"""Developer names of permission set groups, none of them twice."""


class PermissionSetAssignmentsArgs(Written):
    """Inputs of PermissionSetAssignments: one resource for the whole list."""

    permission_set: Annotated[str, Field(min_length=1)] = Field(
        description="API name of the permission set.",
        json_schema_extra={"replaces": True},
    )
    users: Usernames = Field(default=(), description="User names of those who must hold it.")
    authoritative: bool = Field(default=True, description="Take the set away from everybody else.")
    groups: GroupNames = Field(
        default=(), description="Permission set groups that every one of the users is assigned to as well."
    )
