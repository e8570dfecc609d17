"""The Metadata API's synchronous calls that have no REST form: readMetadata, listMetadata and createMetadata (platform notes 5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from orgkey.metadata.codec import children, text_of
from orgkey.metadata.parse import MalformedMetadataError, parse_xml
from orgkey.metadata.render import Member
from orgkey.salesforce.errors import (
    RefusedError,
    SessionExpiredError,
    StrangeAnswerError,
    UnreachableError,
    host_of,
)
from orgkey.salesforce.org import Org

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_METADATA = "http://soap.sforce.com/2006/04/metadata"
_QUERIES_IN_ONE_LIST = 3  # platform notes 5.1
_NAMES_IN_ONE_READ = 10


def read_metadata(org: Org, type_name: str, full_names: Sequence[str]) -> dict[str, etree._Element]:
    """Return the org's members of one type by full name; what it does not have is left out.

    A missing member comes as a record without a name, or not at all (platform notes 5.1).
    """
    found: dict[str, etree._Element] = {}
    for start in range(0, len(full_names), _NAMES_IN_ONE_READ):
        body = etree.Element(etree.QName(_METADATA, "readMetadata"))
        _child(body, "type", type_name)
        for full_name in full_names[start : start + _NAMES_IN_ONE_READ]:
            _child(body, "fullNames", full_name)
        for record in (record for result in _call(org, body) for record in children(result, "records")):
            if name := text_of(record, "fullName"):
                found[name] = _of_version(record, type_name, float(org.connection.api_version))
    return found


_SINCE: Mapping[str, Mapping[str, float]] = {
    "ConnectedApp": dict.fromkeys(
        ("isDPopEnabled", "isDeviceFlowEnabled", "isEnforceRefreshTokenTTL", "isIpBindingEnabled", "isPKImTLSEnabled"),
        68.0,
    ),
    "ExtlClntAppGlobalOauthSettings": {"isEnforceRefreshTokenTTL": 67.0, "isDPopEnabled": 68.0, "isMtlsEnabled": 68.0},
    "ExtlClntAppConfigurablePolicies": {
        "isCanvasPluginEnabled": 65.0,
        "isSamlPluginEnabled": 63.0,
        "isAttestPluginEnabled": 68.0,
    },
    "ExtlClntAppOauthConfigurablePolicies": {
        "guestJwtSessionTimeoutType": 65.0,
        "namedUserJwtSessionTimeoutType": 65.0,
    },
    "ExtlClntAppOauthSecuritySettings": {"tlsClientAuthCertParamType": 68.0, "tlsClientAuthCertParamValue": 68.0},
    "PermissionSet": {
        "agentAccesses": 64.0,
        "servicePresenceStatusAccesses": 64.0,
        "genComputingSummaryDefAccesses": 66.0,
        "enrichments": 68.0,
    },
}
"""Elements by the API version that has them first (Metadata WSDLs), from 63 on."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One member of a type, as listMetadata tells it (FileProperties)."""

    full_name: str
    record_id: str
    namespace: str
    changed_at: str = ""  # ISO 8601
    changed_by: str = ""

    @property
    def bare_name(self) -> str:
        """Its name without its namespace."""
        return self.full_name.removeprefix(f"{self.namespace}__") if self.namespace else self.full_name


def list_metadata(org: Org, type_names: Sequence[str]) -> dict[str, list[Listed]]:
    """Return all members of some types, by type; those of packages too."""
    listed: dict[str, list[Listed]] = {type_name: [] for type_name in type_names}
    for start in range(0, len(type_names), _QUERIES_IN_ONE_LIST):
        body = etree.Element(etree.QName(_METADATA, "listMetadata"))
        for type_name in type_names[start : start + _QUERIES_IN_ONE_LIST]:
            _child(etree.SubElement(body, etree.QName(_METADATA, "queries")), "type", type_name)
        _child(body, "asOfVersion", org.connection.api_version)
        for result in _call(org, body):
            tags = ("fullName", "id", "namespacePrefix", "lastModifiedDate", "lastModifiedByName")
            member = Listed(*(text_of(result, tag) or "" for tag in tags))
            listed.setdefault(text_of(result, "type") or "", []).append(member)
    return listed


