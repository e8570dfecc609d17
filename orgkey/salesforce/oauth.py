"""The OAuth endpoints of an org, as plain functions over a transport: one function per flow.

Tokens are in the answers and nowhere else: never in an error, a log or a repr.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from orgkey.salesforce import answers
from orgkey.salesforce.answers import Token, UserInfo
from orgkey.salesforce.error_table import GRANT, SECRET_GRANT, Retry, Row
from orgkey.salesforce.errors import GrantRefusedError, RefusedError, Unreachable, UnreachableError, host_of

if TYPE_CHECKING:
    import requests

    from orgkey.salesforce.transport import Transport

_ERROR_WORD = re.compile(r"[^\w .-]+|(?s:<.*)")
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def jwt_bearer(transport: Transport, host: str, assertion: str) -> Token:
    """Trade a signed assertion for a token at `host` (the org's own My Domain: nothing else may see it). RFC 7523, platform notes 4.1."""
    return _token(transport, host, {"grant_type": JWT_BEARER, "assertion": assertion}, GRANT)


def refresh(transport: Transport, host: str, *, client_id: str, client_secret: str, refresh_token: str) -> Token:
    """Trade a refresh token for an access token (platform notes 6.2); the answer carries a new refresh token where the org rotates them."""
    form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    return _token(transport, host, form | ({"client_secret": client_secret} if client_secret else {}), SECRET_GRANT)


def client_credentials(transport: Transport, host: str, *, client_id: str, client_secret: str) -> Token:
    """Ask for a token by an app's own id and secret; works on the My Domain host only (platform notes 6.2)."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return _token(transport, host, form, SECRET_GRANT)


def user_info(transport: Transport, instance_url: str, access_token: str) -> UserInfo:
    """Ask the org who the token speaks for (OpenID userinfo, platform notes 4.7)."""
    url = f"{instance_url}/services/oauth2/userinfo"
    response = transport.read("GET", url, headers={"Authorization": f"Bearer {access_token}"})
    if not response.ok:
        raise GrantRefusedError(
            _ERROR_WORD.sub("", response.text.strip())[:80] or str(response.status_code),
            "the token is not accepted",
            where=f"{host_of(url)} userinfo",
        )
    return answers.user_info(answers.content_of(response, "JSON object"), url)


def revoke(transport: Transport, instance_url: str, access_token: str) -> None:
    """End the token's session; whatever comes of that, what the token was made for is done."""
    with contextlib.suppress(UnreachableError, RefusedError):
        end_token(transport, instance_url, access_token)


def end_token(transport: Transport, instance_url: str, token: str) -> None:
    """End an access token's session, or a refresh token with its sessions (RFC 7009; platform notes 4.7).

    Raises UnreachableError where nobody knows whether it is ended, RefusedError where the org says that it is not.
    """
    url = f"{instance_url}/services/oauth2/revoke"
    response = transport.request("POST", url, data={"token": token})
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unwell(url, response.status_code)
    if not response.ok:
        code, text = answers.revoke_error(response)
        raise RefusedError(code, text, where=f"{host_of(url)} revoke endpoint")


def _unwell(url: str, status: int) -> UnreachableError:
    """The org is not well: that says nothing about the login."""
    return UnreachableError(f"{host_of(url)} answered HTTP {status}.\nTry again in a moment.", why=Unreachable.UNWELL)


def _token(transport: Transport, host: str, form: Mapping[str, str], table: Sequence[Row]) -> Token:
    url = f"{host}/services/oauth2/token"
    response = transport.request(
        "POST", url, data=dict(form)
    )  # urlencoded: a JSON body is "unsupported_grant_type" (platform notes 4.1)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unwell(url, response.status_code)
    content = answers.content_of(response, "JSON object")
    if not response.ok or (isinstance(content, dict) and "access_token" not in content):
        code, text = answers.grant_error(content, response.status_code, url)
        ahead = _clock_ahead(response, transport.clock.now())
        raise GrantRefusedError(code, text, where=f"{host_of(url)} token endpoint", table=table, clock_ahead=ahead)
    return answers.token(content, url)


def _clock_ahead(response: requests.Response, now: float) -> float | None:
    """Seconds by which our clock is ahead of the one that wrote the answer's Date (RFC 9110 6.6.1); None where there is none."""
    try:
        return now - parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def retry_of(error: GrantRefusedError) -> Retry:
    """When the same grant may succeed by waiting alone; an answer that nobody documented is final."""
    return error.row.retry if error.row else Retry.NEVER
