"""What writing a record of any object does. Objects with rules of their own extend this."""

from __future__ import annotations

from typing import Any

from localorg.errors import PlatformError
from localorg.metadata.change import Change
from localorg.sobjects.schema import SObject

Row = dict[str, Any]


class ObjectRules:
    """What every object does: write the row."""

    def create(self, change: Change, definition: SObject, values: Row) -> str:
        """Add a row; return its id."""
        audit = _audit(change, definition, new=True)
        return change.store.insert(change.org.name, definition.name, {**values, **audit})

    def update(self, change: Change, definition: SObject, row: Row, values: Row) -> None:
        """Change a row."""
        audit = _audit(change, definition, new=False)
        change.store.change(change.org.name, definition.name, row["Id"], {**values, **audit})

    def delete(self, change: Change, definition: SObject, row: Row) -> None:
        """Delete a row."""
        change.store.remove(change.org.name, definition.name, Id=row["Id"])


def _audit(change: Change, definition: SObject, *, new: bool) -> Row:
    """Return the audit fields that an object has."""
    return {name: value for name, value in change.audit(new=new).items() if name in definition.column_names}


def existing(change: Change, name: str, record_id: str) -> Row:
    """Return the row that a record refers to. Raises PlatformError INVALID_CROSS_REFERENCE_KEY."""
    row = change.store.get(change.org.name, name, record_id)
    if row is None:
        raise PlatformError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return row
