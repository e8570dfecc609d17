"""A permission set group's own row of PermissionSet: it shows what the sets of the group allow together (object reference)."""

from __future__ import annotations

from localorg.store import Store


def aggregate_group(store: Store, org: str, group_id: str) -> None:
    """Bring the permissions of a group's row in line with the sets that are in the group now."""
    sets = store.all(
        "SELECT s.* FROM PermissionSet s JOIN PermissionSetGroupComponent c ON c.org = s.org AND c.PermissionSetId = s.Id "
        "WHERE c.org = ? AND c.PermissionSetGroupId = ?",
        (org, group_id),
    )
    for own in store.find(org, "PermissionSet", PermissionSetGroupId=group_id):
        columns = [name for name in own if name.startswith("Permissions")]
        store.change(org, "PermissionSet", own["Id"], {name: int(any(each[name] for each in sets)) for name in columns})


def aggregate_groups_of(store: Store, org: str, set_id: str) -> None:
    """Bring the rows of all groups that a set is in up to date."""
    for component in store.find(org, "PermissionSetGroupComponent", PermissionSetId=set_id):
        aggregate_group(store, org, component["PermissionSetGroupId"])
