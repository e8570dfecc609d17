"""Asking again what an org refused for a reason that passes by itself.

A refusal says that nothing happened, so a write may be repeated too. A lost answer, a gateway's error and an org that failed inside say
nothing of the kind: of a write, they never come here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import DeployFailedError, RefusedError

T = TypeVar("T")

ATTEMPTS, PATIENCE = 20, 30.0
"""Tries and seconds that a passing refusal is given, the verb's own deadline permitting."""

_PAUSE, _JITTER = 0.5, 1.0  # seconds; no pause is longer than 1.5, so that a cancel is heard within two


def patiently(
    call: Callable[[], T],
    *,
    clock: Clock,
    on: type[RefusedError | DeployFailedError] = RefusedError,
    attempts: int = ATTEMPTS,
    seconds: float = PATIENCE,
    tell: Callable[[str], None] = lambda _: None,
) -> T:
    """Call, and again with jitter while it raises an `on` that is passing; the last error says how often, and when to come back.

    An org that names a time (Retry-After) is asked then, where the patience lasts as long.
    """
    import stamina

    until, tries = clock.monotonic() + min(seconds, clock.seconds_left()), 0

    def again(error: Exception) -> bool | float:
        if not isinstance(error, on) or not error.passing:
            return False
        wait = error.retry_after or 0.0
        if wait > until - clock.monotonic():
            return False
        tell(f"{error.in_short}; trying again")
        if not wait:
            return True
        clock.wait(wait)
        return 0.0

    try:
        for attempt in stamina.retry_context(
            on=again,
            attempts=attempts,
            timeout=max(until - clock.monotonic(), 0.001),
            wait_initial=_PAUSE,
            wait_jitter=_JITTER,
            wait_exp_base=1,
            wait_max=_PAUSE + _JITTER,
        ):
            with attempt:
                tries += 1
                clock.check()
                return call()
    except (RefusedError, DeployFailedError) as error:
        if isinstance(error, on) and error.passing:
            error.say_when_to_come_back(tries)
        raise
    raise AssertionError  # pragma: no cover — stamina raises the last error
