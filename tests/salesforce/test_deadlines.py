"""Every request ends within the time of its verb, and at once on a cancel, however slowly a byte after the other comes."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from orgkey.model.connection import parse_connection
from orgkey.salesforce import oauth, records
from orgkey.salesforce.clock import Clock, Countdown
from orgkey.salesforce.deploy_job import DeployJob, deploy
from orgkey.salesforce.errors import CanceledError, DeadlineExceededError, SalesforceError
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.read import Snapshot
from orgkey.salesforce.shared import Shared
from orgkey.salesforce.soap import read_metadata
from orgkey.salesforce.transport import Transport
from tests.salesforce.stub import Says, serving
from tests.salesforce.test_deploy_job import bundle
from tests.waiting import CUT, requests_ended, until

pytestmark = pytest.mark.filterwarnings(CUT)


@pytest.fixture(autouse=True)
def _no_request_outlives_its_test() -> Iterator[None]:
    yield
    requests_ended()


SECONDS = 0.3
SLACK = 2.0
WHERE = ["TLS", "headers", "body", "chunks"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass
class Dripping:
    """A TLS server that says one byte after the other, for ever, from some point on."""

    where: str
    certificate: trustme.LeafCert
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certificate.configure_cert(self._context)
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                taken, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError), taken:
            if self.where == "proxy":
                taken.recv(65536)
                return self._drip(taken, b"HTTP/1.1 200 Connection established\r\nX-Slow: ")
            if self.where == "TLS":
                taken.recv(65536)
                return self._drip(taken, b"\x16\x03\x03\x40\x00")  # a handshake record of 16 KB
            with self._context.wrap_socket(taken, server_side=True) as wire:
                wire.recv(65536)
                if self.where == "headers":
                    self._drip(wire, HEAD + b"X-Slow: ")
                if self.where == "chunks":
                    self._drip(wire, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")
                self._drip(wire, HEAD + b"Content-Length: 100000\r\n\r\n", b" ")
        return None

    def _drip(self, wire: socket.socket, first: bytes, then: bytes = b"x") -> None:
        wire.sendall(first)
        while not self.stopped.wait(0.02):
            wire.sendall(then)


Drip = Callable[[str], Dripping]


@pytest.fixture
def ca(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


@pytest.fixture
def drip(ca: trustme.CA) -> Iterator[Drip]:
    started: list[Dripping] = []

    def start(where: str) -> Dripping:
        started.append(Dripping(where, ca.issue_cert("localhost")))
        return started[-1]

    yield start
    for each in started:
        each.stopped.set()
        each.listener.close()


@pytest.fixture
def slow(drip: Drip, tmp_path: Path) -> Callable[[str, Clock], Client]:
    """Our client for a server that drips."""

    def start(where: str, clock: Clock) -> Client:
        url = f"https://localhost:{drip(where).port}"
        settings = {"instanceUrl": url, "caBundle": str(tmp_path / "ca.pem"), "credentials": '{"accessTokenEnv": "T"}'}
        connection, problems = parse_connection(settings)
        assert connection is not None, problems
        return Client(connection, environment={"T": "x"}, clock=clock)

    return start


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


@pytest.mark.parametrize("where", WHERE)
def test_a_server_that_drips_holds_no_request_longer_than_the_verb_may_take(
    drip: Drip, tmp_path: Path, where: str
) -> None:
    transport = Transport(ca_bundle=str(tmp_path / "ca.pem"), clock=Countdown(seconds=SECONDS))
    with within(SECONDS + SLACK), pytest.raises(DeadlineExceededError, match="orgkey:timeouts"):
        transport.request("POST", f"https://localhost:{drip(where).port}/", data=b"x")


def test_a_proxy_that_drips_holds_no_request_either(
    drip: Drip, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{drip('proxy').port}")
    transport = Transport(ca_bundle=str(tmp_path / "ca.pem"), clock=Countdown(seconds=SECONDS))
    with within(SECONDS + SLACK), pytest.raises(DeadlineExceededError):
        transport.request("GET", "https://org.example/")


@pytest.mark.parametrize("where", [*WHERE, "proxy"])
def test_a_cancel_is_heard_at_once_whatever_drips(
    drip: Drip, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    dripping = drip(where)
    if where == "proxy":
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{dripping.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
    transport = Transport(ca_bundle=str(tmp_path / "ca.pem"))
    threading.Timer(0.1, transport.abort).start()
    with within(0.1 + SLACK), pytest.raises(CanceledError):
        transport.request("GET", f"https://{'org.example' if where == 'proxy' else 'localhost'}:{dripping.port}/")


ENDPOINTS: dict[str, Callable[[Client], Any]] = {
    "SOQL": lambda client: client.query("SELECT Id FROM User"),
    "REST": lambda client: client.get("limits"),
    "a change": lambda client: records.insert(client, [{}]),
    "SOAP": lambda client: read_metadata(client, "PermissionSet", ["X"]),
    "a deploy": lambda client: deploy(client, bundle(), seconds=30),
    "its state": lambda client: list(DeployJob(client, "0Af").watch(deadline=client.clock.monotonic() + 30)),
    "a grant": lambda client: oauth.jwt_bearer(client.transport, client.url, "x.y.z"),
    "userinfo": lambda client: oauth.user_info(client.transport, client.url, "x"),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_ends_within_the_time(slow: Callable[[str, Clock], Client], endpoint: str) -> None:
    client = slow("body", Countdown(seconds=SECONDS))
    with within(SECONDS + SLACK), pytest.raises(SalesforceError):
        ENDPOINTS[endpoint](client)


def test_a_revocation_that_drips_is_left_in_time_and_is_no_error(slow: Callable[[str, Clock], Client]) -> None:
    client = slow("body", Countdown(seconds=SECONDS))
    with within(SECONDS + SLACK):
        oauth.revoke(client.transport, client.url, "x")


def test_a_second_page_that_drips_ends_within_the_time(tmp_path: Path) -> None:
    stopped = threading.Event()

    def respond(request: Any) -> Any:
        if "query/" in request.path:
            stopped.wait(5)
        status, kind, content = Says(rows={"FROM User": [{"Id": "1"}]})(request)
        answer = json.loads(content)
        for part in answer.get("compositeResponse", ()):
            part["body"]["nextRecordsUrl"] = "/services/data/v67.0/query/01g-2000"
        return status, kind, json.dumps(answer).encode()

    with serving(tmp_path, respond) as stub, within(SECONDS + SLACK):
        try:
            with pytest.raises(DeadlineExceededError):
                stub.client(Countdown(seconds=SECONDS)).query("SELECT Id FROM User")
        finally:
            stopped.set()


def test_a_word_after_a_cancel_is_given_two_seconds(slow: Callable[[str, Clock], Client]) -> None:
    client = slow("headers", Clock())
    client.log_in()
    client.clock.canceled.set()
    client.abort()
    with within(2 + SLACK):
        DeployJob(client, "0Af").cancel()


def test_nothing_is_sent_for_somebody_who_has_left(drip: Drip, tmp_path: Path) -> None:
    dripping = drip("TLS")
    transport = Transport(ca_bundle=str(tmp_path / "ca.pem"), clock=Countdown(seconds=0.1))
    with pytest.raises(DeadlineExceededError):
        transport.request("GET", f"https://localhost:{dripping.port}/")
    until(
        lambda: not any(thread.name == "request" for thread in threading.enumerate()), "no request is left", seconds=2
    )


def with_deadline(clock: Clock, seconds: float, call: Callable[[], Any]) -> Any:
    def run() -> Any:
        clock.set_deadline(clock.monotonic() + seconds)
        return call()

    return copy_context().run(run)


def in_a_thread(call: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=_quiet, args=(call,))
    thread.start()
    return thread


def _quiet(call: Callable[[], Any]) -> None:
    with contextlib.suppress(SalesforceError):
        call()


@pytest.mark.parametrize("ask", ["rows", "members", "tooling", "identity"])
def test_who_waits_for_anothers_question_waits_its_own_time_only(
    slow: Callable[[str, Clock], Client], ask: str
) -> None:
    clock = Clock()
    client = slow("body", clock)
    snapshot = Snapshot(client)
    calls: dict[str, Callable[[], Any]] = {
        "rows": lambda: snapshot.rows("SELECT Id FROM User"),
        "members": lambda: snapshot.members("PermissionSet", ["X"]),
        "tooling": lambda: snapshot.tooling("SELECT Id FROM ConnectedApplication"),
        "identity": client.identity,
    }
    leader = in_a_thread(lambda: with_deadline(clock, 1.0, calls[ask]))
    time.sleep(0.05)
    with within(SECONDS + SLACK), pytest.raises(DeadlineExceededError):
        with_deadline(clock, SECONDS, calls[ask])
    leader.join(timeout=5)


def test_who_waits_for_a_login_or_for_a_deploy_of_another_hears_a_cancel(
    slow: Callable[[str, Clock], Client],
) -> None:
    clock = Clock()
    client = slow("body", clock)
    with client.writing:
        threading.Timer(0.1, clock.canceled.set).start()
        with within(0.1 + SLACK), pytest.raises(CanceledError):
            deploy(client, bundle(), seconds=30)
    clock.canceled.clear()
    shared, entered, leave = Shared(clock, host="acme"), threading.Event(), threading.Event()

    def log_in() -> None:
        entered.set()
        leave.wait(5)

    leader = in_a_thread(lambda: shared.get("login", log_in))
    entered.wait(5)
    threading.Timer(0.1, clock.canceled.set).start()
    with within(0.1 + SLACK), pytest.raises(CanceledError):
        shared.get("login", log_in)
    leave.set()
    leader.join(timeout=5)


def test_who_has_more_time_than_the_one_who_asked_asks_itself() -> None:
    clock, entered = Clock(), threading.Event()
    shared, asked = Shared(clock, host="acme"), []

    def out_of_time() -> str:
        asked.append("first")
        entered.set()
        time.sleep(0.1)
        raise DeadlineExceededError("acme")

    def answers() -> str:
        asked.append("second")
        return "answer"

    leader = in_a_thread(lambda: shared.get("key", out_of_time))
    entered.wait(5)
    assert shared.get("key", answers) == "answer"
    assert asked == ["first", "second"]
    leader.join(timeout=5)
