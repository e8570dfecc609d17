"""The org that answers against the one in state: the same, refreshed, renamed, another, or another on purpose; verb by verb."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orgkey.provider.engine import Engine
from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Landscape, Org
from tests.provider.conftest import (
    APP,
    GRANT,
    HOLDERS,
    MANAGED_BY,
    SET,
    Made,
    Serve,
    app_inputs,
    grant_inputs,
    make,
)
from tests.provider.protocol import Client, VerbFailedError, open_secrets, plain

KINDS = [SET, HOLDERS, APP, GRANT]
CHANGES = {"createMetadata", "composite", "createRecords", "deleteRecords", "updateRecords", "deploy", "jwtGrant"}
"""Operations that may change something; `composite` carries queries only, and is taken out where it is looked at."""


class Listening(Engine):
    """Keeps the warnings that an engine is told."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warn(self, urn: str, message: str) -> None:
        self.warnings.append(message)


def settings(org: Org, **more: Any) -> dict[str, Any]:
    token = f'{{"accessTokenEnv": "TOKEN_{org.name}"}}'
    return {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": token, **more}


@pytest.fixture
def dev(landscape: Landscape, org: Org) -> Org:
    """Another clean sandbox, beside `uat`."""
    assert org.name == "uat"
    return landscape.fresh("dev")


@pytest.fixture
def listening() -> Listening:
    return Listening()


@pytest.fixture
def tokens(landscape: Landscape, org: Org, dev: Org) -> dict[str, str]:
    """The provider's environment: a login to every org."""
    return {f"TOKEN_{each.name}": each.access_token for each in (org, dev, landscape.org("acme"))}


@pytest.fixture
def everywhere(serving: Serve, tokens: dict[str, str], dev: Org, listening: Listening) -> Client:
    """A provider that may log in to every org, and is configured with `dev`."""
    client = serving(SalesforceProvider(listening, environment=tokens))
    client.configure(settings(dev))
    return client


@pytest.fixture
def made_at_dev(everywhere: Client, dev: Org) -> dict[str, Made]:
    """Everything of a stack, made in `dev`."""
    key = open_secrets(make(everywhere, "KeyPair", {"subject": "CN=t"})[2])
    return {
        SET: make(everywhere, SET, {"name": "Access", "label": "Access", "managedBy": MANAGED_BY}),
        HOLDERS: make(everywhere, HOLDERS, {"permissionSet": "Access", "users": [dev.user("ci")]}),
        APP: make(everywhere, APP, app_inputs(key)),
        GRANT: make(everywhere, GRANT, grant_inputs(key, dev)),
    }


def without_place(made: Made) -> Made:
    """As a state of before had it, that did not say where things are."""
    resource_id, inputs, outputs = made
    if "instanceUrl" in inputs:
        return made
    return resource_id, inputs, {name: value for name, value in outputs.items() if name != "instanceUrl"}


def act(client: Client, verb: str, kind: str, made: Made) -> Any:
    resource_id, inputs, outputs = made
    if verb == "Read":
        return client.read(kind, resource_id, inputs, outputs)
    if verb == "Update":
        return client.update(kind, resource_id, (inputs, outputs), inputs)
    return client.delete(kind, resource_id, inputs, outputs)


@pytest.fixture
def quiet(landscape: Landscape, made_at_dev: dict[str, Made]) -> Iterator[None]:
    """Nothing is changed anywhere from here to the end of the test."""
    landscape.admin("DELETE", "/requests")
    yield
    seen = {entry["operation"] for entry in landscape.admin("GET", "/requests")["requests"]}
    assert seen & (CHANGES - {"composite"}) == set()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["Read", "Update", "Delete"])
@pytest.mark.parametrize("other", ["uat", "acme"])
@pytest.mark.usefixtures("quiet")
def test_another_org_at_another_address_is_refused_with_both_by_name_and_nothing_is_changed(
    everywhere: Client, made_at_dev: dict[str, Made], landscape: Landscape, dev: Org, verb: str, kind: str, other: str
) -> None:
    there = landscape.org(other)
    everywhere.configure(settings(there))
    with pytest.raises(VerbFailedError) as refused:
        act(everywhere, verb, kind, made_at_dev[kind])
    assert refused.value.code == "FAILED_PRECONDITION"
    assert refused.value.init_failed is None
    for text in (
        *place_of(dev),
        *place_of(there),
        "Nothing was changed",
        f"salesforce:expectedOrgId to {there.org_id}",
    ):
        assert text in refused.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_does_not_say_where_it_is_has_its_providers_address(
    serving: Serve, made_at_dev: dict[str, Made], org: Org, dev: Org, kind: str
) -> None:
    """The engine configures the provider from state first, and the stack file says something else by then."""
    current = {name: str(value) for name, value in settings(org).items()}
    environment = {"TOKEN_uat": org.access_token, "PULUMI_CONFIG": json.dumps(current)}
    client = serving(SalesforceProvider(environment=environment))
    client.configure(settings(dev))
    with pytest.raises(VerbFailedError, match="another host and another org") as refused:
        act(client, "Read", kind, without_place(made_at_dev[kind]))
    assert all(text in refused.value.message for text in (*place_of(dev), *place_of(org)))


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("verb", ["Read", "Update", "Delete"])
@pytest.mark.usefixtures("quiet")
def test_a_mistyped_address_that_the_provider_in_state_has_too_is_not_taken_for_a_refresh(
    everywhere: Client, made_at_dev: dict[str, Made], org: Org, dev: Org, verb: str, kind: str
) -> None:
    """`up --target` of the key pair contacts nobody, and saves the provider's settings."""
    everywhere.configure(settings(org))
    with pytest.raises(VerbFailedError, match="Nothing was changed") as refused:
        act(everywhere, verb, kind, without_place(made_at_dev[kind]))
    for text in (
        dev.org_id,
        *place_of(org),
        f"If this sandbox was refreshed, set salesforce:expectedOrgId to {org.org_id}",
    ):
        assert text in refused.value.message


