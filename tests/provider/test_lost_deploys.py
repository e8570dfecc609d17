"""A deploy whose answer was lost may arrive at any later time: in the middle of the next run, or after a newer one."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, SET, Made, Serve, app_inputs, make
from tests.provider.protocol import Client, VerbFailedError, open_secrets, plain

CONNECTED = "ConnectedApp"
QUESTIONS = {
    SET: "SELECT Id FROM PermissionSet WHERE Name = 'Access'",
    APP: "SELECT Id FROM ExternalClientApplication WHERE DeveloperName = 'App'",
    CONNECTED: "SELECT Id FROM ConnectedApplication WHERE DeveloperName = 'App'",
}


def stands(org: Org, kind: str) -> bool:
    return bool(org.query(QUESTIONS[kind], tooling=kind == CONNECTED))


def settings(org: Org) -> dict[str, str]:
    return {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}


def run(provider: Client, org: Org) -> Client:
    """Begin another run: its provider remembers nothing."""
    provider.configure(settings(org))
    return provider


def look(client: Client, kind: str, made: Made) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and outputs as the engine has them after its first look of a run."""
    seen = client.read(kind, *made)
    return plain(seen.inputs), plain(seen.properties)


@pytest.fixture(params=[SET, APP, CONNECTED])
def made(request: pytest.FixtureRequest, landscape: Landscape) -> tuple[str, Made]:
    """A thing with a marker, and its kind."""
    if request.param == SET:
        return SET, request.getfixturevalue("permission_set")
    return make_app(request, landscape)


@pytest.fixture(params=[APP, CONNECTED])
def made_app(request: pytest.FixtureRequest, landscape: Landscape) -> tuple[str, Made]:
    return make_app(request, landscape)


def make_app(request: pytest.FixtureRequest, landscape: Landscape) -> tuple[str, Made]:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    request.getfixturevalue("holders")
    provider, key = request.getfixturevalue("provider"), request.getfixturevalue("key")
    return request.param, make(provider, request.param, app_inputs(key))


