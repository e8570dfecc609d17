from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from orgkey.model.connection import parse_connection
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.read import Snapshot
from tests.landscape import Org
from tests.tls import secure


@pytest.fixture
def clock() -> Clock:
    """What the client waits by; a module that tests waiting has one of its own."""
    return Clock()


@pytest.fixture
def client(org: Org, clock: Clock) -> Client:
    """Our client for a clean sandbox."""
    connection, problems = parse_connection(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    assert connection is not None, problems
    return Client(connection, environment={"ADMIN_TOKEN": org.access_token}, clock=clock)


@pytest.fixture
def snapshot(client: Client) -> Snapshot:
    return Snapshot(client)


Body = bytes | Callable[[bytes], bytes]


@dataclass(frozen=True)
class Host:
    """A TLS server that answers every request alike, and remembers what it was asked."""

    url: str
    ca_bundle: str
    headers: list[dict[str, str]]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[int, dict[str, str], Body], Host]]:
    """Start hosts that are no orgs: status, headers, and a body or what makes one of the request's own."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    servers = []

    def start(status: int, headers: dict[str, str], body: Body) -> Host:
        seen: list[dict[str, str]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(dict(self.headers))
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = body if isinstance(body, bytes) else body(asked)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_PATCH = do_GET  # noqa: N815 — the names that http.server calls

            def log_message(self, *_: object) -> None: ...

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(context)
        secure(server, context)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Host(f"https://localhost:{server.server_address[1]}", str(tmp_path / "ca.pem"), seen)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def client_of(host: Host, clock: Clock | None = None) -> Client:
    """Our client for such a host."""
    connection, problems = parse_connection(
        {"instanceUrl": host.url, "caBundle": host.ca_bundle, "credentials": '{"accessTokenEnv": "TOKEN"}'}
    )
    assert connection is not None, problems
    return Client(connection, environment={"TOKEN": "x"}, clock=clock)
