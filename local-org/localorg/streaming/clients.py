"""The clients of the Streaming API, in memory: who they are, what they subscribe to, how long they may stay away.

A restart forgets them, as it does on the platform: they shake hands again and go on by replay id.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field

from localorg.clock import Clock
from localorg.streaming.bus import Event, EventBus

AFTER_EVENTS = 40.0
"""Seconds within which a client that was given events must connect again (platform notes 6.4)."""
WITHOUT_EVENTS = 110.0
"""The same after a connect that ended without events, and after the handshake."""
MOST_EVENTS = 500
"""Events in one answer; the next connect has the rest at once."""


@dataclass(eq=False)
class Client:
    """One client after its handshake. `places`: channel -> replay id of the last event it was given."""

    id: str
    org: str
    user_id: str
    browser: str
    leaves: float
    places: dict[str, int] = field(default_factory=dict)
    has_connected: bool = False
    held: Wait | None = None


class Wait:
    """A connect that is held until there is something to say, for a client with that access token."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._woken = asyncio.Event()
        self.is_released = False

    def look(self) -> None:
        """Let the one who waits look whether it is time."""
        self._woken.set()

    def release(self) -> None:
        """End the wait: another connect took its place, the client left, or the server stops."""
        self.is_released = True
        self._woken.set()

    async def pause(self, seconds: float) -> None:
        """Sleep until somebody says that there may be something to see, at most for some real seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()


class Clients:
    """The clients of all orgs."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self.bus = bus
        self._clock = clock
        self._clients: dict[str, Client] = {}
        self._is_stopped = False

    def open(self, org: str, user_id: str, browser: str) -> Client:
        """Return a new client."""
        for each in list(self._clients.values()):
            self._drop_if_late(each)
        made = Client(secrets.token_hex(14), org, user_id, browser, self._clock.now() + WITHOUT_EVENTS)
        self._clients[made.id] = made
        return made

    def find(self, client_id: str, org: str, user_id: str) -> Client | None:
        """Return a user's client, unless it stayed away for too long."""
        found = self._clients.get(client_id)
        if found is None or (found.org, found.user_id) != (org, user_id) or self._drop_if_late(found):
            return None
        return found

    def close(self, client_id: str) -> None:
        """Forget a client; its connect ends."""
        gone = self._clients.pop(client_id, None)
        if gone is not None and gone.held is not None:
            gone.held.release()

    def is_open(self, client: Client) -> bool:
        """Tell whether a client is still known."""
        return client.id in self._clients

    def hold(self, client: Client, token: str) -> Wait:
        """Begin a client's wait; one that it has already ends."""
        if client.held is not None:
            client.held.release()
        client.held = Wait(token)
        if self._is_stopped:
            client.held.release()
        return client.held

    def let_go(self, client: Client, wait: Wait) -> None:
        """End a wait of a client, whose time to connect again begins."""
        if client.held is wait:
            client.held = None
            client.leaves = self._clock.now() + WITHOUT_EVENTS

    def held(self) -> list[tuple[str, str]]:
        """Return the org and the access token of each connect that is held."""
        return [(each.org, each.held.token) for each in self._clients.values() if each.held is not None]

    def has_events(self, client: Client) -> bool:
        """Tell whether a client has events to come."""
        return any(self.bus.after(client.org, channel, place, 1) for channel, place in client.places.items())

    def take_events(self, client: Client) -> list[Event]:
        """Return the events that a client has to come, in the order they were published, and note that it had them."""
        found: list[Event] = []
        for channel, place in client.places.items():
            found += self.bus.after(client.org, channel, place, MOST_EVENTS)
        found = sorted(found, key=lambda event: event.replay_id)[:MOST_EVENTS]
        for event in found:
            client.places[event.channel] = event.replay_id
        client.leaves = self._clock.now() + (AFTER_EVENTS if found else WITHOUT_EVENTS)
        return found

    def look(self) -> None:
        """Let every held connect look: something was done that may concern it."""
        for each in self._clients.values():
            if each.held is not None:
                each.held.look()

    def stop(self) -> None:
        """Hold nobody any more: the server stops."""
        self._is_stopped = True
        for each in self._clients.values():
            if each.held is not None:
                each.held.release()

    def _drop_if_late(self, client: Client) -> bool:
        late = client.held is None and client.leaves < self._clock.now()
        if late:
            self._clients.pop(client.id, None)
        return late
