"""The steps of a first run: up, up without a change, drift, renewal, destroy, by the real engine on a stack of their own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

STACK = "real-org"
_LAST_LINES = 40
_LONGEST = 3600  # seconds for one command, whose steps have shorter limits of their own


@dataclass
class Run:
    """A stack of the project in `project`; `results` has each step's name, exit code, seconds and last lines."""

    project: Path
    environment: Mapping[str, str] = field(repr=False)
    tell: Callable[[str], None]
    results: list[dict[str, Any]] = field(default_factory=list)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack file; what Pulumi keeps in it stays."""
        file = self.project / f"Pulumi.{STACK}.yaml"
        before = yaml.safe_load(file.read_text()) if file.exists() else None
        file.write_text(yaml.safe_dump({**(before or {}), "config": dict(config)}, sort_keys=False))

    def begin(self) -> str:
        """Make the stack, or take up what an interrupted run left; returns what went wrong, or nothing."""
        made = self._run(["pulumi", "stack", "select", "--create", STACK, "--non-interactive"])
        return made.stdout if made.returncode else ""

    def step(self, name: str, *command: str) -> bool:
        """Run one command of the run; say whether it ended well."""
        self.tell(f"{name} ...")
        began = time.monotonic()
        ended = self._run(command)
        seconds = round(time.monotonic() - began, 1)
        lines = ended.stdout.splitlines()[-_LAST_LINES:]
        self.results.append({"step": name, "exit": ended.returncode, "seconds": seconds, "text": lines})
        self.tell(f"{name}: exit {ended.returncode} after {seconds} s")
        return ended.returncode == 0

    def pulumi(self, name: str, verb: str, *options: str) -> bool:
        """One `pulumi` step on the stack."""
        quiet = ("--suppress-outputs",) if verb == "up" else ()
        always = ("--yes", "--skip-preview", "--non-interactive", *quiet, "--stack", STACK)
        return self.step(name, "pulumi", verb, *always, *options)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, the private key among them: for memory only."""
        command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", STACK]
        return dict(json.loads(self._run(command).stdout))

    def end(self) -> None:
        """Forget the stack, once nothing is in it any more."""
        self._run(["pulumi", "stack", "rm", "--yes", "--stack", STACK, "--preserve-config"])

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                cwd=self.project,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=_LONGEST,
            )
        except subprocess.TimeoutExpired as over:
            said = over.stdout.decode(errors="replace") if isinstance(over.stdout, bytes) else over.stdout or ""
            return subprocess.CompletedProcess(command, 124, f"{said}\nNo end within {_LONGEST} s: given up.\n")
