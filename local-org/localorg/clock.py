"""The landscape's clock: the machine's, plus an offset that a test can set.

Everything with a date or a duration (sessions, deploys, propagation, login rates) asks here, so moving the clock is
the same as waiting. Network time is not moved: a latency or a stall takes real seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Clock:
    """Seconds since the epoch as the landscape sees them. `on_move` is called after every change of the offset."""

    offset: float = 0.0
    on_move: list[Callable[[], None]] = field(default_factory=list)

    def now(self) -> float:
        """Return the landscape's time, in seconds since the epoch."""
        return time.time() + self.offset

    def move_to(self, offset: float) -> None:
        """Set the distance to the machine's clock, in seconds, and let those who wait look again."""
        self.offset = offset
        for moved in self.on_move:
            moved()

    def timestamp(self) -> str:
        """Return the time as the REST API writes it."""
        return format_timestamp(self.now())


def format_timestamp(seconds: float) -> str:
    """Return `2026-11-24T10:32:42.000+0000`: text that also sorts by time."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def as_xml_timestamp(timestamp: str) -> str:
    """Return a stored timestamp as the SOAP API writes it: `2026-11-24T10:32:42.000Z`."""
    return timestamp.replace("+0000", "Z")
