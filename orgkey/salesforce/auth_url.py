"""Auth URLs (`force://<client id>:<client secret>:<refresh token>@<host>`), and the file that one is kept in.

An org that rotates refresh tokens answers each use with a new one and takes the old one never again. Whoever uses a file has it for itself
until the new token is on the disk, so that an `up` and a drift check at once cannot spend each other's token. The lock is the system's own
(flock): it ends with the process that holds it, which a lock of files does not, and needs no library.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from orgkey.salesforce.errors import CANCELED, CanceledError, CredentialsError
from orgkey.salesforce.places import contents, named

_SIGNS = r"[A-Za-z0-9._+/=-]"  # consumer keys and secrets are base64 in some orgs (platform notes 1.3)
_URL = re.compile(rf"force://(?P<id>{_SIGNS}+):(?P<secret>{_SIGNS}*):(?P<token>{_SIGNS}+)@(?P<host>[A-Za-z0-9:._-]+)")
_PATIENCE = 90.0  # seconds to wait for another process that logs in with the same file
_LISTEN = 0.05  # seconds between two tries


@dataclass(frozen=True, slots=True)
class AuthUrl:
    """The parts of an auth URL; `where` says in a message what it was read from, `text` and `span` where in it the token stands."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    host: str
    where: str
    text: str = field(repr=False)
    span: tuple[int, int]

    @classmethod
    def read(cls, text: str, where: str) -> Self:
        """Find the one auth URL in a text, which may be JSON of the Salesforce CLI; raises CredentialsError."""
        found = list(_URL.finditer(text))
        if len(found) != 1:
            holds = "more than one auth URL" if found else "no auth URL"
            raise CredentialsError(
                f"{where[0].upper()}{where[1:]} holds {holds} (force://<client id>:<client secret>:<refresh token>@<host>).\n"
                "Get one with `sf org auth show-sfdx-auth-url --target-org <alias> --json`: it is result.sfdxAuthUrl there.",
            )
        url = found[0]
        return cls(url["id"], url["secret"], url["token"], url["host"], where, text, url.span("token"))

    def rotated(self, refresh_token: str) -> str:
        """The text with another refresh token."""
        return self.text[: self.span[0]] + refresh_token + self.text[self.span[1] :]


class AuthUrlFile:
    """The file of an auth URL, held by one process and thread at a time; `aborted` ends the wait for it.

    `seconds_left` is how long whoever asks may still take.
    """

    def __init__(
        self, path: Path, aborted: threading.Event, seconds_left: Callable[[], float] = lambda: _PATIENCE
    ) -> None:
        self._path, self._aborted = path, aborted
        self._patience = min(_PATIENCE, seconds_left())
        self._file: int | None = None

    def __enter__(self) -> Self:
        until = time.monotonic() + self._patience
        while not self._hold():
            if self._aborted.wait(_LISTEN):
                raise CanceledError(CANCELED)
            if time.monotonic() > until:
                raise CredentialsError(
                    f"Another process has held {named(self._path)} for {self._patience:.0f} seconds.\nEnd it, or try again later."
                )
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read(self) -> AuthUrl:
        """The auth URL that the file holds now; raises CredentialsError."""
        where = f"the file {named(self._path)}"
        try:
            text = contents(self._path).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CredentialsError(
                f"{where.capitalize()} is no text.\nsalesforce:credentials.sfdxAuthUrlFile names it."
            ) from None
        return AuthUrl.read(text, where)

    def keep(self, url: AuthUrl, refresh_token: str) -> None:
        """Write a rotated refresh token: the old one is dead, and losing the new one would lock everybody out."""
        try:
            _write(Path(os.path.realpath(self._path)), url.rotated(refresh_token).encode())
        except OSError as error:
            raise CredentialsError(
                f"The org rotates refresh tokens, and {url.where} cannot be written: {error.strerror}. The old token is spent.\n"
                "Log in again (`sf org login web`), and put the auth URL where it can be written, or switch rotation off for that app."
            ) from None

    def _hold(self) -> bool:
        """Try to have the file for ourselves; a file that was replaced meanwhile is another one. Where nothing can be locked, go on."""
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe may have no writer
        except (OSError, ValueError):
            return True  # `read` says what is wrong with it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            return error.errno not in {errno.EWOULDBLOCK, errno.EACCES}
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(file), self._path.stat()):
                self._file = file
                return True
        os.close(file)
        return False


def _write(target: Path, data: bytes) -> None:
    """Replace a file's contents in one step, on the disk before this returns; mode and owner stay.

    Where it cannot be replaced (a single file mounted into a container, a folder that is not ours) it is written in place.
    """
    before = target.stat()
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
            _write_through(file.fileno(), data)
        os.replace(beside, target)  # noqa: PTH105 — beside the os functions
    except OSError:
        if beside:
            with contextlib.suppress(OSError):
                os.unlink(beside)  # noqa: PTH108
        in_place = os.open(target, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            _write_through(in_place, data)
        finally:
            os.close(in_place)
        return
    folder = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot, and the file itself is written
            os.fsync(folder)
    finally:
        os.close(folder)


def _write_through(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)
