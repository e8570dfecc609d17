"""A program in Pulumi YAML gives two orgs access: the component from its schema, each with an explicit provider."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.breakages import add_a_user
from tests.conformance.tools import PULUMI_YAML, OutOfReachError, install
from tests.forked import commands
from tests.landscape import Landscape, Org
from tests.login import refused
from tests.program.stack import PROJECT, Stack, ok

EXAMPLE = PROJECT / "examples" / "two-orgs-yaml" / "Pulumi.yaml"


@pytest.fixture(scope="module")
def yaml_host() -> Path:
    """The folder of Pulumi's own YAML language host."""
    try:
        return install(PULUMI_YAML)
    except OutOfReachError as error:
        pytest.skip(f"no YAML language host: {error}")


def program_for(orgs: dict[str, Org], folder: Path) -> dict[str, Any]:
    """The example as it stands, reaching the orgs of the landscape."""
    program: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    for name, org in orgs.items():
        auth_url = folder / f"{name}.sfdxurl"
        auth_url.write_text(org.auth_url)
        program["resources"][name]["properties"] |= {
            "caBundle": org.ca_bundle,
            "credentials": {"sfdxAuthUrlFile": str(auth_url)},
        }
        program["resources"][f"{name}Access"]["properties"]["grant"] = {"propagationMinutes": 0}
    return program


def test_two_orgs_get_access_by_the_example_and_drift_is_seen_in_the_second(
    yaml_host: Path, engine: Path, landscape: Landscape, tmp_path: Path
) -> None:
    orgs = {name: landscape.fresh(name) for name in ("dev", "uat")}
    program = program_for(orgs, tmp_path)
    stack = Stack(
        tmp_path / "project",
        engine,
        files={"Pulumi.yaml": yaml.safe_dump(program)},
        path=(commands(), yaml_host),
    )
    stack.configure(
        {
            f"two-orgs:{name}{key}": value
            for name, org in orgs.items()
            for key, value in {"Url": org.url, "User": org.user("ci")}.items()
        }
    )
    preview = ok(stack.pulumi("preview", "--stack", stack.name))
    assert "error" not in preview.text
    up = ok(stack.up())
    shown = stack.outputs()
    assert (shown["devKey"], shown["uatKey"]) == ("[secret]", "[secret]"), up.text
    outputs = stack.outputs(secrets=True)
    for name, org in orgs.items():
        assert outputs[name]["verified"] is True
        assert outputs[name]["instanceUrl"] == org.url
        assert refused({**outputs[name], "privateKeyPem": outputs[f"{name}Key"], "audience": org.url}, org) == ""
    again = ok(stack.up())
    assert "unchanged" in again.text
    assert "updated" not in again.text

    add_a_user(orgs["uat"])
    seen = stack.drift()
    assert seen.code != 0
    assert orgs["uat"].user("devops") in seen.text
    command = [commands() / "orgkey", "drift", "--stack", stack.name]
    report = subprocess.run(
        command, cwd=stack.folder, env=stack.environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert report.returncode == 1, report.stdout + report.stderr
    assert "uatAccess" in report.stdout
    ok(stack.destroy())
    for org in orgs.values():
        assert org.holders("CI_Integration_Access") == []


def test_arguments_that_are_wrong_are_told_all_at_once_by_their_names(
    yaml_host: Path, engine: Path, org: Org, tmp_path: Path
) -> None:
    program = {
        "name": "wrong",
        "runtime": "yaml",
        "resources": {
            "access": {
                "type": "orgkey:JwtBearerAccess",
                "properties": {
                    "app": {"name": "CI_Integration", "contactEmail": "ops@acme.com", "kind": "internal"},
                    "users": [],
                    "imports": {"app": True},
                    "timeouts": {"create": "soon"},
                },
            }
        },
    }
    stack = Stack(
        tmp_path / "project",
        engine,
        files={"Pulumi.yaml": yaml.safe_dump(program)},
        path=(commands(), yaml_host),
    )
    stack.configure({"salesforce:instanceUrl": org.url, "salesforce:credentials": {"accessTokenEnv": "TOKEN"}})
    failed = stack.up()
    assert failed.code != 0
    for path in ("app.kind", "users", "key.consumerKey", "timeouts.create"):
        assert path in failed.text
