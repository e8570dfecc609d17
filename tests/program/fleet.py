"""Many stacks of one project, one per sandbox, driven by the real `pulumi`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.forked import commands
from tests.landscape import Landscape, Org
from tests.program.stack import Result, Stack, ok

_CORES = 2


@dataclass
class Fleet:
    """A copy of the project in `folder` with a stack for every org that is added."""

    folder: Path
    engine: Path
    landscape: Landscape
    path: tuple[Path, ...] = field(default_factory=lambda: (commands(),))
    """Where the engine finds the provider."""
    has_passphrase: bool = False
    stacks: dict[str, Stack] = field(default_factory=dict)

    def add(self, org: Org, config: Mapping[str, Any] = {}) -> Stack:
        """Make the stack of an org, named as the org; nothing is deployed yet."""
        stack = self.stacks[org.name] = Stack(
            self.folder, self.engine, name=org.name, path=self.path, has_passphrase=self.has_passphrase
        )
        auth_url = self.folder / f"{org.name}.sfdxurl"
        auth_url.write_text(org.auth_url)
        stack.configure(
            {
                "salesforce:instanceUrl": org.url,
                "salesforce:caBundle": org.ca_bundle,
                "salesforce:credentials": {"sfdxAuthUrlFile": str(auth_url)},
                "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
                "orgkey:users": [org.user("ci")],
                "orgkey:grant": {"propagationMinutes": 0},
                **config,
            }
        )
        return stack

    def up(self, names: Sequence[str]) -> None:
        """`pulumi up` of some stacks, as many at a time as there are cores."""
        self._each(names, Stack.up)

    def destroy(self, names: Sequence[str]) -> None:
        """`pulumi destroy` of some stacks, likewise."""
        self._each(names, Stack.destroy)

    def _each(self, names: Sequence[str], run: Callable[[Stack], Result]) -> None:
        with ThreadPoolExecutor(_CORES) as pool:
            for result in pool.map(lambda name: run(self.stacks[name]), names):
                ok(result)

    def orgkey(self, *arguments: str, **environment: str) -> Result:
        """Run `orgkey` in the project's folder, without a terminal; the text is stdout alone, then stderr."""
        run = subprocess.run(
            [self.path[0] / "orgkey", *arguments],
            cwd=self.folder,
            env={**next(iter(self.stacks.values())).environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Result(run.returncode, run.stdout + run.stderr)
