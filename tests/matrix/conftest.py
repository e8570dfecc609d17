"""Fixtures of the matrix: one provider in this process, one sandbox, and the table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkey.provider.server import serve
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.clock import Clock
from tests.landscape import Landscape
from tests.matrix.engine import Engine
from tests.matrix.real import PulumiStack
from tests.matrix.report import rows_of, table
from tests.matrix.sandbox import TIMEOUT, Sandbox
from tests.matrix.stacks import ProtocolStack
from tests.program.stack import Stack
from tests.provider.protocol import Client


class BriskClock(Clock):
    """Real time, with every wait cut short: what is waited for here is there already."""

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.02))


@pytest.fixture(scope="session")
def sandbox(landscape: Landscape, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The sandbox of all cases of this test process."""
    return Sandbox(landscape, tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="session")
def protocol_stack() -> Iterator[ProtocolStack]:
    """A stack driven by the small engine, over gRPC to a provider in this process; retries without pauses."""
    server, port = serve(SalesforceProvider(clock=BriskClock(), environment={"ORGKEY_REQUEST_TIMEOUT": str(TIMEOUT)}))
    client = Client(port)
    yield ProtocolStack(Engine(client))
    client.channel.close()
    server.stop(grace=None).wait()


@pytest.fixture(scope="session")
def pulumi_stack(engine: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> PulumiStack:
    """A stack driven by the real engine."""
    folder = tmp_path_factory.mktemp("stack") / "project"
    made = Stack(folder, engine, {"ORGKEY_REQUEST_TIMEOUT": str(TIMEOUT)})
    return PulumiStack(made, sandbox)


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
