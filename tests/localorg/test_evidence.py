"""What real orgs were seen to answer: defaults, labels, refusals, tokens and policies (docs/local-org.md says which are knobs)."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, destruction, manifest, unique, xml, zipped
from tests.localorg.landscape_client import Landscape, OrgClient


def only(app: ExternalApp, *kinds: str) -> bytes:
    """A package with some of an app's components."""
    folders = {
        "PermissionSet": "permissionsets/",
        "ExternalClientApplication": "externalClientApps/",
        "ExtlClntAppGlobalOauthSettings": "extlClntAppGlobalOauthSets/",
        "ExtlClntAppOauthSettings": "extlClntAppOauthSettings/",
        "ExtlClntAppOauthConfigurablePolicies": "extlClntAppOauthPolicies/",
        "ExtlClntAppConfigurablePolicies": "extlClntAppPolicies/",
    }
    wanted = tuple(folders[kind] for kind in kinds)
    members = {kind: names for kind, names in app.members().items() if kind in kinds}
    return zipped({"package.xml": manifest(members), **{p: t for p, t in app.files().items() if p.startswith(wanted)}})


def read(org: OrgClient, kind: str, name: str) -> str:
    return org.soap(f"<readMetadata><type>{kind}</type><fullNames>{name}</fullNames></readMetadata>").text


def problems(result: dict[str, Any]) -> list[str]:
    return [each["problem"] for each in result["details"]["componentFailures"]]


@pytest.fixture
def app(org: OrgClient, keys: Keys) -> ExternalApp:
    made = ExternalApp(keys)
    assert org.deploy(made.package())["success"]
    return made


