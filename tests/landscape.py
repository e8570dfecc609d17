"""A local org landscape for a test session, and what somebody else does in an org behind our back.

Edits go through the org's own public APIs with its administrator's token, as a person in Setup or another tool would make them;
only what the platform has no API for (a clock, faults, a sandbox refresh) goes through the admin API.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from localorg.home import Home
from tests.waiting import until

LOCALORG = str(Path(sys.executable).with_name("localorg"))
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><Package xmlns="http://soap.sforce.com/2006/04/metadata">{}</Package>'
)
_DEPLOY = "/services/data/v67.0/metadata/deployRequest"


@dataclass(frozen=True)
class Org:
    """One org of the landscape, as its administrator sees it."""

    name: str
    url: str
    org_id: str
    ca_bundle: str
    username: str
    access_token: str
    auth_url: str
    http: requests.Session = field(repr=False, compare=False)
    """The landscape's: a handshake for each question takes three times as long as its answer."""

    @property
    def suffix(self) -> str:
        return "" if self.name == "acme" else f".{self.name}"

    def user(self, alias: str) -> str:
        return f"{alias}@acme.com{self.suffix}"

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.access_token}", **kwargs.pop("headers", {})}
        return self.http.request(method, self.url + path, headers=headers, verify=self.ca_bundle, timeout=30, **kwargs)

    def query(self, soql: str, *, tooling: bool = False) -> list[dict[str, Any]]:
        """Ask the data API, or the Tooling API (which alone knows a Connected App's developer name)."""
        endpoint = "tooling/query" if tooling else "query"
        answer = self.call("GET", f"/services/data/v67.0/{endpoint}", params={"q": soql})
        assert answer.ok, answer.text
        return list(answer.json()["records"])

    def holders(self, permission_set: str) -> list[str]:
        rows = self.query(
            f"SELECT Assignee.Username FROM PermissionSetAssignment WHERE PermissionSet.Name = '{permission_set}'"
        )
        return sorted(row["Assignee"]["Username"] for row in rows)

    def assign(self, permission_set: str, username: str) -> None:
        record = {
            "AssigneeId": self.query(f"SELECT Id FROM User WHERE Username = '{username}'")[0]["Id"],
            "PermissionSetId": self.query(f"SELECT Id FROM PermissionSet WHERE Name = '{permission_set}'")[0]["Id"],
        }
        answer = self.call("POST", "/services/data/v67.0/sobjects/PermissionSetAssignment", json=record)
        assert answer.status_code == 201, answer.text

    def make_group(self, name: str, *aliases: str) -> None:
        """A permission set group that is somebody else's, and its members."""
        made = self.call(
            "POST",
            "/services/data/v67.0/sobjects/PermissionSetGroup",
            json={"DeveloperName": name, "MasterLabel": name.replace("_", " ")},
        )
        assert made.status_code == 201, made.text
        for alias in aliases:
            user_id = self.query(f"SELECT Id FROM User WHERE Username = '{self.user(alias)}'")[0]["Id"]
            record = {"AssigneeId": user_id, "PermissionSetGroupId": made.json()["id"]}
            answer = self.call("POST", "/services/data/v67.0/sobjects/PermissionSetAssignment", json=record)
            assert answer.status_code == 201, answer.text

    def members(self, group: str) -> list[str]:
        rows = self.query(
            f"SELECT Assignee.Username FROM PermissionSetAssignment WHERE PermissionSetGroup.DeveloperName = '{group}'"
        )
        return sorted(row["Assignee"]["Username"] for row in rows)

    def leave(self, group: str, username: str) -> None:
        rows = self.query(
            "SELECT Id FROM PermissionSetAssignment "
            f"WHERE PermissionSetGroup.DeveloperName = '{group}' AND Assignee.Username = '{username}'"
        )
        for row in rows:
            answer = self.call("DELETE", f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}")
            assert answer.status_code == 204, answer.text

    def unassign(self, permission_set: str, username: str) -> None:
        rows = self.query(
            "SELECT Id FROM PermissionSetAssignment "
            f"WHERE PermissionSet.Name = '{permission_set}' AND Assignee.Username = '{username}'"
        )
        for row in rows:
            answer = self.call("DELETE", f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}")
            assert answer.status_code == 204, answer.text

    def release(self, permission_set: str) -> None:
        """Take a permission set from all users and groups."""
        for entity in ("PermissionSetAssignment", "PermissionSetGroupComponent"):
            for row in self.query(f"SELECT Id FROM {entity} WHERE PermissionSet.Name = '{permission_set}'"):
                answer = self.call("DELETE", f"/services/data/v67.0/sobjects/{entity}/{row['Id']}")
                assert answer.status_code == 204, answer.text

    def unlink(self, app: str, kind: str = "ExternalClientApplication") -> None:
        soql = f"SELECT Id FROM {kind} WHERE DeveloperName = '{app}'"
        app_id = self.query(soql, tooling=kind == "ConnectedApplication")[0]["Id"]
        for row in self.query(f"SELECT Id FROM SetupEntityAccess WHERE SetupEntityId = '{app_id}'"):
            answer = self.call("DELETE", f"/services/data/v67.0/sobjects/SetupEntityAccess/{row['Id']}")
            assert answer.status_code == 204, answer.text

    def deploy(
        self,
        files: Mapping[str, str],
        types: Mapping[str, Sequence[str]] = {},
        destroy: Mapping[str, Sequence[str]] = {},
        version: str = "67.0",
    ) -> None:
        """Deploy files (path -> XML without declaration) and removals (type -> names), as any other tool would.

        Permission sets are taken from who has them first: an org deletes none that is held.
        """
        for name in destroy.get("PermissionSet", ()):
            self.release(name)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path, xml in files.items():
                archive.writestr(path, xml)
            archive.writestr("package.xml", _MANIFEST.format(_members(types) + f"<version>{version}</version>"))
            if destroy:
                archive.writestr("destructiveChanges.xml", _MANIFEST.format(_members(destroy)))
        self.deploy_zip(buffer.getvalue())

    def deploy_zip(self, content: bytes) -> None:
        """Deploy a zip and wait until it is done; fail unless it succeeds."""
        parts = {
            "json": (
                None,
                json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True}}),
                "application/json",
            ),
            "file": ("deploy.zip", content, "application/zip"),
        }
        started = self.call("POST", _DEPLOY, files=parts)
        assert started.status_code == 201, started.text
        job = f"{_DEPLOY}/{started.json()['id']}"
        result: dict[str, Any] = {}

        def is_done() -> bool:
            answer = self.call("GET", job, params={"includeDetails": "true"})
            result.update(answer.json()["deployResult"])
            return bool(result["done"])

        until(is_done, f"deploy {job} is done", every=0)
        assert result["success"], result["details"]["componentFailures"]


