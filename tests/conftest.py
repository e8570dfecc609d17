"""What tests of several packages share: the real engine, and a landscape for each test process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.landscape import Landscape, Org

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder of a real engine; the first test run on a machine builds it."""
    found = subprocess.run([sys.executable, "-m", "toolchain"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    """One production org and two sandboxes for this test process."""
    running = Landscape(tmp_path_factory.mktemp("localorg"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def org(landscape: Landscape) -> Org:
    """A clean sandbox."""
    return landscape.fresh("uat")
