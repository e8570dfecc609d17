"""Every cause of a failing JWT login can be made by state, and is seen where a real org shows it."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from requests import Response
from requests.adapters import HTTPAdapter

from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, unique
from tests.localorg.landscape_client import Landscape, OrgClient

OUTSIDE = ("invalid_grant", "ip restricted or invalid login hours")
BLOCKED = ("OAUTH_APP_BLOCKED", "this app is blocked by admin")
NIGHT = 20 * 3600  # seconds after midnight
ONE_ROW = (
    "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one "
    "row for retrieval."
)


def refused(answer: Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    body = answer.json()
    return body["error"], body["error_description"]


def make_profile(landscape: Landscape, like: str = "Standard User", **permissions: bool) -> str:
    name = unique("Profile")
    body = {"org": "uat", "profile": name, "like": like, "permissions": permissions}
    landscape.admin("PUT", "/profile-permissions", body)
    return name


def make_user(landscape: Landscape, profile: str = "Standard User") -> str:
    """A user of the test's own; answers the alias."""
    alias = unique("u").replace("_", "").lower()
    landscape.admin("POST", "/users", {"org": "uat", "alias": alias, "name": "Una Test", "profile": profile})
    return alias


def make_app(org: OrgClient, keys: Keys, alias: str, **more: Any) -> ExternalApp:
    """An External Client App whose set the user holds."""
    app = ExternalApp(keys, **more)
    deployed = org.deploy(app.package())
    assert deployed["success"], deployed["details"]["componentFailures"]
    assert org.assign(app.set_name, alias).status_code == 201
    return app


def tooling(org: OrgClient, soql: str) -> Response:
    return org.data("GET", "/tooling/query", params={"q": soql})


def profile_metadata(org: OrgClient, name: str) -> dict[str, Any]:
    found = org.query(f"SELECT Id FROM Profile WHERE Name = '{name}'")[0]["Id"]
    answer = tooling(org, f"SELECT Id, FullName, Metadata FROM Profile WHERE Id = '{found}'")
    assert answer.status_code == 200, answer.text
    record = answer.json()["records"][0]
    assert record["FullName"] == name
    metadata: dict[str, Any] = record["Metadata"]
    return metadata


def last_logins(org: OrgClient, alias: str) -> list[dict[str, Any]]:
    return org.query(
        "SELECT LoginTime, Status, Application, LoginType, SourceIp FROM LoginHistory "
        f"WHERE UserId = '{org.user_id(alias)}' ORDER BY LoginTime DESC LIMIT 5"
    )


def read_settings(org: OrgClient) -> str:
    asked = "<type>ConnectedAppSettings</type><fullNames>ConnectedApp</fullNames>"
    return org.soap(f"<readMetadata>{asked}</readMetadata>").text


@pytest.mark.parametrize(
    ("hours", "open_"),
    [
        ({"wednesday": [0, 1440]}, True),
        ({"wednesday": [1199, 1201]}, True),
        ({"wednesday": [1200, 1440]}, True),
        ({"wednesday": [480, 1200]}, False),
        ({"wednesday": [1201, 1440]}, False),
        ({"wednesday": [1200, 1200]}, False),
        ({"monday": [0, 1440], "thursday": [0, 1440]}, False),
        ({}, True),
    ],
)
def test_a_login_outside_the_profiles_hours_is_refused(
    landscape: Landscape, org: OrgClient, keys: Keys, hours: dict[str, list[int]], *, open_: bool
) -> None:
    profile = make_profile(landscape)
    alias = make_user(landscape, profile)
    app = make_app(org, keys, alias)
    wednesday = dt.datetime(2027, 3, 3, tzinfo=dt.UTC).timestamp() + NIGHT
    landscape.admin("PUT", "/login-hours", {"org": "uat", "profile": profile, "hours": {"sunday": [0, 60]}})
    landscape.admin("PUT", "/login-hours", {"org": "uat", "profile": profile, "hours": hours})
    landscape.admin("PATCH", "/clock", {"now": wednesday})

    answer = org.grant(app.assertion(org.username(alias), org.url, exp=int(wednesday) + 120))

    if open_:
        assert answer.status_code == 200, answer.text
    else:
        assert refused(answer) == OUTSIDE
        assert last_logins(org, alias)[0]["Status"] == "Restricted Time"


