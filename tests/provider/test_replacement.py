"""Two resources of one stack for one thing: a forced replacement, a component renamed under `--target`, a kill in between.

The engine creates the new one, which takes over what is there, and deletes the old one later: in the same run, or in any later one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, SET, Made, app_inputs, make
from tests.provider.protocol import Client, plain

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
