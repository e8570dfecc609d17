"""Where a private key may go: a pipe, a new file of mode 0600, and a terminal where somebody wants to see it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def file_problem(file: Path) -> str:
    """What stands against writing a key into a file, as far as can be seen beforehand, or an empty text."""
    try:
        found = file.stat() if file.exists() else file.lstat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{file} cannot be written: {error.strerror}."
    if stat.S_ISFIFO(found.st_mode):
        return ""
    return f"{file} is there already: a private key goes into a new file or a pipe. Name another file, or take that one away."


def stdout_problem(form: str, *, show_secrets: bool) -> str:
    """What stands against writing a key to stdout, or an empty text."""
    if sys.stdout is None:
        return ""  # which is told of every format
    if sys.stdout.isatty():
        shown = f"--format {form} would show the private key on this terminal"
        return "" if show_secrets else f"{shown}: give it a file (--format {form}=FILE), a pipe, or --show-secrets."
    if stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        return f"stdout is a file that others may read: let orgkey make it, by --format {form}=FILE."
    return ""


def write_key(file: Path, content: bytes) -> None:
    """Write a key into a new file that its owner alone may read, or into a pipe. Raises OSError; what was begun is taken away."""
    if file.exists() and stat.S_ISFIFO(file.stat().st_mode):
        with file.open("wb") as pipe:
            pipe.write(content)
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as new:
            os.fchmod(descriptor, 0o600)  # whatever the umask takes away
            new.write(content)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
