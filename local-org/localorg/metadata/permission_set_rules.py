"""What the platform checks and does when a PermissionSet is written (platform notes 3.1). The sObject row holds the truth."""

from __future__ import annotations

from localorg.identity.apps import publish
from localorg.identity.groups import aggregate_group, aggregate_groups_of
from localorg.metadata.change import Change, ComponentError
from localorg.metadata.connected_app_rules import save_row
from localorg.metadata.document import Document
from localorg.sobjects.reference import PERMISSIONS

MAX_LABEL, MAX_DESCRIPTION = 80, 255


class PermissionSetRules:
    """Rules of PermissionSet."""

    def prepare(
        self,
        change: Change,
        name: str,
        document: Document,
        old: Document | None,
        component_id: str,
    ) -> tuple[Document, tuple[str, ...]]:
        """Check lengths, licence and permissions."""
        if len(document["label"]) > MAX_LABEL:
            raise ComponentError(
                f"Label: data value too large: {document['label'][:40]} (max length=80)", "STRING_TOO_LONG"
            )
        if len(document.get("description", "")) > MAX_DESCRIPTION:
            raise ComponentError("Description: data value too large (max length=255)", "STRING_TOO_LONG")
        for permission in document.get("userPermissions", []):
            if permission["name"] not in PERMISSIONS:
                raise ComponentError(f"Unknown user permission: {permission['name']}")
        licence = document.get("license", "")
        if licence and license_id(change, licence) is None:
            raise ComponentError(f"no PermissionSetLicense named {licence} found")
        return document, ()

    def wrote(self, change: Change, name: str, given: Document, document: Document, component_id: str) -> None:
        """Write the row: what is not named is off (the file is the whole truth)."""
        on = {each["name"] for each in document.get("userPermissions", []) if each["enabled"]}
        row: dict[str, object] = {
            "Name": name,
            "Label": document["label"],
            "Description": document.get("description"),
            "LicenseId": license_id(change, document["license"]) if document.get("license") else None,
            "HasActivationRequired": int(document.get("hasActivationRequired", False)),
            "IsCustom": 1,
            "Type": "Regular",
            **{f"Permissions{each}": int(each in on) for each in PERMISSIONS},
        }
        save_row(change, "PermissionSet", component_id, row)
        aggregate_groups_of(change.store, change.org.name, component_id)

    def removed(self, change: Change, name: str, document: Document, component_id: str) -> None:
        """Refuse while a user holds the set or a group has it; links to apps go with it."""
        if not change.knobs.on("held_permission_set_deletable", change.org.name):
            check_not_held(change, component_id, document["label"])
        remove_set(change, component_id)

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Show the row's values, with only the enabled permissions (API 29 and later)."""
        row = change.store.get(change.org.name, "PermissionSet", component_id)
        if row is None:
            return document
        licence = (
            change.store.get(change.org.name, "PermissionSetLicense", row["LicenseId"]) if row["LicenseId"] else None
        )
        shown = {
            **document,
            "description": row["Description"],
            "hasActivationRequired": bool(row["HasActivationRequired"]),
            "label": row["Label"],
            "license": licence["MasterLabel"] if licence else document.get("license"),
            "userPermissions": [{"enabled": True, "name": each} for each in PERMISSIONS if row[f"Permissions{each}"]],
        }
        return {key: value for key, value in shown.items() if value not in (None, [])}


def license_id(change: Change, name: str) -> str | None:
    """Return the id of a permission set licence or user licence by label or developer name."""
    for table, columns in (("PermissionSetLicense", ("MasterLabel", "DeveloperName")), ("UserLicense", ("Name",))):
        for column in columns:
            if rows := change.store.find(change.org.name, table, **{column: name}):
                return str(rows[0]["Id"])
    return None


def check_not_held(change: Change, set_id: str, label: str) -> None:
    """Refuse to delete a set that is assigned, or a member of a group. Raises ComponentError; its words are assumed."""
    if change.store.find(change.org.name, "PermissionSetAssignment", PermissionSetId=set_id):
        raise ComponentError(
            f"You can't delete the permission set {label} because it's assigned to one or more users. Remove the "
            "assignments first.",
            "DELETE_FAILED",
        )
    if change.store.find(change.org.name, "PermissionSetGroupComponent", PermissionSetId=set_id):
        raise ComponentError(
            f"You can't delete the permission set {label} because it's included in one or more permission set groups. "
            "Remove it from the groups first.",
            "DELETE_FAILED",
        )


def remove_set(change: Change, set_id: str) -> None:
    """Delete a set's row and everything that hangs on it."""
    store, org = change.store, change.org.name
    apps = [row["SetupEntityId"] for row in store.find(org, "SetupEntityAccess", ParentId=set_id)]
    store.remove(org, "PermissionSetAssignment", PermissionSetId=set_id)
    groups = store.find(org, "PermissionSetGroupComponent", PermissionSetId=set_id)
    store.remove(org, "PermissionSetGroupComponent", PermissionSetId=set_id)
    for each in groups:
        aggregate_group(store, org, each["PermissionSetGroupId"])
    store.remove(org, "SetupEntityAccess", ParentId=set_id)
    store.remove(org, "PermissionSet", Id=set_id)
    for app_id in apps:
        publish(store, change.clock, org, app_id)
