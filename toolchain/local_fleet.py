"""Twelve sandboxes and a stack for each, to try `orgkey drift` on: `python -m toolchain.local_fleet up|down|logins`.

A landscape of its own below `.local/fleet`; the stacks are named `fleet-<sandbox>` and lie beside the stack `local` on its backend.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from toolchain.local_stack import (
    LOCAL,
    PROJECT,
    local_org,
    own_environment,
    pulumi,
    run_verb,
    stacks,
    start_local_org,
    write_stack_file,
)

SANDBOXES = 12
HOME = LOCAL / "fleet"
_PREFIX = "fleet-"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code is Pulumi's own."""
    return run_verb("toolchain.local_fleet", {"up": up, "down": down, "logins": logins}, argv)


def up() -> int:
    """Bring up the sandboxes and their stacks; a second time it only brings back what is not as it should be."""
    environment = _environment()
    for name, org in _sandboxes(environment).items():
        print(f"{name} ...", flush=True)
        _write_stack_file(name, org)
        stack = f"{_PREFIX}{name}"
        code = pulumi(["stack", "select", "--create", stack, "--non-interactive"], environment, quiet=True) or pulumi(
            ["up", "--yes", "--skip-preview", "--stack", stack], environment, quiet=True
        )
        if code:
            return code
    print(
        f"\n{SANDBOXES} sandboxes and their stacks are up. Look at all of them:\n"
        "  eval \"$(make -s env)\"; orgkey drift --stack 'fleet-*'\n"
        f"The sandboxes: .venv/bin/localorg --home {HOME.relative_to(PROJECT)}/localorg status    Take them down: make fleet-down"
    )
    return 0


def logins() -> int:
    """Store how to log in to each sandbox now, as a person does who logs in again after a sandbox refresh."""
    for name, org in _sandboxes(_environment()).items():
        _write_stack_file(name, org)
    return 0


def down() -> int:
    """Forget the sandboxes, and with them all that their stacks made; the stacks too."""
    if not HOME.exists():
        print("No fleet is up.")
        return 0
    environment = _environment()
    for stack in sorted(name for name in stacks(environment) if name.startswith(_PREFIX)):
        code = pulumi(["stack", "rm", "--yes", "--force", "--stack", stack], environment, quiet=True)
        if code:
            return code
    code = local_org("reset", environment)
    if code == 0:
        for file in PROJECT.glob(f"Pulumi.{_PREFIX}*.yaml"):
            file.unlink()  # of a stack that was never made
        shutil.rmtree(HOME)
    return code


def _environment() -> dict[str, str]:
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {**own_environment(), "LOCALORG_HOME": str(HOME / "localorg")}


def _write_stack_file(name: str, org: Mapping[str, Any]) -> None:
    write_stack_file(PROJECT / f"Pulumi.{_PREFIX}{name}.yaml", org, HOME / f"{name}.sfdxurl")


def _sandboxes(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    made = (HOME / "localorg" / "state.sqlite").exists()
    orgs = start_local_org(environment, *([] if made else ["--sandboxes", str(SANDBOXES)]))
    return {name: org for name, org in orgs.items() if org["kind"] == "sandbox"}


if __name__ == "__main__":
    sys.exit(main())
