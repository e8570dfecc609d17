"""The OAuth and identity endpoints (platform notes 4)."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlencode

from localorg.endpoints.call import Answer, Call, as_json
from localorg.errors import OAuthError
from localorg.identity.apps import effective_apps
from localorg.identity.grants import CLIENT_CREDENTIALS, JWT_BEARER, REFRESH, Granted
from localorg.identity.hosts import LoginHost
from localorg.identity.jwt_tokens import is_jwt
from localorg.identity.sessions import PLATFORM_CLI, Session
from localorg.metadata.scopes import OAUTH_STRINGS
from localorg.orgs import Org
from localorg.store import Row

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_OPERATIONS = {JWT_BEARER: "jwtGrant", REFRESH: "refreshGrant", CLIENT_CREDENTIALS: "clientCredentialsGrant"}
TOKEN_OPERATIONS = frozenset({*_OPERATIONS.values(), "otherGrant"})


def token_operation(call: Call) -> str:
    """Name a token request by its grant type."""
    return _OPERATIONS.get(call.form().get("grant_type", ""), "otherGrant")


def oauth_error(error: OAuthError) -> Answer:
    """Return a refusal as the OAuth endpoints write it."""
    body = {"error": error.error, "error_description": error.description}
    return as_json(body, error.status, headers=NO_STORE)


def grant_token(call: Call) -> Answer:
    """Answer POST /services/oauth2/token."""
    host = _host(call)
    form = _with_basic(call)
    granted = call.landscape.grants.grant(host, form, call.address)
    body = {
        "access_token": granted.token,
        "scope": granted.scope,
        "instance_url": granted.org.url,
        "id": _identity_url(call, granted.org, granted.user_id),
        "token_type": "Bearer",
    }
    if granted.refresh_token:
        body["refresh_token"] = granted.refresh_token
    if is_jwt(granted.token):
        body |= {"token_format": "jwt"}
    if "sfap_api" in granted.scope.split():
        body["api_instance_url"] = granted.org.url
    if form["grant_type"] != JWT_BEARER:
        body |= _signed(call, granted)
    return as_json(body, headers=NO_STORE)


def revoke(call: Call) -> Answer:
    """Answer POST (or GET) /services/oauth2/revoke: ends a session, or a refresh token with its sessions."""
    token = call.form().get("token", "")
    store = call.landscape.store
    if call.landscape.sessions.end(token):
        return Answer(headers=NO_STORE)
    row = store.one("SELECT * FROM OauthToken WHERE DeleteToken = ?", (token,)) if token else None
    if row is None:
        body = urlencode({"error": "unsupported_token_type", "error_description": "this token type is not supported"})
        if call.headers.get("accept", "").startswith("application/json"):
            return oauth_error(OAuthError("unsupported_token_type", "this token type is not supported"))
        return Answer(400, body.encode(), "application/x-www-form-urlencoded", NO_STORE)
    with store.transaction():
        store.remove(row["org"], "OauthToken", Id=row["Id"])
        store.do(
            "DELETE FROM _Session WHERE org = ? AND user_id = ? AND consumer_key = ?",
            (row["org"], row["UserId"], row["_ConsumerKey"]),
        )
    return Answer(headers=NO_STORE)


def introspect(call: Call) -> Answer:
    """Answer POST /services/oauth2/introspect for the app's own tokens, or all of the org's by its setting."""
    form = _with_basic(call)
    key = form.get("client_id", "")
    apps = effective_apps(call.landscape.store, key, call.landscape.clock.now())
    apps = [app for app in apps if _host(call).reaches(call.landscape.org(app.org))]
    if key != PLATFORM_CLI:
        if not apps:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if apps[0].consumer_secret != form.get("client_secret", ""):
            raise OAuthError("invalid_client", "invalid client credentials")
    session = call.landscape.sessions.find(form.get("token", ""))
    if session is None or (session.consumer_key != key and not (apps and apps[0].introspect_all)):
        return as_json({"active": False}, headers=NO_STORE)
    org = call.landscape.org(session.org)
    user = call.landscape.store.get(org.name, "User", session.user_id) or {}
    body: dict[str, Any] = {
        "active": True,
        "scope": session.scope,
        "client_id": session.consumer_key,
        "username": user.get("Username"),
        "sub": _identity_url(call, org, session.user_id),
        "token_type": "access_token",
        "iat": int(session.created),
        "nbf": int(session.created),
    }
    if session.expires is not None:
        body["exp"] = int(session.expires)
    return as_json(body, headers=NO_STORE)


def userinfo(call: Call) -> Answer:
    """Answer GET /services/oauth2/userinfo; bad tokens get the platform's plain words (platform notes 4.7)."""
    found = _identity(call)
    if isinstance(found, Answer):
        return found
    org, user, _ = found
    shared = _about(call, org, user)
    body = {
        "sub": shared["id"],
        "user_id": user["Id"],
        "organization_id": org.org_id,
        "preferred_username": user["Username"],
        "nickname": user["CommunityNickname"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user["FirstName"],
        "family_name": user["LastName"],
        "zoneinfo": user["TimeZoneSidKey"],
        "photos": {"picture": f"{org.url}/profilephoto/005/F", "thumbnail": f"{org.url}/profilephoto/005/T"},
        "profile": f"{org.url}/{user['Id']}",
        "picture": f"{org.url}/profilephoto/005/F",
        "urls": shared["urls"],
        "active": bool(user["IsActive"]),
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": 3600000,
        "updated_at": user["LastModifiedDate"],
    }
    return as_json(body)


def identity(call: Call) -> Answer:
    """Answer GET /id/ORG/USER on any host of the org."""
    found = _identity(call)
    if isinstance(found, Answer):
        return found
    org, user, _ = found
    wanted = (call.parameters["org_id"][:15], call.parameters["user_id"][:15])
    if wanted != (org.org_id[:15], user["Id"][:15]):
        return Answer(403, b"Wrong_Org" if wanted[0] != org.org_id[:15] else b"Bad_Id", "text/plain;charset=UTF-8")
    body = {
        **_about(call, org, user),
        "asserted_user": True,
        "user_id": user["Id"],
        "organization_id": org.org_id,
        "username": user["Username"],
        "nick_name": user["CommunityNickname"],
        "display_name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "timezone": user["TimeZoneSidKey"],
        "active": bool(user["IsActive"]),
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": 3600000,
        "is_app_installed": True,
        "last_modified_date": user["LastModifiedDate"],
    }
    return as_json(body)


def configuration(call: Call) -> Answer:
    """Answer GET /.well-known/openid-configuration."""
    here = _host(call).url
    oauth = f"{here}/services/oauth2"
    body = {
        "issuer": here,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "introspection_endpoint": f"{oauth}/introspect",
        "jwks_uri": f"{here}/id/keys",
        "scopes_supported": sorted({*OAUTH_STRINGS.values(), "address", "email", "phone", "profile", "offline_access"}),
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    }
    return as_json(body)


def keys(call: Call) -> Answer:
    """Answer GET /id/keys: the key of the access tokens that are JSON Web Tokens, once there are some."""
    return as_json({"keys": call.landscape.sessions.token_keys()})


def _host(call: Call) -> LoginHost:
    if call.host is None:
        raise OAuthError("invalid_request", "request not supported on this domain")
    return call.host


def _with_basic(call: Call) -> dict[str, str]:
    """Return the form, with client id and secret from a Basic header where the body has none (platform notes 6.2)."""
    form = call.form()
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, _, secret = b64decode(encoded).decode().partition(":")
        except ValueError:
            raise OAuthError("invalid_client", "invalid client credentials") from None
        form = {"client_id": key, "client_secret": secret, **form}
    return form


def _signed(call: Call, granted: Granted) -> dict[str, str]:
    """Return what flows other than JWT bearer answer in addition; nobody can check this signature."""
    signature = b64encode(hashlib.sha256(granted.token.encode()).digest()).decode()
    return {"issued_at": str(int(call.landscape.clock.now() * 1000)), "signature": signature}


def _identity(call: Call) -> tuple[Org, Row, Session] | Answer:
    """Return org, user and session of the caller, or the plain answer to a bad token."""
    token = call.bearer() or call.form().get("access_token") or call.form().get("oauth_token")
    if not token:
        return Answer(403, b"Missing_OAuth_Token", "text/plain;charset=UTF-8")
    session = call.landscape.sessions.find(token, call.address)
    org = call.landscape.org(session.org) if session else None
    if session is None or org is None or not _host(call).reaches(org):
        return Answer(403, b"Bad_OAuth_Token", "text/plain;charset=UTF-8")
    user = call.landscape.store.get(org.name, "User", session.user_id)
    if user is None:
        return Answer(403, b"Bad_OAuth_Token", "text/plain;charset=UTF-8")
    return org, user, session


def _identity_url(call: Call, org: Org, user_id: str) -> str:
    return f"{call.landscape.hosts.identity_host(org)}/id/{org.org_id}/{user_id}"


def _about(call: Call, org: Org, user: Row) -> dict[str, Any]:
    data = f"{org.url}/services/data/v{{version}}"
    urls = {
        "enterprise": f"{org.url}/services/Soap/c/{{version}}/{org.org_id[:15]}",
        "metadata": f"{org.url}/services/Soap/m/{{version}}/{org.org_id[:15]}",
        "partner": f"{org.url}/services/Soap/u/{{version}}/{org.org_id[:15]}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "search": f"{data}/search/",
        "query": f"{data}/query/",
        "recent": f"{data}/recent/",
        "tooling_soap": f"{org.url}/services/Soap/T/{{version}}/{org.org_id[:15]}",
        "tooling_rest": f"{data}/tooling/",
        "profile": f"{org.url}/{user['Id']}",
        "custom_domain": org.url,
    }
    return {"id": _identity_url(call, org, user["Id"]), "urls": urls}
