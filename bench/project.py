"""What every benchmark of stacks needs: the engine, a landscape, a stack of this project for a fresh org."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.landscape import Landscape, Org
from tests.program.stack import AS_INSTALLED, Stack


def engine() -> Path:
    """The folder with `pulumi`."""
    run = subprocess.run([sys.executable, "-m", "toolchain"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(run.stdout.strip())


@contextmanager
def landscape(*options: str) -> Iterator[tuple[Path, Landscape]]:
    """A folder and a running landscape, both gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        running = Landscape(Path(folder) / "localorg")
        running.start(*options)
        try:
            yield Path(folder), running
        finally:
            running.stop()


def empty_stack(folder: Path, pulumi: Path) -> Stack:
    """A stack of a program that does nothing: the floor of what an engine and its language host take."""
    files = {
        "Pulumi.yaml": f"name: empty\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n",
        "__main__.py": "",
    }
    return Stack(folder, pulumi, files=files, **AS_INSTALLED)


def new_stack(folder: Path, pulumi: Path, org: Org, config: Mapping[str, Any] = {}) -> Stack:
    """A stack of this project for an org, as people have it installed; nothing is deployed yet."""
    stack = Stack(folder, pulumi, **AS_INSTALLED)
    (folder / "auth").write_text(org.auth_url)
    stack.configure(
        {
            "salesforce:instanceUrl": org.url,
            "salesforce:caBundle": org.ca_bundle,
            "salesforce:credentials": {"sfdxAuthUrlFile": "auth"},
            "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
            "orgkey:users": [org.user("ci")],
            **config,
        }
    )
    return stack
