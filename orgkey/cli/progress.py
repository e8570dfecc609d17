"""Who is being looked at, live on a terminal; in a CI log nothing, because the report says it all."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orgkey.fleet.project import Stack


class Result(Protocol):
    """What is known of a stack in the end."""

    @property
    def verdict(self) -> str:
        """In words."""

    @property
    def seconds(self) -> float:
        """How long it took."""


@contextmanager
def telling(command: str) -> Iterator[Callable[[str], None]]:
    """Tell on a terminal what a command is looking at; in a CI log nothing."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    with Console(file=sys.stderr).status(command) as status:
        yield status.update


class Progress:
    """Shows one line per stack under way, and how many are done."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._under_way: dict[str, None] = {}
        self._lock = threading.Lock()
        # The stream is asked, not rich: FORCE_COLOR, which many a CI sets, makes it take any stream for a terminal.
        self._live = (
            Live(console=Console(file=sys.stderr), transient=True)
            if sys.stderr is not None and sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def watch(self, stack: Stack, report: Result | None) -> None:
        """Hear that the check of a stack begins, or its report."""
        with self._lock:
            if report is None:
                self._under_way[stack.name] = None
            else:
                self._under_way.pop(stack.name, None)
                self._done += 1
            if self._live is None:
                return
            if report is not None:
                self._live.console.print(Text(f"{stack.name}: {report.verdict} ({report.seconds:.1f} s)"))
            names = "\n".join(f"looking at {name} ..." for name in self._under_way)
            self._live.update(Text(f"{self._done} of {self._total} done\n{names}", style="dim"))
