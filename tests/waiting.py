"""Waits of tests, each with an end: what another thread or process never brings about fails the test that waits for it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

SECONDS = 30.0


def until(holds: Callable[[], object], what: str = "", *, seconds: float = SECONDS, every: float = 0.01) -> None:
    """Wait until something holds; `what` says what was waited for in vain."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain: {what}"
        time.sleep(every)


def throughout(holds: Callable[[], object], what: str, *, seconds: float, every: float = 0.05) -> None:
    """See that something holds all the time; `what` says what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert holds(), what
        time.sleep(every)


def join(thread: threading.Thread, *, seconds: float = SECONDS) -> None:
    """Wait for a thread's end."""
    thread.join(seconds)
    assert not thread.is_alive(), f"{thread.name} has not ended within {seconds:g} s"


def stop(server: grpc.Server, *, seconds: float = SECONDS) -> None:
    """Stop a gRPC server, with what it still answers."""
    assert server.stop(grace=None).wait(seconds), f"the server has not stopped within {seconds:g} s"


@contextmanager
def ending(process: subprocess.Popen[Any], *, seconds: float = SECONDS) -> Iterator[subprocess.Popen[Any]]:
    """A process that is killed where a test fails before its end: `with process` alone would wait for it without an end."""
    try:
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait(seconds)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


CUT = "ignore:unclosed <ssl.SSLSocket:ResourceWarning"
"""For tests that cut connections: CPython forgets the socket of one that is cut as TLS begins (`SSLSocket._create` raises, and
does not close it)."""


def requests_ended() -> None:
    """Wait for requests that were given up: their threads end by themselves, soon after whoever waited has left."""
    for thread in threading.enumerate():
        if thread.name == "request":
            join(thread)
