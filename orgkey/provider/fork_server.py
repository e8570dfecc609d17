"""The fork server of an engine: each provider after the first one is a process of its own with the imports done (ADR 16).

The first provider that an engine starts leaves it behind before it starts a thread. Nothing of one provider reaches the next: the fork
server has never heard of an org. It speaks to processes of the same user alone, and ends with the engine's process (pidfd_open(2)).
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
from orgkey.provider.stand_in import BEGUN, LENGTH, STREAMS, is_ours

Run = Callable[[list[str], threading.Event], NoReturn]
"""Serve until the event is set; the arguments are those of the command line."""
_PATIENCE = 2.0  # seconds for a message: it is sent as soon as somebody has connected
_LARGEST = 64 * 1024 * 1024  # bytes; Linux starts no process with as much


def start(listener: socket.socket, engine: int, run: Run) -> None:
    """Fork the fork server off this process, which has imported what a provider needs and has no thread yet."""
    parse_connection({})  # builds the models of the settings, which every provider checks first
    with listener:
        try:
            watched = os.pidfd_open(engine)
        except OSError:
            return
        if os.getppid() == engine and os.fork() == 0:
            try:
                _leave_the_engine()
                _ForkServer(listener, watched, run).serve()
            finally:
                os._exit(1)  # never back into what this process was forked off
        os.close(watched)


def _leave_the_engine() -> None:
    """Hold none of the streams that the engine reads to their end, and not be in the process group that it kills."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in STREAMS:
        os.dup2(nothing, stream)
    os.close(nothing)


class _ForkServer:
    """Answers one process after the other until the engine's ends; `run` is called in processes that are forked for it."""

    def __init__(self, listener: socket.socket, engine: int, run: Run) -> None:
        self._listener = listener
        self._engine = engine
        self._run = run
        self._waiting = selectors.DefaultSelector()
        self._serving: dict[int, int] = {}
        """By a pidfd of the process that stands in: one of the process that serves."""

    def serve(self) -> None:
        gc.freeze()  # the pages of what is loaded stay shared
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that serve
        for each in (self._listener.fileno(), self._engine):
            self._waiting.register(each, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in self._waiting.select()}
            if self._engine in ready:
                for each in list(self._serving):
                    self._end(each)
                return
            for each in ready & self._serving.keys():
                self._end(each)
            if self._listener.fileno() in ready:
                with suppress(OSError):
                    connection, _ = self._listener.accept()
                    with connection:
                        self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        try:
            asked = _Plugin.received(connection) if is_ours(connection) else None
        except Exception:  # noqa: BLE001 — whatever one process says, the others go on
            return
        if asked is None:
            return
        try:
            if (pid := os.fork()) == 0:
                try:
                    self._leave()
                    asked.become()
                    self._run(sys.argv[1:], _end_of(connection))
                finally:
                    os._exit(1)  # who asked starts by itself
            self._note(asked, pid)
        finally:
            asked.close()

    def _note(self, asked: _Plugin, pid: int) -> None:
        """Kill the process that serves as soon as the one that stands in is gone, also where it hears of nothing any more."""
        serving = os.pidfd_open(pid)
        stands_in = os.dup(asked.stands_in)
        self._serving[stands_in] = serving
        self._waiting.register(stands_in, selectors.EVENT_READ)

    def _end(self, stands_in: int) -> None:
        serving = self._serving.pop(stands_in)
        self._waiting.unregister(stands_in)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(serving, signal.SIGKILL)
        os.close(serving)
        os.close(stands_in)

    def _leave(self) -> None:
        """Let go of everything that is the fork server's, in a process that was forked off it."""
        self._waiting.close()
        self._listener.close()
        for each in (self._engine, *self._serving.keys(), *self._serving.values()):
            os.close(each)


@dataclass(frozen=True)
class _Plugin:
    """What the engine gave a process that it started, and that process."""

    arguments: list[str]
    folder: str
    environment: dict[bytes, bytes]
    streams: list[int]
    stands_in: int

    @classmethod
    def received(cls, connection: socket.socket) -> _Plugin | None:
        """Read one; None where it is not whole."""
        head, given, _, _ = socket.recv_fds(connection, LENGTH.size, len(STREAMS) + 1)
        try:
            size = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
            if 0 < size <= _LARGEST and len(given) == len(STREAMS) + 1:
                with connection.makefile("rb") as file:
                    told = file.read(size)
                arguments, folder, environment = marshal.loads(told)  # noqa: S302 — from the same user and installation
                plugin = cls(arguments, folder, environment, given[:-1], given[-1])
                given = []
                return plugin
        finally:
            for each in given:
                os.close(each)
        return None

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
        for each in (*self.streams, self.stands_in):
            os.close(each)


def _end_of(connection: socket.socket) -> threading.Event:
    """Say that this process serves; the event is set as soon as the other end is gone. Raises OSError where it is gone already."""
    over = threading.Event()

    def wait() -> None:
        with suppress(OSError):
            connection.recv(1)
        over.set()

    connection.settimeout(None)
    connection.sendall(BEGUN)
    threading.Thread(target=wait, daemon=True).start()
    return over
