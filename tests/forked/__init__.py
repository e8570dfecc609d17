"""Commands of ours that begin with their imports done: each is forked from a process that has loaded what it imports.

A real `pulumi up` starts the language host and the provider twice each, and three quarters of their processor time are imports,
the same ones every time. `commands()` is a folder with the executables of the virtual environment, where those that tests start by
the hundred are launchers (`launcher.py`) of a fork server (`server.py`): a process per command, from its `main` on as it would be
otherwise, with the argv, environment, folder and streams of whoever started it.

Whoever asks about the processes themselves (their start, who kills them, what is left of them) takes `INSTALLED`.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from orgkey.cli.main import COMMANDS as SUBCOMMANDS

INSTALLED = Path(sys.prefix) / "bin"
"""The folder of the executables as pip made them."""

_LAUNCHER = Path(__file__).with_name("launcher.py")
_PATIENCE = 30.0  # seconds for the server to end


@dataclass(frozen=True)
class Command:
    """What a launcher stands for: an executable with some options, that is the `main` of a module."""

    executable: str
    module: str
    imports: tuple[str, ...]
    """What is loaded beside it before it is started."""
    options: tuple[str, ...] = ()


_ORG = (
    "cryptography.hazmat.primitives.serialization.pkcs12",
    "cryptography.x509",
    "jwt",
    "lxml.etree",
    "orgkey.identity.key_pair",
    "orgkey.identity.reading",
    "orgkey.salesforce.http_errors",
    "orgkey.salesforce.rest_client",
    "orgkey.salesforce.soap",
    "orgkey.salesforce.transport",
    "requests",
)
_OF_COMMANDS = tuple(f"orgkey.cli.{name}" for name in SUBCOMMANDS)
COMMANDS = {
    "pulumi-resource-salesforce": Command(str(INSTALLED / "pulumi-resource-salesforce"), "tests.forked.provider", _ORG),
    "orgkey": Command(
        str(INSTALLED / "orgkey"), "orgkey.cli.main", (*_ORG, *_OF_COMMANDS, "difflib", "jinja2", "markupsafe")
    ),
    "language-host": Command(
        sys.executable,
        "toolchain.language_host",
        ("orgkey.components.jwt_bearer_access", "orgkey.stack_file.arguments", "pulumi.automation._server"),
        options=("-P", "-u", "-m", "toolchain.language_host"),
    ),
}
"""By the name of the launcher. `language-host` is the Python that the engine's script starts its language host with (`$ORGKEY_PYTHON`)."""


@functools.cache
def commands() -> Path:
    """The folder with the launchers; the fork server is started when it is first asked for, and ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="forked-"))
    (folder / "bin").mkdir()
    for file in INSTALLED.iterdir():
        if file.name not in COMMANDS:
            (folder / "bin" / file.name).symlink_to(file)
    for name in COMMANDS:
        launcher = folder / "bin" / name
        launcher.write_text(f"#!{sys.executable} -IS\n{_LAUNCHER.read_text()}")
        launcher.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.forked.server", folder],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    assert server.stdout.readline() == b"ready\n"

    def end() -> None:
        server.communicate(timeout=_PATIENCE)
        shutil.rmtree(folder)

    atexit.register(end)
    return folder / "bin"
