"""What single objects check and do when a record is written through REST (platform notes 3.2)."""

from __future__ import annotations

import re

from localorg.errors import PlatformError
from localorg.identity.apps import publish
from localorg.identity.groups import aggregate_group
from localorg.identity.profiles import take_profile
from localorg.identity.sessions import Sessions
from localorg.metadata.change import Change, ComponentError
from localorg.metadata.components import delete_component, read_component, write_component
from localorg.sobjects.assignment_rules import AssignmentRules, LicenseAssignRules
from localorg.sobjects.object_rules import ObjectRules, Row, existing
from localorg.sobjects.reference import PERMISSIONS
from localorg.sobjects.schema import SObject

_USERNAME = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DUPLICATE_USERNAME = (
    "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be "
    "unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the "
    "user's email address). "
)


class AccessRules(ObjectRules):
    """SetupEntityAccess: links a set to an app; the login servers hear of it."""

    entities = {"0H4": "ConnectedApplication", "0xI": "ExternalClientApplication"}  # noqa: RUF012 — a constant

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Link."""
        existing(change, "PermissionSet", values["ParentId"])
        entity = self.entities.get(values["SetupEntityId"][:3])
        if entity is None:
            raise PlatformError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Setup entity is not supported: {values['SetupEntityId']}",
                fields=("SetupEntityId",),
            )
        existing(change, entity, values["SetupEntityId"])
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
        profile = existing(change, "Profile", values["ProfileId"])
        name = " ".join(each for each in (values.get("FirstName"), values["LastName"]) if each)
        made = super().create(change, definition, {**values, "Name": name, "UserType": profile["UserType"]})
        login = {"UserId": made, "IsFrozen": 0, **change.audit(new=True)}
        change.store.insert(change.org.name, "UserLogin", login)
        take_profile(change.store, change.org.name, made, values["ProfileId"], change.clock.timestamp())
        return made

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Change a user."""
        username = str(values.get("Username", row["Username"]))
        if username.lower() != row["Username"].lower():
            _check_username(change, username)
        if "ProfileId" in values:
            existing(change, "Profile", values["ProfileId"] or "")
        merged = {**row, **values}
        name = " ".join(each for each in (merged["FirstName"], merged["LastName"]) if each)
        super().update(change, definition, row, {**values, "Name": name})
        if "ProfileId" in values:
            take_profile(change.store, change.org.name, row["Id"], values["ProfileId"], change.clock.timestamp())
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
        if change.store.find(change.org.name, "PermissionSet", Name=name, PermissionSetGroupId=None):
            raise PlatformError("DUPLICATE_DEVELOPER_NAME", f"The name {name} is already in use.", fields=("Name",))
        return self._write(change, name, {}, values)

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Update the component."""
        _refuse_group_row(row, "edit")
        read = read_component(change, "PermissionSet", row["Name"])
        if read is None:
            raise PlatformError("INSUFFICIENT_ACCESS", "You can't edit a permission set that is owned by a profile.")
        self._write(change, read[0], read[1], values)

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete the component."""
        _refuse_group_row(row, "delete")
        try:
            deleted = delete_component(change, "PermissionSet", row["Name"])
        except ComponentError as problem:
            raise PlatformError(problem.code, problem.message) from None
        if deleted is None:
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


class ProfileRules(ObjectRules):
    """Profile: one can be made with a licence, with a permission set of its own that allows what the licence's least does."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a profile."""
        existing(change, "UserLicense", values["UserLicenseId"])
        if change.store.find(change.org.name, definition.name, Name=values["Name"]):
            message = f"The profile name {values['Name']} is already in use."
            raise PlatformError("DUPLICATE_VALUE", message, fields=("Name",))
        made = super().create(change, definition, {**values, "UserType": "Standard"})
        own = {"Name": f"X{made}", "Label": made, "ProfileId": made, "IsOwnedByProfile": 1, "IsCustom": 1}
        row = {**own, "Type": "Profile", "PermissionsApiEnabled": 1, **change.audit(new=True)}
        change.store.insert(change.org.name, "PermissionSet", row)
        return made

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete a profile that nobody has."""
        if change.store.find(change.org.name, "User", ProfileId=row["Id"]):
            raise PlatformError("DELETE_FAILED", "You can't delete a profile that is assigned to users.")
        change.store.remove(change.org.name, "PermissionSet", ProfileId=row["Id"])
        super().delete(change, definition, row)


class GroupRules(ObjectRules):
    """PermissionSetGroup: its members and assignments go with it; a PermissionSet row of the type Group stands for it."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a group."""
        name = values["DeveloperName"]
        if change.store.find(change.org.name, definition.name, DeveloperName=name):
            raise PlatformError(
                "DUPLICATE_DEVELOPER_NAME", f"The name {name} is already in use.", fields=("DeveloperName",)
            )
        made = super().create(change, definition, {**values, "Status": "Updated"})
        own = {"Name": name, "Label": values["MasterLabel"], "Description": values.get("Description")}
        row = {**own, "PermissionSetGroupId": made, "Type": "Group", "IsCustom": 0}
        change.store.insert(change.org.name, "PermissionSet", {**row, **change.audit(new=True)})
        return made

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Change a group, and the row of its permissions."""
        super().update(change, definition, row, values)
        renamed = {"DeveloperName": "Name", "MasterLabel": "Label", "Description": "Description"}
        own = {column: values[name] for name, column in renamed.items() if name in values}
        for each in change.store.find(change.org.name, "PermissionSet", PermissionSetGroupId=row["Id"]):
            change.store.change(change.org.name, "PermissionSet", each["Id"], own)

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete a group."""
        for table in ("PermissionSetGroupComponent", "PermissionSetAssignment", "PermissionSet"):
            change.store.remove(change.org.name, table, PermissionSetGroupId=row["Id"])
        super().delete(change, definition, row)


class GroupComponentRules(ObjectRules):
    """PermissionSetGroupComponent: an existing group and set, once."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a set to a group."""
        existing(change, "PermissionSetGroup", values["PermissionSetGroupId"])
        existing(change, "PermissionSet", values["PermissionSetId"])
        if change.store.find(change.org.name, definition.name, **values):
            raise PlatformError("DUPLICATE_VALUE", "duplicate value found: the permission set is in the group already")
        made = super().create(change, definition, values)
        aggregate_group(change.store, change.org.name, values["PermissionSetGroupId"])
        return made

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Take a set out of a group."""
        super().delete(change, definition, row)
        aggregate_group(change.store, change.org.name, row["PermissionSetGroupId"])


class TokenRules(ObjectRules):
    """OauthToken: deleting one takes back the consent and the sessions that it stands for."""

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
    "Profile": ProfileRules(),
    "PermissionSetGroup": GroupRules(),
    "PermissionSetGroupComponent": GroupComponentRules(),
    "SetupEntityAccess": AccessRules(),
    "OauthToken": TokenRules(),
}


def _refuse_group_row(row: Row, verb: str) -> None:
    if row["PermissionSetGroupId"]:
        raise PlatformError("INSUFFICIENT_ACCESS", f"You can't {verb} a permission set that is owned by a group.")


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
