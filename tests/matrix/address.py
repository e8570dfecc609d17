"""Former and present addresses of an org: what a renamed My Domain looks like from outside.

An address is a port of its own from which bytes go to the org and back. One that is closed refuses connections, as a name that is
gone from the DNS does in effect.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

_CHUNK = 65536


@dataclass
class Address:
    """A port on loopback that leads to another one while it is open."""

    org_port: int
    port: int = 0
    _listening: socket.socket | None = None
    _connections: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def open(self) -> None:
        """Answer; on the same port as before."""
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listening.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections from now on, and end those that are open."""
        if self._listening is not None:
            for each in (self._listening, *self._connections):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            self._listening = None
            self._connections.clear()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self.org_port))
            except OSError:
                return
            self._connections += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
