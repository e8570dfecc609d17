"""What an org gives, in all the ways in which orgs give it, read as settings."""

from collections.abc import Mapping
from typing import Any

import pytest

from orgkey.metadata.members import RESOURCE_MEMBERS, Resource
from orgkey.metadata.ownership import Marker
from orgkey.metadata.parse import MalformedMetadataError, parse_xml
from orgkey.metadata.render import UnknownPart
from tests.metadata.org import APPS, CONNECTED, EVERY_RESOURCE, EXTERNAL, PERMISSION_SET, SMALLEST, files, read_back

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
ROOT = {PERMISSION_SET: "PermissionSet", CONNECTED: "ConnectedApp", EXTERNAL: "ExternalClientApplication"}


def connected(inner: str) -> Mapping[str, str]:
    return {"ConnectedApp": f'<ConnectedApp xmlns="{NAMESPACE}">{inner}</ConnectedApp>'}


def external(member: str, inner: str) -> Mapping[str, str]:
    return {member: f'<{member} xmlns="{NAMESPACE}">{inner}</{member}>'}


# --- namespaces, nil, white space

SPELLINGS = {
    "the default namespace": f'<ConnectedApp xmlns="{NAMESPACE}"><label>CI</label><permissionSetName>A</permissionSetName></ConnectedApp>',
    "a prefix": f'<m:ConnectedApp xmlns:m="{NAMESPACE}"><m:label>CI</m:label><m:permissionSetName>A</m:permissionSetName></m:ConnectedApp>',
    "another namespace": '<x:r xmlns:x="urn:x"><x:label>CI</x:label><x:permissionSetName>A</x:permissionSetName></x:r>',
    "no namespace": "<records><label>CI</label><permissionSetName>A</permissionSetName></records>",
    "a record of a SOAP answer": (
        '<records xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ConnectedApp"><fullName>CI</fullName>'
        "<label>CI</label><permissionSetName>A</permissionSetName></records>"
    ),
    "white space, comments and instructions": (
        "<?xml version='1.0'?><!-- a --><r>\n <?pi x?> <label>\n CI\t</label><!-- b -->\n"
        " <permissionSetName> A </permissionSetName>\n</r>"
    ),
}


@pytest.mark.parametrize("document", SPELLINGS.values(), ids=SPELLINGS)
def test_an_app_is_read_whatever_namespace_prefix_and_layout_the_org_chose(document: str) -> None:
    found = read_back(CONNECTED, {"ConnectedApp": document})
    assert found.settings["label"] == "CI"
    assert found.settings["permissionSets"] == ["A"]
    assert found.unknown_parts == ()


NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil'


@pytest.mark.parametrize("nil", ["true", "1"])
def test_an_element_that_the_org_calls_nil_is_absent_known_or_not(nil: str) -> None:
    found = read_back(
        CONNECTED,
        connected(
            f'<description {NIL}="{nil}"/><ipRanges {NIL}="{nil}"/><oauthPolicy {NIL}="{nil}"/>'
            f'<permissionSetName {NIL}="{nil}"/><sessionPolicy><sessionTimeout {NIL}="{nil}"/></sessionPolicy>'
            f'<startUrl {NIL}="{nil}"/><canvas><name>x</name><x {NIL}="{nil}"/></canvas>'
        ),
    )
    assert found.settings["description"] == ""
    assert found.settings["trustedIpRanges"] == []
    assert found.settings["refreshTokenPolicy"] == "infinite"
    assert found.settings["permissionSets"] == []
    assert found.settings["sessionTimeoutMinutes"] is None
    assert found.unknown_parts == (
        UnknownPart("ConnectedApp", "", f'<canvas xmlns="{NAMESPACE}"><name>x</name></canvas>'),
    )


def test_an_empty_element_is_read_like_an_absent_one() -> None:
    empty = connected(
        "<description/><oauthConfig><callbackUrl/><isPkceRequired/></oauthConfig>"
        "<oauthPolicy><ipRelaxation/><refreshTokenPolicy/></oauthPolicy><sessionPolicy><sessionTimeout/></sessionPolicy>"
    )
    assert read_back(CONNECTED, empty).settings == read_back(CONNECTED, connected("")).settings


# --- defaults and spellings

