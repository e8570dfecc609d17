"""Two resources of one stack for one thing: a forced replacement, a component renamed under `--target`, a kill in between.

The engine creates the new one, which takes over what is there, and deletes the old one later: in the same run, or in any later one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, SET, Made, app_inputs, make
from tests.provider.protocol import Client, VerbFailedError, plain

CONNECTED = "ConnectedApp"
Next = Callable[[], Client]
SAME_RUN = pytest.mark.parametrize("same_run", [True, False], ids=["in the same run", "in later runs"])


@pytest.fixture
def next_run(provider: Client, org: Org) -> Next:
    """Begin another run: its provider remembers nothing."""

    def begin() -> Client:
        provider.configure(
            {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
        )
        return provider

    return begin


@pytest.fixture(params=[SET, APP, CONNECTED])
def made(request: pytest.FixtureRequest, landscape: Landscape) -> tuple[str, Made]:
    """A thing with a marker, and its kind."""
    if request.param == SET:
        return SET, request.getfixturevalue("permission_set")
    if request.param == APP:
        return APP, request.getfixturevalue("app")
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    request.getfixturevalue("holders")
    provider, key = request.getfixturevalue("provider"), request.getfixturevalue("key")
    return CONNECTED, make(provider, CONNECTED, app_inputs(key))


def stands(org: Org, kind: str) -> bool:
    question = {
        SET: "SELECT Id FROM PermissionSet WHERE Name = 'Access'",
        APP: "SELECT Id FROM ExternalClientApplication WHERE DeveloperName = 'App'",
        CONNECTED: "SELECT Id FROM ConnectedApplication WHERE DeveloperName = 'App'",
    }[kind]
    return bool(org.query(question, tooling=kind == CONNECTED))


@SAME_RUN
def test_the_old_one_leaves_alone_what_the_new_one_took_over_and_the_new_one_deletes_it(
    next_run: Next, provider: Client, made: tuple[str, Made], org: Org, *, same_run: bool
) -> None:
    kind, (resource_id, inputs, old) = made
    _, new = next_run().create(kind, inputs)
    if not same_run:
        next_run()
    provider.delete(kind, resource_id, inputs, old)
    assert stands(org, kind)
    next_run().delete(kind, resource_id, inputs, new)
    assert not stands(org, kind)


def test_a_state_from_before_there_were_claims_is_the_first(next_run: Next, made: tuple[str, Made], org: Org) -> None:
    kind, (resource_id, inputs, outputs) = made
    before = {name: value for name, value in outputs.items() if not name.startswith("claim")}
    seen = next_run().read(kind, resource_id, inputs, before)
    assert list(next_run().diff(kind, plain(seen.inputs), plain(seen.properties), inputs).diffs) == []
    _, new = next_run().create(kind, inputs)
    next_run().delete(kind, resource_id, inputs, before)
    assert stands(org, kind)
    next_run().delete(kind, resource_id, inputs, new)
    assert not stands(org, kind)


def test_a_look_at_the_old_one_never_makes_it_the_owner_again(next_run: Next, made: tuple[str, Made], org: Org) -> None:
    kind, (resource_id, inputs, old) = made
    next_run().create(kind, inputs)
    seen = next_run().read(kind, resource_id, inputs, old)  # `pulumi refresh` reads what awaits its deletion too
    assert seen.id == resource_id
    next_run().delete(kind, resource_id, plain(seen.inputs), plain(seen.properties))
    assert stands(org, kind)


def test_one_whose_takeover_lost_its_answer_takes_it_over_again_by_an_update(
    next_run: Next, made: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, old) = made
    _, lost = next_run().create(kind, inputs)
    seen = next_run().read(kind, resource_id, inputs, old)
    before = plain(seen.inputs), plain(seen.properties)
    assert list(next_run().diff(kind, *before, inputs).diffs) == ["claimFound"]
    after = next_run().update(kind, resource_id, before, inputs)
    seen = next_run().read(kind, resource_id, inputs, after)
    assert list(next_run().diff(kind, plain(seen.inputs), plain(seen.properties), inputs).diffs) == []
    next_run().delete(kind, resource_id, inputs, lost)
    assert stands(org, kind)
    next_run().delete(kind, resource_id, inputs, after)
    assert not stands(org, kind)


@SAME_RUN
def test_what_is_imported_again_is_not_deleted_by_the_resource_that_had_it_before(
    next_run: Next, provider: Client, made: tuple[str, Made], org: Org, *, same_run: bool
) -> None:
    kind, (resource_id, inputs, old) = made
    imported = next_run().read(kind, resource_id)
    news = plain(imported.inputs) | {name: inputs[name] for name in ("certificatePem", "consumerKey") if name in inputs}
    if not same_run:
        seen = next_run().read(kind, resource_id, news, plain(imported.properties))
        assert "claimFound" in next_run().diff(kind, plain(seen.inputs), plain(seen.properties), news).diffs
        next_run().update(kind, resource_id, (plain(seen.inputs), plain(seen.properties)), news)
        next_run()
    provider.delete(kind, resource_id, inputs, old)
    assert stands(org, kind)


def test_what_was_made_anew_under_the_same_name_is_not_what_an_older_state_knows(
    next_run: Next, made: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, old) = made
    next_run().delete(kind, resource_id, inputs, old)
    next_run().create(kind, inputs)
    next_run().delete(kind, resource_id, inputs, old)
    assert stands(org, kind)


# --- states from before there were claims: nothing in them tells two resources for one thing from each other


def without_claim(outputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outputs.items() if not name.startswith("claim")}


def looked_at(client: Client, kind: str, made: Made) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and outputs as the engine has them after its first look of a run."""
    resource_id, inputs, outputs = made
    seen = client.read(kind, resource_id, inputs, outputs)
    return plain(seen.inputs), plain(seen.properties)


