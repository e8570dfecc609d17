"""Whatever the engine is made to replace, skip or delete: after exit code 0 the login works that the outputs hand out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.landscape import Org
from tests.program.login import why_not
from tests.program.stack import Result, Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"
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
    lives_or_failed(stack, org, stack.up(*everything))  # an app of the old consumer key is in the way of one of the new
    lives(stack, org, stack.up())
    ok(stack.destroy())
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []
    assert org.query("SELECT Id FROM ExternalClientApplication") == []


def test_each_resource_can_be_tainted(deployed: Stack, org: Org) -> None:
    for part in PARTS:
        ok(deployed.pulumi("state", "taint", urn(deployed, part), "--yes", "--stack", "t"))
        lives(deployed, org, deployed.up())
    assert deployed.drift().code == 0


@pytest.mark.parametrize("more", [(), ("--target-dependents",)], ids=["alone", "with its dependants"])
def test_each_resource_can_be_replaced_as_the_only_target(deployed: Stack, org: Org, more: Sequence[str]) -> None:
    for part in PARTS:
        target = urn(deployed, part)
        lives_or_failed(deployed, org, deployed.up("--target", target, "--replace", target, *more))
        lives(deployed, org, deployed.up())
