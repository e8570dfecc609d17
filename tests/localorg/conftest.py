"""A local org for these tests: one server for the session, started as people start it, over real HTTPS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bundles import Keys
from landscape_client import Landscape, OrgClient


def start(home: Path, *options: str) -> Landscape:
    """Start a server of its own for a folder."""
    command = [sys.executable, "-m", "localorg.cli", "--home", str(home)]
    subprocess.run([*command, "start", *options], check=True, stdout=subprocess.DEVNULL)
    status = subprocess.run([*command, "status", "--json"], check=True, capture_output=True)
    return Landscape(json.loads(status.stdout), home)


def stop(home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "localorg.cli", "--home", str(home), "stop"], check=True, stdout=subprocess.DEVNULL
    )


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    home = tmp_path_factory.mktemp("localorg")
    made = start(home, "--sandboxes", "3")
    yield made
    made.close()
    stop(home)
    assert "Traceback" not in (home / "server.log").read_text()


@pytest.fixture
def landscape(running: Landscape) -> Iterator[Landscape]:
    """The session's landscape, with knobs, faults and clock as they were at the start."""
    yield running
    running.settle()


@pytest.fixture
def org(landscape: Landscape) -> OrgClient:
    """The uat sandbox, through its administrator."""
    return landscape.org("uat")


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys.generate()
