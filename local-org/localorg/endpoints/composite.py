"""composite and composite/batch: several REST requests in one, the later ones referring to the earlier."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from localorg.endpoints.call import Answer, Call, as_json, rest_error
from localorg.errors import PlatformError, not_found

MAX_REQUESTS = 25
FAILED = 400
_REFERENCE = re.compile(r"@\{([A-Za-z][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_HALTED = [
    {
        "errorCode": "PROCESSING_HALTED",
        "message": "The transaction was rolled back since another operation in the same transaction failed.",
    }
]


def composite(call: Call) -> Answer:
    """Answer POST composite. References (`@{ref.id}`) are filled in from earlier answers."""
    body = call.json_object()
    requests = _requests(body, "compositeRequest")
    all_or_none = body.get("allOrNone") is True
    answers: list[dict[str, Any]] = []
    known: dict[str, Any] = {}
    with call.landscape.store.transaction() as transaction:
        for request in requests:
            reference = str(request.get("referenceId", ""))
            filled = _fill(request, known)
            answer = _run(call, filled.get("method"), filled.get("url"), filled.get("body"))
            known[reference] = _body(answer)
            answers.append(
                {
                    "body": known[reference],
                    "httpHeaders": answer.headers,
                    "httpStatusCode": answer.status,
                    "referenceId": reference,
                }
            )
            if all_or_none and answer.status >= FAILED:
                transaction.undo()
                answers = [_halted(each, answers[-1]) for each in requests]
                break
    return as_json({"compositeResponse": answers})


def _halted(request: dict[str, Any], failed: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of a request that was undone because another one failed."""
    reference = request.get("referenceId")
    if reference == failed["referenceId"]:
        return failed
    return {"body": _HALTED, "httpHeaders": {}, "httpStatusCode": FAILED, "referenceId": reference}


def batch(call: Call) -> Answer:
    """Answer POST composite/batch."""
    body = call.json_object()
    results = []
    for request in _requests(body, "batchRequests"):
        answer = _run(call, request.get("method"), request.get("url"), request.get("richInput"))
        results.append({"statusCode": answer.status, "result": _body(answer)})
        if body.get("haltOnError") is True and answer.status >= FAILED:
            break
    return as_json({"hasErrors": any(each["statusCode"] >= FAILED for each in results), "results": results})


def _requests(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    requests = body.get(name)
    if not isinstance(requests, list) or not all(isinstance(each, dict) for each in requests):
        raise PlatformError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]")
    if len(requests) > MAX_REQUESTS:
        raise PlatformError("LIMIT_EXCEEDED", f"{name} limit is {MAX_REQUESTS}")
    return requests


def _run(call: Call, method: Any, url: Any, body: Any) -> Answer:
    if not isinstance(method, str) or not isinstance(url, str):
        raise PlatformError("REQUIRED_FIELD_MISSING", "Required fields are missing: [method, url]")
    if not url.startswith("/services/data/"):
        url = f"/services/data/{url.lstrip('/')}"
    parts = urlsplit(url)
    if re.search(r"/composite/?$|/composite/batch", parts.path):
        raise PlatformError("INVALID_INPUT", "composite requests cannot be nested")
    if "/tooling/" in parts.path:
        return rest_error(not_found())  # the Tooling API has a composite of its own
    inner = replace(
        call,
        method=method.upper(),
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        body=b"" if body is None else json.dumps(body).encode(),
        parameters={},
    )
    return call.run_inner(inner)


def _body(answer: Answer) -> Any:
    return json.loads(answer.body) if answer.body else None


def _fill(value: Any, known: dict[str, Any]) -> Any:
    """Return a request with its references replaced. Raises PlatformError for one that leads nowhere."""
    if isinstance(value, dict):
        return {key: _fill(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, known) for each in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: str(_look_up(match, known)), value)
    return value


def _look_up(match: re.Match[str], known: dict[str, Any]) -> Any:
    found: Any = known.get(match[1])
    for name, index in _STEP.findall(match[2]):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            found = None
            break
    if found is None:
        raise PlatformError("PROCESSING_HALTED", f"Invalid reference specified. No value for {match[0][2:-1]} found")
    return found
