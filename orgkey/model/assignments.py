"""Who holds a permission set, as people write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from orgkey.model.written import Written, matches

Username = Annotated[
    str, matches(r"[^@\s]+@[^@\s]+", "a user name, which looks like an e-mail address"), Field(max_length=80)
]


def _each_once(users: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for user in users:
        if user.lower() in seen:
            raise ValueError(f"names {user} twice")
        seen.add(user.lower())
    return users


Usernames = Annotated[tuple[Username, ...], AfterValidator(_each_once)]
"""User names, none of them twice; their case does not matter to the platform."""


class PermissionSetAssignmentsArgs(Written):
    """Inputs of PermissionSetAssignments: one resource for the whole list."""

    permission_set: Annotated[str, Field(min_length=1)] = Field(
        description="API name of the permission set.",
        json_schema_extra={"replaces": True},
    )
    users: Usernames = Field(default=(), description="User names of those who must hold it.")
    authoritative: bool = Field(default=True, description="Take the set away from everybody else.")
