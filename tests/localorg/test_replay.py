"""Replay ids: where a subscription begins, and how long events are kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localorg.clock import Clock
from localorg.store import Store
from localorg.streaming.bus import ALL, NEW, RETENTION, EventBus, ReplayIdError

CHANNEL, OTHER = "/event/One__e", "/event/Two__e"
Steps = list[str | int]
STEPS = st.lists(st.one_of(st.sampled_from([CHANNEL, OTHER]), st.integers(1, RETENTION)), max_size=30)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class _Standing(Clock):
    """A clock that stands still until it is moved."""

    def now(self) -> float:
        return self.offset


@dataclass
class Stream:
    """An org's events as a test published them: replay id, channel, when."""

    bus: EventBus
    clock: Clock
    org: str
    published: list[tuple[int, str, float]] = field(default_factory=list)

    def follow(self, steps: Steps) -> Stream:
        """Publish on a channel, or wait some seconds."""
        for step in steps:
            if isinstance(step, int):
                self.clock.offset += step
            else:
                self.bus.publish(self.org, [step], "schema", {})
                self.published.append((self.bus.last(self.org), step, self.clock.offset))
        return self

    def kept(self) -> list[int]:
        oldest = self.clock.offset - RETENTION
        return [replay_id for replay_id, channel, at in self.published if channel == CHANNEL and at > oldest]

    def got(self, asked: int) -> list[int]:
        place = self.bus.place(self.org, CHANNEL, asked)
        return [event.replay_id for event in self.bus.after(self.org, CHANNEL, place, 1000)]


@pytest.fixture
def streams() -> Iterator[Iterator[Stream]]:
    """Streams of orgs without events, over one store."""
    store = Store(":memory:")
    clock = _Standing()
    yield (Stream(EventBus(store, clock), clock, f"org{number}") for number in itertools.count())
    store.close()


@unhurried
@given(STEPS)
def test_a_subscription_gets_what_is_kept_after_its_place(streams: Iterator[Stream], steps: Steps) -> None:
    stream = next(streams).follow(steps)
    kept = stream.kept()
    assert stream.got(ALL) == kept
    assert stream.got(NEW) == []
    for index, replay_id in enumerate(kept):
        assert stream.got(replay_id) == kept[index + 1 :]


@unhurried
@given(STEPS, st.integers(0, 200))
def test_a_replay_id_of_no_kept_event_is_refused(streams: Iterator[Stream], steps: Steps, asked: int) -> None:
    stream = next(streams).follow(steps)
    for replay_id in {asked, *(each for each, _, _ in stream.published)} - set(stream.kept()):
        with pytest.raises(ReplayIdError):
            stream.got(replay_id)


@unhurried
@given(STEPS)
def test_replay_ids_grow_and_are_never_given_twice(streams: Iterator[Stream], steps: Steps) -> None:
    published = next(streams).follow(steps).published
    assert all(one < two for (one, _, _), (two, _, _) in pairwise(published))
