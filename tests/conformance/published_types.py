"""The published types of the Metadata API (npm `@salesforce/types`, generated from Salesforce's WSDLs), and whether a document fits them.

An element that no version's types have, one out of their order, a value that an enum does not list or a required element that is not
there is told by its path. The packages hold one API version each; `checkers/package.json` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from tests.conformance.tools import CHECKERS, OutOfReachError, install

VERSIONS = (60, 65, 66, 67, 68)
"""API versions whose types are published on npm and pinned here."""

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_STRUCT = re.compile(r"^export type (\w+) = (Metadata & )?\{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
_ENUM = re.compile(r"^export type (\w+) = ('[^;]*');", re.MULTILINE)
_PROPERTY = re.compile(r"^    (\w+)(\?)?: ([^;]+);", re.MULTILINE)


@dataclass(frozen=True)
class Property:
    """One element of a type: its type, whether it must be there, whether it may come more than once."""

    type: str
    required: bool
    repeated: bool


@dataclass(frozen=True)
class Types:
    """The types of one API version: elements by name in the order of the WSDL; values by name of an enum."""

    structs: Mapping[str, Mapping[str, Property]]
    enums: Mapping[str, frozenset[str]]

    def problems(self, document: bytes) -> list[str]:
        """What of a metadata document does not fit."""
        root = etree.fromstring(document)
        name = etree.QName(root).localname
        return list(self._problems(root, name, name)) if name in self.structs else [f"{name} is no type"]

    def _problems(self, element: etree._Element, type_name: str, path: str) -> Iterator[str]:
        properties = self.structs[type_name]
        names = [etree.QName(child).localname for child in element]
        known = [name for name in names if name in properties]
        yield from (f"{path}.{name} is no element of {type_name}" for name in names if name not in properties)
        order = list(properties)
        if known != sorted(known, key=order.index):
            yield f"{path} has its elements out of order: {known}"
        for name, wanted in properties.items():
            if wanted.required and not wanted.repeated and name not in names:
                yield f"{path}.{name} is required"
            if not wanted.repeated and names.count(name) > 1:
                yield f"{path}.{name} comes more than once"
        for child in element:
            if (name := etree.QName(child).localname) in properties and child.get(_NIL) != "true":
                yield from self._value(child, properties[name].type, f"{path}.{name}")

    def _value(self, element: etree._Element, type_name: str, path: str) -> Iterator[str]:
        text = (element.text or "").strip()
        if type_name in self.structs:
            yield from self._problems(element, type_name, path)
        elif len(element):
            yield f"{path} holds elements, and is a {type_name}"
        elif type_name in self.enums and text not in self.enums[type_name]:
            yield f"{path} is {text!r}, which {type_name} does not list"
        elif type_name == "boolean" and text not in {"true", "false"}:
            yield f"{path} is {text!r}, and is a boolean"
        elif type_name == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", text):
            yield f"{path} is {text!r}, and is a number"


@cache
def types_of(version: int) -> Types:
    """The published types of an API version; skips the test where no registry gives them."""
    text = (_packages() / f"salesforce-types-{version}/lib/metadata.d.ts").read_text(encoding="utf-8")
    structs = {
        match[1]: {"fullName": Property("string", required=False, repeated=False)} | _properties(match[3])
        if match[2]
        else _properties(match[3])
        for match in _STRUCT.finditer(text)
    }
    enums = {match[1]: frozenset(re.findall(r"'([^']*)'", match[2])) for match in _ENUM.finditer(text)}
    return Types(structs, enums)


def _properties(body: str) -> dict[str, Property]:
    return {
        name: Property(kind.removesuffix("[]"), required=not optional, repeated=kind.endswith("[]"))
        for name, optional, kind in _PROPERTY.findall(body)
    }


def _packages() -> Path:
    try:
        return install(CHECKERS) / "node_modules"
    except OutOfReachError as error:
        pytest.skip(f"{CHECKERS.name} is not on this machine and {error}")
