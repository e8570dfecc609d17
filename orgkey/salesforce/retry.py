"""The one loop that tries again: bounded in attempts and time, with jitter, and ended at once by a cancel.

A refusal says that nothing happened, so a refused write may be repeated. A lost answer, a gateway's error and an org that failed inside
say nothing of the kind: of a write, they are never retried.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import DeployFailedError, RefusedError, SalesforceError

T = TypeVar("T")

ATTEMPTS, SECONDS = 20, 30.0
"""Attempts and seconds that a transient refusal is given, the verb's own deadline permitting."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between two attempts: the first pause, by how much each is longer than the one before, and the longest.

    `spread` is the part of a pause that is left to chance.
    """

    first: float
    longest: float
    growth: float = 1.0
    spread: float = 0.5

    def pauses(self, jitter: Callable[[], float]) -> Iterator[float]:
        """Pauses without end; `jitter` gives numbers from 0 to 1."""
        pause = self.first
        while True:
            yield pause * (1 + self.spread * (jitter() - 0.5))
            pause = min(pause * self.growth, self.longest)


REFUSED = Backoff(first=1.0, longest=1.0, spread=1.0)


def retry(
    call: Callable[[], T],
    *,
    clock: Clock,
    when: Callable[[SalesforceError], bool],
    backoff: Backoff,
    attempts: float = math.inf,
    seconds: float = math.inf,
    tell: Callable[[SalesforceError, float], None] = lambda _error, _elapsed: None,
    give_up: Callable[[SalesforceError, int], None] = lambda _error, _attempts: None,
    jitter: Callable[[], float] = random.random,
) -> T:
    """Call, and again while it raises an error for which `when` holds; the last error is raised.

    Ends after `attempts`, and where the next pause would last beyond `seconds` or the verb's own time. An error with `retry_after` sets
    its pause itself. `tell` hears of every error that is followed by another attempt, with the seconds since the first; `give_up` of the
    last one, with how often was tried. Raises CanceledError as soon as somebody cancels.
    """
    started = clock.monotonic()
    until = started + min(seconds, clock.seconds_left())
    for tries, pause in enumerate(backoff.pauses(jitter), start=1):
        clock.check()
        try:
            return call()
        except SalesforceError as error:
            if not when(error):
                raise
            asked = getattr(error, "retry_after", None)
            pause = pause if asked is None else asked  # noqa: PLW2901 — the org's own word on it
            if tries >= attempts or clock.monotonic() + pause > until:
                give_up(error, tries)
                raise
            tell(error, clock.monotonic() - started)
        clock.wait(pause)
    raise AssertionError  # pragma: no cover — the pauses never end


def retry_refused(
    call: Callable[[], T],
    *,
    clock: Clock,
    on: type[RefusedError | DeployFailedError] = RefusedError,
    attempts: int = ATTEMPTS,
    seconds: float = SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> T:
    """Call, and again while the org refuses for a reason that passes; the last error says how often, and when to come back."""

    def say(error: SalesforceError, _elapsed: float) -> None:
        tell(f"{error.in_short}; trying again" if isinstance(error, on) else str(error))

    def come_back(error: SalesforceError, tries: int) -> None:
        if isinstance(error, on):
            error.add_retry_hint(tries)

    return retry(
        call,
        clock=clock,
        when=lambda error: isinstance(error, on) and error.transient,
        backoff=REFUSED,
        attempts=attempts,
        seconds=seconds,
        tell=say,
        give_up=come_back,
    )
