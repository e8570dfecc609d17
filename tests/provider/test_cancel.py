"""A Cancel is heard within two seconds, whatever the provider waits for; nothing that it started is left."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.protobuf import empty_pb2

from orgkey.provider.server import serve
from orgkey.provider.servicer import SalesforceProvider
from tests.conformance.outside import fenced
from tests.landscape import Landscape, Org
from tests.provider.conftest import SET, Made
from tests.provider.protocol import Client, VerbFailedError
from tests.waiting import CUT, requests_ended, stop, until

pytestmark = pytest.mark.filterwarnings(CUT)


@pytest.fixture(autouse=True)
def _no_request_outlives_its_test() -> Iterator[None]:
    yield
    requests_ended()


TOKEN = '{"accessTokenEnv": "ADMIN_TOKEN"}'
_NEVER_ENDING = """#!/bin/sh
sleep 60 &
echo "$$ $!" > '{pids}'
wait
"""


@dataclass
class Creating:
    """A provider that is in the middle of a Create."""

    provider: Client
    failed: list[VerbFailedError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._running = threading.Thread(target=self._create)
        self._running.start()

    def cancel(self) -> VerbFailedError:
        """Cancel it; gives the error that it ends with."""
        started = time.monotonic()
        self.provider.cancel()
        self._running.join(timeout=15)
        assert time.monotonic() - started < 2
        return self.failed[0]

    def _create(self) -> None:
        inputs, _ = self.provider.check("PermissionSet", {"name": "Slow", "label": "Slow", "managedBy": "acme/t"})
        try:
            self.provider.create("PermissionSet", inputs)
        except VerbFailedError as error:
            self.failed.append(error)


Create = Callable[..., Creating]


@pytest.fixture
def create(org: Org) -> Iterator[Create]:
    """Start to create something in an org, with given settings and environment."""
    served = []

    def start(environment: Mapping[str, str] = {}, **settings: str) -> Creating:
        server, port = serve(SalesforceProvider(environment={"ADMIN_TOKEN": org.access_token, **environment}))
        client = Client(port)
        served.append((server, client))
        client.configure({"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": TOKEN, **settings})
        return Creating(client)

    yield start
    for server, client in served:
        client.channel.close()
        stop(server)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A port on loopback that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def is_running(pid: str) -> bool:
    try:
        return (Path("/proc") / pid / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_cancel_ends_the_salesforce_cli_and_all_that_it_started(create: Create, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    (tmp_path / "sf").write_text(_NEVER_ENDING.format(pids=pids))
    (tmp_path / "sf").chmod(0o755)
    creating = create({"PATH": f"{tmp_path}:/usr/bin:/bin"}, credentials='{"sfAlias": "uat"}')
    until(lambda: pids.exists() and pids.read_text().endswith("\n"))
    assert "canceled" in creating.cancel().message
    until(lambda: not any(map(is_running, pids.read_text().split())))


def test_a_cancel_is_heard_behind_a_proxy_while_the_org_is_silent(
    create: Create, landscape: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    landscape.admin("POST", "/faults", operation="createMetadata", org="uat", faults=["stall-5"])
    with fenced() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        creating = create()
        until(lambda: any(fault["fired"] for fault in landscape.admin("GET", "/faults")["faults"]))
        failed = creating.cancel()
    assert "canceled" in failed.message
    assert failed.init_failed is not None


def test_a_cancel_is_heard_while_the_proxy_itself_is_silent(
    create: Create, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
    creating = create()
    with silent.accept()[0] as asked:
        assert asked.recv(7) == b"CONNECT"
        assert "canceled" in creating.cancel().message


def test_a_cancel_is_heard_while_an_org_does_not_shake_hands(create: Create, silent: socket.socket) -> None:
    creating = create(instanceUrl=f"https://localhost:{silent.getsockname()[1]}")
    with silent.accept()[0] as asked:
        assert asked.recv(1) == b"\x16"  # a TLS handshake
        assert "canceled" in creating.cancel().message


@pytest.mark.parametrize("silence", ["a deploy that takes long", "an org that does not answer"])
def test_a_cancel_stops_what_runs_within_two_seconds_and_does_not_stick(
    provider: Client, permission_set: Made, landscape: Landscape, org: Org, silence: str
) -> None:
    if silence == "a deploy that takes long":
        landscape.admin("PATCH", "/knobs", deploy_time=30)
        seen = "checkDeployStatus"
    else:
        landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["stall-5"])
        seen = ""
    resource_id, inputs, outputs = permission_set
    news = {**inputs, "label": "Other"}
    outcome: list[VerbFailedError] = []

    def update() -> None:
        try:
            provider.update(SET, resource_id, (inputs, outputs), news)
        except VerbFailedError as error:
            outcome.append(error)

    running = threading.Thread(target=update)
    running.start()
    until(
        lambda: (
            not running.is_alive()
            or seen in landscape.admin("GET", "/requests?org=uat")["counts"]
            or any(fault["fired"] for fault in landscape.admin("GET", "/faults")["faults"])
        ),
        "the org is asked",
    )
    time.sleep(0.1)
    started = time.monotonic()
    provider.stub.Cancel(empty_pb2.Empty())
    running.join(timeout=10)
    assert time.monotonic() - started < 2
    assert outcome[0].init_failed is not None
    assert "canceled" in outcome[0].message
    if silence == "a deploy that takes long":
        assert landscape.admin("GET", "/requests?org=uat")["counts"]["cancelDeploy"] == 1
    landscape.admin("PATCH", "/knobs", deploy_time=0)
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    assert provider.update(SET, resource_id, (inputs, outputs), news)["label"] == "Other"
