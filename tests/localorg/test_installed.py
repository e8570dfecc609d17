"""What an org has that nobody deployed: apps of packages, rows of groups, profiles by another name; and errors of its own."""

from __future__ import annotations

import pytest

from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, manifest, permission_set, unique, xml, zipped
from tests.localorg.landscape_client import Landscape, OrgClient


def read(org: OrgClient, kind: str, name: str) -> str:
    return org.soap(f"<readMetadata><type>{kind}</type><fullNames>{name}</fullNames></readMetadata>").text


@pytest.mark.parametrize("kind", ["ConnectedApp", "ExternalClientApplication"])
def test_an_app_of_a_package_is_listed_but_not_read_and_none_is_made_by_a_deploy(
    landscape: Landscape, org: OrgClient, keys: Keys, kind: str
) -> None:
    landscape.knob(connected_app_creation=True)
    own = ConnectedApp(keys) if kind == "ConnectedApp" else ExternalApp(keys)
    assert org.deploy(own.package())["success"]
    given = {"org": "uat", "namespace": "vendor", "name": own.name, "kind": kind, "label": "Vendor's"}
    made = landscape.admin("POST", "/packages", given)
    assert made["fullName"] == f"vendor__{own.name}"
    assert f"<fullName>{own.name}</fullName>" in read(org, kind, own.name)
    assert "fullName xsi:nil" in read(org, kind, made["fullName"])
    listed = org.soap(f"<listMetadata><queries><type>{kind}</type></queries></listMetadata>").text
    assert f"<fullName>vendor__{own.name}</fullName>" in listed
    assert "<namespacePrefix>vendor</namespacePrefix>" in listed
    entity, path = ("ConnectedApplication", "/tooling/query") if kind == "ConnectedApp" else (kind, "/query")
    soql = f"SELECT Id FROM {entity} WHERE DeveloperName = '{own.name}'"
    assert len(org.data("GET", path, params={"q": soql}).json()["records"]) == 2
    folder, suffix = ("connectedApps", "connectedApp") if kind == "ConnectedApp" else ("externalClientApps", "eca")
    body = "<contactEmail>vendor@example.com</contactEmail><label>Renamed</label>"
    for name, good in ((made["fullName"], True), ("other__App", False)):
        files = {"package.xml": manifest({kind: [name]}), f"{folder}/{name}.{suffix}": xml(kind, body)}
        result = org.deploy(zipped(files))
        assert result["success"] is good, result["details"]["componentFailures"]


def test_a_group_has_a_row_of_its_own_among_the_permission_sets(org: OrgClient) -> None:
    name = unique("Team")
    package = zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})
    assert org.deploy(package)["success"]
    group = org.data("POST", "/sobjects/PermissionSetGroup", json={"DeveloperName": name, "MasterLabel": "t"}).json()
    rows = org.query(f"SELECT Id, Type, PermissionSetGroupId FROM PermissionSet WHERE Name = '{name}' ORDER BY Type")
    assert [(row["Type"], row["PermissionSetGroupId"]) for row in rows] == [("Group", group["id"]), ("Regular", None)]
    row = rows[0]["Id"]
    given = {"AssigneeId": org.user_id("ci"), "PermissionSetId": row}
    assert org.data("POST", "/sobjects/PermissionSetAssignment", json=given).status_code == 400
    assert org.data("DELETE", f"/sobjects/PermissionSet/{row}").status_code == 400
    assert org.data("PATCH", f"/sobjects/PermissionSetGroup/{group['id']}", json={"MasterLabel": "u"}).ok
    assert org.query(f"SELECT Label FROM PermissionSet WHERE Id = '{row}'")[0]["Label"] == "u"
    assert org.data("DELETE", f"/sobjects/PermissionSetGroup/{group['id']}").ok
    assert len(org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")) == 1


def test_a_profile_is_made_under_a_name_of_the_orgs_language_and_pre_authorizes(org: OrgClient, keys: Keys) -> None:
    name = f"Systemadministrator für {unique('Gäste')}"
    licence = org.query("SELECT Id FROM UserLicense WHERE Name = 'Salesforce'")[0]["Id"]
    made = org.data("POST", "/sobjects/Profile", json={"Name": name, "UserLicenseId": licence})
    assert made.status_code == 201, made.text
    twice = org.data("POST", "/sobjects/Profile", json={"Name": name, "UserLicenseId": licence})
    assert twice.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    user = org.user_id("hugo.petit")
    old = org.query(f"SELECT ProfileId FROM User WHERE Id = '{user}'")[0]["ProfileId"]
    assert org.data("PATCH", f"/sobjects/User/{user}", json={"ProfileId": made.json()["id"]}).ok
    app = ExternalApp(keys, sets="absent")
    files = {
        path: text.replace("<externalClientApplication>", f"<commaSeparatedProfile>{name}</commaSeparatedProfile>"
                           "<externalClientApplication>") if "extlClntAppOauthPolicies" in path else text
        for path, text in app.files().items()
    }  # fmt: skip
    assert org.deploy(zipped({"package.xml": manifest(app.members()), **files}))["success"]
    assert org.grant(app.assertion(org.username("hugo.petit"), org.url)).status_code == 200
    assert org.data("DELETE", f"/sobjects/Profile/{made.json()['id']}").json()[0]["errorCode"] == "DELETE_FAILED"
    assert org.data("PATCH", f"/sobjects/User/{user}", json={"ProfileId": old}).ok
    assert org.data("DELETE", f"/sobjects/Profile/{made.json()['id']}").ok


def test_a_connected_app_of_three_elements_and_a_set_with_any_permission_of_the_platform_are_taken(
    landscape: Landscape, org: OrgClient
) -> None:
    landscape.knob(connected_app_creation=True)
    app, holder = unique("Ca"), unique("Set")
    body = "<contactEmail>a@acme.com</contactEmail><description>d</description><label>l</label>"
    rights = "<label>s</label><userPermissions><enabled>true</enabled><name>ViewEncryptedData</name></userPermissions>"
    files = {
        "package.xml": manifest({"ConnectedApp": [app], "PermissionSet": [holder]}),
        f"connectedApps/{app}.connectedApp": xml("ConnectedApp", body),
        **permission_set(holder, rights),
    }
    assert org.deploy(zipped(files))["success"]
    assert "<name>ViewEncryptedData</name>" in read(org, "PermissionSet", holder)


def test_an_error_of_the_platforms_own_fails_a_component_and_a_record(landscape: Landscape, org: OrgClient) -> None:
    name = unique("Set")
    package = zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})
    landscape.fault("deploy", "gack-record")
    problem = org.deploy(package)["details"]["componentFailures"][0]["problem"]
    assert problem.startswith("An unexpected error occurred. Please include this ErrorId if you contact support: ")
    landscape.fault("createRecords", "gack-record")
    records = [{"attributes": {"type": "PermissionSet"}, "Name": name, "Label": "l"}]
    answer = org.data("POST", "/composite/sobjects", json={"records": records}).json()
    assert answer[0]["errors"][0]["statusCode"] == "UNKNOWN_EXCEPTION"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unknown_error", "retry your request"),
        ("OAUTH_AUTHORIZATION_BLOCKED", "Cross-org OAuth flows are not supported for this external client app"),
        ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org"),
    ],
)
def test_the_token_endpoint_refuses_in_the_platforms_words_where_it_was_ordered(
    landscape: Landscape, org: OrgClient, fault: str, words: str
) -> None:
    landscape.fault("jwtGrant", fault)
    answer = org.grant("x")
    assert (answer.status_code, answer.json()) == (400, {"error": fault, "error_description": words})
