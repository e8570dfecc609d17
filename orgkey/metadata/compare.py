"""What differs between what is declared and what is found, judged by the field table.

Serves `pulumi preview`, `pulumi refresh` and the drift report alike, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

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
            return not _items(after) <= _items(before)
        case Loosens.WHEN_LESS:
            return not _items(before) <= _items(after)
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


def _items(value: Value) -> frozenset[str]:
    """The items of a list; of an IP range only its addresses count."""
    if value is None or isinstance(value, str | bool | int):
        return frozenset((str(value),)) if value else frozenset()
    return frozenset(f"{item['start']}-{item['end']}" if isinstance(item, Mapping) else item for item in value)


def _equal(row: Field, one: Value, other: Value) -> bool:
    return (one or None) == (other or None) if row.type == "string" else one == other
