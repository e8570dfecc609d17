"""Taking over what exists: `pulumi import` with the command that the conflict prints, and import through the stack file."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

from orgkey.identity.key_pair import certify, generate_key
from tests.landscape import Org
from tests.made_by_hand import NS, SWITCHED_ON, made_external
from tests.program.stack import Stack, ok

SET, APP = "CI_Integration_Access", "CI_Integration"


@pytest.fixture
def made_by_hand(org: Org) -> str:
    """A set with a holder and an app with other satellite names and settings of its own; returns the app's consumer key."""
    key = "MadeByHand" + org.org_id
    made_external(
        org, app=APP, key=key, permission_set=SET, label="By hand", scopes="Api, RefreshToken", description=""
    )
    org.assign(SET, org.user("devops"))
    return key


def give_certificate(org: Org, certificate: str) -> None:
    """As in Setup: the app that was made by hand gets a certificate."""
    org.deploy(
        {
            "extlClntAppGlobalOauthSets/HandGlobal.ecaGlblOauth": (
                f"<ExtlClntAppGlobalOauthSettings {NS}><callbackUrl>https://hand.example/cb</callbackUrl>"
                f"<certificate>{certificate}</certificate><externalClientApplication>{APP}</externalClientApplication>"
                f"{SWITCHED_ON}<label>HandGlobal</label></ExtlClntAppGlobalOauthSettings>"
            )
        },
        {"ExtlClntAppGlobalOauthSettings": ["HandGlobal"]},
    )


def test_things_made_by_hand_are_taken_over_through_the_stack_file(
    stack: Stack, config: dict[str, Any], org: Org, made_by_hand: str
) -> None:
    config |= {
        "orgkey:import": {"app": True, "permissionSet": True, "assignments": True},
        "orgkey:key": {"consumerKey": made_by_hand},
    }
    config["orgkey:app"] |= {
        "label": "By hand",
        "contactEmail": "hand@acme.com",
        "callbackUrls": ["https://hand.example/cb"],
    }
    stack.configure(config)
    result = stack.up()
    ok(result)
    assert stack.outputs()["consumerKey"] == made_by_hand
    assert org.holders(SET) == [org.user("ci"), org.user("devops")]
    assert stack.resources()["access-app"]["outputs"]["members"]["ExtlClntAppGlobalOauthSettings"] == "HandGlobal"
    ok(stack.drift())
    again = stack.up()
    ok(again)
    assert "7 unchanged" in again.text


def test_the_import_command_that_a_conflict_prints_works_as_it_stands(
    stack: Stack, config: dict[str, Any], org: Org, made_by_hand: str
) -> None:
    config |= {"orgkey:key": {"consumerKey": made_by_hand}, "orgkey:assignments": {"authoritative": False}}
    stack.configure(config)
    for _ in range(4):
        result = stack.up()
        if result.code == 0:
            break
        command = re.search(r"pulumi import .*--generate-code=false", result.text)
        assert command, result.text
        imported = stack.pulumi(*shlex.split(command[0])[1:], "--yes", "--stack", "t")
        ok(imported)
    ok(result)
    assert stack.outputs()["consumerKey"] == made_by_hand
    assert org.user("devops") in org.holders(SET)


