"""The provider of a drift check: what it could not see is told by name, and each provider of a program asks its own org."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from orgkey.fleet.provider import DriftProvider, DriftProviders, Reading
from orgkey.provider.engine import Engine
from orgkey.provider.protocol import provider_pb2_grpc
from orgkey.provider.server import serve
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.errors import CanceledError
from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, HOLDERS, SET, Made
from tests.provider.protocol import SECRET, SIGNATURE, Client, plain
from tests.waiting import stop

Connect = Callable[[provider_pb2_grpc.ResourceProviderServicer], Callable[[], Client]]


@pytest.fixture
def connecting() -> Iterator[Connect]:
    """Serve providers; gives a way to connect to them, as an engine does for each provider of a program."""
    servers, clients = [], []

    def start(provider: provider_pb2_grpc.ResourceProviderServicer) -> Callable[[], Client]:
        server, port = serve(provider)
        servers.append(server)

        def connect() -> Client:
            clients.append(Client(port))
            return clients[-1]

        return connect

    yield start
    for client in clients:
        client.channel.close()
    for server in servers:
        stop(server)


def checking(reading: Reading, environment: dict[str, str]) -> DriftProviders:
    return DriftProviders(lambda: DriftProvider(reading, environment=environment))


class ListeningEngine(Engine):
    """Keeps the warnings that an engine is told."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[tuple[str, str]] = []

    def warn(self, urn: str, message: str) -> None:
        self.warnings.append((urn, message))


def test_an_app_whose_links_the_login_may_not_see_is_read_and_what_was_not_seen_is_told_to_a_look(
    connecting: Connect, app: Made, org: Org, blind: dict[str, str]
) -> None:
    resource_id, inputs, outputs = app
    reading = Reading()
    looking = connecting(checking(reading, {"ADMIN_TOKEN": org.access_token}))()
    looking.configure(blind)
    assert plain(looking.read(APP, resource_id, inputs, outputs).inputs) == inputs
    assert reading.failed == {}
    ((urn, error),) = reading.partly_read.items()
    assert urn == looking.urn(APP)
    assert error.properties == ("permissionSets", "profiles")
    assert "does not show this login which permission sets" in str(error)


def test_an_up_warns_once_of_what_the_login_may_not_see(
    connecting: Connect, app: Made, org: Org, blind: dict[str, str]
) -> None:
    resource_id, inputs, outputs = app
    engine = ListeningEngine()
    going_up = connecting(SalesforceProvider(engine, environment={"ADMIN_TOKEN": org.access_token}))()
    going_up.configure(blind)
    going_up.read(APP, resource_id, inputs, outputs)
    going_up.update(APP, resource_id, (inputs, outputs), {**inputs, "label": "Other"})
    ((urn, warning),) = engine.warnings
    assert urn == going_up.urn(APP)
    assert "does not show this login which permission sets" in warning


def settings(org: Org) -> dict[str, str]:
    return {
        "instanceUrl": org.url,
        "caBundle": org.ca_bundle,
        "credentials": f'{{"accessTokenEnv": "{org.name.upper()}"}}',
    }


def test_each_provider_of_a_program_asks_its_own_org_however_their_requests_mix(
    connecting: Connect, permission_set: Made, landscape: Landscape, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    other, reading = landscape.fresh("dev"), Reading()
    connect = connecting(checking(reading, {"UAT": org.access_token, "DEV": other.access_token}))
    first, second = connect(), connect()
    first.stack, second.stack = "first", "second"
    first.configure(settings(org))
    second.configure(settings(other), name="second")
    for _ in range(2):
        assert first.read(SET, resource_id, inputs, outputs).id == resource_id
        assert second.read(SET, resource_id, inputs, {**outputs, "orgId": other.org_id}).id == ""
    second.cancel()  # an engine ends its providers one by one
    assert first.read(SET, resource_id, inputs, outputs).id == resource_id
    assert reading.failed == {}
    assert reading.instance_urls == {first.urn(SET): org.url, second.urn(SET): other.url}


def test_an_address_that_is_a_secret_is_in_no_reason_and_not_in_the_report(
    connecting: Connect, permission_set: Made, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    reading = Reading()
    client = connecting(checking(reading, {"UAT": "wrong"}))()
    client.configure({**settings(org), "instanceUrl": {SIGNATURE: SECRET, "value": org.url}})
    client.read(SET, resource_id, inputs, outputs)
    (said,) = reading.said.values()
    assert "[secret]" in said
    assert org.url.removeprefix("https://") not in said
    assert set(reading.instance_urls.values()) <= {""}


def test_settings_that_cannot_be_used_are_the_reason_of_what_they_are_for_alone(
    connecting: Connect, permission_set: Made, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    reading = Reading()
    connect = connecting(checking(reading, {"UAT": org.access_token}))
    first, second = connect(), connect()
    second.stack = "second"
    second.configure({"instanceUrl": "no url"}, name="second")
    first.configure(settings(org))
    assert first.read(SET, resource_id, inputs, outputs).id == resource_id
    assert plain(second.read(SET, resource_id, inputs, outputs).inputs) == inputs
    assert list(reading.failed) == [second.urn(SET)]
    assert "salesforce:instanceUrl" in str(reading.failed[second.urn(SET)])


def test_an_error_that_nobody_thought_of_is_told_by_its_place_and_leaves_the_rest_to_be_judged(
    connecting: Connect, permission_set: Made, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    reading = Reading()
    looking = connecting(checking(reading, {"UAT": org.access_token}))()
    looking.configure(settings(org))
    strange = {**inputs, "users": 3, "permissionSet": ["secret"]}
    assert plain(looking.read(HOLDERS, resource_id, strange, outputs).inputs)["users"] == 3
    assert looking.read(SET, resource_id, inputs, outputs).id == resource_id
    ((urn, error),) = reading.failed.items()
    assert urn == looking.urn(HOLDERS)
    assert "orgkey failed with an unexpected " in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("before", [True, False])
def test_a_check_that_was_given_up_asks_nothing_whenever_it_is_configured(
    connecting: Connect, permission_set: Made, landscape: Landscape, org: Org, *, before: bool
) -> None:
    resource_id, inputs, outputs = permission_set
    reading = Reading()
    providers = checking(reading, {"UAT": org.access_token})
    looking = connecting(providers)()
    if before:
        looking.configure(settings(org))
    providers.cancel()
    looking.configure(settings(org))
    landscape.admin("DELETE", "/requests")
    looking.read(SET, resource_id, inputs, outputs)
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}
    (error,) = reading.failed.values()
    assert isinstance(error, CanceledError)
