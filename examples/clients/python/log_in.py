"""Logs in to Salesforce by a signed assertion and asks for the org's name, with simple-salesforce.

Settings, as `orgkey export --format dotenv` writes them: SF_INSTANCE_URL, SF_AUDIENCE, SF_USERNAME, SF_CONSUMER_KEY and
SF_PRIVATE_KEY; or SF_PRIVATE_KEY_FILE, the path of the key.

simple-salesforce has a JWT login of its own, which knows the host as `https://DOMAIN.salesforce.com` alone; here host and
audience are the two values that they are.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import jwt
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Result = TypeVar("Result")


class LoginRefusedError(Exception):
    """Salesforce refuses the login, in its own words."""


def private_key() -> str:
    """Return the key, from its file or from the environment."""
    file = os.environ.get("SF_PRIVATE_KEY_FILE")
    return Path(file).read_text() if file else os.environ["SF_PRIVATE_KEY"]


def log_in() -> Salesforce:
    """Return a client with a new session. Raises LoginRefusedError, and requests' errors when nobody answers."""
    claims = {
        "iss": os.environ["SF_CONSUMER_KEY"],
        "sub": os.environ["SF_USERNAME"],
        "aud": os.environ["SF_AUDIENCE"],
        "exp": int(time.time()) + 120,
    }
    form = {"grant_type": GRANT_TYPE, "assertion": jwt.encode(claims, private_key(), "RS256")}
    answer = requests.post(f"{os.environ['SF_INSTANCE_URL']}/services/oauth2/token", data=form, timeout=60)
    if not answer.ok:
        raise LoginRefusedError(f"{answer.status_code} {answer.text[:500]}")
    token = answer.json()
    version = os.environ.get("SF_API_VERSION", "67.0")
    return Salesforce(session_id=token["access_token"], instance_url=token["instance_url"], version=version)


class Client:
    """A client that logs in when it has to: at first, and again when its session has ended."""

    def __init__(self) -> None:
        self._salesforce: Salesforce | None = None

    def call(self, ask: Callable[[Salesforce], Result]) -> Result:
        """Return what a function of simple-salesforce answers."""
        if self._salesforce is not None:
            try:
                return ask(self._salesforce)
            except SalesforceExpiredSession:
                pass
        self._salesforce = log_in()
        return ask(self._salesforce)


def main() -> None:
    """Ask a question twice, as a program that lives longer than its session does."""
    client = Client()
    try:
        for _ in range(2):
            found = client.call(lambda salesforce: salesforce.query("SELECT Id, Name FROM Organization"))
            print(found["records"][0]["Name"])
    except (LoginRefusedError, SalesforceError, requests.RequestException) as error:
        sys.exit(f"Salesforce refuses, or cannot be reached: {error}")


if __name__ == "__main__":
    main()
