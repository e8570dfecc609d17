"""How long a proof waits for an app that is new: an External Client App may take half an hour, anything else ten minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orgkey.model.grant import longest_propagation
from orgkey.provider.server import serve
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.clock import Clock
from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL, made_app
from tests.provider.conftest import GRANT, Made, grant_inputs, make
from tests.provider.protocol import Client, VerbFailedError


class QuickClock(Clock):
    """Once it hurries, waits are over at once and time has passed here and in the landscape: four minutes, so that few tries are made."""

    hurries = False

    def __init__(self, landscape: Landscape) -> None:
        super().__init__()
        self.landscape, self.waited = landscape, 0.0

    def now(self) -> float:
        return super().now() + self.waited

    def monotonic(self) -> float:
        return super().monotonic() + self.waited

    def wait(self, seconds: float) -> None:
        if seconds < 0.1 or not self.hurries:  # gathering questions, or deploying
            super().wait(seconds)
            return
        self.waited += max(seconds, 240.0)
        self.landscape.admin("PATCH", "/clock", offset=self.waited)


@pytest.fixture
def quick(landscape: Landscape) -> QuickClock:
    return QuickClock(landscape)


@pytest.fixture
def provider(org: Org, quick: QuickClock) -> Iterator[Client]:
    """A provider to which waits cost nothing."""
    server, port = serve(SalesforceProvider(clock=quick, environment={"ADMIN_TOKEN": org.access_token}))
    client = Client(port)
    client.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    yield client
    client.channel.close()
    server.stop(grace=None).wait()


def grant(key: dict[str, Any], org: Org, kind: str, **changes: Any) -> dict[str, Any]:
    inputs = grant_inputs(key, org, appKind="connected" if kind == CONNECTED else "external", **changes)
    return {name: value for name, value in inputs.items() if value is not None}


@pytest.mark.parametrize(
    ("kind", "given", "takes", "works"),
    [
        (EXTERNAL, None, 25, True),
        (EXTERNAL, None, 35, False),
        (EXTERNAL, 10, 25, False),
        (EXTERNAL, 40, 32, True),
        (CONNECTED, None, 8, True),
        (CONNECTED, None, 25, False),
        (CONNECTED, 30, 25, True),
    ],
)
def test_a_first_proof_waits_as_long_as_a_new_app_may_take(
    provider: Client,
    holders: Made,
    key: dict[str, Any],
    org: Org,
    landscape: Landscape,
    kind: str,
    given: float | None,
    takes: float,
    quick: QuickClock,
    works: bool,  # noqa: FBT001 — a column of the table
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True, propagation_delay=takes * 60)
    app = made_app(provider, kind, key)
    news = grant(key, org, kind, propagationMinutes=given, deployedAt=app[2]["deployedAt"])
    quick.hurries = True
    if works:
        assert make(provider, GRANT, news)[2]["verified"] is True
        return
    with pytest.raises(VerbFailedError) as failed:
        make(provider, GRANT, news)
    assert failed.value.init_failed is not None


def test_once_a_login_by_a_key_was_proved_a_change_has_ten_minutes_and_another_key_half_an_hour(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, quick: QuickClock
) -> None:
    made_app(provider, EXTERNAL, key)
    resource_id, inputs, outputs = make(provider, GRANT, grant(key, org, EXTERNAL, propagationMinutes=None))
    quick.hurries = True
    other = make(provider, "KeyPair", {"subject": "CN=other"})[2]["consumerKey"]
    before = quick.waited
    with pytest.raises(VerbFailedError):
        provider.update(GRANT, resource_id, (inputs, outputs), {**inputs, "consumerKey": other})
    assert 25 * 60 < quick.waited - before <= 34 * 60
    before = quick.waited
    with pytest.raises(VerbFailedError):
        provider.update(
            GRANT, resource_id, (inputs, outputs), {**inputs, "revisions": ["3"], "username": "nobody@acme.com.uat"}
        )
    assert 8 * 60 <= quick.waited - before <= 14 * 60


def test_how_long_to_wait_is_nothing_that_needs_another_proof(
    provider: Client, holders: Made, key: dict[str, Any], org: Org
) -> None:
    made_app(provider, EXTERNAL, key)
    _, inputs, outputs = make(provider, GRANT, grant(key, org, EXTERNAL, propagationMinutes=10))
    without = {name: value for name, value in inputs.items() if name != "propagationMinutes"}
    for news in (without, {**inputs, "propagationMinutes": 60}):
        assert list(provider.diff(GRANT, inputs, outputs, news).diffs) == []


def test_the_longest_wait_by_kind() -> None:
    assert [longest_propagation(kind, None) for kind in ("external", "connected")] == [30, 10]
    assert longest_propagation("external", 5) == 5
