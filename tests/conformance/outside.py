"""The network as the clients see it: an HTTPS proxy on loopback that leads to the local org and to nowhere else.

The Salesforce CLI tries the public login hosts when the org it was given refuses a login; no test may sign in there.
"""

from __future__ import annotations

import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.waiting import join


class _Tunnel(socketserver.StreamRequestHandler):
    """One CONNECT."""

    server: Fence

    def handle(self) -> None:
        method, _, rest = self.rfile.readline().decode("latin-1").partition(" ")
        target = rest.split(" ")[0]
        while self.rfile.readline().strip():
            pass
        host, _, port = target.rpartition(":")
        if method != "CONNECT" or host != "localhost":
            self.server.refused.append(host)
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        self.server.led.append(host)
        with socket.create_connection((host, int(port)), timeout=30) as beyond:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _carry(self.connection, beyond)


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until one side ends."""
    beyond = {one: other, other: one}
    while True:
        for ready in select.select(list(beyond), [], [])[0]:
            try:
                received = ready.recv(65536)
            except ConnectionError:
                return
            if not received:
                return
            beyond[ready].sendall(received)


class Fence(socketserver.ThreadingTCPServer):
    """The proxy. `refused` lists the hosts that were asked for in vain, `led` those that it led to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.refused: list[str] = []
        self.led: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def fenced() -> Iterator[Fence]:
    """Run the proxy."""
    with Fence() as fence:
        runner = threading.Thread(target=fence.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        runner.start()
        try:
            yield fence
        finally:
            fence.shutdown()
            join(runner)