@pytest.mark.parametrize("change", [{}, {"label": "Other"}], ids=["nothing changes", "the live one changes"])
@pytest.mark.parametrize("reads", [True, False], ids=["after a look", "without a look"])
@pytest.mark.parametrize("name", ["", "former"], ids=["under one name", "under a former name"])
def test_what_awaits_its_deletion_is_left_alone_as_long_as_the_program_declares_the_same_thing(
    next_run: Next, made: tuple[str, Made], org: Org, change: dict[str, str], name: str, *, reads: bool
) -> None:
    kind, (resource_id, inputs, outputs) = made
    before = without_claim(outputs)
    live, former = (client := next_run()), client.about(name)
    old = new = (inputs, before)
    if reads:
        new = looked_at(live, kind, (resource_id, inputs, before))
        old = looked_at(former, kind, (resource_id, inputs, before))
    news, _ = live.check(kind, {**inputs, **change}, inputs)
    assert list(live.diff(kind, *new, news).replaces) == []
    after = live.update(kind, resource_id, new, news) if change else new[1]
    former.delete(kind, resource_id, *old)
    assert stands(org, kind)
    next_run().delete(kind, resource_id, news, after)
    assert not stands(org, kind)


def test_what_is_to_be_replaced_is_deleted_although_the_program_declares_it(
    next_run: Next, made: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, outputs) = made
    client = next_run()
    old = looked_at(client, kind, (resource_id, inputs, without_claim(outputs)))
    change = {"license": "Salesforce"} if kind == SET else {"consumerKey": "AnotherConsumerKey"}
    news, _ = client.check(kind, {**inputs, **change}, inputs)
    assert list(client.diff(kind, *old, news).replaces) == list(change)
    client.delete(kind, resource_id, *old)
    assert not stands(org, kind)


# --- replaced by order and renamed in one `up`: the new one is made first, and no two apps share a consumer key

APPS = pytest.mark.parametrize("made", [APP, CONNECTED], indirect=True)


