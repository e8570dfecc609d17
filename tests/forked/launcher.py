"""Has the command whose name this file has forked by the fork server, and is its process for whoever started this one.

It hands over the argv, the folder, the environment and the three streams; passes on SIGINT and SIGTERM; and ends as the command ends.
The command is killed when this process is. This process ends when who started it is gone. Nothing is imported that is not built in:
that is what makes it quick.
"""

import _signal
import _socket
import marshal
import posix
import sys

LOOK_FOR_PARENT = 0.5  # seconds
PARENT = posix.getppid()
passed_on: list[int] = []
"""The command's process, once it is known."""
waiting: list[int] = []
"""Signals that came before."""


def pass_on(number: int, _frame: object) -> None:
    waiting.append(number)
    for pid in passed_on:
        while waiting:
            posix.kill(pid, waiting.pop(0))


def ask(name: str, folder: str) -> _socket.socket:
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(f"{folder}/../{name}.socket")
    request = marshal.dumps((sys.argv, posix.getcwd(), dict(posix.environ)))
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
    server.sendmsg([len(request).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    server.settimeout(LOOK_FOR_PARENT)
    sent = 0
    while sent < len(request):
        sent += server.send(request[sent:])
    return server


def read(server: _socket.socket) -> int:
    """Read a number; ends this process when there is none to come, or nobody to tell it."""
    while True:
        try:
            said = server.recv(4)
        except TimeoutError:
            if posix.getppid() == PARENT:
                continue
            said = b""
        if len(said) != 4:
            posix._exit(1)
        return int.from_bytes(said, "big")


for each in (_signal.SIGINT, _signal.SIGTERM):
    _signal.signal(each, pass_on)
folder, _, name = sys.argv[0].rpartition("/")
server = ask(name, folder)
passed_on.append(read(server))
while waiting:
    posix.kill(passed_on[0], waiting.pop(0))
status = read(server)
if posix.WIFSIGNALED(status):
    number = posix.WTERMSIG(status)
    if number != _signal.SIGKILL:
        _signal.signal(number, _signal.SIG_DFL)
    posix.kill(posix.getpid(), number)
posix._exit(posix.WEXITSTATUS(status))
