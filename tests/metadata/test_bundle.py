"""The zip of a deploy: the same bytes for the same content, with a manifest that names what is in it."""

import hashlib
import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.bundle import deployment, destruction
from orgkey.metadata.render import Member

MEMBERS = [
    Member("ExternalClientApplication", "CI", b"<a/>"),
    Member("ExtlClntAppOauthSettings", "CI_oauth", b"<b/>"),
    Member("PermissionSet", "B", b"<c/>"),
    Member("PermissionSet", "A", b"<d/>"),
]


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@given(st.permutations(MEMBERS))
def test_a_bundle_is_the_same_to_the_byte_in_whatever_order_its_members_come(members: list[Member]) -> None:
    assert deployment(members, api_version="67.0") == deployment(MEMBERS, api_version="67.0")


def test_a_bundle_is_the_same_to_the_byte_on_every_machine_and_day() -> None:
    digest = "4b1d956d8de3c569b13be6c2b70ec3a596cae5c1fc25347dbe688e99fe8daa64"
    assert deployment(MEMBERS, api_version="67.0").digest == digest


def test_the_digest_is_the_sha_256_of_the_zip_and_follows_every_byte_of_the_content() -> None:
    bundle = deployment(MEMBERS, api_version="67.0")
    changed = deployment([*MEMBERS[:-1], Member("PermissionSet", "A", b"<e/>")], api_version="67.0")
    assert bundle.digest == hashlib.sha256(bundle.content).hexdigest()
    assert changed.digest != bundle.digest
    assert deployment(MEMBERS, api_version="66.0").digest != bundle.digest


def test_the_manifest_of_a_deployment_names_every_member_under_its_type() -> None:
    content = unzipped(deployment(MEMBERS, api_version="67.0").content)
    assert list(content) == [
        "externalClientApps/CI.eca",
        "extlClntAppOauthSettings/CI_oauth.ecaOauth",
        "package.xml",
        "permissionsets/A.permissionset",
        "permissionsets/B.permissionset",
    ]
    assert content["permissionsets/A.permissionset"] == b"<d/>"
    assert content["package.xml"].decode() == (
        """\
<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <types>
        <members>CI</members>
        <name>ExternalClientApplication</name>
    </types>
    <types>
        <members>CI_oauth</members>
        <name>ExtlClntAppOauthSettings</name>
    </types>
    <types>
        <members>A</members>
        <members>B</members>
        <name>PermissionSet</name>
    </types>
    <version>67.0</version>
</Package>
"""
    )


def test_a_removal_is_an_empty_manifest_beside_the_names_of_what_goes() -> None:
    content = unzipped(destruction([("ExternalClientApplication", "CI")], api_version="67.0").content)
    assert {name: xml.decode() for name, xml in content.items()} == {
        "destructiveChanges.xml": """\
<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <types>
        <members>CI</members>
        <name>ExternalClientApplication</name>
    </types>
</Package>
""",
        "package.xml": """\
<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <version>67.0</version>
</Package>
""",
    }