@APPS
def test_an_app_that_is_replaced_by_order_and_renamed_hands_its_consumer_key_on(
    next_run: Next, made: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, outputs) = made
    client = next_run()
    old = looked_at(client, kind, (resource_id, inputs, outputs))
    renamed = {**inputs, "name": "Another"}
    _, new = client.create(kind, renamed)
    client.delete(kind, resource_id, *old)
    assert not stands(org, kind)
    assert plain(next_run().read(kind, "Another", renamed, new).properties)["consumerKey"] == inputs["consumerKey"]


@APPS
def test_one_that_was_there_before_the_stack_keeps_its_consumer_key_then(
    next_run: Next, made: tuple[str, Made], org: Org
) -> None:
    kind, (resource_id, inputs, outputs) = made
    client = next_run()
    looked_at(client, kind, (resource_id, inputs, {**outputs, "adopted": True}))
    with pytest.raises(VerbFailedError, match="consumer key is already taken"):
        client.create(kind, {**inputs, "name": "Another"})
    assert stands(org, kind)


# --- what was there before the stack


@pytest.mark.parametrize("remembers", [True, False], ids=["with a look before", "without"])
@pytest.mark.parametrize("marked", [True, False], ids=["another stack's", "nobody's"])
def test_what_was_imported_once_is_never_made_anew_after_a_forced_replacement_either(
    next_run: Next, made: tuple[str, Made], org: Org, *, remembers: bool, marked: bool
) -> None:
    kind, (resource_id, inputs, _) = made
    if not marked:
        client = next_run()
        found = client.read(kind, resource_id)
        client.update(kind, resource_id, (plain(found.inputs), plain(found.properties)), {**inputs, "managedBy": ""})
    imported = next_run().read(kind, resource_id)
    mine = {**inputs, "managedBy": "acme/mine"}
    outputs = next_run().update(kind, resource_id, (plain(imported.inputs), plain(imported.properties)), mine)
    client = next_run()
    if remembers:
        looked_at(client, kind, (resource_id, mine, outputs))
    news, _ = client.check(kind, mine)
    _, replaced = client.create(kind, news)
    assert replaced["adopted"] is True
    client.delete(kind, resource_id, mine, outputs)
    another, _ = next_run().check(kind, {**news, "name": "Another"}, news)
    with pytest.raises(VerbFailedError, match="was taken over"):
        next_run_with_check(next_run, kind, news, replaced, another)
    assert stands(org, kind)


def next_run_with_check(
    next_run: Next, kind: str, inputs: dict[str, Any], outputs: dict[str, Any], news: dict[str, Any]
) -> None:
    client = next_run()
    client.check(kind, news, inputs)
    client.diff(kind, inputs, outputs, news)


def test_what_the_stack_made_itself_can_still_be_made_anew_after_a_killed_up_and_a_forced_replacement(
    next_run: Next, made: tuple[str, Made]
) -> None:
    kind, (resource_id, inputs, _) = made
    _, second = next_run().create(kind, inputs)  # the first one's answer was lost
    assert second["adopted"] is False
    client = next_run()
    looked_at(client, kind, (resource_id, inputs, second))
    _, third = client.create(kind, inputs)
    assert third["adopted"] is False


def test_no_number_of_forced_replacements_makes_what_the_stack_made_itself_look_like_something_that_was_there_before(
    next_run: Next, made: tuple[str, Made], org: Org
) -> None:
    """The engine starts another provider after its look where the provider's settings changed: that one remembers nothing."""
    kind, (resource_id, inputs, outputs) = made
    for _ in range(3):
        client = next_run()
        _, replaced = client.create(kind, inputs)
        client.delete(kind, resource_id, inputs, outputs)
        outputs = replaced
        assert outputs["adopted"] is False
    another, _ = next_run().check(kind, {**inputs, "name": "Another"}, inputs)
    next_run_with_check(next_run, kind, inputs, outputs, another)
    assert stands(org, kind)
