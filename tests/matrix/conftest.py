"""Fixtures of the matrix: one provider in this process, one sandbox, and the table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkey.provider.server import serve
from tests.clocks import BriskClock
from tests.landscape import Landscape
from tests.matrix.engine import Engine
from tests.matrix.provider import Provider
from tests.matrix.real import PulumiStack
from tests.matrix.recording import Call, RecordingProvider
from tests.matrix.report import rows_of, table
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack
from tests.program.stack import AS_INSTALLED, Stack
from tests.waiting import stop


@pytest.fixture(scope="session")
def sandbox(landscape: Landscape, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The sandbox of all cases of this test process."""
    return Sandbox(landscape, tmp_path_factory.mktemp("matrix"))


def driven_by_the_small_engine(stack: str, sandbox: Sandbox) -> Iterator[ProtocolStack]:
    provider = Provider(stack, sandbox.environment)
    yield ProtocolStack(Engine(provider.start), provider, sandbox.caught)
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
    made = Stack(folder, engine, sandbox.environment, **AS_INSTALLED)  # its processes are killed
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
