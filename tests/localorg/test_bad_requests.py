"""What no good client sends: each gets the platform's error, changes nothing, and is no defect of ours (platform notes 5)."""

from __future__ import annotations

import io
import json
import string
import struct
import zipfile
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.localorg.bundles import manifest, permission_set, unique, zipped
from tests.localorg.landscape_client import Landscape, OrgClient

BOMB = b"0" * (20 * 1024 * 1024)
many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def failed(org: OrgClient, package: bytes) -> dict[str, Any]:
    result = org.deploy(package)
    assert (result["status"], result["done"]) == ("Failed", True)
    assert result["errorStatusCode"] != "UNKNOWN_EXCEPTION", result
    return result


@pytest.mark.parametrize("package", [b"", b"not a zip", b"PK\x03\x04" + b"\x00" * 40, b"PK\x05\x06" + b"\xff" * 18])
def test_a_broken_zip_fails_the_deploy(org: OrgClient, package: bytes) -> None:
    assert failed(org, package)["errorMessage"].startswith("Not a valid zip file")


def test_a_truncated_zip_fails_the_deploy(org: OrgClient) -> None:
    name = unique("Set")
    whole = zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})
    for size in (10, len(whole) // 2, len(whole) - 5):
        failed(org, whole[:size])


@pytest.mark.parametrize("path", ["../../etc/x", "/etc/x", "permissionsets/../../x", "c:/x", "a\\..\\..\\x"])
def test_a_path_out_of_the_package_fails_the_deploy(org: OrgClient, path: str) -> None:
    result = failed(org, zipped({"package.xml": manifest({}), path: "x"}))
    assert "Invalid file path" in result["errorMessage"]


def test_a_zip_bomb_is_not_unpacked(org: OrgClient) -> None:
    result = failed(
        org, zipped({"package.xml": manifest({"PermissionSet": ["*"]}), "permissionsets/A.permissionset": BOMB})
    )
    assert result["errorStatusCode"] == "LIMIT_EXCEEDED"


def test_a_zip_that_lies_about_its_size_fails(org: OrgClient) -> None:
    data = bytearray(
        zipped({"package.xml": manifest({"PermissionSet": ["*"]}), "permissionsets/A.permissionset": BOMB})
    )
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 100)
    failed(org, bytes(data))


def test_too_many_files_fail_the_deploy(org: OrgClient) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"a/{number}", b"")
    assert failed(org, buffer.getvalue())["errorStatusCode"] == "LIMIT_EXCEEDED"


def test_entities_in_a_component_are_not_expanded(org: OrgClient) -> None:
    evil = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
        '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>&b;&f;</label></PermissionSet>'
    )
    name = unique("Set")
    package = zipped({"package.xml": manifest({"PermissionSet": [name]}), f"permissionsets/{name}.permissionset": evil})
    problem = failed(org, package)["details"]["componentFailures"][0]["problem"]
    assert problem.startswith("Error parsing file")
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'") == []


