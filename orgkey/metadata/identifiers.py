"""How the platform compares record ids and names."""

from __future__ import annotations

from collections.abc import Iterable

_LENGTH = 15
"""Characters that tell a record; the three after them, where they are given, are a checksum of its case."""


def short_id(record_id: str) -> str:
    """A record id in its form of 15 characters."""
    return record_id[:_LENGTH]


def same_id(one: str, other: str) -> bool:
    """Whether two ids, of 15 or 18 characters, are of one record."""
    return short_id(one) == short_id(other)


def each_once(names: Iterable[str]) -> list[str]:
    """Names without their repetitions in whatever spelling; the first one of each."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name_key(name), name)
    return list(found.values())


def name_key(name: str) -> str:
    """A user name or developer name as the platform compares it: without its case."""
    return name.lower()
