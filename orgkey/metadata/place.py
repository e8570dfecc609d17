"""Where a setting stands in a metadata file: its element and how that is written, read from a row of the field table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from orgkey.metadata.codec import (
    Codec,
    EnabledNames,
    Flag,
    Joined,
    Mapped,
    Number,
    Ranges,
    RefreshPolicy,
    Repeated,
    Text,
    Value,
)
from orgkey.metadata.members import RESOURCE_MEMBERS, Resource
from orgkey.metadata.tables import Row, is_word


class Type(StrEnum):
    """What a setting's value is."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    STRINGS = "strings"  # a set: order and repetition mean nothing
    RANGES = "ranges"  # {start, end, description?}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands in one kind: metadata type, path of containing elements, codec.

    `absent` is what the platform means when the element is not there. `since` and `until` are the first and the last API version
    that takes it.
    """

    member: str
    path: tuple[str, ...]
    codec: Codec
    absent: Value = None
    since: float = 0.0
    until: float = math.inf

    def is_in(self, api_version: float) -> bool:
        """Whether that API version has the element."""
        return self.since <= api_version <= self.until


PLACE_KEYS = ("element", "form", "separator", "names", "start", "end", "absent", "since", "until")
_ENABLED_NAMES, _REFRESH_POLICY = "enabled-names", "refresh-policy"
_FORMS = {_ENABLED_NAMES: Type.STRINGS, _REFRESH_POLICY: Type.STRING}
"""Elements that are not what the setting's type says, and the type that each is for."""


def read_place(at: Row, resource: Resource, kind: Type | None, values: tuple[str, ...], pattern: str) -> Place | None:
    """One place; None where its element or the setting's type is not known."""
    element = at.text("element", needed=True)
    since, until = at.version("since", 0.0), at.version("until", math.inf)
    if since > until:
        at.wrong("until", "is before since")
    member, *path = element.split("/")
    if element and not (path and all(map(is_word, (member, *path)))):
        at.wrong("element", "is no path from the root of a metadata file, as ConnectedApp/oauthConfig/scopes is")
    elif element and member not in RESOURCE_MEMBERS[resource]:
        at.wrong("element", f"begins with no metadata type of it ({', '.join(RESOURCE_MEMBERS[resource])})")
    if kind is None:
        return None
    codec = _codec(at, path[-1] if path else "", kind, values)
    absent = read_value(at, "absent", kind, values, pattern)
    if absent is None and kind is Type.BOOLEAN:
        absent = False
    return Place(member, tuple(path[:-1]), codec, absent, since, until) if path else None


def _codec(at: Row, tag: str, kind: Type, values: tuple[str, ...]) -> Codec:
    form, names, separator = at.choice("form", _FORMS), at.names("names"), at.text("separator")
    start, end = (at.text(key, needed=kind is Type.RANGES) for key in ("start", "end"))
    for key, reason in _misplaced(at, tag, kind, form):
        at.wrong(key, reason)
    for name in names:
        if name not in values:
            at.wrong(f"names.{name}", "is none of the values")
    if form == _REFRESH_POLICY:
        return RefreshPolicy()
    if form == _ENABLED_NAMES:
        return EnabledNames(tag)
    match kind:
        case Type.STRINGS:
            return Joined(tag, separator, names) if separator else Repeated(tag, names)
        case Type.BOOLEAN:
            return Flag(tag)
        case Type.INTEGER:
            return Number(tag)
        case Type.RANGES:
            return Ranges(tag, start, end)
    return Mapped(tag, _spellings(at, names, values)) if values else Text(tag)


_TYPES_OF_KEY = (
    ("separator", {Type.STRINGS}),
    ("names", {Type.STRING, Type.STRINGS}),
    ("start", {Type.RANGES}),
    ("end", {Type.RANGES}),
)


def _misplaced(at: Row, tag: str, kind: Type, form: str | None) -> Iterator[tuple[str, str]]:
    """Yield key and reason of what means nothing for a setting of this type."""
    for key, kinds in _TYPES_OF_KEY:
        if key in at.content and (kind not in kinds or form is not None):
            yield key, f"means nothing where the type is {kind}{f' and the form {form}' if form else ''}"
    if form and kind is not _FORMS[form]:
        yield "form", f"is for the type {_FORMS[form]}; the type is {kind}"
    if form == _REFRESH_POLICY and tag != (first := RefreshPolicy().tags[0]):
        yield "element", f"must end in {first}, as the form is {form}"


def _spellings(at: Row, names: Mapping[str, str], values: tuple[str, ...]) -> Mapping[str, str]:
    """The element's text for each value; small and capital letters are one when it is read."""
    spellings = {value: names.get(value, value) for value in values}
    if len({text.lower() for text in spellings.values()}) < len(spellings):
        at.wrong("names", "give two values one text; small and capital letters are one here")
    return spellings


def read_value(row: Row, key: str, kind: Type | None, values: tuple[str, ...], pattern: str) -> Value:
    """A value of the setting, as somebody would write it; None where there is none."""
    value = row.content.get(key)
    if value is None or kind is None:
        return None
    if kind is Type.BOOLEAN:
        return row.flag(key)
    if kind is Type.INTEGER:
        return row.count(key)
    if kind is Type.RANGES:
        row.wrong(key, "is not for ranges")
        return None
    items = row.texts(key) if kind is Type.STRINGS else (row.text(key),)
    for item in items:
        if item and values and item not in values:
            row.wrong(key, f"{item} is none of the values")
        if item and pattern and not re.fullmatch(pattern, item):
            row.wrong(key, f"{item} does not match the pattern")
    return items if kind is Type.STRINGS else items[0]
