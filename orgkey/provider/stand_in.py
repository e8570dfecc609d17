"""A provider after the first one of an engine: this process asks the engine's fork server for one, and stands in for it (ADR 16).

The engine knows the process that it started, so that one stays: an end of it is an end of the process that serves, and the other way
round. Where no fork server answers, a provider starts by itself. Little is imported here: that is the point.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import struct
import sys
import time
import zlib

from orgkey.version import VERSION

STREAMS = (0, 1, 2)
BEGUN = b"b"
"""What the process that serves says, once."""
LENGTH = struct.Struct("!I")
"""The number of bytes that follow, in front of `marshal`'s form of argv, folder and environment. With it come, as SCM_RIGHTS, the streams
and a pidfd of the process that stands in."""
_PATIENCE = 10.0  # seconds for the imports of the first provider
_TRIES, _MOMENT = 10, 0.01  # seconds between them
_CREDENTIALS = struct.Struct("3i")  # process, user, group
_LOOK_FOR_PARENT = 1.0  # seconds


def address_for(engine: int) -> str | None:
    """Where the fork server of an engine's process listens; None where there can be none (Linux has what it takes).

    An abstract socket (unix(7)): it is gone with its process. The name is that of one installation in one container, with what its
    interpreter and gRPC were told by the environment.
    """
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return None
    try:
        spaces = [os.readlink(f"/proc/self/ns/{name}") for name in ("pid", "mnt", "user")]  # noqa: PTH115 — no import
    except OSError:
        return None
    told = sorted(item for item in os.environ.items() if item[0].startswith(("PYTHON", "GRPC")))
    installed = zlib.crc32(repr((sys.executable, __file__, told)).encode(errors="surrogateescape"))
    return "\0" + "/".join(map(str, ("orgkey", VERSION, installed, *spaces, engine)))


def meet(address: str) -> tuple[socket.socket | None, socket.socket | None]:
    """A connection to the fork server of that address, or its listener where there is none yet; neither where this fails.

    Of processes that start at the same moment one listens and the others connect, and wait for it to have its imports.
    """
    for _ in range(_TRIES):
        connection = socket.socket(socket.AF_UNIX)
        if connection.fileno() in STREAMS:  # one of them was closed: it would be taken for this
            connection.close()
            return None, None
        try:
            connection.settimeout(_PATIENCE)
            connection.connect(address)
        except ConnectionRefusedError:
            connection.close()
        except OSError:
            connection.close()
            return None, None
        else:
            return connection, None
        if listener := _listen(address):
            return None, listener
        time.sleep(_MOMENT)  # another one has the address by now, and listens in a moment
    return None, None


def _listen(address: str) -> socket.socket | None:
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(address)
        listener.listen(64)
    except OSError:
        listener.close()
        return None
    return listener


def serve_elsewhere(connection: socket.socket, engine: int) -> int | None:
    """Have a process of the fork server serve for this one, until either of them ends or the engine's process does.

    Returns the exit code, or None where nobody has begun to serve: this process is to do so itself.
    """
    with connection:
        try:
            has_begun = is_ours(connection) and _ask(connection)
        except OSError:
            return None
        return _stand_in(connection, engine) if has_begun else None


def _ask(connection: socket.socket) -> bool:
    """Hand over what the engine gave this process; returns whether another one serves now."""
    told = marshal.dumps((sys.argv, os.getcwd(), dict(os.environb)))  # noqa: PTH109 — no import
    own = os.pidfd_open(os.getpid())
    try:
        socket.send_fds(connection, [LENGTH.pack(len(told))], [*STREAMS, own])
    finally:
        os.close(own)
    connection.sendall(told)
    try:
        return connection.recv(1) == BEGUN
    except TimeoutError:
        connection.shutdown(socket.SHUT_RD)  # from here on nobody can begin
        return connection.recv(1) == BEGUN


def _stand_in(connection: socket.socket, engine: int) -> int:
    asked: list[int] = []

    def end(number: int, _: object) -> None:
        asked.append(number)
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            return  # it has ended already

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    connection.settimeout(_LOOK_FOR_PARENT)
    while os.getppid() == engine:
        try:
            connection.recv(1)  # nothing more is said: this is its end
        except TimeoutError:
            continue
        except OSError:
            pass
        return 0 if asked else 1
    return 0


def is_unread(stream: int) -> bool:
    """Whether a stream leads to a process that is gone: a pipe that nobody holds the other end of (poll(2))."""
    if not hasattr(select, "poll"):
        return False
    asked = select.poll()
    asked.register(stream, 0)
    return any(event & select.POLLERR for _, event in asked.poll(0))


def is_ours(connection: socket.socket) -> bool:
    """Whether the other end is a process of the same user (SO_PEERCRED, unix(7))."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return bool(user == os.geteuid())
