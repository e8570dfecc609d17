"""Formats that a shell reads: variables, scripts for the CLIs of GitHub and GitLab, a login command.

Scripts give values to a command by its standard input, from the shell's own `printf`, so that no process ever has one among its
arguments or in its environment; and a value never stands in a here document, for which some shells write a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from orgkey.handover.login import HandedLogin, HandoverError

KEY = "PRIVATE_KEY"


def variables(login: HandedLogin, prefix: str) -> dict[str, str]:
    """What a client needs, by the names of variables; the private key last."""
    return {
        f"{prefix}INSTANCE_URL": login.instance_url,
        f"{prefix}AUDIENCE": login.audience,
        f"{prefix}USERNAME": login.username,
        f"{prefix}CONSUMER_KEY": login.consumer_key,
        f"{prefix}{KEY}": login.private_key_pem,
    }


def dotenv(login: HandedLogin, prefix: str) -> str:
    """Variables for `set -a; . FILE`, and for the libraries that read .env files."""
    return _assignments(variables(login, prefix))


def cumulusci(login: HandedLogin, prefix: str) -> str:
    """CumulusCI's variables; it takes the audience from those that name the login hosts (cumulusci/oauth/salesforce.py)."""
    org = json.dumps({"instance_url": login.instance_url, "username": login.username})
    return _assignments(
        {
            f"CUMULUSCI_ORG_{prefix}": org.replace("'", "\\u0027"),
            "SF_PROD_LOGIN_URL": login.audience,
            "SF_SANDBOX_LOGIN_URL": login.audience,
            "SFDX_CLIENT_ID": login.consumer_key,
            "SFDX_HUB_KEY": login.private_key_pem,
        }
    )


def sfdx_hardis(login: HandedLogin, prefix: str) -> str:
    """The variables of sfdx-hardis, the key as plain PEM (its src/common/utils/authUtils.ts); the audience is for the CLI below it."""
    branch = prefix.upper()
    return _assignments(
        {
            "INSTANCE_URL": login.instance_url,
            "TARGET_USERNAME": login.username,
            "SF_AUDIENCE_URL": login.audience,
            f"SFDX_CLIENT_ID_{branch}": login.consumer_key,
            f"SFDX_CLIENT_CERT_{branch}": login.private_key_pem,
        }
    )


def github(login: HandedLogin, prefix: str) -> str:
    """A script of `gh`: the private key as a secret, the rest as variables. Its arguments go to each call."""
    lines = [
        f'printf %s {quote(value)} | gh {"secret" if name == prefix + KEY else "variable"} set {name} "$@"'
        for name, value in variables(login, prefix).items()
    ]
    return _script("sh -s -- --repo OWNER/NAME --env NAME", lines)


def gitlab(login: HandedLogin, prefix: str) -> str:
    """A script of `glab`: variables, made or changed, the private key as one of type `file`. Its arguments go to each call."""
    lines = []
    for name, value in variables(login, prefix).items():
        give = f"printf %s {quote(value)} | glab variable"
        options = f'{name} --raw --type {"file" if name == prefix + KEY else "env_var"} "$@"'
        lines.append(f"{give} set {options} 2>/dev/null || {give} update {options}")
    return _script("sh -s -- --repo GROUP/NAME --scope ENVIRONMENT", lines)


def sf_command(login: HandedLogin, prefix: str, key_file: Path) -> str:
    """The command by which the Salesforce CLI logs in with the key in `key_file`."""
    words = [
        *("sf", "org", "login", "jwt", "--username", login.username, "--client-id", login.consumer_key),
        *("--jwt-key-file", str(key_file), "--instance-url", login.instance_url, "--alias", prefix),
    ]
    return f"SF_AUDIENCE_URL={quote(login.audience)} {' '.join(map(quote, words))}\n"


def _script(usage: str, lines: list[str]) -> str:
    return "\n".join(["#!/bin/sh", f"# Pipe this into: {usage}", "set -eu", *lines, ""])


def _assignments(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={_quoted(name, value)}\n" for name, value in values.items())


def _quoted(name: str, value: str) -> str:
    """A value in quotes that shells and readers of .env files understand alike, line breaks included.

    The readers take backslashes away before a quote or a backslash, and some put values in the place of `${…}` in any quotes.
    """
    if "${" not in value:
        if not any(part in value for part in ("'", "\\\\")) and not value.endswith("\\"):
            return f"'{value}'"
        if not any(sign in value for sign in '"$`\\'):
            return f'"{value}"'
    raise HandoverError(
        f"{name} has quotes or signs that shells and .env readers understand differently: use --format json."
    )
