"""Finds the engine to use: the installed one, else the one in the per-user cache, which is made when it is missing.

The cache has a folder per pin, so clones share it and a changed pin never meets an old engine. A folder appears there by
one rename, whole or not at all, and one lock keeps two makers apart.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from toolchain.build import MODULE, Pin, build, read_pin
from toolchain.failure import OLDEST_PULUMI, OLDEST_PULUMI_NAME, ToolchainError
from toolchain.progress import Elapsed

_HOST: Final = "pulumi-language-python"
_UNFINISHED: Final = ".making-"
_ASKING: Final = 30  # seconds for a command that only says its version

_LAUNCHER: Final = """\
#!/bin/sh
# The Python language host of the project the engine works on, run by that project's own Python: $ORGKEY_PYTHON, else
# the nearest .venv at or above the working directory, which the engine sets to the program's folder, else $VIRTUAL_ENV.
python=$ORGKEY_PYTHON
folder=$PWD
while [ -z "$python" ] && [ -n "$folder" ]; do
    [ -x "$folder/.venv/bin/python" ] && python=$folder/.venv/bin/python
    folder=${folder%/*}
done
[ -z "$python" ] && [ -n "$VIRTUAL_ENV" ] && python=$VIRTUAL_ENV/bin/python
if [ -z "$python" ]; then
    echo "pulumi-language-python: no Python for $PWD: make a .venv there (make does), or set ORGKEY_PYTHON" >&2
    exit 1
fi
exec "$python" -P -u -m toolchain.language_host "$@"
"""


def find_engine(env: Mapping[str, str], *, to: TextIO) -> Path:
    """Give the folder that must come first on PATH. What people should know is written to ``to``.

    Raises ToolchainError, and OSError where the cache cannot be read or written.
    """
    if installed := _installed(env, to):
        return installed
    pin = read_pin()
    engines = _cache(env) / "engine"
    folder = engines / _key(pin)
    if _is_whole(folder):
        return folder
    engines.mkdir(parents=True, exist_ok=True)
    with _lock(engines / ".lock", to):
        if not _is_whole(folder):
            _make(folder, pin, env=env, to=to)
    return folder


def _installed(env: Mapping[str, str], to: TextIO) -> Path | None:
    """Give the folder of the pulumi on PATH; None when there is none, or one that is too old."""
    path = env.get("PATH", "")
    if (command := shutil.which("pulumi", path=path)) is None:
        return None
    version = _version_of(command, env)
    found = re.match(r"v?(\d+)\.(\d+)\.", version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_PULUMI:
        print(f"{command} is not used: {OLDEST_PULUMI_NAME} or newer is needed, it is {version or 'unknown'}.", file=to)
        return None
    if shutil.which(_HOST, path=path) is None and not (Path(command).resolve().parent / _HOST).exists():
        raise ToolchainError(
            f"{command} ({version}) has no Python language host: {_HOST} is neither on PATH nor beside it. "
            "Install all of Pulumi, or take that one off PATH: then make builds an engine with a host"
        )
    return Path(command).parent.absolute()


def _version_of(command: str, env: Mapping[str, str]) -> str:
    """Ask a pulumi for its version; empty when it has none to tell."""
    try:
        asked = subprocess.run(
            [command, "version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            env={**env, "PULUMI_SKIP_UPDATE_CHECK": "1"},
            timeout=_ASKING,
        )
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"{command} does not say its version within {_ASKING} s") from None
    return asked.stdout.strip()


def _cache(env: Mapping[str, str]) -> Path:
    """Give our cache folder: $ORGKEY_CACHE, else orgkey in the user's own ($XDG_CACHE_HOME, else ~/.cache)."""
    if ours := env.get("ORGKEY_CACHE"):
        return Path(ours).absolute()
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orgkey"


def _key(pin: Pin) -> str:
    """Name an engine by all that its folder is made of."""
    made_of = (MODULE / "go.sum").read_bytes(), pin.version.encode(), _LAUNCHER.encode()
    return hashlib.sha256(b"\0".join(made_of)).hexdigest()[:16]


def _is_whole(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("pulumi", _HOST))


@contextmanager
def _lock(file: Path, to: TextIO) -> Iterator[None]:
    """Hold the cache's lock, waiting aloud for who holds it. It goes with the process, however that ends."""
    with file.open("w") as held:
        if not _take(held):
            print("Another run on this machine is building the engine; waiting for it.", file=to, flush=True)
            elapsed = Elapsed("waiting for the other run", to)
            try:
                while not _take(held):
                    elapsed.show()
                    time.sleep(0.1)
            finally:
                elapsed.end()
        yield


def _take(held: TextIO) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(folder: Path, pin: Pin, *, env: Mapping[str, str], to: TextIO) -> None:
    """Build the engine in a scratch folder and move it into place; the caller holds the lock."""
    print(
        f"There is no Pulumi {OLDEST_PULUMI_NAME} or newer on PATH: building {pin.version} from its Go module.\n"
        f"That takes about 4 minutes and 3 GB of Go caches, once per machine. It is kept in {folder}.",
        file=to,
        flush=True,
    )
    for stale in folder.parent.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(stale, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        made = scratch / "engine"
        made.mkdir()
        build(made, scratch=scratch, pin=pin, env=env, to=to)
        version = _version_of(str(made / "pulumi"), {**env, "PULUMI_HOME": str(scratch)})
        if version != pin.version:
            raise ToolchainError(f"the engine that was built says that it is {version or 'nothing'}, not {pin.version}")
        launcher = made / _HOST
        launcher.write_text(_LAUNCHER)
        launcher.chmod(0o755)
        os.sync()  # a machine that loses power must not find the new name without its bytes
        shutil.rmtree(folder, ignore_errors=True)  # one that someone took a file from
        made.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
