"""SOAP envelopes: requests read by local name, answers and faults written in the Metadata API's namespace (platform notes 5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from localorg.clock import as_xml_timestamp
from localorg.errors import PlatformError
from localorg.metadata.document import Document, DocumentError, Node, append_parts, local_name, parse_xml
from localorg.metadata.elements import METADATA_NAMESPACE, MetadataType

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PARTNER_FAULT = "urn:fault.partner.soap.sforce.com"
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CODE = re.compile(r"^[A-Z][A-Z_]*$")


@dataclass(frozen=True)
class SoapRequest:
    """The session id of the header, the operation's element, and headers that change what a call does."""

    session_id: str | None
    operation: str
    element: Node
    all_or_none: bool = False


@dataclass(frozen=True)
class Typed:
    """A component in an answer: a record with xsi:type."""

    kind: MetadataType
    name: str | None
    document: Document


def read_request(body: bytes) -> SoapRequest:
    """Read an envelope. Raises PlatformError for what is none."""
    try:
        root = parse_xml(body)
    except DocumentError as problem:
        raise PlatformError("SOAP_PARSE_ERROR", problem.message.removeprefix("Error parsing file: ")) from None
    content = child(root, "Body")
    operation = next((each for each in content), None) if content is not None else None
    if local_name(root) != "Envelope" or operation is None:
        raise PlatformError("SOAP_PARSE_ERROR", "No operation found in the SOAP body")
    header = child(root, "Header")
    session = child(header, "SessionHeader") if header is not None else None
    choice = child(header, "AllOrNoneHeader") if header is not None else None
    return SoapRequest(
        text_of(session, "sessionId") if session is not None else None,
        local_name(operation),
        operation,
        all_or_none=choice is not None and text_of(choice, "allOrNone") == "true",
    )


def child(node: Node, name: str) -> Node | None:
    """Return the first child of that local name."""
    return next((each for each in node if local_name(each) == name), None)


def children(node: Node, name: str) -> list[Node]:
    """Return the children of that local name."""
    return [each for each in node if local_name(each) == name]


def text_of(node: Node, name: str) -> str | None:
    """Return the text of the first child of that local name, without spaces around it."""
    found = child(node, name)
    return (found.text or "").strip() if found is not None else None


def texts_of(node: Node, name: str) -> list[str]:
    """Return the texts of all children of that local name."""
    return [(each.text or "").strip() for each in children(node, name)]


def write_response(operation: str, results: list[dict[str, Any]] | dict[str, Any] | None, version: float) -> bytes:
    """Return the envelope of an answer: one `result`, or one for each of a list (none for an empty one)."""
    envelope, body = _envelope(METADATA_NAMESPACE)
    response = etree.SubElement(body, f"{{{METADATA_NAMESPACE}}}{operation}Response")
    for result in results if isinstance(results, list) else [results]:
        append_value(response, "result", result, version)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + etree.tostring(envelope, encoding="utf-8")


def write_fault(error: PlatformError, *, partner: bool = False) -> bytes:
    """Return the envelope of a fault: faultcode `sf:CODE` in the endpoint's namespace (platform notes 5.7)."""
    namespace = PARTNER_FAULT if partner else METADATA_NAMESPACE
    envelope, body = _envelope(namespace, default=False)  # faultcode and faultstring have no namespace
    fault = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    code = error.code if _CODE.match(error.code) else "UNKNOWN_EXCEPTION"
    if code == "SOAP_PARSE_ERROR":
        etree.SubElement(fault, "faultcode").text = "soapenv:Client"
        etree.SubElement(fault, "faultstring").text = _clean(error.message)
    else:
        message = SESSION_MESSAGE if code == "INVALID_SESSION_ID" else error.message
        etree.SubElement(fault, "faultcode").text = f"sf:{code}"
        etree.SubElement(fault, "faultstring").text = _clean(f"{code}: {message}")
        if partner:
            detail = etree.SubElement(etree.SubElement(fault, "detail"), f"{{{namespace}}}UnexpectedErrorFault")
            detail.set(f"{{{XSI}}}type", "sf:UnexpectedErrorFault")
            etree.SubElement(detail, f"{{{namespace}}}exceptionCode").text = code
            etree.SubElement(detail, f"{{{namespace}}}exceptionMessage").text = _clean(message)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + etree.tostring(envelope, encoding="utf-8")


SESSION_MESSAGE = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key"


def append_value(parent: Node, name: str, value: Any, version: float) -> None:
    """Append a value: dicts nest, lists repeat, None is xsi:nil (or absent), components carry xsi:type."""
    if isinstance(value, list | tuple):
        for each in value:
            append_value(parent, name, each, version)
        return
    node = etree.SubElement(parent, f"{{{METADATA_NAMESPACE}}}{name}")
    if value is None:
        node.set(f"{{{XSI}}}nil", "true")
    elif isinstance(value, Typed):
        node.set(f"{{{XSI}}}type", value.kind.name)
        if value.name is None:
            append_value(node, "fullName", None, version)
        else:
            append_value(node, "fullName", value.name, version)
            append_parts(node, value.kind.elements, value.document, version)
    elif isinstance(value, dict):
        for key, each in value.items():
            append_value(node, key, each, version)
    elif isinstance(value, bool):
        node.text = "true" if value else "false"
    else:
        words = str(value)
        node.text = as_xml_timestamp(words) if _TIMESTAMP.fullmatch(words) else _clean(words)


def _envelope(namespace: str, *, default: bool = True) -> tuple[Node, Node]:
    prefixes: Any = {"soapenv": ENVELOPE, "xsi": XSI, "xsd": SCHEMA, None if default else "sf": namespace}
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap=prefixes)
    return envelope, etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")


def _clean(words: str) -> str:
    """Return text without what XML cannot hold."""
    return _NOT_XML.sub("", words)
