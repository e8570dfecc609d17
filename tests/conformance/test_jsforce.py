"""jsforce against the local org: the library under the Salesforce CLI, and under much else that is written in JavaScript."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.app import ExternalApp, Key, assertion, unique
from tests.conformance.jsforce import Jsforce, JsforceError
from tests.conformance.outside import Fence
from tests.landscape import Org

AUTHORIZE = """
    const user = await conn.authorize({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: given.assertion,
    });
    const identity = await conn.identity();
    return { user, instanceUrl: conn.instanceUrl, username: identity.username };
"""


@pytest.fixture(scope="class")
def jsforce(node: Path, fence: Fence, shared_org: Org) -> Jsforce:
    """jsforce with the administrator's session."""
    session = {"instanceUrl": shared_org.url, "accessToken": shared_org.access_token, "version": "67.0"}
    return Jsforce(node, shared_org.ca_bundle, fence.url, session)


class TestAuthorize:
    @pytest.fixture
    def newcomer(self, node: Path, fence: Fence, shared_org: Org) -> Jsforce:
        """jsforce that knows no more than where to log in."""
        return Jsforce(node, shared_org.ca_bundle, fence.url, {"oauth2": {"loginUrl": shared_org.url}})

    def test_an_assertion_brings_a_session(
        self, newcomer: Jsforce, shared_org: Org, app: ExternalApp, key: Key
    ) -> None:
        user = shared_org.user("ci")
        told = newcomer(AUTHORIZE, assertion=assertion(key, app, user, shared_org.url))
        assert told["user"]["organizationId"] == shared_org.org_id
        assert (told["instanceUrl"], told["username"]) == (shared_org.url, user)

    def test_an_audience_that_is_not_accepted_fails(
        self, newcomer: Jsforce, shared_org: Org, app: ExternalApp, key: Key
    ) -> None:
        refused = assertion(key, app, shared_org.user("ci"), "https://wrong.example")
        with pytest.raises(JsforceError) as failed:
            newcomer(AUTHORIZE, assertion=refused)
        assert (failed.value.name, failed.value.message) == ("invalid_grant", "audience is invalid")


class TestMetadata:
    @pytest.mark.parametrize("endpoint", ["SOAP", "REST"])
    def test_a_package_is_deployed(
        self, jsforce: Jsforce, shared_org: Org, key: Key, tmp_path: Path, endpoint: str
    ) -> None:
        app = ExternalApp(key)
        archive = app.source.write_zip(tmp_path / "package.zip")
        result = jsforce(
            """
            const archive = Buffer.from(given.archive, "base64");
            const options = { rollbackOnError: true, singlePackage: true };
            if (given.endpoint === "SOAP") return conn.metadata.deploy(archive, options).complete(true);
            const job = await conn.metadata.deployRest(archive, options);
            return conn.metadata.checkDeployStatus(job.id, true, true);
            """,
            archive=base64.b64encode(archive.read_bytes()).decode(),
            endpoint=endpoint,
        )
        assert (result["status"], result["done"], result["success"]) == ("Succeeded", True, True)
        assert (result["numberComponentsDeployed"], result["numberComponentErrors"]) == (6, 0)
        made = {each["fullName"] for each in result["details"]["componentSuccesses"] if each["created"]}
        assert made == {name for names in app.source.members.values() for name in names}
        assert len(shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{app.set_name}'")) == 1

    def test_components_are_upserted_read_and_deleted(self, jsforce: Jsforce) -> None:
        name = unique("Set")
        told = jsforce(
            """
            const set = (label) => [{ fullName: given.name, label, hasActivationRequired: false }];
            const [created] = await conn.metadata.upsert("PermissionSet", set("one"));
            const [updated] = await conn.metadata.upsert("PermissionSet", set("two"));
            const [read] = await conn.metadata.read("PermissionSet", [given.name]);
            const [deleted] = await conn.metadata.delete("PermissionSet", [given.name]);
            const [gone] = await conn.metadata.read("PermissionSet", [given.name]);
            return { created, updated, read, deleted, gone };
            """,
            name=name,
        )
        assert told["created"] == {"fullName": name, "success": True, "created": True, "errors": []}
        assert told["updated"] == {"fullName": name, "success": True, "created": False, "errors": []}
        assert (told["read"]["fullName"], told["read"]["label"]) == (name, "two")
        assert told["deleted"] == {"fullName": name, "success": True, "errors": []}
        assert told["gone"]["fullName"] is None

    def test_a_retrieve_brings_a_zip(self, jsforce: Jsforce, app: ExternalApp) -> None:
        told = jsforce(
            """
            const types = [{ name: "PermissionSet", members: [given.set] }];
            return conn.metadata.retrieve({ apiVersion: "67.0", unpackaged: { types, version: "67.0" } }).complete();
            """,
            set=app.set_name,
        )
        assert (told["status"], told["success"]) == ("Succeeded", True)
        assert f"unpackaged/permissionsets/{app.set_name}.permissionset" in {
            each["fileName"] for each in told["fileProperties"]
        }
        assert base64.b64decode(told["zipFile"]).startswith(b"PK")

    def test_metadata_is_listed_and_described(self, jsforce: Jsforce, app: ExternalApp) -> None:
        listed, described = jsforce(
            """
            return [
                await conn.metadata.list([{ type: "ExternalClientApplication" }], "67.0"),
                await conn.metadata.describe("67.0"),
            ];
            """
        )
        assert app.name in {each["fullName"] for each in listed}
        folders = {each["xmlName"]: each["directoryName"] for each in described["metadataObjects"]}
        assert folders["ExternalClientApplication"] == "externalClientApps"


class TestData:
    def test_a_query_fetches_every_page(self, jsforce: Jsforce, shared_org: Org, knobs: Callable[..., Any]) -> None:
        knobs(query_page=3)
        first, all_of_them = jsforce(
            """
            const asked = "SELECT Id, Username FROM User ORDER BY Username";
            return [await conn.query(asked), await conn.query(asked).execute({ autoFetch: true, maxFetch: 1000 })];
            """
        )
        assert (len(first["records"]), first["done"]) == (3, False)
        assert len(all_of_them["records"]) == first["totalSize"] > 6
        assert all_of_them["records"][0]["attributes"]["type"] == "User"

    def test_a_record_is_created_read_and_destroyed(self, jsforce: Jsforce, shared_org: Org, app: ExternalApp) -> None:
        created, read, destroyed = jsforce(
            """
            const user = await conn.sobject("User").findOne({ Username: given.user }, ["Id"]);
            const set = await conn.sobject("PermissionSet").findOne({ Name: given.set }, ["Id"]);
            const assignments = conn.sobject("PermissionSetAssignment");
            const created = await assignments.create({ AssigneeId: user.Id, PermissionSetId: set.Id });
            const read = await assignments.retrieve(created.id);
            return [created, read, await assignments.destroy(created.id)];
            """,
            user=shared_org.user("release"),
            set=app.set_name,
        )
        assert (created["success"], destroyed["success"]) == (True, True)
        assert read["Id"] == created["id"] == destroyed["id"]
        assert shared_org.user("release") not in shared_org.holders(app.set_name)
