"""Publishing a platform event: the insert of a record of an object whose name ends with `__e`."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from typing import Any

from localorg.clock import as_xml_timestamp
from localorg.errors import PlatformError
from localorg.metadata.change import Change
from localorg.streaming.bus import EventBus
from localorg.streaming.channels import event_channel, has_platform_event, schema_id

_SYSTEM = {"createddate", "createdbyid", "replayid", "eventuuid"}
_MOST_TEXT = 131_072


def is_platform_event(change: Change, name: str) -> bool:
    """Tell whether an object of the API is a platform event of the org."""
    return has_platform_event(change.knobs, change.org.name, name)


def publish_platform_event(change: Change, name: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Publish an event; return the id of the record, which nobody can read, and the event's UUID. Raises PlatformError."""
    fields = {field: _checked(name, field, value) for field, value in values.items() if field != "attributes"}
    event_uuid = str(uuid.uuid4())
    payload = {"CreatedDate": as_xml_timestamp(change.clock.timestamp()), "CreatedById": change.user_id, **fields}
    with change.store.transaction():
        bus = EventBus(change.store, change.clock)
        schema = schema_id(name, payload)
        bus.publish(change.org.name, [event_channel(name)], schema, payload, EventUuid=event_uuid)
        return change.store.next_id("e01"), event_uuid


def _checked(name: str, field: str, value: Any) -> Any:
    if field.lower() in _SYSTEM:
        message = f"Unable to create/update fields: {field}. Please check the security settings of this field and "
        message += "verify that it is read/write for your profile or permission set."
        raise PlatformError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=(field,))
    if not field.endswith("__c"):
        message = f"No such column '{field[:80]}' on sobject of type {name}"
        raise PlatformError("INVALID_FIELD", message, fields=(field[:80],))
    if not isinstance(value, str | int | float | None) or not _is_finite(value):  # a boolean is an int
        message = f"Cannot deserialize instance of string from value {str(value)[:40]} for field {field}"
        raise PlatformError("JSON_PARSER_ERROR", message)
    if isinstance(value, str) and len(value) > _MOST_TEXT:
        message = f"{field}: data value too large: {value[:40]} (max length={_MOST_TEXT})"
        raise PlatformError("STRING_TOO_LONG", message, fields=(field,))
    return value


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
