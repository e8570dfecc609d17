"""A state from before there were claims is taken over as it is: no replacement, no deletion, and the login works all the time."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.landscape import Landscape, Org
from tests.login import why_not
from tests.program.stack import Stack, ok

STATES = Path(__file__).parent / "old_state"
SET, APP = "CI_Integration_Access", "CI_Integration"
KINDS = {"external": ("ExternalClientApplication", False), "connected": ("ConnectedApplication", True)}

State = dict[str, Any]


def app_id(org: Org, kind: str) -> str:
    entity, tooling = KINDS[kind]
    rows = org.query(f"SELECT Id FROM {entity} WHERE DeveloperName = '{APP}'", tooling=tooling)
    return str(rows[0]["Id"]) if rows else ""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of app."""
    return str(request.param)


@pytest.fixture
def old(kind: str, org: Org, landscape: Landscape, config: dict[str, Any]) -> State:
    """The state, for what the org holds by now: the set, its holder and the app, with the key and the certificate of that state."""
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    text = (STATES / f"{kind}.json").read_text()
    files = json.loads(text.replace("{orgId}", org.org_id))["files"]
    types: dict[str, list[str]] = {}
    for file in files.values():
        types.setdefault(file["type"], []).append(file["name"])
    org.deploy({path: file["xml"] for path, file in files.items()}, types)
    org.assign(SET, org.user("ci"))
    (permission_set,) = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'")
    (held,) = org.query(f"SELECT Id, AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Name = '{SET}'")
    values = {
        "url": org.url,
        "caBundle": org.ca_bundle,
        "authUrlFile": config["salesforce:credentials"]["sfdxAuthUrlFile"],
        "user": org.user("ci"),
        "orgId": org.org_id,
        "appId": app_id(org, kind),
        "permissionSetId": permission_set["Id"],
        "assignmentId": held["Id"],
        "userId": held["AssigneeId"],
    }
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return dict(json.loads(text)["state"])


@pytest.fixture
def take_over(stack: Stack, config: dict[str, Any], kind: str) -> Callable[[State], None]:
    """Let the stack have a state, and the stack file that belongs to it."""

    def do(state: State) -> None:
        config["orgkey:app"] |= {"kind": kind, "protect": False}
        config["orgkey:key"] = {"validityDays": 3650, "renewAfter": 0.95}
        salt = state["deployment"]["secrets_providers"]["state"]["salt"]
        (stack.folder / "Pulumi.t.yaml").write_text(yaml.safe_dump({"encryptionsalt": salt, "config": config}))
        (stack.folder / "state.json").write_text(json.dumps(state))
        ok(stack.pulumi("stack", "import", "--stack", "t", "--file", "state.json"))

    return do


def test_it_is_taken_over_without_a_replacement_and_the_second_up_is_quiet(
    stack: Stack, org: Org, kind: str, old: State, take_over: Callable[[State], None]
) -> None:
    take_over(old)
    record = app_id(org, kind)
    assert why_not(stack, org) == ""
    preview = ok(stack.pulumi("preview", "--diff", "--stack", "t")).text
    assert "replace" not in preview
    assert "delete" not in preview
    first = ok(stack.up()).text
    assert "replaced" not in first
    assert "deleted" not in first
    assert why_not(stack, org) == ""
    assert "7 unchanged" in ok(stack.up()).text
    assert stack.drift().code == 0
    assert app_id(org, kind) == record
    assert org.holders(SET) == [org.user("ci")]
    ok(stack.destroy())
    assert app_id(org, kind) == ""
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []


CHANGED = {"description": "Changed in the same up"}


@pytest.mark.parametrize(
    ("part", "change"), [("app", {}), ("app", CHANGED), ("set", {})], ids=["the app", "an app that changes", "the set"]
)
def test_a_replacement_that_was_interrupted_before_its_end_is_ended_without_taking_away_what_is_in_use(
    stack: Stack,
    config: dict[str, Any],
    org: Org,
    kind: str,
    old: State,
    take_over: Callable[[State], None],
    part: str,
    change: dict[str, str],
) -> None:
    state = copy.deepcopy(old)
    resources = state["deployment"]["resources"]
    (live,) = (each for each in resources if each["urn"].endswith(f"::access-{part}"))
    resources.append({**copy.deepcopy(live), "delete": True})
    if change:
        config["orgkey:app"] |= change
        config["orgkey:permissionSet"] = change
    take_over(state)
    result = ok(stack.up())
    assert why_not(stack, org) == "", result.text
    assert org.holders(SET) == [org.user("ci")]
    assert "7 unchanged" in ok(stack.up()).text
    ok(stack.destroy())
    assert app_id(org, kind) == ""


def standing(org: Org) -> list[list[dict[str, Any]]]:
    """What an org holds of what a stack makes."""
    return [
        org.query("SELECT Id, Name, LastModifiedDate FROM PermissionSet ORDER BY Id"),
        org.query("SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment ORDER BY Id"),
        org.query("SELECT Id, DeveloperName FROM ExternalClientApplication ORDER BY Id"),
        org.query("SELECT Id, DeveloperName FROM ConnectedApplication ORDER BY Id", tooling=True),
    ]


def test_a_mistyped_address_is_refused_also_after_a_targeted_up_has_saved_it(
    stack: Stack, config: dict[str, Any], org: Org, landscape: Landscape, old: State, take_over: Callable[[State], None]
) -> None:
    take_over(old)
    other = landscape.fresh("dev")
    stack.environment["OTHER_TOKEN"] = other.access_token
    before = standing(org), standing(other)
    stack.configure(
        {**config, "salesforce:instanceUrl": other.url, "salesforce:credentials": {"accessTokenEnv": "OTHER_TOKEN"}}
    )
    urns = {name.removeprefix("access-"): item["urn"] for name, item in stack.resources().items()}
    ok(stack.up("--target", urns["key"]))  # it contacts nobody, and saves the provider's settings
    for target in (["set"], ["assignments", "app"], []):
        run = stack.up(*(argument for part in target for argument in ("--target", urns[part])))
        assert run.code != 0, run.text
        assert other.org_id in run.text
    assert (standing(org), standing(other)) == before
    stack.configure(config)
    ok(stack.up())
    assert why_not(stack, org) == ""
