"""What the local org answers fits the types that Salesforce publishes: results of calls, components, retrieved files, per API version."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator

import pytest
from lxml import etree

from localorg.metadata.types import TYPES, known_types
from tests.conformance.published_types import VERSIONS, types_of
from tests.landscape import Landscape, Org
from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, manifest, zipped
from tests.localorg.landscape_client import Landscape as LocalLandscape
from tests.localorg.landscape_client import OrgClient

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
GENEROUS = {
    "ExtlClntAppGlobalOauthSettings": "<isPkceRequired>true</isPkceRequired>",
}


@pytest.fixture(scope="module")
def org(landscape: Landscape) -> Iterator[OrgClient]:
    """A sandbox with both kinds of app, all defaults shown."""
    fresh: Org = landscape.fresh("uat")
    landscape.admin("PATCH", "/knobs", connected_app_creation=True, defaults_returned=True)
    about = {
        "url": fresh.url,
        "accessToken": fresh.access_token,
        "username": fresh.username,
        "orgId": fresh.org_id,
        "caBundle": fresh.ca_bundle,
    }
    yield OrgClient(LocalLandscape({"caBundle": fresh.ca_bundle}, landscape.home), about)
    landscape.admin("DELETE", "/knobs")


@pytest.fixture(scope="module")
def apps(org: OrgClient) -> dict[str, list[str]]:
    """The components that stand in the org, by type."""
    keys = Keys.generate()
    external, connected = ExternalApp(keys, scopes="Api, RefreshToken, MCP"), ConnectedApp(keys)
    connected.scopes = ("Api", "RefreshToken", "MCP", "SemanticLayer")
    members = {**external.members(), "ConnectedApp": [connected.name]}
    files = {**external.files(), **_files(connected.package())}
    members["PermissionSet"] = [external.set_name, connected.set_name]
    security = f"{external.name}_oauthSecurity"
    members["ExtlClntAppOauthSecuritySettings"] = [security]
    files[f"extlClntAppOauthSecuritySettings/{security}.ecaOauthSecurity"] = (
        f'<ExtlClntAppOauthSecuritySettings xmlns="{NAMESPACE[1:-1]}">'
        f"<externalClientApplication>{external.name}</externalClientApplication></ExtlClntAppOauthSecuritySettings>"
    )
    result = org.deploy(zipped({**files, "package.xml": manifest(members, "68.0")}))
    assert result["success"], result["details"]["componentFailures"]
    return members


def _files(package: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def results(answer: bytes) -> list[etree._Element]:
    """The `result` elements of a SOAP answer."""
    found = list(etree.fromstring(answer).iter(f"{NAMESPACE}result"))
    assert found, answer
    return found


def misfits(element: etree._Element, type_name: str, version: int) -> list[str]:
    """What of an element does not fit a type of that version."""
    renamed = etree.fromstring(etree.tostring(element))
    renamed.tag = f"{NAMESPACE}{type_name}"
    return types_of(version).problems(etree.tostring(renamed))


@pytest.mark.parametrize("version", VERSIONS)
def test_results_of_deploys_fit(org: OrgClient, version: int) -> None:
    good = zipped({"package.xml": manifest({}, f"{version}.0")})
    bad = zipped({"package.xml": manifest({"PermissionSet": ["Nobody"]}, f"{version}.0")})
    for package in (good, bad, b"no zip"):
        started = org.soap(
            f"<deploy><ZipFile>{base64.b64encode(package).decode()}</ZipFile><DeployOptions><singlePackage>true"
            "</singlePackage></DeployOptions></deploy>",
            version=f"{version}.0",
        )
        (result,) = results(started.content)
        assert misfits(result, "AsyncResult", version) == []
        job = result.findtext(f"{NAMESPACE}id")
        for details in ("true", "false"):
            status = org.soap(
                f"<checkDeployStatus><asyncProcessId>{job}</asyncProcessId><includeDetails>{details}</includeDetails>"
                "</checkDeployStatus>",
                version=f"{version}.0",
            )
            (shown,) = results(status.content)
            assert misfits(shown, "DeployResult", version) == [], details


@pytest.mark.parametrize("version", VERSIONS)
def test_components_fit_however_they_are_read(org: OrgClient, apps: dict[str, list[str]], version: int) -> None:
    wanted = {kind: names for kind, names in apps.items() if kind in known_types(float(version))}
    for kind, names in wanted.items():
        call = f"<readMetadata><type>{kind}</type><fullNames>{names[0]}</fullNames></readMetadata>"
        answer = etree.fromstring(org.soap(call, version=f"{version}.0").content)
        (record,) = answer.iter(f"{NAMESPACE}records")
        assert misfits(record, kind, version) == []
        listed = org.soap(
            f"<listMetadata><queries><type>{kind}</type></queries><asOfVersion>{version}.0</asOfVersion></listMetadata>",
            version=f"{version}.0",
        )
        for each in results(listed.content):
            assert misfits(each, "FileProperties", version) == []
    for path, document in _retrieved(org, wanted, version):
        assert types_of(version).problems(document) == [], path


def _retrieved(org: OrgClient, members: dict[str, list[str]], version: int) -> Iterator[tuple[str, bytes]]:
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in members.items()
    )
    started = org.soap(
        f"<retrieve><retrieveRequest><apiVersion>{version}.0</apiVersion><unpackaged>{types}<version>{version}.0"
        "</version></unpackaged></retrieveRequest></retrieve>",
        version=f"{version}.0",
    )
    (result,) = results(started.content)
    assert misfits(result, "AsyncResult", version) == []
    job = result.findtext(f"{NAMESPACE}id")
    for with_zip in ("false", "true"):
        status = org.soap(
            f"<checkRetrieveStatus><asyncProcessId>{job}</asyncProcessId><includeZip>{with_zip}</includeZip>"
            "</checkRetrieveStatus>",
            version=f"{version}.0",
        )
        (shown,) = results(status.content)
        assert misfits(shown, "RetrieveResult", version) == []
    zip_file = shown.findtext(f"{NAMESPACE}zipFile")
    assert zip_file
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(zip_file))) as archive:
        assert len(archive.namelist()) == 1 + sum(len(names) for names in members.values())
        yield from ((name, archive.read(name)) for name in archive.namelist())


CALLS: dict[str, tuple[str, Callable[[str], str]]] = {
    "describeMetadata": (
        "DescribeMetadataResult",
        lambda version: f"<describeMetadata><asOfVersion>{version}</asOfVersion></describeMetadata>",
    ),
    "createMetadata": (
        "SaveResult",
        lambda version: (
            '<createMetadata><metadata xsi:type="PermissionSet"><fullName>Fits_'
            f"{version[:2]}</fullName><label>x</label></metadata></createMetadata>"
        ),
    ),
    "updateMetadata": (
        "SaveResult",
        lambda _version: (
            '<updateMetadata><metadata xsi:type="PermissionSet"><fullName>Not_There</fullName><label>x'
            "</label></metadata></updateMetadata>"
        ),
    ),
    "upsertMetadata": (
        "UpsertResult",
        lambda version: (
            '<upsertMetadata><metadata xsi:type="PermissionSet"><fullName>Fits_'
            f"{version[:2]}</fullName><label>x</label></metadata></upsertMetadata>"
        ),
    ),
    "deleteMetadata": (
        "DeleteResult",
        lambda version: (
            f"<deleteMetadata><type>PermissionSet</type><fullNames>Fits_{version[:2]}</fullNames>"
            "<fullNames>Not_There</fullNames></deleteMetadata>"
        ),
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_results_of_calls_fit(org: OrgClient, version: int) -> None:
    for type_name, call in CALLS.values():
        answer = org.soap(call(f"{version}.0"), version=f"{version}.0")
        for each in results(answer.content):
            assert misfits(each, type_name, version) == []


def test_every_element_and_value_that_the_local_org_knows_is_published() -> None:
    for version in VERSIONS:
        published = types_of(version)
        for kind in known_types(float(version)).values():
            ours = [each.name for each in kind.elements if float(version) in each.versions]
            assert ["fullName", *ours] == list(published.structs[kind.name]), (kind.name, version)
            for element in kind.elements:
                if element.values is not None and float(version) in element.versions:
                    values = {value for value, since in element.values.items() if float(version) in since}
                    assert values == published.enums[element.type_name], (element.name, version)
    assert set(TYPES) == set(known_types(68.0))