def test_a_body_that_is_too_large_is_refused(org: OrgClient) -> None:
    answer = org.start_deploy(b"0" * (39 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
    larger = org.data("POST", "/sobjects/PermissionSet", data=b"0" * (61 * 1024 * 1024))
    assert (larger.status_code, larger.json()[0]["errorCode"]) == (413, "LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"hello"),
        ("multipart/form-data", b"hello"),
        ("multipart/form-data; boundary=x", b"hello"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nhello\r\n--x--\r\n"),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"{}"),
        ("application/json", b'{"validatedDeployRequestId": 7}'),
        ("", b""),
    ],
)
def test_a_deploy_of_another_content_type_is_refused(org: OrgClient, kind: str, body: bytes) -> None:
    answer = org.data("POST", "/metadata/deployRequest", data=body, headers={"Content-Type": kind})
    assert answer.status_code in {400, 415}
    assert answer.json()[0]["errorCode"]


@pytest.mark.parametrize(
    "options", ["[]", "{", '"x"', '{"deployOptions": 7}', '{"deployOptions": {"checkOnly": "perhaps"}}']
)
def test_odd_deploy_options_are_no_defect(org: OrgClient, options: str) -> None:
    parts = {"json": (None, options, "application/json"), "file": ("a.zip", b"", "application/zip")}
    assert org.data("POST", "/metadata/deployRequest", files=parts).status_code in {201, 400}


@many
@given(text=st.text(max_size=60))
def test_any_text_as_a_query_is_an_answer_or_a_refusal(org: OrgClient, text: str) -> None:
    answer = org.data("GET", "/query", params={"q": text})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


words = st.sampled_from(
    "SELECT FROM WHERE AND OR NOT IN LIKE ( ) , = != < 'a' 'a\\'b' 7 1.5 true null User Id Name Profile.Name COUNT() "
    "ORDER BY LIMIT OFFSET ASC TODAY 2026-01-01 2026-13-99 IsActive PermissionSet CreatedDate LAST_N_DAYS:99999999".split()
)


@many
@given(parts=st.lists(words, max_size=14), start=st.sampled_from(["", "SELECT Id FROM User WHERE ", "SELECT Id, "]))
def test_any_words_of_soql_are_an_answer_or_a_refusal(org: OrgClient, parts: list[str], start: str) -> None:
    answer = org.data("GET", "/query", params={"q": start + " ".join(parts)})
    assert answer.status_code in {200, 400}, answer.text


@many
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "records",
                        "attributes",
                        "type",
                        "Id",
                        "AssigneeId",
                        "PermissionSetId",
                        "allOrNone",
                        "Name",
                        "compositeRequest",
                        "method",
                        "url",
                        "body",
                        "batchRequests",
                        "deployResult",
                    ]
                )
                | st.text(max_size=5),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    path=st.sampled_from(
        [
            "/composite/sobjects",
            "/composite",
            "/composite/batch",
            "/sobjects/PermissionSetAssignment",
            "/sobjects/User",
            "/metadata/deployRequest",
        ]
    ),
)
def test_any_json_is_an_answer_or_a_refusal(org: OrgClient, body: Any, path: str) -> None:
    sent = json.dumps(body).encode()
    answer = org.data("POST", path, data=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, (body, answer.text)


elements = st.sampled_from(
    ["label", "description", "license", "userPermissions", "enabled", "name", "hasActivationRequired", "fullName", "x"]
)
trees = st.recursive(
    st.text(alphabet=string.printable, max_size=6).map(
        lambda t: t.replace("&", "").replace("<", "").replace("\x0b", "").replace("\x0c", "")
    ),
    lambda inner: st.lists(st.tuples(elements, inner), max_size=4).map(
        lambda pairs: "".join(f"<{name}>{content}</{name}>" for name, content in pairs)
    ),
    max_leaves=8,
)


@many
@given(inner=trees)
def test_any_component_is_written_or_refused(org: OrgClient, inner: str) -> None:
    name = unique("Fuzz")
    result = org.deploy(
        zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name, inner or " ")})
    )
    assert result["errorStatusCode"] is None, result
    assert result["done"]


@many
@given(body=st.binary(max_size=80) | trees.map(lambda t: f"<Envelope><Body>{t}</Body></Envelope>".encode()))
def test_any_soap_body_is_a_fault(org: OrgClient, body: bytes) -> None:
    answer = org.landscape.http.post(f"{org.url}/services/Soap/m/67.0", data=body, timeout=30)
    assert answer.status_code == 500
    assert "UNKNOWN_EXCEPTION: An unexpected" not in answer.text


