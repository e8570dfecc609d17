"""A Pulumi stack in a folder of its own, driven by the real `pulumi` as a user would: commands in, exit codes and text out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.forked import INSTALLED, commands
from tests.program.vault import PROVIDER, vault
from tests.waiting import until

PROJECT = Path(__file__).parents[2]
AS_INSTALLED: Mapping[str, Any] = {"path": (INSTALLED,), "has_passphrase": True}
"""Options of a stack whose processes start and whose secrets are kept as people have them at first."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"  # the engine's mark of an envelope
_INITIALIZED: dict[tuple[Path, str, str, bool], Mapping[str, bytes]] = {}
"""What `pulumi stack init` writes, by engine, project, stack and what keeps its secrets: run once in a test process."""


@dataclass(frozen=True)
class Result:
    """What a command printed (both streams) and how it ended."""

    code: int
    text: str


def ok(result: Result) -> Result:
    """Fail with the whole output unless the command succeeded."""
    assert result.code == 0, result.text
    return result


@dataclass
class Stack:
    """A stack of a copy of the project in `folder`."""

    folder: Path
    engine: Path
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "t"
    files: Mapping[str, str] | None = None
    """Another program than the project's: its files by their paths, Pulumi.yaml among them."""
    path: tuple[Path, ...] = field(default_factory=lambda: (commands(),))
    """Folders where the engine finds its plugins, the provider in the first one, and language hosts beside its own."""

    has_passphrase: bool = False
    """Whether the passphrase keeps its secrets, not a key service; for tests about secrets, and about the commands as people have them."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_program()
        (self.folder / "state").mkdir(exist_ok=True)
        path = [*map(str, self.path), str(self.engine), os.environ["PATH"]]
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join(path),
            "ORGKEY_PYTHON": str(host if (host := self.path[0] / "language-host").exists() else sys.executable),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse battery staple",
            **vault(),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            **self.environment,
        }
        if not (self.folder / f"Pulumi.{self.name}.yaml").exists():
            self.begin()

    def begin(self) -> None:
        """Begin anew, with nothing in state: what `pulumi stack init` writes."""
        key = (self.engine, self.project, self.name, self.has_passphrase)
        if not (files := _INITIALIZED.get(key)):
            files = _INITIALIZED[key] = self._initialize()
        for path, content in files.items():
            file = self.backend / path if path.startswith(".pulumi") else self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    @property
    def project(self) -> str:
        """The project's name."""
        return str(yaml.safe_load((self.folder / "Pulumi.yaml").read_text())["name"])

    @property
    def backend(self) -> Path:
        """The folder in which the engine keeps the state."""
        return Path(self.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))

    def _initialize(self) -> Mapping[str, bytes]:
        """Run `pulumi stack init` aside; returns what it wrote: paths in the backend, and the stack file."""
        keeper = ("--secrets-provider", "passphrase" if self.has_passphrase else PROVIDER)
        with TemporaryDirectory() as aside:
            shutil.copy(self.folder / "Pulumi.yaml", aside)
            state = Path(aside) / "state"
            state.mkdir()
            run = subprocess.run(
                ["pulumi", "stack", "init", self.name, *keeper, "--non-interactive"],
                cwd=aside,
                env={**self.environment, "PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_HOME": f"{aside}/home"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                check=False,
            )
            assert run.returncode == 0, run.stdout
            kept = {str(file.relative_to(state)): file.read_bytes() for file in state.rglob("*") if file.is_file()}
            return {**kept, (stack_file := f"Pulumi.{self.name}.yaml"): (Path(aside) / stack_file).read_bytes()}

    def _write_program(self) -> None:
        if self.files is not None:
            for name, text in self.files.items():
                file = self.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return
        shutil.copy(PROJECT / "__main__.py", self.folder)
        project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        project["plugins"]["providers"][0]["path"] = str(self.path[0])
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))

    def pulumi(self, *arguments: str, typed: str = "") -> Result:
        """Run one command, without a terminal; `typed` comes through its standard input."""
        run = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            input=typed,
            timeout=120,
            check=False,
        )
        return Result(run.returncode, run.stdout)

    def orgkey(self, *arguments: str) -> Result:
        """The command `orgkey`, in the project's folder."""
        command = [str(Path(sys.executable).with_name("orgkey")), *arguments]
        run = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Result(run.returncode, run.stdout + run.stderr)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack file; the salt that Pulumi put into it stays."""
        file = self.folder / f"Pulumi.{self.name}.yaml"
        before = yaml.safe_load(file.read_text()) if file.exists() else {}
        file.write_text(yaml.safe_dump({**(before or {}), "config": dict(config)}))

    def set_secret(self, path: str, value: str) -> None:
        """`pulumi config set --secret --path PATH < FILE`, as the messages tell people to do it."""
        subprocess.run(
            ["pulumi", "config", "set", "--secret", "--path", path, "--stack", self.name, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            input=value,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=True,
        )

    def up(self, *arguments: str) -> Result:
        """`pulumi up` without a preview."""
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", self.name, *arguments)

    def up_killed(self, at: Callable[[], bool], *arguments: str) -> None:
        """Kill the engine of an `up` with SIGKILL as soon as `at` holds, and give its lock back as the documents say."""
        command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", self.name, *arguments]
        with (self.folder / "killed.log").open("w") as log:
            engine = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            until(lambda: at() or engine.poll() is not None, "the moment to kill the engine", seconds=120)
            assert engine.poll() is None, (self.folder / "killed.log").read_text()
        finally:
            engine.kill()
            engine.wait()
        ok(self.pulumi("cancel", "--yes", "--stack", self.name))

    def drift(self) -> Result:
        """Pulumi's own read-only look: exit 0 in sync, 7 on drift."""
        return self.pulumi("refresh", "--preview-only", "--expect-no-changes", "--diff", "--stack", self.name)

    def destroy(self) -> Result:
        """`pulumi destroy` without a preview."""
        return self.pulumi("destroy", "--yes", "--skip-preview", "--stack", self.name)

    def outputs(self, *, secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs, as `pulumi stack output` shows them; without secrets read where it reads them, which is quicker."""
        if not secrets:
            (root,) = (each for each in self._in_state() if each["type"] == "pulumi:pulumi:Stack")
            outputs = root.get("outputs", {})
            return {name: "[secret]" if _is_secret(value) else value for name, value in outputs.items()}
        shown = self.pulumi("stack", "output", "--json", "--stack", self.name, "--show-secrets")
        return dict(json.loads(shown.text))

    def resources(self) -> dict[str, dict[str, Any]]:
        """Resources in state by the last part of their name, secrets still encrypted; read where `pulumi stack export` reads them."""
        return {item["urn"].rsplit("::", 1)[-1]: item for item in self._in_state()}

    def _in_state(self) -> list[dict[str, Any]]:
        file = self.backend / ".pulumi" / "stacks" / self.project / f"{self.name}.json"
        return list((json.loads(file.read_text())["checkpoint"].get("latest") or {}).get("resources") or ())


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and _SIGNATURE in value
