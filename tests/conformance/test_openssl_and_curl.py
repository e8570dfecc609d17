"""The guide of old, done by hand: openssl makes the key and the certificate, curl deploys the app and trades the assertion."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.app import ConnectedApp
from tests.landscape import Org

DEPLOY_REQUEST = "/services/data/v67.0/metadata/deployRequest"


@dataclass(frozen=True)
class Shell:
    """Commands in a folder, as the guide's reader types them."""

    folder: Path
    ca_bundle: str

    def run(self, *command: str, given: str | bytes = b"") -> bytes:
        ended = subprocess.run(
            command,
            cwd=self.folder,
            input=given.encode() if isinstance(given, str) else given,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    def curl(self, *arguments: str) -> Any:
        """Run curl; its last line is the status, what stands before is JSON."""
        command = ("curl", "--silent", "--show-error", "--cacert", self.ca_bundle, "--write-out", "\n%{http_code}")
        body, _, status = self.run(*command, *arguments).decode().rpartition("\n")
        return int(status), json.loads(body)

    def key_pair(self) -> str:
        """Steps 2 to 5 of the guide. Returns the certificate; the key is in server.key."""
        self.run(*"openssl genrsa -des3 -passout pass:once -out server.pass.key 2048".split())
        self.run(*"openssl rsa -passin pass:once -in server.pass.key -out server.key".split())
        (self.folder / "server.pass.key").unlink()
        self.run(*"openssl req -new -key server.key -out server.csr -subj /C=CH/O=Acme/CN=ci".split())
        self.run(*"openssl x509 -req -sha256 -days 365 -in server.csr -signkey server.key -out server.crt".split())
        return (self.folder / "server.crt").read_text()

    def assertion(self, consumer_key: str, username: str, audience: str) -> str:
        """Sign with `openssl dgst`."""
        claims = {"iss": consumer_key, "sub": username, "aud": audience, "exp": int(time.time()) + 120}
        signed = f"{encoded(json.dumps({'alg': 'RS256'}))}.{encoded(json.dumps(claims))}"
        signature = self.run(*"openssl dgst -sha256 -sign server.key -binary".split(), given=signed)
        return f"{signed}.{encoded(signature)}"


def encoded(content: str | bytes) -> str:
    """Base64 for URLs, without padding."""
    octets = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@pytest.fixture
def shell(tmp_path: Path, org: Org) -> Shell:
    for tool in ("openssl", "curl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on this machine")
    return Shell(tmp_path, org.ca_bundle)


@pytest.fixture
def old_days(knobs: Callable[..., Any], org: Org) -> None:
    """An org that still lets people make Connected Apps."""
    knobs(connected_app_creation=True)


@pytest.mark.usefixtures("old_days")
def test_the_classic_guide_leads_to_a_login(shell: Shell, org: Org) -> None:
    app = ConnectedApp(shell.key_pair())
    app.source.write_zip(shell.folder / "app.zip")
    administrator = ("--header", f"Authorization: Bearer {org.access_token}")
    options = json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True}})
    status, started = shell.curl(
        *administrator,
        *("--form", f"json={options};type=application/json", "--form", "file=@app.zip;type=application/zip"),
        org.url + DEPLOY_REQUEST,
    )
    assert (status, started["deployResult"]["status"]) == (201, "Pending")
    until = time.monotonic() + 30
    while True:
        status, told = shell.curl(*administrator, f"{org.url}{DEPLOY_REQUEST}/{started['id']}?includeDetails=true")
        if told["deployResult"]["done"] or time.monotonic() > until:
            break
        time.sleep(0.05)
    assert (status, told["deployResult"]["status"]) == (200, "Succeeded")

    org.assign(app.set_name, org.user("ci"))
    grant = ("--data-urlencode", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer")
    token_url = f"{org.url}/services/oauth2/token"
    assertion = shell.assertion(app.consumer_key, org.user("ci"), "https://test.salesforce.com")
    status, token = shell.curl(*grant, "--data-urlencode", f"assertion={assertion}", token_url)
    assert status == 200
    assert set(token) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert (token["token_type"], token["instance_url"]) == ("Bearer", org.url)
    assert "api" in token["scope"].split()

    session = ("--header", f"Authorization: Bearer {token['access_token']}")
    status, user = shell.curl(*session, f"{org.url}/services/oauth2/userinfo")
    assert (status, user["preferred_username"], user["organization_id"]) == (200, org.user("ci"), org.org_id)


@pytest.mark.usefixtures("old_days")
def test_a_certificate_of_another_key_does_not_log_in(shell: Shell, org: Org) -> None:
    app = ConnectedApp(shell.key_pair())
    org.deploy(app.source.files, app.source.members)
    org.assign(app.set_name, org.user("ci"))
    shell.run("openssl", "genrsa", "-out", "server.key", "2048")
    assertion = shell.assertion(app.consumer_key, org.user("ci"), org.url)
    status, refused = shell.curl(
        *("--data-urlencode", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer"),
        *("--data-urlencode", f"assertion={assertion}", f"{org.url}/services/oauth2/token"),
    )
    assert status == 400
    assert refused == {"error": "invalid_client", "error_description": "invalid client credentials"}