calls = st.sampled_from(
    [
        "createMetadata",
        "updateMetadata",
        "upsertMetadata",
        "deleteMetadata",
        "readMetadata",
        "renameMetadata",
        "listMetadata",
        "retrieve",
        "deploy",
        "checkDeployStatus",
        "checkRetrieveStatus",
        "cancelDeploy",
    ]
)
arguments = st.recursive(
    st.sampled_from(["", "PermissionSet", "ConnectedApp", "Nope", "true", "0Af000000000000", "UEs=", "%%", "\u2028"]),
    lambda inner: st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "type",
                    "fullNames",
                    "metadata",
                    "queries",
                    "retrieveRequest",
                    "unpackaged",
                    "types",
                    "members",
                    "name",
                    "ZipFile",
                    "DeployOptions",
                    "asyncProcessId",
                    "oldFullName",
                    "newFullName",
                    "version",
                    "label",
                    "fullName",
                ]
            ),
            inner,
        ),
        max_size=4,
    ).map(lambda pairs: "".join(f"<{name}>{content}</{name}>" for name, content in pairs)),
    max_leaves=8,
)


@many
@given(call=calls, inner=arguments)
def test_any_arguments_of_a_soap_call_are_an_answer_or_a_known_fault(org: OrgClient, call: str, inner: str) -> None:
    answer = org.soap(f"<{call}>{inner}</{call}>")
    assert answer.status_code in {200, 500}
    assert "An unexpected error occurred" not in answer.text


@many
@given(data=st.binary(max_size=200), at=st.integers(0, 400))
def test_any_damaged_zip_is_a_failed_deploy_or_a_good_one(org: OrgClient, data: bytes, at: int) -> None:
    whole = bytearray(
        zipped({"package.xml": manifest({"PermissionSet": ["Damaged_One"]}), **permission_set("Damaged_One")})
    )
    whole[at : at + len(data)] = data
    assert org.deploy(bytes(whole), checkOnly=True)["errorStatusCode"] != "UNKNOWN_EXCEPTION"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/%00",
        "/services",
        "/services/data/v/limits",
        "/services/data/v67.0/sobjects/%27",
        "/id/a/b",
        "/services/Soap/m/x",
    ],
)
def test_any_path_is_an_answer(landscape: Landscape, org: OrgClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD"):
        assert org.call(method, path).status_code in {200, 401, 403, 404, 405}
    assert landscape.admin("GET", "/knobs")


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id FROM User WHERE " + "(" * 3000 + "Name = 'a'" + ")" * 3000,
        "SELECT Id FROM User WHERE " + "NOT " * 3000 + "Name = 'a'",
        "SELECT Id FROM User WHERE " + " AND ".join(["IsActive = true"] * 4000),
        "SELECT Id FROM User WHERE Name IN (" + ",".join(["'a'"] * 20_000) + ")",
        "SELECT Id FROM User LIMIT " + "9" * 5000,
        "SELECT Id FROM User LIMIT 99999999999999999999",
        "SELECT Id FROM User WHERE CreatedDate > LAST_N_DAYS:99999999",
        "SELECT TotalLicenses FROM UserLicense WHERE TotalLicenses > 99999999999999999999",
        "SELECT Id FROM User WHERE Name LIKE '" + "%a" * 40_000 + "'",
        "SELECT Id FROM User " + "x" * 100_001,
    ],
)
def test_a_monstrous_query_is_an_answer_or_a_refusal(org: OrgClient, soql: str) -> None:
    form = {"q": soql}
    answer = org.data(
        "POST", "/composite/batch", json={"batchRequests": [{"method": "GET", "url": f"v67.0/query?{urlencode(form)}"}]}
    )
    assert answer.json()["results"][0]["statusCode"] in {200, 400}, answer.text


def test_json_nested_too_deeply_is_refused(org: OrgClient) -> None:
    for depth in (400, 900, 100_000):
        body = '{"compositeRequest": [{"body": ' + "[" * depth + "]" * depth + "}]}"
        answer = org.data("POST", "/composite", data=body)
        assert answer.status_code in {200, 400}, (depth, answer.text)
