"""A provider that only looks (`unread`): what it could not see is told by name, and the rest is judged all the same."""

from __future__ import annotations

import pytest

from orgkey.provider.engine import Engine
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.errors import CanceledError, SalesforceError, UnseenError
from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, SET, Made, Serve
from tests.provider.protocol import VerbFailedError, plain


class ListeningEngine(Engine):
    """Keeps the warnings that an engine is told."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[tuple[str, str]] = []

    def warn(self, urn: str, message: str) -> None:
        self.warnings.append((urn, message))


def test_an_app_whose_links_the_login_may_not_see_is_read_and_what_was_not_seen_is_told_to_a_look(
    serving: Serve, app: Made, org: Org, blind: dict[str, str]
) -> None:
    resource_id, inputs, outputs = app
    unread: list[tuple[str, SalesforceError]] = []
    environment = {"ADMIN_TOKEN": org.access_token}
    looking = serving(SalesforceProvider(environment=environment, unread=lambda *told: unread.append(told)))
    looking.configure(blind)
    assert plain(looking.read(APP, resource_id, inputs, outputs).inputs) == inputs
    ((urn, error),) = unread
    assert urn == looking.urn(APP)
    assert isinstance(error, UnseenError)
    assert error.properties == ("permissionSets", "profiles")
    assert "does not show this login which permission sets" in str(error)


def test_an_up_warns_once_of_what_the_login_may_not_see(
    serving: Serve, app: Made, org: Org, blind: dict[str, str]
) -> None:
    resource_id, inputs, outputs = app
    engine = ListeningEngine()
    going_up = serving(SalesforceProvider(engine, environment={"ADMIN_TOKEN": org.access_token}))
    going_up.configure(blind)
    going_up.read(APP, resource_id, inputs, outputs)
    going_up.update(APP, resource_id, (inputs, outputs), {**inputs, "label": "Other"})
    ((urn, warning),) = engine.warnings
    assert urn == going_up.urn(APP)
    assert "does not show this login which permission sets" in warning


def test_a_look_is_of_one_org_and_says_so_to_a_second_provider_of_the_program(
    serving: Serve, permission_set: Made, landscape: Landscape, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    looking = serving(SalesforceProvider(environment={"ADMIN_TOKEN": org.access_token}, unread=lambda *_: None))
    ours = {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    looking.configure(ours, name="first")
    looking.configure(ours | {"apiVersion": "66.0"}, name="again")
    with pytest.raises(VerbFailedError) as failed:
        looking.configure(ours | {"instanceUrl": landscape.org("acme").url}, name="second")
    assert failed.value.code == "FAILED_PRECONDITION"
    assert org.url in failed.value.message
    assert landscape.org("acme").url in failed.value.message
    assert looking.read(SET, resource_id, inputs, outputs).id == resource_id  # the first goes on to be the one


def test_a_look_that_was_given_up_asks_nothing_whenever_it_is_configured(
    serving: Serve, permission_set: Made, landscape: Landscape, org: Org
) -> None:
    resource_id, inputs, outputs = permission_set
    unread: list[tuple[str, SalesforceError]] = []
    provider = SalesforceProvider(environment={"AUTH_URL": org.auth_url}, unread=lambda *told: unread.append(told))
    looking = serving(provider)
    provider.cancel(for_good=True)
    looking.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"sfdxAuthUrlEnv": "AUTH_URL"}'}
    )
    landscape.admin("DELETE", "/requests")
    looking.read(SET, resource_id, inputs, outputs)
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}
    ((_, error),) = unread
    assert isinstance(error, CanceledError)
