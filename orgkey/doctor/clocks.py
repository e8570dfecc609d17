"""Questions about this machine's clock and the org's, by the Date of its answers."""

from __future__ import annotations

from orgkey.doctor.facts import Facts
from orgkey.doctor.three_values import Seen
from orgkey.identity.assertion import LONGEST_LIFE

SKEW, AGREE = 120.0, 30.0
"""Seconds by which two clocks may differ before that counts, and within which they agree."""


def clock_off(facts: Facts) -> Seen:
    """Whether this machine's clock and the org's are too far apart for an assertion of three minutes."""
    return None if facts.host.clock_ahead is None else abs(facts.host.clock_ahead) >= SKEW


def clock_behind(facts: Facts) -> Seen:
    """Whether this machine's clock is so far behind that an assertion may arrive expired."""
    return None if facts.host.clock_ahead is None else facts.host.clock_ahead <= -SKEW


def outlives(facts: Facts, life: float = LONGEST_LIFE) -> Seen:
    """Whether this machine's clock is behind by the whole life of an assertion, or by `life`: an org is lenient (platform notes 4.2)."""
    ahead = facts.host.clock_ahead
    if ahead is None or -life < ahead < -AGREE:
        return None
    return ahead <= -life


def clocks_agree(facts: Facts) -> Seen:
    """Whether the two clocks agree; None between agreeing and being apart."""
    ahead = facts.host.clock_ahead
    if ahead is None or AGREE < abs(ahead) < SKEW:
        return None
    return abs(ahead) <= AGREE
