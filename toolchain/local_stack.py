"""The stack `local`: a local org, a file backend and a passphrase of its own, all below `.local/` and for local use only.

`python -m toolchain.local_stack up|down|outputs|env`; the Makefile's verbs of the same names. What a user has in
`Pulumi.local.yaml` stays; only how to reach the local org is kept up to date there.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from toolchain.engine import find_engine
from toolchain.failure import ToolchainError

PROJECT = Path(__file__).resolve().parents[1]
LOCAL = PROJECT / ".local"
STACK_FILE = PROJECT / "Pulumi.local.yaml"
ORG = "uat"  # the sandbox of the landscape that the stack manages
_ASKING = 120.0  # seconds for what starts, stops or asks
_LONGEST = 3600.0  # seconds for a whole up or destroy, whose steps have shorter limits of their own
_INTERRUPTED = 130
_CAPTURED: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
_SHOWN = ("consumerKey", "username", "instanceUrl", "audience", "certificateFingerprint", "notAfter", "verified")


class LocalStackError(Exception):
    """A stack for local use cannot be brought up or read; `str()` is what happened and the way out."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code is Pulumi's own."""
    return run_verb(
        "toolchain.local_stack", {"up": up, "down": down, "outputs": outputs, "env": show_environment}, argv
    )


def run_verb(module: str, verbs: Mapping[str, Callable[[], int]], argv: Sequence[str] | None) -> int:
    """Run the verb that the command line names.

    Its exit code; 1 with the reason where it cannot, 2 with the usage for another word, 130 where it was interrupted, as in a shell.
    """
    verb = [*(sys.argv[1:] if argv is None else argv), ""][0]
    if verb not in verbs:
        print(f"usage: python -m {module} {'|'.join(verbs)}", file=sys.stderr)
        return 2
    try:
        return verbs[verb]()
    except (ToolchainError, LocalStackError) as problem:
        print(f"orgkey: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"\norgkey: `{verb}` was interrupted; run it again, and it goes on from there.\n"
            "Where that says that the stack is locked: `pulumi cancel` first, with what `make env` prints.",
            file=sys.stderr,
        )
        return _INTERRUPTED


def up() -> int:
    """Bring up the local org and the stack; succeed only when the login was proved now."""
    environment = own_environment()
    write_stack_file(STACK_FILE, start_local_org(environment)[ORG], LOCAL / "admin.sfdxurl")
    select = pulumi(["stack", "select", "--create", "local", "--non-interactive"], environment, quiet=True)
    if select:
        return select
    code = pulumi(["up", "--yes", "--skip-preview", "--stack", "local", "--suppress-outputs"], environment)
    if code:
        print(
            "\nThe login is NOT proved: the `up` above failed. Mend what it says, then `make up` again.",
            file=sys.stderr,
        )
        return code
    values = _outputs(environment)
    print("\nA client can now log in to the local org without a password:")
    for name in _SHOWN:
        value = values.get(name)
        print(f"  {name}: {json.dumps(value) if isinstance(value, bool) else value}")
    print(
        "\nAll outputs: make outputs    The org: .venv/bin/localorg --home .local/localorg status    Take it down: make down"
    )
    return 0 if values.get("verified") is True else 1


def down() -> int:
    """Destroy the stack and stop the org."""
    if not (LOCAL / "passphrase").exists():
        print("Nothing is up.")
        return 0
    environment = own_environment()
    if "local" in stacks(environment):
        start_local_org(environment)
        code = pulumi(["destroy", "--yes", "--skip-preview", "--stack", "local"], environment) or pulumi(
            ["stack", "rm", "--yes", "--stack", "local", "--preserve-config"], environment, quiet=True
        )
        if code:
            return code
    else:
        print("The stack `local` is not up.")
    return local_org("stop", environment)


def outputs() -> int:
    """Print the stack's outputs as JSON; the private key shows as `[secret]`."""
    print(json.dumps(_outputs(own_environment()), indent=2))
    return 0


def show_environment() -> int:
    """Print what a shell needs to use the same engine, backend and local org: `eval "$(make -s env)"`."""
    for name, value in _settings().items():  # ours alone: whatever else the shell holds is not for a log
        print(f"export {name}={shlex.quote(value)}")
    print("unset PULUMI_CONFIG_PASSPHRASE")  # it would win over the file
    return 0


def own_environment() -> dict[str, str]:
    """What commands on the local stacks run in: this shell's environment with our own settings over it."""
    inherited = {name: value for name, value in os.environ.items() if name != "PULUMI_CONFIG_PASSPHRASE"}
    return inherited | _settings()


