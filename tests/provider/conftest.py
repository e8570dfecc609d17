from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from orgkey.provider.server import serve
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.clock import Clock
from tests.landscape import Landscape, Org
from tests.provider.protocol import Client

NOWHERE = {"instanceUrl": "https://nowhere.my.salesforce.com", "credentials": '{"accessTokenEnv": "NO_TOKEN"}'}


class FixedClock(Clock):
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> float:
        return self.moment.timestamp()


@pytest.fixture
def offline_at() -> Iterator[Callable[[datetime], Client]]:
    """A provider at a moment, configured with an org that does not exist."""
    running = []

    def start(moment: datetime) -> Client:
        server, port = serve(SalesforceProvider(clock=FixedClock(moment), environment={}))
        client = Client(port)
        running.append((server, client))
        client.configure(NOWHERE)
        return client

    yield start
    for server, client in running:
        client.channel.close()
        server.stop(grace=None).wait()


@pytest.fixture
def offline(offline_at: Callable[[datetime], Client]) -> Client:
    """A provider that has no org to talk to."""
    return offline_at(datetime.now(UTC))


class MovedClock(Clock):
    """A clock that a test moves."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.fixture
def clock() -> MovedClock:
    """The provider's clock."""
    return MovedClock()


@pytest.fixture
def provider(org: Org, landscape: Landscape, clock: MovedClock) -> Iterator[Client]:
    """A provider that is configured with a clean sandbox."""
    tokens = {"ADMIN_TOKEN": org.access_token, "PRODUCTION_TOKEN": landscape.org("acme").access_token}
    server, port = serve(SalesforceProvider(clock=clock, environment=tokens))
    client = Client(port)
    client.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    yield client
    client.channel.close()
    server.stop(grace=None).wait()
