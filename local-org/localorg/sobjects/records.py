"""Create, read, update and delete single records: field checks that hold for every object, then the object's rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localorg.clock import format_timestamp
from localorg.errors import PlatformError, insufficient_access, not_found
from localorg.identity.holding import allows
from localorg.ids import normalize_id
from localorg.metadata.change import Change
from localorg.sobjects.object_rules import ObjectRules
from localorg.sobjects.objects import OBJECTS, find_object
from localorg.sobjects.reference import DATA, has_object, shown_fields
from localorg.sobjects.rules import RULES
from localorg.sobjects.schema import Field, SObject
from localorg.sobjects.visibility import hidden_object
from localorg.streaming.change_events import capture
from localorg.streaming.platform_events import is_platform_event, publish_platform_event

_WRITERS = {
    "User": ("ManageUsers",),
    "UserLogin": ("ManageUsers",),
    "PermissionSetAssignment": ("AssignPermissionSets", "ManageUsers"),
    "PermissionSetLicenseAssign": ("AssignPermissionSets", "ManageUsers"),
    "OauthToken": ("ManageUsers", "CustomizeApplication"),
    "AuthSession": ("ManageUsers",),
}
_ADMIN = ("CustomizeApplication", "ModifyAllData")
_DEFAULT = ObjectRules()
MAX_INT = 2**31 - 1


def known_object(name: str, change: Change | None = None) -> SObject:
    """Return an object of the data API by name. Raises the platform's 404, also for one that a caller may not see."""
    found = find_object(name)
    if found is None or not has_object(found, DATA) or (change is not None and _is_hidden(change, found)):
        raise not_found()
    return found


def _is_hidden(change: Change, definition: SObject) -> bool:
    now = change.clock.timestamp()
    return hidden_object(change.store, change.org.name, change.user_id, now, [definition.name]) is not None


def read_record(change: Change, name: str, record_id: str, fields: list[str] | None = None) -> dict[str, Any]:
    """Return a record's fields (all, or those named). Raises PlatformError 404, INVALID_FIELD."""
    definition = known_object(name, change)
    shown = shown_fields(definition, DATA)
    chosen = list(shown.values())
    if fields:
        chosen = [shown["id"], *(each for each in (_field(definition, each) for each in fields) if each.name != "Id")]
    columns = ", ".join(f'{each.sql("t")} AS "{each.name}"' for each in chosen)
    row = change.store.one(
        f'SELECT {columns} FROM "{definition.name}" t WHERE org = ? AND Id = ?',
        (change.org.name, normalize_id(record_id) or ""),
    )
    if row is None:
        raise not_found()
    return {each.name: bool(row[each.name]) if each.type == "boolean" else row[each.name] for each in chosen}


@dataclass(frozen=True)
class Created:
    """A record that was created. `event_uuid`: it is an event, which is published soon (platform notes 6.4)."""

    id: str
    event_uuid: str = ""

    def as_result(self) -> dict[str, Any]:
        """Return it as the REST API tells of it."""
        enqueued = {"statusCode": "OPERATION_ENQUEUED", "message": self.event_uuid, "fields": []}
        return {"id": self.id, "success": True, "errors": [enqueued] if self.event_uuid else []}


