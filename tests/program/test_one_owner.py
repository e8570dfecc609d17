"""Components of one program in one org: none is given what another one has, with a preview or without."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.landscape import Org
from tests.program.stack import Stack, ok
from tests.program.test_several_components import PROGRAM, component

ONE, TWO = "CI_One", "CI_Two"
Change = Callable[[list[dict[str, Any]], Org], None]


def standing(org: Org) -> list[Any]:
    """Apps, sets and who holds them."""
    apps = org.query("SELECT Id, DeveloperName FROM ExternalClientApplication ORDER BY Id")
    sets = org.query("SELECT Id, Name, Label, Description FROM PermissionSet WHERE Name LIKE 'CI_%' ORDER BY Id")
    return [apps, sets, [org.holders(f"{name}_Access") for name in (ONE, TWO)]]


def rename_the_app(components: list[dict[str, Any]], org: Org) -> None:
    components[0]["app"] = TWO
    components[0]["config"]["orgkey:permissionSet"] = {"name": f"{ONE}_Access"}


def rename_the_set(components: list[dict[str, Any]], org: Org) -> None:
    components[0]["config"]["orgkey:permissionSet"] = {"name": f"{TWO}_Access"}


def swap(components: list[dict[str, Any]], org: Org) -> None:
    for each, app in zip(components, (TWO, ONE), strict=True):
        each["app"] = app


def declare_it_again(components: list[dict[str, Any]], org: Org) -> None:
    components.insert(0, {**components[1], "name": "a"})


CHANGES: dict[str, tuple[Change, str]] = {
    "the app's name": (rename_the_app, "the resource two-app"),
    "the set's name": (rename_the_set, "the resource two-set"),
    "both names change hands": (swap, "-set too: each would rewrite"),
    "a new component": (declare_it_again, "the resource two-set"),
}


@pytest.fixture
def components(stack: Stack, config: dict[str, Any], org: Org) -> list[dict[str, Any]]:
    """Two components, up."""
    shutil.copy(PROGRAM, stack.folder / "__main__.py")
    for setting in ("orgkey:app", "orgkey:users"):
        del config[setting]
    made = [component("one", ONE, org), component("two", TWO, org, key={"consumerKey": f"Chosen{org.org_id}"})]
    stack.configure({**config, "test:components": made})
    ok(stack.up())
    return made


@pytest.mark.parametrize("change", CHANGES)
def test_what_another_component_has_is_refused_in_preview_and_up_before_anything_is_lost(
    stack: Stack, config: dict[str, Any], components: list[dict[str, Any]], org: Org, change: str
) -> None:
    before = standing(org)
    changed = [{**each, "config": {**each["config"]}} for each in components]
    make, told = CHANGES[change]
    make(changed, org)
    stack.configure({**config, "test:components": changed})
    preview = stack.pulumi("preview", "--stack", "t")
    assert (preview.code != 0, told in preview.text) == (True, True), preview.text
    up = stack.up()
    assert (up.code != 0, told in up.text) == (True, True), up.text
    assert standing(org) == before
    stack.configure({**config, "test:components": components})
    ok(stack.up())
    assert standing(org) == before
    assert stack.drift().code == 0