def _settings() -> dict[str, str]:
    """What the stack `local` needs to be set, making what is not there yet: a passphrase, a folder for its state, the engine."""
    LOCAL.mkdir(mode=0o700, exist_ok=True)
    passphrase = LOCAL / "passphrase"
    if not passphrase.exists():
        passphrase.touch(mode=0o600)
        passphrase.write_text(secrets.token_urlsafe(32))
    (LOCAL / "state").mkdir(exist_ok=True)
    engine = find_engine(os.environ, to=sys.stderr)
    venv = PROJECT / ".venv"
    path = dict.fromkeys([str(venv / "bin"), str(engine), *os.environ.get("PATH", "").split(os.pathsep)])
    return {
        "PATH": os.pathsep.join(path),
        "VIRTUAL_ENV": str(venv),
        "LOCALORG_HOME": str(LOCAL / "localorg"),
        "PULUMI_HOME": str(LOCAL / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{LOCAL / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }


def start_local_org(environment: Mapping[str, str], *arguments: str) -> dict[str, dict[str, Any]]:
    """Start the local org unless it runs, and say what it has: its orgs by name. `arguments` are for its first start."""
    started = _run([script("localorg"), "start", *arguments], environment, stdout=subprocess.DEVNULL)
    if started.returncode:
        where = Path(environment["LOCALORG_HOME"]).relative_to(PROJECT)
        raise LocalStackError(
            "the local org did not start; what it said stands above.\n"
            f"`.venv/bin/localorg --home {where} reset` forgets it, and the next start makes a new one."
        )
    status = _run([script("localorg"), "status", "--json"], environment, **_CAPTURED)
    if status.returncode:
        raise LocalStackError(f"the local org does not say how it is: {status.stderr.strip()}")
    return {org["name"]: org for org in json.loads(status.stdout)["orgs"]}


def write_stack_file(file: Path, org: Mapping[str, Any], auth_url: Path) -> None:
    """Write how to reach an org into its stack file, and its login beside it; what a user has in the file stays."""
    auth_url.touch(mode=0o600)
    auth_url.write_text(org["sfdxAuthUrl"] + "\n")
    suffix = "" if org["kind"] == "production" else f".{org['name']}"
    content = yaml.safe_load(file.read_text()) if file.exists() else None
    content = content or {}
    before = content.get("config") or {
        "salesforce:expectedKind": org["kind"],
        "orgkey:app": {"name": "CI_Integration", "label": "CI Integration", "contactEmail": "ops@acme.com"},
        "orgkey:users": [f"ci@acme.com{suffix}"],
    }
    config = {
        "salesforce:credentials": {"sfdxAuthUrlFile": str(auth_url.relative_to(PROJECT))},
        **before,
        "salesforce:instanceUrl": org["url"],
        "salesforce:caBundle": org["caBundle"],
    }
    if config != content.get("config"):
        file.write_text(yaml.safe_dump({**content, "config": config}, sort_keys=False))


def _outputs(environment: Mapping[str, str]) -> dict[str, Any]:
    shown = _run(["pulumi", "stack", "output", "--json", "--stack", "local"], environment, **_CAPTURED)
    if shown.returncode:
        raise LocalStackError(f"the stack has no outputs: {shown.stderr.strip()}\nRun `make up` first.")
    return dict(json.loads(shown.stdout))


def stacks(environment: Mapping[str, str]) -> set[str]:
    """Names of the stacks on the local backend."""
    listed = _run(["pulumi", "stack", "ls", "--json"], environment, **_CAPTURED)
    if listed.returncode:
        raise LocalStackError(f"the stacks cannot be listed: {listed.stderr.strip()}")
    return {str(row["name"]).rpartition("/")[2] for row in json.loads(listed.stdout)}


def pulumi(arguments: Sequence[str], environment: Mapping[str, str], *, quiet: bool = False) -> int:
    """Run `pulumi` in the project; returns its exit code. Quiet: what it prints shows only where it fails."""
    run = _run(["pulumi", *arguments], environment, seconds=_LONGEST, **(_CAPTURED if quiet else {}))
    if quiet and run.returncode:
        print(run.stdout + run.stderr, file=sys.stderr)
    return run.returncode


def local_org(verb: str, environment: Mapping[str, str]) -> int:
    """Run a verb of the local org's command; returns its exit code."""
    return _run([script("localorg"), verb], environment).returncode


def _run(
    command: Sequence[str], environment: Mapping[str, str], *, seconds: float = _ASKING, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command in the project. Raises LocalStackError when it takes longer than `seconds`."""
    try:
        return subprocess.run(
            command, env=dict(environment), cwd=PROJECT, check=False, text=True, timeout=seconds, **options
        )
    except subprocess.TimeoutExpired:
        said = " ".join([Path(command[0]).name, *command[1:]])
        raise LocalStackError(
            f"`{said}` has not ended within {seconds:g} s and was given up; try it by hand."
        ) from None


def script(name: str) -> str:
    """Path of a command that the project's own environment has."""
    return str(PROJECT / ".venv" / "bin" / name)


if __name__ == "__main__":
    sys.exit(main())
