"""What was there before the stack goes with its sandbox: the copy of production that a refresh puts in its place was not taken over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL
from tests.provider.conftest import MANAGED_BY, SET, Made, Serve, app_inputs, make
from tests.provider.protocol import Client, VerbFailedError, open_secrets, plain

PRODUCTION = "acme/prod"
Refreshed = tuple[Client, str, Made, Org]


def settings(org: Org) -> dict[str, Any]:
    return {
        "instanceUrl": org.url,
        "caBundle": org.ca_bundle,
        "credentials": f'{{"accessTokenEnv": "TOKEN_{org.name}"}}',
    }


def inputs_of(kind: str, key: dict[str, Any], managed_by: str) -> dict[str, Any]:
    if kind == SET:
        return {"name": "Access", "label": "Access", "managedBy": managed_by}
    return app_inputs(key, managedBy=managed_by)


@pytest.fixture(params=[SET, EXTERNAL, CONNECTED])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def refreshed(kind: str, serving: Serve, offline: Client, landscape: Landscape, org: Org) -> Iterator[Refreshed]:
    """The provider of the run after a refresh, and what the stack had taken over in the sandbox, as its state has it."""
    landscape.admin("PATCH", "/knobs", connected_app_creation=True, refresh_copies_apps=True)
    production, tokens = landscape.org("acme"), {"TOKEN_uat": org.access_token}
    tokens["TOKEN_acme"] = production.access_token
    client = serving(SalesforceProvider(environment=tokens))
    own, production_key = (
        open_secrets(make(offline, "KeyPair", {"subject": f"CN={each}"})[2]) for each in ("own", "prod")
    )
    client.configure(settings(production))
    there = [make(client, SET, inputs_of(SET, {}, PRODUCTION))]
    there += [make(client, kind, inputs_of(kind, production_key, PRODUCTION))] if kind != SET else []
    client.configure(settings(org))
    make(client, SET, inputs_of(SET, {}, "" if kind == SET else MANAGED_BY))
    if kind != SET:
        make(client, kind, inputs_of(kind, own, ""))
    client.configure(settings(org))
    name = "Access" if kind == SET else "App"
    found = client.read(kind, name)
    news, _ = client.check(kind, inputs_of(kind, own, MANAGED_BY))
    outputs = client.update(kind, name, (plain(found.inputs), plain(found.properties)), news)
    assert outputs["adopted"] is True
    landscape.admin("POST", "/orgs/uat/refresh")
    now = landscape.org("uat")
    tokens["TOKEN_uat"] = now.access_token
    client.configure(settings(now))
    yield client, name, (name, news, outputs), now
    client.configure(settings(production))
    for made_kind, made in zip((kind, SET) if kind != SET else (SET,), reversed(there), strict=True):
        client.delete(made_kind, *made)


def test_a_copy_is_given_this_stacks_own_settings_and_key_again(refreshed: Refreshed, kind: str) -> None:
    client, name, (_, news, old), now = refreshed
    seen = client.read(kind, name, news, old)
    inputs, outputs = plain(seen.inputs), plain(seen.properties)
    assert outputs["adopted"] is False
    checked, _ = client.check(kind, news, inputs)
    diff = client.diff(kind, inputs, outputs, checked)
    assert list(diff.replaces) == (["consumerKey"] if kind == EXTERNAL else [])  # a Connected App keeps its copy's
    if diff.replaces:
        client.delete(kind, name, inputs, outputs)
        after = client.create(kind, checked)[1]
        assert after["consumerKey"] == news["consumerKey"]
    else:
        after = client.update(kind, name, (inputs, outputs), checked)
    assert after["adopted"] is False
    client.configure(settings(now))
    seen = client.read(kind, name, checked, after)
    assert list(client.diff(kind, plain(seen.inputs), plain(seen.properties), checked).diffs) == []


def test_it_may_be_recreated_like_all_that_a_stack_makes_and_that_lasts(refreshed: Refreshed, kind: str) -> None:
    client, name, (_, news, old), now = refreshed
    seen = client.read(kind, name, news, old)
    inputs, outputs = plain(seen.inputs), plain(seen.properties)
    if kind == EXTERNAL:
        client.delete(kind, name, inputs, outputs)
        outputs = client.create(kind, news)[1]
    else:
        outputs = client.update(kind, name, (inputs, outputs), news)
    client.configure(settings(now))  # a run that remembers nothing but the marker
    news = {
        **news,
        **{name: outputs[name] for name in ("consumerKey",) if name in outputs},
    }  # a Connected App keeps its copy's
    _, outputs = client.create(kind, news)
    assert outputs["adopted"] is False
    checked, _ = client.check(kind, {**news, "name": "Another"}, news)
    assert list(client.diff(kind, news, outputs, checked).replaces) == ["name"]


def test_what_stays_in_its_org_stays_taken_over_whoever_writes_productions_marker_on_it(
    provider: Client, permission_set: Made, landscape: Landscape
) -> None:
    name, inputs, outputs = permission_set
    copied = f"copied text\nmanaged by orgkey {PRODUCTION} in {landscape.org('acme').org_id}"
    provider.update(SET, name, (inputs, outputs), {**inputs, "managedBy": "", "description": copied})
    seen = provider.read(SET, name, inputs, {**outputs, "adopted": True})
    renamed, _ = provider.check(SET, {**inputs, "name": "Another"}, inputs)
    with pytest.raises(VerbFailedError, match="was taken over"):
        provider.diff(SET, inputs, plain(seen.properties), renamed)
