"""Time for everything that waits: the wall clock, a monotonic one, deadlines, and waits that a cancel ends at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from orgkey.salesforce.errors import CANCELED, CanceledError, DeadlineExceededError

T = TypeVar("T")

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)
_LISTEN = 0.05  # seconds between two checks for a cancel while another thread is waited for


@dataclass(slots=True)
class Clock:
    """Real time; tests pass one of their own. `canceled` is set by the engine's Cancel and cleared by the next Configure."""

    canceled: threading.Event = field(default_factory=threading.Event)

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never run backwards, for deadlines."""
        return time.monotonic()

    def set_deadline(self, deadline: float) -> None:
        """Set by when the verb that runs in this thread must end, on the monotonic scale."""
        _DEADLINE.set(deadline)

    def seconds_left(self) -> float:
        """How long the verb that runs in this thread may still take."""
        return max(0.0, _DEADLINE.get() - self.monotonic())

    def wait(self, seconds: float) -> None:
        """Wait, or raise CanceledError as soon as somebody cancels."""
        if self.canceled.wait(max(0.0, seconds)):
            self.check()

    def check(self) -> None:
        """Raise CanceledError when somebody has canceled."""
        if self.canceled.is_set():
            raise CanceledError(CANCELED)

    def result(self, future: Future[T], *, host: str) -> T:
        """Wait for what another thread asks of `host`, no longer than the verb that runs in this thread may take.

        Raises DeadlineExceededError when that time is over, CanceledError when somebody cancels, and whatever the other thread met.
        """
        while not future.done():
            self.check()
            if (left := self.seconds_left()) <= 0:
                raise DeadlineExceededError(host)
            try:
                return future.result(min(left, _LISTEN))
            except TimeoutError:
                continue
        return future.result()

    @contextmanager
    def holding(self, lock: threading.Lock, *, host: str) -> Iterator[None]:
        """Hold a lock that another thread may hold while it works on `host`; raises as `result` does while waiting for it."""
        while not lock.acquire(timeout=min(self.seconds_left(), _LISTEN)):
            self.check()
            if self.seconds_left() <= 0:
                raise DeadlineExceededError(host)
        try:
            yield
        finally:
            lock.release()


@dataclass(slots=True)
class Countdown(Clock):
    """A clock for what may take `seconds` from now, whatever the verb's own deadline says, and although it was canceled."""

    seconds: float = math.inf
    _started: float = field(default_factory=time.monotonic)

    def seconds_left(self) -> float:
        """How many of the seconds are left."""
        return max(0.0, self._started + self.seconds - self.monotonic())
