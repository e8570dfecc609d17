from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.app import ExternalApp, Key
from tests.conformance.outside import Fence, fenced
from tests.conformance.salesforce_cli import SalesforceCli
from tests.conformance.tools import AIOSFSTREAM, CLIENTS, CUMULUSCI, NODE, OutOfReachError, Tool, install
from tests.landscape import Landscape, Org


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/conformance" in str(item.path):
            item.add_marker(pytest.mark.conformance)


def _installed(tool: Tool) -> Path:
    try:
        return install(tool)
    except OutOfReachError as error:
        pytest.skip(f"{tool.name} is not on this machine and {error}")


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with Node and the clients that run on it."""
    return _installed(NODE)


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder with what the examples that run on Node need."""
    return _installed(CLIENTS)


@pytest.fixture(scope="session")
def aiosfstream() -> Path:
    """The venv with aiosfstream."""
    return _installed(AIOSFSTREAM)


@pytest.fixture(scope="session")
def cumulusci() -> Path:
    """The venv with CumulusCI."""
    return _installed(CUMULUSCI)


@pytest.fixture(scope="session")
def key() -> Key:
    """The key pair of the apps that these tests deploy."""
    return Key.generate()


@pytest.fixture(scope="session")
def fence() -> Iterator[Fence]:
    """The clients' way to the network: to the local org only."""
    with fenced() as made:
        yield made


@pytest.fixture
def knobs(landscape: Landscape) -> Iterator[Callable[..., Any]]:
    """Turn knobs of the local org; after the test they stand at their defaults."""
    yield lambda **values: landscape.admin("PATCH", "/knobs", **values)
    landscape.admin("DELETE", "/knobs")


@pytest.fixture(scope="class")
def shared_org(landscape: Landscape) -> Org:
    """A sandbox that was clean when the class began; its tests use names of their own."""
    return landscape.fresh("uat")


@pytest.fixture(scope="class")
def app(shared_org: Org, key: Key) -> ExternalApp:
    """An app in the shared sandbox; `ci` is pre-authorized."""
    made = ExternalApp(key)
    shared_org.deploy(made.source.files, made.source.members)
    shared_org.assign(made.set_name, shared_org.user("ci"))
    return made


@pytest.fixture(scope="class")
def sf(tmp_path_factory: pytest.TempPathFactory, node: Path, fence: Fence, shared_org: Org) -> SalesforceCli:
    """The Salesforce CLI in a project, logged in to the shared sandbox as its administrator."""
    made = SalesforceCli(tmp_path_factory.mktemp("project"), node, shared_org.ca_bundle, fence.url)
    made.log_in(shared_org)
    return made
