"""Bootstrap credentials: from a reference in the settings to a session, at first use and in memory only."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
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
from orgkey.salesforce.errors import (
    CredentialsError,
    GrantRefusedError,
    host_of,
)
from orgkey.salesforce.grant import LOGIN, TEST, token_by_ladder
from orgkey.salesforce.sf_cli import REDACTED, session_of

if TYPE_CHECKING:
    from orgkey.salesforce.transport import Transport

_AUTH_URL = re.compile(
    r"force://(?P<id>[a-zA-Z0-9._-]+={0,2}):(?P<secret>[a-zA-Z0-9._-]*={0,2}):(?P<token>[a-zA-Z0-9._-]+={0,2})@(?P<host>[a-zA-Z0-9:._-]+)",
)
"""The Salesforce CLI's own pattern (platform notes 6.3)."""


Signer = Callable[[str, str, str, str], str]
"""Makes an assertion from private key, consumer key, user name and audience. Passed in: the client signs nothing itself."""


def no_signer(*_: str) -> str:
    """Stand in where nobody passed a signer."""
    raise CredentialsError("This client was made without a signer, which salesforce:credentials.jwt needs.")


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
    sign: Signer = no_signer,
) -> Login:
    """Resolve a reference and log in to the org at `instance_url`; `sign` makes assertions for the jwt form.

    Raises CredentialsError when the reference leads nowhere, is refused, or leads to another org.
    """
    match credentials:
        case AccessTokenEnv():
            value = _variable(environment, credentials.access_token_env, "an access token")
            return Login(Token(value, instance_url, (), "", ""), renewable=False)
        case SfdxAuthUrlEnv():
            where = f"the variable {credentials.sfdx_auth_url_env}"
            return _by_auth_url(
                _variable(environment, credentials.sfdx_auth_url_env, "an auth URL"),
                where,
                transport,
                instance_url,
                file=None,
            )
        case SfdxAuthUrlFile():
            path = Path(credentials.sfdx_auth_url_file).expanduser()
            return _by_auth_url(_contents(path), f"the file {path}", transport, instance_url, file=path)
        case ClientCredentials():
            client = credentials.client_credentials
            secret = _variable(environment, client.client_secret_env, "a client secret")
            try:
                token = oauth.client_credentials(
                    transport, instance_url, client_id=client.consumer_key, client_secret=secret
                )
            except GrantRefusedError as error:
                raise CredentialsError(
                    f"salesforce:credentials.clientCredentials were refused: {error.of_administrator()}"
                ) from error
            return Login(_of_this_org(token, instance_url), renewable=True)
        case Jwt():
            return _by_jwt(credentials.jwt, transport, instance_url, environment, sign)
        case SfAlias():
            session = session_of(credentials.sf_alias, environment, transport.aborted, transport.clock.seconds_left)
            token = Token(session.access_token, session.instance_url, (), "", "")
            return Login(_of_this_org(token, instance_url), renewable=True)


def _by_jwt(
    client: Jwt.Client, transport: Transport, instance_url: str, environment: Mapping[str, str], sign: Signer
) -> Login:
    if client.private_key_env:
        key = _variable(environment, client.private_key_env, "a private key")
    else:
        key = _contents(Path(str(client.private_key_file)).expanduser(), "jwt.privateKeyFile")
    try:
        token, _ = token_by_ladder(
            transport,
            instance_url,
            lambda audience: sign(key, client.consumer_key, client.username, audience),
            (instance_url, LOGIN, TEST),
        )
    except GrantRefusedError as error:
        raise CredentialsError(f"salesforce:credentials.jwt were refused: {error.of_administrator()}") from error
    except ValueError:
        raise CredentialsError(
            "salesforce:credentials.jwt name a private key that cannot be read.\nGive an RSA key, PEM, without a passphrase."
        ) from None
    return Login(_of_this_org(token, instance_url), renewable=True)


def _by_auth_url(text: str, where: str, transport: Transport, instance_url: str, *, file: Path | None) -> Login:
    found = _AUTH_URL.fullmatch(text.strip())
    if not found:
        raise CredentialsError(
            f"{where[0].upper()}{where[1:]} holds no auth URL (force://<client id>:<client secret>:<refresh token>@<host>).\n"
            "Get one with `sf org auth show-sfdx-auth-url --target-org <alias>`.",
        )
    try:
        token = oauth.refresh(
            transport,
            f"https://{found['host']}",
            client_id=found["id"],
            client_secret=found["secret"],
            refresh_token=found["token"],
        )
    except GrantRefusedError as error:
        raise CredentialsError(f"The refresh token in {where} was refused: {error.of_administrator()}") from error
    if token.refresh_token and token.refresh_token != found["token"]:
        _keep_rotated(text, found, token.refresh_token, where, file)
    return Login(_of_this_org(token, instance_url), renewable=True)


def _keep_rotated(text: str, found: re.Match[str], refresh_token: str, where: str, file: Path | None) -> None:
    """Write a rotated refresh token back: the old one is dead, and losing the new one would lock everybody out."""
    if file is None:
        raise CredentialsError(
            f"The org rotates refresh tokens, and {where} cannot be written back. The old token is spent.\n"
            "Log in again and use sfdxAuthUrlFile, or switch refresh token rotation off for that app.",
        )
    beside = file.with_name(file.name + ".new")
    try:
        beside.touch(mode=0o600)
        beside.write_text(text.replace(found["token"], refresh_token))
        beside.replace(file)
    except OSError as error:
        raise CredentialsError(
            f"The org rotates refresh tokens, and {where} cannot be written: {error.strerror}. The old token is spent.\n"
            "Log in again (`sf org login web`), and put the auth URL where it can be written, or switch rotation off for that app."
        ) from None


def _of_this_org(token: Token, instance_url: str) -> Token:
    if host_of(token.instance_url).lower() != host_of(instance_url).lower():
        raise CredentialsError(
            f"salesforce:credentials lead to {host_of(token.instance_url)}, but salesforce:instanceUrl is {host_of(instance_url)}.\n"
            "Use the credentials of that org, or correct salesforce:instanceUrl.",
        )
    return token


def _variable(environment: Mapping[str, str], name: str, what: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise CredentialsError(
            f"The environment variable {name} is not set.\nsalesforce:credentials expects {what} in it."
        )
    if value.startswith(REDACTED):
        raise CredentialsError(
            f"The environment variable {name} holds the Salesforce CLI's '[REDACTED]' instead of {what}.\n"
            "Use `sf org auth show-access-token` or `sf org auth show-sfdx-auth-url`, which print the real value.",
        )
    return value


def _contents(path: Path, form: str = "sfdxAuthUrlFile") -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CredentialsError(
            f"The file {path} cannot be read: {error.strerror}.\nsalesforce:credentials.{form} names it."
        ) from None
    except UnicodeDecodeError:
        raise CredentialsError(f"The file {path} is no text.\nsalesforce:credentials.{form} names it.") from None
