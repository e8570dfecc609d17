from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.tools import ACTIONLINT, OutOfReachError, install
from tests.docs.pipelines import Checkout, GitHub, GitLab, Pipeline
from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """The linter of GitHub workflows."""
    try:
        return install(ACTIONLINT) / "actionlint"
    except OutOfReachError as error:
        pytest.skip(f"{ACTIONLINT.name} is not on this machine and {error}")


@pytest.fixture(scope="module")
def orgs(landscape: Landscape) -> dict[str, Org]:
    """Two clean sandboxes; the tests of a module share them, and put back what they change."""
    return {name: landscape.fresh(name) for name in ("dev", "uat")}


@pytest.fixture(scope="module")
def checkout(engine: Path, orgs: dict[str, Org], tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The project as a repository has it, with a stack deployed to each of the two."""
    folder = tmp_path_factory.mktemp("checkout")
    state = tmp_path_factory.mktemp("state")
    for name, org in orgs.items():
        backend = {"PULUMI_BACKEND_URL": f"file://{state}", "SFDX_AUTH_URL": org.auth_url}
        stack = Stack(folder, engine, environment=backend, name=name, has_passphrase=True)
        stack.configure(
            {
                "salesforce:instanceUrl": org.url,
                "salesforce:caBundle": org.ca_bundle,
                "salesforce:credentials": {"sfdxAuthUrlEnv": "SFDX_AUTH_URL"},
                "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
                "orgkey:users": [org.user("ci")],
                "orgkey:grant": {"propagationMinutes": 0},
            }
        )
        ok(stack.up())
    return Checkout(folder, engine, f"file://{state}", stack.environment["PULUMI_CONFIG_PASSPHRASE"], orgs)


@pytest.fixture(params=[GitHub, GitLab], ids=["github", "gitlab"])
def pipeline(request: pytest.FixtureRequest, checkout: Checkout, tmp_path: Path) -> Pipeline:
    """The documented pipeline of that service."""
    made: Callable[[Checkout, Path], Pipeline] = request.param
    return made(checkout, tmp_path)