def create_record(change: Change, name: str, values: Mapping[str, Any]) -> Created:
    """Create a record, or publish an event. Raises PlatformError in the platform's words."""
    if is_platform_event(change, name):
        return Created(*publish_platform_event(change, name, values))
    definition = known_object(name, change)
    _check_allowed(change, definition, supported=definition.createable, verb="create")
    checked = _checked(definition, values, creating=True)
    missing = [
        each.name
        for each in definition.fields
        if each.createable and not each.nillable and each.type != "boolean" and checked.get(each.name) in (None, "")
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise PlatformError("REQUIRED_FIELD_MISSING", message, fields=tuple(missing))
    with change.store.transaction():
        made = RULES.get(definition.name, _DEFAULT).create(change, definition, checked)
        capture(change, definition, made, None)
    return Created(made)


def update_record(change: Change, name: str, record_id: str, values: Mapping[str, Any]) -> None:
    """Change a record's fields. Raises PlatformError."""
    definition = known_object(name, change)
    _check_allowed(change, definition, supported=definition.updateable, verb="update")
    row = _existing(change, definition, record_id)
    checked = _checked(definition, values, creating=False)
    with change.store.transaction():
        RULES.get(definition.name, _DEFAULT).update(change, definition, row, checked)
        capture(change, definition, row["Id"], row)


def delete_record(change: Change, name: str, record_id: str) -> None:
    """Delete a record. Raises PlatformError, 404 when it is not there."""
    definition = known_object(name, change)
    _check_allowed(change, definition, supported=definition.deletable, verb="delete")
    row = _existing(change, definition, record_id)
    with change.store.transaction():
        RULES.get(definition.name, _DEFAULT).delete(change, definition, row)


def object_of(record_id: str) -> str:
    """Return the object's name of an id, by its prefix. Raises PlatformError MALFORMED_ID."""
    normal = normalize_id(record_id)
    for definition in OBJECTS.values():
        if normal and definition.prefix == normal[:3]:
            return definition.name
    raise PlatformError("MALFORMED_ID", f"malformed id {record_id[:40]}")


def _check_allowed(change: Change, definition: SObject, *, supported: bool, verb: str) -> None:
    if not supported:
        message = f"entity type {definition.name} does not support {verb}"
        raise PlatformError("INVALID_TYPE_FOR_OPERATION", message)
    permissions = _WRITERS.get(definition.name, _ADMIN)
    now = change.clock.timestamp()
    if not allows(change.store, change.org.name, change.user_id, now, *permissions):
        raise insufficient_access(f"{definition.name} object")


def _existing(change: Change, definition: SObject, record_id: str) -> dict[str, Any]:
    normal = normalize_id(record_id)
    if normal is None or normal[:3] != definition.prefix:
        raise PlatformError(
            "MALFORMED_ID", f"{definition.name} ID: id value of incorrect type: {record_id[:40]}", fields=("Id",)
        )
    row = change.store.get(change.org.name, definition.name, normal)
    if row is None:
        raise PlatformError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
    return row


def _field(definition: SObject, name: str) -> Field:
    found = shown_fields(definition, DATA).get(name.lower())
    if found is None:
        raise PlatformError(
            "INVALID_FIELD", f"No such column '{name[:80]}' on sobject of type {definition.name}", fields=(name[:80],)
        )
    return found


def _checked(definition: SObject, values: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
    """Return the given fields as stored. Raises PlatformError for the first that is wrong."""
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name == "attributes":
            continue
        found = _field(definition, name)
        if not (found.createable if creating else found.updateable):
            raise PlatformError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {found.name}. Please check the security settings of this field and "
                "verify that it is read/write for your profile or permission set.",
                fields=(found.name,),
            )
        checked[found.name] = _value(found, value)
    return checked


def _value(found: Field, value: Any) -> Any:
    if value is None:
        return 0 if found.type == "boolean" else None
    if found.type == "boolean":
        if not isinstance(value, bool) and str(value).lower() not in {"true", "false"}:
            raise _bad_value(found, value, "boolean")
        return int(value is True or str(value).lower() == "true")
    if found.type == "int":
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INT:
            raise _bad_value(found, value, "int")
        return value
    if not isinstance(value, str):
        raise _bad_value(found, value, "string")
    if found.type == "reference":
        return _reference(found, value)
    if found.type == "datetime":
        return _datetime(found, value)
    if len(value) > found.length:
        message = f"{found.name}: data value too large: {value[:40]} (max length={found.length})"
        raise PlatformError("STRING_TOO_LONG", message, fields=(found.name,))
    return value


def _datetime(found: Field, value: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(value)
        return format_timestamp((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError, OSError):
        raise _bad_value(found, value, "datetime") from None


def _reference(found: Field, value: str) -> str | None:
    if not value:
        return None
    normal = normalize_id(value)
    wanted = OBJECTS[found.refers].prefix if found.refers else None
    both = {"PermissionSetLicense", "UserLicense"} if found.name == "LicenseId" else set()
    prefixes = {wanted, *(OBJECTS[each].prefix for each in both)}
    if normal is None or (wanted and normal[:3] not in prefixes):
        message = f"{found.name.removesuffix('Id')} ID: id value of incorrect type: {value[:40]}"
        raise PlatformError("MALFORMED_ID", message, fields=(found.name,))
    return normal


def _bad_value(found: Field, value: Any, kind: str) -> PlatformError:
    return PlatformError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from value {str(value)[:40]} for field {found.name}",
    )
