"""Generations of an app with the real engine: a new key, another kind or name of the app, and no client is ever refused meanwhile."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.login import refused, why_not
from tests.program.clients import LoggingInAllTheTime
from tests.program.stack import Stack, ok

Config = dict[str, Any]
EXTERNAL, CONNECTED = "ExternalClientApplication", "ConnectedApplication"


def _next_generation(stack: Stack, config: Config, **retiring: Any) -> None:
    config["orgkey:generation"] = {"number": 2}
    config["orgkey:retiring"] = [{"number": 1, **retiring}]
    stack.configure(config)


def _retire(stack: Stack, config: Config) -> None:
    del config["orgkey:retiring"]
    stack.configure(config)


@pytest.mark.parametrize("change", ["key", "kind", "name"])
def test_no_login_of_a_client_fails_while_a_generation_comes_and_one_goes(
    change: str, stack: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True, propagation_delay=1.5)
    config["orgkey:grant"] = {"propagationMinutes": 5}
    config["orgkey:app"] |= {"kind": "connected" if change == "kind" else "external", "protect": False}
    stack.configure(config)
    ok(stack.up())
    before = stack.outputs(secrets=True)
    with LoggingInAllTheTime(before, org) as old_client:
        if change == "kind":
            config["orgkey:app"] |= {"kind": "external"}
        _next_generation(stack, config, **({"kind": "connected"} if change == "kind" else {}))
        if change == "name":
            config["orgkey:generation"] |= {"name": "Robot"}
            stack.configure(config)
        ok(stack.up())
        after = stack.outputs(secrets=True)
        assert after["consumerKey"] != before["consumerKey"]
        assert after["privateKeyPem"] != before["privateKeyPem"]
        assert after["appName"] == {"name": "Robot"}.get(change, "CI_Integration_2")
        assert [each["appName"] for each in after["retiring"]] == ["CI_Integration"]
    assert len(old_client.answers) > 5
    assert set(old_client.answers) == {200}
    with LoggingInAllTheTime(after, org) as new_client:
        assert stack.drift().code == 0
        _retire(stack, config)
        ok(stack.up())
    assert set(new_client.answers) == {200}
    assert why_not(stack, org) == ""
    landscape.admin("PATCH", "/knobs", propagation_delay=0)
    assert refused(before, org) != ""
    assert org.query(f"SELECT Id FROM {CONNECTED}") == []
    assert [row["DeveloperName"] for row in org.query(f"SELECT DeveloperName FROM {EXTERNAL}")] == [after["appName"]]
    ok(stack.destroy())
    assert org.query(f"SELECT Id FROM {EXTERNAL}") == []
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'CI_Integration_Access'") == []


def test_a_generation_that_cannot_be_proved_is_not_handed_out_and_the_next_up_goes_on(
    stack: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    landscape.admin("PATCH", "/knobs", propagation_delay=2)
    stack.configure({**config, "orgkey:grant": {"propagationMinutes": 5}})
    ok(stack.up())
    deployed, before = stack, stack.outputs(secrets=True)
    _next_generation(deployed, config)  # which is not waited for
    failed = deployed.up()
    assert failed.code != 0
    assert "invalid_client_id" in failed.text or "app_not_found" in failed.text
    now = deployed.outputs(secrets=True)
    assert (now["consumerKey"], now["privateKeyPem"]) == (before["consumerKey"], before["privateKeyPem"])
    assert refused(now, org) == ""
    landscape.admin("PATCH", "/knobs", propagation_delay=0)
    ok(deployed.up())
    assert deployed.outputs()["consumerKey"] != before["consumerKey"]
    assert why_not(deployed, org) == ""
    assert refused(before, org) == ""


def test_settings_of_keys_that_change_with_a_generation_leave_the_retiring_key_alone(
    deployed: Stack, config: Config, org: Org
) -> None:
    before = deployed.outputs(secrets=True)
    config["orgkey:key"] = {"bits": 3072, "consumerKey": "TheNewGenerationsKey"}
    _next_generation(deployed, config)
    ok(deployed.up())
    assert deployed.outputs()["consumerKey"] == "TheNewGenerationsKey"
    assert refused(before, org) == ""
    assert why_not(deployed, org) == ""


def test_one_goes_back_to_the_generation_before(deployed: Stack, config: Config, org: Org) -> None:
    before = deployed.outputs(secrets=True)
    _next_generation(deployed, config)
    ok(deployed.up())
    config["orgkey:generation"], config["orgkey:retiring"] = {"number": 1}, [{"number": 2}]
    deployed.configure(config)
    ok(deployed.up())
    assert deployed.outputs(secrets=True)["consumerKey"] == before["consumerKey"]
    _retire(deployed, config)
    ok(deployed.up())
    assert why_not(deployed, org) == ""


def test_a_connected_app_that_was_taken_over_with_its_key_is_followed_by_an_external_one_and_nobody_is_cut_off(
    stack: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    config["orgkey:app"] |= {"kind": "connected", "protect": False}
    stack.configure(config)
    ok(stack.up())
    made = stack.outputs(secrets=True)
    _forget(stack)
    everything = {"app": True, "permissionSet": True, "assignments": True}
    key = {"consumerKey": made["consumerKey"], "certificatePem": made["certificatePem"]}
    _configure(stack, {**config, "orgkey:key": key, "orgkey:import": everything}, made)
    ok(stack.up())  # what was found is what is declared: nothing of it is deployed
    assert refused(made, org) == ""
    config["orgkey:app"] |= {"kind": "external"}
    _next_generation(stack, config, kind="connected")
    _configure(stack, {**config, "orgkey:key": key}, made)
    told = stack.pulumi("preview", "--stack", stack.name)
    assert told.code != 0
    assert "can be taken out" in " ".join(told.text.split())  # the settings of the key are the first generation's
    with LoggingInAllTheTime(made, org) as old_client:
        stack.configure(config)
        ok(stack.up())
        assert why_not(stack, org) == ""
    assert set(old_client.answers) == {200}
    _retire(stack, config)
    ok(stack.up())
    assert refused(made, org) != ""
    assert why_not(stack, org) == ""


def _forget(stack: Stack) -> None:
    """Lose the state, not what it is of."""
    state = json.loads(ok(stack.pulumi("stack", "export", "--stack", stack.name)).text)
    state["deployment"]["resources"] = []
    file = stack.folder / "empty.json"
    file.write_text(json.dumps(state))
    ok(stack.pulumi("stack", "import", "--file", str(file), "--stack", stack.name))


def _configure(stack: Stack, config: Config, login: Config) -> None:
    """The stack file with a private key in it, as the guide puts it there."""
    stack.configure(config)
    command = ["pulumi", "config", "set", "--secret", "--path", "orgkey:key.privateKeyPem", "--stack", stack.name]
    subprocess.run(
        command, input=login["privateKeyPem"], text=True, cwd=stack.folder, env=stack.environment, check=True
    )


def test_a_chosen_name_goes_with_its_generation(deployed: Stack, config: Config, org: Org) -> None:
    _next_generation(deployed, config)
    config["orgkey:generation"] |= {"name": "Robot"}
    deployed.configure(config)
    told = " ".join(ok(deployed.up()).text.split())
    assert (
        "generation 2 is new, and handed out once its login is proved. Clients of generation 1 log in as before" in told
    )
    robot = deployed.outputs(secrets=True)
    config["orgkey:generation"], config["orgkey:retiring"] = {"number": 3}, [{"number": 2}]
    deployed.configure(config)
    told = " ".join(ok(deployed.pulumi("preview", "--stack", deployed.name)).text.split())
    assert "keeps a name of its own where orgkey:retiring gives it" in told
    config["orgkey:retiring"] = [{"number": 2, "name": "Robot"}]
    deployed.configure(config)
    with LoggingInAllTheTime(robot, org) as client:
        told = " ".join(ok(deployed.up()).text.split())
    assert "is recreated" not in told
    assert set(client.answers) == {200}
    assert deployed.outputs()["appName"] == "CI_Integration_3"


def test_a_destroy_takes_every_generation_and_the_set(deployed: Stack, config: Config, org: Org) -> None:
    _next_generation(deployed, config)
    ok(deployed.up())
    assert len(org.query(f"SELECT Id FROM {EXTERNAL}")) == 2
    ok(deployed.destroy())
    assert org.query(f"SELECT Id FROM {EXTERNAL}") == []
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'CI_Integration_Access'") == []


def test_a_refreshed_sandbox_gets_every_generation_again(deployed: Stack, config: Config, landscape: Landscape) -> None:
    _next_generation(deployed, config)
    ok(deployed.up())
    landscape.admin("POST", "/orgs/uat/refresh")
    org = landscape.org("uat")
    Path(config["salesforce:credentials"]["sfdxAuthUrlFile"]).write_text(org.auth_url)
    ok(deployed.up())
    assert why_not(deployed, org) == ""
    assert len(org.query(f"SELECT Id FROM {EXTERNAL}")) == 2
    assert all(each["verified"] for each in deployed.outputs()["retiring"])


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("deploy", "reset-after"),
        ("deploy", "return-500"),
        ("checkDeployStatus", "INSUFFICIENT_ACCESS"),
        ("jwtGrant", "OAUTH_APP_BLOCKED"),
    ],
)
def test_an_up_that_is_cut_off_while_a_generation_comes_or_goes_is_brought_to_its_end_by_the_next(
    operation: str, fault: str, deployed: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    before = deployed.outputs(secrets=True)
    _next_generation(deployed, config)
    for step in ("comes", "goes"):
        if step == "goes":
            _retire(deployed, config)
        landscape.admin("POST", "/faults", operation=operation, faults=[fault] * 2, org=org.name, skip=0)
        deployed.up()
        landscape.admin("DELETE", "/faults")
        assert why_not(deployed, org) == "", f"while one {step}"
        ok(deployed.up())
        assert why_not(deployed, org) == ""
        assert (refused(before, org) == "") is (step == "comes")
    assert len(org.query(f"SELECT Id FROM {EXTERNAL}")) == 1
    assert deployed.drift().code == 0


@pytest.mark.parametrize("part", ["app", "app-2", "key-2", "grant-2"])
def test_a_forced_replacement_of_a_generations_part_takes_no_login_away(
    part: str, deployed: Stack, config: Config, org: Org
) -> None:
    _next_generation(deployed, config)
    ok(deployed.up())
    before = deployed.outputs(secrets=True)
    urn = deployed.resources()[f"access-{part}"]["urn"]
    result = deployed.up("--replace", urn)
    if result.code == 0:
        assert why_not(deployed, org) == ""
        assert part == "key-2" or refused(before, org) == ""
    ok(deployed.up())
    assert why_not(deployed, org) == ""
    assert all(each["verified"] for each in deployed.outputs()["retiring"])
    assert len(org.query(f"SELECT Id FROM {EXTERNAL}")) == 2
