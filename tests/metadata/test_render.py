"""What is written into metadata files. `expected/` holds a whole bundle per resource, to be read beside docs/platform-notes.md."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from orgkey.metadata.bundle import deployment
from orgkey.metadata.members import Resource, member_names
from orgkey.metadata.render import UnknownPart, render
from tests.metadata.org import APPS, CERTIFICATE, CONNECTED, EVERY_RESOURCE, EXTERNAL, PERMISSION_SET, SMALLEST, files

EXPECTED = Path(__file__).parent / "expected"
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"

FULL_APP: Mapping[str, Any] = {
    "name": "CI",
    "label": "Löwe & Söhne <CI>",
    "contactEmail": "ops@acme.com",
    "contactPhone": "+49 30 1",
    "description": "Nightly builds\nmanaged by orgkey acme/uat in 00D000000000001AAA",
    "infoUrl": "https://acme.com/?a=1&b=2",
    "logoUrl": "https://acme.com/logo.png",
    "callbackUrls": ["https://acme.com/b", "https://acme.com/a"],
    "certificatePem": CERTIFICATE,
    "consumerKey": "3MVG9abcdefgh",
    "scopes": ["RefreshToken", "Api"],
    "permissionSets": ["CI_Access", "Other"],
    "profiles": ["System Administrator"],
    "ipRelaxation": "Bypass_2factor",
    "refreshTokenPolicy": "specific_lifetime:30:DAYS",
    "isPkceRequired": True,
    "sessionTimeoutMinutes": 30,
    "requiredSessionLevel": "STANDARD",
    "trustedIpRanges": [
        {"start": "10.0.0.1", "end": "10.0.0.9", "description": "office"},
        {"start": "10.1.0.1", "end": "10.1.0.9"},
    ],
}
FULL: Mapping[Resource, Mapping[str, Any]] = {
    PERMISSION_SET: {
        "name": "CI_Access",
        "label": "CI Access",
        "description": "Who may use CI",
        "license": "Salesforce",
        "userPermissions": ["ApiEnabled", "ViewSetup"],
    },
    CONNECTED: FULL_APP,
    EXTERNAL: FULL_APP,
}


def unzipped(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def tags(xml: str) -> list[str]:
    return [etree.QName(element).localname for element in etree.fromstring(xml.encode()).iter()]


# --- the whole of it


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_a_bundle_holds_exactly_the_files_that_the_platform_documents(resource: Resource) -> None:
    settings = FULL[resource]
    members = render(resource, settings, member_names(resource, settings["name"]), api_version=67.0)
    folder = EXPECTED / resource
    expected = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()
    }
    assert unzipped(deployment(members, api_version="67.0").content) == expected


@given(st.sampled_from(EVERY_RESOURCE).flatmap(lambda one: st.tuples(st.just(one), st.permutations(list(FULL[one])))))
def test_the_element_order_of_the_wsdl_survives_whatever_order_settings_are_written_in(
    written: tuple[Resource, list[str]],
) -> None:
    resource, order = written
    shuffled = {name: FULL[resource][name] for name in order}
    rendered = files(resource, shuffled)
    assert rendered == files(resource, FULL[resource])
    for xml in rendered.values():
        for element in etree.fromstring(xml.encode()).iter():
            names = [etree.QName(child).localname for child in element]
            assert names == sorted(names)


def test_an_app_that_says_only_what_it_must_is_locked_down_by_default() -> None:
    rendered = files(EXTERNAL, SMALLEST[EXTERNAL])
    policies = rendered["ExtlClntAppOauthConfigurablePolicies"]
    assert "<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>" in policies
    assert "<ipRelaxationPolicyType>Enforce</ipRelaxationPolicyType>" in policies
    assert "<isPkceRequired>true</isPkceRequired>" in rendered["ExtlClntAppGlobalOauthSettings"]
    assert "<isAdminApproved>true</isAdminApproved>" in files(CONNECTED, SMALLEST[CONNECTED])["ConnectedApp"]


@pytest.mark.parametrize("resource", APPS)
def test_a_setting_of_none_is_one_that_nobody_wrote(resource: Resource) -> None:
    unwritten = {**SMALLEST[resource], "permittedUsers": None, "scopes": None, "sessionTimeoutMinutes": None}
    assert files(resource, unwritten) == files(resource, SMALLEST[resource])


# --- consumer key and certificate


@pytest.mark.parametrize("resource", APPS)
@pytest.mark.parametrize(
    ("previous", "sent"),
    [
        (None, True),
        ({"consumerKey": ""}, True),
        ({"consumerKey": "3MVG9abcdefgh"}, False),
        ({"consumerKey": "Another1"}, False),
    ],
    ids=["creation", "the app has none", "the app has it", "the app has another"],
)
def test_the_consumer_key_is_sent_while_the_app_has_none_and_never_after(
    resource: Resource, previous: Mapping[str, Any] | None, *, sent: bool
) -> None:
    rendered = "".join(files(resource, SMALLEST[resource], previous=previous).values())
    assert ("<consumerKey>3MVG9abcdefgh</consumerKey>" in rendered) is sent


@pytest.mark.parametrize("resource", APPS)
@pytest.mark.parametrize("previous", [None, {}, SMALLEST[CONNECTED]], ids=["creation", "update", "no change"])
def test_the_certificate_is_sent_with_every_deploy(resource: Resource, previous: Mapping[str, Any] | None) -> None:
    rendered = "".join(files(resource, SMALLEST[resource], previous=previous).values())
    assert f"<certificate>{CERTIFICATE}</certificate>" in rendered


# --- clearing

CLEARED = [
    (CONNECTED, "description", "Old", "<description/>"),
    (CONNECTED, "infoUrl", "https://acme.com", "<infoUrl/>"),
    (CONNECTED, "permissionSets", ["Old"], "<permissionSetName/>"),
    (CONNECTED, "profiles", ["Old"], "<profileName/>"),
    (EXTERNAL, "description", "Old", "<description/>"),
    (EXTERNAL, "permissionSets", ["Old"], "<commaSeparatedPermissionSet/>"),
    (EXTERNAL, "profiles", ["Old"], "<commaSeparatedProfile/>"),
    (PERMISSION_SET, "description", "Old", "<description/>"),
]


@pytest.mark.parametrize(
    ("resource", "name", "before", "element"), CLEARED, ids=[f"{case[0]}-{case[1]}" for case in CLEARED]
)
def test_a_setting_that_went_back_to_empty_is_said_aloud_since_the_platform_leaves_alone_what_is_not_mentioned(
    resource: Resource, name: str, before: object, element: str
) -> None:
    never_there = "".join(files(resource, SMALLEST[resource], previous={}).values())
    cleared = "".join(files(resource, SMALLEST[resource], previous={name: before}).values())
    assert element not in never_there
    assert element in cleared


@pytest.mark.parametrize("resource", APPS)
@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("sessionTimeoutMinutes", 30),
        ("requiredSessionLevel", "STANDARD"),
        ("trustedIpRanges", [{"start": "10.0.0.1", "end": "10.0.0.9"}]),
    ],
)
def test_a_number_an_enum_or_a_range_that_went_back_to_none_is_left_out_since_an_empty_element_of_it_is_invalid(
    resource: Resource, name: str, before: object
) -> None:
    assert files(resource, SMALLEST[resource], previous={name: before}) == files(
        resource, SMALLEST[resource], previous={}
    )


def test_permissions_that_a_set_no_longer_grants_are_just_not_named_since_its_file_is_the_whole_truth() -> None:
    rendered = files(PERMISSION_SET, SMALLEST[PERMISSION_SET], previous={"userPermissions": ["ApiEnabled"]})
    assert "userPermissions" not in rendered["PermissionSet"]


# --- lists, versions, names


@pytest.mark.parametrize("resource", APPS)
def test_a_repeated_item_of_a_list_is_written_once_since_the_platform_calls_a_repetition_an_error(
    resource: Resource,
) -> None:
    twice = {**SMALLEST[resource], "permissionSets": ["CI_Access", "Other", "CI_Access"]}
    once = {**SMALLEST[resource], "permissionSets": ["CI_Access", "Other"]}
    assert files(resource, twice) == files(resource, once)


def test_an_element_is_left_out_where_the_api_version_does_not_know_it() -> None:
    assert "isNamedUserJwtEnabled" in tags(
        files(EXTERNAL, SMALLEST[EXTERNAL], api_version=61.0)["ExtlClntAppGlobalOauthSettings"]
    )
    assert "isNamedUserJwtEnabled" not in tags(
        files(EXTERNAL, SMALLEST[EXTERNAL], api_version=60.0)["ExtlClntAppGlobalOauthSettings"]
    )


def test_the_members_of_an_app_made_by_hand_keep_their_names_and_point_at_the_app() -> None:
    by_hand = {"ExtlClntAppOauthSettings": "CIOAuthSettings"}
    names = member_names(EXTERNAL, "CI", by_hand)
    members = {member.type: member for member in render(EXTERNAL, SMALLEST[EXTERNAL], names, api_version=67.0)}
    assert names == {
        "ExternalClientApplication": "CI",
        "ExtlClntAppGlobalOauthSettings": "CI_glbloauth",
        "ExtlClntAppOauthSettings": "CIOAuthSettings",
        "ExtlClntAppOauthConfigurablePolicies": "CI_oauthPlcy",
        "ExtlClntAppConfigurablePolicies": "CI_plcy",
    }
    assert members["ExtlClntAppOauthSettings"].full_name == "CIOAuthSettings"
    assert b"<externalClientApplication>CI</externalClientApplication>" in members["ExtlClntAppOauthSettings"].xml


# --- what the table does not know


def test_unknown_parts_are_written_verbatim_each_in_its_place_and_repeated_ones_in_their_order() -> None:
    parts = [
        UnknownPart(
            "ConnectedApp", "", f'<attributes xmlns="{NAMESPACE}"><formula>2</formula><key>z</key></attributes>'
        ),
        UnknownPart(
            "ConnectedApp", "", f'<attributes xmlns="{NAMESPACE}"><formula>1</formula><key>a</key></attributes>'
        ),
        UnknownPart("ConnectedApp", "oauthConfig", f'<isPKImTLSEnabled xmlns="{NAMESPACE}">true</isPKImTLSEnabled>'),
        UnknownPart("ConnectedApp", "sessionPolicy", f'<policyAction xmlns="{NAMESPACE}">Block</policyAction>'),
    ]
    root = etree.fromstring(files(CONNECTED, SMALLEST[CONNECTED], carried_over=parts)["ConnectedApp"].encode())
    assert [child.findtext(f"{{{NAMESPACE}}}key") for child in root if child.tag.endswith("}attributes")] == ["z", "a"]
    assert root[0].tag == f"{{{NAMESPACE}}}attributes"
    assert root.findtext(f"{{{NAMESPACE}}}oauthConfig/{{{NAMESPACE}}}isPKImTLSEnabled") == "true"
    assert root.findtext(f"{{{NAMESPACE}}}sessionPolicy/{{{NAMESPACE}}}policyAction") == "Block"


def test_a_part_of_a_member_that_the_resource_does_not_have_is_left_out() -> None:
    stray = UnknownPart("SomethingElse", "", f'<x xmlns="{NAMESPACE}"/>')
    assert files(CONNECTED, SMALLEST[CONNECTED], carried_over=[stray]) == files(CONNECTED, SMALLEST[CONNECTED])


@pytest.mark.parametrize("written", ["SFAP", "SFApiPlatform"])
def test_each_kind_has_its_own_name_for_the_salesforce_api_platform_scope(written: str) -> None:
    scopes = {"scopes": ["Api", written]}
    connected = files(CONNECTED, {**SMALLEST[CONNECTED], **scopes})["ConnectedApp"]
    external = files(EXTERNAL, {**SMALLEST[EXTERNAL], **scopes})["ExtlClntAppOauthSettings"]
    assert "<scopes>SFAP</scopes>" in connected
    assert "<commaSeparatedOauthScopes>Api, SFApiPlatform</commaSeparatedOauthScopes>" in external


def test_an_ip_relaxation_is_written_as_orgs_return_it() -> None:
    names = member_names(EXTERNAL, "CI")
    settings = {**FULL_APP, "ipRelaxation": "Enforce_RelaxRefresh"}
    (policies,) = [
        member.xml.decode()
        for member in render(EXTERNAL, settings, names, api_version=67.0)
        if member.type == "ExtlClntAppOauthConfigurablePolicies"
    ]
    assert "<ipRelaxationPolicyType>Enforce_relaxrefresh</ipRelaxationPolicyType>" in policies


def test_the_optional_member_is_written_where_it_has_a_name_and_the_api_version_knows_it() -> None:
    kind = "ExtlClntAppOauthSecuritySettings"
    names = member_names(EXTERNAL, "CI", also=[kind])
    assert names[kind] == "CI_oauthSecurity"
    written = {
        version: [member.type for member in render(EXTERNAL, FULL_APP, names, api_version=version)]
        for version in (66.0, 67.0)
    }
    assert [kind in types for types in written.values()] == [False, True]
    assert kind not in member_names(EXTERNAL, "CI")
