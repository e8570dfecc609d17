"""Parts of an app that no setting names: what was made is what counts, whatever somebody switches on or leaves behind later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL, KINDS, made_app, put
from tests.provider.conftest import SET, Made
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


SECURITY = "ExtlClntAppOauthSecuritySettings"


def restrict_tokens(org: Org, name: str, *ranges: str) -> None:
    """As in Setup: addresses that may use the app's tokens."""
    listed = "".join(
        f"<tokenIpRanges><description>office</description><endIpAddress>{each}.255</endIpAddress>"
        f"<startIpAddress>{each}.0</startIpAddress></tokenIpRanges>"
        for each in ranges
    )
    put(org, SECURITY, name, f"<externalClientApplication>App</externalClientApplication><label>{name}</label>{listed}")


@pytest.mark.parametrize("name", ["App_oauthSecurity", "Hand"])
def test_addresses_that_somebody_binds_tokens_to_are_a_change_and_an_up_takes_them_away(
    provider: Client, app: Made, org: Org, name: str
) -> None:
    restrict_tokens(org, name, "10.0.0")
    found, outputs, differs = look(provider, org, EXTERNAL, app)
    assert differs == ["otherParts"]
    assert [each["member"] for each in outputs["otherParts"] if "tokenIpRanges" in each["xml"]] == [SECURITY]
    after = provider.update(EXTERNAL, "App", (found, outputs), app[1])
    assert [each for each in after["otherParts"] if each["member"] == SECURITY] == []
    assert look(provider, org, EXTERNAL, (app[0], app[1], after))[2] == []


def test_addresses_that_an_app_had_when_it_was_taken_over_are_kept_and_put_back(
    provider: Client, app: Made, org: Org
) -> None:
    restrict_tokens(org, "Hand", "10.0.0", "10.0.1")
    read = provider.read(EXTERNAL, "App")
    imported = plain(read.inputs), plain(read.properties)
    after = provider.update(EXTERNAL, "App", imported, {**app[1], "label": "Taken over"})
    kept = [each["xml"] for each in after["otherParts"] if each["member"] == SECURITY]
    assert len(kept) == 2
    org.deploy({}, destroy={SECURITY: ["Hand"]})
    news = {**app[1], "label": "Taken over"}
    found, outputs, differs = look(provider, org, EXTERNAL, (app[0], news, after))
    assert differs == ["otherParts"]
    back = provider.update(EXTERNAL, "App", (found, outputs), news)
    assert [each["xml"] for each in back["otherParts"] if each["member"] == SECURITY] == kept


def test_other_parts_that_are_ignored_are_no_change(provider: Client, permission_set: Made) -> None:
    _, inputs, outputs = permission_set
    more = {**outputs, "carriedOver": [], "otherParts": [{"member": "PermissionSet", "xml": "<x/>"}]}
    assert list(provider.diff(SET, inputs, more, inputs).diffs) == ["otherParts"]
    assert list(provider.diff(SET, inputs, more, inputs, ignored=["otherParts"]).diffs) == []
