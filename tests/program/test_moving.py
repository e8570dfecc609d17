"""docs/guides/moving-a-stack.md is true: another name, another backend, another stack; the login works all the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.landscape import Org
from tests.login import why_not
from tests.program.stack import Stack, ok

SET = "CI_Integration_Access"


def test_a_stack_of_another_name_writes_its_markers_anew_and_nothing_else(deployed: Stack, org: Org) -> None:
    before = deployed.outputs(secrets=True)
    ok(deployed.pulumi("stack", "rename", "u", "--stack", "t"))
    deployed.name = "u"
    preview = ok(deployed.pulumi("preview", "--diff", "--stack", "u")).text
    assert "managedBy" in preview
    assert "replace" not in preview
    ok(deployed.up())
    assert why_not(deployed, org) == ""
    assert deployed.outputs(secrets=True) == before
    assert deployed.drift().code == 0
    (marked,) = org.query(f"SELECT Description FROM PermissionSet WHERE Name = '{SET}'")
    assert "managed by orgkey orgkey/u in" in marked["Description"]
    ok(deployed.destroy())
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []


def test_a_stack_in_another_backend_goes_on_as_if_nothing_had_happened(deployed: Stack, org: Org) -> None:
    exported = deployed.pulumi("stack", "export", "--stack", "t", "--file", "state.json")
    ok(exported)
    (deployed.folder / "elsewhere").mkdir()
    deployed.environment["PULUMI_BACKEND_URL"] = f"file://{deployed.folder / 'elsewhere'}"
    ok(deployed.pulumi("stack", "init", "t"))
    ok(deployed.pulumi("stack", "import", "--stack", "t", "--file", "state.json"))
    assert "7 unchanged" in ok(deployed.up()).text
    assert why_not(deployed, org) == ""


def test_what_another_stack_took_over_stays_when_the_former_one_is_destroyed(
    deployed: Stack, config: dict[str, Any], org: Org, engine: Path, tmp_path: Path
) -> None:
    had = deployed.outputs(secrets=True)
    twin = Stack(tmp_path / "twin", engine, name="twin")
    key = {"consumerKey": had["consumerKey"], "certificatePem": had["certificatePem"]}
    twin.configure(
        {**config, "orgkey:import": {"app": True, "permissionSet": True, "assignments": True}, "orgkey:key": key}
    )
    path = ("--path", "orgkey:key.privateKeyPem", "--stack", "twin")
    given = twin.pulumi("config", "set", "--secret", *path, typed=had["privateKeyPem"])
    ok(given)
    ok(twin.up())
    assert why_not(twin, org) == ""
    destroyed = ok(deployed.destroy())
    assert "managed by orgkey orgkey/twin now" in destroyed.text
    assert org.holders(SET) == [org.user("ci")]
    assert why_not(twin, org) == ""
    assert twin.drift().code == 0
    refused = deployed.up()
    assert refused.code != 0
    assert "managed by orgkey orgkey/twin" in refused.text
    ok(twin.destroy())
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []


def test_every_generation_moves_to_the_stack_that_takes_them_over(
    deployed: Stack, config: dict[str, Any], org: Org, engine: Path, tmp_path: Path
) -> None:
    first = deployed.outputs()
    config["orgkey:generation"] = {"number": 2}
    deployed.configure({**config, "orgkey:retiring": [{"number": 1}]})
    ok(deployed.up())
    second = deployed.outputs()
    twin = Stack(tmp_path / "twin", engine, name="twin")
    old = {"number": 1, "import": True, "key": {"consumerKey": first["consumerKey"]}}
    twin.configure(
        {
            **config,
            "orgkey:import": {"app": True, "permissionSet": True, "assignments": True},
            "orgkey:key": {"consumerKey": second["consumerKey"]},
            "orgkey:retiring": [old],
        }
    )
    ok(twin.up())
    assert why_not(twin, org) == ""
    ok(deployed.destroy())
    assert why_not(twin, org) == ""
    assert [(each["consumerKey"], each["verified"]) for each in twin.outputs()["retiring"]] == [
        (first["consumerKey"], True)
    ]
    assert twin.outputs()["consumerKey"] == second["consumerKey"]
    assert twin.drift().code == 0
    ok(twin.destroy())
    assert org.query("SELECT Id FROM ExternalClientApplication") == []
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []


def test_a_permission_set_of_another_name_takes_users_and_groups_along(
    deployed: Stack, config: dict[str, Any], org: Org
) -> None:
    org.make_group("Sales", "release")
    config["orgkey:assignments"] = {"groups": ["Sales"]}
    deployed.configure(config)
    ok(deployed.up())
    config["orgkey:permissionSet"] = {"name": "CI_Other_Access"}
    deployed.configure(config)
    ok(deployed.up())
    assert why_not(deployed, org) == ""
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []
    assert org.holders("CI_Other_Access") == [org.user("ci")]
    assert deployed.drift().code == 0
    ok(deployed.destroy())
    assert org.members("Sales") == [org.user("release")]
