from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.landscape import Org
from tests.program.stack import Stack, ok

Config = dict[str, Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/program" in str(item.path):
            item.add_marker(pytest.mark.program)


@pytest.fixture
def config(org: Org, tmp_path: Path) -> Config:
    """A stack file for the clean sandbox: an External Client App and one user."""
    auth_url = tmp_path / "admin.sfdxurl"
    auth_url.write_text(org.auth_url)
    return {
        "salesforce:instanceUrl": org.url,
        "salesforce:caBundle": org.ca_bundle,
        "salesforce:credentials": {"sfdxAuthUrlFile": str(auth_url)},
        "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
        "orgkey:users": [org.user("ci")],
        "orgkey:grant": {"propagationMinutes": 0},
    }


@pytest.fixture
def stack_options() -> Mapping[str, Any]:
    """How the stack is made; modules about secrets and processes have it made AS_INSTALLED."""
    return {}


@pytest.fixture
def stack(engine: Path, tmp_path: Path, config: Config, stack_options: Mapping[str, Any]) -> Stack:
    """A stack with that file, nothing deployed yet."""
    made = Stack(tmp_path / "project", engine, **stack_options)
    made.configure(config)
    return made


@pytest.fixture
def deployed(stack: Stack) -> Stack:
    """The same stack after its first `up`."""
    result = stack.up()
    ok(result)
    return stack


@pytest.fixture
def connected(config: Config, landscape: Any) -> Callable[[], Config]:
    """The stack file for a Connected App, with their creation switched on."""

    def change() -> Config:
        landscape.admin("PATCH", "/knobs", connected_app_creation=True)
        config["orgkey:app"] = {**config["orgkey:app"], "kind": "connected"}
        return config

    return change
