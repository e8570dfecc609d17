"""Time for everything that waits: the wall clock, a monotonic one, and a wait that a cancel ends at once."""

from __future__ import annotations

import math
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from orgkey.salesforce.errors import CANCELED, CanceledError

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)


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

    def must_end(self, deadline: float) -> None:
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
