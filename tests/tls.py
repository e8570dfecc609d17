"""TLS for servers of the tests, whose clients may leave at any moment."""

from __future__ import annotations

import socketserver
import ssl


class _Taken(ssl.SSLSocket):
    """Closes itself: CPython forgets one whose client is gone before TLS begins (`SSLSocket._create` raises without closing it)."""

    def __del__(self) -> None:
        self.close()


def secure(server: socketserver.TCPServer, context: ssl.SSLContext) -> None:
    """Serve TLS; each connection shakes hands in its own thread, so that a silent client holds up nobody."""
    context.sslsocket_class = _Taken
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
