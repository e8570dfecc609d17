"""A stack whose login works, and what `orgkey export` makes of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.forked import INSTALLED
from tests.landscape import Org
from tests.program.stack import Stack


def stack_with_login(engine: Path, org: Org, username: str, folder: Path) -> Stack:
    """A stack in the folder, deployed to the org, with a login for one user."""
    (folder / "admin.sfdxurl").write_text(org.auth_url)
    made = Stack(folder / "stack", engine)
    made.configure(
        {
            "salesforce:instanceUrl": org.url,
            "salesforce:caBundle": org.ca_bundle,
            "salesforce:credentials": {"sfdxAuthUrlFile": str(folder / "admin.sfdxurl")},
            "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
            "orgkey:users": [username],
        }
    )
    ended = made.up()
    assert ended.code == 0, ended.text
    return made


def export(stack: Stack, *options: str) -> str:
    """What `orgkey export` prints for a stack."""
    command = [INSTALLED / "orgkey", "export", "--stack", stack.name, *options]
    return subprocess.run(
        command, cwd=stack.folder, env=stack.environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout
