"""How an org is reached: a reference to an administrator's login, by options, and the My Domain that it tells itself."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orgkey.model.my_domain import my_domain
from orgkey.salesforce.auth_url import AuthUrl
from orgkey.salesforce.places import contents, file_of, named, variable
from orgkey.salesforce.sf_cli import session_of


@dataclass(frozen=True, slots=True)
class LoginOptions:
    """Every way to name an administrator's login, as options give it; None is one that was not given."""

    sf_alias: str | None = None
    auth_url_file: str | None = None
    auth_url_env: str | None = None
    access_token_env: str | None = None
    consumer_key: str | None = None
    secret_env: str | None = None
    username: str | None = None
    key_file: str | None = None
    key_env: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no way was given."""
        return self == LoginOptions()

    def problems(self) -> Iterator[str]:
        """What is missing, and what is too much."""
        simple = {
            "--from-sf": self.sf_alias,
            "--credentials-file": self.auth_url_file,
            "--credentials-env": self.auth_url_env,
            "--access-token-env": self.access_token_env,
        }
        of_an_app = {
            "--admin-secret-env": self.secret_env,
            "--admin-username": self.username,
            "--admin-key-file": self.key_file,
            "--admin-key-env": self.key_env,
        }
        given = [option for option, value in simple.items() if value is not None]
        beside = [option for option, value in of_an_app.items() if value is not None]
        ways = [*given, *(["--admin-consumer-key"] if self.consumer_key is not None else [])]
        if len(ways) > 1:
            yield f"{' and '.join(ways)} are several ways to reach the org: give one."
        if beside and self.consumer_key is None:
            yield f"{' and '.join(beside)}: needs --admin-consumer-key, the app's that the administrator logs in through."
        if self.consumer_key is None:
            return
        by_jwt = self.username is not None or self.key_file is not None or self.key_env is not None
        if not beside:
            yield "--admin-consumer-key needs --admin-secret-env, or --admin-username and --admin-key-file or --admin-key-env."
        elif self.secret_env is not None and by_jwt:
            yield "--admin-secret-env is for the client credentials flow, the other --admin options are for JWT: give one kind."
        elif self.secret_env is None and self.username is None:
            yield "--admin-username is needed with --admin-key-file or --admin-key-env."
        elif self.secret_env is None and (self.key_file is None) == (self.key_env is None):
            yield "One of --admin-key-file and --admin-key-env is needed with --admin-username."

    def credentials(self, project: Path, here: Path) -> dict[str, Any]:
        """The same as `salesforce:credentials`; a file is named as it is found from the project's folder."""
        if self.sf_alias is not None:
            return {"sfAlias": self.sf_alias}
        if self.auth_url_file is not None:
            return {"sfdxAuthUrlFile": from_project(self.auth_url_file, project, here)}
        if self.auth_url_env is not None:
            return {"sfdxAuthUrlEnv": self.auth_url_env}
        if self.access_token_env is not None:
            return {"accessTokenEnv": self.access_token_env}
        if self.secret_env is not None:
            return {"clientCredentials": {"consumerKey": self.consumer_key, "clientSecretEnv": self.secret_env}}
        key = (
            {"privateKeyFile": from_project(self.key_file, project, here)}
            if self.key_file is not None
            else {"privateKeyEnv": self.key_env}
        )
        return {"jwt": {"consumerKey": self.consumer_key, "username": self.username, **key}}


def from_project(written: str, project: Path, here: Path) -> str:
    """A file that somebody names from the folder `here`, as it is named from the project's folder; `~` and full paths stay."""
    if written.startswith("~") or Path(written).is_absolute() or project == here:
        return written
    return os.path.relpath(here / written, project)


@dataclass(frozen=True, slots=True)
class Told:
    """The My Domain that a login tells of itself, or why it does not."""

    instance_url: str = ""
    reason: str = field(default="")


def told_by(credentials: Mapping[str, Any], environment: Mapping[str, str]) -> Told:
    """Which org a login is of, where its form tells that: an alias of the Salesforce CLI, an auth URL. Raises CredentialsError."""
    if alias := credentials.get("sfAlias"):
        session = session_of(str(alias), environment, threading.Event(), lambda: math.inf)
        return _my_domain(session.instance_url, f"the Salesforce CLI's alias {named(str(alias))}")
    if path := credentials.get("sfdxAuthUrlFile"):
        file = file_of(str(path))
        text = contents(file).decode("utf-8", "replace")
        return _my_domain(f"https://{AuthUrl.read(text, f'the file {named(file)}').host}", f"the file {named(file)}")
    if name := credentials.get("sfdxAuthUrlEnv"):
        text = variable(environment, str(name), "an auth URL")
        where = f"the variable {named(str(name))}"
        return _my_domain(f"https://{AuthUrl.read(text, where).host}", where)
    return Told(reason="this way to log in does not tell which org it is of")


def _my_domain(address: str, where: str) -> Told:
    try:
        return Told(my_domain(address))
    except ValueError:
        host = address.removeprefix("https://")
        return Told(reason=f"{where} names {host}, which is not the org's own My Domain")
