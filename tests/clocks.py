"""Clocks for tests that wait for nothing."""

from __future__ import annotations

from orgkey.salesforce.clock import Clock


class BriskClock(Clock):
    """Real time, with every wait cut short: what is waited for here is there already."""

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.02))
