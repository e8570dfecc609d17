"""SOAP over HTTP: versions, sessions, faults; the Metadata API's endpoint and the partner endpoint that only refuses (6.1)."""

from __future__ import annotations

from localorg.endpoints.call import Answer, Call
from localorg.endpoints.envelope import SoapRequest, read_request, write_fault, write_response
from localorg.endpoints.metadata_soap import OPERATIONS, run_operation
from localorg.errors import PlatformError, invalid_session
from localorg.identity.jwt_tokens import is_jwt

XML = "text/xml; charset=utf-8"
NO_LOGIN_FROM, JWT_FROM = 65.0, 68.0
SOAP_OPERATIONS = frozenset({*OPERATIONS, "otherSoap"})


def soap_operation(call: Call) -> str:
    """Name a SOAP request by the element in its body."""
    try:
        name = read_request(call.body).operation
    except PlatformError:
        return "otherSoap"
    return name if name in OPERATIONS else "otherSoap"


def metadata_call(call: Call) -> Answer:
    """Answer POST /services/Soap/m/XX.0, with or without an org id behind it."""
    check_version(call)
    request = read_request(call.body)
    if is_jwt(request.session_id or "") and call.version < JWT_FROM:
        raise invalid_session()
    call.authorize(request.session_id or "")
    return Answer(200, write_response(request.operation, run_operation(call, request), call.version), XML)


def partner_call(call: Call) -> Answer:
    """Answer POST /services/Soap/u/XX.0: login() is off, as in orgs of 2026; nothing else is here."""
    check_version(call)
    request: SoapRequest = read_request(call.body)
    if request.operation == "login":
        if call.version >= NO_LOGIN_FROM:
            raise PlatformError(
                "UNSUPPORTED_API_VERSION", "SOAP API login() is not available in API version 65.0 and later."
            )
        raise PlatformError(
            "INVALID_OPERATION",
            "SOAP API login() is disabled by default in this org. For more information, contact your Salesforce admin.",
        )
    call.authorize(request.session_id or "")
    raise PlatformError("UNKNOWN_EXCEPTION", f"No operation available for request {request.operation[:60]}")


def check_version(call: Call) -> None:
    """Refuse versions that are retired or not there yet (platform notes 5.7, 6.1)."""
    knobs = call.landscape.knobs
    if not knobs.number("oldest_version", call.place) <= call.version <= knobs.number("newest_version", call.place):
        raise PlatformError("UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {call.version:.1f}")


def soap_error(error: PlatformError, call: Call) -> Answer:
    """Return a refusal as SOAP writes it: HTTP 500 and a fault."""
    return Answer(500, write_fault(error, partner="/Soap/u/" in call.path or "/Soap/c/" in call.path), XML)