PLATFORM_DEFAULTS: Mapping[Resource, Mapping[str, Any]] = {
    PERMISSION_SET: {
        "name": "CI",
        "label": "",
        "description": "",
        "hasActivationRequired": False,
        "license": "",
        "userPermissions": [],
    },
    CONNECTED: {
        "name": "CI",
        "label": "",
        "contactEmail": "",
        "contactPhone": "",
        "description": "",
        "infoUrl": "",
        "logoUrl": "",
        "callbackUrls": [],
        "certificatePem": "",
        "consumerKey": "",
        "scopes": [],
        "permittedUsers": "AllSelfAuthorized",
        "permissionSets": [],
        "profiles": [],
        "ipRelaxation": "Enforce",
        "refreshTokenPolicy": "infinite",
        "isPkceRequired": False,
        "isConsumerSecretOptional": False,
        "isSecretRequiredForRefreshToken": True,
        "isIntrospectAllTokens": False,
        "isClientCredentialsEnabled": False,
        "isRefreshTokenRotationEnabled": False,
        "isNamedUserJwtEnabled": False,
        "sessionTimeoutMinutes": None,
        "requiredSessionLevel": "",
        "trustedIpRanges": [],
    },
}
EXTERNAL_DEFAULTS = {
    **PLATFORM_DEFAULTS[CONNECTED],
    "isPkceRequired": True,
    "requiredSessionLevel": "STANDARD",
    "isEnabled": True,
    "isOauthPluginEnabled": True,
    "distributionState": "Local",
}


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_what_an_org_leaves_out_means_the_default_of_the_platform_and_not_ours(resource: Resource) -> None:
    found = read_back(resource, {ROOT[resource]: f"<{ROOT[resource]}/>"})
    assert found.settings == {**PLATFORM_DEFAULTS, EXTERNAL: EXTERNAL_DEFAULTS}[resource]


@pytest.mark.parametrize("resource", APPS)
def test_an_org_without_a_satellite_of_an_app_is_read_by_its_defaults(resource: Resource) -> None:
    rendered = files(resource, SMALLEST[resource])
    only_root = {ROOT[resource]: rendered[ROOT[resource]]}
    found = read_back(resource, only_root)
    assert found.settings["label"] == "CI"
    assert found.missing == RESOURCE_MEMBERS[resource][1:]


SCOPES = [
    ("Basic RefreshToken Api", ["Api", "Basic", "RefreshToken"]),
    ("Address Email Phone Profile", ["Basic"]),
    ("OfflineAccess", ["RefreshToken"]),
    ("OfflineAccess RefreshToken Basic Profile Full", ["Basic", "Full", "RefreshToken"]),
    ("SFAP Api", ["Api", "SFAP"]),
    ("Api SFApiPlatform", ["Api", "SFAP"]),
    ("Brand2027New", ["Brand2027New"]),
]


@pytest.mark.parametrize(("given", "read"), SCOPES)
def test_scopes_are_read_under_the_one_name_that_a_retrieve_gives_them(given: str, read: list[str]) -> None:
    elements = "".join(f"<scopes>{scope}</scopes>" for scope in given.split())
    joined = f"<commaSeparatedOauthScopes>{', '.join(given.split())}</commaSeparatedOauthScopes>"
    assert read_back(CONNECTED, connected(f"<oauthConfig>{elements}</oauthConfig>")).settings["scopes"] == read
    assert read_back(EXTERNAL, external("ExtlClntAppOauthSettings", joined)).settings["scopes"] == read


