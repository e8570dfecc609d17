"""What is printed on a console, as plain text for files and tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

WIDTH = 100  # columns
T = TypeVar("T")


def printed(show: Callable[[T, Console], None], report: T) -> str:
    """What `show` prints of a report, without colours, no line with spaces at its end."""
    buffer = io.StringIO()
    show(report, Console(file=buffer, width=WIDTH, color_system=None, force_terminal=False))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"
