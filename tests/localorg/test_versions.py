"""Elements and enum values are those of the API version of the package or call, as the WSDLs have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localorg.metadata.document import DocumentError, Reading, read_file
from localorg.metadata.elements import Element
from localorg.metadata.types import TYPES
from tests.localorg.bundles import ConnectedApp, ExternalApp, Keys, manifest, unique, xml, zipped
from tests.localorg.landscape_client import Landscape, OrgClient

OLDEST, NEWEST = 60.0, 68.0


def sample(element: Element, version: float) -> str:
    """An element with the least that it must hold."""
    if element.kind == "struct":
        needed = [each for each in element.parts if each.required and version in each.versions]
        inner = "".join(sample(each, version) for each in needed)
    elif element.values is not None:
        inner = next(value for value, versions in element.values.items() if version in versions)
    else:
        inner = {"boolean": "true", "int": "7"}.get(element.kind, "text")
    return f"<{element.name}>{inner}</{element.name}>"


def document(kind: str, wanted: str, version: float) -> bytes:
    """A component with what it must hold, and one element more."""
    elements = [each for each in TYPES[kind].elements if each.name == wanted or each.required]
    names = [each for each in elements if each.name == wanted or version in each.versions]
    return xml(kind, "".join(sample(each, max(version, each.versions.since)) for each in names)).encode()


def young_and_gone() -> Iterator[tuple[str, Element]]:
    for kind in TYPES.values():
        yield from ((kind.name, each) for each in kind.elements)


@pytest.mark.parametrize(("kind", "element"), [pytest.param(k, e, id=f"{k}.{e.name}") for k, e in young_and_gone()])
def test_an_element_is_taken_at_the_versions_that_have_it_and_named_with_the_version_elsewhere(
    kind: str, element: Element
) -> None:
    for number in range(int(max(OLDEST, TYPES[kind].since)), int(NEWEST) + 1):
        version = float(number)
        given = document(kind, element.name, version)
        if version in element.versions:
            assert element.name in read_file(TYPES[kind], given, Reading(version))
        else:
            with pytest.raises(DocumentError, match=rf"Property '{element.name}' not valid in version {version}"):
                read_file(TYPES[kind], given, Reading(version))


@pytest.mark.parametrize(
    ("scope", "since"), [("EinsteinGPT", 59), ("MCP", 66), ("DataCloudUserClaims", 67), ("SemanticLayer", 68)]
)
def test_a_scope_is_taken_from_its_version_on(
    landscape: Landscape, org: OrgClient, keys: Keys, scope: str, since: int
) -> None:
    landscape.knob(connected_app_creation=True)
    app = ConnectedApp(keys, scopes=(scope, "RefreshToken"))
    for number in {since - 1, since, 68}:
        result = org.deploy(versioned(app, f"{number}.0"), checkOnly=True)
        assert result["success"] == (number >= since), result["details"]["componentFailures"]
        for each in result["details"]["componentFailures"]:
            assert each["problem"] == f"'{scope}' is not a valid value for the enum 'ConnectedAppOauthAccessScope'"


def versioned(app: ConnectedApp, version: str) -> bytes:
    body = app.body().replace(app.links or "", "")
    return zipped(
        {
            "package.xml": manifest({"ConnectedApp": [app.name]}, version),
            f"connectedApps/{app.name}.connectedApp": xml("ConnectedApp", body),
        }
    )


def test_a_type_is_unknown_before_its_version_and_a_read_returns_no_younger_element(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys, global_extra="<isDPopEnabled>true</isDPopEnabled><isPkceRequired>true</isPkceRequired>")
    files = {
        "package.xml": manifest(app.members(), "68.0"),
        **app.files(),
        f"extlClntAppOauthSecuritySettings/{app.name}_oauthSecurity.ecaOauthSecurity": xml(
            "ExtlClntAppOauthSecuritySettings",
            f"<externalClientApplication>{app.name}</externalClientApplication><tokenIpRanges><endIpAddress>10.0.0.9"
            "</endIpAddress><startIpAddress>10.0.0.1</startIpAddress></tokenIpRanges>",
        ),
    }
    members = {**app.members(), "ExtlClntAppOauthSecuritySettings": [f"{app.name}_oauthSecurity"]}
    files["package.xml"] = manifest(members, "66.0")
    refused = org.deploy(zipped(files))
    problems = {each["problem"] for each in refused["details"]["componentFailures"]}
    assert "Unknown type name 'ExtlClntAppOauthSecuritySettings' specified in package.xml" in problems
    assert any("Property 'isDPopEnabled' not valid in version 66.0" in each for each in problems)
    files["package.xml"] = manifest(members, "68.0")
    assert org.deploy(zipped(files))["success"]
    call = (
        "<readMetadata><type>ExtlClntAppGlobalOauthSettings</type>"
        f"<fullNames>{app.name}_glbloauth</fullNames></readMetadata>"
    )
    assert "isDPopEnabled" in org.soap(call, version="68.0").text
    older = org.soap(call, version="66.0").text
    assert "isPkceRequired" in older
    assert "isDPopEnabled" not in older


def test_elements_out_of_order_are_refused_by_knob(landscape: Landscape, org: OrgClient) -> None:
    name = unique("Set")
    body = f"<label>{name}</label><description>late</description>"
    package = zipped(
        {
            "package.xml": manifest({"PermissionSet": [name]}),
            f"permissionsets/{name}.permissionset": xml("PermissionSet", body),
        }
    )
    assert org.deploy(package, checkOnly=True)["success"]
    landscape.knob(disordered_elements="refuse")
    problem = org.deploy(package, checkOnly=True)["details"]["componentFailures"][0]["problem"]
    assert problem.endswith("description invalid at this location in type PermissionSet")


def test_global_oauth_settings_need_oauth_settings(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)
    kinds = ("PermissionSet", "ExternalClientApplication", "ExtlClntAppGlobalOauthSettings")
    members = {kind: names for kind, names in app.members().items() if kind in kinds}
    kept = {
        path: text
        for path, text in app.files().items()
        if not path.startswith(("extlClntAppOauthSettings", "extlClntAppOauthPolicies", "extlClntAppPolicies"))
    }
    result = org.deploy(zipped({"package.xml": manifest(members), **kept}))
    assert [each["problem"] for each in result["details"]["componentFailures"]] == [
        "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration."
    ]
