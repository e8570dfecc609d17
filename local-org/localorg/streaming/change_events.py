"""Change Data Capture: a change of a record of an object that is captured, as an event (platform notes 6.4)."""

from __future__ import annotations

import uuid
from typing import Any

from localorg.clock import as_xml_timestamp
from localorg.metadata.change import Change
from localorg.sobjects.reference import DATA, shown_fields
from localorg.sobjects.schema import SObject
from localorg.streaming.bus import EventBus
from localorg.streaming.channels import CAPTURED, change_channels, schema_id

_NOT_SHOWN = {"Id", "Name", "SystemModstamp"}
_OF_NAME = {"FirstName", "LastName"}
"""Parts of the compound field Name: nested in it, and `Name.LastName` among the changed fields."""
Row = dict[str, Any]


def capture(change: Change, definition: SObject, record_id: str, before: Row | None) -> None:
    """Publish what became of a record that was created or changed, if its object is captured; within the transaction.

    `before` is its row before the change, None for a new record.
    """
    if definition.name not in CAPTURED:
        return
    after = change.store.get(change.org.name, definition.name, record_id) or {}
    shown = {name: value for name, value in _shown(definition, after).items() if before is None or name in before}
    old = None if before is None else _shown(definition, before)
    chosen = shown if old is None else {name: value for name, value in shown.items() if old[name] != value}
    path = {name: f"Name.{name}" if name in _OF_NAME else name for name in chosen}
    now = change.clock.now()
    header = {
        "entityName": definition.name,
        "recordIds": [record_id],
        "changeType": "CREATE" if before is None else "UPDATE",
        "changeOrigin": f"com/salesforce/api/rest/{change.version:.1f}",
        "transactionKey": str(uuid.uuid4()),
        "sequenceNumber": 1,
        "commitTimestamp": int(now) * 1000,
        "commitNumber": int(now * 1000),
        "commitUser": change.user_id,
        "changedFields": [] if before is None else list(path.values()),
    }
    body = {name: value for name, value in chosen.items() if name not in _OF_NAME}
    if names := {name: value for name, value in chosen.items() if name in _OF_NAME}:
        body["Name"] = names
    schema = schema_id(f"{definition.name}ChangeEvent", shown)
    payload = {"ChangeEventHeader": header, **body}
    EventBus(change.store, change.clock).publish(change.org.name, change_channels(definition.name), schema, payload)


def _shown(definition: SObject, row: Row) -> Row:
    """Return a row's fields as a change event has them."""
    values: Row = {}
    for field in shown_fields(definition, DATA).values():
        if field.name in row and field.name not in _NOT_SHOWN:
            value = row[field.name]
            if field.type == "boolean":
                value = bool(value)
            elif field.type == "datetime" and value is not None:
                value = as_xml_timestamp(value)
            values[field.name] = value
    return values
