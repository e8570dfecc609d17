"""The main path with the real `pulumi`: up, up again, update, failed proof and retry, destroy; both kinds of app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"


def test_the_first_up_ends_in_a_proved_login_within_twenty_two_requests(
    deployed: Stack, org: Org, landscape: Landscape
) -> None:
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert sum(counts.values()) <= 22, counts
    outputs = deployed.outputs()
    assert outputs["verified"] is True
    assert outputs["username"] == org.user("ci")
    assert outputs["instanceUrl"] == org.url
    assert outputs["audience"] == org.url
    assert outputs["privateKeyPem"] == "[secret]"
    assert outputs["certificatePem"].startswith("-----BEGIN CERTIFICATE-----")
    assert set(outputs) == {
        "consumerKey", "username", "instanceUrl", "audience", "certificatePem", "certificateFingerprint", "notAfter",
        "verified", "privateKeyPem", "renewAt", "generation", "retiring", "orgId", "orgKind", "appName", "permissionSet",
    }  # fmt: skip
    assert (outputs["orgId"], outputs["orgKind"]) == (org.org_id, "sandbox")
    assert (outputs["appName"], outputs["permissionSet"]) == ("CI_Integration", "CI_Integration_Access")
    assert (outputs["generation"], outputs["renewAt"] < outputs["notAfter"]) == (1, True)
    assert org.holders(SET) == [org.user("ci")]


def test_a_second_up_changes_nothing_and_proves_the_login_again_in_at_most_thirteen_requests(
    deployed: Stack, landscape: Landscape
) -> None:
    before = deployed.outputs()
    landscape.admin("DELETE", "/requests")
    result = deployed.up()
    ok(result)
    assert "7 unchanged" in result.text
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert counts["jwtGrant"] == 1
    assert "deploy" not in counts
    assert sum(counts.values()) <= 13, counts
    assert deployed.outputs() == before


def test_an_update_of_every_kind_of_field_is_previewed_deployed_proved_and_quiet_afterwards(
    deployed: Stack, config: dict[str, Any]
) -> None:
    changes: dict[str, Any] = {
        "scopes": ["Api", "RefreshToken", "Chatter"],
        "description": "for <CI> & friends",
        "ipRelaxation": "Bypass",
        "refreshTokenPolicy": "specific_lifetime:30:DAYS",
        "callbackUrls": ["https://a.example/cb", "https://b.example/cb"],
        "isPkceRequired": False,
        "sessionTimeoutMinutes": 30,
        "trustedIpRanges": [{"start": "10.0.0.1", "end": "10.0.0.9", "description": "office"}],
    }
    config["orgkey:app"] |= changes
    deployed.configure(config)
    preview = deployed.pulumi("preview", "--diff", "--stack", "t")
    ok(preview)
    assert [key for key in changes if key not in preview.text] == []
    assert "replace" not in preview.text
    updated = deployed.up()
    ok(updated)
    assert "2 updated" in updated.text  # the app, and the proof that follows it
    ok(deployed.drift())
    for key in changes:  # and back to the defaults
        del config["orgkey:app"][key]
    deployed.configure(config)
    ok(deployed.up())
    ok(deployed.drift())


def test_a_connected_app_reaches_a_proved_login_where_the_org_lets_one_make_it(
    stack: Stack, connected: Callable[[], dict[str, Any]]
) -> None:
    stack.configure(connected())
    result = stack.up()
    ok(result)
    assert stack.outputs()["verified"] is True
    ok(stack.drift())
    ok(stack.up())


def test_a_connected_app_where_creation_is_off_fails_with_the_platforms_sentence_and_the_way_out(
    stack: Stack, config: dict[str, Any], org: Org
) -> None:
    config["orgkey:app"] = {**config["orgkey:app"], "kind": "connected"}
    stack.configure(config)
    result = stack.up()
    assert result.code != 0
    assert (
        "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."
        in result.text
    )
    assert "set orgkey:app.kind to external" in result.text
    assert org.query("SELECT Id FROM ConnectedApplication WHERE DeveloperName = 'CI_Integration'", tooling=True) == []


def test_a_failed_proof_fails_the_up_stays_in_state_and_the_next_up_tries_again(
    stack: Stack, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", propagation_delay=3600)
    failed = stack.up()
    assert failed.code != 0
    assert "does not work" in failed.text
    assert "What to do:" in failed.text
    assert stack.resources()["access-grant"]["outputs"]["verified"] is False
    landscape.admin("PATCH", "/knobs", propagation_delay=0)
    healed = stack.up()
    ok(healed)
    assert stack.outputs()["verified"] is True


def test_an_up_waits_while_a_new_app_propagates(stack: Stack, landscape: Landscape, config: dict[str, Any]) -> None:
    landscape.admin("PATCH", "/knobs", propagation_delay=2)
    stack.configure({**config, "orgkey:grant": {"propagationMinutes": 1}})
    result = stack.up()
    ok(result)
    assert stack.outputs()["verified"] is True


def test_a_failed_up_leaves_no_verdict_of_an_older_one(deployed: Stack, landscape: Landscape) -> None:
    landscape.admin("PATCH", "/users", org="uat", username="ci@acme.com.uat", active=False)
    assert deployed.up().code != 0


def test_a_destroy_removes_what_the_stack_made_and_nothing_else(deployed: Stack, org: Org) -> None:
    org.deploy({"permissionsets/Other.permissionset": _other_set()}, {"PermissionSet": ["Other"]})
    org.assign("Other", org.user("ci"))
    result = deployed.destroy()
    ok(result)
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'") == []
    assert org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{APP}'") == []
    assert org.holders("Other") == [org.user("ci")]


def test_a_protected_connected_app_stops_a_destroy(
    stack: Stack, connected: Callable[[], dict[str, Any]], org: Org
) -> None:
    stack.configure(connected())
    ok(stack.up())
    stopped = stack.destroy()
    assert stopped.code != 0
    assert "protected" in stopped.text
    assert (
        len(org.query("SELECT Id FROM ConnectedApplication WHERE DeveloperName = 'CI_Integration'", tooling=True)) == 1
    )


def _other_set() -> str:
    return (
        '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">'
        "<hasActivationRequired>false</hasActivationRequired><label>Other</label></PermissionSet>"
    )
