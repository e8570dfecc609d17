"""What a metadata type's XML may hold: elements in WSDL order, with their types. Reading and writing both use it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

METADATA_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


@dataclass(frozen=True)
class Element:
    """One element. `kind` is string, boolean, int, enum or struct; `many` makes it a list.

    `write_only` elements are never returned, those with a knob in `returned` only while it is on. `missing` is the problem when
    a required one is absent.
    """

    name: str
    kind: str = "string"
    many: bool = False
    required: bool = False
    values: tuple[str, ...] = ()
    parts: tuple[Element, ...] = ()
    write_only: bool = False
    returned: str = ""
    missing: str = ""
    since: float = 0.0
    until: float = 999.0
    enum: str = ""


@dataclass(frozen=True)
class MetadataType:
    """One type: name, folder and suffix in a package, key prefix of its ids, elements in WSDL order."""

    name: str
    folder: str
    suffix: str
    prefix: str
    elements: tuple[Element, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each element in WSDL order."""
        return {each.name: position for position, each in enumerate(self.elements)}

    def path(self, name: str) -> str:
        """Return the file of a component below the package's root."""
        return f"{self.folder}/{name}.{self.suffix}"


def text(*names: str) -> tuple[Element, ...]:
    """Return optional text elements."""
    return tuple(Element(name) for name in names)


def flags(*names: str) -> tuple[Element, ...]:
    """Return optional boolean elements."""
    return tuple(Element(name, "boolean") for name in names)


def choice(name: str, *values: str, required: bool = False, many: bool = False, enum: str = "") -> Element:
    """Return an element of a few words."""
    return Element(name, "enum", values=values, required=required, many=many, enum=enum or name)


def struct(name: str, *parts: Element, many: bool = False) -> Element:
    """Return an element with elements of its own."""
    return Element(name, "struct", parts=parts, many=many)
