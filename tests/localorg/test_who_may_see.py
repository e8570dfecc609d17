"""What a login may see and do follows from its permissions, and the records say who changed an app, and when."""

from __future__ import annotations

from typing import Any

import pytest
from requests import Response

from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, manifest, permission_set, unique, zipped
from tests.localorg.landscape_client import Landscape, OrgClient

SETUP_OBJECTS = ["SetupEntityAccess", "PermissionSet", "PermissionSetAssignment", "LoginHistory"]


def error(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def login(
    landscape: Landscape, org: OrgClient, *, like: str = "System Administrator", **permissions: bool
) -> OrgClient:
    """The org through a user of a profile like another, with these differences."""
    profile, alias = unique("Profile"), unique("u").replace("_", "").lower()
    edit = {"org": "uat", "profile": profile, "like": like, "permissions": permissions}
    landscape.admin("PUT", "/profile-permissions", edit)
    landscape.admin("POST", "/users", {"org": "uat", "alias": alias, "name": "Una Test", "profile": profile})
    session = landscape.admin("POST", "/sessions", {"org": "uat", "username": org.username(alias)})
    return org.as_user(session["accessToken"])


def ask(org: OrgClient, soql: str) -> Response:
    return org.data("GET", "/query", params={"q": soql})


def package() -> bytes:
    name = unique("Set")
    return zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})


@pytest.mark.parametrize("name", SETUP_OBJECTS)
@pytest.mark.parametrize("soql", ["SELECT Id FROM {}", "SELECT COUNT() FROM {}"])
def test_without_view_setup_the_objects_of_setup_are_not_there(
    landscape: Landscape, org: OrgClient, name: str, soql: str
) -> None:
    user = login(landscape, org, ViewSetup=False)
    answer = ask(user, soql.format(name))
    assert error(answer) == (400, "INVALID_TYPE")
    assert f"sObject type '{name}' is not supported." in answer.json()[0]["message"]
    assert error(user.data("GET", f"/sobjects/{name}/describe")) == (404, "NOT_FOUND")
    assert ask(login(landscape, org), soql.format(name)).status_code == 200


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id FROM User WHERE Id IN (SELECT AssigneeId FROM PermissionSetAssignment)",
        "SELECT Id, (SELECT Id FROM PermissionSetAssignments) FROM User",
        "SELECT Id FROM User WHERE Id IN (SELECT UserId FROM LoginHistory WHERE UserId IN (SELECT UserId FROM UserLogin))",
    ],
)
def test_what_is_not_there_is_not_there_inside_a_query_either(landscape: Landscape, org: OrgClient, soql: str) -> None:
    assert error(ask(login(landscape, org, ViewSetup=False), soql)) == (400, "INVALID_TYPE")
    assert ask(org, soql).status_code == 200


@pytest.mark.parametrize(
    ("permission", "seen"),
    [
        ("ViewSetup", {"SetupEntityAccess", "PermissionSet", "PermissionSetAssignment", "PermissionSetGroup"}),
        ("AssignPermissionSets", {"PermissionSet", "PermissionSetAssignment", "PermissionSetGroup"}),
        ("ManageUsers", {"PermissionSetAssignment", "LoginHistory", "UserLogin"}),
        ("ManageProfilesPermissionsets", {"PermissionSet"}),
    ],
)
def test_each_permission_opens_the_objects_that_the_reference_names(
    landscape: Landscape, org: OrgClient, permission: str, seen: set[str]
) -> None:
    user = login(landscape, org, like="Standard User", **{permission: True})
    asked = {*SETUP_OBJECTS, "PermissionSetGroup", "UserLogin"}
    assert {each for each in asked if ask(user, f"SELECT Id FROM {each}").ok} == seen


def test_a_groups_own_row_shows_what_its_sets_allow_together(org: OrgClient) -> None:
    group, name = unique("Group"), unique("Set")
    made = org.data("POST", "/sobjects/PermissionSetGroup", json={"DeveloperName": group, "MasterLabel": group}).json()[
        "id"
    ]
    body = {"Name": name, "Label": name, "PermissionsApiEnabled": True}
    set_id = org.data("POST", "/sobjects/PermissionSet", json=body).json()["id"]

    def api_enabled() -> bool:
        question = f"SELECT PermissionsApiEnabled FROM PermissionSet WHERE PermissionSetGroupId = '{made}'"
        return bool(org.query(question)[0]["PermissionsApiEnabled"])

    assert not api_enabled()
    member = {"PermissionSetGroupId": made, "PermissionSetId": set_id}
    link = org.data("POST", "/sobjects/PermissionSetGroupComponent", json=member).json()["id"]
    assert api_enabled()
    for value in (False, True):
        org.data("PATCH", f"/sobjects/PermissionSet/{set_id}", json={"PermissionsApiEnabled": value})
        assert api_enabled() is value
    assert org.data("DELETE", f"/sobjects/PermissionSetGroupComponent/{link}").status_code == 204
    assert not api_enabled()


