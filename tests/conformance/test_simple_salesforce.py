"""simple-salesforce against the local org, logged in by a JWT as it logs in to the platform."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest

from tests.conformance.app import ConnectedApp, ExternalApp, Key, permission_set, unique
from tests.landscape import Landscape, Org

MY_DOMAIN = "acme--uat.sandbox.my"


class Redirected(HTTPAdapter):
    """simple-salesforce writes the hosts of the platform itself; this carries them to where the local org listens."""

    def __init__(self, host: str, to: str) -> None:
        super().__init__()
        self.host, self.to = host, to

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = (request.url or "").replace(self.host, self.to)
        return super().send(request, *args, **kwargs)


LogIn = Callable[..., Salesforce]


@pytest.fixture(scope="class")
def log_in(shared_org: Org, landscape: Landscape, key: Key) -> LogIn:
    """Log in with the key of the tests; hosts of the platform lead to the local org."""

    def log_in(app: ExternalApp | ConnectedApp, user: str, **where: str) -> Salesforce:
        session = requests.Session()
        session.trust_env = False
        session.verify = shared_org.ca_bundle
        for host, to in (("test", landscape.status()["test"]), (MY_DOMAIN, shared_org.url)):
            session.mount(f"https://{host}.salesforce.com", Redirected(f"https://{host}.salesforce.com", to))
        return Salesforce(
            username=user,
            consumer_key=app.consumer_key,
            privatekey=key.private,
            session=session,
            version="67.0",
            **where,
        )

    return log_in


@pytest.fixture(scope="class")
def client(log_in: LogIn, shared_org: Org, app: ExternalApp) -> Salesforce:
    """The administrator, pre-authorized like any other user."""
    shared_org.assign(app.set_name, shared_org.username)
    return log_in(app, shared_org.username, domain="login", instance_url=MY_DOMAIN)


class TestLogin:
    def test_an_external_client_app_by_my_domain(self, log_in: LogIn, shared_org: Org, app: ExternalApp) -> None:
        client = log_in(app, shared_org.user("ci"), domain="login", instance_url=MY_DOMAIN)
        assert client.sf_instance == shared_org.url.removeprefix("https://")
        found = client.query(f"SELECT Id FROM User WHERE Username = '{shared_org.user('ci')}'")
        assert found["totalSize"] == 1

    def test_a_connected_app_by_the_test_host(
        self, log_in: LogIn, knobs: Callable[..., Any], shared_org: Org, key: Key
    ) -> None:
        knobs(connected_app_creation=True)
        app = ConnectedApp(key.certificate)
        shared_org.deploy(app.source.files, app.source.members)
        shared_org.assign(app.set_name, shared_org.user("ci"))
        client = log_in(app, shared_org.user("ci"), domain="test")
        assert client.sf_instance == shared_org.url.removeprefix("https://")

    def test_an_external_client_app_is_not_found_by_the_test_host(
        self, log_in: LogIn, shared_org: Org, app: ExternalApp
    ) -> None:
        with pytest.raises(SalesforceAuthenticationFailed) as refused:
            log_in(app, shared_org.user("ci"), domain="test")
        assert refused.value.code == "app_not_found"

    def test_an_audience_that_is_not_accepted(self, log_in: LogIn, shared_org: Org, app: ExternalApp) -> None:
        with pytest.raises(SalesforceAuthenticationFailed) as refused:
            log_in(app, shared_org.user("ci"), domain="wrong", instance_url=MY_DOMAIN)
        assert refused.value.auth_message == "audience is invalid"


class TestData:
    def test_query_all_follows_every_page(self, client: Salesforce, knobs: Callable[..., Any]) -> None:
        knobs(query_page=3)
        found = client.query_all("SELECT Id, Username FROM User ORDER BY Username")
        assert found["done"]
        assert len(found["records"]) == found["totalSize"] > 6

    def test_records_are_created_and_deleted_in_one_call(
        self, client: Salesforce, shared_org: Org, app: ExternalApp
    ) -> None:
        users = client.query("SELECT Id FROM User WHERE Alias IN ('release', 'devops')")["records"]
        (set_id,) = [
            each["Id"]
            for each in client.query(f"SELECT Id FROM PermissionSet WHERE Name = '{app.set_name}'")["records"]
        ]
        records = [
            {
                "attributes": {"type": "PermissionSetAssignment"},
                "AssigneeId": each["Id"],
                "PermissionSetId": set_id,
            }
            for each in users
        ]
        created = client.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": records})
        assert [each["success"] for each in created] == [True, True]
        ids = ",".join(each["id"] for each in created)
        deleted = client.restful("composite/sobjects", {"ids": ids, "allOrNone": "true"}, method="DELETE")
        assert [each["success"] for each in deleted] == [True, True]
        assert set(shared_org.holders(app.set_name)) == {shared_org.user("ci"), shared_org.username}

    def test_a_malformed_query_is_told_in_the_words_of_the_platform(self, client: Salesforce) -> None:
        with pytest.raises(SalesforceMalformedRequest) as refused:
            client.query("SELECT Id FORM User")
        assert refused.value.status == 400
        assert refused.value.content[0]["errorCode"] == "MALFORMED_QUERY"

    def test_the_usage_of_the_day_is_told(self, client: Salesforce) -> None:
        client.limits()
        used = client.api_usage["api-usage"]
        assert 0 < used.used < used.total


class TestDeploy:
    def test_a_package_is_deployed_and_checked(self, client: Salesforce, shared_org: Org, tmp_path: Path) -> None:
        name = unique("Set")
        archive = permission_set(name).write_zip(tmp_path / "package.zip")
        started = client.deploy(str(archive), sandbox=True, rollbackOnError=True)
        assert started["state"] == "Queued"
        status = wait_for(client, started["asyncId"])
        assert status["state"] == "Succeeded"
        assert status["deployment_detail"] == {
            "total_count": "1",
            "failed_count": "0",
            "deployed_count": "1",
            "errors": [],
        }
        assert len(shared_org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")) == 1

    def test_a_failure_names_the_component(self, client: Salesforce, tmp_path: Path) -> None:
        name = unique("Set")
        archive = permission_set(name, label="x" * 81).write_zip(tmp_path / "package.zip")
        status = wait_for(client, client.deploy(str(archive), sandbox=True, rollbackOnError=True)["asyncId"])
        assert status["state"] == "Failed"
        (error,) = status["deployment_detail"]["errors"]
        assert (error["type"], error["status"]) == ("PermissionSet", "Error")
        assert error["file"] == f"permissionsets/{name}.permissionset"


def wait_for(client: Salesforce, job: str) -> Any:
    """Look until a deploy has ended."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        status = client.checkDeployStatus(job)
        if status["state"] not in {"Pending", "InProgress"}:
            return status
        time.sleep(0.05)
    raise AssertionError(f"{job} does not end")