def lose_the_deploy(client: Client, landscape: Landscape, kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs that a Create leaves in state whose write never reaches the org."""
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["reset-before"])
    with pytest.raises(VerbFailedError) as failed:
        client.create(kind, inputs)
    assert failed.value.init_failed is not None
    return dict(failed.value.init_failed["properties"])


# --- claims


@pytest.mark.parametrize("same_run", [True, False], ids=["in the same run", "in later runs"])
def test_a_create_that_failed_and_the_next_one_never_have_the_same_claim(
    provider: Client, made: tuple[str, Made], landscape: Landscape, org: Org, *, same_run: bool
) -> None:
    kind, (resource_id, inputs, old) = made
    failed = lose_the_deploy(run(provider, org), landscape, kind, inputs)
    client = run(provider, org)
    for outputs in (old, failed):
        look(client, kind, (resource_id, inputs, outputs))
    _, live = client.create(kind, inputs)
    assert old["claim"] < failed["claim"] < live["claim"]
    for outputs in (failed, old):
        (client if same_run else run(provider, org)).delete(kind, resource_id, inputs, outputs)
        assert stands(org, kind)
    run(provider, org).delete(kind, resource_id, inputs, live)
    assert not stands(org, kind)


def test_the_last_of_the_state_s_resources_deletes_what_a_late_deploy_of_an_earlier_one_marked_again(
    provider: Client, made: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, old) = made
    live = {**old, "claim": old["claim"] + 1, "claimFound": old["claim"] + 1}
    client = run(provider, org)
    seen = look(client, kind, (resource_id, inputs, live))
    look(client, kind, (resource_id, inputs, old))
    assert list(client.diff(kind, *seen, inputs).diffs) == ["claimFound"]  # the next Update marks it as its own again
    client.delete(kind, resource_id, inputs, old)
    assert stands(org, kind)
    client.delete(kind, resource_id, inputs, live)
    assert not stands(org, kind)


# --- an app that arrives after the look at it


def arrive(serving: Serve, org: Org, kind: str, inputs: dict[str, Any]) -> None:
    late = serving(SalesforceProvider(environment={"ADMIN_TOKEN": org.access_token}))
    late.configure(settings(org))
    late.create(kind, inputs)


def gone_then_there(provider: Client, serving: Serve, org: Org, made: tuple[str, Made]) -> Client:
    """A run whose look does not find the app, which has arrived by the time of its Create."""
    kind, (resource_id, inputs, outputs) = made
    run(provider, org).delete(kind, resource_id, inputs, outputs)
    client = run(provider, org)
    assert client.read(kind, resource_id, inputs, outputs).id == ""
    arrive(serving, org, kind, inputs)
    return client


def other_key(provider: Client, inputs: dict[str, Any]) -> dict[str, Any]:
    key = open_secrets(make(provider, "KeyPair", {"subject": "CN=other"})[2])
    return {**inputs, "certificatePem": key["certificatePem"], "consumerKey": key["consumerKey"]}


def test_an_app_that_arrives_late_gives_way_where_the_run_has_another_key_for_it(
    provider: Client, serving: Serve, made_app: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, _) = made_app
    client = gone_then_there(provider, serving, org, made_app)
    news = other_key(client, inputs)
    _, outputs = client.create(kind, news)
    now = look(run(provider, org), kind, (resource_id, news, outputs))
    assert now[1]["consumerKey"] == news["consumerKey"]
    assert list(provider.diff(kind, *now, news).diffs) == []


def test_an_app_that_arrives_late_is_adopted_where_the_key_is_the_same(
    provider: Client, serving: Serve, made_app: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, _) = made_app
    client = gone_then_there(provider, serving, org, made_app)
    before = org.query(QUESTIONS[kind], tooling=kind == CONNECTED)
    _, outputs = client.create(kind, inputs)
    assert org.query(QUESTIONS[kind], tooling=kind == CONNECTED) == before
    assert look(run(provider, org), kind, (resource_id, inputs, outputs))[1]["consumerKey"] == inputs["consumerKey"]


def test_an_app_that_was_there_before_the_stack_never_gives_way(
    provider: Client, serving: Serve, made_app: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, outputs) = made_app
    client = gone_then_there(provider, serving, org, (kind, (resource_id, inputs, {**outputs, "adopted": True})))
    with pytest.raises(VerbFailedError, match="with another consumer key"):
        client.create(kind, other_key(client, inputs))
    assert stands(org, kind)


def test_an_app_that_is_there_without_a_look_at_it_never_gives_way(
    provider: Client, made_app: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, outputs) = made_app
    client = run(provider, org)
    with pytest.raises(VerbFailedError, match="with another consumer key"):
        client.create(kind, other_key(client, inputs))
    assert look(run(provider, org), kind, (resource_id, inputs, outputs))[1]["consumerKey"] == inputs["consumerKey"]


# --- an engine that was killed amid a replacement, before it wrote what it had made into the state


def test_what_a_killed_run_made_amid_a_replacement_gives_way_when_that_is_done_again(
    provider: Client, made_app: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, outputs) = made_app
    client = run(provider, org)
    client.delete(kind, resource_id, inputs, outputs)
    client.create(kind, other_key(client, inputs))  # whose answer no state has
    lost = org.query(QUESTIONS[kind], tooling=kind == CONNECTED)
    client = run(provider, org)
    news = other_key(client, inputs)
    checked, _ = client.check(kind, news, inputs)
    assert "consumerKey" in list(client.diff(kind, inputs, outputs, checked).replaces)
    _, made = client.create(kind, checked)
    now = look(run(provider, org), kind, (resource_id, checked, made))
    assert now[1]["consumerKey"] == news["consumerKey"]
    assert org.query(QUESTIONS[kind], tooling=kind == CONNECTED) != lost


def test_the_app_that_the_state_has_never_gives_way_to_its_replacement(
    provider: Client, made_app: tuple[str, Made], org: Org
) -> None:
    kind, (_, inputs, outputs) = made_app
    client = run(provider, org)
    news, _ = client.check(kind, other_key(client, inputs), inputs)
    client.diff(kind, inputs, outputs, news)
    with pytest.raises(VerbFailedError, match="with another consumer key"):
        client.create(kind, news)
    assert stands(org, kind)


# --- a deploy that the org takes up after we stopped waiting for its answer


@pytest.mark.parametrize("write", ["createMetadata", "deploy"])
def test_a_write_that_got_no_answer_in_time_has_ended_before_that_is_told(
    serving: Serve, landscape: Landscape, org: Org, write: str
) -> None:
    impatient = {"ADMIN_TOKEN": org.access_token, "ORGKEY_REQUEST_TIMEOUT": "1"}
    client = run(serving(SalesforceProvider(environment=impatient)), org)
    refused = ["INSUFFICIENT_ACCESS"] if write == "deploy" else []  # then the set is deployed
    landscape.admin("POST", "/faults", operation="createMetadata", org="uat", faults=refused or ["stall-1.1"])
    if refused:
        landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["stall-1.1"])
    with pytest.raises(VerbFailedError, match="no answer came in time") as failed:
        client.create(SET, {"name": "Access", "label": "Access", "managedBy": "acme/t"})
    assert failed.value.init_failed is not None
    assert stands(org, SET)


@pytest.mark.parametrize("fault", ["return-504", "UNKNOWN_EXCEPTION"])
def test_a_deploy_that_may_have_arrived_goes_into_state_although_an_error_was_answered(
    provider: Client, permission_set: Made, landscape: Landscape, fault: str
) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=[fault])
    resource_id, inputs, outputs = permission_set
    with pytest.raises(VerbFailedError) as failed:
        provider.update(SET, resource_id, (inputs, outputs), {**inputs, "label": "Other"})
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["id"] == "Access"


def test_a_change_whose_answer_died_with_its_provider_is_a_new_revision_to_the_next_look(
    provider: Client, app: Made, org: Org
) -> None:
    resource_id, inputs, outputs = app
    provider.update(APP, resource_id, (inputs, outputs), {**inputs, "label": "Other"})  # nobody hears the answer
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    seen = plain(provider.read(APP, resource_id, inputs, outputs).properties)
    assert seen["revision"] != outputs["revision"]
    assert seen["deployedAt"] > outputs["deployedAt"]
    again = plain(provider.read(APP, resource_id, {**inputs, "label": "Other"}, seen).properties)
    assert (again["revision"], again["deployedAt"]) == (seen["revision"], seen["deployedAt"])
