"""The fork server of an engine: each provider after the first one is a process of its own with the imports done (ADR 16).

The first provider that an engine starts leaves it behind before it starts a thread. Nothing of one provider reaches the next: the fork
server has never heard of an org. It ends with the engine's process (pidfd_open(2)), and speaks to processes of the same user alone.
"""

from __future__ import annotations

import gc
import marshal
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from orgkey.model.connection import parse_connection
from orgkey.provider.stand_in import BEGUN, LENGTH, PATIENCE, STREAMS, is_ours

Run = Callable[[list[str], threading.Event], NoReturn]
"""Serve until the event is set; the arguments are those of the command line."""


def start(listener: socket.socket, run: Run) -> None:
    """Fork the fork server off this process, which has imported what a provider needs and has no thread yet."""
    parse_connection({})  # builds the models of the settings, which every provider checks first
    with listener:
        try:
            engine = os.pidfd_open(os.getppid())
        except OSError:
            return
        if os.fork() == 0:
            try:
                _leave_the_engine()
                _serve(listener, engine, run)
            finally:
                os._exit(1)  # never back into what this process was forked off
        os.close(engine)


def _leave_the_engine() -> None:
    """Hold none of the streams that the engine reads to their end, and not be in the process group that it kills."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in STREAMS:
        os.dup2(nothing, stream)
    os.close(nothing)


def _serve(listener: socket.socket, engine: int, run: Run) -> None:
    """Answer one after the other until the engine's process ends; `run` is called in processes that are forked for it."""
    gc.freeze()  # the pages of what is loaded stay shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that serve
    with selectors.DefaultSelector() as waiting:
        waiting.register(listener, selectors.EVENT_READ)
        waiting.register(engine, selectors.EVENT_READ)
        while engine not in {key.fd for key, _ in waiting.select()}:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(PATIENCE)
                plugin = _Plugin.received(connection) if is_ours(connection) else None
                if plugin is not None and os.fork() == 0:
                    waiting.close()
                    listener.close()
                    os.close(engine)
                    plugin.become()
                    run(sys.argv[1:], _end_of(connection))
                if plugin is not None:
                    plugin.close()


@dataclass(frozen=True)
class _Plugin:
    """What the engine gave a process that it started."""

    arguments: list[str]
    folder: str
    environment: dict[bytes, bytes]
    streams: list[int]

    @classmethod
    def received(cls, connection: socket.socket) -> _Plugin | None:
        """Read one; None where it is not whole."""
        head, streams, _, _ = socket.recv_fds(connection, LENGTH.size, len(STREAMS))
        size = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
        with connection.makefile("rb") as file:
            told = file.read(size)
        if not size or len(told) < size or len(streams) < len(STREAMS):
            for stream in streams:
                os.close(stream)
            return None
        arguments, folder, environment = marshal.loads(told)  # noqa: S302 — from a process of the same user and installation
        return cls(arguments, folder, environment, streams)

    def become(self) -> None:
        """Make this process what that one would be with the imports done."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a provider waits for the Salesforce CLI
        for given, stream in zip(self.streams, STREAMS, strict=True):
            os.dup2(given, stream)
        self.close()
        os.chdir(self.folder)
        sys.argv[:] = self.arguments
        os.environb.clear()
        os.environb.update(self.environment)

    def close(self) -> None:
        for stream in self.streams:
            os.close(stream)


def _end_of(connection: socket.socket) -> threading.Event:
    """Say that this process serves; the event is set as soon as the other end is gone."""
    over = threading.Event()

    def wait() -> None:
        with suppress(OSError):
            connection.recv(1)
        over.set()

    connection.settimeout(None)
    connection.sendall(BEGUN)
    threading.Thread(target=wait, daemon=True).start()
    return over
