"""The log-in command of the old guides, which the newest Salesforce CLI still knows, word for word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.app import ExternalApp, Key
from tests.conformance.outside import Fence
from tests.conformance.salesforce_cli import SalesforceCli
from tests.landscape import Landscape, Org


@pytest.fixture(scope="module")
def production(landscape: Landscape) -> Org:
    return landscape.org("acme")


@pytest.fixture(scope="module")
def app(production: Org, key: Key) -> Iterator[ExternalApp]:
    """An app in production; `ci` is pre-authorized. Taken away afterwards: every sandbox that is refreshed is a copy of production."""
    made = ExternalApp(key)
    production.deploy(made.source.files, made.source.members)
    production.assign(made.set_name, production.user("ci"))
    yield made
    production.deploy({}, destroy={"ExternalClientApplication": [made.name], "PermissionSet": [made.set_name]})


@pytest.fixture
def sfdx(tmp_path: Path, node: Path, fence: Fence, production: Org) -> SalesforceCli:
    """A CLI that has never logged in."""
    return SalesforceCli(tmp_path / "project", node, production.ca_bundle, fence.url)


def test_auth_jwt_grant_logs_in_to_the_dev_hub(
    sfdx: SalesforceCli, production: Org, app: ExternalApp, key: Key, tmp_path: Path
) -> None:
    key_file = tmp_path / "server.key"
    key_file.write_text(key.private)
    told = sfdx(
        *("auth:jwt:grant", "--clientid", app.consumer_key, "--username", production.user("ci")),
        *("--jwtkeyfile", key_file, "--setdefaultdevhubusername", "--instanceurl", production.url),
        program="sfdx",
    ).result
    assert (told["username"], told["orgId"]) == (production.user("ci"), production.org_id)
    assert (told["instanceUrl"], told["isDevHub"], told["isSandbox"]) == (production.url, True, False)
    (hub,) = sfdx("config:get", "target-dev-hub", program="sfdx").result
    assert (hub["name"], hub["value"], hub["success"]) == ("target-dev-hub", production.user("ci"), True)
