"""An import takes over what is there, whatever it finds: nothing is deleted or recreated, and what is missing is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orgkey.metadata.members import MEMBER_TYPES
from tests.landscape import Landscape, Org
from tests.provider.apps import (
    CONNECTED,
    EXTERNAL,
    GLOBAL,
    KINDS,
    NS,
    SATELLITES,
    app_record,
    inputs_of,
    made_app,
    own_certificate,
    put,
    replace_certificate,
)
from tests.provider.conftest import GRANT, MANAGED_BY, SET, Made, grant_inputs, make
from tests.provider.protocol import Client, VerbFailedError, plain

USUAL = {kind: "App" + MEMBER_TYPES[kind].satellite for kind in SATELLITES}
OWN = dict.fromkeys(SATELLITES, "App")
SWAPPED = {one: USUAL[other] for one, other in zip(SATELLITES, [*SATELLITES[1:], SATELLITES[0]], strict=True)}
PARENT = "<externalClientApplication>App</externalClientApplication>"
BODIES = {
    "ExtlClntAppOauthSettings": "<commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes>" + PARENT,
    "ExtlClntAppOauthConfigurablePolicies": (
        f"<commaSeparatedPermissionSet>Access</commaSeparatedPermissionSet>{PARENT}"
        "<ipRelaxationPolicyType>Enforce</ipRelaxationPolicyType>"
        "{label}<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"
        "<refreshTokenPolicyType>Infinite</refreshTokenPolicyType><requiredSessionLevel>STANDARD</requiredSessionLevel>"
    ),
    "ExtlClntAppConfigurablePolicies": (
        f"{PARENT}<isEnabled>true</isEnabled><isOauthPluginEnabled>true</isOauthPluginEnabled>"
    ),
}


def by_hand(
    org: Org, key: Mapping[str, Any], names: Mapping[str, str] = USUAL, *, without: Sequence[str] = (), owner: str = ""
) -> None:
    """An External Client App as somebody made it, with our certificate."""
    description = f"<description>managed by orgkey {owner} in {org.org_id}</description>" if owner else ""
    bodies = {
        "ExternalClientApplication": (
            f"<contactEmail>ops@acme.com</contactEmail>{description}<distributionState>Local</distributionState>"
            "<isProtected>false</isProtected><label>App</label>"
        ),
        GLOBAL: (
            "<callbackUrl>https://login.salesforce.com/services/oauth2/success</callbackUrl>"
            f"<certificate>{key['certificatePem']}</certificate><consumerKey>{key['consumerKey']}</consumerKey>{PARENT}"
            "<isPkceRequired>true</isPkceRequired><isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken>"
        ),
        **BODIES,
    }
    files, types = {}, {}
    for kind, body in bodies.items():
        name = names.get(kind, "App")
        label = f"<label>{name}</label>" if kind != "ExternalClientApplication" else ""
        text = body.replace("{label}", label) if "{label}" in body else body + label
        files[MEMBER_TYPES[kind].path(name)] = f"<{kind} {NS}>{text}</{kind}>"
        types[kind] = [name]
    org.deploy(files, types)
    lose(org, without, names)


def lose(org: Org, members: Sequence[str], names: Mapping[str, str] = USUAL) -> None:
    """Delete members of the app, as anybody may."""
    if members:
        org.deploy({}, destroy={kind: [names[kind]] for kind in members})


def next_command(provider: Client, org: Org) -> None:
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )


def look(
    provider: Client, org: Org, kind: str, news: Mapping[str, Any], old: tuple[Any, Any] = (None, None)
) -> tuple[tuple[dict[str, Any], dict[str, Any]], Any]:
    """Read it in the next command (no old state: an import) and compare it with what is declared."""
    next_command(provider, org)
    seen = provider.read(kind, str(news["name"]), *old)
    before = plain(seen.inputs), plain(seen.properties)
    checked, problems = provider.check(kind, news)
    assert problems == []
    return before, provider.diff(kind, *before, checked)


def put_right(provider: Client, org: Org, key: dict[str, Any], old: tuple[Any, Any] = (None, None)) -> Any:
    """Take the app over, or put it right; it works from then on, and the next look is quiet."""
    news, _ = provider.check(EXTERNAL, inputs_of(key))
    before, diff = look(provider, org, EXTERNAL, news, old)
    assert list(diff.replaces) == []
    after = provider.update(EXTERNAL, "App", before, news)
    assert make(provider, GRANT, grant_inputs(key, org))[2]["verified"] is True
    assert after["consumerKey"] == key["consumerKey"]
    assert list(look(provider, org, EXTERNAL, news, (news, after))[1].diffs) == []
    return diff


# --- names of satellites: free, and nobody's business but their type's

NAMES = {
    "the usual ones": USUAL,
    "the app's own": OWN,
    "swapped between types": SWAPPED,
    "the app's own for one": {**USUAL, GLOBAL: "App"},
    "something else": dict.fromkeys(SATELLITES, "Hand"),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_satellites_of_any_name_are_found_and_taken_over_in_place(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, names: dict[str, str]
) -> None:
    by_hand(org, key, names)
    record = app_record(org)
    diff = put_right(provider, org, key)
    assert list(diff.diffs) == ["managedBy"]
    assert app_record(org) == record


def test_a_satellite_of_another_app_under_our_usual_name_is_not_ours(
    provider: Client, holders: Made, key: dict[str, Any], org: Org
) -> None:
    other = "<externalClientApplication>Other</externalClientApplication>"
    app = "<contactEmail>ops@acme.com</contactEmail><distributionState>Local</distributionState><label>Other</label>"
    put(org, "ExternalClientApplication", "Other", app)
    scopes = f"<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes>{other}<label>Other_oauth</label>"
    put(org, "ExtlClntAppOauthSettings", "Other_oauth", scopes)
    replace_certificate(org, EXTERNAL, own_certificate(), name="Other", member="App_glbloauth")
    by_hand(org, key, {**USUAL, GLOBAL: "Hand"}, without=[GLOBAL])
    put_right(provider, org, key)
    names = plain(provider.read(EXTERNAL, "App").properties)["members"]
    assert names[GLOBAL] == "App_glbloauth2"


# --- what is missing is added, with our consumer key

MISSING = {**{kind: [kind] for kind in SATELLITES}, "all of them": list(SATELLITES)}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_an_import_of_a_half_made_app_adds_what_is_missing(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, missing: list[str]
) -> None:
    by_hand(org, key, without=missing)
    record = app_record(org)
    diff = put_right(provider, org, key)
    assert {"managedBy", "members"} <= set(diff.diffs)
    assert app_record(org) == record


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_an_interrupted_creation_is_gone_on_with_whatever_is_there(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, missing: list[str]
) -> None:
    by_hand(org, key, without=missing, owner=MANAGED_BY)
    record = app_record(org)
    assert make(provider, EXTERNAL, inputs_of(key))[2]["appId"] == record
    assert make(provider, GRANT, grant_inputs(key, org))[2]["verified"] is True


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_members_that_were_deleted_are_a_change_and_are_put_back_with_our_key(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, missing: list[str]
) -> None:
    _, inputs, outputs = made_app(provider, EXTERNAL, key)
    record = app_record(org)
    lose(org, missing)
    diff = put_right(provider, org, key, (inputs, outputs))
    assert "members" in diff.diffs
    assert app_record(org) == record


def test_a_connected_app_without_its_oauth_part_gets_it(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    put(org, CONNECTED, "App", "<contactEmail>ops@acme.com</contactEmail><label>App</label>")
    news, _ = provider.check(CONNECTED, inputs_of(key))
    before, diff = look(provider, org, CONNECTED, news)
    assert list(diff.replaces) == []
    after = provider.update(CONNECTED, "App", before, news)
    assert after["consumerKey"] == key["consumerKey"]
    assert make(provider, GRANT, grant_inputs(key, org, appKind="connected"))[2]["verified"] is True
    assert list(look(provider, org, CONNECTED, news, (news, after))[1].diffs) == []


# --- what would delete it is refused


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("deployed", [False, True], ids=["just imported", "deployed since"])
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"consumerKey": "AnotherKey1"}, "pulumi config set --stack STACK --path orgkey:key.consumerKey {consumerKey}"),
        ({"name": "Other"}, "pulumi config set --stack STACK --path orgkey:app.name App"),
    ],
    ids=["another consumer key", "another name"],
)
def test_an_app_that_was_taken_over_is_never_made_anew(
    provider: Client,
    holders: Made,
    key: dict[str, Any],
    org: Org,
    landscape: Landscape,
    kind: str,
    change: dict[str, str],
    line: str,
    *,
    deployed: bool,
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    made_app(provider, kind, key)
    news, _ = provider.check(kind, inputs_of(key))
    before, _ = look(provider, org, kind, news)
    if deployed:
        before = news, provider.update(kind, "App", before, news)
    next_command(provider, org)
    wanted = {**news, **change}
    assert list(provider.diff(kind, *before, wanted).replaces) == []  # a refresh compares too, and must not fail
    provider.check(kind, wanted)
    with pytest.raises(VerbFailedError) as failed:
        provider.diff(kind, *before, wanted)
    assert failed.value.code == "FAILED_PRECONDITION"
    assert line.format(**key) in failed.value.message
    assert "Nothing was changed" in failed.value.message


def test_a_permission_set_that_was_taken_over_is_never_made_anew(
    provider: Client, permission_set: Made, org: Org
) -> None:
    news, _ = provider.check(SET, {"name": "Access", "label": "Access", "license": "Salesforce"})
    before = look(provider, org, SET, {**permission_set[1]})[0]
    provider.check(SET, news)
    with pytest.raises(VerbFailedError) as failed:
        provider.diff(SET, *before, news)
    assert "pulumi config rm --stack STACK --path orgkey:permissionSet.license" in failed.value.message


@pytest.mark.parametrize("owner", ["", "acme/fresh", "orgkey/t"])
def test_what_was_imported_and_never_deployed_is_left_where_it_is(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, heard: list[str], owner: str
) -> None:
    by_hand(org, key, owner=owner)
    (inputs, outputs), _ = look(provider, org, EXTERNAL, inputs_of(key))
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    provider.delete(EXTERNAL, "App", inputs, outputs)
    assert app_record(org)
    assert [line for line in heard if "never deployed by this stack" in line] != []


# --- a login that is refused for its certificate, where the org does not show it


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("theirs", "form"),
    [("another", "invalid_client"), ("another", "invalid_grant"), ("", "invalid_client")],
    ids=["replaced", "replaced, as it was answered before", "cleared"],
)
def test_an_update_of_the_grant_deploys_the_app_again_once(
    provider: Client,
    holders: Made,
    key: dict[str, Any],
    org: Org,
    landscape: Landscape,
    heard: list[str],
    kind: str,
    theirs: str,
    form: str,
) -> None:
    knobs = {"connected_app_creation": True, "certificate_returned": False, "foreign_signature": form}
    landscape.admin("PATCH", "/knobs", **knobs)
    _, inputs, outputs = made_app(provider, kind, key)
    grant = make(provider, GRANT, grant_inputs(key, org, appKind="connected" if kind == CONNECTED else "external"))
    replace_certificate(org, kind, own_certificate() if theirs else "")
    assert list(look(provider, org, kind, inputs, (inputs, outputs))[1].diffs) == []
    refused = plain(provider.read(GRANT, grant[0], grant[1], grant[2]).properties)
    assert list(provider.diff(GRANT, grant[1], refused, grant[1]).diffs) == ["reason", "verified"]
    after = provider.update(GRANT, grant[0], (grant[1], refused), grant[1])
    assert after["verified"] is True
    assert len([line for line in heard if "deploying the app App again" in line]) == 1
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["deploy"] == 3


def test_an_app_that_this_run_has_deployed_is_not_deployed_again(
    provider: Client, app: Made, key: dict[str, Any], org: Org, heard: list[str]
) -> None:
    grant = make(provider, GRANT, grant_inputs(key, org))
    before, _ = look(provider, org, EXTERNAL, app[1], (app[1], app[2]))
    provider.update(EXTERNAL, "App", before, app[1])
    replace_certificate(org, EXTERNAL, own_certificate())
    with pytest.raises(VerbFailedError) as failed:
        provider.update(GRANT, grant[0], (grant[1], grant[2]), grant[1])
    assert failed.value.init_failed is not None
    assert "it sends this stack's certificate again" in failed.value.message
    assert [line for line in heard if "deploying the app" in line] == []


def test_a_redeploy_that_fails_is_told_beside_the_refusal_of_the_login(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", certificate_returned=False)
    grant = make(provider, GRANT, grant_inputs(key, org))
    replace_certificate(org, EXTERNAL, "")
    look(provider, org, EXTERNAL, app[1], (app[1], {**app[2], "certificateReturned": False}))
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["INSUFFICIENT_ACCESS"])
    with pytest.raises(VerbFailedError) as failed:
        provider.update(GRANT, grant[0], (grant[1], grant[2]), grant[1])
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["id"] == grant[0]
    assert failed.value.init_failed["properties"]["verified"] is False
    assert "invalid assertion" in failed.value.message
    assert "was to be deployed again, and that failed" in failed.value.message


# --- copies that a sandbox refresh left without their OAuth part


@pytest.mark.parametrize(
    "production", ["acme/prod", MANAGED_BY], ids=["of production's stack", "of a stack of our name"]
)
@pytest.mark.parametrize("in_state", [True, False], ids=["in state", "not in state"])
def test_the_bare_header_of_a_copied_app_is_put_right(
    provider: Client,
    holders: Made,
    key: dict[str, Any],
    org: Org,
    landscape: Landscape,
    production: str,
    *,
    in_state: bool,
) -> None:
    marker = f"managed by orgkey {production} in {landscape.org('acme').org_id}"
    old: tuple[Any, Any] = (None, None)
    if in_state:
        _, inputs, outputs = made_app(provider, EXTERNAL, key)
        org.deploy({}, destroy={"ExternalClientApplication": ["App"]})
        old = inputs, outputs
    put(
        org,
        "ExternalClientApplication",
        "App",
        f"<contactEmail>ops@acme.com</contactEmail><description>{marker}</description>"
        "<distributionState>Local</distributionState><label>App</label>",
    )
    if in_state:
        put_right(provider, org, key, old)
        return
    next_command(provider, org)
    made = made_app(provider, EXTERNAL, key)
    assert make(provider, GRANT, grant_inputs(key, org))[2]["verified"] is True
    assert list(look(provider, org, EXTERNAL, made[1], made[1:])[1].diffs) == []


def without_oauth_part(org: Org, key: Mapping[str, Any], owner: str) -> None:
    """An app as a sandbox refresh may leave it: its policies are there, and it takes no OAuth settings any more."""
    by_hand(org, key, without=[GLOBAL, "ExtlClntAppOauthSettings"], owner=owner)


@pytest.mark.parametrize("in_state", [True, False], ids=["in state", "not in state"])
@pytest.mark.parametrize("of_another_org", [True, False], ids=["a copy", "our own"])
def test_a_copy_that_takes_no_oauth_settings_again_is_made_anew(
    provider: Client,
    holders: Made,
    key: dict[str, Any],
    org: Org,
    landscape: Landscape,
    heard: list[str],
    *,
    in_state: bool,
    of_another_org: bool,
) -> None:
    landscape.admin("PATCH", "/knobs", broken_eca_mendable=False)
    old: tuple[Any, Any] = (None, None)
    if in_state:
        old = made_app(provider, EXTERNAL, key)[1:]
        org.deploy({}, destroy={"ExternalClientApplication": ["App"]})
    without_oauth_part(org, key, MANAGED_BY)
    if of_another_org:
        header = f"<description>managed by orgkey {MANAGED_BY} in {landscape.org('acme').org_id}</description>"
        body = f"<contactEmail>ops@acme.com</contactEmail>{header}<distributionState>Local</distributionState><label>App</label>"
        put(org, "ExternalClientApplication", "App", body)
    before = app_record(org)
    next_command(provider, org)
    news, _ = provider.check(EXTERNAL, inputs_of(key))
    if in_state:
        after = provider.update(EXTERNAL, "App", look(provider, org, EXTERNAL, news, old)[0], news)
    else:
        after = provider.create(EXTERNAL, news)[1]
    assert [line for line in heard if "had lost its OAuth settings" in line] != []
    assert after["consumerKey"] == key["consumerKey"]
    assert after["appId"] == app_record(org) != before
    assert make(provider, GRANT, grant_inputs(key, org))[2]["verified"] is True
    assert list(look(provider, org, EXTERNAL, news, (news, after))[1].diffs) == []


def test_an_imported_app_is_not_made_anew_for_its_lost_oauth_settings(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", broken_eca_mendable=False)
    without_oauth_part(org, key, MANAGED_BY)
    before = app_record(org)
    news, _ = provider.check(EXTERNAL, inputs_of(key))
    imported = look(provider, org, EXTERNAL, news)[0]
    with pytest.raises(VerbFailedError, match="delete the app in Setup"):
        provider.update(EXTERNAL, "App", imported, news)
    assert app_record(org) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["Packaged", "vendor__Packaged"])
def test_an_import_of_a_packages_app_is_refused_as_that(
    provider: Client, org: Org, landscape: Landscape, kind: str, name: str
) -> None:
    of = {"ConnectedApp": "ConnectedApp", "ExternalClientApp": "ExternalClientApplication"}[kind]
    landscape.admin("POST", "/packages", org="uat", namespace="vendor", name="Packaged", kind=of)
    with pytest.raises(VerbFailedError, match="belongs to the package vendor"):
        provider.read(kind, name)
    assert provider.read(kind, "Absent").id == ""