@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_state_that_does_not_say_where_it_is_goes_on_in_a_refreshed_sandbox_that_is_named(
    everywhere: Client, made_at_dev: dict[str, Made], landscape: Landscape, tokens: dict[str, str], kind: str
) -> None:
    landscape.admin("POST", "/orgs/dev/refresh")
    now = landscape.org("dev")
    tokens["TOKEN_dev"] = now.access_token
    everywhere.configure(settings(now, expectedOrgId=now.org_id))
    _, inputs, _ = old = without_place(made_at_dev[kind])
    assert act(everywhere, "Read", kind, old).id == ""
    if kind == SET:
        assert everywhere.create(kind, inputs)[1]["orgId"] == now.org_id


@pytest.mark.parametrize("kind", KINDS)
def test_a_renamed_my_domain_is_read_changed_and_removed_at_its_new_address(
    everywhere: Client, made_at_dev: dict[str, Made], landscape: Landscape, kind: str
) -> None:
    landscape.admin("POST", "/orgs/dev/rename")
    now = landscape.org("dev")
    everywhere.configure(settings(now))
    resource_id, inputs, outputs = made_at_dev[kind]
    seen = everywhere.read(kind, resource_id, inputs, outputs)
    assert plain(seen.inputs) == inputs
    diff = everywhere.diff(kind, inputs, plain(seen.properties), plain(seen.inputs))
    assert list(diff.diffs) == []
    news = {**inputs, "instanceUrl": now.url} if kind == GRANT else inputs
    diff = everywhere.diff(kind, inputs, plain(seen.properties), news)
    assert list(diff.replaces) == []
    after = everywhere.update(kind, resource_id, (inputs, plain(seen.properties)), news)
    assert after["instanceUrl"] == now.url
    everywhere.delete(kind, resource_id, news, after)


@pytest.mark.parametrize("kind", [SET, HOLDERS, APP])
def test_what_is_made_or_read_says_where(made_at_dev: dict[str, Made], everywhere: Client, dev: Org, kind: str) -> None:
    assert made_at_dev[kind][2]["instanceUrl"] == dev.url
    seen = act(everywhere, "Read", kind, without_place(made_at_dev[kind]))
    assert plain(seen.properties)["instanceUrl"] == dev.url


def test_a_proof_that_a_program_asks_of_another_org_than_its_providers_is_not_made(
    everywhere: Client, made_at_dev: dict[str, Made], org: Org, dev: Org
) -> None:
    _, inputs, outputs = made_at_dev[GRANT]
    for elsewhere in (org.url, "https://elsewhere.my.salesforce.com"):
        news = {**inputs, "instanceUrl": elsewhere}
        for attempt in (
            lambda news=news: everywhere.create(GRANT, news),
            lambda news=news: everywhere.update(GRANT, "x", (inputs, outputs), news),
        ):
            with pytest.raises(
                VerbFailedError, match=f"instanceUrl is {elsewhere}, and the provider's org is {dev.url}"
            ):
                attempt()
    written = {**inputs, "instanceUrl": dev.url.upper().replace("HTTPS", "https") + "/"}
    everywhere.create(GRANT, written)  # the same host


def test_a_sandbox_with_a_new_id_at_its_old_address_was_refreshed_and_that_is_said_once(
    everywhere: Client,
    made_at_dev: dict[str, Made],
    landscape: Landscape,
    listening: Listening,
    tokens: dict[str, str],
    dev: Org,
) -> None:
    landscape.admin("POST", "/orgs/dev/refresh")
    now = landscape.org("dev")
    tokens["TOKEN_dev"] = now.access_token
    everywhere.configure(settings(now))
    for kind in KINDS[:3]:
        assert act(everywhere, "Read", kind, made_at_dev[kind]).id == ""  # production has none of it
    (said,) = listening.warnings
    assert said.endswith(f"is a new org ({now.org_id}, before {dev.org_id}): the sandbox was refreshed")


@pytest.mark.parametrize("kind", KINDS)
def test_on_purpose_nothing_of_the_stack_is_here_yet_and_what_was_made_elsewhere_stays(
    everywhere: Client, made_at_dev: dict[str, Made], listening: Listening, org: Org, dev: Org, kind: str
) -> None:
    everywhere.configure(settings(org, expectedOrgId=org.org_id))
    answer = act(everywhere, "Read", kind, made_at_dev[kind])
    assert (answer.id, answer.HasField("properties")) == ("", False)
    act(everywhere, "Delete", kind, made_at_dev[kind])
    with pytest.raises(VerbFailedError, match="Run `pulumi refresh` first"):
        act(everywhere, "Update", kind, made_at_dev[kind])
    assert dev.query("SELECT Id FROM PermissionSet WHERE Name = 'Access'")
    assert dev.query("SELECT Id FROM ExternalClientApplication WHERE DeveloperName = 'App'")
    assert dev.holders("Access") == [dev.user("ci")]
    (said,) = listening.warnings
    assert all(text in said for text in (*place_of(dev), *place_of(org), f"what was made in {dev.org_id} stays there"))


def place_of(org: Org) -> tuple[str, str]:
    return org.org_id, org.url.removeprefix("https://")