POLICIES = "ExtlClntAppOauthConfigurablePolicies"
ENUMS = [
    (CONNECTED, connected("<oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>"), "ipRelaxation", "Bypass"),
    (
        CONNECTED,
        connected("<oauthPolicy><ipRelaxation>ENFORCE_RELAXREFRESH</ipRelaxation></oauthPolicy>"),
        "ipRelaxation",
        "Enforce_RelaxRefresh",
    ),
    (
        EXTERNAL,
        external(POLICIES, "<ipRelaxationPolicyType>BYPASS_2FACTOR</ipRelaxationPolicyType>"),
        "ipRelaxation",
        "Bypass_2factor",
    ),
    (
        EXTERNAL,
        external(POLICIES, "<ipRelaxationPolicyType>SomethingNew</ipRelaxationPolicyType>"),
        "ipRelaxation",
        "SomethingNew",
    ),
    (
        CONNECTED,
        connected("<sessionPolicy><sessionLevel>high_assurance</sessionLevel></sessionPolicy>"),
        "requiredSessionLevel",
        "HIGH_ASSURANCE",
    ),
    (
        EXTERNAL,
        external("ExternalClientApplication", "<distributionState>PACKAGED</distributionState>"),
        "distributionState",
        "Packaged",
    ),
    (CONNECTED, connected("<oauthConfig><isPkceRequired>TRUE</isPkceRequired></oauthConfig>"), "isPkceRequired", True),
    (CONNECTED, connected("<oauthConfig><isPkceRequired>1</isPkceRequired></oauthConfig>"), "isPkceRequired", True),
    (
        CONNECTED,
        connected("<sessionPolicy><sessionTimeout>120</sessionTimeout></sessionPolicy>"),
        "sessionTimeoutMinutes",
        120,
    ),
    (
        EXTERNAL,
        external(POLICIES, "<refreshTokenPolicyType>Zero</refreshTokenPolicyType>"),
        "refreshTokenPolicy",
        "zero",
    ),
    (
        EXTERNAL,
        external(
            POLICIES,
            "<refreshTokenPolicyType>SpecificInactivity</refreshTokenPolicyType>"
            "<refreshTokenValidityPeriod>7</refreshTokenValidityPeriod>"
            "<refreshTokenValidityUnit>Days</refreshTokenValidityUnit>",
        ),
        "refreshTokenPolicy",
        "specific_inactivity:7:DAYS",
    ),
]


@pytest.mark.parametrize(("resource", "documents", "name", "value"), ENUMS)
def test_a_value_is_read_in_our_spelling_and_one_nobody_knows_as_it_is(
    resource: Resource, documents: Mapping[str, str], name: str, value: object
) -> None:
    assert read_back(resource, documents).settings[name] == value


def test_only_enabled_permissions_count_as_granted() -> None:
    document = "<PermissionSet>{}{}</PermissionSet>".format(
        "<userPermissions><enabled>true</enabled><name>ViewSetup</name></userPermissions>",
        "<userPermissions><enabled>false</enabled><name>ModifyAllData</name></userPermissions>",
    )
    assert read_back(PERMISSION_SET, {"PermissionSet": document}).settings["userPermissions"] == ["ViewSetup"]


# --- ownership


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_the_marker_is_split_from_the_description(resource: Resource) -> None:
    description = "Nightly builds\nmanaged by orgkey acme/uat in 00D000000000001AAA"
    found = read_back(resource, files(resource, {**SMALLEST[resource], "description": description}))
    assert found.settings["description"] == "Nightly builds"
    assert found.marker == Marker("acme/uat", "00D000000000001AAA")


# --- what the table does not know


def test_unknown_parts_are_kept_verbatim_each_with_its_place_and_repeated_ones_in_their_order() -> None:
    found = read_back(
        CONNECTED,
        connected(
            "<startUrl>https://a/?b&amp;c</startUrl>"
            "<attributes><formula>'z'</formula><key>z</key></attributes>"
            "<attributes>\n  <formula>'a'</formula>\n  <key>a</key>\n</attributes>"
            "<label>CI</label>"
            "<oauthConfig><isPKImTLSEnabled>true</isPKImTLSEnabled><idTokenConfig><idTokenValidity>2</idTokenValidity>"
            "</idTokenConfig></oauthConfig>"
            "<sessionPolicy><policyAction>Block</policyAction><sessionTimeout>5</sessionTimeout></sessionPolicy>"
        ),
    )
    assert found.unknown_parts == (
        UnknownPart(
            "ConnectedApp", "", f"<attributes xmlns=\"{NAMESPACE}\"><formula>'z'</formula><key>z</key></attributes>"
        ),
        UnknownPart(
            "ConnectedApp", "", f"<attributes xmlns=\"{NAMESPACE}\"><formula>'a'</formula><key>a</key></attributes>"
        ),
        UnknownPart("ConnectedApp", "", f'<startUrl xmlns="{NAMESPACE}">https://a/?b&amp;c</startUrl>'),
        UnknownPart(
            "ConnectedApp",
            "oauthConfig",
            f'<idTokenConfig xmlns="{NAMESPACE}"><idTokenValidity>2</idTokenValidity></idTokenConfig>',
        ),
        UnknownPart("ConnectedApp", "oauthConfig", f'<isPKImTLSEnabled xmlns="{NAMESPACE}">true</isPKImTLSEnabled>'),
        UnknownPart("ConnectedApp", "sessionPolicy", f'<policyAction xmlns="{NAMESPACE}">Block</policyAction>'),
    )


