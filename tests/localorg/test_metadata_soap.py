"""The SOAP API of the Metadata API: reads, CRUD, lists, retrieves, faults (platform notes 5)."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from lxml import etree

from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, manifest, permission_set, unique, zipped
from tests.localorg.landscape_client import Landscape, OrgClient

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def result(answer: object) -> list[etree._Element]:
    """The result elements of an answer, whatever their namespace."""
    assert answer.status_code == 200, answer.text  # type: ignore[attr-defined]
    root = etree.fromstring(answer.content)  # type: ignore[attr-defined]
    return root.xpath("//*[local-name()='Body']/*/*[local-name()='result']")  # type: ignore[no-any-return]


def value(node: etree._Element, name: str) -> str | None:
    found = node.xpath(f".//*[local-name()='{name}']/text()")
    return found[0] if found else None


def test_a_read_returns_a_typed_record_with_certificate_and_without_secret(
    landscape: Landscape, org: OrgClient, keys: Keys
) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys, scopes=("Api", "OfflineAccess", "Email", "Profile"))
    assert org.deploy(app.package())["success"]
    answer = org.soap(f"<readMetadata><type>ConnectedApp</type><fullNames>{app.name}</fullNames></readMetadata>")
    record = result(answer)[0][0]
    assert record.get(f"{XSI}type") == "ConnectedApp"
    assert value(record, "fullName") == app.name
    assert value(record, "consumerKey") == app.key
    assert value(record, "permissionSetName") == app.set_name
    assert record.xpath(".//*[local-name()='scopes']/text()") == ["Api", "RefreshToken", "Basic"]
    assert value(record, "certificate") == keys.lines
    assert "consumerSecret" not in answer.text


def test_a_read_of_what_is_not_there_is_a_record_without_name(org: OrgClient) -> None:
    records = result(org.soap("<readMetadata><type>PermissionSet</type><fullNames>Nope</fullNames></readMetadata>"))[0]
    assert len(records) == 1
    assert records[0][0].get(f"{XSI}nil") == "true"


def test_components_are_created_updated_upserted_renamed_and_deleted(org: OrgClient) -> None:
    name, other = unique("Set"), unique("Set")
    component = '<metadata xsi:type="PermissionSet"><fullName>{}</fullName><label>{}</label></metadata>'
    created = result(org.soap(f"<createMetadata>{component.format(name, 'one')}</createMetadata>"))[0]
    assert (value(created, "success"), value(created, "fullName")) == ("true", name)
    again = result(org.soap(f"<createMetadata>{component.format(name, 'one')}</createMetadata>"))[0]
    assert (value(again, "success"), value(again, "statusCode")) == ("false", "DUPLICATE_DEVELOPER_NAME")
    updated = result(org.soap(f"<updateMetadata>{component.format(name, 'two')}</updateMetadata>"))[0]
    assert value(updated, "success") == "true"
    absent = result(org.soap(f"<updateMetadata>{component.format(other, 'two')}</updateMetadata>"))[0]
    assert value(absent, "statusCode") == "INVALID_CROSS_REFERENCE_KEY"
    upserted = result(
        org.soap(f"<upsertMetadata>{component.format(name, 'three')}{component.format(other, 'x')}</upsertMetadata>")
    )
    assert [value(each, "created") for each in upserted] == ["false", "true"]
    assert org.query(f"SELECT Label FROM PermissionSet WHERE Name = '{name}'")[0]["Label"] == "three"
    new = unique("Renamed")
    renamed = result(
        org.soap(
            f"<renameMetadata><type>PermissionSet</type><oldFullName>{other}</oldFullName>"
            f"<newFullName>{new}</newFullName></renameMetadata>"
        )
    )[0]
    assert value(renamed, "success") == "true"
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{new}'")
    deleted = result(
        org.soap(
            f"<deleteMetadata><type>PermissionSet</type><fullNames>{name}</fullNames><fullNames>{new}</fullNames>"
            "<fullNames>Nope</fullNames></deleteMetadata>"
        )
    )
    assert [value(each, "success") for each in deleted] == ["true", "true", "false"]


def test_more_than_ten_components_and_two_types_are_refused(org: OrgClient) -> None:
    names = "".join("<fullNames>A</fullNames>" for _ in range(11))
    assert "LIMIT_EXCEEDED" in org.soap(f"<readMetadata><type>PermissionSet</type>{names}</readMetadata>").text
    mixed = '<metadata xsi:type="PermissionSet"/><metadata xsi:type="ConnectedApp"/>'
    assert "INVALID_TYPE" in org.soap(f"<createMetadata>{mixed}</createMetadata>").text


def test_a_list_has_the_properties_of_each_component_and_none_when_there_is_none(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    listed = result(
        org.soap(
            "<listMetadata><queries><type>ExtlClntAppGlobalOauthSettings</type></queries><asOfVersion>67.0</asOfVersion></listMetadata>"
        )
    )
    mine = [each for each in listed if value(each, "fullName") == f"{app.name}_glbloauth"]
    assert value(mine[0], "fileName") == f"extlClntAppGlobalOauthSets/{app.name}_glbloauth.ecaGlblOauth"
    assert value(mine[0], "createdByName") == "Ada Brandt"
    dev = org.landscape.org("sb03")
    assert result(dev.soap("<listMetadata><queries><type>ConnectedApp</type></queries></listMetadata>")) == []


def test_describe_names_the_types_with_folder_and_suffix(org: OrgClient) -> None:
    described = result(org.soap("<describeMetadata><asOfVersion>67.0</asOfVersion></describeMetadata>"))[0]
    names = {value(each, "xmlName"): (value(each, "directoryName"), value(each, "suffix")) for each in described}
    assert names["ExternalClientApplication"] == ("externalClientApps", "eca")
    assert names["PermissionSet"] == ("permissionsets", "permissionset")


@pytest.mark.parametrize("element", ["retrieveRequest", "request"])
def test_a_retrieve_brings_a_zip_with_a_message_for_what_is_missing(org: OrgClient, keys: Keys, element: str) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    asked = (
        f"<retrieve><{element}><apiVersion>67.0</apiVersion><unpackaged><types><members>{app.set_name}</members>"
        f"<members>Nope</members><name>PermissionSet</name></types><types><members>*</members>"
        f"<name>ExtlClntAppGlobalOauthSettings</name></types><version>67.0</version></unpackaged></{element}></retrieve>"
    )
    job = value(result(org.soap(asked))[0], "id")
    assert job is not None
    assert job.startswith("09S")
    done = result(org.soap(f"<checkRetrieveStatus><asyncProcessId>{job}</asyncProcessId></checkRetrieveStatus>"))[0]
    assert value(done, "status") == "Succeeded"
    assert "Entity of type 'PermissionSet' named 'Nope' cannot be found" in (value(done, "problem") or "")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(value(done, "zipFile") or ""))) as archive:
        names = archive.namelist()
        key_file = archive.read(f"unpackaged/extlClntAppGlobalOauthSets/{app.name}_glbloauth.ecaGlblOauth").decode()
    assert f"unpackaged/permissionsets/{app.set_name}.permissionset" in names
    assert "unpackaged/package.xml" in names
    assert f"<consumerKey>{app.key}</consumerKey>" in key_file
    assert f"<certificate>{keys.lines}</certificate>" in key_file


@pytest.mark.parametrize("kind", ["ConnectedApp", "ExtlClntAppGlobalOauthSettings"])
def test_an_org_may_keep_certificates_to_itself(landscape: Landscape, org: OrgClient, keys: Keys, kind: str) -> None:
    landscape.knob(connected_app_creation=True, certificate_returned=False)
    app = ConnectedApp(keys) if kind == "ConnectedApp" else ExternalApp(keys)
    assert org.deploy(app.package())["success"]
    name = app.name if kind == "ConnectedApp" else f"{app.name}_glbloauth"
    answer = org.soap(f"<readMetadata><type>{kind}</type><fullNames>{name}</fullNames></readMetadata>")
    assert value(result(answer)[0][0], "consumerKey") == app.key
    assert "certificate" not in answer.text


def test_what_was_retrieved_can_be_deployed_again(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    org.deploy(app.package())
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in app.members().items()
    )
    asked = (
        "<retrieve><retrieveRequest><apiVersion>67.0</apiVersion><singlePackage>true</singlePackage><unpackaged>"
        f"{types}<version>67.0</version></unpackaged></retrieveRequest></retrieve>"
    )
    job = value(result(org.soap(asked))[0], "id")
    done = result(
        org.soap(
            f"<checkRetrieveStatus><asyncProcessId>{job}</asyncProcessId><includeZip>true</includeZip></checkRetrieveStatus>"
        )
    )[0]
    package = base64.b64decode(value(done, "zipFile") or "")
    redeployed = org.deploy(package)
    assert redeployed["success"], redeployed["details"]["componentFailures"]
    assert [each["fullName"] for each in redeployed["details"]["componentSuccesses"] if each["changed"]] == [
        "package.xml"
    ]


def test_a_bad_session_is_a_fault_that_clients_know(org: OrgClient) -> None:
    answer = org.soap("<describeMetadata/>", token="00D000000000000!nonsense")
    assert answer.status_code == 500
    root = etree.fromstring(answer.content)
    code = root.xpath("string(//faultcode)")
    assert code == "sf:INVALID_SESSION_ID"
    assert root.xpath("//*[local-name()='Fault']")[0].nsmap["sf"] == "http://soap.sforce.com/2006/04/metadata"
    assert root.xpath("string(//faultstring)").startswith(
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader"
    )


@pytest.mark.parametrize("version", ["30.0", "69.0"])
def test_retired_and_future_versions_are_unsupported(org: OrgClient, version: str) -> None:
    answer = org.soap("<describeMetadata/>", version=version)
    assert (answer.status_code, "UNSUPPORTED_API_VERSION" in answer.text) == (500, True)


def test_the_org_id_may_stand_behind_the_version(org: OrgClient) -> None:
    answer = org.soap("<describeMetadata/>", version=f"67.0/{org.about['orgId']}")
    assert answer.status_code == 200


def test_soap_login_is_refused_as_in_2026(org: OrgClient) -> None:
    login = '<login xmlns="urn:partner.soap.sforce.com"><username>u</username><password>p</password></login>'
    old, new = org.soap(login, endpoint="u", version="64.0"), org.soap(login, endpoint="u", version="65.0")
    assert (old.status_code, new.status_code) == (500, 500)
    assert "INVALID_OPERATION" in old.text
    assert "disabled by default" in old.text
    assert "UNSUPPORTED_API_VERSION" in new.text


def test_what_is_no_envelope_is_a_client_fault(org: OrgClient) -> None:
    for body in (b"", b"<a", b"<a/>", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"):
        answer = org.landscape.http.post(f"{org.url}/services/Soap/m/67.0", data=body, timeout=30)
        assert (answer.status_code, "<faultcode>soapenv:Client" in answer.text) == (500, True)


def test_all_or_none_undoes_the_good_ones_too(org: OrgClient) -> None:
    name = unique("Set")
    good = f'<metadata xsi:type="PermissionSet"><fullName>{name}</fullName><label>l</label></metadata>'
    bad = '<metadata xsi:type="PermissionSet"><fullName>No_Label</fullName></metadata>'
    header = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
    answer = org.soap(f"<createMetadata>{good}{bad}</createMetadata>", header=header)
    assert [value(each, "statusCode") for each in result(answer)] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "FIELD_INTEGRITY_EXCEPTION",
    ]
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'") == []


@pytest.mark.parametrize("element", ["String", "id", "asyncProcessId"])
def test_a_cancel_is_understood_whatever_its_element_is_called(
    landscape: Landscape, org: OrgClient, element: str
) -> None:
    landscape.knob(deploy_time=100)
    name = unique("Set")
    job = org.start_deploy(zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})).json()[
        "id"
    ]
    assert result(org.soap(f"<cancelDeploy><{element}>{job}</{element}></cancelDeploy>"))
    assert org.deploy_status(job)["status"] == "Canceled"
