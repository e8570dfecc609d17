"""Fixtures of the matrix: one provider in this process, one sandbox, and the table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from orgkey.provider.server import serve
from orgkey.salesforce.clock import Clock
from tests.landscape import Landscape
from tests.matrix.engine import Engine
from tests.matrix.real import PulumiStack
from tests.matrix.recording import Call, RecordingProvider
from tests.matrix.report import rows_of, table
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack
from tests.program.stack import Stack
from tests.provider.protocol import Client
from tests.waiting import stop


class BriskClock(Clock):
    """Real time, with every wait cut short: what is waited for here is there already."""

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.02))


@pytest.fixture(scope="session")
def sandbox(landscape: Landscape, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The sandbox of all cases of this test process."""
    return Sandbox(landscape, tmp_path_factory.mktemp("matrix"))


@dataclass
class Provider:
    """A provider process of one stack, in this process; retries without pauses."""

    stack: str
    environment: Mapping[str, str]
    calls: list[Call] = field(default_factory=list)
    server: grpc.Server | None = None
    client: Client | None = None

    def start(self) -> Client:
        """Start it anew, with nothing in its memory."""
        self.stop()
        provider = RecordingProvider(self.calls, clock=BriskClock(), environment=self.environment)
        self.server, port = serve(provider)
        self.client = Client(port, self.stack)
        return self.client

    def stop(self) -> None:
        """End it."""
        if self.client is not None and self.server is not None:
            self.client.channel.close()
            stop(self.server)


def driven_by_the_small_engine(stack: str, sandbox: Sandbox) -> Iterator[ProtocolStack]:
    provider = Provider(stack, sandbox.environment)
    yield ProtocolStack(Engine(provider.start), provider.calls)
    provider.stop()


@pytest.fixture(scope="session")
def protocol_stack(sandbox: Sandbox) -> Iterator[ProtocolStack]:
    """A stack driven by the small engine, over gRPC to a provider in this process."""
    yield from driven_by_the_small_engine("t", sandbox)


@pytest.fixture(scope="session")
def stack_beside(sandbox: Sandbox) -> Iterator[ProtocolStack]:
    """Another stack of the project, driven likewise."""
    yield from driven_by_the_small_engine("beside", sandbox)


@pytest.fixture(scope="session")
def twin_stack(sandbox: Sandbox) -> Iterator[ProtocolStack]:
    """A third one, which takes things over."""
    yield from driven_by_the_small_engine("twin", sandbox)


@pytest.fixture(scope="session")
def pulumi_stack(engine: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> PulumiStack:
    """A stack driven by the real engine."""
    folder = tmp_path_factory.mktemp("stack") / "project"
    made = Stack(folder, engine, sandbox.environment)
    return PulumiStack(made, sandbox)


@pytest.fixture
def attached_calls(pulumi_stack: PulumiStack, sandbox: Sandbox) -> Iterator[list[Call]]:
    """What the real engine calls, while it is attached to a provider in this process."""
    calls: list[Call] = []
    server, port = serve(RecordingProvider(calls, clock=BriskClock(), environment=sandbox.environment))
    pulumi_stack.stack.environment["PULUMI_DEBUG_PROVIDERS"] = f"salesforce:{port}"
    yield calls
    del pulumi_stack.stack.environment["PULUMI_DEBUG_PROVIDERS"]
    stop(server)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of all cases that were run, whoever ran them."""
    reports = [
        report
        for name in ("passed", "failed")
        for report in terminalreporter.stats.get(name, ())
        if getattr(report, "when", "") == "call"
    ]
    rows = rows_of(reports)
    if rows:
        terminalreporter.section("crash matrix")
        for line in table(rows):
            terminalreporter.line(line)
