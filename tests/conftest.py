"""What tests of several packages share: the real engine, and a landscape for each test process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.landscape import Landscape, Org

# How long an example takes says nothing on a machine that does other things too.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ROOT = Path(__file__).parents[1]
_RUNNING = pytest.StashKey[Landscape]()


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder of a real engine; the first test run on a machine builds it."""
    found = subprocess.run([sys.executable, "-m", "toolchain"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def landscape(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Landscape]:
    """One production org and two sandboxes for this test process."""
    running = Landscape(tmp_path_factory.mktemp("localorg"))
    running.start()
    request.config.stash[_RUNNING] = running
    yield running
    del request.config.stash[_RUNNING]
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def landscape_is_left_as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """No module meets another one's knobs, faults or clock, nor its apps and sets in production: a refreshed sandbox is a copy of that."""
    yield
    if running := request.config.stash.get(_RUNNING, None):
        running.restore()
        production = running.org("acme")
        external = production.query("SELECT DeveloperName FROM ExternalClientApplication")
        connected = production.query("SELECT DeveloperName FROM ConnectedApplication", tooling=True)
        sets = production.query("SELECT Name FROM PermissionSet WHERE IsOwnedByProfile = false AND IsCustom = true")
        left = [*(each["DeveloperName"] for each in (*external, *connected)), *(each["Name"] for each in sets)]
        assert left == [], f"{request.node.name} left in production: {', '.join(left)}"


@pytest.fixture
def org(landscape: Landscape) -> Org:
    """A clean sandbox."""
    return landscape.fresh("uat")
