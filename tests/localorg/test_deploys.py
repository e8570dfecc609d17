"""Deploys over both APIs: transactions, queues, cancellation, and the platform's messages (platform notes 1.8, 2.4, 5)."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.localorg.bundles import (
    ConnectedApp,
    ExternalApp,
    Keys,
    destruction,
    manifest,
    permission_set,
    unique,
    xml,
    zipped,
)
from tests.localorg.landscape_client import Landscape, OrgClient


def problems(result: dict[str, Any]) -> list[str]:
    return [each["problem"] for each in result["details"]["componentFailures"]]


def set_package(name: str, body: str = "") -> bytes:
    return zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name, body)})


def has_set(org: OrgClient, name: str) -> bool:
    return bool(org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'"))


def test_a_post_answers_pending_and_the_first_look_sees_the_end(org: OrgClient) -> None:
    answer = org.start_deploy(set_package(name := unique("Set")))
    body = answer.json()
    assert answer.status_code == 201
    assert (body["deployResult"]["status"], body["deployResult"]["done"]) == ("Pending", False)
    result = org.deploy_status(body["id"])
    assert (result["status"], result["done"], result["success"]) == ("Succeeded", True, True)
    made = [each for each in result["details"]["componentSuccesses"] if each["fullName"] == name]
    assert made[0]["created"]
    assert made[0]["id"].startswith("0PS")
    assert made[0]["fileName"] == f"permissionsets/{name}.permissionset"
    listed = [each for each in result["details"]["componentSuccesses"] if each["fullName"] == "package.xml"]
    assert listed[0]["componentType"] == ""
    assert result["numberComponentsDeployed"] == result["numberComponentsTotal"] == 1


def test_the_same_package_again_changes_nothing_and_another_one_does(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    first, second = org.deploy(app.package()), org.deploy(app.package())

    def flags(result: dict[str, Any]) -> set[tuple[bool, bool]]:
        return {(e["created"], e["changed"]) for e in result["details"]["componentSuccesses"] if e["componentType"]}

    assert flags(first) == {(True, True)}
    assert flags(second) == {(False, False)}
    app.scopes = "Api, RefreshToken, Web"
    changed = [e["fullName"] for e in org.deploy(app.package())["details"]["componentSuccesses"] if e["changed"]]
    assert changed == [f"{app.name}_oauth", "package.xml"]


def test_a_failed_component_undoes_the_whole_deploy(org: OrgClient) -> None:
    good, bad = unique("Good"), unique("Bad")
    files = {**permission_set(good), **permission_set(bad, "<description>no label</description>")}
    result = org.deploy(zipped({"package.xml": manifest({"PermissionSet": ["*"]}), **files}))
    assert (result["status"], result["success"]) == ("Failed", False)
    assert problems(result) == ["Required field is missing: label"]
    assert not has_set(org, good)


def test_without_rollback_a_sandbox_keeps_what_succeeded(landscape: Landscape, org: OrgClient) -> None:
    good, bad = unique("Good"), unique("Bad")
    files = {**permission_set(good), **permission_set(bad, "<description>no label</description>")}
    package = zipped({"package.xml": manifest({"PermissionSet": [good, bad]}), **files})
    result = org.deploy(package, rollbackOnError=False)
    assert (result["status"], result["success"]) == ("SucceededPartial", False)
    assert has_set(org, good)
    production = landscape.org("acme")
    assert production.deploy(package, rollbackOnError=False)["status"] == "Failed"
    assert not has_set(production, good)


def test_a_check_changes_nothing_and_can_be_deployed_quickly(org: OrgClient) -> None:
    name = unique("Set")
    checked = org.deploy(set_package(name), checkOnly=True)
    assert (checked["status"], checked["checkOnly"]) == ("Succeeded", True)
    assert not has_set(org, name)
    quick = org.data("POST", "/metadata/deployRequest", json={"validatedDeployRequestId": checked["id"]})
    assert quick.status_code == 201, quick.text
    assert org.deploy_status(quick.json()["id"])["success"]
    assert has_set(org, name)
    unknown = org.data("POST", "/metadata/deployRequest", json={"validatedDeployRequestId": "0Af000000000000AAA"})
    assert unknown.status_code == 404


def test_one_deploy_runs_and_the_rest_wait_their_turn(landscape: Landscape, org: OrgClient) -> None:
    landscape.knob(deploy_time=100)
    first, second = (org.start_deploy(set_package(unique("Set"))).json()["id"] for _ in range(2))
    assert [org.deploy_status(each)["status"] for each in (first, second)] == ["InProgress", "Pending"]
    landscape.advance(101)
    assert [org.deploy_status(each)["status"] for each in (first, second)] == ["Succeeded", "InProgress"]
    landscape.advance(101)
    assert org.deploy_status(second)["status"] == "Succeeded"
    landscape.admin("PATCH", "/clock", {"offset": 0})


def test_the_tooling_api_lists_deploys_and_how_they_stand(landscape: Landscape, org: OrgClient) -> None:
    def listed(path: str = "/tooling/query") -> Any:
        question = "SELECT Id, Status, CheckOnly, CreatedBy.Name FROM DeployRequest ORDER BY CreatedDate DESC LIMIT 2"
        return org.data("GET", path, params={"q": question})

    landscape.knob(deploy_time=100)
    first = org.start_deploy(set_package(unique("Set"))).json()["id"]
    landscape.advance(1)
    second = org.start_deploy(set_package(unique("Set")), checkOnly=True).json()["id"]
    rows = listed().json()["records"]
    seen = [(row["Id"], row["Status"], row["CheckOnly"], row["CreatedBy"]["Name"]) for row in rows]
    assert seen == [(second, "Pending", True, "Ada Brandt"), (first, "InProgress", False, "Ada Brandt")]
    org.data("PATCH", f"/metadata/deployRequest/{second}", json={"deployResult": {"status": "Canceling"}})
    landscape.advance(101)
    assert [row["Status"] for row in listed().json()["records"]] == ["Canceled", "Succeeded"]
    assert listed("/query").json()[0]["errorCode"] == "INVALID_TYPE"
    landscape.admin("PATCH", "/clock", {"offset": 0})


def test_a_running_and_a_waiting_deploy_can_be_cancelled(landscape: Landscape, org: OrgClient) -> None:
    landscape.knob(deploy_time=100)
    names = [unique("Set"), unique("Set")]
    jobs = [org.start_deploy(set_package(name)).json()["id"] for name in names]
    for job in reversed(jobs):
        answer = org.data("PATCH", f"/metadata/deployRequest/{job}", json={"deployResult": {"status": "Canceling"}})
        assert answer.status_code == 202
        assert answer.json()["deployResult"]["status"] == "Canceling"
        result = org.deploy_status(job)
        assert (result["status"], result["done"], result["success"]) == ("Canceled", True, False)
        assert result["canceledByName"] == "Ada Brandt"
    again = org.data("PATCH", f"/metadata/deployRequest/{jobs[0]}", json={"deployResult": {"status": "Canceling"}})
    assert again.status_code == 400
    assert not any(has_set(org, name) for name in names)


@pytest.mark.parametrize("part", ["json", "entity_content"])
def test_both_names_of_the_options_part_are_taken(org: OrgClient, part: str) -> None:
    options = json.dumps({"deployOptions": {"singlePackage": True, "checkOnly": True}})
    parts = {
        part: (None, options, "application/json"),
        "file": ("package.zip", set_package(unique("Set")), "application/zip"),
    }
    answer = org.data("POST", "/metadata/deployRequest", files=parts)
    assert answer.status_code == 201
    assert org.deploy_status(answer.json()["id"])["checkOnly"]


def test_the_soap_api_deploys_a_package_in_a_folder(org: OrgClient) -> None:
    name = unique("Set")
    package = zipped(
        {"x/package.xml": manifest({"PermissionSet": ["*"]}), **{f"x/{p}": c for p, c in permission_set(name).items()}}
    )
    sent = org.soap(
        f"<deploy><ZipFile>{base64.b64encode(package).decode()}</ZipFile><DeployOptions>"
        "<rollbackOnError>true</rollbackOnError><singlePackage>false</singlePackage></DeployOptions></deploy>"
    )
    assert sent.status_code == 200, sent.text
    job = sent.text.partition("<id>")[2].partition("</id>")[0]
    assert job.startswith("0Af")
    check = f"<checkDeployStatus><asyncProcessId>{job}</asyncProcessId><includeDetails>true</includeDetails></checkDeployStatus>"
    looked = org.soap(check).text
    assert "<status>Succeeded</status>" in looked
    assert f"<fileName>x/permissionsets/{name}.permissionset</fileName>" in looked
    assert 'nil="true"' not in looked  # what has nothing to say is absent
    assert has_set(org, name)


def test_destructive_changes_delete_and_a_missing_member_is_a_warning(org: OrgClient) -> None:
    name, missing = unique("Set"), unique("Missing")
    org.deploy(set_package(name))
    gone = org.deploy(destruction({"PermissionSet": [name]}))
    assert gone["success"]
    assert gone["details"]["componentSuccesses"][0]["deleted"]
    assert not has_set(org, name)
    warned = org.deploy(destruction({"ConnectedApp": [missing]}, "Post"), ignoreWarnings=True)
    assert warned["success"]
    message = warned["details"]["componentSuccesses"][0]
    assert (message["problem"], message["problemType"]) == (f"No ConnectedApp named: {missing} found", "Warning")
    refused = org.deploy(destruction({"ConnectedApp": [missing]}))
    assert refused["status"] == "Failed"
    assert problems(refused) == [f"No ConnectedApp named: {missing} found"]


def test_deleting_a_set_takes_links_with_it_and_by_knob_assignments(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    org.assign(app.set_name, "ci")
    landscape.knob(held_permission_set_deletable=True)
    assert org.deploy(destruction({"PermissionSet": [app.set_name]}))["success"]
    app_id = org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'")[0]["Id"]
    assert org.query(f"SELECT Id FROM SetupEntityAccess WHERE SetupEntityId = '{app_id}'") == []
    answer = org.grant(app.assertion(org.username("ci"), org.url))
    assert answer.json()["error"] == "invalid_app_access"


def test_the_file_is_the_whole_truth_of_a_permission_set(org: OrgClient) -> None:
    name = unique("Set")
    enabled = "<userPermissions><enabled>true</enabled><name>{}</name></userPermissions>"
    org.deploy(set_package(name, f"<label>l</label>{enabled.format('ApiEnabled')}{enabled.format('ViewSetup')}"))
    org.deploy(set_package(name, f"<label>l</label>{enabled.format('ViewSetup')}"))
    row = org.query(f"SELECT PermissionsApiEnabled, PermissionsViewSetup FROM PermissionSet WHERE Name = '{name}'")[0]
    assert (row["PermissionsApiEnabled"], row["PermissionsViewSetup"]) == (False, True)


def test_elements_out_of_order_are_dropped_without_a_word(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    files = app.files()
    path = f"extlClntAppOauthSettings/{app.name}_oauth.ecaOauth"
    parent = f"<externalClientApplication>{app.name}</externalClientApplication>"
    files[path] = files[path].replace(parent, "").replace("</label>", f"</label>{parent}")
    result = org.deploy(zipped({"package.xml": manifest(app.members()), **files}))
    assert problems(result)[0] == "Enter the name of the parent external client app."


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            "<label>l</label><licence>x</licence>",
            "Error parsing file: Element {http://soap.sforce.com/2006/04/metadata}licence invalid at this location in type PermissionSet",
        ),
        (
            "<hasActivationRequired>yes</hasActivationRequired><label>l</label>",
            "'yes' is not a valid value for the type xsd:boolean",
        ),
        ("<label></label>", "Required field is missing: label"),
        ("<label>l</label><license>Nope</license>", "no PermissionSetLicense named Nope found"),
        (
            "<label>l</label><userPermissions><enabled>true</enabled><name>Fly</name></userPermissions>",
            "Unknown user permission: Fly",
        ),
        (f"<label>{'x' * 81}</label>", f"Label: data value too large: {'x' * 40} (max length=80)"),
    ],
)
def test_a_wrong_component_is_named_with_its_problem(org: OrgClient, body: str, problem: str) -> None:
    result = org.deploy(set_package(unique("Set"), body))
    assert problems(result) == [problem]
    assert result["details"]["componentFailures"][0]["componentType"] == "PermissionSet"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "No package.xml found"),
        ({"package.xml": manifest({"CustomThing": ["A"]})}, "Unknown type name 'CustomThing' specified in package.xml"),
        (
            {"package.xml": manifest({"PermissionSet": ["Nowhere"]})},
            "An object 'Nowhere' of type PermissionSet was named in package.xml, but was not found in zipped directory",
        ),
        ({"package.xml": manifest({}, "99.0")}, "Invalid version specified: 99.0"),
        ({"package.xml": manifest({}), **permission_set("Stray")}, "Not in package.xml"),
        ({"package.xml": "<Package"}, None),
        ({"package.xml": manifest({"PermissionSet": ["a__b"]}), **permission_set("a__b")}, None),
    ],
)
def test_a_wrong_package_fails_and_says_why(org: OrgClient, files: dict[str, str], problem: str | None) -> None:
    result = org.deploy(zipped(files))
    assert result["status"] == "Failed"
    assert len(problems(result)) == 1
    assert problem is None or problems(result) == [problem]


def test_new_connected_apps_are_refused_and_old_ones_go_on(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    app = ConnectedApp(keys)
    refused = org.deploy(app.package())
    assert problems(refused) == [
        "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."
    ]
    assert not has_set(org, app.set_name)
    landscape.knob(connected_app_creation=True)
    assert org.deploy(app.package())["success"]
    landscape.knob(connected_app_creation=False)
    app.label = "Another label"
    assert org.deploy(app.package())["success"]
    assert org.deploy(destruction({"ConnectedApp": [app.name]}))["success"]
    assert not org.deploy(app.package())["success"]


def test_a_consumer_key_is_taken_in_every_org(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    landscape.knob(connected_app_creation=True)
    dev = landscape.org("dev")
    first = ExternalApp(keys)
    assert org.deploy(first.package())["success"]
    second = ExternalApp(keys, key=first.key)
    assert problems(dev.deploy(second.package())) == ["The consumer key is already taken."]
    assert problems(dev.deploy(ConnectedApp(keys, key=first.key).package())) == ["The consumer key is already taken."]
    assert org.deploy(destruction({"ExternalClientApplication": [first.name]}))["success"]
    assert dev.deploy(second.package())["success"]


def test_an_external_client_app_keeps_its_key_whatever_is_sent(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    org.assign(app.set_name, "ci")
    old, app.key = app.key, "another_key_of_ours_000000"
    assert org.deploy(app.package())["success"]
    assert org.grant(app.assertion(org.username("ci"), org.url)).json()["error"] == "invalid_client_id"
    app.key = old
    assert org.grant(app.assertion(org.username("ci"), org.url)).status_code == 200


def test_a_connected_app_refuses_another_key_and_by_knob_any(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys)
    assert org.deploy(app.package())["success"]
    assert org.deploy(app.package())["success"]
    landscape.knob(connected_app_key_on_update="refuse")
    assert problems(org.deploy(app.package())) == ["You cannot provide a Consumer Key"]
    landscape.knob(connected_app_key_on_update="same")
    app.key = "some_other_key_0000000"
    assert problems(org.deploy(app.package())) == ["You cannot provide a Consumer Key"]
    app.key = ""
    assert org.deploy(app.package())["success"]


def test_both_app_kinds_cannot_share_a_name(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    landscape.knob(connected_app_creation=True)
    external = ExternalApp(keys)
    assert org.deploy(external.package())["success"]
    connected = ConnectedApp(keys, name=external.name, key="yet_another_key_" + external.name)
    assert "already exists" in problems(org.deploy(connected.package()))[0]


@pytest.mark.parametrize("form", ["pem", "bare", "spaces"])
def test_a_certificate_is_taken_with_or_without_armour(org: OrgClient, keys: Keys, form: str) -> None:
    text = {"pem": keys.certificate, "bare": keys.bare, "spaces": f"\n  {keys.certificate}  \n"}[form]
    app = ExternalApp(keys, certificate=text)
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    assert org.grant(app.assertion(org.username("ci"), org.url)).status_code == 200


def test_a_certificate_must_be_rsa_long_enough_and_small(org: OrgClient, keys: Keys) -> None:
    short = Keys.generate(bits=1024)
    for text, words in (
        (short.certificate, "too short"),
        ("My_Certificate", "not valid"),
        (keys.certificate + "A" * 4096, "too large"),
    ):
        assert words in problems(org.deploy(ExternalApp(keys, certificate=text).package()))[0]
    elliptic = ExternalApp(keys, certificate=Keys.generate(elliptic=True).certificate)
    assert org.deploy(elliptic.package())["success"]
    org.assign(elliptic.set_name, "ci")
    assert org.grant(elliptic.assertion(org.username("ci"), org.url)).json()["error_description"] == "invalid assertion"


def test_an_expired_certificate_still_logs_in_unless_told_otherwise(landscape: Landscape, org: OrgClient) -> None:
    app = ExternalApp(Keys.generate(days=-1))
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    assertion = app.assertion(org.username("ci"), org.url)
    assert org.grant(assertion).status_code == 200
    landscape.knob(refuse_expired_certificate=True)
    assert org.grant(assertion).json()["error_description"] == "invalid assertion"


def test_an_empty_permission_set_name_clears_and_an_absent_one_leaves_alone(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys)
    assert org.deploy(app.package())["success"]
    org.assign(app.set_name, "ci")
    assertion = app.assertion(org.username("ci"), org.url)
    app.links = ""
    assert org.deploy(app.package())["success"]
    assert org.grant(assertion).status_code == 200
    app.links = "<permissionSetName/>"
    assert org.deploy(app.package())["success"]
    assert org.grant(assertion).json()["error"] == "invalid_app_access"


@pytest.mark.parametrize(
    ("links", "problem"),
    [
        (
            "<permissionSetName>Nobody</permissionSetName>",
            "In field: permissionSetName - no PermissionSet named Nobody found",
        ),
        ("<profileName>Nobody</profileName>", "In field: profileName - no Profile named Nobody found"),
    ],
)
def test_an_unknown_set_or_profile_fails_the_deploy(
    landscape: Landscape, org: OrgClient, keys: Keys, links: str, problem: str
) -> None:
    landscape.knob(connected_app_creation=True)
    assert problems(org.deploy(ConnectedApp(keys, links=links).package())) == [problem]


def test_a_profile_can_pre_authorize(landscape: Landscape, org: OrgClient, keys: Keys) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys, links="<profileName>Standard User</profileName>")
    assert org.deploy(app.package())["success"]
    assert org.grant(app.assertion(org.username("deploy"), org.url)).status_code == 200
    assert org.grant(app.assertion(org.username("admin"), org.url)).json()["error"] == "invalid_app_access"


def test_a_second_satellite_of_a_type_is_a_duplicate(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    files = {f"extlClntAppPolicies/{app.name}_two.ecaPlcy": app.files()[f"extlClntAppPolicies/{app.name}_plcy.ecaPlcy"]}
    result = org.deploy(zipped({"package.xml": manifest({"ExtlClntAppConfigurablePolicies": ["*"]}), **files}))
    assert problems(result)[0].startswith("duplicate value found: ExternalClientApplicationId")


def test_a_satellite_of_nothing_is_refused(org: OrgClient) -> None:
    body = "<externalClientApplication>Ghost</externalClientApplication><isEnabled>true</isEnabled>"
    files = {"extlClntAppPolicies/Ghost_plcy.ecaPlcy": xml("ExtlClntAppConfigurablePolicies", body)}
    result = org.deploy(zipped({"package.xml": manifest({"ExtlClntAppConfigurablePolicies": ["*"]}), **files}))
    assert problems(result) == ["In field: externalClientApplication - no ExternalClientApplication named Ghost found"]


def test_rotating_the_key_warns(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    files = app.files()
    path = f"extlClntAppGlobalOauthSets/{app.name}_glbloauth.ecaGlblOauth"
    rotating = files[path].replace("</label>", "</label><shouldRotateConsumerKey>true</shouldRotateConsumerKey>")
    package = zipped({"package.xml": manifest({"ExtlClntAppGlobalOauthSettings": ["*"]}), path: rotating})
    assert org.deploy(package)["status"] == "Failed"
    assert org.deploy(package, ignoreWarnings=True)["success"]
    assert org.grant(app.assertion(org.username("ci"), org.url)).json()["error"] == "invalid_client_id"


def test_a_user_without_the_right_cannot_deploy(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    org.assign(app.set_name, "ci")
    user = org.as_user(org.grant(app.assertion(org.username("ci"), org.url)).json()["access_token"])
    answer = user.start_deploy(set_package(unique("Set")))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")


def test_an_unknown_deploy_is_not_found(org: OrgClient) -> None:
    answer = org.data("GET", "/metadata/deployRequest/0Af000000000000AAA")
    assert answer.status_code == 404
    fault = org.soap("<checkDeployStatus><asyncProcessId>0Af000000000000AAA</asyncProcessId></checkDeployStatus>")
    assert (fault.status_code, "INVALID_CROSS_REFERENCE_KEY" in fault.text) == (500, True)


def test_twenty_deploys_at_once_all_end_and_none_is_lost(org: OrgClient) -> None:
    names = [unique("Many") for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda name: org.start_deploy(set_package(name)).json()["id"], names))
    assert len(set(jobs)) == 20
    assert {org.deploy_status(job)["status"] for job in jobs} == {"Succeeded"}
    assert all(has_set(org, name) for name in names)
