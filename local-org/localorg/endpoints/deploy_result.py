"""DeployResult and RetrieveResult from a stored job, in the order of the WSDL (platform notes 5.3, 5.4). Both APIs show them."""

from __future__ import annotations

import base64
import json
from typing import Any

from localorg.clock import format_timestamp
from localorg.landscape import Landscape
from localorg.metadata.jobs import ENDED
from localorg.store import Row

_TESTS: dict[str, Any] = {
    "apexLogId": None,
    "codeCoverage": [],
    "codeCoverageWarnings": [],
    "failures": [],
    "flowCoverage": [],
    "flowCoverageWarnings": [],
    "numFailures": 0,
    "numTestsRun": 0,
    "successes": [],
    "totalTime": 0.0,
}


def deploy_result(landscape: Landscape, job: Row, *, details: bool | None) -> dict[str, Any]:
    """Return a deploy's DeployResult as it is now. `details`: with messages, without any, or (None) no such member at all."""
    checked = json.loads(job["options"])["checked"]
    outcome = json.loads(job["outcome"]) if job["outcome"] else {}
    messages = outcome.get("messages", [])
    named = [each for each in messages if each["kind"]]
    good = [each for each in messages if each["success"]]
    bad = [each for each in messages if not each["success"]]
    done = job["status"] in ENDED
    owner = landscape.store.get(job["org"], "User", job["owner"]) or {"Name": None}
    times = {
        name: format_timestamp(job[name]) if job[name] else None for name in ("created_at", "started_at", "ended_at")
    }
    canceled = job["status"] == "Canceled"
    result: dict[str, Any] = {
        "canceledBy": job["owner"] if canceled else None,
        "canceledByName": owner["Name"] if canceled else None,
        "checkOnly": checked["check_only"],
        "completedDate": times["ended_at"],
        "createdBy": job["owner"][:15] if job["owner"] else None,
        "createdByName": owner["Name"],
        "createdDate": times["created_at"],
    }
    if details is not None:
        result["details"] = {
            "allComponentMessages": [],
            "componentFailures": [_message(each, job) for each in bad] if details else [],
            "componentSuccesses": [_message(each, job) for each in good] if done and details else [],
            "retrieveResult": None,
            "runTestResult": dict(_TESTS),
        }
    return result | {
        "done": done,
        "errorMessage": outcome.get("error_message"),
        "errorStatusCode": outcome.get("error_code"),
        "id": job["id"],
        "ignoreWarnings": checked["ignore_warnings"],
        "lastModifiedDate": times["ended_at"] or times["started_at"] or times["created_at"],
        "numberComponentErrors": len(bad),
        "numberComponentsDeployed": sum(each["success"] for each in named),
        "numberComponentsTotal": len(named) if done and named else job["total"],
        "numberFiles": job["files"] or 0,
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": checked["rollback_on_error"],
        "runTestsEnabled": False,
        "startDate": times["started_at"],
        "stateDetail": None,
        "status": job["status"],
        "success": job["status"] == "Succeeded",
        "zipSize": job["size"],
    }


def retrieve_result(landscape: Landscape, job: Row, *, with_zip: bool) -> dict[str, Any]:
    """Return a retrieve's RetrieveResult as it is now."""
    outcome = json.loads(job["outcome"]) if job["outcome"] else {}
    done = job["status"] in ENDED
    zip_file = base64.b64encode(job["package"]).decode() if done and with_zip and job["package"] else None
    return {
        "done": done,
        "errorMessage": outcome.get("error_message"),
        "errorStatusCode": outcome.get("error_code"),
        "fileProperties": [
            file_properties(landscape, job["org"], each, each["file"]) for each in outcome.get("properties", [])
        ],
        "id": job["id"],
        "messages": [{"fileName": file, "problem": problem} for file, problem in outcome.get("messages", [])],
        "status": job["status"],
        "success": job["status"] == "Succeeded",
        "zipFile": zip_file,
    }


def file_properties(landscape: Landscape, org: str, properties: dict[str, Any], file: str) -> dict[str, Any]:
    """Return FileProperties of a component."""

    def name_of(user_id: str) -> str:
        user = landscape.store.get(org, "User", user_id)
        return str(user["Name"]) if user else "Automated Process"

    return {
        "createdById": properties["created_by"],
        "createdByName": name_of(properties["created_by"]),
        "createdDate": properties["created_at"],
        "fileName": file,
        "fullName": properties["name"],
        "id": properties["id"],
        "lastModifiedById": properties["modified_by"],
        "lastModifiedByName": name_of(properties["modified_by"]),
        "lastModifiedDate": properties["modified_at"],
        "manageableState": "installed" if properties.get("namespace") else "unmanaged",
        "namespacePrefix": properties.get("namespace") or None,
        "type": properties["kind"],
    }


def _message(message: dict[str, Any], job: Row) -> dict[str, Any]:
    return {
        "changed": message["changed"],
        "columnNumber": 1 if message["line"] else None,
        "componentType": message["kind"],
        "created": message["created"],
        "createdDate": format_timestamp(job["ended_at"] or job["created_at"]),
        "deleted": message["deleted"],
        "fileName": message["file"],
        "fullName": message["name"],
        "id": message["id"],
        "lineNumber": message["line"],
        "problem": message["problem"],
        "problemType": message["problem_type"],
        "success": message["success"],
    }
