"""The metadata types that an app or a permission set consists of, from `metadata/members.toml`, and the names of an app's members.

Source: platform notes 1.1, 2.2 and 3.1. Satellite names of an External Client App are free; ours follow the names that the org itself
would give, and an app made by hand keeps its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orgkey.metadata.tables import FOLDER, Row, Tables

ECA = "ExternalClientApplication"
GLOBAL_OAUTH = "ExtlClntAppGlobalOauthSettings"
OAUTH = "ExtlClntAppOauthSettings"
_NEEDED = ("PermissionSet", "ConnectedApp", ECA, GLOBAL_OAUTH, OAUTH)
"""Types that the code goes by."""


class Resource(StrEnum):
    """The three metadata resources, by the last part of their Pulumi type."""

    PERMISSION_SET = "PermissionSet"
    CONNECTED_APP = "ConnectedApp"
    EXTERNAL_CLIENT_APP = "ExternalClientApp"

    @property
    def in_words(self) -> str:
        """As people call it: `permission set`, `Connected App`, `External Client App`."""
        return {"PermissionSet": "permission set", "ConnectedApp": "Connected App"}.get(self, "External Client App")


APP_KINDS: Mapping[str, Resource] = {"external": Resource.EXTERNAL_CLIENT_APP, "connected": Resource.CONNECTED_APP}
"""Both kinds of app, as the stack file and the options name them."""


@dataclass(frozen=True, slots=True)
class MemberType:
    """One metadata type: whose it is, where its files lie in a bundle, what the org's own name for a satellite ends in, first API version.

    No org makes an `optional` one by itself, and no setting needs it.
    """

    name: str
    of: Resource
    folder: str
    suffix: str
    satellite: str = ""
    since: float = 0.0
    optional: bool = False

    def path(self, full_name: str) -> str:
        """Path of a member's file in a bundle."""
        return f"{self.folder}/{full_name}.{self.suffix}"


MEMBER_KEYS = ("of", "folder", "suffix", "name-ends", "optional", "since")


def load(folder: Path = FOLDER) -> Mapping[str, MemberType]:
    """Read the metadata types by their names; raises TableError with every mistake."""
    tables = Tables(folder)
    types = {row.name: _member_type(row) for row in tables.rows("members.toml", MEMBER_KEYS, needed=_NEEDED)}
    for resource in Resource:
        if not tables.mistakes and resource not in {each.of for each in types.values() if not each.optional}:
            tables.mistakes.append(f"members.toml: no metadata type is of {resource}")
    tables.judge()
    return types


def _member_type(row: Row) -> MemberType:
    of = row.choice("of", Resource, needed=True) or Resource.PERMISSION_SET
    texts = (row.text("folder", needed=True), row.text("suffix", needed=True), row.text("name-ends"))
    return MemberType(row.name, of, *texts, since=row.version("since", 0.0), optional=row.flag("optional"))


MEMBER_TYPES: Mapping[str, MemberType] = load()


def _types_of(resource: Resource, *, optional: bool) -> tuple[str, ...]:
    return tuple(each.name for each in MEMBER_TYPES.values() if each.of is resource and each.optional is optional)


RESOURCE_MEMBERS: Mapping[Resource, tuple[str, ...]] = {each: _types_of(each, optional=False) for each in Resource}

OPTIONAL_MEMBERS: Mapping[Resource, tuple[str, ...]] = {each: _types_of(each, optional=True) for each in Resource}
"""Members that no org makes by itself and no setting needs: kept as they are where they are (platform notes 2.2)."""

ROOT_MEMBER: Mapping[Resource, str] = {resource: members[0] for resource, members in RESOURCE_MEMBERS.items()}


def member_names(
    resource: Resource, developer_name: str, known: Mapping[str, str] | None = None, *, also: Collection[str] = ()
) -> dict[str, str]:
    """Full name of each member by metadata type: those `known` (an app made elsewhere), else the org's own habit.

    An optional member has one where it is known, or is to be there `also`.
    """
    optional = [kind for kind in OPTIONAL_MEMBERS[resource] if kind in (known or {}) or kind in also]
    return {
        type_name: (known or {}).get(type_name) or developer_name + MEMBER_TYPES[type_name].satellite
        for type_name in (*RESOURCE_MEMBERS[resource], *optional)
    }
