"""The sandbox that cases run in: its administrator's endpoints for faults and the request log, without a process per question."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.landscape import Landscape, Org
from tests.matrix.address import Address
from tests.matrix.observation import Observer, Standing
from tests.waiting import until

NAME, OTHER = "uat", "dev"
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
    other: Org = field(init=False)
    """Another sandbox of the same company."""
    environment: dict[str, str] = field(default_factory=lambda: {"ORGKEY_REQUEST_TIMEOUT": str(TIMEOUT)})
    """What the provider finds in its environment. The token is good at every address; what an auth URL gives names the present one."""
    addresses: dict[str, Address] = field(default_factory=dict)
    """Former and present addresses of the org, by the names that tests give them."""

    def __post_init__(self) -> None:
        self._admin = self.landscape.status()["admin"]
        self.other = self.landscape.org(OTHER)
        self.renew()

    def renew(self) -> None:
        """Refresh the sandbox: nothing of an earlier case is left in it."""
        self.org = self.landscape.fresh(NAME)
        # No login rate and no limit a day: a whole matrix logs in and asks more often than the platform lets one.
        self.admin("PATCH", "/knobs", connected_app_creation=True, login_rate=0, daily_requests=100_000_000)

    def move_to(self, address: str) -> None:
        """Let the org be reached under this address, and under no former one."""
        for name, each in self.addresses.items():
            if name != address:
                each.close()
        present = self.addresses.setdefault(address, Address(int(self.org.url.rsplit(":", 1)[1])))
        present.open()

    def config(self, kind: str, *, org: Org | None = None, address: str = "", **edits: Any) -> Config:
        """A stack file for this sandbox, or for another org; `app`, `users`, `key` and so on are merged into the `orgkey` namespace."""
        org = org or self.org
        url = self.addresses[address].url if address else org.url
        login = self.folder / f"admin of {org.name}.sfdxurl"
        login.write_text(org.auth_url)
        self.environment["ADMIN_TOKEN"] = org.access_token
        app = {"name": "CI_Integration", "contactEmail": "ops@acme.com", "kind": kind, **edits.pop("app", {})}
        if kind == "connected":
            app["protect"] = False
        return {
            "salesforce:instanceUrl": url,
            "salesforce:caBundle": org.ca_bundle,
            "salesforce:credentials": {"accessTokenEnv": "ADMIN_TOKEN"} if address else {"sfdxAuthUrlFile": str(login)},
            "orgkey:app": app,
            "orgkey:users": [org.user("ci")],
            "orgkey:grant": {"propagationMinutes": 0},
            **{f"orgkey:{name}": value for name, value in edits.items()},
        }

    def standing(self, org: Org | None = None) -> Standing:
        """What stands in the org, or in another one."""
        return Observer(org or self.org, self.session).standing()

    def order(self, faults: list[str], *, skip: int, operation: str = "*", org: str = NAME) -> None:
        """Let `skip` requests pass, then make the next ones fail."""
        self.admin("POST", "/faults", operation=operation, org=org, skip=skip, faults=faults)

    def caught(self) -> bool:
        """Whether a fault has met its request."""
        return any(fault["fired"] for fault in self.admin("GET", "/faults")["faults"])

    def clear(self) -> bool:
        """Take back what is left of the faults; say whether all were used."""
        return not self.admin("DELETE", "/faults")["unused"]

    def wait_for_late_requests(self) -> bool:
        """Wait until the org has handled what it was sent, also where the sender gave up: it may deploy or delete something yet.

        Says whether there was something to wait for.
        """
        late = self._handles_requests()
        until(lambda: not self._handles_requests(), "the orgs have handled what they were sent")
        return late

    def _handles_requests(self) -> bool:
        return any(self.admin("GET", f"/requests?org={name}")["underWay"] for name in (NAME, OTHER))

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.admin("DELETE", "/requests")

    def operations(self, org: str = NAME) -> list[str]:
        """The operations of the logged requests, in order of their answers."""
        return [entry["operation"] for entry in self.admin("GET", f"/requests?org={org}")["requests"]]

    def admin(self, method: str, path: str, **body: Any) -> Any:
        """Call the landscape's own endpoint."""
        answer = self.session.request(
            method, self._admin + path, json=body or None, verify=self.org.ca_bundle, timeout=30
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None
