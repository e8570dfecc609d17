"""A key has leaked: the thief's login and session end by one `up`, and what could not be ended is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from tests.landscape import Landscape, Org
from tests.login import GRANT_TYPE, assertion_of, refused, why_not
from tests.program.stack import Stack, ok

Config = dict[str, Any]


def _token(outputs: Mapping[str, Any], org: Org) -> str:
    """A token that a thief got with the leaked key, by nothing of ours."""
    form = {"grant_type": GRANT_TYPE, "assertion": assertion_of(outputs)}
    answer = requests.post(f"{org.url}/services/oauth2/token", data=form, verify=org.ca_bundle, timeout=30)
    assert answer.ok, answer.text
    return str(answer.json()["access_token"])


def _works(token: str, org: Org) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{org.url}/services/data/v67.0/limits", headers=headers, verify=org.ca_bundle, timeout=30).ok


def _preview(stack: Stack) -> str:
    """What a preview says, in one line."""
    return " ".join(ok(stack.pulumi("preview", "--stack", stack.name)).text.split())


@pytest.mark.parametrize("kind", ["external", "connected"])
def test_a_blocked_app_refuses_the_thief_ends_its_session_and_lets_in_again(
    kind: str, stack: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    config["orgkey:app"] |= {"kind": kind, "protect": False}
    stack.configure(config)
    ok(stack.up())
    leaked = stack.outputs(secrets=True)
    token = _token(leaked, org)
    assert _works(token, org)
    config["orgkey:app"] |= {"blocked": True}
    stack.configure(config)
    says = "this `up` blocks the app: its clients are cut off, and the sessions and refresh tokens that its app gave out are ended"
    assert says in _preview(stack)
    blocked = ok(stack.up())
    assert "is refused" in blocked.text
    assert "1 session and 0 refresh tokens of the app were ended" in blocked.text
    assert refused(leaked, org) != ""
    assert not _works(token, org)
    assert stack.outputs()["verified"] is False
    assert stack.drift().code == 0
    unchanged = ok(stack.up()).text
    assert "unchanged" in unchanged
    assert "blocks the app" not in unchanged
    del config["orgkey:app"]["blocked"]
    stack.configure(config)
    assert "this `up` lets the app in again: who has its key logs in as before the block" in _preview(stack)
    ok(stack.up())
    assert why_not(stack, org) == ""
    assert stack.drift().code == 0


def test_the_next_generation_works_while_the_leaked_one_is_blocked(deployed: Stack, config: Config, org: Org) -> None:
    leaked = deployed.outputs(secrets=True)
    token = _token(leaked, org)
    config["orgkey:generation"] = {"number": 2}
    config["orgkey:retiring"] = [{"number": 1, "blocked": True}]
    deployed.configure(config)
    for told in (_preview(deployed), " ".join(ok(deployed.up()).text.split())):
        assert "this `up` blocks generation 1: its clients are cut off" in told
        assert "Clients of generation 1 are cut off: it is blocked" in told
        assert "as before" not in told
    assert why_not(deployed, org) == ""
    assert refused(leaked, org) != ""
    assert not _works(token, org)


def test_what_a_login_may_not_end_is_named(deployed: Stack, config: Config, landscape: Landscape, org: Org) -> None:
    landscape.admin(
        "PUT", "/profile-permissions", org=org.name, profile="System Administrator", permissions={"ManageUsers": False}
    )
    config["orgkey:app"] |= {"blocked": True}
    deployed.configure(config)
    told = ok(deployed.up()).text
    assert "end them in Setup > Session Management" in told
    assert "lacks Manage Users" in told


def test_sessions_of_another_app_with_the_same_label_are_left_alone_and_that_is_told(
    deployed: Stack, config: Config, org: Org
) -> None:
    token = _token(deployed.outputs(secrets=True), org)
    twin = (
        '<ExternalClientApplication xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>ops@acme.com</contactEmail>'
        "<distributionState>Local</distributionState><label>CI Integration</label></ExternalClientApplication>"
    )
    org.deploy({"externalClientApps/Twin.eca": twin}, {"ExternalClientApplication": ["Twin"]})
    config["orgkey:app"] |= {"blocked": True}
    deployed.configure(config)
    told = ok(deployed.up()).text
    assert "2 apps have the label CI Integration" in told
    assert _works(token, org)


def test_a_block_that_somebody_undid_is_drift_and_the_next_up_blocks_again(
    deployed: Stack, config: Config, org: Org
) -> None:
    leaked = deployed.outputs(secrets=True)
    config["orgkey:app"] |= {"blocked": True}
    deployed.configure(config)
    ok(deployed.up())
    policy = (
        '<ExtlClntAppConfigurablePolicies xmlns="http://soap.sforce.com/2006/04/metadata">'
        "<externalClientApplication>CI_Integration</externalClientApplication><isEnabled>true</isEnabled>"
        "<isOauthPluginEnabled>true</isOauthPluginEnabled><label>CI_Integration_plcy</label></ExtlClntAppConfigurablePolicies>"
    )
    org.deploy(
        {"extlClntAppPolicies/CI_Integration_plcy.ecaPlcy": policy},
        {"ExtlClntAppConfigurablePolicies": ["CI_Integration_plcy"]},
    )
    assert refused(leaked, org) == ""
    assert deployed.drift().code == 7
    ok(deployed.up())
    assert refused(leaked, org) != ""


def test_a_leaked_key_opens_no_other_generation(deployed: Stack, config: Config, org: Org) -> None:
    leaked = deployed.outputs(secrets=True)
    apps = "SELECT DeveloperName FROM ExternalClientApplication"
    config["orgkey:key"] = {"certificatePem": leaked["certificatePem"]}
    config["orgkey:generation"] = {"number": 2}
    for retiring, app, says in (
        ({"number": 1, "blocked": True}, {}, "Generation 2 has the same key pair as generation 1, which is blocked"),
        ({"number": 1}, {"blocked": True}, "Generation 1 has the same key pair as generation 2, which is blocked"),
    ):
        changed = {**config, "orgkey:retiring": [retiring], "orgkey:app": config["orgkey:app"] | app}
        deployed.configure(changed)
        deployed.set_secret("orgkey:key.privateKeyPem", leaked["privateKeyPem"])
        for refusal in (deployed.pulumi("preview", "--stack", deployed.name), deployed.up()):
            assert refusal.code != 0
            assert says in " ".join(refusal.text.split())
        assert len(org.query(apps)) == 1
        assert refused(leaked, org) == ""
    config["orgkey:retiring"] = [{"number": 1}]
    deployed.configure(config)
    deployed.set_secret("orgkey:key.privateKeyPem", leaked["privateKeyPem"])
    told = " ".join(ok(deployed.up()).text.split())
    assert "generation 2 has the same key pair as generation 1: who has the old key logs in with it" in told
    second = deployed.outputs(secrets=True)
    assert refused(second, org) == ""
    del config["orgkey:key"]
    config["orgkey:retiring"] = [{"number": 1, "blocked": True}]
    deployed.configure(config)
    ok(deployed.up())
    assert refused(leaked, org) != ""
    assert refused(second, org) != ""
    assert why_not(deployed, org) == ""
