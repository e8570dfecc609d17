"""A sandbox is replaced by a copy of production: one plain `up` of its stack puts everything back, and production is not touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.login import refused
from tests.program.stack import Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"

Pair = Callable[..., tuple[Stack, Stack]]
SECOND = {"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1}]}


@pytest.fixture
def production_and_sandbox(engine: Path, tmp_path: Path, landscape: Landscape) -> Any:
    """Both deployed, as stacks `prod` and `uat` of one project; production is cleaned up afterwards."""
    stacks: list[Stack] = []

    def deploy(kind: str, **generations: dict[str, Any]) -> tuple[Stack, Stack]:
        landscape.fresh("uat")
        landscape.admin("PATCH", "/knobs", connected_app_creation=True)
        for name, org in (("prod", landscape.org("acme")), ("uat", landscape.org("uat"))):
            stack = Stack(tmp_path / name, engine, name=name)
            (stack.folder / "admin").write_text(org.auth_url)
            stack.configure(
                {
                    "salesforce:instanceUrl": org.url,
                    "salesforce:caBundle": org.ca_bundle,
                    "salesforce:credentials": {"sfdxAuthUrlFile": "admin"},
                    "orgkey:app": {"name": APP, "contactEmail": "ops@acme.com", "kind": kind, "protect": False},
                    "orgkey:users": [org.user("ci")],
                    "orgkey:grant": {"propagationMinutes": 0},
                    **generations.get(name, {}),
                }
            )
            ok(stack.up())
            stacks.append(stack)
        return stacks[0], stacks[1]

    yield deploy
    for stack in stacks[:1]:
        ok(stack.destroy())


def refresh(landscape: Landscape, sandbox: Stack, **knobs: bool) -> Org:
    landscape.admin("PATCH", "/knobs", **knobs)
    landscape.admin("POST", "/orgs/uat/refresh")
    org = landscape.org("uat")
    (sandbox.folder / "admin").write_text(org.auth_url)
    return org


@pytest.mark.parametrize("apps_come_along", [True, False])
def test_an_external_client_app_gets_this_stacks_own_key_back_and_production_keeps_its_own(
    production_and_sandbox: Pair,
    landscape: Landscape,
    apps_come_along: bool,  # noqa: FBT001 — a column of the table: sources differ
) -> None:
    production, sandbox = production_and_sandbox("external")
    before = sandbox.outputs()
    org = refresh(landscape, sandbox, refresh_copies_apps=apps_come_along, refresh_copies_assignments=apps_come_along)
    result = ok(sandbox.up())
    assert "the sandbox was refreshed" in result.text or not apps_come_along
    after = sandbox.outputs()
    assert after["verified"] is True
    assert after["consumerKey"] == before["consumerKey"] != production.outputs()["consumerKey"]
    assert after["certificateFingerprint"] == before["certificateFingerprint"]
    assert org.holders(SET) == [org.user("ci")]
    description = org.query(f"SELECT Description FROM PermissionSet WHERE Name = '{SET}'")[0]["Description"]
    assert description == f"managed by orgkey orgkey/uat in {org.org_id}"
    assert sandbox.drift().code == 0
    assert production.drift().code == 0
    ok(production.up())


@pytest.mark.parametrize("declared", [{}, SECOND], ids=["the first", "both"])
def test_productions_generations_that_come_along_get_this_stacks_own_keys_where_it_declares_them(
    production_and_sandbox: Pair, landscape: Landscape, declared: dict[str, Any]
) -> None:
    production, sandbox = production_and_sandbox("external", prod=SECOND, uat=declared)
    before = sandbox.outputs(secrets=True)
    org = refresh(landscape, sandbox, refresh_copies_apps=True, refresh_copies_assignments=True)
    assert len(org.query("SELECT Id FROM ExternalClientApplication")) == 2
    ok(sandbox.up())
    after = sandbox.outputs(secrets=True)
    assert refused(after, org) == ""
    assert after["consumerKey"] == before["consumerKey"]
    assert [each["consumerKey"] for each in after["retiring"]] == [each["consumerKey"] for each in before["retiring"]]
    assert all(each["verified"] for each in after["retiring"])
    assert sandbox.drift().code == 0
    assert production.drift().code == 0
    here = {name: after[name] for name in ("username", "audience", "instanceUrl")}
    productions_key = refused({**production.outputs(secrets=True), **here}, org)
    assert (productions_key != "") is bool(
        declared
    )  # an app that this stack does not declare stays as production left it


def test_a_connected_app_that_came_along_is_kept_with_productions_key_and_that_is_said(
    production_and_sandbox: Pair, landscape: Landscape
) -> None:
    production, sandbox = production_and_sandbox("connected")
    refresh(landscape, sandbox, refresh_copies_apps=True, connected_app_creation=False)
    result = ok(sandbox.up())
    assert "keeps the consumer key of org" in result.text
    after = sandbox.outputs()
    assert after["verified"] is True
    assert after["consumerKey"] == production.outputs()["consumerKey"]
    assert sandbox.drift().code == 0
    assert "7 unchanged" in ok(sandbox.up()).text
    assert production.drift().code == 0
