"""Where credentials are kept: environment variables and files. What is read there is judged at once and shown in no message.

A name that was written down for a variable or a file may itself be the credential, pasted where its name belongs: names are shown only
where they look like one.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path

from orgkey.model.pasted import credential
from orgkey.salesforce.errors import CredentialsError, UnreachableError

REDACTED = "[REDACTED]"
_LARGEST = 1_000_000  # bytes; a file of credentials has a few thousand
_TOKEN = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[\w.~: -]{1,40}(?:[/\\][\w.~ -]{1,60})*|(?:[/\\][\w.~ -]{1,60})+")
_UNLIKE = re.compile(r"(?=[^/\\_. -]*\d)(?=[^/\\_. -]*[A-Za-z])[^/\\_. -]{25,}")
"""Many letters and digits without a break: what tokens are made of and names are not."""


def named(place: str | Path) -> str:
    """The name of a variable or file, for a message."""
    text = str(place)
    return text if _NAME.fullmatch(text) and not _UNLIKE.search(text) else "(a name that is not shown)"


def file_of(written: str) -> Path:
    """The path that somebody wrote, `~` expanded where there is such a user."""
    return Path(os.path.expanduser(written))  # noqa: PTH111 — Path.expanduser fails for a user that is none


def variable(environment: Mapping[str, str], name: str, what: str) -> str:
    """The contents of an environment variable, without blanks around; raises CredentialsError where there is nothing of use."""
    value = environment.get(name, "").strip()
    if not value:
        raise CredentialsError(
            f"The environment variable {named(name)} is not set.\nsalesforce:credentials expects {what} in it."
        )
    if value.startswith(REDACTED):
        raise CredentialsError(
            f"The environment variable {named(name)} holds the Salesforce CLI's '[REDACTED]' instead of {what}.\n"
            "Use `sf org auth show-access-token --json` (result.accessToken) or `sf org auth show-sfdx-auth-url --json` "
            "(result.sfdxAuthUrl); without --json both ask first and wrap the value in a table.",
        )
    return value


def access_token(environment: Mapping[str, str], name: str) -> str:
    """The access token in an environment variable; raises CredentialsError for what cannot be one."""
    value = variable(environment, name, "an access token")
    found = credential(value)
    if found not in {None, "an access token", "a signed token (JWT)"}:
        raise CredentialsError(
            f"The environment variable {named(name)} holds {found} instead of an access token.\n"
            "Name it by the form for that (sfdxAuthUrlEnv, jwt.privateKeyEnv), or put a token there."
        )
    return one_line(value, f"The environment variable {named(name)}")


def one_line(token: str, where: str) -> str:
    """The token; raises CredentialsError where it has signs that no token has, and that no header could carry."""
    if not _TOKEN.fullmatch(token):
        raise CredentialsError(
            f"{where} holds something that is no access token: a line break, a blank or a sign beyond ASCII is in it.\n"
            "Copy the token alone: `sf org auth show-access-token --target-org <alias> --json` tells it as result.accessToken."
        )
    return token


def ca_file(written: str) -> str:
    """The path of a file of CA certificates; raises UnreachableError where there is none in it."""
    path = str(file_of(written))
    if not os.path.isfile(path):  # noqa: PTH113 — Path.is_file fails for what could never be a path
        raise UnreachableError(
            f"salesforce:caBundle names {named(path)}, which is not a file.\nGive the path of a PEM file of CA certificates."
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ValueError):  # an SSLError is an OSError
        raise UnreachableError(
            f"salesforce:caBundle names {named(path)}, and no CA certificate in it can be read.\n"
            "Give a PEM file; `openssl x509 -inform DER -in FILE -out ca.pem` converts DER."
        ) from None
    return path


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to is opened too, where waiting would have no end."""
    return os.open(path, flags | os.O_NONBLOCK)


def contents(path: Path, form: str = "sfdxAuthUrlFile") -> bytes:
    """What a file holds; raises CredentialsError where it cannot be read."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            read = file.read(_LARGEST + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except OSError as error:
        why = str(error.strerror)
    except ValueError:  # a path that the system could never have
        why = "it is no path"
    else:
        if read is not None and len(read) <= _LARGEST:
            return read
        why = "it is no file" if read is None else "it is too large to hold credentials"
    raise CredentialsError(f"The file {named(path)} cannot be read: {why}.\nsalesforce:credentials.{form} names it.")
