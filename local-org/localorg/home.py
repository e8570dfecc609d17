"""The folder of one landscape: where its database, CA, log and the note of the running server are."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

DEFAULT_FOLDER = "orgkey-localorg"
LOCK_TRIES, LOCK_EVERY = 20, 0.02


@dataclass(frozen=True)
class Home:
    """One landscape's folder. Two landscapes with different folders know nothing of each other."""

    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "state.sqlite"

    @property
    def ca_bundle(self) -> Path:
        """The CA certificate that clients trust."""
        return self.folder / "ca.pem"

    @property
    def server_key(self) -> Path:
        """Key and certificate chain of the server."""
        return self.folder / "server.pem"

    @property
    def log(self) -> Path:
        """What a server in the background writes."""
        return self.folder / "server.log"

    @property
    def note(self) -> Path:
        """What the running server says of itself."""
        return self.folder / "running.json"

    def create(self) -> None:
        """Make the folder, for this user only."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def lock(self) -> IO[str] | None:
        """Take the folder for a server; None when another server has it. The lock ends with the process.

        Somebody who only looks holds a shared lock for a moment, so this tries for a while.
        """
        self.create()
        handle = self._lock_file.open("a+")
        for _ in range(LOCK_TRIES):
            if _flock(handle, fcntl.LOCK_EX):
                return handle
            time.sleep(LOCK_EVERY)
        handle.close()
        return None

    def is_running(self) -> bool:
        """Tell whether a server has the folder."""
        if not self._lock_file.exists():
            return False
        with self._lock_file.open("a+") as handle:
            return not _flock(handle, fcntl.LOCK_SH)

    @property
    def _lock_file(self) -> Path:
        return self.folder / "lock"

    def write_note(self, note: dict[str, Any]) -> None:
        """Replace the running server's note in one step."""
        fresh = self.note.with_suffix(".new")
        fresh.write_text(json.dumps(note, indent=2))
        fresh.replace(self.note)

    def read_note(self) -> dict[str, Any] | None:
        """Return the running server's note, or None when no server runs or it is not ready yet."""
        if not self.is_running():
            return None
        with suppress(OSError, ValueError):
            note: dict[str, Any] = json.loads(self.note.read_text())
            return note
        return None

    def clear(self) -> None:
        """Delete everything in the folder: the next start makes a new landscape."""
        for path in sorted(self.folder.glob("*")):
            if path.is_file() and path != self._lock_file:
                path.unlink()


def _flock(handle: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def find_home(given: str | None) -> Home:
    """Return the folder given, or LOCALORG_HOME, or the user's state folder."""
    if given or (given := os.environ.get("LOCALORG_HOME")):
        return Home(Path(given).expanduser().resolve())
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Home(Path(state).expanduser() / DEFAULT_FOLDER)