def test_after_an_import_with_ones_own_key_the_preview_shows_the_ownership_line_alone_and_a_new_key_warns(
    stack: Stack, config: dict[str, Any], org: Org, made_by_hand: str
) -> None:
    config |= {
        "orgkey:import": {"app": True, "permissionSet": True, "assignments": True},
        "orgkey:key": {"consumerKey": made_by_hand},
    }
    config["orgkey:app"] |= {
        "label": "By hand",
        "contactEmail": "hand@acme.com",
        "callbackUrls": ["https://hand.example/cb"],
    }
    stack.configure(config)
    assert "clients that log in to it now are cut off" in ok(stack.pulumi("preview", "--diff", "--stack", "t")).text
    pair, other = (
        certify(generate_key(2048), subject="CN=own", validity_days=90, now=datetime.now(UTC)) for _ in range(2)
    )
    give_certificate(org, other.certificate.pem)
    config["orgkey:key"] |= {"certificatePem": pair.certificate.pem}
    stack.configure(config)
    stack.set_secret("orgkey:key.privateKeyPem", pair.private_key_pem)
    text = ok(stack.pulumi("preview", "--diff", "--stack", "t")).text
    assert other.certificate.fingerprint in text
    assert f"this stack sends {pair.certificate.fingerprint}, which is of another key" in text
    give_certificate(org, pair.certificate.pem)
    text = ok(stack.pulumi("preview", "--diff", "--stack", "t")).text
    assert "cut off" not in text
    _, update = text.split("salesforce:index:ExternalClientApp: (update)")
    changed = re.findall(r"^\s+[~+-] (\w+)\s*:", update.split("salesforce:index:JwtGrant")[0], re.MULTILINE)
    assert changed == ["managedBy"], text
    ok(stack.up())
    assert stack.drift().code == 0


@pytest.mark.parametrize("kind", ["PermissionSet", "ExternalClientApp", "ConnectedApp", "PermissionSetAssignments"])
def test_importing_what_the_org_does_not_have_says_so(stack: Stack, kind: str) -> None:
    result = stack.pulumi(
        "import", f"salesforce:index:{kind}", "x", "Missing", "--generate-code=false", "--yes", "--stack", "t"
    )
    assert result.code != 0
    assert "does not exist" in result.text


@pytest.mark.parametrize(("kind", "way_out"), [("KeyPair", "`privateKeyPem`"), ("JwtGrant", "every `pulumi up`")])
def test_importing_what_cannot_be_imported_says_what_to_do(stack: Stack, kind: str, way_out: str) -> None:
    result = stack.pulumi(
        "import", f"salesforce:index:{kind}", "x", "y", "--generate-code=false", "--yes", "--stack", "t"
    )
    assert result.code != 0
    assert "cannot be imported" in result.text
    assert way_out in result.text


def test_after_an_import_the_others_keep_the_set_until_the_stack_file_says_otherwise(
    stack: Stack, config: dict[str, Any], org: Org, made_by_hand: str
) -> None:
    config |= {
        "orgkey:import": {"assignments": True, "permissionSet": True},
        "orgkey:app": {**config["orgkey:app"], "name": "Mine"},
    }
    config["orgkey:permissionSet"] = {"name": SET}
    stack.configure(config)
    ok(stack.up())
    both = [org.user("ci"), org.user("devops")]
    assert (org.holders(SET), bool(made_by_hand)) == (both, True)
    del config["orgkey:import"]
    stack.configure(config)
    assert "takes the permission set" not in ok(stack.pulumi("preview", "--stack", "t")).text
    ok(stack.up())
    assert org.holders(SET) == both
    ok(stack.drift())
    config["orgkey:assignments"] = {"authoritative": True}
    stack.configure(config)
    assert (
        f"takes the permission set {SET} from: {org.user('devops')}" in ok(stack.pulumi("preview", "--stack", "t")).text
    )
    assert org.holders(SET) == both
    ok(stack.up())
    assert org.holders(SET) == [org.user("ci")]


def test_who_would_lose_an_imported_set_is_named_by_the_preview_of_the_import(
    stack: Stack, config: dict[str, Any], org: Org, made_by_hand: str
) -> None:
    config |= {
        "orgkey:import": {"app": True, "assignments": True, "permissionSet": True},
        "orgkey:assignments": {"authoritative": True},
        "orgkey:key": {"consumerKey": made_by_hand},
    }
    stack.configure(config)
    assert (
        f"takes the permission set {SET} from: {org.user('devops')}" in ok(stack.pulumi("preview", "--stack", "t")).text
    )
