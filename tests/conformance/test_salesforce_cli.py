"""The Salesforce CLI against the local org: it logs in, deploys, retrieves and asks as it does with the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.app import ExternalApp, Key, permission_set, unique
from tests.conformance.outside import Fence
from tests.conformance.salesforce_cli import Outcome, SalesforceCli
from tests.landscape import Landscape, Org

APP_NOT_FOUND = "External client app is not installed in this org"  # to the audience test.salesforce.com
REDACTED = "[REDACTED] Use 'sf org auth show-access-token' to view"


class TestLogin:
    @pytest.fixture
    def key_file(self, key: Key, tmp_path: Path) -> Path:
        file = tmp_path / "server.key"
        file.write_text(key.private)
        return file

    @pytest.fixture
    def unknown(self, tmp_path: Path, node: Path, fence: Fence, shared_org: Org) -> SalesforceCli:
        """A CLI that has never logged in."""
        return SalesforceCli(tmp_path / "project", node, shared_org.ca_bundle, fence.url)

    def test_the_right_key_logs_in(
        self, unknown: SalesforceCli, shared_org: Org, app: ExternalApp, key_file: Path
    ) -> None:
        told = grant(unknown, shared_org, app, key_file).result
        assert (told["username"], told["orgId"]) == (shared_org.user("ci"), shared_org.org_id)
        assert (told["isSandbox"], told["isScratch"], told["isDevHub"]) == (True, False, False)
        shown = unknown("org", "display", "-o", shared_org.user("ci")).result
        assert shown == {
            "id": shared_org.org_id,
            "apiVersion": "68.0",
            "accessToken": REDACTED,
            "instanceUrl": shared_org.url,
            "username": shared_org.user("ci"),
            "clientId": app.consumer_key,
            "connectedStatus": "Connected",
        }

    def test_a_wrong_key_is_refused(
        self, unknown: SalesforceCli, shared_org: Org, app: ExternalApp, tmp_path: Path
    ) -> None:
        other = tmp_path / "other.key"
        other.write_text(Key.generate().private)
        assert refusals(grant(unknown, shared_org, app, other)) == [
            "invalid client credentials",
            "invalid client credentials",
            APP_NOT_FOUND,
        ]

    def test_an_unknown_user_is_refused(
        self, unknown: SalesforceCli, shared_org: Org, app: ExternalApp, key_file: Path
    ) -> None:
        ended = grant(unknown, shared_org, app, key_file, username="nobody@acme.com.uat")
        assert refusals(ended) == ["user hasn't approved this consumer"] * 2 + [APP_NOT_FOUND]

    def test_a_user_without_the_permission_set_is_refused(
        self, unknown: SalesforceCli, shared_org: Org, app: ExternalApp, key_file: Path
    ) -> None:
        ended = grant(unknown, shared_org, app, key_file, username=shared_org.user("deploy"))
        assert refusals(ended) == ["user is not admin approved to access this app"] * 2 + [APP_NOT_FOUND]

    def test_an_unknown_consumer_key_is_refused(
        self, unknown: SalesforceCli, shared_org: Org, key: Key, key_file: Path
    ) -> None:
        assert refusals(grant(unknown, shared_org, ExternalApp(key), key_file)) == ["client identifier invalid"] * 3

    def test_an_audience_that_is_not_accepted_is_named(
        self, unknown: SalesforceCli, shared_org: Org, app: ExternalApp, key_file: Path
    ) -> None:
        # Given the right user, the CLI would find an audience that works among those it tries.
        user, audience = shared_org.user("deploy"), "https://wrong.example"
        ended = grant(unknown, shared_org, app, key_file, username=user, SF_AUDIENCE_URL=audience)
        assert f"audience is invalid  [audience={audience} login={shared_org.url}/]" in refusals(ended)

    def test_the_auth_url_of_an_administrator_logs_in(self, sf: SalesforceCli, shared_org: Org) -> None:
        shown = sf("org", "display", "-o", "admin").result
        assert (shown["username"], shown["connectedStatus"]) == (shared_org.username, "Connected")
        assert (shown["clientId"], shown["alias"]) == ("PlatformCLI", "admin")


def grant(
    sf: SalesforceCli, org: Org, app: ExternalApp, key_file: Path, username: str = "", **settings: str
) -> Outcome:
    """`sf org login jwt` for `ci`, or another user."""
    user = username or org.user("ci")
    return sf("org", "login", "jwt", "-o", user, "-f", key_file, "-i", app.consumer_key, "-r", org.url, **settings)


def refusals(ended: Outcome) -> list[str]:
    """What the org said to each audience; the login hosts that the CLI tries in between are out of reach."""
    assert (ended.code, ended.answer["name"]) == (1, "JwtGrantError")
    said = ended.answer["message"].partition("Errors encountered:\n")[2].splitlines()
    return [each for each in said if each != "fetch failed"]


@pytest.mark.parametrize("endpoint", ["SOAP", "REST"])
class TestDeploy:
    @pytest.fixture
    def deploy(self, sf: SalesforceCli, landscape: Landscape, endpoint: str) -> Iterator[SalesforceCli]:
        """The CLI, told by which API to deploy; afterwards the API that the org saw is checked."""
        sf.environment["SF_ORG_METADATA_REST_DEPLOY"] = str(endpoint == "REST").lower()
        landscape.admin("DELETE", "/requests")
        yield sf
        del sf.environment["SF_ORG_METADATA_REST_DEPLOY"]
        seen = [
            each for each in landscape.admin("GET", "/requests?org=uat")["requests"] if each["operation"] == "deploy"
        ]
        assert [each["path"] for each in seen] == [ENDPOINTS[endpoint]]

    def test_source_format(self, deploy: SalesforceCli, shared_org: Org, key: Key) -> None:
        app = ExternalApp(key)
        folder = app.source.write_source(deploy.source / app.name)
        told = deploy("project", "deploy", "start", "-d", folder).result
        assert (told["status"], told["success"], told["checkOnly"]) == ("Succeeded", True, False)
        assert (told["numberComponentsDeployed"], told["numberComponentErrors"]) == (6, 0)
        assert {(each["type"], each["fullName"], each["state"]) for each in told["files"]} == {
            ("PermissionSet", app.set_name, "Created"),
            ("ExternalClientApplication", app.name, "Created"),
            ("ExtlClntAppGlobalOauthSettings", f"{app.name}_glbloauth", "Created"),
            ("ExtlClntAppOauthSettings", f"{app.name}_oauth", "Created"),
            ("ExtlClntAppOauthConfigurablePolicies", f"{app.name}_oauthPlcy", "Created"),
            ("ExtlClntAppConfigurablePolicies", f"{app.name}_plcy", "Created"),
        }
        rows = shared_org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{app.name}'")
        assert len(rows) == 1

    def test_metadata_format(self, deploy: SalesforceCli, shared_org: Org, tmp_path: Path) -> None:
        name = unique("Set")
        folder = permission_set(name).write_package(tmp_path / "package")
        told = deploy("project", "deploy", "start", "--metadata-dir", folder).result
        assert (told["status"], told["numberComponentsDeployed"]) == ("Succeeded", 1)
        changed = [each for each in told["details"]["componentSuccesses"] if each["componentType"]]
        assert [(each["fullName"], each["created"]) for each in changed] == [(name, True)]
        assert len(shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")) == 1

    def test_a_failing_component(self, deploy: SalesforceCli, shared_org: Org) -> None:
        good, bad = unique("Set"), unique("Set")
        for source in (permission_set(good), permission_set(bad, label="x" * 81)):
            folder = source.write_source(deploy.source / good)
        ended = deploy("project", "deploy", "start", "-d", folder)
        assert (ended.code, ended.answer["result"]["status"]) == (1, "Failed")
        failed = ended.answer["result"]["details"]["componentFailures"]
        assert [(each["fullName"], each["problemType"]) for each in failed] == [(bad, "Error")]
        assert shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{good}'") == []


ENDPOINTS = {"SOAP": "/services/Soap/m/68.0", "REST": "/services/data/v68.0/metadata/deployRequest"}


class TestJob:
    @pytest.fixture
    def package(self, tmp_path: Path) -> tuple[str, Path]:
        """A permission set's name, and the zip that holds it."""
        name = unique("Set")
        return name, permission_set(name).write_zip(tmp_path / "package.zip")

    def test_a_validation_is_reported_and_deployed_quickly(
        self, sf: SalesforceCli, shared_org: Org, package: tuple[str, Path]
    ) -> None:
        name, archive = package
        validated = sf("project", "deploy", "validate", "--metadata-dir", archive, "--single-package").result
        assert (validated["status"], validated["checkOnly"]) == ("Succeeded", True)
        assert shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'") == []
        reported = sf("project", "deploy", "report", "-i", validated["id"]).result
        assert (reported["id"], reported["status"], reported["done"]) == (validated["id"], "Succeeded", True)
        quick = sf("project", "deploy", "quick", "-i", validated["id"]).result
        assert (quick["status"], quick["checkOnly"], quick["numberComponentsDeployed"]) == ("Succeeded", False, 1)
        assert len(shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")) == 1

    def test_a_running_deploy_is_cancelled(
        self, sf: SalesforceCli, shared_org: Org, knobs: Callable[..., Any], package: tuple[str, Path]
    ) -> None:
        name, archive = package
        knobs(deploy_time=600)
        started = sf("project", "deploy", "start", "--metadata-dir", archive, "--single-package", "--async").result
        assert (started["status"], started["done"]) == ("Queued", False)
        cancelled = sf("project", "deploy", "cancel", "-i", started["id"])
        assert (cancelled.result["status"], cancelled.result["done"]) == ("Canceled", True)
        assert shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'") == []


class TestEverydayCommands:
    def test_retrieve_brings_source_files(self, sf: SalesforceCli, app: ExternalApp) -> None:
        told = sf(
            *("project", "retrieve", "start", "-m", f"PermissionSet:{app.set_name}"),
            *("-m", f"ExternalClientApplication:{app.name}", "-m", f"ExtlClntAppOauthSettings:{app.name}_oauth"),
        ).result
        assert (told["status"], told["success"]) == ("Succeeded", True)
        retrieved = {each["type"]: Path(each["filePath"]) for each in told["files"]}
        assert {kind: file.name for kind, file in retrieved.items()} == {
            "PermissionSet": f"{app.set_name}.permissionset-meta.xml",
            "ExternalClientApplication": f"{app.name}.eca-meta.xml",
            "ExtlClntAppOauthSettings": f"{app.name}_oauth.ecaOauth-meta.xml",
        }
        text = retrieved["ExtlClntAppOauthSettings"].read_text()
        assert "<commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes>" in text

    def test_list_metadata_names_what_is_there(self, sf: SalesforceCli, app: ExternalApp) -> None:
        listed = sf("org", "list", "metadata", "-m", "ExternalClientApplication").result
        (found,) = [each for each in listed if each["fullName"] == app.name]
        assert found["fileName"] == f"externalClientApps/{app.name}.eca"
        assert (found["type"], found["createdByName"]) == ("ExternalClientApplication", "Ada Brandt")

    def test_a_permission_set_is_assigned_to_another_user(
        self, sf: SalesforceCli, shared_org: Org, app: ExternalApp
    ) -> None:
        user = shared_org.user("release")
        told = sf("org", "assign", "permset", "-n", app.set_name, "-b", user).result
        assert told == {"successes": [{"name": user, "value": app.set_name}], "failures": []}
        assert user in shared_org.holders(app.set_name)

    def test_a_query_follows_relationships_and_pages(
        self, sf: SalesforceCli, shared_org: Org, knobs: Callable[..., Any]
    ) -> None:
        knobs(query_page=3)
        told = sf("data", "query", "-q", "SELECT Username, Profile.Name FROM User ORDER BY Username").result
        users = {each["Username"]: each["Profile"]["Name"] for each in told["records"]}
        assert (told["done"], told["totalSize"]) == (True, len(users))
        assert users[shared_org.user("ci")] == "Standard User"
        assert list(users) == sorted(users)

    def test_deleted_source_leaves_the_org_and_the_project(self, sf: SalesforceCli, shared_org: Org) -> None:
        name = unique("Set")
        source = permission_set(name)
        shared_org.deploy(source.files, source.members)
        folder = source.write_source(sf.source / name)
        told = sf("project", "delete", "source", "-m", f"PermissionSet:{name}", "--no-prompt").result
        assert (told["status"], told["success"]) == ("Succeeded", True)
        assert [(each["fullName"], each["state"]) for each in told["deletedSource"]] == [(name, "Deleted")]
        assert shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'") == []
        assert not list(folder.rglob("*.xml"))
