"""A profile's own permission set: it holds the profile's permissions, and each user of the profile is assigned to it."""

from __future__ import annotations

from localorg.store import Row, Store


def own_set(store: Store, org: str, profile_id: str) -> Row | None:
    """Return the row of a profile's own permission set."""
    return next(iter(store.find(org, "PermissionSet", ProfileId=profile_id)), None)


def take_profile(store: Store, org: str, user_id: str, profile_id: str, now: str) -> None:
    """Assign a user to the profile's own permission set, and to no other profile's."""
    store.do(
        "DELETE FROM PermissionSetAssignment WHERE org = ? AND AssigneeId = ? AND PermissionSetId IN "
        "(SELECT Id FROM PermissionSet WHERE org = ? AND IsOwnedByProfile = 1)",
        (org, user_id, org),
    )
    if own := own_set(store, org, profile_id):
        row = {"AssigneeId": user_id, "PermissionSetId": own["Id"], "SystemModstamp": now}
        store.insert(org, "PermissionSetAssignment", row)
