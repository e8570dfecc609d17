"""Requests as other languages' libraries write them: compressed, in chunks, in parts with other names, types and quotes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator

import pytest
import requests

from tests.localorg.bundles import manifest, permission_set, unique, zipped
from tests.localorg.landscape_client import OrgClient

OPTIONS = json.dumps({"deployOptions": {"singlePackage": True, "checkOnly": True}}).encode()
DEPLOY = "/metadata/deployRequest"
GO_FILE = 'form-data; name="file"; filename="deploy.zip"'


def package() -> bytes:
    name = unique("Set")
    return zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})


def multipart(*parts: tuple[str, bytes], boundary: str = "x7MA4YWxkTrZu0gW") -> bytes:
    """A multipart body of parts, each with its own header lines."""
    lines = [f"--{boundary}\r\n{header}\r\n\r\n".encode() + data + b"\r\n" for header, data in parts]
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def send(org: OrgClient, body: bytes | Iterator[bytes], content_type: str = "") -> requests.Response:
    kind = content_type or "multipart/form-data; boundary=x7MA4YWxkTrZu0gW"
    return org.data("POST", DEPLOY, data=body, headers={"Content-Type": kind})


FORMS = {
    "Go: CreateFormField and CreateFormFile": (
        'Content-Disposition: form-data; name="json"',
        f"Content-Disposition: {GO_FILE}\r\nContent-Type: application/octet-stream",
    ),
    "Apache HttpClient": (
        (
            'Content-Disposition: form-data; name="json"\r\nContent-Type: application/json; charset=UTF-8\r\n'
            "Content-Transfer-Encoding: 8bit"
        ),
        f"Content-Disposition: {GO_FILE}\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: binary",
    ),
    "Apache HttpClient, text": (
        (
            'Content-Disposition: form-data; name="json"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n'
            "Content-Transfer-Encoding: 8bit"
        ),
        f"Content-Disposition: {GO_FILE}\r\nContent-Type: application/octet-stream",
    ),
    "OkHttp": (
        f'Content-Disposition: form-data; name="json"\r\nContent-Length: {len(OPTIONS)}',
        f"Content-Disposition: {GO_FILE}\r\nContent-Type: application/zip",
    ),
    "options as a file": (
        'Content-Disposition: form-data; name="json"; filename="options.json"\r\nContent-Type: application/json',
        f"Content-Disposition: {GO_FILE}\r\nContent-Type: application/zip",
    ),
    "no file name": (
        'Content-Disposition: form-data; name="json"\r\nContent-Type: application/json',
        'Content-Disposition: form-data; name="file"\r\nContent-Type: application/zip',
    ),
    "no quotes, small letters": (
        "content-disposition: form-data; name=json",
        "content-disposition: form-data; name=file; filename=deploy.zip",
    ),
    "file name with a path and accents": (
        'Content-Disposition: form-data; name="json"',
        'Content-Disposition: form-data; name="file"; filename="d.zip"; filename*=UTF-8\'\'d%C3%A9ploy.zip',
    ),
    "another name for the options": (
        'Content-Disposition: form-data; name="entity_content"\r\nContent-Type: application/json',
        f"Content-Disposition: {GO_FILE}\r\nContent-Type: application/zip",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", [1, -1])
def test_a_deploy_is_read_as_libraries_write_it(org: OrgClient, form: str, order: int) -> None:
    options, file = FORMS[form]
    parts = [(options, OPTIONS), (file, package())][::order]
    answer = send(org, multipart(*parts))
    assert answer.status_code == 201, answer.text
    result = org.deploy_status(answer.json()["id"])
    assert (result["success"], result["checkOnly"]) == (True, True), result


def test_a_body_in_chunks_and_a_quoted_boundary_are_read(org: OrgClient) -> None:
    body = multipart(*zip(FORMS["OkHttp"], (OPTIONS, package()), strict=True), boundary="=_a'b(c)+d,e./:?")
    chunks = (body[start : start + 100] for start in range(0, len(body), 100))
    assert send(org, chunks, 'multipart/form-data; boundary="=_a\'b(c)+d,e./:?"').status_code == 201


def test_a_multipart_body_that_is_none_is_refused(org: OrgClient) -> None:
    for body, kind in ((b"nothing", ""), (b"--a\r\n", "multipart/form-data"), (multipart(), "")):
        answer = send(org, body, kind)
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_MULTIPART_REQUEST")


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_requests_are_read(org: OrgClient, encoding: str, pack: object) -> None:
    assert callable(pack)
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    name = unique("Set")
    body = pack(json.dumps({"Name": name, "Label": "l"}).encode())
    assert org.data("POST", "/sobjects/PermissionSet", data=body, headers=headers).status_code == 201
    soap = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader '
        f'xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>{org.token}</sessionId></SessionHeader></e:Header>'
        '<e:Body><describeMetadata xmlns="http://soap.sforce.com/2006/04/metadata"/></e:Body></e:Envelope>'
    )
    headers = {"Content-Encoding": encoding, "Content-Type": "text/xml", "SOAPAction": '""'}
    answer = org.call("POST", "/services/Soap/m/66.0", data=pack(soap.encode()), headers=headers)
    assert "<xmlName>PermissionSet</xmlName>" in answer.text
    form = pack(b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=x")
    headers = {"Content-Encoding": encoding, "Content-Type": "application/x-www-form-urlencoded"}
    assert org.call("POST", "/services/oauth2/token", data=form, headers=headers).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 400), ("br", 415)])
def test_a_body_that_is_not_what_its_encoding_says_is_refused(org: OrgClient, encoding: str, status: int) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = org.data("POST", "/sobjects/PermissionSet", data=b"plain", headers=headers)
    assert answer.status_code == status
    assert answer.json()[0].keys() == {"message", "errorCode"}


def test_a_compressed_bomb_is_too_large(org: OrgClient) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = org.data("POST", "/composite", data=gzip.compress(b" " * (61 * 1024 * 1024)), headers=headers)
    assert answer.status_code == 413


def test_a_collection_that_was_inserted_is_deleted_again(org: OrgClient) -> None:
    names = [unique("Set") for _ in range(3)]
    records = [{"attributes": {"type": "PermissionSet"}, "Name": name, "Label": name} for name in names]
    made = org.data("POST", "/composite/sobjects", json={"allOrNone": True, "records": records}).json()
    assert [set(each) for each in made] == [{"id", "success", "errors"}] * 3
    ids = ",".join(each["id"] for each in made)
    gone = org.data("DELETE", "/composite/sobjects", params={"ids": ids, "allOrNone": "true"}).json()
    assert [each["success"] for each in gone] == [True] * 3
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name IN ('{names[0]}', '{names[1]}')") == []
    again = org.data("DELETE", "/composite/sobjects", params={"ids": ids, "allOrNone": "false"}).json()
    for each in again:
        assert each["success"] is False
        assert set(each["errors"][0]) >= {"statusCode", "message", "fields"}
