"""The token endpoint: every row of the platform's errors is reached by state, not by magic values (platform notes 4)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from requests import Response

from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, destruction, manifest, zipped
from tests.localorg.landscape_client import Landscape, OrgClient


def refused(answer: Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    return body["error"], body["error_description"]


@pytest.fixture
def app(org: OrgClient, keys: Keys) -> ExternalApp:
    """An External Client App whose permission set ci holds."""
    made = ExternalApp(keys)
    deployed = org.deploy(made.package())
    assert deployed["success"], deployed["details"]["componentFailures"]
    assert org.assign(made.set_name, "ci").status_code == 201
    return made


@pytest.fixture
def connected(landscape: Landscape, org: OrgClient, keys: Keys) -> ConnectedApp:
    """A Connected App whose permission set ci holds."""
    landscape.knob(connected_app_creation=True)
    made = ConnectedApp(keys)
    deployed = org.deploy(made.package())
    assert deployed["success"], deployed["details"]["componentFailures"]
    assert org.assign(made.set_name, "ci").status_code == 201
    return made


def test_a_grant_answers_with_the_fields_of_the_jwt_flow(org: OrgClient, app: ExternalApp) -> None:
    body = org.grant(app.assertion(org.username("ci"), org.url)).json()

    assert set(body) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert body["access_token"].startswith(org.about["orgId"][:15] + "!")
    assert body["instance_url"] == org.url
    assert body["scope"].split() == ["api", "refresh_token"]
    assert org.call("GET", body["id"], headers={"Authorization": f"Bearer {body['access_token']}"}).json()[
        "username"
    ] == org.username("ci")


@pytest.mark.parametrize("audience", ["own", "https://login.salesforce.com", "login host", "own with slash"])
def test_an_external_client_app_takes_my_domain_and_login_as_audience(
    landscape: Landscape, org: OrgClient, app: ExternalApp, audience: str
) -> None:
    named = {"own": org.url, "own with slash": org.url + "/", "login host": landscape.about["login"]}
    assertion = app.assertion(org.username("ci"), named.get(audience, audience))
    assert org.grant(assertion).status_code == 200


def test_an_external_client_app_answers_the_test_audience_with_app_not_found(org: OrgClient, app: ExternalApp) -> None:
    answer = org.grant(app.assertion(org.username("ci"), "https://test.salesforce.com"))
    assert refused(answer) == ("app_not_found", "External client app is not installed in this org")


@pytest.mark.parametrize("audience", ["own", "https://login.salesforce.com", "https://test.salesforce.com"])
def test_a_connected_app_takes_all_three_audiences(org: OrgClient, connected: ConnectedApp, audience: str) -> None:
    assertion = connected.assertion(org.username("ci"), org.url if audience == "own" else audience)
    assert org.grant(assertion).status_code == 200


def test_another_orgs_domain_is_no_audience(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    answer = org.grant(app.assertion(org.username("ci"), landscape.org("dev").url))
    assert refused(answer) == ("invalid_grant", "audience is invalid")


def test_classic_audiences_refuse_my_domain(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    landscape.knob(classic_aud=True)
    assert refused(org.grant(app.assertion(org.username("ci"), org.url)))[1] == "audience is invalid"
    assert org.grant(app.assertion(org.username("ci"), "https://login.salesforce.com")).status_code == 200


def test_an_unknown_key_is_an_invalid_client_id(org: OrgClient, keys: Keys) -> None:
    answer = org.grant(keys.sign("nobody_has_this_key", org.username("ci"), org.url))
    assert refused(answer) == ("invalid_client_id", "client identifier invalid")


def test_the_wrong_host_does_not_know_the_app(
    landscape: Landscape, org: OrgClient, app: ExternalApp, connected: ConnectedApp
) -> None:
    login = landscape.about["login"]
    dev = landscape.org("dev")
    for url in (login, dev.url):
        assert refused(org.grant(app.assertion(org.username("ci"), org.url), url=url))[0] == "app_not_found"
        assert refused(org.grant(connected.assertion(org.username("ci"), org.url), url=url))[0] == "invalid_client_id"


def test_the_test_host_logs_sandbox_users_in(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    answer = org.grant(app.assertion(org.username("ci"), org.url), url=landscape.about["test"])
    assert answer.json()["instance_url"] == org.url


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": 1_000_000_000}, ("invalid_grant", "expired authorization code")),
        ({"exp": "1000000000"}, ("invalid_grant", "expired authorization code")),
        ({"exp": None}, ("invalid_grant", "invalid assertion")),
        ({"exp": "soon"}, ("invalid_grant", "invalid assertion")),
        ({"sub": "nobody@acme.com"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"sub": None}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"iss": None}, ("invalid_client_id", "client identifier invalid")),
        ({"aud": None}, ("invalid_grant", "audience is invalid")),
    ],
)
def test_a_wrong_claim_is_refused_in_the_platforms_words(
    org: OrgClient, app: ExternalApp, claims: dict[str, Any], expected: tuple[str, str]
) -> None:
    given = {"key": app.key, "username": org.username("ci"), "audience": org.url}
    rest = {name: value for name, value in claims.items() if name not in {"sub", "iss", "aud"}}
    answer = org.grant(app.keys.sign(**given, **{**claims, **rest}))
    assert refused(answer) == expected


@pytest.mark.parametrize("expires", ["text", "milliseconds", "now", "far ahead"])
def test_odd_expiry_times_that_real_clients_send_are_accepted(org: OrgClient, app: ExternalApp, expires: str) -> None:
    now = int(time.time())
    odd = {"text": str(now + 180), "milliseconds": now * 1000 + 300, "now": now, "far ahead": now + 86_400}
    assert org.grant(app.assertion(org.username("ci"), org.url, exp=odd[expires])).status_code == 200


def test_strict_expiry_refuses_what_is_more_than_three_minutes_ahead(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    landscape.knob(strict_exp=True)
    assert org.grant(app.assertion(org.username("ci"), org.url, exp=int(time.time()) + 3600)).status_code == 400
    assert org.grant(app.assertion(org.username("ci"), org.url, exp=int(time.time()) + 150)).status_code == 200


def test_another_key_is_a_wrong_client_and_what_is_no_assertion_an_invalid_one(
    org: OrgClient, app: ExternalApp
) -> None:
    other = Keys.generate()
    wrong_key = other.sign(app.key, org.username("ci"), org.url)
    other_algorithm = app.assertion(org.username("ci"), org.url, algorithm="RS512")
    for assertion in (wrong_key, wrong_key[:-8]):
        assert refused(org.grant(assertion)) == ("invalid_client", "invalid client credentials")
    for assertion in (other_algorithm, "", "a.b.c"):
        assert refused(org.grant(assertion)) == ("invalid_grant", "invalid assertion")


def test_a_redeploy_without_certificate_clears_it(org: OrgClient, app: ExternalApp) -> None:
    app.certificate = ""
    assert org.deploy(app.package())["success"]
    assert refused(org.grant(app.assertion(org.username("ci"), org.url))) == ("invalid_grant", "invalid assertion")


def test_a_user_without_the_set_is_not_admin_approved(org: OrgClient, app: ExternalApp) -> None:
    answer = org.grant(app.assertion(org.username("deploy"), org.url))
    assert refused(answer) == ("invalid_app_access", "user is not admin approved to access this app")


def test_inactive_and_frozen_users_are_refused(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    assert refused(org.grant(app.assertion(org.username("former"), org.url))) == ("inactive_user", "user is inactive")
    landscape.knob(inactive_user_form="invalid_grant")
    assert refused(org.grant(app.assertion(org.username("former"), org.url))) == ("invalid_grant", "inactive user")
    assert refused(org.grant(app.assertion(org.username("frozen"), org.url)))[0] == "invalid_grant"


def test_a_pre_authorized_app_without_the_refresh_token_scope_is_refused(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys, scopes="Api")
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    error, text = refused(org.grant(app.assertion(org.username("ci"), org.url)))
    assert error == "invalid_request"
    assert text == "refresh_token scope is required and the connected app should be installed and preauthorized"


def test_a_self_authorized_app_needs_a_consent(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys, policy="AllSelfAuthorized")
    assert org.deploy(app.package())["success"]
    assertion = app.assertion(org.username("ci"), org.url)
    assert refused(org.grant(assertion)) == ("invalid_grant", "user hasn't approved this consumer")
    landscape.admin("POST", "/consents", {"org": "uat", "username": org.username("ci"), "consumerKey": app.key})
    assert org.grant(assertion).status_code == 200


def test_a_set_backed_by_the_api_integration_licence_cannot_pre_authorize(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    files = app.files()
    path = f"permissionsets/{app.set_name}.permissionset"
    files[path] = files[path].replace("</label>", "</label><license>Salesforce API Integration</license>")
    deployed = org.deploy(zipped({"package.xml": manifest(app.members()), **files}))
    assert deployed["success"], deployed["details"]["componentFailures"]
    assert org.assign(app.set_name, "ci").status_code == 201
    answer = org.grant(app.assertion(org.username("ci"), org.url))
    assert refused(answer) == ("invalid_grant", "user hasn't approved this consumer")


def test_a_new_app_is_unknown_until_it_has_propagated(
    landscape: Landscape, org: OrgClient, keys: Keys, connected: ConnectedApp
) -> None:
    landscape.knob(propagation_delay=300)
    app = ExternalApp(keys)
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    for _ in range(2):
        assert refused(org.grant(app.assertion(org.username("ci"), org.url)))[0] == "app_not_found"
    assert refused(org.grant(connected.assertion(org.username("ci"), org.url)))[0] == "invalid_client_id"
    landscape.advance(301)
    now = landscape.admin("GET", "/clock")["now"]
    late = {"exp": int(now) + 120}
    assert org.grant(app.assertion(org.username("ci"), org.url, **late)).status_code == 200
    assert org.grant(connected.assertion(org.username("ci"), org.url, **late)).status_code == 200
    landscape.admin("PATCH", "/clock", {"offset": 0})


def test_a_changed_certificate_takes_effect_after_the_delay(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    old = app.keys
    landscape.knob(propagation_delay=1.0)
    landscape.advance(2)
    now = int(landscape.admin("GET", "/clock")["now"])
    app.keys = Keys.generate()
    app.certificate = app.keys.certificate
    assert org.deploy(app.package())["success"]
    old_assertion = old.sign(app.key, org.username("ci"), org.url, exp=now + 120)
    assert org.grant(old_assertion).status_code == 200
    landscape.advance(2)
    assert refused(org.grant(old_assertion))[1] == "invalid client credentials"
    assert org.grant(app.assertion(org.username("ci"), org.url, exp=now + 120)).status_code == 200
    landscape.admin("PATCH", "/clock", {"offset": 0})


def test_a_deleted_app_still_logs_in_until_that_has_propagated(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    landscape.advance(400)
    landscape.knob(propagation_delay=300)
    late = {"exp": int(landscape.admin("GET", "/clock")["now"]) + 600}
    assert org.deploy(destruction({"ExternalClientApplication": [app.name]}))["success"]
    assert org.grant(app.assertion(org.username("ci"), org.url, **late)).status_code == 200
    landscape.advance(301)
    assert refused(org.grant(app.assertion(org.username("ci"), org.url, **late)))[0] == "invalid_client_id"
    landscape.admin("PATCH", "/clock", {"offset": 0})


def test_a_user_without_api_enabled_gets_a_token_and_may_do_nothing(org: OrgClient, app: ExternalApp) -> None:
    assert org.assign(app.set_name, "noapi").status_code == 201
    answer = org.grant(app.assertion(org.username("noapi"), org.url))
    assert answer.status_code == 200
    user = org.as_user(answer.json()["access_token"])
    assert user.call("GET", "/services/oauth2/userinfo").status_code == 200
    refusal = user.data("GET", "/query", params={"q": "SELECT Id FROM Organization"})
    assert (refusal.status_code, refusal.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")


def test_a_token_without_the_api_scope_is_not_for_rest(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys, scopes="Web, RefreshToken")
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    user = org.as_user(org.grant(app.assertion(org.username("ci"), org.url)).json()["access_token"])
    refusal = user.data("GET", "/limits")
    assert refusal.status_code == 401
    assert refusal.json()[0]["message"] == "This session is not valid for use with the REST API"


def test_repeated_grants_share_one_session_unless_told_otherwise(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    def token() -> str:
        return str(org.grant(app.assertion(org.username("ci"), org.url)).json()["access_token"])

    assert token() == token()
    landscape.knob(reuse_session=False)
    assert token() != token()


def test_the_login_rate_is_counted_per_user(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    landscape.knob(login_rate=3)
    answers = [org.grant(app.assertion(org.username("ci"), org.url)) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 400]
    assert refused(answers[3]) == ("invalid_grant", "login rate exceeded")


def test_a_profile_restricted_to_other_addresses_is_ip_restricted(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    ranges: dict[str, Any] = {"org": "uat", "profile": "Standard User"}
    landscape.admin("PUT", "/ip-ranges", {**ranges, "ranges": [["10.0.0.0", "10.0.0.255"]]})
    try:
        assert refused(org.grant(app.assertion(org.username("ci"), org.url))) == ("invalid_grant", "ip restricted")
    finally:
        landscape.admin("PUT", "/ip-ranges", {**ranges, "ranges": []})
    assert org.grant(app.assertion(org.username("ci"), org.url)).status_code == 200


def test_a_locked_org_is_inactive_and_a_new_one_shows_a_page(landscape: Landscape, keys: Keys) -> None:
    org = landscape.org("sb03")
    app = ExternalApp(keys)
    assert org.deploy(app.package())["success"]
    try:
        landscape.admin("PATCH", "/orgs/sb03", {"state": "locked"})
        assert refused(org.grant(app.assertion(org.username("ci"), org.url)))[0] == "inactive_org"
        landscape.admin("PATCH", "/orgs/sb03", {"state": "building"})
        page = org.grant(app.assertion(org.username("ci"), org.url))
        assert page.headers["content-type"].startswith("text/html")
        assert "Data Not Available" in page.text
    finally:
        landscape.admin("PATCH", "/orgs/sb03", {"state": "active"})


def test_a_json_body_or_another_grant_type_is_not_supported(landscape: Landscape, org: OrgClient) -> None:
    url = f"{org.url}/services/oauth2/token"
    as_json = landscape.http.post(url, json={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, timeout=30)
    password = landscape.http.post(url, data={"grant_type": "password"}, timeout=30)
    for answer in (as_json, password):
        assert refused(answer) == ("unsupported_grant_type", "grant type not supported")


def test_the_administrators_refresh_token_gives_new_sessions(landscape: Landscape, org: OrgClient) -> None:
    secret = org.about["sfdxAuthUrl"].removeprefix("force://PlatformCLI::").rpartition("@")[0]
    form = {"grant_type": "refresh_token", "client_id": "PlatformCLI", "refresh_token": secret}
    answer = landscape.http.post(f"{org.url}/services/oauth2/token", data=form, timeout=30)
    body = answer.json()
    assert "refresh_token" not in body
    assert body["issued_at"]
    assert org.as_user(body["access_token"]).query("SELECT Id FROM Organization")
    wrong = landscape.http.post(f"{org.url}/services/oauth2/token", data={**form, "refresh_token": "no"}, timeout=30)
    assert refused(wrong) == ("invalid_grant", "expired access/refresh token")


def test_client_credentials_run_as_the_apps_user_on_my_domain_only(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    secret = "S" * 40
    app = ExternalApp(
        keys,
        policy_extra="",
        global_extra="<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>",
    )
    files = app.files()
    for path in files:
        if path.endswith("ecaGlblOauth"):
            files[path] = files[path].replace(
                "</consumerKey>", f"</consumerKey><consumerSecret>{secret}</consumerSecret>"
            )
        if path.endswith("ecaOauthPlcy"):
            files[path] = (
                files[path]
                .replace(
                    "<commaSeparated",
                    f"<clientCredentialsFlowUser>{org.username('ci')}</clientCredentialsFlowUser><commaSeparated",
                    1,
                )
                .replace("<label>", "<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled><label>")
            )
    deployed = org.deploy(zipped({"package.xml": manifest(app.members()), **files}))
    assert deployed["success"], deployed["details"]["componentFailures"]
    form = {"grant_type": "client_credentials"}
    answer = landscape.http.post(f"{org.url}/services/oauth2/token", data=form, auth=(app.key, secret), timeout=30)
    assert answer.status_code == 200, answer.text
    wrong = landscape.http.post(f"{org.url}/services/oauth2/token", data=form, auth=(app.key, "wrong"), timeout=30)
    assert refused(wrong) == ("invalid_client", "invalid client credentials")
    elsewhere = landscape.http.post(
        f"{landscape.about['test']}/services/oauth2/token", data=form, auth=(app.key, secret), timeout=30
    )
    assert refused(elsewhere) == ("invalid_grant", "request not supported on this domain")


def test_a_revoked_token_is_dead_everywhere(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    token = org.grant(app.assertion(org.username("ci"), org.url)).json()["access_token"]
    user = org.as_user(token)
    assert user.call("GET", "/services/oauth2/userinfo").status_code == 200
    revoked = landscape.http.post(f"{org.url}/services/oauth2/revoke", data={"token": token}, timeout=30)
    assert (revoked.status_code, revoked.content) == (200, b"")
    gone = user.call("GET", "/services/oauth2/userinfo")
    assert (gone.status_code, gone.text) == (403, "Bad_OAuth_Token")
    assert user.data("GET", "/query", params={"q": "SELECT Id FROM User"}).json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_session_ends_after_its_idle_time(landscape: Landscape, org: OrgClient, app: ExternalApp) -> None:
    token = org.grant(app.assertion(org.username("ci"), org.url)).json()["access_token"]
    user = org.as_user(token)
    landscape.advance(5000)
    assert user.data("GET", "/limits").status_code == 200
    landscape.advance(5000)
    assert user.data("GET", "/limits").status_code == 200
    landscape.advance(7300)
    assert user.data("GET", "/limits").status_code == 401
    landscape.admin("PATCH", "/clock", {"offset": 0})


def test_introspection_tells_the_owner_of_a_token_about_it(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    files = app.files()
    path = f"extlClntAppGlobalOauthSets/{app.name}_glbloauth.ecaGlblOauth"
    files[path] = files[path].replace("</consumerKey>", f"</consumerKey><consumerSecret>{'T' * 30}</consumerSecret>")
    assert org.deploy(zipped({"package.xml": manifest(app.members()), **files}))["success"]
    org.assign(app.set_name, "ci")
    token = org.grant(app.assertion(org.username("ci"), org.url)).json()["access_token"]
    url = f"{org.url}/services/oauth2/introspect"
    form = {"token": token, "client_id": app.key, "client_secret": "T" * 30}
    told = landscape.http.post(url, data=form, timeout=30).json()
    assert (told["active"], told["username"], told["client_id"]) == (True, org.username("ci"), app.key)
    assert told["exp"] > told["iat"]
    unknown = landscape.http.post(url, data={**form, "token": "nothing"}, timeout=30)
    assert unknown.json() == {"active": False}


def test_each_grant_is_in_the_login_history_and_in_the_grant_log(
    landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    org.grant(app.assertion(org.username("ci"), org.url))
    org.grant(app.assertion(org.username("deploy"), org.url))
    rows = org.query("SELECT Status, Application, UserId FROM LoginHistory ORDER BY LoginTime")
    rows = [row for row in rows if row["Application"] == app.name]
    assert [row["Status"] for row in rows] == ["Success", "Failed: Not approved for access"]
    grants = [each for each in landscape.admin("GET", "/grants?org=uat")["grants"] if each["app"] == app.name]
    assert [each["outcome"] for each in grants] == ["refused", "granted"]


def test_a_link_by_rest_pre_authorizes_and_shows_in_the_metadata(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys, sets="absent")
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    assertion = app.assertion(org.username("ci"), org.url)
    assert refused(org.grant(assertion))[0] == "invalid_app_access"
    app_id = org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'")[0]["Id"]
    set_id = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{app.set_name}'")[0]["Id"]
    link = {"ParentId": set_id, "SetupEntityId": app_id}
    made = org.data("POST", "/sobjects/SetupEntityAccess", json=link)
    assert made.status_code == 201, made.text
    assert org.grant(assertion).status_code == 200
    read = (
        "<readMetadata><type>ExtlClntAppOauthConfigurablePolicies</type>"
        f"<fullNames>{app.name}_oauthPlcy</fullNames></readMetadata>"
    )
    shown = f"<commaSeparatedPermissionSet>{app.set_name}</commaSeparatedPermissionSet>"
    assert shown in org.soap(read).text
    assert org.data("DELETE", f"/sobjects/SetupEntityAccess/{made.json()['id']}").status_code == 204
    assert refused(org.grant(assertion))[0] == "invalid_app_access"
    assert "commaSeparatedPermissionSet" not in org.soap(read).text
