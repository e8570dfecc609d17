"""Finds the engine to use: the installed one, else the one in the per-user cache, else makes it there.

The cache holds one folder per content of go.sum, so clones share it and a changed pin never meets an old engine. A
folder appears there by one rename, whole or not at all; one lock keeps two makers apart.
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

from toolchain.build import MODULE, Elapsed, Pin, build, read_pin
from toolchain.failure import OLDEST_PULUMI, ToolchainError

_HOST: Final = "pulumi-language-python"
_UNFINISHED: Final = ".making-"

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


def find_engine(env: Mapping[str, str], *, to: TextIO, module: Path = MODULE) -> Path:
    """Give the folder that must come first on PATH. What people should know is written to ``to``.

    Raises ToolchainError.
    """
    if installed := _installed(env, to):
        return installed
    pin = read_pin(module)
    engines = _cache(env) / "engine"
    folder = engines / _key(pin, module)
    if _is_whole(folder):
        return folder
    engines.mkdir(parents=True, exist_ok=True)
    with _lock(engines / ".lock", to):
        if not _is_whole(folder):
            _make(folder, pin, to=to, module=module)
    return folder


def _installed(env: Mapping[str, str], to: TextIO) -> Path | None:
    """Give the folder of the pulumi on PATH when it is new enough; None when there is none to use."""
    path = env.get("PATH")
    if (command := shutil.which("pulumi", path=path)) is None:
        return None
    said = subprocess.run(
        [command, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={**env, "PULUMI_SKIP_UPDATE_CHECK": "1"},
    ).stdout.strip()
    found = re.match(r"v?(\d+)\.(\d+)\.", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_PULUMI:
        print(f"{command} is {said or 'of no known version'}: too old, so it is not used.", file=to)
        return None
    if shutil.which(_HOST, path=path) is None and not (Path(command).resolve().parent / _HOST).exists():
        raise ToolchainError(
            f"{command} ({said}) has no Python language host: {_HOST} is neither beside it nor on PATH. "
            "Take that pulumi off PATH, and make builds one that has"
        )
    return Path(command).parent


def _cache(env: Mapping[str, str]) -> Path:
    """Give this project's cache folder: $ORGKEY_CACHE, else orgkey in the user's cache folder."""
    if own := env.get("ORGKEY_CACHE"):
        return Path(own).absolute()
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orgkey"


def _key(pin: Pin, module: Path) -> str:
    """Name an engine by all that it is made of."""
    made_of = (module / "go.sum").read_bytes(), pin.version.encode(), _LAUNCHER.encode()
    return hashlib.sha256(b"\0".join(made_of)).hexdigest()[:16]


def _is_whole(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("pulumi", _HOST))


@contextmanager
def _lock(file: Path, to: TextIO, tick: float = 0.1) -> Iterator[None]:
    """Hold the one lock of the cache; it goes with the process, however that ends."""
    with file.open("w") as held:
        elapsed = None
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if elapsed is None:
                    print("Another run on this machine is making the engine: waiting for it.", file=to, flush=True)
                    elapsed = Elapsed("waiting", to)
                elapsed.show()
                time.sleep(tick)
        if elapsed is not None:
            elapsed.end()
        yield


def _make(folder: Path, pin: Pin, *, to: TextIO, module: Path) -> None:
    """Build the engine in a scratch folder and move it into place; runs under the lock."""
    print(
        f"Building Pulumi {pin.version} from its Go module, once per machine: about 4 minutes and 3 GB of Go caches.\n"
        f"(It is kept in {folder}. An installed Pulumi would be used instead.)",
        file=to,
        flush=True,
    )
    for stale in folder.parent.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(stale, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        made = scratch / "engine"
        made.mkdir()
        build(made, scratch, pin, to=to, module=module)
        launcher = made / _HOST
        launcher.write_text(_LAUNCHER)
        launcher.chmod(0o755)
        os.sync()  # a machine that loses power must not find the name without the bytes
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