def _members(types: Mapping[str, Sequence[str]]) -> str:
    return "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in types.items()
    )


@dataclass
class Landscape:
    """A running local org landscape in `home`."""

    home: Path
    _http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self._http.trust_env = False  # neither proxies nor a netrc stand between a test and its org

    def start(self, *arguments: str) -> None:
        subprocess.run([LOCALORG, "--home", str(self.home), "start", *arguments], check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self._http.close()
        subprocess.run([LOCALORG, "--home", str(self.home), "stop"], check=True, stdout=subprocess.DEVNULL)

    def status(self) -> dict[str, Any]:
        """What `localorg status --json` prints; read where it reads it, because every test asks several times."""
        about = Home(self.home).read_note()
        assert about is not None, f"no local org runs in {self.home}"
        return about

    def org(self, name: str) -> Org:
        row = next(row for row in self.status()["orgs"] if row["name"] == name)
        return Org(
            row["name"],
            row["url"],
            row["orgId"],
            row["caBundle"],
            row["username"],
            row["accessToken"],
            row["sfdxAuthUrl"],
            self._http,
        )

    def admin(self, method: str, path: str, **body: Any) -> Any:
        status = self.status()
        answer = self._http.request(
            method, status["admin"] + path, json=body or None, verify=status["caBundle"], timeout=30
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def restore(self) -> None:
        """Knobs at their defaults, no faults, the clock right."""
        self.admin("DELETE", "/knobs")
        self.admin("DELETE", "/faults")
        self.admin("PATCH", "/clock", offset=0)

    def fresh(self, name: str) -> Org:
        """The sandbox as a refresh leaves it, knobs at their defaults, no faults, no request log."""
        self.restore()
        # A stalled request whose sender went away would be met by the next test.
        until(
            lambda: not self.admin("GET", f"/requests?org={name}")["underWay"], f"{name} has handled what it was sent"
        )
        self.admin("POST", f"/orgs/{name}/refresh")
        self.admin("DELETE", "/requests")
        return self.org(name)
