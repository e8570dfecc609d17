"""The metadata types that an app or a permission set consists of: folders, suffixes, and the names of an app's members.

Source: platform notes 1.1, 2.2 and 3.1. Satellite names of an External Client App are free; ours follow the names that the org itself
would give, and an app made by hand keeps its own (`ExternalMembers`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

ECA = "ExternalClientApplication"
GLOBAL_OAUTH = "ExtlClntAppGlobalOauthSettings"
OAUTH = "ExtlClntAppOauthSettings"
OAUTH_POLICIES = "ExtlClntAppOauthConfigurablePolicies"
POLICIES = "ExtlClntAppConfigurablePolicies"
OAUTH_SECURITY = "ExtlClntAppOauthSecuritySettings"


class Resource(StrEnum):
    """The three metadata resources, by the last part of their Pulumi type."""

    PERMISSION_SET = "PermissionSet"
    CONNECTED_APP = "ConnectedApp"
    EXTERNAL_CLIENT_APP = "ExternalClientApp"


@dataclass(frozen=True, slots=True)
class MemberType:
    """One metadata type: where its files lie in a bundle, what the org's own name for a satellite ends in, first API version."""

    name: str
    folder: str
    suffix: str
    satellite: str = ""
    since: float = 0.0

    def path(self, full_name: str) -> str:
        """Path of a member's file in a bundle."""
        return f"{self.folder}/{full_name}.{self.suffix}"


MEMBER_TYPES: Mapping[str, MemberType] = {
    row.name: row
    for row in (
        MemberType("PermissionSet", "permissionsets", "permissionset"),
        MemberType("ConnectedApp", "connectedApps", "connectedApp"),
        MemberType(ECA, "externalClientApps", "eca"),
        MemberType(GLOBAL_OAUTH, "extlClntAppGlobalOauthSets", "ecaGlblOauth", "_glbloauth"),
        MemberType(OAUTH, "extlClntAppOauthSettings", "ecaOauth", "_oauth"),
        MemberType(OAUTH_POLICIES, "extlClntAppOauthPolicies", "ecaOauthPlcy", "_oauthPlcy"),
        MemberType(POLICIES, "extlClntAppPolicies", "ecaPlcy", "_plcy"),
        MemberType(OAUTH_SECURITY, "extlClntAppOauthSecuritySettings", "ecaOauthSecurity", "_oauthSecurity", 67.0),
    )
}

RESOURCE_MEMBERS: Mapping[Resource, tuple[str, ...]] = {
    Resource.PERMISSION_SET: ("PermissionSet",),
    Resource.CONNECTED_APP: ("ConnectedApp",),
    Resource.EXTERNAL_CLIENT_APP: (ECA, GLOBAL_OAUTH, OAUTH, OAUTH_POLICIES, POLICIES),
}

OPTIONAL_MEMBERS: Mapping[Resource, tuple[str, ...]] = {Resource.EXTERNAL_CLIENT_APP: (OAUTH_SECURITY,)}
"""Members that no org makes by itself and no setting needs: kept as they are where they are (platform notes 2.2)."""

ROOT_MEMBER: Mapping[Resource, str] = {resource: members[0] for resource, members in RESOURCE_MEMBERS.items()}


def member_names(
    resource: Resource, developer_name: str, known: Mapping[str, str] | None = None, *, also: Collection[str] = ()
) -> dict[str, str]:
    """Full name of each member by metadata type: those `known` (an app made elsewhere), else the org's own habit.

    An optional member has one where it is known, or is to be there `also`.
    """
    optional = [kind for kind in OPTIONAL_MEMBERS.get(resource, ()) if kind in (known or {}) or kind in also]
    return {
        type_name: (known or {}).get(type_name) or developer_name + MEMBER_TYPES[type_name].satellite
        for type_name in (*RESOURCE_MEMBERS[resource], *optional)
    }
