"""The event bus of each org: events in the order they were published, kept for three days, found again by replay id.

A replay id is a place in the stream: it grows, it leaves gaps, it is never given twice (platform notes 6.4).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from localorg.clock import Clock
from localorg.store import Store

RETENTION = 72 * 3600
"""Seconds that an event is kept."""
ALL, NEW = -2, -1
"""What a subscriber asks for in place of a replay id: everything that is kept, or only what comes from now on."""
_GAP = 3
_LAST = "lastReplayId:{}"


class ReplayIdError(Exception):
    """A replay id is none of an event that is kept."""


@dataclass(frozen=True)
class Event:
    """One event on one channel. `data` is what a subscriber gets."""

    replay_id: int
    channel: str
    data: dict[str, Any]


class EventBus:
    """The streams of all orgs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def publish(self, org: str, channels: Iterable[str], schema: str, payload: dict[str, Any], **about: str) -> None:
        """Put an event on channels of an org, within the caller's transaction. `about` stands beside the replay id."""
        now = self._clock.now()
        replay_id = self.last(org) + 1 + secrets.randbelow(_GAP)
        self._store.set_setting(_LAST.format(org), replay_id)
        self._store.do("DELETE FROM _Event WHERE org = ? AND at <= ?", (org, now - RETENTION))
        data = json.dumps({"schema": schema, "payload": payload, "event": {"replayId": replay_id, **about}})
        for channel in channels:
            row = {"org": org, "channel": channel, "replay_id": replay_id, "at": now, "data": data}
            self._store.put("_Event", row)

    def last(self, org: str) -> int:
        """Return the last replay id that an org has given."""
        return int(self._store.setting(_LAST.format(org), 0))

    def place(self, org: str, channel: str, asked: int) -> int:
        """Return the place after which a subscriber's events begin. Raises ReplayIdError."""
        if asked == NEW:
            return self.last(org)
        if asked == ALL:
            return 0
        kept = "SELECT 1 FROM _Event WHERE org = ? AND channel = ? AND replay_id = ? AND at > ?"
        if self._store.one(kept, (org, channel, asked, self._clock.now() - RETENTION)) is None:
            raise ReplayIdError
        return asked

    def after(self, org: str, channel: str, replay_id: int, most: int) -> list[Event]:
        """Return the first events of a channel after a place, oldest first."""
        rows = self._store.all(
            "SELECT replay_id, data FROM _Event WHERE org = ? AND channel = ? AND replay_id > ? AND at > ? "
            "ORDER BY replay_id LIMIT ?",
            (org, channel, replay_id, self._clock.now() - RETENTION, most),
        )
        return [Event(row["replay_id"], channel, json.loads(row["data"])) for row in rows]
