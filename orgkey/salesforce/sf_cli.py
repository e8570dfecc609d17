"""A session from the Salesforce CLI on this machine, by alias or user name: its public commands, never its files.

Since CLI 2.136.8 `org display` shows "[REDACTED]" instead of a token; `org auth show-access-token` is the command that still tells
(platform notes 6.3). A redacted answer is refused and never taken for a token.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orgkey.salesforce.errors import CredentialsError

REDACTED = "[REDACTED]"
_TIMEOUT = 60.0  # seconds; the CLI may refresh its own session first


@dataclass(frozen=True, slots=True)
class CliSession:
    """What the CLI knows of an org."""

    access_token: str = field(repr=False)
    instance_url: str


def session_of(alias: str, environment: Mapping[str, str]) -> CliSession:
    """Ask the CLI for a session; raises CredentialsError with what to do."""
    display = _run(["org", "display"], alias, environment)
    try:
        token = str(_run(["org", "auth", "show-access-token"], alias, environment)["accessToken"])
    except (CredentialsError, KeyError):
        token = str(display.get("accessToken") or "")  # a CLI from before the command existed
    if not token or token.startswith(REDACTED):
        raise CredentialsError(
            f"The Salesforce CLI does not give out the access token of {alias}: it answered '{REDACTED}'.\n"
            "Update the CLI (it needs `sf org auth show-access-token`), or use sfdxAuthUrlFile or accessTokenEnv."
        )
    return CliSession(token, str(display.get("instanceUrl") or "").rstrip("/"))


def _reason(answer: Mapping[str, Any]) -> str:
    """The CLI's own message, without the lines that it puts around a problem with an option."""
    lines = [line.strip() for line in str(answer.get("message") or "").splitlines()]
    told = [line for line in lines if line and not line.startswith(("Parsing --", "See more help"))]
    return told[0] if told else "it does not say why"


def _run(command: Sequence[str], alias: str, environment: Mapping[str, str]) -> dict[str, Any]:
    ours = {name: value for name, value in environment.items() if not name.startswith("PULUMI_")}
    try:
        done = subprocess.run(
            ["sf", *command, "--target-org", alias, "--json"],
            env=ours,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        answer = json.loads(done.stdout)
    except FileNotFoundError:
        raise CredentialsError(
            "salesforce:credentials.sfAlias needs the Salesforce CLI, and there is no `sf` on PATH.\n"
            "Install it (npm install --global @salesforce/cli), or use another form of credentials."
        ) from None
    except subprocess.TimeoutExpired:
        raise CredentialsError(
            f"`sf {' '.join(command)}` did not answer within {_TIMEOUT:.0f} s.\nTry it by hand."
        ) from None
    except ValueError:
        raise CredentialsError(
            f"`sf {' '.join(command)}` ended with exit code {done.returncode} and no answer in JSON.\n"
            f"Try it by hand: sf {' '.join(command)} --target-org {alias}"
        ) from None
    if done.returncode or not isinstance(answer.get("result"), dict):
        raise CredentialsError(
            f"The Salesforce CLI cannot use {alias}: {_reason(answer)}\nLog in with `sf org login web --alias {alias}`."
        )
    return dict(answer["result"])
