"""The Metadata API's SOAP API: jobs, descriptions, and CRUD on components (platform notes 5.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from localorg.endpoints.call import Call
from localorg.endpoints.component_calls import (
    create_components,
    delete_components,
    read_components,
    rename_component,
    update_components,
    upsert_components,
)
from localorg.endpoints.deploy_request import TOO_LARGE, check_may_deploy
from localorg.endpoints.deploy_result import deploy_result, file_properties, retrieve_result
from localorg.endpoints.envelope import SoapRequest, child, children, text_of, texts_of
from localorg.endpoints.result_schema import in_wsdl
from localorg.errors import PlatformError
from localorg.metadata.components import list_components
from localorg.metadata.document import DocumentError, local_name
from localorg.metadata.jobs import DEPLOY, ENDED, RETRIEVE
from localorg.metadata.package import MAX_ZIP, read_version
from localorg.metadata.retrieve import RetrieveRequest
from localorg.metadata.types import TYPES, known_types

MAX_LIST_QUERIES = 3
Result = dict[str, Any] | list[dict[str, Any]] | None


def run_operation(call: Call, request: SoapRequest) -> Result:
    """Run one call of the Metadata API; return what stands in `result`. Raises PlatformError."""
    operation = OPERATIONS.get(request.operation)
    if operation is None:
        raise PlatformError("UNKNOWN_EXCEPTION", f"No operation available for request {request.operation[:60]}")
    check_may_deploy(call)
    result, type_name = operation(call, request), _TYPES.get(request.operation)
    if type_name is None:
        return result
    if isinstance(result, list):
        return [in_wsdl(type_name, each, call.version) for each in result]
    return in_wsdl(type_name, result or {}, call.version)


_TYPES = {
    "deploy": "AsyncResult",
    "checkDeployStatus": "DeployResult",
    "cancelDeploy": "CancelDeployResult",
    "retrieve": "AsyncResult",
    "checkRetrieveStatus": "RetrieveResult",
    "checkStatus": "AsyncResult",
    "listMetadata": "FileProperties",
    "describeMetadata": "DescribeMetadataResult",
    "createMetadata": "SaveResult",
    "updateMetadata": "SaveResult",
    "upsertMetadata": "UpsertResult",
    "deleteMetadata": "DeleteResult",
    "renameMetadata": "SaveResult",
}
"""What `result` is, by operation; readMetadata answers components, deployRecentValidation an id."""


def _deploy(call: Call, request: SoapRequest) -> Result:
    encoded = "".join((text_of(request.element, "ZipFile") or text_of(request.element, "zipFile") or "").split())
    try:
        package = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise PlatformError("INVALID_BASE64", "ZipFile is not base64") from None
    if len(package) > MAX_ZIP:
        raise PlatformError("LIMIT_EXCEEDED", TOO_LARGE)
    options = child(request.element, "DeployOptions")
    given = {local_name(each): (each.text or "").strip() for each in options} if options is not None else {}
    job = call.landscape.jobs.submit_deploy(
        call.the_org,
        _user(call),
        package,
        _typed(given),
        call.version,
        held_back=call.holds_back.message if call.holds_back else "",
    )
    return {"done": False, "id": job["id"], "state": "Queued"}


def _check_deploy(call: Call, request: SoapRequest) -> Result:
    job = call.landscape.jobs.get(call.the_org, DEPLOY, text_of(request.element, "asyncProcessId") or "")
    return deploy_result(call.landscape, job, details=text_of(request.element, "includeDetails") == "true")


def _cancel_deploy(call: Call, request: SoapRequest) -> Result:
    # the WSDL calls it String, the Salesforce CLI id: its place counts, not its name
    job_id = next(((each.text or "").strip() for each in request.element), "")
    job = call.landscape.jobs.cancel(call.the_org, job_id)
    return {"done": job["status"] in ENDED, "id": job["id"]}


def _quick_deploy(call: Call, request: SoapRequest) -> Any:
    validation = text_of(request.element, "validationId") or text_of(request.element, "validationID") or ""
    job = call.landscape.jobs.quick_deploy(call.the_org, _user(call), validation, call.version)
    return job["id"]


def _retrieve(call: Call, request: SoapRequest) -> Result:
    asked = child(request.element, "retrieveRequest")
    if asked is None:
        asked = child(request.element, "request")  # jsforce's name for it
    if asked is None:
        raise PlatformError("REQUIRED_FIELD_MISSING", "Required fields are missing: [retrieveRequest]")
    unpackaged = child(asked, "unpackaged")
    members: dict[str, list[str]] = {}
    version = text_of(asked, "apiVersion") or f"{call.version}"
    if unpackaged is not None:
        version = text_of(unpackaged, "version") or version
        for each in children(unpackaged, "types"):
            members.setdefault(text_of(each, "name") or "", []).extend(texts_of(each, "members"))
    job = call.landscape.jobs.submit_retrieve(
        call.the_org,
        _user(call),
        RetrieveRequest(
            members,
            tuple(texts_of(asked, "specificFiles")),
            tuple(each for each in texts_of(asked, "packageNames") if each),
            f"{_version(version):.1f}",
            single=text_of(asked, "singlePackage") == "true",
        ),
        call.version,
    )
    return {"done": False, "id": job["id"], "state": "Queued"}


def _check_retrieve(call: Call, request: SoapRequest) -> Result:
    job = call.landscape.jobs.get(call.the_org, RETRIEVE, text_of(request.element, "asyncProcessId") or "")
    with_zip = (text_of(request.element, "includeZip") or "true") == "true"
    return retrieve_result(call.landscape, job, with_zip=with_zip)


def _check_status(call: Call, request: SoapRequest) -> Result:
    """CheckStatus is of API 30 and earlier; CumulusCI still calls it (platform notes 5.1)."""
    results = []
    for job_id in texts_of(request.element, "asyncProcessId"):
        kind = RETRIEVE if job_id.startswith("09S") else DEPLOY
        job = call.landscape.jobs.get(call.the_org, kind, job_id)
        state = {"Pending": "Queued", "InProgress": "InProgress", "Canceling": "InProgress", "Failed": "Error"}
        results.append(
            {"done": job["status"] in ENDED, "id": job["id"], "state": state.get(job["status"], "Completed")}
        )
    return results


def _list_metadata(call: Call, request: SoapRequest) -> Result:
    queries = children(request.element, "queries")
    if len(queries) > MAX_LIST_QUERIES:
        raise PlatformError("LIMIT_EXCEEDED", "You can make at most 3 queries in one listMetadata call")
    change = call.change()
    found = []
    for query in queries:
        kind = text_of(query, "type") or ""
        if kind not in known_types(call.version):
            raise PlatformError("INVALID_TYPE", f"INVALID_TYPE: Unknown type:{kind[:60]}")
        for each in list_components(change, kind):
            properties = file_properties(call.landscape, call.the_org.name, asdict(each), TYPES[kind].path(each.name))
            found.append(properties)
    return found


def _describe(call: Call, request: SoapRequest) -> Result:  # noqa: ARG001 — every operation takes both
    objects = [
        {
            "directoryName": each.folder,
            "inFolder": False,
            "metaFile": False,
            "suffix": each.suffix,
            "xmlName": each.name,
        }
        for each in known_types(call.version).values()
    ]
    return {
        "metadataObjects": objects,
        "organizationNamespace": "",
        "partialSaveAllowed": call.the_org.is_sandbox,
        "testRequired": not call.the_org.is_sandbox,
    }


def _user(call: Call) -> str:
    return call.session.user_id if call.session else ""


def _typed(options: dict[str, str]) -> dict[str, Any]:
    """Return options with real booleans, as the REST API would have sent them."""
    words: dict[str, Any] = {"true": True, "false": False}
    return {name: words.get(value, value) for name, value in options.items()}


def _version(words: str) -> float:
    try:
        return read_version(words)
    except DocumentError as problem:
        raise PlatformError("INVALID_TYPE", problem.message) from None


OPERATIONS: dict[str, Callable[[Call, SoapRequest], Result]] = {
    "deploy": _deploy,
    "checkDeployStatus": _check_deploy,
    "cancelDeploy": _cancel_deploy,
    "deployRecentValidation": _quick_deploy,
    "retrieve": _retrieve,
    "checkRetrieveStatus": _check_retrieve,
    "checkStatus": _check_status,
    "listMetadata": _list_metadata,
    "describeMetadata": _describe,
    "readMetadata": read_components,
    "createMetadata": create_components,
    "updateMetadata": update_components,
    "upsertMetadata": upsert_components,
    "deleteMetadata": delete_components,
    "renameMetadata": rename_component,
}
