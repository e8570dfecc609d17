"""What single objects check and do when a record is written through REST (facts 3.2, 3.3)."""

from __future__ import annotations

import re
from typing import Any

from localorg.errors import PlatformError
from localorg.identity.apps import publish
from localorg.identity.sessions import Sessions
from localorg.metadata.change import Change, ComponentError
from localorg.metadata.components import delete_component, read_component, write_component
from localorg.population import API_INTEGRATION_LICENSE, CHATTER, INTEGRATION
from localorg.sobjects.objects import PERMISSIONS
from localorg.sobjects.schema import SObject

Row = dict[str, Any]
_USERNAME = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DUPLICATE_USERNAME = (
    "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be "
    "unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the "
    "user's email address). "
)


class ObjectRules:
    """What every object does: write the row. Objects with rules of their own extend this."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a row; return its id."""
        audit = change.audit(new=True) if definition.audited else {}
        return change.store.insert(change.org.name, definition.name, {**values, **audit})

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Change a row."""
        audit = change.audit(new=False) if definition.audited else {}
        change.store.change(change.org.name, definition.name, row["Id"], {**values, **audit})

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete a row."""
        change.store.remove(change.org.name, definition.name, Id=row["Id"])


class AssignmentRules(ObjectRules):
    """PermissionSetAssignment: one set or group, an active user, a licence that fits, no duplicate."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Assign. Errors as in facts 3.3."""
        user = _existing(change, "User", values["AssigneeId"])
        set_id, group_id = values.get("PermissionSetId"), values.get("PermissionSetGroupId")
        if bool(set_id) == bool(group_id):
            raise PlatformError(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [PermissionSetId]", fields=("PermissionSetId",)
            )
        if not user["IsActive"]:
            raise PlatformError("INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{user['Id'][:15]}]")
        if set_id:
            permission_set = _existing(change, "PermissionSet", set_id)
            if permission_set["IsOwnedByProfile"]:
                raise PlatformError(
                    "FIELD_INTEGRITY_EXCEPTION", "You can't assign a permission set that is owned by a profile."
                )
            _check_license(change, user, permission_set)
        else:
            _existing(change, "PermissionSetGroup", str(group_id))
        same = {"AssigneeId": user["Id"], "PermissionSetId": set_id, "PermissionSetGroupId": group_id}
        given = {key: value for key, value in same.items() if value}
        if change.store.find(change.org.name, definition.name, **given):
            what = f"Permission Set: {set_id}" if set_id else f"Permission Set Group: {group_id}"
            raise PlatformError("DUPLICATE_VALUE", f"Duplicate PermissionSetAssignment. Assignee: {user['Id']}; {what}")
        if (end := values.get("ExpirationDate")) and end <= change.clock.timestamp():
            raise PlatformError(
                "FIELD_INTEGRITY_EXCEPTION", "Expiration date must be in the future.", fields=("ExpirationDate",)
            )
        return super().create(change, definition, values)


class LicenseAssignRules(ObjectRules):
    """PermissionSetLicenseAssign: an active user, once."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Give a permission set licence to a user."""
        user = _existing(change, "User", values["AssigneeId"])
        _existing(change, "PermissionSetLicense", values["PermissionSetLicenseId"])
        if change.store.find(change.org.name, definition.name, **values):
            raise PlatformError("DUPLICATE_VALUE", f"Duplicate PermissionSetLicenseAssign. Assignee: {user['Id']}")
        return super().create(change, definition, values)


class AccessRules(ObjectRules):
    """SetupEntityAccess: links a set to an app; the login servers hear of it."""

    entities = {"0H4": "ConnectedApplication", "0xI": "ExternalClientApplication"}  # noqa: RUF012 — a constant

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Link."""
        _existing(change, "PermissionSet", values["ParentId"])
        entity = self.entities.get(values["SetupEntityId"][:3])
        if entity is None:
            raise PlatformError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Setup entity is not supported: {values['SetupEntityId']}",
                fields=("SetupEntityId",),
            )
        _existing(change, entity, values["SetupEntityId"])
        if found := change.store.find(change.org.name, definition.name, **values):
            raise PlatformError(
                "DUPLICATE_VALUE",
                f"duplicate value found: SetupEntityId duplicates value on record with id: {found[0]['Id'][:15]}",
            )
        made = super().create(change, definition, {**values, "SetupEntityType": entity})
        publish(change.store, change.clock, change.org.name, values["SetupEntityId"])
        return made

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Unlink."""
        super().delete(change, definition, row)
        publish(change.store, change.clock, change.org.name, row["SetupEntityId"])


