"""The fork server: a process per command, which imports what the command needs when it is first asked for, and forks from then on."""

from __future__ import annotations

import gc
import importlib
import marshal
import os
import selectors
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from tests.forked import COMMANDS, Command

_EVENTS = selectors.EVENT_READ


def main() -> None:
    """Serve all commands until standard input ends, with whoever started this."""
    folder = Path(sys.argv[1])
    for name, command in COMMANDS.items():
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(folder / f"{name}.socket"))
        listener.listen(64)
        if os.fork() == 0:
            os.dup2(2, 1)  # who reads our standard output waits for its end
            os.setpgid(0, 0)  # a Ctrl-C in the terminal is for who runs the tests
            ForkServer(command, listener).run()
        listener.close()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while os.read(0, 1024):
        pass


class ForkServer:
    """Forks a process of a command for each connection; tells the launcher its pid, and at its end its status."""

    def __init__(self, command: Command, listener: socket.socket) -> None:
        self._command, self._listener = command, listener
        self._is_loaded = False
        self._launchers: dict[int, socket.socket] = {}
        self._ended, self._wakeup = socket.socketpair()
        for end in (self._ended, self._wakeup):
            end.setblocking(False)  # noqa: FBT003 — the name says it
        signal.set_wakeup_fd(self._wakeup.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._watched = selectors.DefaultSelector()
        self._watched.register(listener, _EVENTS, self._fork)
        self._watched.register(self._ended, _EVENTS, lambda: self._ended.recv(4096))
        self._watched.register(0, _EVENTS, lambda: os._exit(0))

    def run(self) -> NoReturn:
        """Serve until standard input ends."""
        while True:
            for key, _ in self._watched.select():
                if isinstance(key.data, int):  # a launcher is gone
                    self._watched.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)
                else:
                    key.data()
            self._tell_who_ended()

    def _fork(self) -> None:
        launcher, _ = self._listener.accept()
        request = _receive(launcher)
        if not self._is_loaded:
            _load(self._command)
            self._is_loaded = True
        if (pid := os.fork()) == 0:
            for each in (self._listener, self._ended, self._wakeup, self._watched, launcher, *self._launchers.values()):
                each.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            request.become(self._command)
        for stream in request.streams:
            os.close(stream)
        self._launchers[pid] = launcher
        self._watched.register(launcher, _EVENTS, pid)
        launcher.sendall(pid.to_bytes(4, "big"))

    def _tell_who_ended(self) -> None:
        while self._launchers and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with self._launchers.pop(ended[0]) as launcher:
                if launcher in self._watched.get_map():
                    self._watched.unregister(launcher)
                    launcher.sendall(ended[1].to_bytes(4, "big"))


@dataclass(frozen=True)
class Request:
    """What a launcher hands over: how its command is to be run."""

    argv: list[str]
    folder: str
    environment: Mapping[bytes, bytes]
    streams: list[int]

    def become(self, command: Command) -> NoReturn:
        """Be the command, as it would be had it been executed where the launcher was."""
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)
            os.close(stream)
        os.setpgid(0, 0)
        os.chdir(self.folder)
        is_alike = _of_interpreters(os.environb) == _of_interpreters(self.environment)
        os.environb.clear()
        os.environb.update(self.environment)
        count = len(command.options) + 1
        if not is_alike or self.argv[1:count] != [*command.options]:
            os.execv(command.executable, [command.executable, *self.argv[1:]])
        sys.argv = [command.executable, *self.argv[count:]]
        _open_streams(is_unbuffered="-u" in command.options or bool(os.environ.get("PYTHONUNBUFFERED")))
        sys.exit(importlib.import_module(command.module).main())


def _receive(launcher: socket.socket) -> Request:
    """Read the whole request: whatever comes afterwards is the launcher's end."""
    length, streams, *_ = socket.recv_fds(launcher, 4, 3)
    with launcher.makefile("rb") as file:
        argv, folder, environment = marshal.loads(file.read(int.from_bytes(length, "big")))
    return Request(argv, folder, environment, streams)


def _load(command: Command) -> None:
    for name in (*command.imports, command.module):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the pages of what is loaded stay shared


def _of_interpreters(environment: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """The variables that an interpreter reads as it starts."""
    return {name: value for name, value in environment.items() if name.startswith((b"PYTHON", b"LANG", b"LC_"))}


def _open_streams(*, is_unbuffered: bool) -> None:
    """Open the standard streams as an interpreter does that starts."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        before = getattr(sys, name)
        binary = open(number, "wb", 0 if is_unbuffered else -1, closefd=False)  # noqa: SIM115 — open as long as we are
        stream = TextIOWrapper(
            binary,
            encoding=before.encoding,
            errors=before.errors,
            line_buffering=name == "stderr" or binary.isatty(),
            write_through=is_unbuffered,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    main()
