"""Component XML to a document (plain dict in WSDL order) and back.

Two of the platform's habits live here (platform notes 1.2, 2.4): an element that comes after a later one of the WSDL is
dropped without a word, and one that the type does not have is a problem that names its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from localorg.metadata.elements import METADATA_NAMESPACE, Element, MetadataType

Document = dict[str, Any]
Node = Any  # lxml keeps its element type private
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
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


def read_document(kind: MetadataType, root: Node, version: float) -> Document:
    """Read a component's XML, whatever prefixes it uses. Raises DocumentError."""
    return _read_parts(kind.name, kind.elements, root, version)


def read_file(kind: MetadataType, data: bytes, version: float) -> Document:
    """Read a component's file. Raises DocumentError."""
    root = parse_xml(data)
    if local_name(root) != kind.name:
        raise DocumentError(f"Error parsing file: Element {root.tag} invalid at this location", root.sourceline)
    return read_document(kind, root, version)


def write_file(kind: MetadataType, document: Document, *, show_name: str = "") -> bytes:
    """Write a component's file in the platform's layout: four spaces, WSDL order."""
    root = etree.Element(kind.name, nsmap={None: METADATA_NAMESPACE})  # type: ignore[dict-item]
    if show_name:
        etree.SubElement(root, "fullName").text = show_name
    append_parts(root, kind.elements, document)
    etree.indent(root, space="    ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="utf-8") + b"\n"


def append_parts(parent: Node, elements: tuple[Element, ...], document: Document) -> None:
    """Append a document's elements to an XML element, in WSDL order and the metadata namespace."""
    for element in elements:
        value = document.get(element.name)
        if value is None:
            continue
        for item in value if element.many else [value]:
            child = etree.SubElement(parent, f"{{{METADATA_NAMESPACE}}}{element.name}")
            if element.kind == "struct":
                append_parts(child, element.parts, item)
            elif isinstance(item, bool):
                child.text = "true" if item else "false"
            else:
                child.text = str(item)


def as_returned(elements: tuple[Element, ...], document: Document, is_on: Callable[[str], bool]) -> Document:
    """Return a document as the platform gives it back: without secrets, and without what a knob (`is_on`) withholds."""
    shown: Document = {}
    for element in elements:
        if element.write_only or element.name not in document or (element.returned and not is_on(element.returned)):
            continue
        value = document[element.name]
        if element.kind == "struct":
            value = (
                [as_returned(element.parts, item, is_on) for item in value]
                if element.many
                else as_returned(element.parts, value, is_on)
            )
        shown[element.name] = value
    return shown


def local_name(node: Node) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(node).localname


def _read_parts(owner: str, elements: tuple[Element, ...], node: Node, version: float) -> Document:
    index = {each.name: position for position, each in enumerate(elements)}
    found: Document = {}
    furthest = 0
    for child in node:
        name = local_name(child)
        if name == "fullName":
            continue
        position = index.get(name)
        if position is None or not elements[position].since <= version <= elements[position].until:
            raise DocumentError(
                f"Error parsing file: Element {{{METADATA_NAMESPACE}}}{name} invalid at this location in type {owner}",
                child.sourceline,
            )
        if position < furthest:
            continue  # out of order: dropped without a word (platform notes 2.4)
        furthest = position
        element = elements[position]
        if child.get(_XSI_NIL) == "true":
            continue
        value = _read_value(element, child, version)
        if element.many:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise DocumentError(f"Error parsing file: Duplicate element {name} in type {owner}", child.sourceline)
        else:
            found[name] = value
    for element in elements:
        if element.required and found.get(element.name) in (None, ""):
            raise DocumentError(element.missing or f"Required field is missing: {element.name}", node.sourceline)
    return {element.name: found[element.name] for element in elements if element.name in found}


def _read_value(element: Element, node: Node, version: float) -> Any:
    if element.kind == "struct":
        name = element.name[:1].upper() + element.name[1:]
        return _read_parts(name, element.parts, node, version)
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
    if element.kind == "enum" and words not in element.values:
        enum = element.enum[:1].upper() + element.enum[1:]
        raise DocumentError(f"'{words}' is not a valid value for the enum '{enum}'", node.sourceline)
    return words