@pytest.mark.parametrize(
    "hours",
    [None, [], {"funday": [0, 1]}, {"monday": [1]}, {"monday": [2, 1]}, {"monday": [0, 1441]}, {"monday": [0, "9"]}],
)
def test_hours_that_are_none_are_refused(landscape: Landscape, hours: Any) -> None:
    body = {"org": "uat", "profile": "Standard User", "hours": hours}
    assert "minutes of the day" in landscape.admin("PUT", "/login-hours", body, status=400)["error"]


def test_the_tooling_api_tells_a_profiles_hours_addresses_and_permissions(landscape: Landscape, org: OrgClient) -> None:
    name = make_profile(landscape, ViewSetup=True)
    bare = profile_metadata(org, name)
    assert (bare["loginHours"], bare["loginIpRanges"], bare["custom"]) == (None, [], True)
    assert bare["userLicense"] == "Salesforce"
    names = [each["name"] for each in bare["userPermissions"] if each["enabled"]]
    assert names == ["ApiEnabled", "LightningExperienceUser", "RunReports", "ViewRoles", "ViewSetup"]
    hours = {"monday": [480, 1020], "sunday": [0, 0]}
    landscape.admin("PUT", "/login-hours", {"org": "uat", "profile": name, "hours": hours})
    ranges = [["10.0.0.1", "10.0.0.9", "office"], ["10.1.0.0", "10.1.255.255"]]
    landscape.admin("PUT", "/ip-ranges", {"org": "uat", "profile": name, "ranges": ranges})

    shown = profile_metadata(org, name)

    given = {day: at for day, at in shown["loginHours"].items() if at is not None}
    assert given == {"mondayStart": "480", "mondayEnd": "1020", "sundayStart": "0", "sundayEnd": "0"}
    assert shown["loginIpRanges"] == [
        {"description": "office", "endAddress": "10.0.0.9", "startAddress": "10.0.0.1"},
        {"description": "", "endAddress": "10.1.255.255", "startAddress": "10.1.0.0"},
    ]


def test_metadata_and_full_name_are_told_of_one_record_at_a_time(org: OrgClient) -> None:
    for fields in ("Metadata", "FullName", "Id, FullName, Metadata"):
        answer = tooling(org, f"SELECT {fields} FROM Profile")
        assert answer.status_code == 400
        assert answer.json() == [{"message": ONE_ROW, "errorCode": "MALFORMED_QUERY"}]
    admin = tooling(org, "SELECT FullName FROM Profile WHERE Name = 'System Administrator'").json()["records"]
    assert [each["FullName"] for each in admin] == ["Admin"]
    assert tooling(org, "SELECT Metadata FROM Profile WHERE Name = 'None'").json()["totalSize"] == 0
    assert tooling(org, "SELECT Id FROM Profile WHERE FullName = 'Admin'").json()[0]["errorCode"] == "INVALID_FIELD"


@pytest.mark.parametrize("kind", ["external", "connected"])
def test_under_api_access_control_only_admin_approved_apps_log_in(
    landscape: Landscape, org: OrgClient, keys: Keys, kind: str
) -> None:
    landscape.knob(connected_app_creation=True)
    alias = make_user(landscape)
    made: dict[str, ExternalApp | ConnectedApp] = {
        "external": ExternalApp(keys, policy="AllSelfAuthorized"),
        "connected": ConnectedApp(keys, admin_approved=False, links=""),
    }
    app = made[kind]
    assert org.deploy(app.package())["success"]
    approved = make_app(org, keys, alias)
    consent = {"org": "uat", "username": org.username(alias), "consumerKey": app.key}
    refresh = landscape.admin("POST", "/consents", consent)["refreshToken"]
    assertion = app.assertion(org.username(alias), org.url)
    try:
        landscape.admin("PUT", "/api-access-control", {"org": "uat", "on": True})
        assert "<enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>" in read_settings(org)
        assert refused(org.grant(assertion)) == BLOCKED
        form = {"grant_type": "refresh_token", "client_id": app.key, "refresh_token": refresh}
        again = landscape.http.post(f"{org.url}/services/oauth2/token", data=form, timeout=30)
        assert refused(again) == BLOCKED
        assert org.grant(approved.assertion(org.username(alias), org.url)).status_code == 200
    finally:
        landscape.admin("PUT", "/api-access-control", {"org": "uat", "on": False})
    assert "<enableAdminApprovedAppsOnly>false</enableAdminApprovedAppsOnly>" in read_settings(org)
    assert org.grant(assertion).status_code == 200


