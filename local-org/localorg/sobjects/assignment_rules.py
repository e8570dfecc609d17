"""Who may be given a permission set or a licence (platform notes 3.1, 3.3)."""

from __future__ import annotations

from localorg.errors import PlatformError
from localorg.metadata.change import Change
from localorg.population import API_INTEGRATION_LICENSE, CHATTER, INTEGRATION
from localorg.sobjects.object_rules import ObjectRules, Row, existing
from localorg.sobjects.reference import PERMISSIONS
from localorg.sobjects.schema import SObject


class AssignmentRules(ObjectRules):
    """PermissionSetAssignment: one set or group, an active user, a licence that fits, no duplicate."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Assign. Errors as in platform notes 3.3."""
        user = existing(change, "User", values["AssigneeId"])
        set_id, group_id = values.get("PermissionSetId"), values.get("PermissionSetGroupId")
        if bool(set_id) == bool(group_id):
            raise PlatformError(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [PermissionSetId]", fields=("PermissionSetId",)
            )
        if not user["IsActive"]:
            raise PlatformError("INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{user['Id'][:15]}]")
        if set_id:
            permission_set = existing(change, "PermissionSet", set_id)
            if permission_set["IsOwnedByProfile"]:
                raise PlatformError(
                    "FIELD_INTEGRITY_EXCEPTION", "You can't assign a permission set that is owned by a profile."
                )
            if permission_set["PermissionSetGroupId"]:
                raise PlatformError(
                    "FIELD_INTEGRITY_EXCEPTION", "You can't assign a permission set that is owned by a group."
                )
            _check_license(change, user, permission_set)
        else:
            existing(change, "PermissionSetGroup", str(group_id))
        same = {"AssigneeId": user["Id"], "PermissionSetId": set_id, "PermissionSetGroupId": group_id}
        given = {key: value for key, value in same.items() if value}
        if change.store.find(change.org.name, definition.name, **given):
            what = f"Permission Set: {set_id}" if set_id else f"Permission Set Group: {group_id}"
            raise PlatformError("DUPLICATE_VALUE", f"Duplicate PermissionSetAssignment. Assignee: {user['Id']}; {what}")
        _check_expiration(change, values)
        return super().create(change, definition, values)

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Change when it expires."""
        _refuse_profile_row(change, row)
        _check_expiration(change, values)
        super().update(change, definition, row, values)

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Take a set or group away."""
        _refuse_profile_row(change, row)
        super().delete(change, definition, row)


class LicenseAssignRules(ObjectRules):
    """PermissionSetLicenseAssign: an active user, once."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Give a permission set licence to a user."""
        user = existing(change, "User", values["AssigneeId"])
        existing(change, "PermissionSetLicense", values["PermissionSetLicenseId"])
        if change.store.find(change.org.name, definition.name, **values):
            raise PlatformError("DUPLICATE_VALUE", f"Duplicate PermissionSetLicenseAssign. Assignee: {user['Id']}")
        return super().create(change, definition, values)


def _refuse_profile_row(change: Change, row: Row) -> None:
    """Refuse to touch what a user has by the profile (assumed)."""
    held = change.store.get(change.org.name, "PermissionSet", row["PermissionSetId"] or "")
    if held and held["IsOwnedByProfile"]:
        raise PlatformError(
            "FIELD_INTEGRITY_EXCEPTION",
            "You can't change the assignment of a permission set that is owned by a profile.",
        )


def _check_expiration(change: Change, values: Row) -> None:
    if (end := values.get("ExpirationDate")) and end <= change.clock.timestamp():
        raise PlatformError(
            "FIELD_INTEGRITY_EXCEPTION", "Expiration date must be in the future.", fields=("ExpirationDate",)
        )


def _check_license(change: Change, user: Row, permission_set: Row) -> None:
    """Refuse a set that the user's licence does not carry (platform notes 3.1, 3.3)."""
    store, org = change.store, change.org.name
    licence = store.one(
        "SELECT l.Id, l.Name FROM Profile p JOIN UserLicense l ON l.org = p.org AND l.Id = p.UserLicenseId "
        "WHERE p.org = ? AND p.Id = ?",
        (org, user["ProfileId"]),
    ) or {"Id": "", "Name": ""}
    wanted = permission_set["LicenseId"]
    enabled = [each for each in PERMISSIONS if permission_set[f"Permissions{each}"]]
    problem = ""
    if wanted and wanted[:3] == "100" and wanted != licence["Id"]:
        problem = enabled[0] if enabled else "ApiEnabled"
    elif licence["Name"] == CHATTER and enabled:
        problem = enabled[0]
    elif licence["Name"] == INTEGRATION and not _has_api_integration(change, user["Id"], wanted):
        problem = enabled[0] if enabled else "ApiEnabled"
    if problem:
        raise PlatformError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Can't assign permission set {permission_set['Label']} to user {user['Name']}. The user license doesn't "
            f"allow the permission: {problem}",
        )


def _has_api_integration(change: Change, user_id: str, wanted: str | None) -> bool:
    licences = change.store.find(change.org.name, "PermissionSetLicense", DeveloperName=API_INTEGRATION_LICENSE)
    if not licences:
        return False
    license_id = licences[0]["Id"]
    if wanted == license_id:
        return True
    given = change.store.find(
        change.org.name, "PermissionSetLicenseAssign", AssigneeId=user_id, PermissionSetLicenseId=license_id
    )
    return bool(given)
