"""Every path of an org: what operation it is, who answers it, and in which form errors go out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from localorg.doors import collections, composite, deploy_request, oauth, rest, soap
from localorg.doors.call import Answer, Call

REST, SOAP, OAUTH, PLAIN = "rest", "soap", "oauth", "plain"
Handler = Callable[[Call], Answer]
_DATA = r"/services/data/v(?P<version>\d{1,3}\.\d)"
_SOAP = r"/(?P<version>\d{1,3}\.\d)(?:/.*)?"  # simple-salesforce appends deployRequest/ID


@dataclass(frozen=True)
class Route:
    """One method and path. `name` tells the operation where the body decides it; `login` asks for a session first."""

    method: str
    pattern: re.Pattern[str]
    operation: str
    handler: Handler
    door: str = REST
    login: bool = True
    name: Callable[[Call], str] | None = field(default=None)


def _route(method: str, path: str, operation: str, handler: Handler) -> Route:
    return Route(method, re.compile(_DATA + path + r"/?"), operation, handler)


def _open(
    method: str, path: str, operation: str, handler: Handler, door: str, name: Callable[[Call], str] | None = None
) -> Route:
    return Route(method, re.compile(path + "/?"), operation, handler, door, login=False, name=name)


ROUTES: tuple[Route, ...] = (
    _open("POST", "/services/oauth2/token", "token", oauth.grant_token, OAUTH, oauth.token_operation),
    _route("GET", "/(?:tooling/)?query", "query", rest.query),
    _route("GET", "/queryAll", "query", rest.query),
    _route("GET", "/(?:tooling/)?query(?:All)?/(?P<locator>[^/]+)", "queryMore", rest.query_more),
    _open("GET", "/services/oauth2/userinfo", "userinfo", oauth.userinfo, OAUTH),
    _open("POST", "/services/oauth2/userinfo", "userinfo", oauth.userinfo, OAUTH),
    _open("POST", "/services/oauth2/revoke", "revoke", oauth.revoke, OAUTH),
    _open("GET", "/services/oauth2/revoke", "revoke", oauth.revoke, OAUTH),
    _open("POST", "/services/oauth2/introspect", "introspect", oauth.introspect, OAUTH),
    _open("GET", r"/id/keys", "keys", oauth.keys, OAUTH),
    _open("GET", r"/id/(?P<org_id>\w+)/(?P<user_id>\w+)", "identity", oauth.identity, OAUTH),
    _open("POST", r"/id/(?P<org_id>\w+)/(?P<user_id>\w+)", "identity", oauth.identity, OAUTH),
    _open("GET", r"/\.well-known/openid-configuration", "openidConfiguration", oauth.configuration, OAUTH),
    _open("GET", "/services/data", "versions", rest.versions, REST),
    _route("POST", "/metadata/deployRequest", "deploy", deploy_request.start_deploy),
    _route("GET", r"/metadata/deployRequest/(?P<id>\w+)", "checkDeployStatus", deploy_request.deploy_status),
    _route("PATCH", r"/metadata/deployRequest/(?P<id>\w+)", "cancelDeploy", deploy_request.cancel_deploy),
    _open("POST", "/services/Soap/m" + _SOAP, "soap", soap.metadata_call, SOAP, soap.soap_operation),
    _open("POST", "/services/Soap/[uc]" + _SOAP, "partner", soap.partner_call, SOAP),
    _route("GET", "", "resources", rest.resources),
    _route("GET", "/limits", "limits", rest.limits),
    _route("GET", "/sobjects", "describeGlobal", rest.describe_all),
    _route("GET", r"/sobjects/(?P<object>\w+)", "describe", rest.about_object),
    _route("POST", r"/sobjects/(?P<object>\w+)", "createRecord", rest.create),
    _route("GET", r"/sobjects/(?P<object>\w+)/describe", "describe", rest.describe_one),
    _route("GET", r"/sobjects/(?P<object>\w+)/(?P<id>\w+)", "readRecord", rest.read),
    _route("PATCH", r"/sobjects/(?P<object>\w+)/(?P<id>\w+)", "updateRecord", rest.update),
    _route("DELETE", r"/sobjects/(?P<object>\w+)/(?P<id>\w+)", "deleteRecord", rest.delete),
    _route("POST", "/composite", "composite", composite.composite),
    _route("POST", "/composite/batch", "batch", composite.batch),
    _route("POST", "/composite/sobjects", "createRecords", collections.insert_many),
    _route("PATCH", "/composite/sobjects", "updateRecords", collections.update_many),
    _route("DELETE", "/composite/sobjects", "deleteRecords", collections.delete_many),
    _route("GET", r"/composite/sobjects/(?P<object>\w+)", "readRecords", collections.read_many),
)
OPERATIONS: frozenset[str] = frozenset(
    {route.operation for route in ROUTES if route.name is None}
    | oauth.TOKEN_OPERATIONS
    | soap.SOAP_OPERATIONS
    | {"notFound"}
)


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str], list[str]]:
    """Return the route of a request with its path parameters, or the methods that the path allows."""
    allowed = []
    for route in ROUTES:
        if match := route.pattern.fullmatch(path):
            if route.method == method:
                return route, match.groupdict(), []
            allowed.append(route.method)
    return None, {}, allowed
