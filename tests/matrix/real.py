"""One stack's commands with the real `pulumi`, and processes of it that are killed in the middle of a request.

A victim is doomed before a command: as soon as the ordered stall has caught its request, the process found by parent and argv gets
SIGKILL. The org answers the stalled request later all the same, while the recovery is under way: as a real org would.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.matrix.observation import Kept, opened
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import Ended, by_part
from tests.matrix.state import EVERYTHING, Options
from tests.program.stack import Result, Stack
from tests.waiting import ending

UP = ("up", "--yes", "--skip-preview", "--stack", "t")
LOOK = ("refresh", "--preview-only", "--expect-no-changes", "--diff", "--stack", "t")
REFRESH = ("refresh", "--yes", "--skip-preview", "--stack", "t")
DESTROY = ("destroy", "--yes", "--skip-preview", "--stack", "t")
PROVIDER = "pulumi-resource-salesforce"
_PATIENCE = 60.0  # seconds for one command
_PARTING = 5.0  # seconds in which the processes of a killed engine end


@dataclass
class PulumiStack:
    """A stack in a folder of its own, driven by the real engine."""

    stack: Stack
    sandbox: Sandbox
    component: str = "access"
    victim: str = ""
    locked: bool = False

    def up(self, config: Mapping[str, Any], options: Options = EVERYTHING) -> Ended:
        self.stack.configure(config)
        return self._run(*UP, *options.arguments(self._urns()))

    def refresh(self, config: Mapping[str, Any]) -> Ended:
        self.stack.configure(config)
        return self._run(*REFRESH)

    def taint(self, part: str) -> None:
        tainted = self.stack.pulumi("state", "taint", self._urns()[f"{self.component}-{part}"], "--yes", "--stack", "t")
        assert tainted.code == 0, tainted.text

    def look(self, config: Mapping[str, Any]) -> Ended:
        self.stack.configure(config)
        return self._run(*LOOK)

    def rename(self, component: str) -> None:
        program = self.stack.folder / "__main__.py"
        program.write_text(program.read_text().replace(f'Access("{self.component}"', f'Access("{component}"'))
        self.component = component

    def destroy(self, config: Mapping[str, Any]) -> Ended:
        self.stack.configure(config)
        return self._run(*DESTROY)

    def doom(self, victim: str) -> None:
        """Kill the `engine` or the `provider` in the next command."""
        self.victim = victim

    def recover(self) -> None:
        """The documented step after an engine was killed: give the lock back."""
        if self.locked:
            cancelled = self.stack.pulumi("cancel", "--yes", "--stack", "t")
            assert cancelled.code == 0, cancelled.text
            self.locked = False

    def settle(self) -> list[str]:
        """The documented step for the engine's warning about pending creates; then say what is still left behind."""
        if self._pending():
            cleared = self.stack.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", "t")
            if cleared.code != 0:
                return [f"refresh --clear-pending-creates failed: {cleared.text}"]
        left = [f"a pending {each['type']} of {each['resource']['urn']}" for each in self._pending()]
        return left + [f"a process is left: {command}" for command in self._processes_after(_PARTING)]

    def kept(self) -> dict[str, Kept]:
        resources = [
            each for each in self._checkpoint().get("resources") or () if each["type"].startswith("salesforce:index:")
        ]
        resources.sort(key=lambda each: not each["urn"].endswith(f"{self.component}-{_part(each)}"))
        return by_part(
            (
                f"condemned {_part(each)}" if each.get("delete") else _part(each),
                Kept(
                    each["id"],
                    opened(each.get("inputs", {})),
                    opened(each.get("outputs", {})),
                    tuple(each.get("initErrors", ())),
                ),
            )
            for each in resources
        )

    def outputs(self) -> dict[str, Any]:
        return self.stack.outputs(secrets=True)

    def forget(self) -> None:
        shutil.rmtree(self.stack.backend)
        self.stack.begin()
        self.rename("access")
        self.victim, self.locked = "", False

    def _run(self, *arguments: str) -> Ended:
        self.stack.environment |= self.sandbox.environment
        if not self.victim:
            result = self.stack.pulumi(*arguments)
            return Ended(result.code == 0, result.text if result.code else "")
        victim, self.victim = self.victim, ""
        result = self._run_and_kill(victim, *arguments)
        return Ended(result.code == 0, result.text if result.code else "")

    def _run_and_kill(self, victim: str, *arguments: str) -> Result:
        engine = subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.stack.folder,
            env=self.stack.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with ending(engine):
            until = time.monotonic() + _PATIENCE
            while engine.poll() is None and time.monotonic() < until and not self.sandbox.caught():
                time.sleep(0.02)
            if engine.poll() is None:
                pids = [engine.pid] if victim == "engine" else _children(engine.pid, PROVIDER)
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                self.locked = victim == "engine"
                if self.locked:  # its children hold the pipe until they notice
                    engine.wait(_PATIENCE)
                    return Result(-signal.SIGKILL, "the engine was killed")
            text, _ = engine.communicate(timeout=_PATIENCE)
        return Result(engine.returncode, text)

    def _urns(self) -> dict[str, str]:
        """URNs of what is in state, by name."""
        urns = [each["urn"] for each in self._checkpoint().get("resources") or ()]
        return {urn.rsplit("::", 1)[-1]: urn for urn in urns}

    def _pending(self) -> list[dict[str, Any]]:
        return list(self._checkpoint().get("pending_operations") or ())

    def _checkpoint(self) -> dict[str, Any]:
        file = self.stack.folder / "state" / ".pulumi" / "stacks" / "orgkey" / "t.json"
        return dict(json.loads(file.read_text())["checkpoint"].get("latest") or {})

    def _processes_after(self, seconds: float) -> list[str]:
        """What still runs with this stack's environment."""
        mark = f"PULUMI_HOME={self.stack.environment['PULUMI_HOME']}".encode()
        until = time.monotonic() + seconds
        while (found := _processes_with(mark)) and time.monotonic() < until:
            time.sleep(0.05)
        return found


def _part(resource: Mapping[str, Any]) -> str:
    """The part of a resource, by its name after the component's: `app-2` of `access-app-2`."""
    return str(resource["urn"]).rsplit("::", 1)[-1].partition("-")[2]


def _children(parent: int, word: str) -> list[int]:
    """Processes of a parent that have a word in their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                ppid = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if ppid == parent and word in (folder / "cmdline").read_text():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def _processes_with(mark: bytes) -> list[str]:
    """Command lines of processes that have an entry in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_text().replace("\0", " ").strip())
            except OSError:
                continue
    return found
