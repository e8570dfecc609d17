"""REST metadata/deployRequest: deploy, status, cancel, quick deploy (platform notes 5.5)."""

from __future__ import annotations

import json
from typing import Any

from localorg.endpoints.call import Answer, Call, Part, as_json
from localorg.endpoints.deploy_result import deploy_result
from localorg.endpoints.result_schema import known_in
from localorg.errors import PlatformError, insufficient_access
from localorg.identity.holding import allows
from localorg.metadata.jobs import DEPLOY
from localorg.metadata.package import MAX_ZIP
from localorg.store import Row

OPTION_PARTS = ("json", "entity_content")
TOO_LARGE = "Maximum size of request reached. Maximum size of request is 52428800 bytes."


def start_deploy(call: Call) -> Answer:
    """Answer POST deployRequest: a multipart body deploys, a JSON one with a validation's id is a quick deploy."""
    check_may_deploy(call)
    kind = call.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        options, package = _from_parts(call.parts)
        if len(package) > MAX_ZIP:
            raise PlatformError("LIMIT_EXCEEDED", TOO_LARGE)
        user_id = call.session.user_id if call.session else ""
        job = call.landscape.jobs.submit_deploy(
            call.the_org,
            user_id,
            package,
            options,
            call.version,
            held_back=call.holds_back.message if call.holds_back else "",
        )
        return as_json(_shown(call, job), 201)
    if not kind.lower().startswith("application/json"):
        raise PlatformError("UNSUPPORTED_MEDIA_TYPE", f"Content-Type {kind[:80]} is not supported", status=415)
    validation = call.json_object().get("validatedDeployRequestId")
    if not isinstance(validation, str):
        raise PlatformError("REQUIRED_FIELD_MISSING", "Required fields are missing: [validatedDeployRequestId]")
    user_id = call.session.user_id if call.session else ""
    job = call.landscape.jobs.quick_deploy(call.the_org, user_id, validation, call.version)
    return as_json({"validatedDeployRequestId": validation, **_shown(call, job)}, 201)


def deploy_status(call: Call) -> Answer:
    """Answer GET deployRequest/ID."""
    job = call.landscape.jobs.get(call.the_org, DEPLOY, call.parameters["id"])
    details = call.query.get("includeDetails", "false").lower() == "true"
    url = f"{call.the_org.url}{call.base}/metadata/deployRequest/{job['id']}"
    options = json.loads(job["options"])["given"]
    result = _result(call, job, details=details or None)
    return as_json({"id": job["id"], "url": url, "deployResult": result, "deployOptions": options})


def cancel_deploy(call: Call) -> Answer:
    """Answer PATCH deployRequest/ID with the status Canceling."""
    wanted = call.json_object().get("deployResult")
    if not isinstance(wanted, dict) or wanted.get("status") != "Canceling":
        raise PlatformError("INVALID_INPUT", "The status can be changed to Canceling only")
    job = call.landscape.jobs.cancel(call.the_org, call.parameters["id"])
    return as_json(_shown(call, job), 202)


def check_may_deploy(call: Call) -> None:
    """Refuse a caller without the right to change metadata (platform notes 5.6)."""
    user_id = call.session.user_id if call.session else ""
    now = call.landscape.clock.timestamp()
    if not allows(call.landscape.store, call.the_org.name, user_id, now, "ModifyMetadata", "ModifyAllData"):
        raise insufficient_access("Metadata API")


def _from_parts(parts: tuple[Part, ...]) -> tuple[dict[str, Any], bytes]:
    """Return deployOptions and zip, whatever the client calls the part with the options."""
    package = next((part.data for part in parts if part.name == "file"), None)
    described = next((part.data for part in parts if part.name in OPTION_PARTS), None)
    if package is None:
        raise PlatformError("INVALID_MULTIPART_REQUEST", "The multipart request has no part named file")
    if described is None:
        raise PlatformError("INVALID_MULTIPART_REQUEST", "The multipart request has no part named json")
    try:
        options = json.loads(described).get("deployOptions", {})
    except (ValueError, AttributeError, RecursionError):
        raise PlatformError("JSON_PARSER_ERROR", "The deployOptions cannot be read") from None
    return options if isinstance(options, dict) else {}, package


def _result(call: Call, job: Row, *, details: bool | None) -> dict[str, Any]:
    return known_in("DeployResult", deploy_result(call.landscape, job, details=details), call.version)


def _shown(call: Call, job: Row) -> dict[str, Any]:
    options = json.loads(job["options"])["given"]
    result = _result(call, job, details=None)
    return {"id": job["id"], "deployOptions": options, "deployResult": result}
