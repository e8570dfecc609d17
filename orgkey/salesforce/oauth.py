"""The OAuth endpoints of an org, as plain functions over a transport: one function per flow.

Tokens are in the answers and nowhere else: never in an error, a log or a repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orgkey.salesforce.error_table import Retry
from orgkey.salesforce.errors import GrantRefusedError, UnreachableError, host_of

if TYPE_CHECKING:
    from orgkey.salesforce.transport import Transport

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what the org said about it. `org_id` and `user_id` come from the identity URL."""

    access_token: str = field(repr=False)
    instance_url: str
    scopes: tuple[str, ...]
    org_id: str
    user_id: str
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Who a token speaks for."""

    org_id: str
    user_id: str
    username: str


def jwt_bearer(transport: Transport, host: str, assertion: str) -> Token:
    """Trade a signed assertion for a token at `host` (the org's own My Domain: nothing else may see it). RFC 7523, platform notes 4.1."""
    return _token(transport, host, {"grant_type": JWT_BEARER, "assertion": assertion})


def refresh(transport: Transport, host: str, *, client_id: str, client_secret: str, refresh_token: str) -> Token:
    """Trade a refresh token for an access token (platform notes 6.2); the answer carries a new refresh token where the org rotates them."""
    form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    return _token(transport, host, form | ({"client_secret": client_secret} if client_secret else {}))


def client_credentials(transport: Transport, host: str, *, client_id: str, client_secret: str) -> Token:
    """Ask for a token by an app's own id and secret; works on the My Domain host only (platform notes 6.2)."""
    return _token(
        transport, host, {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    )


def user_info(transport: Transport, instance_url: str, access_token: str) -> UserInfo:
    """Ask the org who the token speaks for (OpenID userinfo, platform notes 4.7)."""
    url = f"{instance_url}/services/oauth2/userinfo"
    response = transport.look("GET", url, headers={"Authorization": f"Bearer {access_token}"})
    if not response.ok:
        raise GrantRefusedError(
            response.text.strip()[:80], "the token is not accepted", where=f"{host_of(url)} userinfo"
        )
    answer = _object(response, url)
    return UserInfo(
        str(answer.get("organization_id", "")),
        str(answer.get("user_id", "")),
        str(answer.get("preferred_username", "")),
    )


def revoke(transport: Transport, instance_url: str, access_token: str) -> None:
    """End the token's session; an org that does not know it any more is no error."""
    transport.request("POST", f"{instance_url}/services/oauth2/revoke", data={"token": access_token})


def _token(transport: Transport, host: str, form: Mapping[str, str]) -> Token:
    url = f"{host}/services/oauth2/token"
    response = transport.request(
        "POST", url, data=dict(form)
    )  # urlencoded: a JSON body is "unsupported_grant_type" (platform notes 4.1)
    answer = _object(response, url)
    if (
        response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    ):  # the org is not well: that says nothing about the login
        raise UnreachableError(f"{host_of(url)} answered HTTP {response.status_code}.\nTry again in a moment.")
    if not response.ok or "access_token" not in answer:
        code, text = (
            str(answer.get("error", response.status_code)),
            str(answer.get("error_description", "no description")),
        )
        raise GrantRefusedError(code, text, where=f"{host_of(url)} token endpoint")
    identity = urlsplit(str(answer.get("id", ""))).path.rstrip("/").split("/")
    org_id, user_id = (identity[-2], identity[-1]) if len(identity) > 2 else ("", "")  # noqa: PLR2004 — …/id/<org>/<user>
    rotated = answer.get("refresh_token")
    return Token(
        access_token=str(answer["access_token"]),
        instance_url=str(answer.get("instance_url", host)).rstrip("/"),
        scopes=tuple(sorted(str(answer.get("scope", "")).split())),
        org_id=org_id,
        user_id=user_id,
        refresh_token=str(rotated) if rotated else None,
    )


def _object(response: Any, url: str) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise UnreachableError(
            f"{host_of(url)} answered HTTP {response.status_code} with something that is no JSON object.\nTry again."
        )
    return answer


def retry_of(error: GrantRefusedError) -> Retry:
    """When the same grant may succeed by waiting alone; an answer that nobody documented is final."""
    return error.row.retry if error.row else Retry.NEVER
