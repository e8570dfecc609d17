"""From a request to an answer: find the route, check version and caller, answer errors in the endpoint's form."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from localorg.endpoints.call import Answer, Call, Held, rest_error
from localorg.endpoints.cometd import bayeux_error
from localorg.endpoints.oauth import oauth_error
from localorg.endpoints.routes import BAYEUX, OAUTH, REST, SOAP, Route, find_route
from localorg.endpoints.soap import soap_error
from localorg.errors import LandscapeError, OAuthError, PlatformError, not_found

log = logging.getLogger("localorg")
MAINTENANCE = (
    b"<!DOCTYPE html><html><head><title>Data Not Available</title></head><body><h1>Data Not Available</h1>"
    b"<p>The data you were trying to access could not be found. It may be due to another user deleting the data or a "
    b"system error. If you know the data is not deleted but cannot access it, please look at our support page.</p>"
    b"</body></html>"
)
HTML = "text/html; charset=UTF-8"
DEFECT = 500


def answer(call: Call, route: Route | None, allowed: list[str]) -> Answer:
    """Answer a request whose route was looked up. Never raises."""
    if call.org is not None and call.org.state == "building":
        return Answer(503, MAINTENANCE, HTML)
    if route is None:
        return _no_route(call, allowed)

    def handle() -> Answer:
        if route.endpoint == REST and route.login:
            check_version(call)
            call.authorize()
        call.run_inner = answer_rest
        return route.handler(call)

    return _guarded(call, route.endpoint, handle)


def finish(call: Call, endpoint: str, held: Held) -> Answer:
    """Make an answer that was held. Never raises."""
    return _guarded(call, endpoint, held.finish)


def _guarded(call: Call, endpoint: str, act: Callable[[], Answer]) -> Answer:
    """Return what was answered, or its error in the form of the endpoint."""
    try:
        return act()
    except (PlatformError, OAuthError, LandscapeError) as error:
        return refused(call, endpoint, error)
    except RecursionError:
        return refused(call, endpoint, PlatformError("JSON_PARSER_ERROR", "The request is nested too deeply"))
    except Exception:  # a defect of ours goes out as the platform's own, with an id to find it in the log
        error_id = f"{secrets.randbelow(10**10)}-{secrets.randbelow(10**5)}"
        log.exception("%s %s failed, ErrorId %s", call.method, call.path, error_id)
        message = f"An unexpected error occurred. Please include this ErrorId if you contact support: {error_id}"
        return refused(call, endpoint, PlatformError("UNKNOWN_EXCEPTION", message, status=500))


def answer_rest(call: Call) -> Answer:
    """Answer a REST request inside another one."""
    route, call.parameters, allowed = find_route(call.method, call.path)
    if route is None or route.endpoint != REST or not route.login:
        return _no_route(call, allowed)
    try:
        check_version(call)
        return route.handler(call)
    except PlatformError as error:
        return rest_error(error)


def check_version(call: Call) -> None:
    """Refuse versions that are retired (410) or not there (404) (platform notes 5.7, 6.1)."""
    if call.version < call.landscape.knobs.number("oldest_version", call.place):
        raise PlatformError(
            "UNSUPPORTED_API_VERSION", "The requested API version is retired or deprecated.", status=410
        )
    if call.version > call.landscape.knobs.number("newest_version", call.place) or call.version % 1:
        raise not_found()


def refused(call: Call, endpoint: str, error: PlatformError | OAuthError | LandscapeError) -> Answer:
    """Return an error in the form of an endpoint."""
    if isinstance(error, LandscapeError):
        error = not_found()
    if endpoint == OAUTH:
        if isinstance(error, PlatformError):
            error = OAuthError(
                "server_error" if error.status >= DEFECT else "invalid_request",
                error.message,
                status=error.status,
            )
        return oauth_error(error)
    if isinstance(error, OAuthError):
        error = PlatformError("UNKNOWN_EXCEPTION", error.description, status=error.status)
    if endpoint == BAYEUX:
        return bayeux_error(call, error)
    return soap_error(error, call) if endpoint == SOAP else rest_error(error)


def _no_route(call: Call, allowed: list[str]) -> Answer:
    if allowed:
        message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(sorted(set(allowed)))}"
        return rest_error(PlatformError("METHOD_NOT_ALLOWED", message, status=405))
    if call.path.startswith("/services/"):
        return rest_error(not_found())
    return Answer(
        404, b"<html><head><title>URL No Longer Exists</title></head><body>URL No Longer Exists</body></html>", HTML
    )