class UserRules(ObjectRules):
    """User: a username that is unique over all orgs, an existing profile; deactivation ends sessions."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a user, and the login record beside it."""
        _check_username(change, values["Username"])
        _existing(change, "Profile", values["ProfileId"])
        name = " ".join(each for each in (values.get("FirstName"), values["LastName"]) if each)
        made = super().create(change, definition, {**values, "Name": name, "UserType": "Standard"})
        login = {"UserId": made, "IsFrozen": 0, **change.audit(new=True)}
        change.store.insert(change.org.name, "UserLogin", login)
        return made

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Change a user."""
        username = str(values.get("Username", row["Username"]))
        if username.lower() != row["Username"].lower():
            _check_username(change, username)
        if "ProfileId" in values:
            _existing(change, "Profile", values["ProfileId"] or "")
        merged = {**row, **values}
        name = " ".join(each for each in (merged["FirstName"], merged["LastName"]) if each)
        super().update(change, definition, row, {**values, "Name": name})
        if not merged["IsActive"]:
            Sessions(change.store, change.clock).end_all(change.org.name, row["Id"])


class UserLoginRules(ObjectRules):
    """UserLogin: freezing a user ends the user's sessions."""

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Freeze, unfreeze, unlock."""
        super().update(change, definition, row, values)
        if values.get("IsFrozen"):
            Sessions(change.store, change.clock).end_all(change.org.name, row["UserId"])


class PermissionSetRules(ObjectRules):
    """PermissionSet: the same component that the Metadata API sees."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Create the component."""
        name = values["Name"]
        if change.store.find(change.org.name, "PermissionSet", Name=name):
            raise PlatformError("DUPLICATE_DEVELOPER_NAME", f"The name {name} is already in use.", fields=("Name",))
        return self._write(change, name, {}, values)

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Update the component."""
        read = read_component(change, "PermissionSet", row["Name"])
        if read is None:
            raise PlatformError("INSUFFICIENT_ACCESS", "You can't edit a permission set that is owned by a profile.")
        self._write(change, read[0], read[1], values)

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete the component."""
        if delete_component(change, "PermissionSet", row["Name"]) is None:
            raise PlatformError("INSUFFICIENT_ACCESS", "You can't delete a permission set that is owned by a profile.")

    def _write(self, change: Change, name: str, document: Row, values: Row) -> str:
        on = {each["name"] for each in document.get("userPermissions", [])}
        for permission in PERMISSIONS:
            if (given := values.get(f"Permissions{permission}")) is not None:
                on = on | {permission} if given else on - {permission}
        columns = {"Label": "label", "Description": "description"}
        changed = {element: values[column] for column, element in columns.items() if column in values}
        if "HasActivationRequired" in values:
            changed["hasActivationRequired"] = bool(values["HasActivationRequired"])
        if values.get("LicenseId"):
            changed["license"] = _license_name(change, values["LicenseId"])
        merged = {**document, **changed, "userPermissions": [{"enabled": True, "name": each} for each in sorted(on)]}
        merged = {key: value for key, value in merged.items() if value is not None}
        try:
            return write_component(change, "PermissionSet", name, merged).id
        except ComponentError as problem:
            raise PlatformError(problem.code, problem.message) from None


class GroupRules(ObjectRules):
    """PermissionSetGroup: its members and assignments go with it."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a group."""
        return super().create(change, definition, {**values, "Status": "Updated"})

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete a group."""
        for table in ("PermissionSetGroupComponent", "PermissionSetAssignment"):
            change.store.remove(change.org.name, table, PermissionSetGroupId=row["Id"])
        super().delete(change, definition, row)


class GroupComponentRules(ObjectRules):
    """PermissionSetGroupComponent: an existing group and set, once."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a set to a group."""
        _existing(change, "PermissionSetGroup", values["PermissionSetGroupId"])
        _existing(change, "PermissionSet", values["PermissionSetId"])
        if change.store.find(change.org.name, definition.name, **values):
            raise PlatformError("DUPLICATE_VALUE", "duplicate value found: the permission set is in the group already")
        return super().create(change, definition, values)


class TokenRules(ObjectRules):
    """OAuthToken: deleting one takes back the consent and the sessions that it stands for."""

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Revoke."""
        change.store.do(
            "DELETE FROM _Session WHERE org = ? AND user_id = ? AND consumer_key = ? AND expires IS NOT NULL",
            (change.org.name, row["UserId"], row["_ConsumerKey"]),
        )
        super().delete(change, definition, row)


RULES: dict[str, ObjectRules] = {
    "User": UserRules(),
    "UserLogin": UserLoginRules(),
    "PermissionSet": PermissionSetRules(),
    "PermissionSetAssignment": AssignmentRules(),
    "PermissionSetLicenseAssign": LicenseAssignRules(),
    "PermissionSetGroup": GroupRules(),
    "PermissionSetGroupComponent": GroupComponentRules(),
    "SetupEntityAccess": AccessRules(),
    "OAuthToken": TokenRules(),
}


def _existing(change: Change, name: str, record_id: str) -> Row:
    row = change.store.get(change.org.name, name, record_id)
    if row is None:
        raise PlatformError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return row


def _check_username(change: Change, username: str) -> None:
    if not _USERNAME.fullmatch(username):
        message = "Username: invalid username: must be in the form of an email address (for example, john@acme.com)."
        raise PlatformError("INVALID_EMAIL_ADDRESS", message, fields=("Username",))
    if change.store.one("SELECT 1 FROM User WHERE Username = ? COLLATE NOCASE", (username,)):
        raise PlatformError("DUPLICATE_USERNAME", _DUPLICATE_USERNAME, fields=("Username",))


def _license_name(change: Change, license_id: str) -> str:
    for table, column in (("PermissionSetLicense", "MasterLabel"), ("UserLicense", "Name")):
        if row := change.store.get(change.org.name, table, license_id):
            return str(row[column])
    raise PlatformError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=("LicenseId",))


def _check_license(change: Change, user: Row, permission_set: Row) -> None:
    """Refuse a set that the user's licence does not carry (facts 3.1, 3.3)."""
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