def test_the_order_in_which_an_org_gives_different_parts_does_not_matter() -> None:
    one = read_back(CONNECTED, connected("<startUrl>s</startUrl><plugin>p</plugin>"))
    other = read_back(CONNECTED, connected("<plugin>p</plugin><startUrl>s</startUrl>"))
    assert one == other


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_unknown_parts_survive_being_written_and_read_again(resource: Resource) -> None:
    parts = (
        UnknownPart(ROOT[resource], "", f'<aNewThing xmlns="{NAMESPACE}"><b>2</b><a>ö &amp; &lt;x&gt;</a></aNewThing>'),
        UnknownPart(ROOT[resource], "", f'<aNewThing xmlns="{NAMESPACE}">first</aNewThing>'),
        UnknownPart(ROOT[resource], "", f'<zNewThing xmlns="{NAMESPACE}"/>'),
    )
    assert read_back(resource, files(resource, SMALLEST[resource], carried_over=parts)).unknown_parts == parts


def test_a_satellites_label_is_kept_where_it_is_not_its_name() -> None:
    part = UnknownPart("ExtlClntAppOauthSettings", "", f'<label xmlns="{NAMESPACE}">By another tool</label>')
    written = files(EXTERNAL, SMALLEST[EXTERNAL], carried_over=[part])
    assert read_back(EXTERNAL, written).unknown_parts == (part,)
    assert read_back(EXTERNAL, files(EXTERNAL, SMALLEST[EXTERNAL])).unknown_parts == ()


NEVER_CARRIED = [
    (CONNECTED, connected("<oauthConfig><consumerSecret>S3CRET</consumerSecret></oauthConfig>")),
    (CONNECTED, connected("<oauthConfig><certificate>MIIC</certificate></oauthConfig>")),
    (CONNECTED, connected("<fullName>CI</fullName>")),
    (EXTERNAL, external("ExtlClntAppGlobalOauthSettings", "<consumerSecret>S3CRET</consumerSecret>")),
    (
        EXTERNAL,
        external("ExtlClntAppGlobalOauthSettings", "<shouldRotateConsumerSecret>true</shouldRotateConsumerSecret>"),
    ),
    (EXTERNAL, external("ExtlClntAppGlobalOauthSettings", "<shouldRotateConsumerKey>true</shouldRotateConsumerKey>")),
    (EXTERNAL, external("ExternalClientApplication", "<orgScopedExternalApp>00D:CI</orgScopedExternalApp>")),
    (EXTERNAL, external("ExtlClntAppOauthSettings", "<oauthLink>00D:0x</oauthLink>")),
    (EXTERNAL, external("ExtlClntAppOauthSettings", "<externalClientApplication>CI</externalClientApplication>")),
]


@pytest.mark.parametrize(("resource", "documents"), NEVER_CARRIED)
def test_secrets_and_what_the_server_makes_are_never_carried_over(
    resource: Resource, documents: Mapping[str, str]
) -> None:
    found = read_back(resource, documents)
    assert found.unknown_parts == ()
    assert "S3CRET" not in repr(found)


# --- documents that are refused

REFUSED = {
    "nothing at all": b"",
    "half of it": b"<ConnectedApp><label>",
    "a page for people": b"<html><body>Down for maintenance<br></body></html>",
    "a document type": b"<!DOCTYPE a><a/>",
    "an entity": b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    "a file as an entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
    "entities of entities": b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&c;</a>',
    "an entity nobody declared": b"<a>&nbsp;</a>",
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
def test_a_document_that_is_broken_or_declares_types_is_refused(document: bytes) -> None:
    with pytest.raises(MalformedMetadataError, match="the org sent XML"):
        parse_xml(document)
