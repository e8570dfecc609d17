"""CumulusCI, run as a CI server runs it: a project folder, and the org and its key in the environment."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.app import ExternalApp, Key
from tests.landscape import Org

_PROJECT = """\
minimum_cumulusci_version: "4.0.0"
project:
  name: conformance
  package:
    name: conformance
    api_version: "67.0"
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed on both streams."""

    code: int
    output: str
    text: str


@dataclass
class CumulusCI:
    """`cci` in `folder`, with `org` under the name `uat`: CumulusCI logs in with a JWT for each command."""

    folder: Path
    venv: Path
    org: Org
    proxy: str

    def __post_init__(self) -> None:
        home = self.folder / "home"
        (home / ".cumulusci").mkdir(parents=True)
        (home / ".cumulusci/cumulus_timestamp").write_text(
            str(time.time())
        )  # it has looked for a newer version just now
        (self.folder / "cumulusci.yml").write_text(_PROJECT)
        subprocess.run(["git", "init", "--quiet", self.folder], check=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CUMULUSCI_KEY": "0123456789abcdef",
            "REQUESTS_CA_BUNDLE": self.org.ca_bundle,
            "HTTPS_PROXY": self.proxy,
        }

    def log_in_with(self, app: ExternalApp, key: Key, username: str) -> None:
        """Have every command log in as a user."""
        self.environment |= {
            "CUMULUSCI_ORG_uat": json.dumps({"instance_url": self.org.url, "username": username}),
            "SFDX_CLIENT_ID": app.consumer_key,
            "SFDX_HUB_KEY": key.private,
        }

    def __call__(self, *arguments: str | Path) -> Outcome:
        """Run a command."""
        ended = subprocess.run(
            [self.venv / "bin/python", "-m", "cumulusci", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Outcome(ended.returncode, ended.stdout, " ".join((ended.stdout + ended.stderr).split()))