def test_an_org_that_never_had_api_access_control_shows_no_such_element(landscape: Landscape) -> None:
    shown = read_settings(landscape.org("dev"))
    assert "<fullName>ConnectedApp</fullName>" in shown
    assert "enableAdminApprovedAppsOnly" not in shown


def test_the_settings_are_updated_like_a_component_and_never_deleted(landscape: Landscape) -> None:
    org = landscape.org("sb03")
    inner = "<fullName>ConnectedApp</fullName><enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>"
    answer = org.soap(f'<updateMetadata><metadata xsi:type="ConnectedAppSettings">{inner}</metadata></updateMetadata>')
    assert "<success>true</success>" in answer.text
    deleted = org.soap(
        "<deleteMetadata><type>ConnectedAppSettings</type><fullNames>ConnectedApp</fullNames></deleteMetadata>"
    )
    assert "<success>false</success>" in deleted.text
    assert "<enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>" in read_settings(org)
    landscape.admin("PUT", "/api-access-control", {"org": "sb03", "on": False})


def test_a_blocked_app_refuses_grants_and_ends_its_sessions(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    alias = make_user(landscape)
    app, other = make_app(org, keys, alias), make_app(org, keys, alias)
    assertion = app.assertion(org.username(alias), org.url)
    user = org.as_user(org.grant(assertion).json()["access_token"])
    bystander = org.as_user(org.grant(other.assertion(org.username(alias), org.url)).json()["access_token"])
    landscape.admin("PUT", "/blocked-apps", {"org": "uat", "name": app.name, "blocked": True})

    assert refused(org.grant(assertion)) == BLOCKED
    assert user.data("GET", "/limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert bystander.data("GET", "/limits").status_code == 200
    assert last_logins(org, alias)[0]["Status"] == "Failed: Not approved for access"

    landscape.admin("PUT", "/blocked-apps", {"org": "uat", "name": app.name, "blocked": False})
    assert org.grant(assertion).status_code == 200
    unknown = landscape.admin("PUT", "/blocked-apps", {"org": "uat", "name": "Nope", "blocked": True}, status=400)
    assert "has no app" in unknown["error"]


@pytest.mark.parametrize(
    ("edit", "shown", "status"),
    [
        ({"passwordLocked": True}, (False, True), "Password Lockout"),
        ({"frozen": True}, (True, False), "User Is Frozen"),
    ],
)
def test_a_frozen_or_locked_user_is_seen_in_user_login_and_login_history(
    landscape: Landscape, org: OrgClient, keys: Keys, edit: dict[str, bool], shown: tuple[bool, bool], status: str
) -> None:
    alias = make_user(landscape)
    app = make_app(org, keys, alias)
    landscape.admin("PATCH", "/users", {"org": "uat", "username": org.username(alias), **edit})
    assert refused(org.grant(app.assertion(org.username(alias), org.url))) == ("invalid_grant", "user is locked")
    row = org.query(f"SELECT IsFrozen, IsPasswordLocked FROM UserLogin WHERE UserId = '{org.user_id(alias)}'")[0]
    assert (row["IsFrozen"], row["IsPasswordLocked"]) == shown
    assert last_logins(org, alias)[0]["Status"] == status
    undone = dict.fromkeys(edit, False)
    landscape.admin("PATCH", "/users", {"org": "uat", "username": org.username(alias), **undone})
    assert org.grant(app.assertion(org.username(alias), org.url)).status_code == 200


def test_login_history_has_a_line_of_each_known_user_the_newest_first_and_none_of_an_unknown_one(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    alias = make_user(landscape)
    app = make_app(org, keys, alias)
    stranger = make_user(landscape)
    before = org.query("SELECT COUNT(Id) n FROM LoginHistory")[0]["n"]
    refused(org.grant(app.assertion(f"nobody.{alias}@acme.com", org.url)))
    assert org.query("SELECT COUNT(Id) n FROM LoginHistory")[0]["n"] == before
    assert org.grant(app.assertion(org.username(alias), org.url)).status_code == 200
    landscape.advance(5)
    landscape.admin("PATCH", "/users", {"org": "uat", "username": org.username(alias), "active": False})
    refused(org.grant(app.assertion(org.username(alias), org.url)))
    refused(org.grant(app.assertion(org.username(stranger), org.url)))
    landscape.admin("PATCH", "/users", {"org": "uat", "username": org.username(alias), "active": True})

    rows = last_logins(org, alias)

    assert [each["Status"] for each in rows] == ["User is Inactive", "Success"]
    assert {(each["Application"], each["LoginType"], each["SourceIp"]) for each in rows} == {
        (app.name, "Remote Access 2.0", "127.0.0.1")
    }
    assert rows[0]["LoginTime"] > rows[1]["LoginTime"]
    assert [each["Status"] for each in last_logins(org, stranger)] == ["Failed: Not approved for access"]


def test_every_answer_is_dated_by_the_landscapes_clock(landscape: Landscape, org: OrgClient) -> None:
    landscape.admin("PATCH", "/clock", {"offset": -86_400})
    yesterday = landscape.admin("GET", "/clock")["now"]
    urls = [
        org.url + "/services/data",
        org.url + "/nothing",
        landscape.about["login"] + "/id/keys",
        landscape.about["admin"],
    ]
    for url in urls:
        answer = landscape.http.get(url, timeout=30)
        assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - yesterday) < 60
        assert answer.headers["Date"].count("GMT") == 1


class From(HTTPAdapter):
    """Connections from an address of loopback."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        super().init_poolmanager(*given, **more, source_address=(self.address, 0))


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("isDPopEnabled", ("invalid_dpop_proof", "DPoP proof is required")),
        ("isMtlsEnabled", ("invalid_client", "client certificate is required")),
    ],
)
def test_an_external_client_app_that_asks_for_proof_refuses_a_jwt_login(
    landscape: Landscape, org: OrgClient, keys: Keys, element: str, expected: tuple[str, str]
) -> None:
    alias = make_user(landscape)
    app = make_app(org, keys, alias)
    full = f"{app.name}_glbloauth"
    inner = (
        f"<fullName>{full}</fullName><callbackUrl>https://localhost/callback</callbackUrl><certificate>{keys.bare}"
        f"</certificate><externalClientApplication>{app.name}</externalClientApplication><{element}>true</{element}>"
    )
    body = f'<updateMetadata><metadata xsi:type="ExtlClntAppGlobalOauthSettings">{inner}</metadata></updateMetadata>'
    assert "<success>true</success>" in org.soap(body, version="68.0").text
    assert refused(org.grant(app.assertion(org.username(alias), org.url))) == expected


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("isDPopEnabled", ("invalid_dpop_proof", "DPoP proof is required")),
        ("isPKImTLSEnabled", ("invalid_client", "client certificate is required")),
        ("isIpBindingEnabled", None),
    ],
)
def test_a_connected_app_that_asks_for_proof_refuses_a_jwt_login_or_binds_its_token_to_the_address(
    landscape: Landscape, org: OrgClient, keys: Keys, element: str, expected: tuple[str, str] | None
) -> None:
    landscape.knob(connected_app_creation=True)
    alias = make_user(landscape)
    app = ConnectedApp(keys)
    assert org.deploy(app.package())["success"]
    assert org.assign(app.set_name, alias).status_code == 201
    oauth = (
        f"<callbackUrl>https://localhost/callback</callbackUrl><isAdminApproved>true</isAdminApproved><{element}>true</{element}>"
        "<scopes>Api</scopes><scopes>RefreshToken</scopes>"
    )
    inner = (
        f"<fullName>{app.name}</fullName><contactEmail>ops@acme.com</contactEmail><label>{app.name}</label>"
        f"<oauthConfig>{oauth}</oauthConfig>"
    )
    body = f'<updateMetadata><metadata xsi:type="ConnectedApp">{inner}</metadata></updateMetadata>'
    assert "<success>true</success>" in org.soap(body, version="68.0").text
    answer = org.grant(app.assertion(org.username(alias), org.url))
    if expected:
        assert refused(answer) == expected
        return
    user = org.as_user(answer.json()["access_token"])
    assert user.data("GET", "/limits").status_code == 200
    with requests.Session() as elsewhere:
        elsewhere.verify, elsewhere.trust_env = landscape.about["caBundle"], False
        elsewhere.mount("https://", From("127.0.0.9"))
        headers = {"Authorization": f"Bearer {user.token}"}
        url = f"{org.url}/services/data/v67.0/limits"
        assert elsewhere.get(url, headers=headers, timeout=30).json()[0]["errorCode"] == "INVALID_SESSION_ID"
        userinfo = elsewhere.get(f"{org.url}/services/oauth2/userinfo", headers=headers, timeout=30)
        assert userinfo.text == "Bad_OAuth_Token"
        mine = elsewhere.get(url, headers={"Authorization": f"Bearer {org.token}"}, timeout=30)
        assert mine.status_code == 200
