"""The sandbox that cases run in: its administrator's doors for faults and the request log, without a process per question."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.landscape import Landscape, Org
from tests.matrix.observation import Observer, Standing

NAME = "uat"
TIMEOUT = 1.0
"""Seconds that the provider waits for an answer in these tests."""
Config = dict[str, Any]


@dataclass
class Sandbox:
    """One sandbox of a landscape, as new at the start."""

    landscape: Landscape
    folder: Path
    session: requests.Session = field(default_factory=requests.Session)
    org: Org = field(init=False)

    def __post_init__(self) -> None:
        self._admin = self.landscape.status()["admin"]
        self.renew()

    def renew(self) -> None:
        """Refresh the sandbox: nothing of an earlier case is left in it."""
        self.org = self.landscape.fresh(NAME)
        # No login rate: a whole matrix logs in more often within the hour than the platform lets one user.
        self.admin("PATCH", "/knobs", connected_app_creation=True, login_rate=0)
        self._auth_url.write_text(self.org.auth_url)

    def config(self, kind: str, **edits: Any) -> Config:
        """A stack file for this sandbox; `app`, `users`, `key` and so on are merged into the `orgkey` namespace."""
        app = {"name": "CI_Integration", "contactEmail": "ops@acme.com", "kind": kind, **edits.pop("app", {})}
        if kind == "connected":
            app["protect"] = False
        return {
            "salesforce:instanceUrl": self.org.url,
            "salesforce:caBundle": self.org.ca_bundle,
            "salesforce:credentials": {"sfdxAuthUrlFile": str(self._auth_url)},
            "orgkey:app": app,
            "orgkey:users": [self.org.user("ci")],
            "orgkey:grant": {"propagationMinutes": 0},
            **{f"orgkey:{name}": value for name, value in edits.items()},
        }

    def standing(self) -> Standing:
        """What stands in the org."""
        return Observer(self.org, self.session).standing()

    def order(self, faults: list[str], *, skip: int, operation: str = "*") -> None:
        """Let `skip` requests pass, then make the next ones fail."""
        self.admin("POST", "/faults", operation=operation, org=NAME, skip=skip, faults=faults)

    def caught(self) -> bool:
        """Whether a fault has met its request."""
        return any(fault["fired"] for fault in self.admin("GET", "/faults")["faults"])

    def clear(self) -> bool:
        """Take back what is left of the faults; say whether all were used."""
        return not self.admin("DELETE", "/faults")["unused"]

    def wait_for_late_requests(self) -> None:
        """Wait until the org has handled what it was sent, also where the sender gave up: it may deploy or delete something yet."""
        deadline = time.monotonic() + 30
        while self.admin("GET", f"/requests?org={NAME}")["underWay"]:
            assert time.monotonic() < deadline, "a request is under way for ever"
            time.sleep(0.02)

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.admin("DELETE", "/requests")

    def operations(self) -> list[str]:
        """The operations of the logged requests, in order of their answers."""
        return [entry["operation"] for entry in self.admin("GET", f"/requests?org={NAME}")["requests"]]

    def admin(self, method: str, path: str, **body: Any) -> Any:
        """Call the landscape's own door."""
        answer = self.session.request(
            method, self._admin + path, json=body or None, verify=self.org.ca_bundle, timeout=30
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    @property
    def _auth_url(self) -> Path:
        return self.folder / "admin.sfdxurl"
