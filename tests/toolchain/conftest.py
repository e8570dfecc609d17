import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toolchain.machine import ROOT, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder of a real engine; the first test run on a machine builds it."""
    found = subprocess.run(
        [sys.executable, "-m", "toolchain"], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(found.stdout.strip())