def test_a_read_returns_every_default_that_the_org_filled_in(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    landscape.knob(defaults_returned=True)
    secrets = read(org, "ExtlClntAppGlobalOauthSettings", f"{app.name}_glbloauth")
    for flag in ("isPkceRequired", "isNamedUserJwtEnabled", "shouldRotateConsumerKey", "shouldRotateConsumerSecret"):
        assert f"<{flag}>false</{flag}>" in secrets
    policies = read(org, "ExtlClntAppOauthConfigurablePolicies", f"{app.name}_oauthPlcy")
    assert "<requiredSessionLevel>STANDARD</requiredSessionLevel>" in policies
    assert "<isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled>" in policies
    assert "isNamedUserJwtEnabled" not in policies  # 61 to 63 only
    general = read(org, "ExtlClntAppConfigurablePolicies", f"{app.name}_plcy")
    assert "<startPage>None</startPage>" in general
    assert "isCanvasPluginEnabled" not in general
    settings = read(org, "ExtlClntAppOauthSettings", f"{app.name}_oauth")
    assert "<isFirstPartyAppEnabled>false</isFirstPartyAppEnabled>" in settings
    assert f"<oauthLink>{org.about['orgId'][:15]}:888" in settings


def test_a_connected_app_shows_labels_of_sets_and_takes_them(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    landscape.knob(connected_app_creation=True, connected_app_links_shown="label", defaults_returned=True)
    app = ConnectedApp(keys)
    label = f"Label of {app.set_name}"
    files = {
        "package.xml": manifest({"ConnectedApp": [app.name], "PermissionSet": [app.set_name]}),
        f"connectedApps/{app.name}.connectedApp": xml("ConnectedApp", app.body().replace(app.set_name, label)),
        f"permissionsets/{app.set_name}.permissionset": xml("PermissionSet", f"<label>{label}</label>"),
    }
    assert org.deploy(zipped(files))["success"]
    shown = read(org, "ConnectedApp", app.name)
    assert f"<permissionSetName>{label}</permissionSetName>" in shown
    assert "<isClientCredentialEnabled>false</isClientCredentialEnabled>" in shown
    assert "<isTokenExchangeFlowEnabled>false</isTokenExchangeFlowEnabled>" in shown
    assert "sessionPolicy" not in shown
    landscape.knob(connected_app_links_taken="label")
    again = {
        "package.xml": manifest({"ConnectedApp": [app.name]}),
        f"connectedApps/{app.name}.connectedApp": xml("ConnectedApp", app.body()),
    }
    assert org.deploy(zipped(again))["success"]  # a name links nothing, without a word
    assert "permissionSetName" not in read(org, "ConnectedApp", app.name)


def test_a_foreign_signature_is_a_wrong_client_and_no_certificate_a_wrong_assertion(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    landscape.knob(foreign_signature="invalid_client")
    foreign = Keys.generate().sign(app.key, org.username("ci"), org.url)
    answer = org.grant(foreign).json()
    assert (answer["error"], answer["error_description"]) == ("invalid_client", "invalid client credentials")
    landscape.knob(foreign_signature="invalid_grant")
    assert org.grant(foreign).json()["error_description"] == "invalid assertion"
    landscape.knob(foreign_signature="invalid_client")
    app.certificate = ""
    assert org.deploy(app.package())["success"]
    answer = org.grant(app.assertion(org.username("ci"), org.url)).json()
    assert (answer["error"], answer["error_description"]) == ("invalid_grant", "invalid assertion")


def test_a_permission_set_that_is_held_or_in_a_group_is_not_deleted(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    landscape.knob(held_permission_set_deletable=False)
    record = org.assign(app.set_name, "ci").json()["id"]
    removal = destruction({"PermissionSet": [app.set_name]})
    assert "assigned to one or more users" in problems(org.deploy(removal))[0]
    set_id = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{app.set_name}'")[0]["Id"]
    refused = org.data("DELETE", f"/sobjects/PermissionSet/{set_id}")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "DELETE_FAILED")
    org.data("DELETE", f"/sobjects/PermissionSetAssignment/{record}")
    name = unique("Group")
    group = org.data("POST", "/sobjects/PermissionSetGroup", json={"DeveloperName": name, "MasterLabel": name}).json()
    member = {"PermissionSetGroupId": group["id"], "PermissionSetId": set_id}
    made = org.data("POST", "/sobjects/PermissionSetGroupComponent", json=member).json()["id"]
    assert "permission set groups" in problems(org.deploy(removal))[0]
    org.data("DELETE", f"/sobjects/PermissionSetGroupComponent/{made}")
    assert org.deploy(removal)["success"]


def test_tokens_are_json_web_tokens_where_the_app_says_so_and_soap_takes_them_from_68_on(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    app = ExternalApp(keys, global_extra="<isNamedUserJwtEnabled>true</isNamedUserJwtEnabled>")
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "devops")
    granted = org.grant(app.assertion(org.username("devops"), org.url)).json()
    assert granted["token_format"] == "jwt"
    token = granted["access_token"]
    keys_of_org = KeySet.import_key_set(landscape.http.get(f"{org.url}/id/keys", timeout=30).json())
    claims = jwt.decode(token, keys_of_org, registry=JWSRegistry(strict_check_header=False)).claims
    assert (claims["client_id"], claims["iss"]) == (app.key, org.url)
    assert org.as_user(token).data("GET", "/limits").status_code == 200
    call = "<describeMetadata><asOfVersion>67.0</asOfVersion></describeMetadata>"
    refused = org.soap(call, token=token)
    assert refused.status_code == 500
    assert "<faultcode>sf:INVALID_SESSION_ID</faultcode>" in refused.text
    assert org.soap(call, token=token, version="68.0").status_code == 200


@pytest.mark.parametrize("scopes", ["RefreshToken", "Full"])
def test_an_app_without_a_scope_of_use_has_no_valid_scopes(org: OrgClient, keys: Keys, scopes: str) -> None:
    app = ExternalApp(keys, scopes=scopes)
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    answer = org.grant(app.assertion(org.username("ci"), org.url)).json()
    assert (answer["error"], answer["error_description"]) == ("invalid_grant", "no valid scopes defined")


def test_external_client_apps_have_scopes_of_their_own(org: OrgClient, keys: Keys) -> None:
    assert org.deploy(ExternalApp(keys, scopes="Api, RefreshToken, SFApiPlatform, MCP").package())["success"]
    problem = problems(org.deploy(ExternalApp(keys, scopes="Api, McpApi, SFAP").package()))[0]
    assert problem.startswith("There's a problem with your scope(s): McpApi, SFAP")
    assert "SFApiPlatform" in problem


def test_an_app_deployed_without_policies_gets_the_orgs_and_another_name_is_a_duplicate(
    org: OrgClient, keys: Keys
) -> None:
    app = ExternalApp(keys, scopes="Api, RefreshToken")
    three = ("ExternalClientApplication", "ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthSettings")
    assert org.deploy(only(app, *three))["success"]
    policy = read(org, "ExtlClntAppOauthConfigurablePolicies", f"{app.name}_oauth_defaultPolicy")
    for words in ("AllSelfAuthorized", "SpecificLifetime", ">365<", "Days", "STANDARD"):
        assert words in policy
    assert "<isEnabled>true</isEnabled>" in read(org, "ExtlClntAppConfigurablePolicies", f"{app.name}_defaultPolicy")
    assert problems(org.deploy(app.package())) == [
        "duplicate value found: ExternalClientApplicationId duplicates value on " + each
        for each in (f"{app.name}_oauth_defaultPolicy", f"{app.name}_defaultPolicy")
    ]
    bare = ExternalApp(keys)
    assert org.deploy(only(bare, "ExternalClientApplication"))["success"]
    assert f"{bare.name}_defaultPolicy" in read(org, "ExtlClntAppConfigurablePolicies", f"{bare.name}_defaultPolicy")


def test_an_app_answers_to_the_test_audience_by_knob(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    org.assign(app.set_name, "ci")
    assertion = app.assertion(org.username("ci"), "https://test.salesforce.com")
    assert org.grant(assertion).json()["error"] == "app_not_found"
    landscape.knob(eca_test_audience="accept")
    assert org.grant(assertion).status_code == 200


def test_a_refresh_can_leave_an_app_without_its_oauth_settings(landscape: Landscape, keys: Keys) -> None:
    production = landscape.org("acme")
    app = ExternalApp(keys)
    assert production.deploy(app.package())["success"]
    landscape.knob(refresh_breaks_eca=True)
    landscape.admin("POST", "/orgs/sb03/refresh")
    sandbox = landscape.org("sb03")
    assert sandbox.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'")
    answer = sandbox.grant(app.assertion(sandbox.username("ci"), sandbox.url)).json()
    assert answer["error"] == "app_not_found"
    nothing = read(sandbox, "ExtlClntAppGlobalOauthSettings", f"{app.name}_glbloauth")
    assert "consumerKey" not in nothing
    landscape.knob(refresh_breaks_eca=False)
    landscape.admin("POST", "/orgs/sb03/refresh")
    sandbox = landscape.org("sb03")
    assert f"<oauthLink>{sandbox.about['orgId'][:15]}:888" in read(
        sandbox, "ExtlClntAppOauthSettings", f"{app.name}_oauth"
    )


def test_pkce_can_spring_back(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    landscape.knob(pkce_springs_back=True)
    app = ExternalApp(keys, global_extra="<isPkceRequired>false</isPkceRequired>")
    assert org.deploy(app.package())["success"]
    assert "<isPkceRequired>true" in read(org, "ExtlClntAppGlobalOauthSettings", f"{app.name}_glbloauth")


def test_the_ip_relaxation_comes_back_as_orgs_spell_it(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    files = {p: t.replace(">Enforce<", ">Enforce_RelaxRefresh<") for p, t in app.files().items()}
    assert org.deploy(zipped({"package.xml": manifest(app.members()), **files}))["success"]
    assert ">Enforce_relaxrefresh<" in read(org, "ExtlClntAppOauthConfigurablePolicies", f"{app.name}_oauthPlcy")


@pytest.mark.parametrize("length", [85, 119])
def test_consumer_keys_are_taken_as_orgs_have_them(org: OrgClient, keys: Keys, length: int) -> None:
    key = ("3MVG9+/a=._-" + unique("k") + "Z" * length)[:length]
    app = ExternalApp(keys, key=key)
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    assert org.grant(app.assertion(org.username("ci"), org.url)).status_code == 200
    wrong = {"grant_type": "client_credentials", "client_id": key, "client_secret": "wrong"}
    answer = org.landscape.http.post(f"{org.url}/services/oauth2/token", data=wrong, timeout=30)
    assert answer.json()["error"] == "invalid_client"  # the key was understood in a form body too


def test_tooling_knows_external_client_apps_by_knob(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    question = {"q": f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'"}
    refused = org.data("GET", "/tooling/query", params=question)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    landscape.knob(eca_in_tooling=True)
    assert org.data("GET", "/tooling/query", params=question).json()["totalSize"] == 1


def test_an_app_that_lost_its_oauth_settings_takes_none_again_by_knob(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    parts = ("ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthSettings")
    assert org.deploy(destruction({kind: app.members()[kind] for kind in parts}))["success"]
    landscape.knob(broken_eca_mendable=False)
    assert "Invalid plugin settings." in problems(org.deploy(app.package()))
    landscape.knob(broken_eca_mendable=True)
    assert org.deploy(app.package())["success"]
