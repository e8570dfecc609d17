"""A provider after the first one of an engine: this process asks the engine's fork server for one, and stands in for it (ADR 16).

The engine knows the process that it started, so that one stays: an end of it is an end of the process that serves, and the other way
round. Where no fork server answers, a provider starts by itself. Little is imported here: that is the point.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import struct
import sys
import zlib

from orgkey.version import VERSION

STREAMS = (0, 1, 2)
BEGUN = b"b"
"""What the process that serves says, once."""
LENGTH = struct.Struct("!I")
"""The number of bytes that follow, in front of `marshal`'s form of argv, folder and environment; the streams come with it (SCM_RIGHTS)."""
PATIENCE = 10.0
"""Seconds for a message, or for the imports of the first provider."""
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


def serve_elsewhere(address: str) -> int | None:
    """Have a process of the fork server serve for this one, until either of them ends or the parent does.

    Returns the exit code, or None where nobody has begun to serve: this process is to do so itself.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(address)
            if not is_ours(connection):
                return None
            told = marshal.dumps((sys.argv, os.getcwd(), dict(os.environb)))  # noqa: PTH109 — no import
            socket.send_fds(connection, [LENGTH.pack(len(told))], STREAMS)
            connection.sendall(told)
            if connection.recv(1) != BEGUN:
                return None
        except OSError:
            return None
        return _stand_in(connection)


def _stand_in(connection: socket.socket) -> int:
    asked: list[int] = []

    def end(number: int, _: object) -> None:
        asked.append(number)
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            return  # it has ended already

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    parent = os.getppid()
    connection.settimeout(_LOOK_FOR_PARENT)
    while os.getppid() == parent:
        try:
            connection.recv(1)  # nothing more is said: this is its end
        except TimeoutError:
            continue
        except OSError:
            pass
        return 0 if asked else 1
    return 0


def listen(address: str) -> socket.socket | None:
    """Take the place of an engine's fork server; None where it is taken. Who connects waits for the fork server to start."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(address)
        listener.listen(64)
    except OSError:
        listener.close()
        return None
    return listener


def is_ours(connection: socket.socket) -> bool:
    """Whether the other end is a process of the same user (SO_PEERCRED, unix(7))."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return bool(user == os.geteuid())