def test_without_manage_users_nobodys_logins_are_there(landscape: Landscape, org: OrgClient) -> None:
    user = login(landscape, org, ManageUsers=False)
    for name in ("UserLogin", "LoginHistory"):
        assert error(ask(user, f"SELECT Id FROM {name}")) == (400, "INVALID_TYPE")
    assert ask(user, "SELECT Id FROM PermissionSet").status_code == 200
    assert user.query("SELECT Id, UserType, Profile.UserLicense.Name FROM User LIMIT 1")


def test_without_modify_metadata_no_metadata_call_and_no_deploy_is_let_in(landscape: Landscape, org: OrgClient) -> None:
    user = login(landscape, org, ModifyMetadata=False)
    assert error(user.start_deploy(package())) == (403, "INSUFFICIENT_ACCESS")
    read = user.soap("<readMetadata><type>PermissionSet</type><fullNames>x</fullNames></readMetadata>")
    assert "INSUFFICIENT_ACCESS" in read.text
    assert ask(user, "SELECT Id FROM SetupEntityAccess").status_code == 200
    assert login(landscape, org).start_deploy(package()).status_code == 201


def test_without_assign_permission_sets_no_assignment_is_written(landscape: Landscape, org: OrgClient) -> None:
    made = org.deploy(zipped({"package.xml": manifest({"PermissionSet": ["Assigned"]}), **permission_set("Assigned")}))
    assert made["success"]
    user = login(landscape, org, AssignPermissionSets=False)
    body = {
        "AssigneeId": user.user_id("ci"),
        "PermissionSetId": user.query("SELECT Id FROM PermissionSet WHERE Name = 'Assigned'")[0]["Id"],
    }
    refused = user.data("POST", "/sobjects/PermissionSetAssignment", json=body)
    assert error(refused) == (403, "INSUFFICIENT_ACCESS")
    assert login(landscape, org).data("POST", "/sobjects/PermissionSetAssignment", json=body).status_code == 201


def test_a_permission_that_a_set_gives_counts_like_the_profiles(landscape: Landscape, org: OrgClient) -> None:
    user = login(landscape, org, like="Standard User")
    assert error(ask(user, "SELECT Id FROM PermissionSet")) == (400, "INVALID_TYPE")
    name = unique("Viewer")
    body = {"Name": name, "Label": name, "PermissionsViewSetup": True}
    made = org.data("POST", "/sobjects/PermissionSet", json=body).json()["id"]
    me = user.call("GET", "/services/oauth2/userinfo").json()["user_id"]
    given = {"AssigneeId": me, "PermissionSetId": made}
    assert org.data("POST", "/sobjects/PermissionSetAssignment", json=given).status_code == 201
    assert ask(user, "SELECT Id FROM PermissionSet").status_code == 200


@pytest.mark.parametrize(
    ("alias", "license_", "user_type", "api"),
    [
        ("ci", "Salesforce", "Standard", True),
        ("noapi", "Salesforce", "Standard", False),
        ("integration", "Salesforce Integration", "Standard", True),
        ("otto.berg", "Chatter Free", "CsnOnly", False),
    ],
)
def test_a_users_profile_counts_among_the_sets_that_the_user_is_assigned_to(
    org: OrgClient, alias: str, license_: str, user_type: str, *, api: bool
) -> None:
    user = org.query(
        "SELECT Id, IsActive, UserType, ProfileId, Profile.Name, Profile.PermissionsApiEnabled, Profile.UserLicense.Name "
        f"FROM User WHERE Username = '{org.username(alias)}'"
    )[0]
    assert (user["UserType"], user["Profile"]["UserLicense"]["Name"]) == (user_type, license_)
    assert user["Profile"]["PermissionsApiEnabled"] is api
    sets = org.query(
        "SELECT PermissionSet.ProfileId, PermissionSet.Profile.Name, SystemModstamp FROM PermissionSetAssignment "
        f"WHERE AssigneeId = '{user['Id']}' AND PermissionSet.IsOwnedByProfile = true"
    )
    assert [each["PermissionSet"]["ProfileId"] for each in sets] == [user["ProfileId"]]
    assert sets[0]["SystemModstamp"]
    enabled = f"AssigneeId = '{user['Id']}' AND PermissionSet.PermissionsApiEnabled = true"
    assert bool(org.query(f"SELECT Id FROM PermissionSetAssignment WHERE {enabled}")) is api


