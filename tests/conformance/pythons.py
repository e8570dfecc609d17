"""Newer Pythons than the one that runs the tests, for the wheel: builds of python-build-standalone that a Go module carries.

No registry gives them under their own name; the Go module registry has github.com/kluctl/go-embed-python, which embeds them whole,
one release of it for each. go.sum pins their content. 3.12 is not among what the registry serves.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.conformance.tools import PINS, OutOfReachError, Tool, run_step, the_go

_MODULE = "github.com/kluctl/go-embed-python"
_FOLDER = 1 << 31  # Go's fs.ModeDir, as the module's list of files writes it


def _fill(folder: Path, version: str) -> None:
    """Unpack what the module carries for this machine, as its own code does: links, modes, and large files by gzip."""
    with tempfile.TemporaryDirectory() as scratch:
        go = the_go(Path(scratch))
        cache = {"GOMODCACHE": str(Path(scratch, "modules")), "GOFLAGS": "-mod=readonly -modcacherw", **go.env}
        pins = PINS / "python" / version
        run_step([go.command, "mod", "download", _MODULE], pins, cache)
        told = subprocess.run(
            [go.command, "mod", "download", "-json", _MODULE],
            cwd=pins,
            env={**os.environ, **cache},
            capture_output=True,
            check=True,
        )
        carried = Path(json.loads(told.stdout)["Dir"], "python/internal/data", _machine())
        if not carried.is_dir():
            raise OutOfReachError(f"{_MODULE} carries no Python for {_machine()}")
        for entry in json.loads((carried / "files.json").read_bytes())["files"]:
            _put(entry, carried, folder)


def _put(entry: dict[str, Any], carried: Path, folder: Path) -> None:
    file, target = carried / entry["name"], folder / entry["name"]
    if entry["perm"] & _FOLDER:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if "symlink" in entry:
        target.symlink_to(entry["symlink"])
        return
    packed = entry.get("compressed", False)
    target.write_bytes(gzip.decompress(Path(f"{file}.gz").read_bytes()) if packed else file.read_bytes())
    target.chmod(entry["perm"] & 0o777)


def _machine() -> str:
    """This machine in Go's words, as the module's folders are named."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}-{architecture}"


def _python(version: str) -> Tool:
    pins = (f"python/{version}/go.mod", f"python/{version}/go.sum")
    return Tool(f"python-{version}", pins, lambda folder: _fill(folder, version))


PYTHONS = {version: _python(version) for version in ("3.13", "3.14")}
