"""The links app -> permission set (or profile): SetupEntityAccess rows are the one truth (platform notes 3.2).

Metadata shows them as permissionSetName, profileName or the comma separated lists, and writes them through here.
"""

from __future__ import annotations

from localorg.metadata.change import Change, ComponentError
from localorg.population import API_INTEGRATION_LICENSE
from localorg.sobjects.profile_names import label_of
from localorg.store import Row, Store

LABELS, LABELS_AND_NAMES = ("Label",), ("Label", "Name")


def linked_sets(store: Store, org: str, app_id: str) -> list[str]:
    """Return the names of the permission sets that an app is linked to, in order."""
    return [row["Name"] for row in _linked(store, org, app_id) if row["ProfileId"] is None]


def linked_labels(store: Store, org: str, app_id: str) -> list[str]:
    """Return the labels of the permission sets that an app is linked to."""
    return [row["Label"] for row in _linked(store, org, app_id) if row["ProfileId"] is None]


def linked_profiles(store: Store, org: str, app_id: str) -> list[str]:
    """Return the names of the profiles that an app is linked to."""
    return [row["ProfileName"] for row in _linked(store, org, app_id) if row["ProfileId"] is not None]


def linked_ids(store: Store, org: str, app_id: str) -> list[str]:
    """Return the ids of the linked permission sets, those of profiles included."""
    return [row["Id"] for row in _linked(store, org, app_id)]


def replace_links(
    change: Change,
    app_id: str,
    entity: str,
    names: list[str],
    *,
    profiles: bool,
    element: str,
    by: tuple[str, ...] = ("Name",),
) -> None:
    """Make an app's links to sets (or to profiles) exactly these. `by`: the columns by which a set is found.

    Where sets go by label alone, one that is not found is left out without a word (one report says that an org did).

    Raises ComponentError for an unknown or repeated name (texts: platform notes 1.8, from memory).
    """
    if len({name.lower() for name in names}) < len(names):
        raise ComponentError(f"Duplicate values in field: {element}", "DUPLICATE_VALUE")
    wanted = [found for name in names if (found := _set_id(change, name, profiles=profiles, element=element, by=by))]
    current = {
        row["Id"]
        for row in _linked(change.store, change.org.name, app_id)
        if (row["ProfileId"] is not None) == profiles
    }
    for set_id in sorted(current - set(wanted)):
        change.store.remove(change.org.name, "SetupEntityAccess", ParentId=set_id, SetupEntityId=app_id)
    for set_id in wanted:
        if set_id not in current:
            row = {"ParentId": set_id, "SetupEntityId": app_id, "SetupEntityType": entity}
            change.store.insert(change.org.name, "SetupEntityAccess", {**row, **change.audit(new=True)})


def has_api_integration_license(store: Store, org: str, set_id: str) -> bool:
    """Tell whether a set is backed by the Salesforce API Integration licence, which cannot pre-authorize (3.1)."""
    return (
        store.one(
            "SELECT 1 FROM PermissionSet s JOIN PermissionSetLicense l ON l.org = s.org AND l.Id = s.LicenseId "
            "WHERE s.org = ? AND s.Id = ? AND l.DeveloperName = ?",
            (org, set_id, API_INTEGRATION_LICENSE),
        )
        is not None
    )


def _linked(store: Store, org: str, app_id: str) -> list[Row]:
    return store.all(
        "SELECT DISTINCT s.Id, s.Name, s.Label, s.ProfileId, p.Name AS ProfileName FROM SetupEntityAccess a "
        "JOIN PermissionSet s ON s.org = a.org AND s.Id = a.ParentId "
        "LEFT JOIN Profile p ON p.org = s.org AND p.Id = s.ProfileId "
        "WHERE a.org = ? AND a.SetupEntityId = ? ORDER BY s.Name",
        (org, app_id),
    )


def _set_id(change: Change, name: str, *, profiles: bool, element: str, by: tuple[str, ...]) -> str | None:
    if profiles:
        row = change.store.one(
            "SELECT s.Id FROM PermissionSet s JOIN Profile p ON p.org = s.org AND p.Id = s.ProfileId "
            "WHERE s.org = ? AND p.Name = ? COLLATE NOCASE",
            (change.org.name, label_of(name)),
        )
    else:
        rows = [
            change.store.one(
                f"SELECT Id FROM PermissionSet WHERE org = ? AND {column} = ? COLLATE NOCASE AND IsOwnedByProfile = 0 "
                "AND PermissionSetGroupId IS NULL",
                (change.org.name, name),
            )
            for column in by
        ]
        row = next((each for each in rows if each), None)
        if row is None and by == LABELS:
            return None
    if row is None:
        kind = "Profile" if profiles else "PermissionSet"
        raise ComponentError(f"In field: {element} - no {kind} named {name} found")
    return str(row["Id"])
