"""A small client of the local org for its own tests: plain HTTP, no cleverness."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

VERSION = "67.0"
ADMIN_TIMEOUT = 30


class Landscape:
    """A running landscape: its orgs and its admin port."""

    def __init__(self, about: dict[str, Any], home: Path) -> None:
        self.about = about
        self.home = home
        self.http = requests.Session()
        self.http.verify = about["caBundle"]
        self.http.trust_env = False  # REQUESTS_CA_BUNDLE would win over verify

    def close(self) -> None:
        self.http.close()

    def org(self, name: str) -> OrgClient:
        self.about = self.admin("GET", "/landscape")
        return OrgClient(self, next(org for org in self.about["orgs"] if org["name"] == name))

    def admin(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        answer = self.http.request(method, self.about["admin"] + path, json=body, timeout=ADMIN_TIMEOUT)
        if status is not None:
            assert answer.status_code == status, answer.text
        elif answer.status_code >= 400:
            raise AssertionError(answer.text)
        return answer.json()

    def knob(self, **values: Any) -> None:
        self.admin("PATCH", "/knobs", values)

    def fault(self, operation: str, *faults: str, **more: Any) -> None:
        self.admin("POST", "/faults", {"operation": operation, "faults": list(faults), **more})

    def advance(self, seconds: float) -> None:
        self.admin("PATCH", "/clock", {"advance": seconds})

    def settle(self) -> None:
        self.admin("DELETE", "/knobs")
        self.admin("DELETE", "/faults")
        self.admin("DELETE", "/login-rate")
        self.admin("PATCH", "/clock", {"offset": 0})


class OrgClient:
    """One org with a token: its administrator's, or another one's."""

    def __init__(self, landscape: Landscape, about: dict[str, Any], token: str | None = None) -> None:
        self.landscape = landscape
        self.about = about
        self.url = about["url"]
        self.token = token or about["accessToken"]

    def as_user(self, token: str) -> OrgClient:
        return OrgClient(self.landscape, self.about, token)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        url = path if path.startswith("https://") else self.url + path
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.landscape.http.request(method, url, headers=headers, timeout=more.pop("timeout", 30), **more)

    def data(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.call(method, f"/services/data/v{VERSION}{path}", **more)

    def query(self, soql: str) -> list[dict[str, Any]]:
        answer = self.data("GET", "/query", params={"q": soql})
        assert answer.status_code == 200, answer.text
        return answer.json()["records"]

    def user_id(self, alias: str) -> str:
        return self.query(f"SELECT Id FROM User WHERE Username = '{self.username(alias)}'")[0]["Id"]

    def username(self, alias: str) -> str:
        suffix = self.about["username"].removeprefix("admin@acme.com")
        return f"{alias}@acme.com{suffix}"

    def deploy(self, package: bytes, **options: Any) -> dict[str, Any]:
        """Deploy and look once: with deploy time 0 the first look sees the end."""
        answer = self.start_deploy(package, **options)
        assert answer.status_code == 201, answer.text
        return self.deploy_status(answer.json()["id"])

    def start_deploy(self, package: bytes, **options: Any) -> requests.Response:
        given = {"deployOptions": {"rollbackOnError": True, "singlePackage": True, **options}}
        parts = {
            "json": (None, json.dumps(given), "application/json"),
            "file": ("deploy.zip", package, "application/zip"),
        }
        return self.data("POST", "/metadata/deployRequest", files=parts)

    def deploy_status(self, job_id: str) -> dict[str, Any]:
        answer = self.data("GET", f"/metadata/deployRequest/{job_id}", params={"includeDetails": "true"})
        assert answer.status_code == 200, answer.text
        return answer.json()["deployResult"]

    def soap(
        self, inner: str, *, version: str = VERSION, token: str | None = None, endpoint: str = "m", header: str = ""
    ) -> requests.Response:
        envelope = (
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<soapenv:Header><SessionHeader><sessionId>{token or self.token}</sessionId></SessionHeader>{header}"
            f"</soapenv:Header><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
        )
        return self.landscape.http.post(
            f"{self.url}/services/Soap/{endpoint}/{version}",
            data=envelope.encode(),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
            timeout=30,
        )

    def grant(self, assertion: str, *, url: str | None = None) -> requests.Response:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return self.landscape.http.post(f"{url or self.url}/services/oauth2/token", data=form, timeout=30)

    def assign(self, set_name: str, alias: str) -> requests.Response:
        set_id = self.query(f"SELECT Id FROM PermissionSet WHERE Name = '{set_name}'")[0]["Id"]
        body = {"AssigneeId": self.user_id(alias), "PermissionSetId": set_id}
        return self.data("POST", "/sobjects/PermissionSetAssignment", json=body)


def start(home: Path, *options: str) -> Landscape:
    """Start a server of its own for a folder."""
    command = [sys.executable, "-m", "localorg.cli", "--home", str(home)]
    subprocess.run([*command, "start", *options], check=True, stdout=subprocess.DEVNULL)
    status = subprocess.run([*command, "status", "--json"], check=True, capture_output=True)
    return Landscape(json.loads(status.stdout), home)


def stop(home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "localorg.cli", "--home", str(home), "stop"], check=True, stdout=subprocess.DEVNULL
    )
