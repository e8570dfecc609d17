"""A local org for these tests: one server for the session, started as people start it, over real HTTPS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.localorg.bundles import Keys
from tests.localorg.landscape_client import Landscape, OrgClient, start, stop


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
