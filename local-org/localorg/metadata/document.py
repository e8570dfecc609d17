"""Component XML to a document (plain dict in WSDL order) and back.

The platform's habits live here (platform notes 1.2, 2.4): an element that comes after a later one of the WSDL is dropped
without a word (or refused, by knob), one of another API version is named with that version, and one that the type does not
have is a problem that names its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from localorg.metadata.elements import METADATA_NAMESPACE, Element, MetadataType, Versions

Document = dict[str, Any]
Node = Any  # lxml keeps its element type private
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ALWAYS = Versions()
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class DocumentError(Exception):
    """A component's file cannot be read: `message` is the platform's, with a line where there is one."""

    def __init__(self, message: str, line: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.line: int | None = line


def parse_xml(data: bytes) -> Node:
    """Parse XML from outside: no DTD, no entities, no network. Raises DocumentError."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise DocumentError(f"Error parsing file: {error}", line) from None
    if root is None:
        raise DocumentError("Error parsing file: Premature end of file.")
    if str(getattr(root.getroottree().docinfo, "doctype", "")):
        raise DocumentError("Error parsing file: DOCTYPE is not allowed")
    return root


@dataclass(frozen=True)
class Reading:
    """How a document is read: by an API version; with what comes out of order refused or dropped (sources differ)."""

    version: float
    refuse_disorder: bool = False


def read_document(kind: MetadataType, root: Node, how: Reading) -> Document:
    """Read a component's XML, whatever prefixes it uses. Raises DocumentError."""
    return _read_parts(kind.name, kind.elements, root, how)


def read_file(kind: MetadataType, data: bytes, how: Reading) -> Document:
    """Read a component's file. Raises DocumentError."""
    root = parse_xml(data)
    if local_name(root) != kind.name:
        raise DocumentError(f"Error parsing file: Element {root.tag} invalid at this location", root.sourceline)
    return read_document(kind, root, how)


def write_file(kind: MetadataType, document: Document, version: float) -> bytes:
    """Write a component's file in the platform's layout: four spaces, WSDL order, what the API version has."""
    root = etree.Element(kind.name, nsmap={None: METADATA_NAMESPACE})  # type: ignore[dict-item]
    append_parts(root, kind.elements, document, version)
    etree.indent(root, space="    ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="utf-8") + b"\n"


def append_parts(parent: Node, elements: tuple[Element, ...], document: Document, version: float) -> None:
    """Append the elements of a document that an API version has, in WSDL order and the metadata namespace."""
    for element in elements:
        value = document.get(element.name)
        if value is None or version not in element.versions:
            continue
        for item in value if element.many else [value]:
            if element.values is not None and version not in element.values.get(item, ALWAYS):
                continue
            child = etree.SubElement(parent, f"{{{METADATA_NAMESPACE}}}{element.name}")
            if element.kind == "struct":
                append_parts(child, element.parts, item, version)
            elif isinstance(item, bool):
                child.text = "true" if item else "false"
            else:
                child.text = str(item)


def local_name(node: Node) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(node).localname


def _read_parts(owner: str, elements: tuple[Element, ...], node: Node, how: Reading) -> Document:
    index = {each.name: position for position, each in enumerate(elements)}
    found: Document = {}
    furthest = 0
    for child in node:
        name = local_name(child)
        if name == "fullName":
            continue
        position = _position(owner, elements, index, child, how)
        if position < furthest:
            if how.refuse_disorder:
                raise _misplaced(owner, child)
            continue
        furthest = position
        element = elements[position]
        if child.get(_XSI_NIL) == "true":
            continue
        value = _read_value(element, child, how)
        if element.many:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise DocumentError(f"Error parsing file: Duplicate element {name} in type {owner}", child.sourceline)
        else:
            found[name] = value
    for element in elements:
        if element.required and how.version in element.versions and found.get(element.name) in (None, ""):
            raise DocumentError(element.missing or f"Required field is missing: {element.name}", node.sourceline)
    return {element.name: found[element.name] for element in elements if element.name in found}


def _position(owner: str, elements: tuple[Element, ...], index: dict[str, int], child: Node, how: Reading) -> int:
    """Return an element's place in WSDL order. Raises DocumentError for one that the type or the API version does not have."""
    name = local_name(child)
    position = index.get(name)
    if position is None:
        raise _misplaced(owner, child)
    if how.version not in elements[position].versions:
        raise DocumentError(
            f"Error parsing file: Property '{name}' not valid in version {how.version:.1f}", child.sourceline
        )
    return position


def _misplaced(owner: str, child: Node) -> DocumentError:
    return DocumentError(
        f"Error parsing file: Element {{{METADATA_NAMESPACE}}}{local_name(child)} invalid at this location in type {owner}",
        child.sourceline,
    )


def _read_value(element: Element, node: Node, how: Reading) -> Any:
    if element.kind == "struct":
        return _read_parts(element.type_name, element.parts, node, how)
    if len(node):
        raise DocumentError(
            f"Error parsing file: Element {node[0].tag} invalid at this location in type xsd:{element.kind}",
            node.sourceline,
        )
    words = (node.text or "").strip()
    if element.kind == "boolean":
        if words not in _BOOLEANS:
            raise DocumentError(f"'{words}' is not a valid value for the type xsd:boolean", node.sourceline)
        return _BOOLEANS[words]
    if element.kind == "int":
        try:
            return int(words)
        except ValueError:
            raise DocumentError(f"'{words}' is not a valid value for the type xsd:int", node.sourceline) from None
    if element.values is not None and (words not in element.values or how.version not in element.values[words]):
        raise DocumentError(not_in_enum(words, element.type_name), node.sourceline)
    return words


def not_in_enum(words: str, enum: str) -> str:
    """Return the platform's refusal of a value that an enum does not have."""
    return f"'{words}' is not a valid value for the enum '{enum}'"
