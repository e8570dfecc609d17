"""The address in the stack file changes: a renamed My Domain is followed, another org is refused, or moved to on purpose."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.forked import commands
from tests.landscape import Landscape, Org
from tests.program.stack import Result, Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"


def inventory(org: Org) -> list[list[dict[str, Any]]]:
    """What stands in an org of what a stack makes."""
    questions = (
        "SELECT Id, Name, Description, LastModifiedDate FROM PermissionSet ORDER BY Id",
        "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment ORDER BY Id",
        "SELECT Id, DeveloperName, LastModifiedDate FROM ExternalClientApplication ORDER BY Id",
    )
    return [org.query(question) for question in questions]


def has(org: Org) -> bool:
    return bool(org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{APP}'"))


def states(stack: Stack) -> dict[str, Any]:
    """Where the state says that things are."""
    return {
        name: (item["id"], item["outputs"]["orgId"], item["outputs"]["instanceUrl"])
        for name, item in stack.resources().items()
        if item.get("custom") and "orgId" in item.get("outputs", {})
    }


def drift(stack: Stack) -> tuple[int, dict[str, Any]]:
    run = subprocess.run(
        [commands() / "orgkey", "drift", "--format", "json"],
        cwd=stack.folder,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.returncode, dict(json.loads(run.stdout)["stacks"][0])


@pytest.fixture
def dev(landscape: Landscape, org: Org) -> Org:
    """Another clean sandbox of the same company, with credentials of its own."""
    assert org.name == "uat"
    return landscape.fresh("dev")


def point_at(stack: Stack, config: dict[str, Any], org: Org, **more: Any) -> None:
    """Name another org in the stack file, credentials to match."""
    stack.environment["OTHER_TOKEN"] = org.access_token
    credentials = {"accessTokenEnv": "OTHER_TOKEN"}
    stack.configure({**config, "salesforce:instanceUrl": org.url, "salesforce:credentials": credentials, **more})


def refused(result: Result, org: Org, other: Org) -> None:
    assert result.code != 0, result.text
    for each in (org, other):
        assert each.org_id in result.text, result.text
        assert each.url.removeprefix("https://") in result.text
    assert "Nothing was changed" in result.text
    assert f"set salesforce:expectedOrgId to {other.org_id}" in result.text
    assert "was refreshed" not in result.text


def test_a_mistyped_address_is_refused_by_every_command_and_nothing_is_lost(
    deployed: Stack, config: dict[str, Any], org: Org, dev: Org
) -> None:
    before, there, here = states(deployed), inventory(dev), inventory(org)
    point_at(deployed, config, dev)
    for command in (
        ["preview"],
        ["up", "--yes", "--skip-preview"],
        ["refresh", "--yes", "--skip-preview"],
        ["destroy", "--yes", "--skip-preview"],
    ):
        refused(deployed.pulumi(*command, "--stack", "t"), org, dev)
    code, look = drift(deployed)
    assert (code, look["verdict"], look["findings"]) == (2, "could not tell", [])
    assert "another host and another org" in look["unknown"][0]["reason"]
    assert (states(deployed), inventory(dev), inventory(org)) == (before, there, here)
    deployed.configure(config)
    assert "7 unchanged" in ok(deployed.up()).text


def test_the_new_orgs_id_in_the_stack_file_moves_the_stack_and_what_was_made_before_stays(
    deployed: Stack, config: dict[str, Any], org: Org, dev: Org
) -> None:
    here = inventory(org)
    ours = {"orgkey:users": [dev.user("ci")], "orgkey:key": {"consumerKey": "OfAnotherApp1234"}}
    point_at(deployed, config, dev, **{"salesforce:expectedOrgId": dev.org_id, **ours})
    said = f"what was made in {org.org_id} stays there"
    assert said in ok(deployed.pulumi("preview", "--stack", "t")).text
    assert said in ok(deployed.up()).text
    assert deployed.outputs()["verified"] is True
    assert {place[1:] for place in states(deployed).values()} == {(dev.org_id, dev.url)}
    assert (has(dev), inventory(org)) == (True, here)
    assert "7 unchanged" in ok(deployed.up()).text
    ok(deployed.destroy())
    assert (has(dev), inventory(org)) == (False, here)


def test_a_renamed_my_domain_is_followed_in_one_plain_up_without_a_replacement(
    deployed: Stack, config: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    ids = {name: item["id"] for name, item in deployed.resources().items() if item.get("custom")}
    landscape.admin("POST", "/orgs/uat/rename")
    now = landscape.org("uat")
    point_at(deployed, config, now)
    for look in (deployed.drift(), deployed.pulumi("preview", "--stack", "t")):
        assert "replace" not in ok(look).text
    code, report = drift(deployed)
    assert (code, report["verdict"], report["instance_url"]) == (0, "in sync", now.url)
    result = ok(deployed.up())
    assert "replaced" not in result.text
    assert deployed.outputs()["instanceUrl"] == now.url
    assert deployed.outputs()["verified"] is True
    assert {name: item["id"] for name, item in deployed.resources().items() if item.get("custom")} == ids
    assert {place[1:] for place in states(deployed).values()} == {(org.org_id, now.url)}
    assert "7 unchanged" in ok(deployed.up()).text


@pytest.mark.parametrize("command", ["refresh", "destroy"])
def test_a_renamed_my_domain_keeps_no_command_from_its_work(
    deployed: Stack, config: dict[str, Any], landscape: Landscape, command: str
) -> None:
    landscape.admin("POST", "/orgs/uat/rename")
    now = landscape.org("uat")
    point_at(deployed, config, now)
    ok(deployed.pulumi(command, "--yes", "--skip-preview", "--stack", "t"))
    assert has(now) is (command == "refresh")
