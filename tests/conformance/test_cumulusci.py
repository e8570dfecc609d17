"""CumulusCI against the local org: by the JWT login of its CI mode, so `exp` is the very second of signing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.app import ExternalApp, Key, permission_set, unique
from tests.conformance.cumulusci_project import CumulusCI
from tests.conformance.outside import Fence
from tests.landscape import Landscape, Org


@pytest.fixture(scope="module")
def sandbox(landscape: Landscape) -> Org:
    """A sandbox that was clean when the module began."""
    return landscape.fresh("uat")


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, cumulusci: Path, fence: Fence, sandbox: Org, key: Key
) -> CumulusCI:
    """A project of CumulusCI whose org is the sandbox; it logs in as the administrator, who is pre-authorized."""
    app = ExternalApp(key)
    sandbox.deploy(app.source.files, app.source.members)
    sandbox.assign(app.set_name, sandbox.username)
    made = CumulusCI(tmp_path_factory.mktemp("project"), cumulusci, sandbox, fence.url)
    made.log_in_with(app, key, sandbox.username)
    return made


def test_org_info(project: CumulusCI, sandbox: Org) -> None:
    ended = project("org", "info", "uat", "--json")
    assert ended.code == 0, ended.text
    told = json.loads(ended.output)
    assert (told["instance_url"], told["username"]) == (sandbox.url, sandbox.username)
    assert (told["is_sandbox"], told["org_type"], told["namespace"]) == (True, "Enterprise Edition", None)
    assert told["userinfo"]["organization_id"] == sandbox.org_id


@pytest.mark.parametrize("rest", ["false", "true"])
def test_a_deploy(project: CumulusCI, sandbox: Org, tmp_path: Path, rest: str) -> None:
    name = unique("Set")
    folder = permission_set(name).write_package(tmp_path / "package")
    ended = project("task", "run", "deploy", "--org", "uat", "--path", folder, "--rest-deploy", rest)
    assert ended.code == 0, ended.text
    assert "Succeeded" in ended.text
    assert len(sandbox.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")) == 1


def test_a_deploy_that_fails(project: CumulusCI, tmp_path: Path) -> None:
    name = unique("Set")
    folder = permission_set(name, label="x" * 81).write_package(tmp_path / "package")
    ended = project("task", "run", "deploy", "--org", "uat", "--path", folder)
    assert ended.code == 1
    assert f"Update of PermissionSet {name}" in ended.text


def test_permission_sets_are_assigned_once(project: CumulusCI, sandbox: Org) -> None:
    name = unique("Set")
    source = permission_set(name)
    sandbox.deploy(source.files, source.members)
    task = ("task", "run", "assign_permission_sets", "--org", "uat", "--api-names", name)
    first, again = (project(*task, "--user-alias", "ci,release") for _ in range(2))
    assert (first.code, again.code) == (0, 0), first.text + again.text
    assert sandbox.holders(name) == [sandbox.user("ci"), sandbox.user("release")]


def test_a_retrieve_of_a_manifest(project: CumulusCI, sandbox: Org, tmp_path: Path) -> None:
    name = unique("Set")
    source = permission_set(name)
    sandbox.deploy(source.files, source.members)
    manifest = tmp_path / "package.xml"
    manifest.write_text(source.manifest)
    folder = tmp_path / "retrieved"
    folder.mkdir()
    ended = project(
        *("task", "run", "retrieve_unpackaged", "--org", "uat", "--path", folder, "--package-xml", manifest),
    )
    assert ended.code == 0, ended.text
    retrieved = folder / f"permissionsets/{name}.permissionset"
    assert f"<label>{name}</label>" in retrieved.read_text()
