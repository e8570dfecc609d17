"""A program that makes its own provider says where everything goes, whatever the provider is called and the stack file says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.forked import commands
from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"
PROGRAM = """
import json
import os

import pulumi

from orgkey.components import JwtBearerAccess
from orgkey.stack_file.arguments import arguments_of
from orgkey.stack_file.settings import load, stack_config


class Provider(pulumi.ProviderResource):
    def __init__(self, name, values):
        super().__init__("salesforce", name, values)


target = json.loads(os.environ["TARGET"])
ours = {key: value for key, value in stack_config().items() if key.startswith("orgkey:")}
settings = load(
    {**ours, **{f"salesforce:{key}": value for key, value in target.items()}},
    project=pulumi.get_project(),
    stack=pulumi.get_stack(),
)
provider = Provider(os.environ["PROVIDER"], target)
access = JwtBearerAccess("access", arguments_of(settings), pulumi.ResourceOptions(providers=[provider]))
for name, value in access.outputs().items():
    pulumi.export(name, value)
"""


def has(org: Org) -> bool:
    return bool(
        org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'")
        or org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{APP}'")
    )


@pytest.fixture
def dev(landscape: Landscape, org: Org) -> Org:
    """Another clean sandbox, beside `uat`."""
    assert org.name == "uat"
    return landscape.fresh("dev")


@pytest.fixture
def at_dev(stack: Stack, config: dict[str, Any], dev: Org) -> Stack:
    """A stack whose file says uat, and whose program makes a provider for dev."""
    (stack.folder / "__main__.py").write_text(PROGRAM)
    stack.environment |= {
        "DEV_TOKEN": dev.access_token,
        "PROVIDER": "default",
        "TARGET": json.dumps(
            {"instanceUrl": dev.url, "caBundle": dev.ca_bundle, "credentials": '{"accessTokenEnv": "DEV_TOKEN"}'}
        ),
    }
    stack.configure({**config, "orgkey:users": [dev.user("ci")]})
    return stack


def file_of(stack: Stack) -> dict[str, Any]:
    return dict(yaml.safe_load((stack.folder / f"Pulumi.{stack.name}.yaml").read_text())["config"])


def drift(stack: Stack) -> dict[str, Any]:
    import subprocess

    command = [commands() / "orgkey", "drift", "--format", "json"]
    run = subprocess.run(
        command, cwd=stack.folder, env=stack.environment, capture_output=True, text=True, timeout=60, check=False
    )
    return dict(json.loads(run.stdout)["stacks"][0])


@pytest.mark.parametrize(
    ("name", "stack_file"), [("default", "says uat"), ("default_1", "says uat"), ("default", "says nothing")]
)
def test_everything_is_made_looked_at_and_removed_where_the_explicit_provider_says(
    at_dev: Stack, org: Org, dev: Org, name: str, stack_file: str
) -> None:
    at_dev.environment["PROVIDER"] = name
    if stack_file == "says nothing":
        ours = {key: value for key, value in file_of(at_dev).items() if key.startswith("orgkey:")}
        at_dev.configure(ours)
    for _ in range(2):
        ok(at_dev.up())
        assert (has(dev), has(org)) == (True, False)
        assert at_dev.outputs()["instanceUrl"] == dev.url
    ok(at_dev.drift())
    ok(at_dev.pulumi("refresh", "--yes", "--skip-preview", "--stack", "t"))
    look = drift(at_dev)
    assert (look["verdict"], look["org_id"], look["instance_url"]) == ("in sync", dev.org_id, dev.url), look
    dev.unassign(SET, dev.user("ci"))
    assert at_dev.drift().code == 7
    ok(at_dev.up())
    ok(at_dev.destroy())
    assert (has(dev), has(org)) == (False, False)


def test_the_stacks_own_provider_takes_the_present_stack_file_even_before_the_program_runs(
    stack: Stack, config: dict[str, Any], org: Org, dev: Org
) -> None:
    """And only it: the verdict is in state, so that a change of credentials in the file reaches it and no other."""
    ok(stack.up())
    provider = next(item for name, item in stack.resources().items() if re.match("default", name))
    assert provider["inputs"]["__fromStackFile"] is True
    stack.environment["UAT_TOKEN"] = org.access_token
    stack.configure({**config, "salesforce:credentials": {"accessTokenEnv": "UAT_TOKEN"}})
    ok(stack.drift())
    ok(stack.destroy())
