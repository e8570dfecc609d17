"""What differs between what is declared and what is found, judged by the field table.

Serves `pulumi preview`, `pulumi refresh` and the drift report alike, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orgkey.metadata.codec import Value
from orgkey.metadata.fields import Field, Loosens, OnChange, fields_of
from orgkey.metadata.members import Resource
from orgkey.metadata.parse import canonical
from orgkey.metadata.render import Settings


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting whose value changes from `before` to `after`."""

    field: Field
    before: Value
    after: Value

    @property
    def path(self) -> str:
        """Property path of the setting."""
        return self.field.name

    @property
    def replaces(self) -> bool:
        """Whether the change needs a new app or set."""
        return self.field.on_change is OnChange.REPLACE

    @property
    def loosens(self) -> bool:
        """Whether the change makes the org easier to get into."""
        return loosens(self.field, self.before, self.after)

    @property
    def added(self) -> list[Any]:
        """Items of a list that were not there before."""
        return _new_items(self.field, self.before, self.after)

    @property
    def removed(self) -> list[Any]:
        """Items of a list that are there no more."""
        return _new_items(self.field, self.after, self.before)


def differences(resource: Resource, before: Settings, after: Settings) -> list[Difference]:
    """List the settings that differ, in the table's order; settings nobody wrote count with their default."""
    found = []
    for row in fields_of(resource):
        was, now = (canonical(row, row.value_in(side, resource)) for side in (before, after))
        if not _equal(row, was, now):
            found.append(Difference(row, was, now))
    return found


def loosens(row: Field, before: Value, after: Value) -> bool:
    """Say whether a change of this setting loosens security, by the table's rule for it."""
    match row.loosens:
        case Loosens.WHEN_TRUE:
            return bool(after) and not before
        case Loosens.WHEN_FALSE:
            return bool(before) and not after
        case Loosens.WHEN_MORE:
            return not _items(row, after) <= _items(row, before)
        case Loosens.WHEN_LESS:
            return not _items(row, before) <= _items(row, after)
        case Loosens.BY_RANK:
            return _rank(row, after) > _rank(row, before)
    return False


_HOURS = {"HOURS": 1, "DAYS": 24, "MONTHS": 24 * 30}
_LIVES = ("zero", "specific_lifetime", "specific_inactivity")
"""Refresh token policies by how long a token can live: not at all, a fixed time, as long as it is used; then for ever."""


def _rank(row: Field, value: Value) -> tuple[int, int]:
    """How permissive a value is: its place in the list of values; for a token policy its kind, then its hours."""
    if row.values:
        return (row.values.index(str(value)) if value in row.values else len(row.values)), 0
    policy = re.fullmatch(r"(\w+?)(?::(\d+):(HOURS|DAYS|MONTHS))?", str(value))
    if not policy or policy[1] not in _LIVES:
        return len(_LIVES), 0
    return _LIVES.index(policy[1]), int(policy[2] or 0) * _HOURS.get(policy[3], 0)


def _items(row: Field, value: Value) -> frozenset[str]:
    """The items of a list as they are compared; of an IP range only its addresses count."""
    if value is None or isinstance(value, str | bool | int):
        return frozenset((str(value),)) if value else frozenset()
    return frozenset(
        f"{item['start']}-{item['end']}" if isinstance(item, Mapping) else row.key_of(item) for item in value
    )


def _equal(row: Field, one: Value, other: Value) -> bool:
    if row.type == "string":
        return (_key(row, one) or None) == (_key(row, other) or None)
    return bool(_key(row, one) == _key(row, other))


def _key(row: Field, value: Any) -> Any:
    """A value as it is compared."""
    if isinstance(value, str):
        return row.key_of(value)
    return (
        sorted({row.key_of(str(item)) for item in value}) if row.caseless and isinstance(value, list | tuple) else value
    )


def _new_items(row: Field, before: Value, after: Value) -> list[Any]:
    old, new = ([*value] if isinstance(value, list | tuple) else [] for value in (before, after))
    known = [_key(row, item) for item in old]
    return [item for item in new if _key(row, item) not in known]


def in_words_of(row: Field, found: Value, written: Value) -> Value:
    """A list that was found with each name as it was written, where that is another spelling of the same."""
    if not row.caseless or not isinstance(found, list | tuple) or not isinstance(written, list | tuple):
        return found
    spellings = {row.key_of(str(item)): str(item) for item in written}
    return [spellings.get(row.key_of(str(item)), str(item)) for item in found]
