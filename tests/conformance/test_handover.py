"""What `orgkey export` writes is what its targets take: the Salesforce CLI and CumulusCI log in with it as it is."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import dotenv
import pytest

from tests.conformance.cumulusci_project import CumulusCI
from tests.conformance.exported import export, stack_with_login
from tests.conformance.outside import Fence
from tests.conformance.salesforce_cli import SalesforceCli
from tests.landscape import Landscape, Org
from tests.program.stack import Stack


@pytest.fixture(scope="module")
def sandbox(landscape: Landscape) -> Org:
    """A sandbox that was clean when the module began."""
    return landscape.fresh("uat")


@pytest.fixture(scope="module")
def stack(engine: Path, sandbox: Org, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack whose login works, for who may read what CumulusCI reads."""
    return stack_with_login(engine, sandbox, sandbox.username, tmp_path_factory.mktemp("handover"))


def test_the_salesforce_cli_logs_in_by_the_command(
    stack: Stack, node: Path, fence: Fence, sandbox: Org, tmp_path: Path
) -> None:
    line = export(stack, "--format", f"sf={tmp_path / 'uat.key'}", "--prefix", "uat")
    cli = SalesforceCli(tmp_path / "project", node, sandbox.ca_bundle, fence.url)
    path = os.pathsep.join([str(cli.program("sf").parent), cli.environment["PATH"]])
    fence.refused.clear()
    login = subprocess.run(
        ["sh"],
        input=line,
        cwd=cli.folder,
        env={**cli.environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert login.returncode == 0, login.stdout + login.stderr
    assert cli("org", "display", "--target-org", "uat").result["username"] == sandbox.username
    assert fence.refused == []


def test_cumulusci_logs_in_with_the_variables(
    stack: Stack, cumulusci: Path, fence: Fence, sandbox: Org, tmp_path: Path
) -> None:
    variables = dotenv.dotenv_values(stream=io.StringIO(export(stack, "--format", "cumulusci", "--prefix", "uat")))
    project = CumulusCI(tmp_path, cumulusci, sandbox, fence.url)
    project.environment |= {name: value or "" for name, value in variables.items()}
    ended = project("org", "info", "uat", "--json")
    assert ended.code == 0, ended.text
    assert json.loads(ended.output)["username"] == sandbox.username
