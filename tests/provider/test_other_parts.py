"""Parts of an app that no setting names: what was made is what counts, whatever somebody switches on or leaves behind later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL, KINDS, made_app, put
from tests.provider.conftest import Made
from tests.provider.protocol import Client, VerbFailedError, plain

PLCY = "ExtlClntAppOauthConfigurablePolicies"
FLAG = {EXTERNAL: "isTokenExchangeFlowEnabled", CONNECTED: "isTokenExchangeEnabled"}


def change_policies(org: Org, *elements: tuple[str, str]) -> None:
    """As in Setup: the policies of an External Client App, with more of them."""
    given = {
        "commaSeparatedPermissionSet": "Access",
        "externalClientApplication": "App",
        "ipRelaxationPolicyType": "Enforce",
        "label": "App_oauthPlcy",
        "permittedUsersPolicyType": "AdminApprovedPreAuthorized",
        "refreshTokenPolicyType": "Infinite",
        "requiredSessionLevel": "STANDARD",
        **dict(elements),
    }
    put(org, PLCY, "App_oauthPlcy", "".join(f"<{name}>{given[name]}</{name}>" for name in sorted(given)))


def change_connected(org: Org, made: Made, *elements: tuple[str, str]) -> None:
    """As in Setup: more elements of a Connected App's OAuth part."""
    oauth = {
        "callbackUrl": "https://login.salesforce.com/services/oauth2/success",
        "certificate": made[1]["certificatePem"],
        "isAdminApproved": "true",
        "isSecretRequiredForRefreshToken": "true",
        **dict(elements),
    }
    listed = "".join(f"<{name}>{oauth[name]}</{name}>" for name in sorted(oauth))
    marker = f"managed by orgkey acme/t in {org.org_id}"
    put(
        org,
        CONNECTED,
        "App",
        f"<contactEmail>ops@acme.com</contactEmail><description>{marker}</description><label>App</label>"
        f"<oauthConfig>{listed}<scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig>",
    )


def switch_on(org: Org, made: Made, kind: str) -> None:
    if kind == EXTERNAL:
        change_policies(org, (FLAG[kind], "true"))
    else:
        change_connected(org, made, (FLAG[kind], "true"))


def look(provider: Client, org: Org, kind: str, made: Made) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """What the next command finds, and what of it differs."""
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    answer = provider.read(kind, *made)
    found, outputs = plain(answer.inputs), plain(answer.properties)
    return found, outputs, list(provider.diff(kind, found, outputs, made[1]).diffs)


@pytest.fixture(params=[False, True], ids=["as-set", "defaults-filled-in"])
def filled_in(landscape: Landscape, org: Org, request: pytest.FixtureRequest) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True, defaults_returned=request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flow_that_was_switched_on_after_the_creation_is_a_change_that_an_update_undoes(
    provider: Client, filled_in: None, holders: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    made = made_app(provider, kind, key)
    switch_on(org, made, kind)
    found, outputs, differs = look(provider, org, kind, made)
    assert differs == ["otherParts"]
    after = provider.update(kind, "App", (found, outputs), made[1])
    assert not [part for part in after["otherParts"] if FLAG[kind] in part["xml"] and ">true<" in part["xml"]]
    assert look(provider, org, kind, ("App", made[1], after))[2] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_org_holds_now_can_be_taken_for_ours(
    provider: Client, filled_in: None, holders: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    made = made_app(provider, kind, key)
    switch_on(org, made, kind)
    found, outputs, _ = look(provider, org, kind, made)
    news = {**made[1], "carryOver": "present"}
    assert set(provider.diff(kind, found, outputs, news).diffs) == {"carryOver", "otherParts"}
    after = provider.update(kind, "App", (found, outputs), news)
    assert [part for part in after["carriedOver"] if FLAG[kind] in part["xml"] and ">true<" in part["xml"]]
    assert look(provider, org, kind, ("App", news, after))[2] == []


def test_a_part_that_names_a_user_whom_the_org_does_not_have_is_told_with_the_ways_out(
    provider: Client, holders: Made, key: dict[str, Any], org: Org
) -> None:
    made = made_app(provider, EXTERNAL, key)
    gone = {
        "member": PLCY,
        "path": "",
        "xml": '<clientCredentialsFlowUser xmlns="http://soap.sforce.com/2006/04/metadata">gone@acme.com</clientCredentialsFlowUser>',
    }
    outputs = {**made[2], "carriedOver": [gone]}
    news = {**made[1], "label": "Other"}
    with pytest.raises(VerbFailedError) as failed:
        provider.update(EXTERNAL, "App", (made[1], outputs), news)
    assert "clientCredentialsFlowUser gone@acme.com" in failed.value.message
    assert "orgkey:app.carryOver" in failed.value.message
    for way in ("none", "present"):
        after = provider.update(EXTERNAL, "App", (made[1], outputs), {**news, "carryOver": way})
        assert look(provider, org, EXTERNAL, ("App", {**news, "carryOver": way}, after))[2] == []
