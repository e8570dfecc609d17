"""A person at a terminal: a command in a pseudo-terminal, and keys that are typed as its questions come."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOWN, SPACE, ENTER, CLEAR, CTRL_C, CTRL_D = "\x1b[B", " ", "\r", "\x15", "\x03", "\x04"
_ASKS_FOR_THE_CURSOR = "\x1b[6n"


@dataclass(frozen=True)
class Session:
    """How a command ended, what it showed without the control sequences, and the questions that did not come."""

    code: int
    shown: str
    unasked: list[str]


def at_terminal(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    answers: Sequence[tuple[str, str]],
    *,
    seconds: float = 90,
) -> Session:
    """Run it, and type each answer once its question is there, in order."""
    terminal, theirs = pty.openpty()
    variables = {**environment, "TERM": "xterm", "COLUMNS": "200"}
    child = subprocess.Popen(
        command, cwd=cwd, env=variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown, read_to, left, until = "", 0, list(answers), time.monotonic() + seconds
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.05)[0]:
            if left and left[0][0] in shown[read_to:]:  # it is quiet: the question is whole
                read_to = len(shown)
                os.write(terminal, left.pop(0)[1].encode())
            continue
        try:
            data = os.read(terminal, 65536).decode(errors="replace")
        except OSError:  # its end, on Linux
            break
        if not data:
            break
        shown += data
        if _ASKS_FOR_THE_CURSOR in data:
            os.write(terminal, b"\x1b[1;1R")
    os.close(terminal)
    code = child.wait(10)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    return Session(code, plain, [question for question, _ in left])
