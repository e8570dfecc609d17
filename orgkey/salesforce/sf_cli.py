"""A session from the Salesforce CLI on this machine, by alias or user name: its public commands, never its files.

Since CLI 2.136.8 `org display` shows "[REDACTED]" instead of a token; `org auth show-access-token` is the command that still tells
(platform notes 6.3). A redacted answer is refused and never taken for a token.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orgkey.salesforce.errors import CANCELED, CanceledError, CredentialsError
from orgkey.salesforce.places import REDACTED, named, one_line

_TIMEOUT = 60.0  # seconds; the CLI may refresh its own session first
_LISTEN = 0.1  # seconds between two looks whether somebody cancels
_GRACE = 0.5  # seconds in which the CLI may end by itself


@dataclass(frozen=True, slots=True)
class CliSession:
    """What the CLI knows of an org."""

    access_token: str = field(repr=False)
    instance_url: str


def session_of(
    alias: str,
    environment: Mapping[str, str],
    aborted: threading.Event,
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> CliSession:
    """Ask the CLI for a session, for a minute and no longer than `seconds_left`.

    Raises CredentialsError with what to do, and CanceledError once `aborted` is set.
    """
    display = _ask(["org", "display"], alias, environment, aborted, seconds_left)
    try:
        token = str(
            _ask(["org", "auth", "show-access-token"], alias, environment, aborted, seconds_left)["accessToken"]
        )
    except (CredentialsError, KeyError):
        token = str(display.get("accessToken") or "")  # a CLI from before the command existed
    if not token or token.startswith(REDACTED):
        raise CredentialsError(
            f"The Salesforce CLI does not give out the access token of {named(alias)}: it answered '{REDACTED}'.\n"
            "Update the CLI (it needs `sf org auth show-access-token`), or use sfdxAuthUrlFile or accessTokenEnv."
        )
    one_line(token, "The Salesforce CLI's answer")
    return CliSession(token, str(display.get("instanceUrl") or "").rstrip("/"))


def _reason(answer: Mapping[str, Any]) -> str:
    """The CLI's own message, without the lines that it puts around a problem with an option."""
    lines = [line.strip() for line in str(answer.get("message") or "").splitlines()]
    messages = [line for line in lines if line and not line.startswith(("Parsing --", "See more help"))]
    return messages[0] if messages else "it does not say why"


def _ask(
    command: Sequence[str],
    alias: str,
    environment: Mapping[str, str],
    aborted: threading.Event,
    seconds_left: Callable[[], float],
) -> dict[str, Any]:
    said = " ".join(["sf", *command, "--target-org", named(alias)])
    environment_of_cli = {name: value for name, value in environment.items() if not name.startswith("PULUMI_")}
    try:
        seconds = min(_TIMEOUT, seconds_left())
        code, output = _run(["sf", *command, "--target-org", alias, "--json"], environment_of_cli, aborted, seconds)
    except OSError:  # not there, not to be run, or no program
        raise CredentialsError(
            "salesforce:credentials.sfAlias needs the Salesforce CLI, and there is no `sf` on PATH that can be run.\n"
            "Install it (npm install --global @salesforce/cli), or use another form of credentials."
        ) from None
    except subprocess.TimeoutExpired:
        raise CredentialsError(f"`{said}` did not answer within {seconds:.0f} s.\nTry it by hand.") from None
    except ValueError:  # a NUL, or half of a surrogate pair
        raise CredentialsError(
            "salesforce:credentials.sfAlias is no alias: it has signs that no command takes."
        ) from None
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        raise CredentialsError(
            f"`{said}` ended with exit code {code} and no answer in JSON.\nTry it by hand."
        ) from None
    if not isinstance(answer, dict):
        answer = {}
    if code or not isinstance(answer.get("result"), dict):
        shown, reason = named(alias), _reason(answer)
        raise CredentialsError(
            f"The Salesforce CLI cannot use {shown}: {reason.replace(alias, shown)}\nLog in with `sf org login web --alias {shown}`."
        )
    return dict(answer["result"])


def _run(
    command: Sequence[str], environment: Mapping[str, str], aborted: threading.Event, seconds: float
) -> tuple[int, str]:
    """Exit code and output of a command; one that takes too long or is canceled ends with all that it started."""
    until = time.monotonic() + seconds
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:
        while True:
            try:
                output, _ = child.communicate(timeout=_LISTEN)
            except subprocess.TimeoutExpired:
                if aborted.is_set():
                    _end(child)
                    raise CanceledError(CANCELED) from None
                if time.monotonic() > until:
                    _end(child)
                    raise
            else:
                return child.returncode, output


def _end(child: subprocess.Popen[str]) -> None:
    """End a child's process group: politely, because the CLI locks its files, then for certain."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, number)
            child.wait(_GRACE)
