"""Bootstrap credentials: from a reference in the settings to a session, at first use and in memory only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgkey.model.credentials import (
    AccessTokenEnv,
    ClientCredentials,
    Credentials,
    Jwt,
    SfAlias,
    SfdxAuthUrlEnv,
    SfdxAuthUrlFile,
)
from orgkey.salesforce import oauth
from orgkey.salesforce.answers import Token
from orgkey.salesforce.auth_url import AuthUrl, AuthUrlFile
from orgkey.salesforce.errors import (
    CredentialsError,
    GrantRefusedError,
    UnusableKeyError,
    host_of,
)
from orgkey.salesforce.grant import LOGIN, TEST, JwtLogin, token_by_ladder
from orgkey.salesforce.places import access_token, contents, file_of, named, variable
from orgkey.salesforce.sf_cli import session_of

if TYPE_CHECKING:
    from orgkey.salesforce.transport import Transport


@dataclass(frozen=True, slots=True)
class Login:
    """A session of the administrator: the token, and whether asking again gives a new one."""

    token: Token
    renewable: bool


def log_in(
    credentials: Credentials,
    transport: Transport,
    instance_url: str,
    environment: Mapping[str, str] = os.environ,
) -> Login:
    """Resolve a reference and log in to the org at `instance_url`.

    Raises CredentialsError when the reference leads nowhere, is refused, or leads to another org.
    """
    match credentials:
        case AccessTokenEnv():
            value = access_token(environment, credentials.access_token_env)
            return Login(Token(value, instance_url, (), "", ""), renewable=False)
        case SfdxAuthUrlEnv():
            name = credentials.sfdx_auth_url_env
            text = variable(environment, name, "an auth URL")
            return _by_auth_url(AuthUrl.read(text, f"the variable {named(name)}"), transport, instance_url)
        case SfdxAuthUrlFile():
            path = file_of(credentials.sfdx_auth_url_file)
            with AuthUrlFile(path, transport.aborted, transport.clock.seconds_left) as file:
                return _by_auth_url(file.read(), transport, instance_url, keep=file.keep)
        case ClientCredentials():
            client = credentials.client_credentials
            secret = variable(environment, client.client_secret_env, "a client secret")
            try:
                token = oauth.client_credentials(
                    transport, instance_url, client_id=client.consumer_key, client_secret=secret
                )
            except GrantRefusedError as error:
                raise CredentialsError(
                    f"salesforce:credentials.clientCredentials were refused: {error.of_own_login}"
                ) from error
            return Login(_of_this_org(token, instance_url), renewable=True)
        case Jwt():
            return _by_jwt(credentials.jwt, transport, instance_url, environment)
        case SfAlias():
            session = session_of(credentials.sf_alias, environment, transport.aborted, transport.clock.seconds_left)
            token = Token(session.access_token, session.instance_url, (), "", "")
            return Login(_of_this_org(token, instance_url), renewable=True)


def _by_jwt(client: Jwt.Client, transport: Transport, instance_url: str, environment: Mapping[str, str]) -> Login:
    if client.private_key_env:
        key: str | bytes = variable(environment, client.private_key_env, "a private key")
        where = f"The environment variable {named(client.private_key_env)}"
    else:
        path = file_of(str(client.private_key_file))
        key, where = contents(path, "jwt.privateKeyFile"), f"The file {named(path)}"
    try:
        login = JwtLogin(client.consumer_key, client.username, key)
        token, _ = token_by_ladder(transport, instance_url, login, (instance_url, LOGIN, TEST))
    except GrantRefusedError as error:
        raise CredentialsError(f"salesforce:credentials.jwt were refused: {error.of_own_login}") from error
    except UnusableKeyError as error:
        raise CredentialsError(
            f"{where} {error}.\nsalesforce:credentials.jwt expects an RSA key in it, PEM, without a passphrase."
        ) from None
    return Login(_of_this_org(token, instance_url), renewable=True)


def _by_auth_url(
    url: AuthUrl, transport: Transport, instance_url: str, keep: Callable[[AuthUrl, str], None] | None = None
) -> Login:
    try:
        token = oauth.refresh(
            transport,
            f"https://{url.host}",
            client_id=url.client_id,
            client_secret=url.client_secret,
            refresh_token=url.refresh_token,
        )
    except GrantRefusedError as error:
        raise CredentialsError(f"The refresh token in {url.where} was refused: {error.of_own_login}") from error
    if token.refresh_token and token.refresh_token != url.refresh_token:
        if keep is None:
            raise CredentialsError(
                f"The org rotates refresh tokens, and {url.where} cannot be written back. The old token is spent.\n"
                "Log in again and use sfdxAuthUrlFile, or switch refresh token rotation off for that app.",
            )
        keep(url, token.refresh_token)
    return Login(_of_this_org(token, instance_url), renewable=True)


def _of_this_org(token: Token, instance_url: str) -> Token:
    if host_of(token.instance_url).lower() != host_of(instance_url).lower():
        raise CredentialsError(
            f"salesforce:credentials lead to {host_of(token.instance_url)}, but salesforce:instanceUrl is {host_of(instance_url)}.\n"
            "Use the credentials of that org, or correct salesforce:instanceUrl.",
        )
    return token
