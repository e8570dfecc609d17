"""Runs a long step so that the person who waits sees that it is alive, and can stop it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from toolchain.failure import explain


class Elapsed:
    """Says how long a step has taken: one line rewritten each second on a terminal, else a line every 30 seconds."""

    def __init__(self, step: str, to: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._step, self._to, self._clock = step, to, clock
        self._live = to.isatty()
        self._every = 1.0 if self._live else 30.0
        self._start = self._last = clock()

    def show(self) -> None:
        """Write the line when it is due."""
        now = self._clock()
        if now - self._last < self._every:
            return
        self._last = now
        minutes, seconds = divmod(int(now - self._start), 60)
        before, after = ("\r\033[K", "") if self._live else ("", "\n")
        print(f"{before}{self._step}: {minutes}:{seconds:02d}", end=after, file=self._to, flush=True)

    def end(self) -> None:
        """Take the rewritten line away, so that what follows starts on an empty one."""
        if self._live:
            print("\r\033[K", end="", file=self._to, flush=True)


@contextmanager
def _signals_held() -> Iterator[set[int]]:
    """Hold an interruption back until we know the process that it must end, too; gives the signals that were held before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield set(before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_step(step: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, to: TextIO) -> None:
    """Run a command to its end. An interruption ends all of its processes, too.

    Raises ToolchainError when it fails, with the meaning of what it printed.
    """
    elapsed = Elapsed(step, to)
    with tempfile.TemporaryFile(mode="w+", errors="replace") as output:
        process = None
        try:
            with _signals_held() as before:
                process = subprocess.Popen(
                    command,
                    env=env,
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,  # a group of its own, so that the compilers below it can be ended with it
                    preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),  # noqa: PLW1509 - no threads here
                )
            while process.poll() is None:
                try:
                    process.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    elapsed.show()
        except BaseException:
            if process is not None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            raise
        finally:
            elapsed.end()
        if process.returncode != 0:
            output.seek(0)
            raise explain(step, output.read())
