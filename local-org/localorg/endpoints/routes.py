"""Every path of an org: what operation it is, who answers it, and in which form errors go out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import compile_path

from localorg.endpoints import collections, cometd, composite, deploy_request, oauth, rest, soap
from localorg.endpoints.call import Answer, Call

REST, SOAP, OAUTH, BAYEUX = "rest", "soap", "oauth", "bayeux"
Handler = Callable[[Call], Answer]
_DATA = "/services/data/v{version:api}"


class _Text(Convertor[str]):
    """A part of a path that stays text."""

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _ApiVersion(_Text):
    """67.0."""

    regex = r"[0-9]{1,3}\.[0-9]"


class _Word(_Text):
    """A name or an id."""

    regex = r"[A-Za-z0-9_]+"


register_url_convertor("api", _ApiVersion())
register_url_convertor("word", _Word())


@dataclass(frozen=True)
class Route:
    """One method and path. `name` tells the operation where the body decides it; `login` asks for a session first."""

    method: str
    path: str
    operation: str
    handler: Handler
    endpoint: str = REST
    login: bool = True
    name: Callable[[Call], str] | None = field(default=None)


def _route(method: str, path: str, operation: str, handler: Handler) -> Route:
    return Route(method, _DATA + path, operation, handler)


def _open(
    method: str, path: str, operation: str, handler: Handler, endpoint: str, name: Callable[[Call], str] | None = None
) -> Route:
    return Route(method, path, operation, handler, endpoint, login=False, name=name)


ROUTES: tuple[Route, ...] = (
    _open("POST", "/services/oauth2/token", "token", oauth.grant_token, OAUTH, oauth.token_operation),
    _route("GET", "/query", "query", rest.query),
    _route("GET", "/tooling/query", "query", rest.query),
    _route("GET", "/queryAll", "query", rest.query),
    _route("GET", "/query/{locator}", "queryMore", rest.query_more),
    _route("GET", "/queryAll/{locator}", "queryMore", rest.query_more),
    _route("GET", "/tooling/query/{locator}", "queryMore", rest.query_more),
    _open("GET", "/services/oauth2/userinfo", "userinfo", oauth.userinfo, OAUTH),
    _open("POST", "/services/oauth2/userinfo", "userinfo", oauth.userinfo, OAUTH),
    _open("POST", "/services/oauth2/revoke", "revoke", oauth.revoke, OAUTH),
    _open("GET", "/services/oauth2/revoke", "revoke", oauth.revoke, OAUTH),
    _open("POST", "/services/oauth2/introspect", "introspect", oauth.introspect, OAUTH),
    _open("GET", "/id/keys", "keys", oauth.keys, OAUTH),
    _open("GET", "/id/{org_id:word}/{user_id:word}", "identity", oauth.identity, OAUTH),
    _open("POST", "/id/{org_id:word}/{user_id:word}", "identity", oauth.identity, OAUTH),
    _open("GET", "/.well-known/openid-configuration", "openidConfiguration", oauth.configuration, OAUTH),
    _open("GET", "/services/data", "versions", rest.versions, REST),
    _route("POST", "/metadata/deployRequest", "deploy", deploy_request.start_deploy),
    _route("GET", "/metadata/deployRequest/{id:word}", "checkDeployStatus", deploy_request.deploy_status),
    _route("PATCH", "/metadata/deployRequest/{id:word}", "cancelDeploy", deploy_request.cancel_deploy),
    # an org id may follow the version, and simple-salesforce appends deployRequest/ID
    *(
        _open("POST", "/services/Soap/m/{version:api}" + rest_of, "soap", soap.metadata_call, SOAP, soap.soap_operation)
        for rest_of in ("", "/{rest:path}")
    ),
    *(
        _open("POST", f"/services/Soap/{api}/{{version:api}}{rest_of}", "partner", soap.partner_call, SOAP)
        for api in "uc"
        for rest_of in ("", "/{rest:path}")
    ),
    # clients append the kind of the message: /cometd/67.0/handshake
    *(
        _open("POST", "/cometd" + rest_of, "cometd", cometd.exchange, BAYEUX, cometd.operation)
        for rest_of in ("", "/{version:api}", "/{version:api}/{rest:path}")
    ),
    _route("GET", "", "resources", rest.resources),
    _route("GET", "/limits", "limits", rest.limits),
    _route("GET", "/sobjects", "describeGlobal", rest.describe_all),
    _route("GET", "/sobjects/{object:word}", "describe", rest.about_object),
    _route("POST", "/sobjects/{object:word}", "createRecord", rest.create),
    _route("GET", "/sobjects/{object:word}/describe", "describe", rest.describe_one),
    _route("GET", "/sobjects/{object:word}/{id:word}", "readRecord", rest.read),
    _route("PATCH", "/sobjects/{object:word}/{id:word}", "updateRecord", rest.update),
    _route("DELETE", "/sobjects/{object:word}/{id:word}", "deleteRecord", rest.delete),
    _route("POST", "/composite", "composite", composite.composite),
    _route("POST", "/composite/batch", "batch", composite.batch),
    _route("POST", "/composite/sobjects", "createRecords", collections.insert_many),
    _route("PATCH", "/composite/sobjects", "updateRecords", collections.update_many),
    _route("DELETE", "/composite/sobjects", "deleteRecords", collections.delete_many),
    _route("GET", "/composite/sobjects/{object:word}", "readRecords", collections.read_many),
)
OPERATIONS: frozenset[str] = frozenset(
    {route.operation for route in ROUTES if route.name is None}
    | oauth.TOKEN_OPERATIONS
    | soap.SOAP_OPERATIONS
    | cometd.OPERATIONS
    | {"notFound"}
)


def by_path() -> dict[str, dict[str, Route]]:
    """Return the routes of each path, by method."""
    found: dict[str, dict[str, Route]] = defaultdict(dict)
    for route in ROUTES:
        found[route.path][route.method] = route
    return found


_PATHS = [(compile_path(path)[0], routes) for path, routes in by_path().items()]


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str], list[str]]:
    """Return the route of a request inside another one, with its path parameters, or the methods that the path allows."""
    allowed: list[str] = []
    for pattern, routes in _PATHS:
        if match := pattern.fullmatch(path.rstrip("/")):
            if method in routes:
                return routes[method], match.groupdict(), []
            allowed.extend(routes)
    return None, {}, allowed
