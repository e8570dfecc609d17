"""A stdout whose reader has gone, as with `| head`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def leave_stdout() -> None:
    """Let nothing more be written to a stdout that nobody reads, at the end of the process either."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
