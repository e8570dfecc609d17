"""Ports on loopback: those of a new landscape are held from the choice to the first answer, so that no other landscape takes them."""

from __future__ import annotations

import socket
from contextlib import suppress
from random import SystemRandom

from localorg.errors import LandscapeError

RANGE = range(20_000, 32_000)
"""Below where Linux takes the ports of outgoing connections: none of those takes one while the server is stopped."""


class Ports:
    """Chooses ports, and gives the socket of a port that is to be served."""

    def __init__(self) -> None:
        self._held: dict[int, socket.socket] = {}

    def choose(self, count: int, base: int = 0) -> list[int]:
        """Return the ports from `base` on, or any free ones where it is 0. Raises LandscapeError when there are not enough."""
        if base:
            return list(range(base, base + count))
        found: list[int] = []
        for port in SystemRandom().sample(RANGE, len(RANGE)):
            if len(found) == count:
                break
            with suppress(OSError):
                self._held[port] = _bound(port)
                found.append(port)
        if len(found) < count:
            raise LandscapeError(f"no {count} ports are free from {RANGE.start} on")
        return found

    def open(self, port: int) -> socket.socket:
        """Return a bound socket, which the caller closes. Raises LandscapeError when another program has the port."""
        try:
            made = self._held.pop(port, None) or _bound(port, again=True)
        except OSError as error:
            raise LandscapeError(
                f"port {port} is taken by another program ({error.strerror}); stop it, or `localorg reset` for other ports"
            ) from None
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for the next start
        made.setblocking(False)  # noqa: FBT003 — the socket's own signature
        return made

    def close(self) -> None:
        """Let go of the ports that were chosen and never served."""
        while self._held:
            self._held.popitem()[1].close()


def _bound(port: int, *, again: bool = False) -> socket.socket:
    """Bind a port. `again`: also one that was served a moment ago; without it nobody else binds the port meanwhile."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio looks: no Nagle then
    try:
        if again:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made