def test_another_profile_takes_the_place_of_the_first_whoever_gives_it(landscape: Landscape, org: OrgClient) -> None:
    alias = unique("u").replace("_", "").lower()
    landscape.admin("POST", "/users", {"org": "uat", "alias": alias, "name": "Una Test"})
    user_id = org.user_id(alias)
    question = f"SELECT PermissionSet.Profile.Name FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}'"

    def profiles() -> list[str]:
        return [each["PermissionSet"]["Profile"]["Name"] for each in org.query(question)]

    assert profiles() == ["Standard User"]
    admin = org.query("SELECT Id FROM Profile WHERE Name = 'System Administrator'")[0]["Id"]
    assert org.data("PATCH", f"/sobjects/User/{user_id}", json={"ProfileId": admin}).status_code == 204
    assert profiles() == ["System Administrator"]
    body = {"org": "uat", "username": org.username(alias), "profile": "Minimum Access - Salesforce"}
    landscape.admin("PATCH", "/users", body)
    assert profiles() == ["Minimum Access - Salesforce"]
    held = org.query(question.replace("PermissionSet.Profile.Name", "Id"))[0]["Id"]
    gone = org.data("DELETE", f"/sobjects/PermissionSetAssignment/{held}")
    assert error(gone) == (400, "FIELD_INTEGRITY_EXCEPTION")


def stamp(org: OrgClient, entity: str, app_id: str) -> tuple[str, str]:
    row: dict[str, Any] = org.query(
        f"SELECT LastModifiedDate, LastModifiedBy.Name FROM {entity} WHERE Id = '{app_id}'"
    )[0]
    return row["LastModifiedDate"], row["LastModifiedBy"]["Name"]


def test_a_deploy_that_changes_an_app_or_a_part_of_it_is_seen_in_its_record(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    app = ExternalApp(keys)
    assert org.deploy(app.package())["success"]
    app_id = org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'")[0]["Id"]
    made = stamp(org, "ExternalClientApplication", app_id)
    devops = landscape.admin("POST", "/sessions", {"org": "uat", "username": org.username("devops")})
    other = org.as_user(devops["accessToken"])
    landscape.advance(60)
    assert other.deploy(app.package())["success"]
    assert stamp(org, "ExternalClientApplication", app_id) == made  # nothing was changed

    app.certificate = Keys.generate().certificate
    assert other.deploy(app.package())["success"]

    changed = stamp(org, "ExternalClientApplication", app_id)
    assert changed[0] > made[0]
    assert (made[1], changed[1]) == ("Ada Brandt", "Dmitri Okafor")
    landscape.advance(60)
    app.scopes = "Api, Web, RefreshToken"
    assert org.deploy(app.package())["success"]
    assert stamp(org, "ExternalClientApplication", app_id)[1] == "Ada Brandt"


def test_a_changed_certificate_of_a_connected_app_is_seen_in_its_record(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys)
    assert org.deploy(app.package())["success"]
    app_id = org.query(f"SELECT Id FROM ConnectedApplication WHERE Name = '{app.name}'")[0]["Id"]
    made = stamp(org, "ConnectedApplication", app_id)
    landscape.advance(60)
    assert org.deploy(app.package())["success"]
    assert stamp(org, "ConnectedApplication", app_id) == made
    app.certificate = Keys.generate().certificate
    assert org.deploy(app.package())["success"]
    assert stamp(org, "ConnectedApplication", app_id)[0] > made[0]


def test_a_link_and_an_assignment_tell_when_they_were_made(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    assert org.deploy(app.package())["success"]
    landscape.advance(60)
    assert org.assign(app.set_name, "ci").status_code == 201
    link = org.query(f"SELECT SystemModstamp FROM SetupEntityAccess WHERE Parent.Name = '{app.set_name}'")[0]
    held = org.query(f"SELECT SystemModstamp FROM PermissionSetAssignment WHERE PermissionSet.Name = '{app.set_name}'")[
        0
    ]
    assert held["SystemModstamp"] > link["SystemModstamp"]
