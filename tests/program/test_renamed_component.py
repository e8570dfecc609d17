"""A component of another name: with an alias nothing happens, and without one nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.landscape import Org
from tests.program.stack import Result, Stack, ok
from tests.program.test_forced_replacement import PARTS, SET, lives, lives_or_failed, urn

ALIAS = ', opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="access")])'


def rename(stack: Stack, before: str, after: str, options: str = "") -> None:
    program = stack.folder / "__main__.py"
    text = program.read_text()
    call = 'JwtBearerAccess("{}", arguments_of(settings){})'
    assert call.format(before, "") in text
    renamed = text.replace(call.format(before, ""), call.format(after, options))
    program.write_text(renamed)


def test_with_an_alias_everything_goes_on_as_it_is(deployed: Stack, org: Org) -> None:
    before = deployed.outputs(secrets=True)
    rename(deployed, "access", "renamed", ALIAS)
    result = deployed.up()
    lives(deployed, org, result)
    assert "7 unchanged" in result.text
    assert deployed.outputs(secrets=True) == before


def test_without_an_alias_a_new_key_pair_is_refused_and_the_old_name_brings_everything_back(
    deployed: Stack, org: Org
) -> None:
    before = deployed.outputs(secrets=True)
    rename(deployed, "access", "renamed")
    refused = deployed.up()
    assert refused.code != 0
    assert "aliases" in refused.text
    lives_or_failed(deployed, org, refused)
    rename(deployed, "renamed", "access")
    lives(deployed, org, deployed.up())
    assert deployed.outputs(secrets=True) == before
    assert deployed.drift().code == 0
    assert org.holders(SET) == [org.user("ci")]


@pytest.fixture
def keyed(stack: Stack, config: dict[str, Any], org: Org) -> Stack:
    """A deployed stack whose consumer key stands in its file, so that another key pair takes the same app over."""
    config["orgkey:key"] = {"consumerKey": f"Chosen{org.org_id}"}
    stack.configure(config)
    ok(stack.up())
    return stack


def test_without_an_alias_a_chosen_consumer_key_lets_the_new_component_take_everything_over(
    keyed: Stack, org: Org
) -> None:
    rename(keyed, "access", "renamed")
    lives(keyed, org, keyed.up())
    assert keyed.drift().code == 0
    ok(keyed.destroy())
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []


@pytest.mark.parametrize("way_out", ["up", "destroy the old ones", "up with the old ones as targets"])
def test_renamed_under_target_there_are_two_of_each_in_state_and_every_way_out_keeps_the_login(
    keyed: Stack, org: Org, way_out: str
) -> None:
    old = [argument for part in PARTS for argument in ("--target", urn(keyed, part))]
    rename(keyed, "access", "renamed")
    lives(keyed, org, keyed.up("--target", "**::renamed*"))
    ways: dict[str, Callable[[], Result]] = {
        "up": keyed.up,
        "destroy the old ones": lambda: keyed.pulumi("destroy", "--yes", "--skip-preview", "--stack", "t", *old),
        "up with the old ones as targets": lambda: keyed.up(*old),
    }
    lives_or_failed(keyed, org, ways[way_out]())
    lives(keyed, org, keyed.up())
    assert keyed.drift().code == 0
