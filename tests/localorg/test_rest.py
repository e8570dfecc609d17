"""REST: queries with paging, records, collections, composite; errors in the platform's form (platform notes 3, 5.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from requests import Response

from tests.localorg.bundles import manifest, permission_set, unique, zipped
from tests.localorg.landscape_client import Landscape, OrgClient


def error(answer: Response) -> tuple[int, str]:
    body = answer.json()
    assert isinstance(body, list)
    return answer.status_code, body[0]["errorCode"]


def new_set(org: OrgClient, body: str = "") -> str:
    name = unique("Set")
    assert org.deploy(zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name, body)}))[
        "success"
    ]
    return str(org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")[0]["Id"])


def assign(org: OrgClient, alias: str, set_id: str) -> Response:
    body = {"AssigneeId": org.user_id(alias), "PermissionSetId": set_id}
    return org.data("POST", "/sobjects/PermissionSetAssignment", json=body)


def test_versions_are_listed_without_a_login(landscape: Landscape, org: OrgClient) -> None:
    listed = landscape.http.get(f"{org.url}/services/data/", timeout=30).json()
    assert listed[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert {each["version"]: each["label"] for each in listed}["66.0"] == "Spring '26"
    assert listed[0]["version"] == "31.0"


def test_the_questions_that_clients_ask_first_have_answers(landscape: Landscape) -> None:
    asked = (
        "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType FROM Organization"
    )
    rows = {name: landscape.org(name).query(asked)[0] for name in ("acme", "uat")}
    assert (rows["acme"]["IsSandbox"], rows["uat"]["IsSandbox"]) == (False, True)
    assert rows["uat"]["TrialExpirationDate"] is None
    assert rows["uat"]["attributes"]["type"] == "Organization"


@pytest.mark.parametrize(
    ("soql", "expected"),
    [
        ("SELECT Id, Username, IsActive, ProfileId, Profile.UserLicense.Name FROM User WHERE Username = '{ci}'", 1),
        ("select id from user where username in ('{ci}', '{admin}') and isactive = true", 2),
        ("SELECT Id FROM User WHERE Profile.Name LIKE 'System%' ORDER BY Username DESC NULLS LAST LIMIT 2", 2),
        ("SELECT Id FROM User WHERE NOT (IsActive = true)", 1),
        ("SELECT Id FROM User WHERE IsActive != false AND (Username LIKE 'ci@%' OR Username LIKE 'deploy@%')", 2),
        ("SELECT Id FROM User WHERE Id IN (SELECT UserId FROM UserLogin WHERE IsFrozen = true)", 1),
        ("SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true AND Profile.Name = 'Standard User'", 1),
        ("SELECT Id FROM User WHERE LastName = 'O\\'Brien'", 1),
        ("SELECT Id FROM User WHERE ManagerId = null AND Username = '{ci}'", 1),
        ("SELECT Id FROM User WHERE CreatedDate > 2020-01-01T00:00:00Z AND Username = '{ci}'", 1),
        ("SELECT Id FROM User WHERE CreatedDate < TODAY", 0),
        ("SELECT Id FROM User WHERE CreatedDate > TODAY", 0),
        ("SELECT Id FROM User WHERE CreatedDate = TOMORROW", 0),
        ("SELECT u.Id, u.Profile.Name FROM User u WHERE u.Username = '{ci}'", 1),
        ("SELECT FIELDS(ALL) FROM Profile LIMIT 3", 3),
        ("SELECT Id FROM User ORDER BY Username LIMIT 3 OFFSET 2", 3),
    ],
)
def test_queries_of_the_subset_find_their_rows(org: OrgClient, soql: str, expected: int) -> None:
    filled = soql.replace("{ci}", org.username("ci")).replace("{admin}", org.username("admin"))
    assert len(org.query(filled)) == expected


def test_relationships_nest_and_a_missing_one_is_null(org: OrgClient) -> None:
    row = org.query(f"SELECT Profile.UserLicense.Name, Manager.Name FROM User WHERE Username = '{org.username('ci')}'")[
        0
    ]
    assert row["Profile"]["UserLicense"]["Name"] == "Salesforce"
    assert row["Profile"]["attributes"]["type"] == "Profile"
    assert row["Manager"] is None


def test_a_count_is_a_total_without_records(org: OrgClient) -> None:
    body = org.data("GET", "/query", params={"q": "SELECT COUNT() FROM User WHERE IsActive = true"}).json()
    assert body["totalSize"] > 20
    assert (body["done"], body["records"]) == (True, [])
    counted = org.query("SELECT COUNT(Id) n FROM User")[0]
    assert counted["attributes"]["type"] == "AggregateResult"
    assert counted["n"] > 20


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FRM User", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'open", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM User", "MALFORMED_QUERY"),
        ("SELECT Nope FROM User", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM User", "INVALID_FIELD"),
        ("SELECT _ConsumerKey FROM OauthToken", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM User WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM User OFFSET 3000", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_a_wrong_query_is_refused_with_the_platforms_code(org: OrgClient, soql: str, code: str) -> None:
    assert error(org.data("GET", "/query", params={"q": soql})) == (400, code)


def test_a_long_result_comes_in_pages(landscape: Landscape, org: OrgClient) -> None:
    landscape.knob(query_page=10)
    page = org.data("GET", "/query", params={"q": "SELECT Id FROM User"}).json()
    seen = [row["Id"] for row in page["records"]]
    while not page["done"]:
        page = org.call("GET", page["nextRecordsUrl"]).json()
        seen += [row["Id"] for row in page["records"]]
    assert len(seen) == len(set(seen)) == page["totalSize"]
    assert error(org.data("GET", "/query/01gnothing-10")) == (400, "INVALID_QUERY_LOCATOR")


def test_a_record_is_created_read_changed_and_deleted(org: OrgClient) -> None:
    name = unique("Set")
    made = org.data(
        "POST", "/sobjects/PermissionSet", json={"Name": name, "Label": "one", "PermissionsApiEnabled": True}
    )
    assert made.status_code == 201
    assert made.json()["success"]
    path = f"/sobjects/PermissionSet/{made.json()['id']}"
    assert org.data("PATCH", path, json={"Label": "two"}).status_code == 204
    row = org.data("GET", path).json()
    assert (row["Label"], row["PermissionsApiEnabled"], row["attributes"]["type"]) == ("two", True, "PermissionSet")
    assert (
        "<label>two</label>"
        in org.soap(f"<readMetadata><type>PermissionSet</type><fullNames>{name}</fullNames></readMetadata>").text
    )
    assert org.data("DELETE", path).status_code == 204
    assert error(org.data("GET", path)) == (404, "NOT_FOUND")
    assert error(org.data("DELETE", path))[0] == 404


@pytest.mark.parametrize(
    ("alias", "code"),
    [("former", "INACTIVE_OWNER_OR_USER"), ("erp", "FIELD_INTEGRITY_EXCEPTION"), ("ci", None), ("integration", None)],
)
def test_an_assignment_needs_an_active_user_and_a_licence_that_fits(
    org: OrgClient, alias: str, code: str | None
) -> None:
    answer = assign(org, alias, new_set(org))
    assert answer.status_code == 201 if code is None else error(answer) == (400, code)


def test_a_duplicate_assignment_says_so_in_known_words(org: OrgClient) -> None:
    set_id = new_set(org)
    assert assign(org, "ci", set_id).status_code == 201
    again = assign(org, "ci", set_id)
    assert error(again) == (400, "DUPLICATE_VALUE")
    assert again.json()[0]["message"].startswith("Duplicate PermissionSetAssignment. Assignee: 005")


def test_a_group_gives_its_members_what_its_sets_hold_and_is_assigned_once(org: OrgClient) -> None:
    name = unique("Group")
    group = org.data("POST", "/sobjects/PermissionSetGroup", json={"DeveloperName": name, "MasterLabel": name}).json()
    body = {"AssigneeId": org.user_id("ci"), "PermissionSetGroupId": group["id"]}
    assert org.data("POST", "/sobjects/PermissionSetAssignment", json=body).status_code == 201
    again = org.data("POST", "/sobjects/PermissionSetAssignment", json=body)
    assert again.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    rows = org.query(
        "SELECT PermissionSetId, PermissionSetGroup.DeveloperName, PermissionSetGroup.NamespacePrefix "
        f"FROM PermissionSetAssignment WHERE PermissionSetGroup.DeveloperName = '{name}'"
    )
    assert rows[0]["PermissionSetId"] is None
    assert rows[0]["PermissionSetGroup"]["DeveloperName"] == name
    assert rows[0]["PermissionSetGroup"]["NamespacePrefix"] is None
    described = org.data("GET", "/sobjects/PermissionSetGroup/describe").json()
    assert {"DeveloperName", "MasterLabel", "Status"} <= {field["name"] for field in described["fields"]}
    twice = org.data("POST", "/sobjects/PermissionSetGroup", json={"DeveloperName": name, "MasterLabel": name})
    assert twice.json()[0]["errorCode"] == "DUPLICATE_DEVELOPER_NAME"


def test_an_assignment_counts_until_it_expires_and_again_once_it_is_prolonged(
    landscape: Landscape, org: OrgClient
) -> None:
    name = unique("Set")
    package = zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})
    assert org.deploy(package)["success"]
    set_id = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")[0]["Id"]
    assignment = {
        "attributes": {"type": "PermissionSetAssignment"},
        "AssigneeId": org.user_id("ci"),
        "PermissionSetId": set_id,
        "ExpirationDate": "2199-01-01T00:00:00Z",
    }
    (made,) = org.data("POST", "/composite/sobjects", json={"allOrNone": True, "records": [assignment]}).json()

    def change(**fields: Any) -> Any:
        record = {"attributes": {"type": "PermissionSetAssignment"}, "id": made["id"], **fields}
        return org.data("PATCH", "/composite/sobjects", json={"allOrNone": True, "records": [record]}).json()[0]

    def active() -> bool:
        path = f"/sobjects/PermissionSetAssignment/{made['id']}"
        shown = org.data("GET", path, params={"fields": "IsActive"}).json()["IsActive"]
        counted = org.query(
            f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set_id}' AND IsActive = true"
        )
        assert shown is bool(counted)
        return bool(shown)

    assert active()
    now = landscape.admin("GET", "/clock")["now"]
    assert change(ExpirationDate=datetime.fromtimestamp(now + 60, UTC).isoformat())["success"]
    landscape.advance(61)
    assert not active()
    assert change(ExpirationDate="2020-01-01T00:00:00Z")["errors"][0]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert change(ExpirationDate=None)["success"]
    assert active()
    assert change(IsActive=False)["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_set_with_a_user_licence_fits_only_its_users(org: OrgClient) -> None:
    set_id = new_set(org, "<label>l</label><license>Salesforce</license>")
    assert assign(org, "ci", set_id).status_code == 201
    refused = assign(org, "integration", set_id)
    assert error(refused) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert "The user license doesn't allow the permission" in refused.json()[0]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"AssigneeId": "005000000000000AAA"}, "MALFORMED_ID"),
        ({"AssigneeId": "0050000000000BBB"}, "MALFORMED_ID"),
        ({"AssigneeId": "0PS000000000000AAA", "PermissionSetId": "x"}, "MALFORMED_ID"),
        ({"PermissionSetId": "0PS000000000001"}, "REQUIRED_FIELD_MISSING"),
        ({"AssigneeId": "005000000000001", "PermissionSetId": "0PS000000000001"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Nope": 1}, "INVALID_FIELD"),
        ({"IsActive": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"AssigneeId": 7}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_wrong_assignment_is_refused(org: OrgClient, body: dict[str, Any], code: str) -> None:
    answer = org.data("POST", "/sobjects/PermissionSetAssignment", json=body)
    found = error(answer)
    assert found[0] == 400
    assert found[1] in {code, "INVALID_CROSS_REFERENCE_KEY"}


def test_a_setup_link_cannot_be_changed_or_made_twice(org: OrgClient) -> None:
    assert (
        error(org.data("PATCH", "/sobjects/SetupEntityAccess/0J0000000000001", json={}))[1]
        == "INVALID_TYPE_FOR_OPERATION"
    )


def test_a_collection_inserts_each_record_or_all_or_none(org: OrgClient) -> None:
    set_id = new_set(org)

    def records(*aliases: str) -> list[dict[str, Any]]:
        return [
            {"attributes": {"type": "PermissionSetAssignment"}, "AssigneeId": org.user_id(a), "PermissionSetId": set_id}
            for a in aliases
        ]

    def held() -> int:
        return len(org.query(f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set_id}'"))

    none = org.data("POST", "/composite/sobjects", json={"allOrNone": True, "records": records("ci", "former")}).json()
    assert [each["errors"][0]["statusCode"] for each in none] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INACTIVE_OWNER_OR_USER",
    ]
    assert held() == 0
    some = org.data(
        "POST", "/composite/sobjects", json={"allOrNone": False, "records": records("ci", "former", "deploy")}
    )
    assert [each["success"] for each in some.json()] == [True, False, True]
    assert held() == 2
    ids = ",".join(each["id"] for each in some.json() if each["success"])
    gone = org.data("DELETE", "/composite/sobjects", params={"ids": ids, "allOrNone": "true"}).json()
    assert [each["success"] for each in gone] == [True, True]
    assert held() == 0
    many = [{"attributes": {"type": "PermissionSetAssignment"}}] * 201
    assert error(org.data("POST", "/composite/sobjects", json={"records": many}))[0] == 400


def test_a_composite_fills_in_references_and_undoes_all_or_none(org: OrgClient) -> None:
    name, other = unique("Set"), unique("Set")
    base = "/services/data/v67.0"

    def requests(second: str) -> list[dict[str, Any]]:
        return [
            {
                "method": "POST",
                "url": f"{base}/sobjects/PermissionSet",
                "referenceId": "made",
                "body": {"Name": second, "Label": "x"},
            },
            {
                "method": "POST",
                "url": f"{base}/sobjects/PermissionSetAssignment",
                "referenceId": "given",
                "body": {"PermissionSetId": "@{made.id}", "AssigneeId": org.user_id("ci")},
            },
            {
                "method": "GET",
                "url": f"{base}/query?q=SELECT+Id+FROM+PermissionSetAssignment+WHERE+PermissionSetId='@{{made.id}}'",
                "referenceId": "found",
            },
        ]

    good = org.data("POST", "/composite", json={"allOrNone": True, "compositeRequest": requests(name)}).json()
    answers = good["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [201, 201, 200]
    assert answers[2]["body"]["totalSize"] == 1
    bad = requests(other)
    bad[1]["body"]["AssigneeId"] = org.user_id("former")
    undone = org.data("POST", "/composite", json={"allOrNone": True, "compositeRequest": bad}).json()[
        "compositeResponse"
    ]
    assert [each["body"][0]["errorCode"] for each in undone] == [
        "PROCESSING_HALTED",
        "INACTIVE_OWNER_OR_USER",
        "PROCESSING_HALTED",
    ]
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{other}'") == []


def test_a_batch_runs_each_request_on_its_own(org: OrgClient) -> None:
    requests = [
        {"method": "GET", "url": "v67.0/query?q=SELECT+Id+FROM+Organization"},
        {"method": "GET", "url": "v67.0/sobjects/Nope/describe"},
    ]
    body = org.data("POST", "/composite/batch", json={"batchRequests": requests}).json()
    assert body["hasErrors"]
    assert [each["statusCode"] for each in body["results"]] == [200, 404]


def test_describes_name_fields_and_references(org: OrgClient) -> None:
    assert "PermissionSet" in {each["name"] for each in org.data("GET", "/sobjects").json()["sobjects"]}
    fields = {each["name"]: each for each in org.data("GET", "/sobjects/User/describe").json()["fields"]}
    assert fields["ProfileId"]["referenceTo"] == ["Profile"]
    assert error(org.data("GET", "/sobjects/Nope/describe")) == (404, "NOT_FOUND")


def test_tooling_answers_queries_but_not_setup_links(org: OrgClient) -> None:
    assert org.data("GET", "/tooling/query", params={"q": "SELECT Id FROM PermissionSet LIMIT 1"}).status_code == 200
    link = org.data("POST", "/tooling/sobjects/SetupEntityAccess", json={})
    assert link.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


def test_requests_are_counted_in_a_header_and_limited(landscape: Landscape, org: OrgClient) -> None:
    first = org.data("GET", "/limits").headers["Sforce-Limit-Info"]
    used, most = first.removeprefix("api-usage=").split("/")
    assert most == "100000"
    landscape.knob(daily_requests=int(used) + 1)
    assert org.data("GET", "/limits").status_code == 200
    assert error(org.data("GET", "/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("version", "expected"), [("30.0", (410, "UNSUPPORTED_API_VERSION")), ("69.0", (404, "NOT_FOUND"))]
)
def test_retired_and_future_versions_are_refused(org: OrgClient, version: str, expected: tuple[int, str]) -> None:
    assert error(org.call("GET", f"/services/data/v{version}/limits")) == expected


def test_no_token_another_orgs_token_and_a_wrong_method_are_refused(landscape: Landscape, org: OrgClient) -> None:
    nobody = landscape.http.get(f"{org.url}/services/data/v67.0/limits", timeout=30)
    assert error(nobody) == (401, "INVALID_SESSION_ID")
    assert error(org.as_user(landscape.org("dev").token).data("GET", "/limits")) == (401, "INVALID_SESSION_ID")
    assert error(org.data("PUT", "/limits")) == (405, "METHOD_NOT_ALLOWED")
    absent = landscape.http.get(f"{org.url}/services/oauth2/userinfo", timeout=30)
    assert (absent.status_code, absent.text) == (403, "Missing_OAuth_Token")


def test_users_are_made_frozen_and_deactivated_by_rest(org: OrgClient) -> None:
    profile = org.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    username = f"{unique('new').lower()}@acme.com.uat"
    body = {"Username": username, "LastName": "New", "Email": "new@acme.com", "Alias": "new", "ProfileId": profile}
    made = org.data("POST", "/sobjects/User", json=body)
    assert made.status_code == 201, made.text
    assert error(org.data("POST", "/sobjects/User", json=body)) == (400, "DUPLICATE_USERNAME")
    login = org.query(f"SELECT Id FROM UserLogin WHERE UserId = '{made.json()['id']}'")[0]["Id"]
    assert org.data("PATCH", f"/sobjects/UserLogin/{login}", json={"IsFrozen": True}).status_code == 204
    assert org.data("PATCH", f"/sobjects/User/{made.json()['id']}", json={"IsActive": False}).status_code == 204
    assert org.query(f"SELECT IsActive FROM User WHERE Username = '{username}'")[0]["IsActive"] is False


def test_a_query_tells_its_columns_as_the_cli_asks_for_them(org: OrgClient) -> None:
    asked = "SELECT Id, Username, IsActive, Profile.UserLicense.Name, Profile.Name FROM User"
    told = org.data("GET", "/query", params={"q": asked, "columns": "true"}).json()
    assert (told["entityName"], told["keyPrefix"], told["idSelected"]) == ("User", "005", True)
    first, *_, joined = told["columnMetadata"]
    assert (first["columnName"], first["apexType"], first["textType"]) == ("Id", "Id", False)
    assert [each["columnName"] for each in told["columnMetadata"]] == ["Id", "Username", "IsActive", "Profile"]
    assert joined["foreignKeyName"] == "ProfileId"
    assert [each["columnName"] for each in joined["joinColumns"]] == ["UserLicense", "Name"]
    assert [each["columnName"] for each in joined["joinColumns"][0]["joinColumns"]] == ["Name"]
    counted = org.data("GET", "/query", params={"q": "SELECT COUNT(Id) FROM User", "columns": "true"}).json()
    assert [(each["aggregate"], each["displayName"]) for each in counted["columnMetadata"]] == [(True, "count(Id)")]


def test_a_subquery_brings_the_records_that_refer_to_each(org: OrgClient) -> None:
    first, second = sorted((new_set(org), new_set(org)))
    for alias in ("ci", "deploy"):
        assert assign(org, alias, first).status_code == 201
    names = f"'{org.username('ci')}', '{org.username('erp')}'"
    users = org.query(
        "SELECT Username, (SELECT PermissionSet.Name FROM PermissionSetAssignments WHERE PermissionSetId = "
        f"'{first}') FROM User WHERE Username IN ({names}) ORDER BY Username"
    )
    held = users[0]["PermissionSetAssignments"]
    assert (held["totalSize"], held["done"], len(held["records"])) == (1, True, 1)
    assert held["records"][0]["attributes"]["type"] == "PermissionSetAssignment"
    assert users[1]["PermissionSetAssignments"] is None
    sets = org.query(
        "SELECT Id, (SELECT Assignee.Username FROM Assignments ORDER BY Assignee.Username DESC LIMIT 1) "
        f"FROM PermissionSet WHERE Id IN ('{first}', '{second}') ORDER BY Id"
    )
    assert [each["Assignee"]["Username"] for each in sets[0]["Assignments"]["records"]] == [org.username("deploy")]
    assert sets[1]["Assignments"] is None
    asked = "SELECT Id, (SELECT PermissionSetId FROM PermissionSetAssignments) FROM User"
    columns = org.data("GET", "/query", params={"q": asked, "columns": "true"}).json()["columnMetadata"]
    assert [(each["columnName"], each["aggregate"]) for each in columns] == [
        ("Id", False),
        ("PermissionSetAssignments", True),
    ]
    assert error(org.data("GET", "/query", params={"q": "SELECT Id, (SELECT Id FROM Nopes) FROM User"})) == (
        400,
        "INVALID_TYPE",
    )


@pytest.mark.parametrize("days", ["LAST_N_DAYS:1", "LAST_N_DAYS:30"])
def test_a_range_of_days_holds_what_was_made_now(days: str, org: OrgClient) -> None:
    everybody = len(org.query("SELECT Id FROM User"))
    assert len(org.query(f"SELECT Id FROM User WHERE CreatedDate = {days}")) == everybody
    assert len(org.query(f"SELECT Id FROM User WHERE CreatedDate <= {days}")) == everybody
    assert org.query(f"SELECT Id FROM User WHERE CreatedDate != {days}") == []
