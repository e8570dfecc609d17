"""What a metadata type's XML may hold, by API version: elements in WSDL order, with their types. Reading and writing use it.

types.json has the elements and enum values of API 47 to 68, taken from the published WSDLs (to 66) and types (67, 68):
`"isPkceRequired": "boolean? 59-"` is an optional boolean since 59.0; `*` is a list, `?` optional, neither required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

METADATA_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_FILE: dict[str, Any] = json.loads(resources.files("localorg.metadata").joinpath("types.json").read_text())
_ROW = re.compile(r"(?P<type>\w+)(?P<mark>[?*]?)!?(?: (?P<since>\d*)-(?P<until>\d*))?")
_PLAIN = {"string": "string", "boolean": "boolean", "int": "int", "base64Binary": "string"}


@dataclass(frozen=True)
class Versions:
    """The API versions that have something: from `since` to `until`, both included."""

    since: float = 0.0
    until: float = 999.0

    def __contains__(self, version: float) -> bool:
        return self.since <= version <= self.until


@dataclass(frozen=True)
class Element:
    """One element. `kind` is string, boolean, int, enum or struct, `type_name` its name in the WSDL; `many` makes it a list.

    `missing` is the problem when a required one is absent, where it is not the usual words.
    """

    name: str
    kind: str
    type_name: str
    versions: Versions
    many: bool = False
    required: bool = False
    values: Mapping[str, Versions] | None = None
    parts: tuple[Element, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class MetadataType:
    """One type: name, folder and suffix in a package, key prefix of its ids, since when it is there, elements in WSDL order."""

    name: str
    folder: str
    suffix: str
    prefix: str
    since: float
    elements: tuple[Element, ...]

    @cached_property
    def by_name(self) -> dict[str, Element]:
        """The elements by name."""
        return {each.name: each for each in self.elements}

    def path(self, name: str) -> str:
        """Return the file of a component below the package's root."""
        return f"{self.folder}/{name}.{self.suffix}"


def metadata_type(
    name: str, folder: str, suffix: str, prefix: str, *, missing: Mapping[str, str] | None = None
) -> MetadataType:
    """Return a type with the elements of types.json. `missing`: words of its own for required elements."""
    return MetadataType(name, folder, suffix, prefix, float(_FILE["since"][name]), _elements(name, missing or {}))


def enum_values(name: str) -> dict[str, Versions]:
    """Return the values of an enum, with the versions that have them."""
    return {value: _versions(*words.partition("-")[::2]) for value, words in _FILE["enums"][name].items()}


def _elements(owner: str, missing: Mapping[str, str]) -> tuple[Element, ...]:
    return tuple(_element(name, row, missing.get(name, "")) for name, row in _FILE["types"][owner].items())


def _element(name: str, row: str, missing: str) -> Element:
    match = _ROW.fullmatch(row)
    if match is None:
        raise ValueError(row)
    type_name = match["type"]
    kind = "struct" if type_name in _FILE["types"] else "enum" if type_name in _FILE["enums"] else _PLAIN[type_name]
    return Element(
        name,
        kind,
        type_name,
        _versions(match["since"] or "", match["until"] or ""),
        many=match["mark"] == "*",
        required=not match["mark"],
        values=enum_values(type_name) if kind == "enum" else None,
        parts=_elements(type_name, {}) if kind == "struct" else (),
        missing=missing,
    )


def _versions(since: str, until: str) -> Versions:
    return Versions(float(since or 0), float(until or 999))
