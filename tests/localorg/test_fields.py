"""Which fields each object shows: the data API and the Tooling API differ, and an unknown field is refused as the platform words it."""

from __future__ import annotations

import pytest

from localorg.sobjects.objects import OBJECTS
from localorg.sobjects.reference import DATA, REFERENCE, TOOLING, has_object, shown_fields
from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys
from tests.localorg.landscape_client import Landscape, OrgClient

TOOLING_ONLY = ["DeveloperName", "ContactEmail", "ContactPhone", "Description", "ExecutionUserId", "SessionTimeout"]


def ask(org: OrgClient, soql: str, *, tooling: bool = False) -> tuple[int, str, str]:
    answer = org.data("GET", "/tooling/query" if tooling else "/query", params={"q": soql})
    body = answer.json()
    return (answer.status_code, "", "") if answer.ok else (400, body[0]["errorCode"], body[0]["message"])


@pytest.mark.parametrize("api", [DATA, TOOLING])
def test_every_object_shows_what_the_reference_has_and_no_more(org: OrgClient, api: str) -> None:
    for definition in OBJECTS.values():
        if not has_object(definition, api) or definition.production_only:
            continue
        fields = shown_fields(definition, api)
        assert set(fields) == {"id", *(name.lower() for name in REFERENCE[api][definition.name.lower()])}
        names = ", ".join(field.name for field in fields.values())
        assert ask(org, f"SELECT {names} FROM {definition.name} LIMIT 1", tooling=api == TOOLING)[0] == 200


@pytest.mark.parametrize(
    ("soql", "tooling"),
    [
        *((f"SELECT Id, {name} FROM ConnectedApplication", False) for name in TOOLING_ONLY),
        ("SELECT Id FROM ConnectedApplication WHERE DeveloperName = 'x'", False),
        ("SELECT IsProtected FROM ExternalClientApplication", False),
        ("SELECT NamespacePrefix FROM ExtlClntAppOauthPlcyCnfg", False),
        ("SELECT PermissionsManageConnectedApps FROM PermissionSet", False),
        ("SELECT CreatedDate FROM SetupEntityAccess", False),
        ("SELECT Email FROM User", True),
        ("SELECT NamespacePrefix FROM ConnectedApplication", True),
    ],
)
def test_a_field_of_the_other_api_is_refused_as_the_platform_words_it(
    org: OrgClient, soql: str, *, tooling: bool
) -> None:
    status, code, message = ask(org, soql, tooling=tooling)
    assert (status, code) == (400, "INVALID_FIELD")
    entity = soql.partition(" FROM ")[2].partition(" ")[0]
    assert f"' on entity '{entity}'. If you are attempting to use a custom field" in message
    assert "ERROR at Row:1:Column:" in message


@pytest.mark.parametrize("name", ["SetupEntityAccess", "Organization", "ExternalClientApplication", "UserLogin"])
def test_the_tooling_api_has_few_of_the_data_apis_objects(org: OrgClient, name: str) -> None:
    assert ask(org, f"SELECT Id FROM {name}", tooling=True)[1] == "INVALID_TYPE"


def test_a_connected_apps_name_is_its_label_and_tooling_knows_its_developer_name(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys, label="Label of it")
    assert org.deploy(app.package())["success"]
    soql = f"SELECT Id, Name, DeveloperName, ContactEmail FROM ConnectedApplication WHERE DeveloperName = '{app.name}'"
    row = org.data("GET", "/tooling/query", params={"q": soql}).json()["records"][0]
    assert (row["Name"], row["DeveloperName"], row["ContactEmail"]) == ("Label of it", app.name, "ops@acme.com")
    assert org.query(f"SELECT Name FROM ConnectedApplication WHERE Id = '{row['Id']}'")[0]["Name"] == "Label of it"


def test_an_external_client_apps_row_is_of_the_data_api(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    assert org.deploy(app.package())["success"]
    soql = f"SELECT Id, NamespacePrefix, ContactPhone FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'"
    assert org.query(soql)[0]["NamespacePrefix"] is None


def test_every_user_permission_of_the_platform_can_be_asked_for_and_set(org: OrgClient) -> None:
    permissions = "PermissionsManageRemoteAccess, PermissionsExternalClientAppDeveloper, PermissionsViewEncryptedData"
    row = org.query(f"SELECT {permissions} FROM Profile WHERE Name = 'System Administrator'")[0]
    assert all(row[name] for name in permissions.split(", "))
    row = org.query(f"SELECT {permissions} FROM Profile WHERE Name = 'Standard User'")[0]
    assert not any(row[name] for name in permissions.split(", "))