def create_metadata(org: Org, type_name: str, members: Sequence[Member]) -> list[etree._Element]:
    """Make up to ten members of one type that are not there; gives the results in order (SaveResult: success, errors).

    Not tried again when the answer is lost. Raises RefusedError for a call that was not done at all.
    """
    body = etree.Element(etree.QName(_METADATA, "createMetadata"))
    for member in members:
        root = parse_xml(member.xml)
        metadata = etree.SubElement(
            body, etree.QName(_METADATA, "metadata"), nsmap={"met": _METADATA, "xsi": _INSTANCE}
        )
        metadata.set(etree.QName(_INSTANCE, "type"), f"met:{type_name}")
        _child(metadata, "fullName", member.full_name)
        metadata.extend(root)
    results = org.soap_session(lambda endpoint, session_id: _send(org, endpoint, session_id, body, write=True))
    if len(results) != len(members):
        raise StrangeAnswerError(org.url, "answer to createMetadata")
    return results


def _of_version(record: etree._Element, type_name: str, version: float) -> etree._Element:
    """A record without elements that its type does not have at `version` yet.

    A session in JWT form reads by a newer version than the one that deploys; what is carried over must be known to that one.
    """
    newer = {tag for tag, since in _SINCE.get(type_name, {}).items() if since > version}
    for element in [
        each for each in record.iter() if isinstance(each.tag, str) and etree.QName(each).localname in newer
    ]:
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    return record


def _child(parent: etree._Element, tag: str, text: str) -> None:
    etree.SubElement(parent, etree.QName(_METADATA, tag)).text = text


def _call(org: Org, body: etree._Element) -> list[etree._Element]:
    """Send one call and return its `result` elements."""
    return org.soap_session(lambda endpoint, session_id: _send(org, endpoint, session_id, body))


def _send(
    org: Org, endpoint: str, session_id: str, body: etree._Element, *, write: bool = False
) -> list[etree._Element]:
    from orgkey.salesforce.http_errors import retry_after

    send = org.transport.request if write else org.transport.read
    envelope = etree.Element(etree.QName(_ENVELOPE, "Envelope"), nsmap={"soapenv": _ENVELOPE, "met": _METADATA})
    header = etree.SubElement(envelope, etree.QName(_ENVELOPE, "Header"))
    _child(etree.SubElement(header, etree.QName(_METADATA, "SessionHeader")), "sessionId", session_id)
    etree.SubElement(envelope, etree.QName(_ENVELOPE, "Body")).append(body)
    response = send(
        "POST",
        endpoint,
        data=etree.tostring(envelope, xml_declaration=True, encoding="UTF-8"),
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
    )
    answer = _body_of(response.content, endpoint)
    for fault in children(answer, "Fault"):
        _raise_fault(fault, endpoint, retry_after(response), write=write)
    if not response.ok:
        raise UnreachableError(
            f"{host_of(endpoint)} answered HTTP {response.status_code} without saying why.\nTry again in a moment."
        )
    return [result for reply in answer if isinstance(reply.tag, str) for result in children(reply, "result")]


def _body_of(content: bytes, endpoint: str) -> etree._Element:
    try:
        root = parse_xml(content)
    except MalformedMetadataError as error:
        raise UnreachableError(
            f"{host_of(endpoint)} answered with something that is no SOAP: {error}.\nTry again."
        ) from error
    for body in children(root, "Body"):
        return body
    raise UnreachableError(f"{host_of(endpoint)} answered with XML that is no SOAP envelope.\nTry again.")


def _raise_fault(fault: etree._Element, endpoint: str, wait: float | None, *, write: bool) -> None:
    from orgkey.salesforce.http_errors import raise_refusal

    code = (text_of(fault, "faultcode") or "").rsplit(":", 1)[-1]
    text = (text_of(fault, "faultstring") or "").removeprefix(f"{code}: ")
    if code == "INVALID_SESSION_ID":
        raise SessionExpiredError(f"{code}: {text}" if text else code)
    raise_refusal(RefusedError(code, text, where=host_of(endpoint), retry_after=wait), write=write)
