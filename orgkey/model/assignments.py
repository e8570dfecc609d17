"""Who holds a permission set, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from orgkey.metadata.identifiers import name_key
from orgkey.metadata.ownership import MANAGER
from orgkey.model.input_model import Flag, InputModel, matches

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
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        first = seen.setdefault(name_key(name), index)
        if first != index:
            raise ValueError(f"must name each only once; [{first}] and [{index}] are the same")
    return names


Usernames = Annotated[tuple[Username, ...], AfterValidator(_each_once)]
"""User names, none of them twice; their case does not matter to the platform."""

GroupNames = Annotated[tuple[GroupName, ...], AfterValidator(_each_once)]
"""Developer names of permission set groups, none of them twice."""


def _with_zone(text: str) -> str:
    try:
        if datetime.fromisoformat(text).tzinfo and in_utc(text):
            return text
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a date and time with a zone, such as 2027-01-31T18:00:00Z or 2027-01-31T18:00:00+01:00")


Timestamp = Annotated[str, AfterValidator(_with_zone)]
"""A date and time with its zone, ISO 8601."""


def seconds_of(timestamp: str) -> int | None:
    """Whole seconds since the epoch: the platform keeps no finer ones, and writes a zone of its own. None for an empty text."""
    return int(datetime.fromisoformat(timestamp).timestamp()) if timestamp else None


def in_utc(timestamp: str) -> str:
    """The same moment as xsd:dateTime takes it: ISO 8601 has more forms (no seconds, no dashes, weeks) than the platform."""
    return datetime.fromisoformat(timestamp).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def expiration_problem(expiration: str | None, now: float) -> str:
    """The problem with an expiration that is over by `now` (epoch seconds), or an empty text."""
    if not expiration or datetime.fromisoformat(expiration).timestamp() > now:
        return ""
    today = datetime.fromtimestamp(now, UTC)
    return f"is over (it is {today:%Y-%m-%dT%H:%M}Z), so nobody would hold the set; give a later one, or leave it out"


Manager = Annotated[str, matches(rf"(?:{MANAGER})?", "owner/stack, without spaces and of at most 64 characters")]
"""Who manages a thing, as it stands in ownership markers."""


class PermissionSetAssignmentsArgs(InputModel):
    """Inputs of PermissionSetAssignments: one resource for the whole list."""

    permission_set: Annotated[str, Field(min_length=1)] = Field(
        description="API name of the permission set.",
        json_schema_extra={"replaces": True},
    )
    users: Usernames = Field(default=(), description="User names of those who must hold it.")
    authoritative: Flag = Field(
        default=True,
        description="Take the set away from everybody else. Left out: as it was; true for a new one, false where others hold it already.",
    )
    groups: GroupNames = Field(
        default=(), description="Permission set groups that every one of the users is assigned to as well."
    )
    expiration: Timestamp | None = Field(
        default=None,
        description="When the assignments end by themselves, a date and time with zone, ISO 8601; unset: never, but as others decided.",
    )
    managed_by: Manager | None = Field(
        default=None,
        description="Owner and stack, `acme-platform/uat`: where the set's ownership marker names another, its holders are left alone.",
    )
