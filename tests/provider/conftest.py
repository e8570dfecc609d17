import http.server
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests
import trustme
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from orgkey.identity.key_pair import certify, generate_key
from orgkey.provider.engine import Engine
from orgkey.provider.server import serve
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.clock import Clock
from tests.landscape import Landscape, Org
from tests.provider.protocol import Client, open_secrets, secret
from tests.tls import secure
from tests.waiting import stop

SET, APP, HOLDERS, GRANT = "PermissionSet", "ExternalClientApp", "PermissionSetAssignments", "JwtGrant"
MANAGED_BY = "acme/t"

Made = tuple[str, dict[str, Any], dict[str, Any]]

NOWHERE = {"instanceUrl": "https://nowhere.my.salesforce.com", "credentials": '{"accessTokenEnv": "NO_TOKEN"}'}


class Listening(engine_pb2_grpc.EngineServicer):
    """An engine that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        self.heard.append(request.message)
        return empty_pb2.Empty()


@pytest.fixture
def listening() -> Iterator[tuple[str, Listening]]:
    """An engine that listens; its address."""
    server, engine = grpc.server(ThreadPoolExecutor(max_workers=1)), Listening()
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", engine
    stop(server)


class FixedClock(Clock):
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> float:
        return self.moment.timestamp()


Serve = Callable[[SalesforceProvider], Client]


@pytest.fixture
def serving() -> Iterator[Serve]:
    """Serve providers and give a client for each."""
    running = []

    def start(provider: SalesforceProvider) -> Client:
        server, port = serve(provider)
        client = Client(port)
        running.append((server, client))
        return client

    yield start
    for server, client in running:
        client.channel.close()
        stop(server)


@pytest.fixture
def offline_at() -> Iterator[Callable[[datetime], Client]]:
    """A provider at a moment, configured with an org that does not exist."""
    running = []

    def start(moment: datetime) -> Client:
        server, port = serve(SalesforceProvider(clock=FixedClock(moment), environment={}))
        client = Client(port)
        running.append((server, client))
        client.configure(NOWHERE)
        return client

    yield start
    for server, client in running:
        client.channel.close()
        stop(server)


@pytest.fixture
def offline(offline_at: Callable[[datetime], Client]) -> Client:
    """A provider that has no org to talk to."""
    return offline_at(datetime.now(UTC))


@pytest.fixture
def offline_told(listening: tuple[str, Listening]) -> Iterator[tuple[Client, list[str]]]:
    """A provider that has no org to talk to, and what it tells the engine."""
    address, heard = listening
    server, port = serve(SalesforceProvider(Engine(address), environment={}))
    client = Client(port)
    client.configure(NOWHERE)
    yield client, heard.heard
    client.channel.close()
    stop(server)


class MovedClock(Clock):
    """A clock that a test moves."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.fixture
def clock() -> MovedClock:
    """The provider's clock."""
    return MovedClock()


@pytest.fixture
def heard(listening: tuple[str, Listening]) -> list[str]:
    """What the provider told the engine."""
    return listening[1].heard


@pytest.fixture
def provider(org: Org, landscape: Landscape, clock: MovedClock, listening: tuple[str, Listening]) -> Iterator[Client]:
    """A provider that is configured with a clean sandbox."""
    tokens = {"ADMIN_TOKEN": org.access_token, "PRODUCTION_TOKEN": landscape.org("acme").access_token}
    server, port = serve(SalesforceProvider(Engine(listening[0]), clock=clock, environment=tokens))
    client = Client(port)
    client.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    yield client
    client.channel.close()
    stop(server)


def make(provider: Client, kind: str, news: dict[str, Any]) -> Made:
    inputs, problems = provider.check(kind, news)
    assert problems == []
    resource_id, outputs = provider.create(kind, inputs)
    return resource_id, inputs, outputs


def again(provider: Client, org: Org) -> Client:
    """The next command's provider, which has read nothing yet."""
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    return provider


@pytest.fixture(scope="session")
def given_pair() -> dict[str, Any]:
    """A key pair made elsewhere, as inputs of a KeyPair: what makes one for each test takes longer than most tests."""
    pair = certify(generate_key(2048), subject="CN=t", validity_days=365, now=datetime.now(UTC))
    return {"privateKeyPem": secret(pair.private_key_pem), "certificatePem": pair.certificate.pem}


@pytest.fixture
def key(provider: Client, given_pair: dict[str, Any]) -> dict[str, Any]:
    """Outputs of a KeyPair, for tests about what uses one: its certificate, its consumer key of this test's own."""
    return open_secrets(make(provider, "KeyPair", given_pair)[2])


@pytest.fixture
def permission_set(provider: Client) -> Made:
    return make(provider, SET, {"name": "Access", "label": "Access", "managedBy": MANAGED_BY})


@pytest.fixture
def holders(provider: Client, permission_set: Made, org: Org) -> Made:
    return make(provider, HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")]})


@pytest.fixture
def grouped(provider: Client, permission_set: Made, org: Org) -> Made:
    """`ci` and `deploy` hold the set and are in `Sales`, where `deploy` and somebody else had been before."""
    org.make_group("Sales", "deploy", "release")
    org.make_group("Service")
    users = [org.user("ci"), org.user("deploy")]
    return make(provider, HOLDERS, {"permissionSet": "Access", "users": users, "groups": ["sales"]})


@pytest.fixture
def app(provider: Client, holders: Made, key: dict[str, Any]) -> Made:
    return make(provider, APP, app_inputs(key))


def app_inputs(key: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": "App",
        "label": "App",
        "contactEmail": "ops@acme.com",
        "permissionSets": ["Access"],
        "certificatePem": key["certificatePem"],
        "consumerKey": key["consumerKey"],
        "managedBy": MANAGED_BY,
        **changes,
    }


def grant_inputs(key: dict[str, Any], org: Org, **changes: Any) -> dict[str, Any]:
    return {
        "consumerKey": key["consumerKey"],
        "username": org.user("ci"),
        "privateKeyPem": secret(key["privateKeyPem"]),
        "instanceUrl": org.url,
        "propagationMinutes": 0,
        **changes,
    }


@contextmanager
def _in_front(
    org: Org, folder: Path, asked: Callable[[bytes], bytes], answered: Callable[[bytes, bytes], bytes]
) -> Iterator[dict[str, str]]:
    """Settings of the clean sandbox by way of a server that changes what is `asked`, and what is `answered` to a request."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            answer = requests.request(
                self.command, org.url + self.path, headers=headers, data=asked(body), verify=org.ca_bundle, timeout=10
            )
            content = answered(body, answer.content)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 — the name that http.server calls

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    secure(server, context)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "instanceUrl": f"https://localhost:{server.server_address[1]}",
        "caBundle": str(folder / "ca.pem"),
        "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}',
    }
    server.shutdown()
    server.server_close()


@pytest.fixture
def blind(org: Org, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings of the clean sandbox for a login that may not see what a permission set gives access to."""
    with _in_front(
        org,
        tmp_path,
        lambda asked: asked.replace(b"FROM+SetupEntityAccess", b"FROM+NotForYourEyes"),
        lambda _, is_: is_,
    ) as settings:
        yield settings


@pytest.fixture
def without_metadata(org: Org, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings of the clean sandbox for a login to which the Metadata API shows nothing: each record is nil."""

    def answered(asked: bytes, answer: bytes) -> bytes:
        if b"readMetadata" not in asked:
            return answer
        nil = b'<records xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
        return re.sub(rb"<records\b.*?</records>", nil, answer, flags=re.DOTALL)

    with _in_front(org, tmp_path, lambda asked: asked, answered) as settings:
        yield settings
