"""Whatever the engine is made to replace, skip or delete: after exit code 0 the login works that the outputs hand out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.login import why_not
from tests.program.stack import Result, Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"
PROOF = "jwtGrant"
PARTS = ("set", "assignments", "app", "grant", "key")


def urn(stack: Stack, part: str, component: str = "access") -> str:
    return str(stack.resources()[f"{component}-{part}"]["urn"])


def lives_or_failed(stack: Stack, org: Org, result: Result) -> None:
    """The rule: it failed, or the login works now."""
    why = why_not(stack, org)
    assert result.code != 0 or why == "", f"exit code 0, and the login answers {why}\n{result.text}"


def lives(stack: Stack, org: Org, result: Result) -> None:
    ok(result)
    lives_or_failed(stack, org, result)


@pytest.mark.parametrize("kind", ["external", "connected"])
def test_each_resource_can_be_replaced_by_force(
    stack: Stack, org: Org, config: dict[str, Any], connected: Callable[[], dict[str, Any]], kind: str
) -> None:
    if kind == "connected":
        connected()
        config["orgkey:app"]["protect"] = False
        stack.configure(config)
    ok(stack.up())
    for part in PARTS:
        lives(stack, org, stack.up("--replace", urn(stack, part)))
    assert stack.drift().code == 0
    everything = [argument for part in PARTS for argument in ("--replace", urn(stack, part))]
    lives(stack, org, stack.up(*everything))
    assert stack.drift().code == 0
    ok(stack.destroy())
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []
    assert org.query("SELECT Id FROM ExternalClientApplication") == []


def test_each_resource_can_be_tainted(deployed: Stack, org: Org) -> None:
    for part in PARTS:
        ok(deployed.pulumi("state", "taint", urn(deployed, part), "--yes", "--stack", "t"))
        lives(deployed, org, deployed.up())
    for part in ("key", "app"):
        ok(deployed.pulumi("state", "taint", urn(deployed, part), "--yes", "--stack", "t"))
    lives(deployed, org, deployed.up())
    assert deployed.drift().code == 0


@pytest.mark.parametrize("more", [(), ("--target-dependents",)], ids=["alone", "with its dependants"])
def test_each_resource_can_be_replaced_as_the_only_target(deployed: Stack, org: Org, more: Sequence[str]) -> None:
    for part in PARTS:
        target = urn(deployed, part)
        lives_or_failed(deployed, org, deployed.up("--target", target, "--replace", target, *more))
        lives(deployed, org, deployed.up())


def test_a_key_pair_that_is_replaced_twice_without_its_proof_fails_before_the_outputs_change(
    deployed: Stack, org: Org
) -> None:
    key, grant, permission_set = (urn(deployed, part) for part in ("key", "grant", "set"))
    lives_or_failed(deployed, org, deployed.up("--exclude", grant, "--replace", key))
    ended = deployed.up("--exclude", permission_set, "--exclude-dependents", "--replace", key)
    assert ended.code != 0
    assert "The app trusts a key pair that this stack has no more" in ended.text
    assert "PRIVATE KEY" not in ended.text
    assert why_not(deployed, org) == ""
    lives(deployed, org, deployed.up())


def test_each_resource_can_be_left_out_while_all_others_are_replaced(deployed: Stack, org: Org) -> None:
    for part in ("key", "app"):
        others = [argument for other in PARTS if other != part for argument in ("--replace", urn(deployed, other))]
        lives_or_failed(deployed, org, deployed.up("--exclude", urn(deployed, part), *others))
        lives(deployed, org, deployed.up())


def test_replacements_whose_engine_is_killed_are_ended_by_a_plain_up(
    deployed: Stack, org: Org, landscape: Landscape
) -> None:
    """Killed within the proof: everything is made, and nothing is deleted yet."""
    landscape.admin("DELETE", "/requests")
    landscape.admin("POST", "/faults", operation=PROOF, org="uat", faults=["stall-2"], skip=1)
    forced = ("set", "assignments", "app")
    deployed.up_killed(lambda: _fired(landscape), *(f"--replace={urn(deployed, part)}" for part in forced))
    exported = json.loads(deployed.pulumi("stack", "export", "--stack", "t").text)["deployment"]["resources"]
    waiting = {each["urn"].rsplit("-", 1)[-1] for each in exported if each.get("delete")}
    assert waiting == set(forced)
    landscape.admin("DELETE", "/faults")
    result = deployed.up()
    if result.code:  # the grant's own write may be in doubt, and the engine says so
        lives_or_failed(deployed, org, result)
        result = deployed.up()
    lives(deployed, org, result)
    assert deployed.drift().code == 0
    ok(deployed.destroy())
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []


def _fired(landscape: Landscape) -> bool:
    return any(fault["fired"] for fault in landscape.admin("GET", "/faults")["faults"])
